-- Gates, what they sent, and what it says of enterprises. Instants are Unix milliseconds UTC.

CREATE TABLE gates (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    -- a container's gate serves its tenants too (domain A96); a checkpoint belongs to no enterprise (A48)
    premises_id TEXT NOT NULL REFERENCES premises (id),
    division_id TEXT NOT NULL REFERENCES divisions (id),
    division_path TEXT NOT NULL,
    -- new: code given out; waiting: a verifier has presented its key; confirmed; cut_off
    state TEXT NOT NULL CHECK (state IN ('new', 'waiting', 'confirmed', 'cut_off')),
    device_key BLOB,
    software TEXT NOT NULL DEFAULT '',
    -- most people inside at once; NULL: no limit
    capacity INTEGER,
    -- how long it may go on conditionally with an old status list; NULL: the regime's
    grace_hours INTEGER,
    last_seen_at INTEGER,
    -- newest manifest it fetched
    seen_seq INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    CHECK (device_key IS NOT NULL OR state IN ('new', 'cut_off'))
) STRICT;
CREATE INDEX gates_by_division ON gates (division_path, id);
CREATE INDEX gates_by_premises ON gates (premises_id);

-- One-time codes by which a verifier enrols: hashed, dead after 15 minutes or five wrong tries.
CREATE TABLE enrolment_codes (
    gate_id TEXT NOT NULL PRIMARY KEY REFERENCES gates (id),
    -- the code's first characters: they say which code was meant, so that a stranger's guesses
    -- wear out no other
    locator TEXT NOT NULL UNIQUE,
    code_sha256 BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    wrong_tries INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Who may sign on at a gate. PINs are short: the Argon2id hash only slows a thief down.
CREATE TABLE guards (
    id TEXT NOT NULL PRIMARY KEY,
    gate_id TEXT NOT NULL REFERENCES gates (id),
    name TEXT NOT NULL,
    -- guard, shift_leader
    role TEXT NOT NULL CHECK (role IN ('guard', 'shift_leader')),
    pin_hash TEXT NOT NULL,
    ended_at INTEGER
) STRICT;
CREATE INDEX guards_by_gate ON guards (gate_id);

-- Keys the service makes for itself, shared by its processes. 'nonces': HMAC-SHA-256.
CREATE TABLE service_secrets (
    name TEXT NOT NULL PRIMARY KEY,
    secret BLOB NOT NULL
) STRICT;

-- Where the issuer stands with each journal. The row is locked per batch: it is the duplicate check.
CREATE TABLE journals (
    -- 32 hexadecimal characters
    id TEXT NOT NULL PRIMARY KEY,
    gate_id TEXT NOT NULL REFERENCES gates (id),
    next_seq INTEGER NOT NULL,
    head BLOB NOT NULL,
    opened_at INTEGER NOT NULL,
    -- entries kept but not understood
    unread INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX journals_by_gate ON journals (gate_id, opened_at);

-- What was uploaded, as it was signed; stored before it is interpreted.
CREATE TABLE journal_batches (
    journal_id TEXT NOT NULL REFERENCES journals (id),
    first_seq INTEGER NOT NULL,
    -- behind the last new entry of the batch
    end_seq INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (journal_id, first_seq)
) STRICT;

-- Uploads that contradict what is known, or come from a gate that was cut off: kept, and told to people.
CREATE TABLE journal_disputes (
    id TEXT NOT NULL PRIMARY KEY,
    gate_id TEXT NOT NULL REFERENCES gates (id),
    journal_id TEXT NOT NULL,
    -- fork, gap, broken, cut_off, unreadable
    fault TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    -- who looked at it
    settled_at INTEGER,
    settled_by TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX journal_disputes_by_gate ON journal_disputes (gate_id, received_at);

-- dialect
-- The record: each check and temperature against the enterprise's file (domain A52). On PostgreSQL
-- it is partitioned by month of receipt and can be distributed by enterprise.
CREATE TABLE scans (
    enterprise_id TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    journal_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    gate_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    verdict TEXT NOT NULL,
    direction TEXT NOT NULL,
    worker TEXT NOT NULL,
    name TEXT NOT NULL,
    vehicle TEXT NOT NULL,
    tenths_celsius INTEGER,
    operator TEXT NOT NULL,
    note TEXT NOT NULL,
    rule_version INTEGER NOT NULL,
    clock_certain INTEGER NOT NULL CHECK (clock_certain IN (0, 1)),
    PRIMARY KEY (enterprise_id, received_at, journal_id, seq)
) STRICT, WITHOUT ROWID;
-- end
CREATE INDEX scans_by_gate ON scans (gate_id, received_at);
