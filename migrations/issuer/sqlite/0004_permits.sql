-- Signing keys, trust lists, status lists, permits and passes. Instants are Unix milliseconds UTC.

-- Keys that the root vouches for, or will when it signs the next trust list. The private halves
-- are files of the machines that sign.
CREATE TABLE signing_keys (
    -- 8 hexadecimal characters: the start of SHA-256 of the public key
    key_id TEXT NOT NULL PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('permit', 'pass', 'status', 'manifest')),
    public_key BLOB NOT NULL UNIQUE,
    -- earliest and latest beginning of what it signs, and the latest end; whole seconds
    nbf INTEGER NOT NULL,
    sign_until INTEGER NOT NULL,
    exp INTEGER NOT NULL,
    -- withdrawn from then on: everything it signed is refused, and its permits are reissued (domain D32)
    revoked_at INTEGER,
    revoked_reason TEXT NOT NULL DEFAULT '',
    -- JSON array of inclusive ranges of site codes
    scope TEXT NOT NULL,
    -- of permit and pass keys
    list_uri TEXT UNIQUE,
    created_at INTEGER NOT NULL,
    CHECK (nbf <= sign_until AND sign_until <= exp),
    CHECK ((list_uri IS NOT NULL) = (role IN ('permit', 'pass')))
) STRICT;

-- Every signed trust list, with the chain that leads to it.
CREATE TABLE trust_lists (
    version INTEGER NOT NULL PRIMARY KEY,
    -- what verifiers are given: the lists that changed the root, and this one
    chain BLOB NOT NULL,
    -- SHA-256 of the root key in force, hexadecimal
    root TEXT NOT NULL,
    iat INTEGER NOT NULL,
    exp INTEGER NOT NULL
) STRICT;

-- One status list per permit or pass key. The row is the lock under which it changes.
CREATE TABLE status_lists (
    key_id TEXT NOT NULL PRIMARY KEY REFERENCES signing_keys (key_id),
    -- of the newest token; rises with each
    seq INTEGER NOT NULL DEFAULT 0,
    -- never used before; only rises
    next_index INTEGER NOT NULL DEFAULT 0,
    token BLOB,
    signed_at INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What differs from valid.
CREATE TABLE status_marks (
    key_id TEXT NOT NULL REFERENCES status_lists (key_id),
    status_index INTEGER NOT NULL,
    -- 1 revoked, 2 suspended, 3 superseded; 1 and 3 are final
    status INTEGER NOT NULL CHECK (status IN (1, 2, 3)),
    PRIMARY KEY (key_id, status_index)
) STRICT;

-- Names in permits for shops without a unified social credit code, drawn once.
CREATE TABLE no_codes (
    enterprise_id TEXT NOT NULL PRIMARY KEY REFERENCES enterprises (id),
    code TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE permits (
    id TEXT NOT NULL PRIMARY KEY,
    -- 16 hexadecimal characters
    serial TEXT NOT NULL UNIQUE,
    -- serial of the first permit of this line; survives reissue
    lineage TEXT NOT NULL,
    application_id TEXT NOT NULL,
    enterprise_id TEXT NOT NULL REFERENCES enterprises (id),
    premises_id TEXT NOT NULL,
    site_code INTEGER NOT NULL,
    division_id TEXT NOT NULL REFERENCES divisions (id),
    division_path TEXT NOT NULL,
    -- as people cite it, e.g. 芝复准〔2020〕12 号
    document_number TEXT NOT NULL,
    -- folded for search: lower case, no blanks
    name_key TEXT NOT NULL,
    -- JSON: what stands on the placard and was not signed into the token, see permits::facts
    facts TEXT NOT NULL,
    key_id TEXT NOT NULL REFERENCES signing_keys (key_id),
    status_index INTEGER NOT NULL,
    token BLOB NOT NULL,
    nbf INTEGER NOT NULL,
    -- the first instant at which it no longer holds
    exp INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('issued', 'suspended', 'revoked', 'superseded')),
    -- since when it is in this state
    state_at INTEGER NOT NULL,
    -- of a temporary suspension: it lapses then unless a post confirms it
    lapses_at INTEGER,
    -- serial of the older permit that this one took the place of; empty for the first
    replaces TEXT NOT NULL DEFAULT '',
    issued_at INTEGER NOT NULL,
    -- paper copies printed so far
    copies INTEGER NOT NULL DEFAULT 0,
    -- rises with each act; an act names the one it saw
    revision INTEGER NOT NULL DEFAULT 1,
    UNIQUE (key_id, status_index),
    CHECK (nbf < exp),
    CHECK (lapses_at IS NULL OR state = 'suspended')
) STRICT;
CREATE INDEX permits_by_division ON permits (division_path, id);
CREATE INDEX permits_by_enterprise ON permits (enterprise_id, id);
CREATE INDEX permits_by_site ON permits (site_code);
CREATE INDEX permits_by_lapse ON permits (lapses_at);
-- One permit of a line counts at a time, and an application is issued once.
CREATE UNIQUE INDEX permits_current ON permits (lineage) WHERE state IN ('issued', 'suspended');
CREATE UNIQUE INDEX permits_first ON permits (application_id) WHERE replaces = '';

-- What was done with a permit, by whom as what, and why; shown in its history.
CREATE TABLE permit_acts (
    permit_id TEXT NOT NULL REFERENCES permits (id),
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- issue, print, hand_over, suspend, confirm, resume, lapse, revoke, supersede
    act TEXT NOT NULL,
    -- empty: the service itself
    account_id TEXT NOT NULL,
    -- as they were then
    name TEXT NOT NULL,
    post TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (permit_id, at, id)
) STRICT;

-- Worker passes. One of a person counts at a time.
CREATE TABLE passes (
    id TEXT NOT NULL PRIMARY KEY,
    serial TEXT NOT NULL UNIQUE,
    -- 16 hexadecimal characters; printed in at most 20, resolved by the gate's roster
    reference TEXT NOT NULL UNIQUE,
    person_id TEXT NOT NULL REFERENCES people (id),
    enterprise_id TEXT NOT NULL REFERENCES enterprises (id),
    -- of the permit that it hangs on
    lineage TEXT NOT NULL,
    key_id TEXT NOT NULL REFERENCES signing_keys (key_id),
    status_index INTEGER NOT NULL,
    token BLOB NOT NULL,
    nbf INTEGER NOT NULL,
    exp INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('issued', 'revoked', 'superseded')),
    state_at INTEGER NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    issued_at INTEGER NOT NULL,
    printed_at INTEGER,
    UNIQUE (key_id, status_index)
) STRICT;
CREATE INDEX passes_by_enterprise ON passes (enterprise_id, id);
CREATE UNIQUE INDEX passes_current ON passes (person_id) WHERE state = 'issued';
