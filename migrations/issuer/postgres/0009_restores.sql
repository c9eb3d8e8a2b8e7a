-- What befell the database as a whole. Instants are Unix milliseconds UTC.

CREATE TABLE restores (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- restored: after a loss, what happened since the archive is unknown; moved_in, moved_out: nothing was lost
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('restored', 'moved_in', 'moved_out')),
    at BIGINT NOT NULL,
    -- of the archive
    made_at BIGINT NOT NULL,
    archive_sha256 BYTEA NOT NULL,
    -- until then gates are asked what they hold, and no list or manifest is signed
    finished_at BIGINT
);

-- Gates that have told what they hold.
CREATE TABLE restore_reports (
    restore_id TEXT COLLATE "C" NOT NULL REFERENCES restores (id),
    gate_id TEXT COLLATE "C" NOT NULL REFERENCES gates (id),
    at BIGINT NOT NULL,
    -- of the manifest it holds; 0: none
    manifest_seq BIGINT NOT NULL,
    PRIMARY KEY (restore_id, gate_id)
);

-- since when this issuer signs no more with the key, because a restore lost sight of what it had signed
ALTER TABLE signing_keys ADD COLUMN retired_at BIGINT;
-- indexes from here on were given away after the archive: the list calls them suspended
ALTER TABLE status_lists ADD COLUMN lost_from BIGINT;
-- the list's number in the archive: what gates hold above it is news
ALTER TABLE status_lists ADD COLUMN lost_seq BIGINT;
-- entries that came without their personal part: the gate had deleted it
ALTER TABLE journals ADD COLUMN purged BIGINT NOT NULL DEFAULT 0;
