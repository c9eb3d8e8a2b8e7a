-- A log of many years: a small division's entries are found among everybody's.
CREATE INDEX audit_by_division ON audit (division_id, seq);

-- The check of the whole chain that somebody asked for last: how far it has come, or how it ended. Exactly one row.
CREATE TABLE audit_check (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    -- who asked; empty before the first
    account_id TEXT COLLATE "C" NOT NULL,
    -- 0 before the first
    started_at BIGINT NOT NULL,
    -- the last sign of life of the process that walks
    touched_at BIGINT NOT NULL,
    -- 0 while it goes on
    ended_at BIGINT NOT NULL,
    -- the chain's end when it began, up to which is walked
    to_seq BIGINT NOT NULL,
    to_sha256 BYTEA,
    -- the last entry that was found to follow
    seq BIGINT NOT NULL,
    sha256 BYTEA,
    -- what is wrong, and with which entry: gap, broken, detail, head; empty while nothing is
    fault TEXT COLLATE "C" NOT NULL,
    fault_seq BIGINT NOT NULL
);
INSERT INTO audit_check (id, account_id, started_at, touched_at, ended_at, to_seq, seq, fault, fault_seq)
VALUES (1, '', 0, 0, 0, 0, 0, '', 0);

-- A dispute's row holds an upload of megabytes: whoever counts or lists disputes reads them from the index, beside it.
DROP INDEX journal_disputes_by_gate;
CREATE INDEX journal_disputes_by_gate ON journal_disputes (gate_id, received_at, id, journal_id, fault, settled_at);
CREATE INDEX journal_disputes_open ON journal_disputes (gate_id, settled_at) WHERE settled_at IS NULL;
