-- Who may act, where, and what they did. Instants are Unix milliseconds UTC.

-- The tree of divisions: city, district, street, community, grid, building (domain A32).
-- Codes change by year, so a node is dated; people add nodes that no list holds.
CREATE TABLE divisions (
    id TEXT NOT NULL PRIMARY KEY,
    parent_id TEXT REFERENCES divisions (id),
    -- city, district, street, community, grid, building
    level TEXT NOT NULL CHECK (level IN ('city', 'district', 'street', 'community', 'grid', 'building')),
    -- GB/T 2260 and statistics-bureau code padded to 12 digits; grids and buildings share their community's
    code TEXT NOT NULL CHECK (length(code) = 12),
    name TEXT NOT NULL,
    -- ids from the root, each followed by '/': a subtree is a range of paths
    path TEXT NOT NULL UNIQUE,
    -- IANA name; days begin and end there
    zone TEXT NOT NULL,
    -- shown on placards, notices and the public page
    hotline TEXT NOT NULL DEFAULT '',
    -- pattern of document numbers (domain A40): {year} and {number} are filled in
    document_pattern TEXT NOT NULL DEFAULT '',
    -- last number given in document_year
    document_year INTEGER NOT NULL DEFAULT 0,
    document_number INTEGER NOT NULL DEFAULT 0,
    -- last site number given below this community
    site_number INTEGER NOT NULL DEFAULT 0,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    CHECK (valid_to IS NULL OR valid_to > valid_from)
) STRICT;
CREATE INDEX divisions_by_parent ON divisions (parent_id);

-- Regimes are dated data of a division and hold for its subtree until a nearer one (domain B4).
CREATE TABLE regimes (
    id TEXT NOT NULL PRIMARY KEY,
    division_id TEXT NOT NULL REFERENCES divisions (id),
    -- approval, filing, commitment, negative_list, abolished
    kind TEXT NOT NULL,
    -- stated by permits and journal entries
    rule_version INTEGER NOT NULL,
    -- thresholds, ages, terms, routes: JSON, parsed by divisions::regime
    settings TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    UNIQUE (division_id, rule_version)
) STRICT;

CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    -- lower case
    sign_in TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    phone TEXT NOT NULL DEFAULT '',
    -- Argon2id, PHC string; empty until the person has set one
    password_hash TEXT NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    failures INTEGER NOT NULL DEFAULT 0,
    locked_until INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;

-- What an account may act as: a role bound to a node of the tree, or to one enterprise (its own people).
CREATE TABLE posts (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    role TEXT NOT NULL,
    division_id TEXT NOT NULL REFERENCES divisions (id),
    -- only for the roles of an enterprise; the enterprise may be filed later than the post
    enterprise_id TEXT NOT NULL DEFAULT '',
    -- what the person is called there; empty takes the division's title for the role
    title TEXT NOT NULL DEFAULT '',
    -- department line for the competent department (domain A31)
    line TEXT NOT NULL DEFAULT '',
    valid_from INTEGER NOT NULL,
    valid_to INTEGER
) STRICT;
CREATE INDEX posts_by_account ON posts (account_id);
CREATE INDEX posts_by_division ON posts (division_id, role);

-- Local titles of roles (domain A102).
CREATE TABLE role_titles (
    division_id TEXT NOT NULL REFERENCES divisions (id),
    role TEXT NOT NULL,
    title TEXT NOT NULL,
    PRIMARY KEY (division_id, role)
) STRICT;

-- Signed-in browsers. The cookie's secret is stored only as its SHA-256.
CREATE TABLE sessions (
    secret_sha256 BLOB NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    -- the post it acts as
    post_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_account ON sessions (account_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- One-time links by which a person sets a password: first start, new account, reset.
CREATE TABLE invitations (
    secret_sha256 BLOB NOT NULL PRIMARY KEY,
    -- empty for the first administrator, who names himself
    account_id TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;

-- Append-only and hash-chained; personal detail sits apart, salted, so that it can be purged.
CREATE TABLE audit (
    seq INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    account_id TEXT NOT NULL,
    post_id TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    division_id TEXT NOT NULL,
    -- SHA-256(salt ‖ sealed)
    sealed_sha256 BLOB NOT NULL,
    prev_sha256 BLOB NOT NULL,
    sha256 BLOB NOT NULL
) STRICT;
CREATE INDEX audit_by_subject ON audit (subject, subject_id, seq);
CREATE INDEX audit_by_time ON audit (at);

CREATE TABLE audit_sealed (
    seq INTEGER NOT NULL PRIMARY KEY,
    salt BLOB NOT NULL,
    sealed TEXT NOT NULL
) STRICT;

-- Exactly one row: the chain's end, taken under lock by each appending transaction.
CREATE TABLE audit_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    sha256 BLOB NOT NULL
) STRICT;
-- dialect
INSERT INTO audit_head (id, seq, sha256) VALUES (1, 0, zeroblob(32));
-- end

-- Numbers taken under lock.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;
INSERT INTO counters (name, value) VALUES ('changes', 0);

-- What changed, for the other issuer processes and for gates that wait: kind and scope, never content.
CREATE TABLE changes (
    seq INTEGER NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- the audit chain's end at that change: manifests carry it, so that gates are outside witnesses
    audit_sha256 BLOB NOT NULL
) STRICT;
