-- What one gate holds. Instants are Unix milliseconds UTC, durations milliseconds, digests 32 bytes.
-- Tables with a column `one` hold one row.

-- To whom this verifier belongs. The device key is a file beside the database.
CREATE TABLE enrolment (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    -- scheme, host, port
    issuer TEXT NOT NULL,
    gate_id TEXT NOT NULL,
    gate_name TEXT NOT NULL,
    -- what manifests and device claims name
    audience TEXT NOT NULL,
    -- SHA-256 of the root that is believed now; follows signed root changes
    root BLOB NOT NULL CHECK (length(root) = 32),
    -- waiting: an administrator has to confirm; cut_off: wiped, enrol again
    state TEXT NOT NULL CHECK (state IN ('waiting', 'confirmed', 'cut_off')),
    enrolled_at INTEGER NOT NULL
) STRICT;

-- The manifest whose parts are in use; replaced together with them.
CREATE TABLE manifest (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    received_at INTEGER NOT NULL
) STRICT;

CREATE TABLE parts (
    name TEXT NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    bytes BLOB NOT NULL,
    -- running time counted by this machine when it came, against a clock that was set back
    received_elapsed INTEGER NOT NULL
) STRICT;

-- Greatest signing time seen, last trusted wall time, running time counted so far, correction of the wall clock.
CREATE TABLE clock (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    floor INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    elapsed INTEGER NOT NULL,
    correction INTEGER NOT NULL
) STRICT;

-- One at first; another after a detected restore or a fork. The last is written to.
CREATE TABLE journals (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    -- state of the chain: next sequence number and hash of the last entry
    next_seq INTEGER NOT NULL,
    head BLOB NOT NULL CHECK (length(head) = 32),
    -- entries below this are at the issuer
    sent_seq INTEGER NOT NULL,
    -- no more uploads: the issuer holds another chain under this id
    forked INTEGER NOT NULL DEFAULT 0 CHECK (forked IN (0, 1)),
    opened_at INTEGER NOT NULL
) STRICT;

CREATE TABLE entries (
    journal INTEGER NOT NULL REFERENCES journals (number),
    seq INTEGER NOT NULL,
    -- chained bytes: nothing personal
    chained BLOB NOT NULL,
    -- salt and personal part; NULL once purged, the chain still verifies
    sealed BLOB,
    at INTEGER NOT NULL,
    -- shown among the last checks
    shown INTEGER NOT NULL CHECK (shown IN (0, 1)),
    -- as in the chained bytes, to be filtered by
    verdict TEXT,
    PRIMARY KEY (journal, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_shown ON entries (journal DESC, seq DESC) WHERE shown = 1;

-- Who went in and wasn't seen to leave.
CREATE TABLE inside (
    -- 'w:' worker number, 'v:' digest of a visitor's telephone number
    person TEXT NOT NULL PRIMARY KEY,
    lineage BLOB NOT NULL CHECK (length(lineage) = 8),
    -- masked
    name TEXT NOT NULL,
    enterprise TEXT NOT NULL,
    visitor INTEGER NOT NULL CHECK (visitor IN (0, 1)),
    since INTEGER NOT NULL
) STRICT;

-- Browsers of guards, paired once.
CREATE TABLE pairs (
    id INTEGER PRIMARY KEY,
    -- SHA-256 of the cookie's secret
    secret BLOB NOT NULL UNIQUE CHECK (length(secret) = 32),
    label TEXT NOT NULL,
    paired_at INTEGER NOT NULL,
    -- who is signed on there
    guard TEXT,
    signed_on_at INTEGER
) STRICT;

-- The one pairing code that is good now.
CREATE TABLE pairing_code (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    code BLOB NOT NULL CHECK (length(code) = 32),
    expires_at INTEGER NOT NULL,
    wrong_tries INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Wrong PINs in a row, by guard; survives restarts.
CREATE TABLE pin_tries (
    guard TEXT NOT NULL PRIMARY KEY,
    wrong INTEGER NOT NULL,
    locked_until INTEGER NOT NULL
) STRICT;
