-- Gates, what they sent, and what it says of enterprises. Instants are Unix milliseconds UTC.

CREATE TABLE gates (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    -- a container's gate serves its tenants too (domain A96); a checkpoint belongs to no enterprise (A48)
    premises_id TEXT COLLATE "C" NOT NULL REFERENCES premises (id),
    division_id TEXT COLLATE "C" NOT NULL REFERENCES divisions (id),
    division_path TEXT COLLATE "C" NOT NULL,
    -- new: code given out; waiting: a verifier has presented its key; confirmed; cut_off
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('new', 'waiting', 'confirmed', 'cut_off')),
    device_key BYTEA,
    software TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- most people inside at once; NULL: no limit
    capacity BIGINT,
    -- how long it may go on conditionally with an old status list; NULL: the regime's
    grace_hours BIGINT,
    last_seen_at BIGINT,
    -- newest manifest it fetched
    seen_seq BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    CHECK (device_key IS NOT NULL OR state IN ('new', 'cut_off'))
);
CREATE INDEX gates_by_division ON gates (division_path, id);
CREATE INDEX gates_by_premises ON gates (premises_id);

-- One-time codes by which a verifier enrols: hashed, dead after 15 minutes or five wrong tries.
CREATE TABLE enrolment_codes (
    gate_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES gates (id),
    -- the code's first characters: they say which code was meant, so that a stranger's guesses
    -- wear out no other
    locator TEXT COLLATE "C" NOT NULL UNIQUE,
    code_sha256 BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    wrong_tries BIGINT NOT NULL DEFAULT 0
);

-- Who may sign on at a gate. PINs are short: the Argon2id hash only slows a thief down.
CREATE TABLE guards (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    gate_id TEXT COLLATE "C" NOT NULL REFERENCES gates (id),
    name TEXT COLLATE "C" NOT NULL,
    -- guard, shift_leader
    role TEXT COLLATE "C" NOT NULL CHECK (role IN ('guard', 'shift_leader')),
    pin_hash TEXT COLLATE "C" NOT NULL,
    ended_at BIGINT
);
CREATE INDEX guards_by_gate ON guards (gate_id);

-- Keys the service makes for itself, shared by its processes. 'nonces': HMAC-SHA-256.
CREATE TABLE service_secrets (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    secret BYTEA NOT NULL
);

-- Where the issuer stands with each journal. The row is locked per batch: it is the duplicate check.
CREATE TABLE journals (
    -- 32 hexadecimal characters
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    gate_id TEXT COLLATE "C" NOT NULL REFERENCES gates (id),
    next_seq BIGINT NOT NULL,
    head BYTEA NOT NULL,
    opened_at BIGINT NOT NULL,
    -- entries kept but not understood
    unread BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX journals_by_gate ON journals (gate_id, opened_at);

-- What was uploaded, as it was signed; stored before it is interpreted.
CREATE TABLE journal_batches (
    journal_id TEXT COLLATE "C" NOT NULL REFERENCES journals (id),
    first_seq BIGINT NOT NULL,
    -- behind the last new entry of the batch
    end_seq BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (journal_id, first_seq)
);

-- Uploads that contradict what is known, or come from a gate that was cut off: kept, and told to people.
CREATE TABLE journal_disputes (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    gate_id TEXT COLLATE "C" NOT NULL REFERENCES gates (id),
    journal_id TEXT COLLATE "C" NOT NULL,
    -- fork, gap, broken, cut_off, unreadable
    fault TEXT COLLATE "C" NOT NULL,
    received_at BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    -- who looked at it
    settled_at BIGINT,
    settled_by TEXT COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX journal_disputes_by_gate ON journal_disputes (gate_id, received_at);

-- dialect
-- The record: each check and temperature against the enterprise's file (domain A52). On PostgreSQL
-- it is partitioned by month of receipt and can be distributed by enterprise.
CREATE TABLE scans (
    enterprise_id TEXT COLLATE "C" NOT NULL,
    received_at BIGINT NOT NULL,
    journal_id TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    gate_id TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    verdict TEXT COLLATE "C" NOT NULL,
    direction TEXT COLLATE "C" NOT NULL,
    worker TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    vehicle TEXT COLLATE "C" NOT NULL,
    tenths_celsius BIGINT,
    operator TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    rule_version BIGINT NOT NULL,
    clock_certain BIGINT NOT NULL CHECK (clock_certain IN (0, 1)),
    PRIMARY KEY (enterprise_id, received_at, journal_id, seq)
) PARTITION BY RANGE (received_at);
-- Months are made ahead of time by the service; what falls outside lands here.
CREATE TABLE scans_default PARTITION OF scans DEFAULT;
-- end
CREATE INDEX scans_by_gate ON scans (gate_id, received_at);
