-- What two administrators may edit at once says which edit it has seen.

-- rises with each edit of the node's names, hotline and document pattern
ALTER TABLE divisions ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
-- rises with each edit of the person's name and telephone number
ALTER TABLE accounts ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
