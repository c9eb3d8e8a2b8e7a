-- Lists of a district with tens of thousands of files: each is a walk along one index that holds everything it filters by, so
-- that a page is read without sorting, and rows that don't match are never fetched.

-- Permits, newest first.
CREATE INDEX permits_in_order ON permits (id, division_path, state, exp, nbf, lapses_at, key_id, enterprise_id, name_key, document_number, serial);
-- What took the place of a replaced permit.
CREATE INDEX permits_by_replaced ON permits (replaces) WHERE replaces <> '';

-- Enterprises by name.
CREATE INDEX enterprises_in_order ON enterprises (name_key, id, division_path, uscc, kind, scale, survey_state);
DROP INDEX enterprises_by_name;
