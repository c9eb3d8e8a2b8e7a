-- Who may act, where, and what they did. Instants are Unix milliseconds UTC.

-- The tree of divisions: city, district, street, community, grid, building (domain A32).
-- Codes change by year, so a node is dated; people add nodes that no list holds.
CREATE TABLE divisions (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    parent_id TEXT COLLATE "C" REFERENCES divisions (id),
    -- city, district, street, community, grid, building
    level TEXT COLLATE "C" NOT NULL CHECK (level IN ('city', 'district', 'street', 'community', 'grid', 'building')),
    -- GB/T 2260 and statistics-bureau code padded to 12 digits; grids and buildings share their community's
    code TEXT COLLATE "C" NOT NULL CHECK (length(code) = 12),
    name TEXT COLLATE "C" NOT NULL,
    -- ids from the root, each followed by '/': a subtree is a range of paths
    path TEXT COLLATE "C" NOT NULL UNIQUE,
    -- IANA name; days begin and end there
    zone TEXT COLLATE "C" NOT NULL,
    -- shown on placards, notices and the public page
    hotline TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- pattern of document numbers (domain A40): {year} and {number} are filled in
    document_pattern TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- last number given in document_year
    document_year BIGINT NOT NULL DEFAULT 0,
    document_number BIGINT NOT NULL DEFAULT 0,
    -- last site number given below this community
    site_number BIGINT NOT NULL DEFAULT 0,
    valid_from BIGINT NOT NULL,
    valid_to BIGINT,
    CHECK (valid_to IS NULL OR valid_to > valid_from)
);
CREATE INDEX divisions_by_parent ON divisions (parent_id);

-- Regimes are dated data of a division and hold for its subtree until a nearer one (domain B4).
CREATE TABLE regimes (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    division_id TEXT COLLATE "C" NOT NULL REFERENCES divisions (id),
    -- approval, filing, commitment, negative_list, abolished
    kind TEXT COLLATE "C" NOT NULL,
    -- stated by permits and journal entries
    rule_version BIGINT NOT NULL,
    -- thresholds, ages, terms, routes: JSON, parsed by divisions::regime
    settings TEXT COLLATE "C" NOT NULL,
    starts_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    UNIQUE (division_id, rule_version)
);

CREATE TABLE accounts (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- lower case
    sign_in TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    phone TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- Argon2id, PHC string; empty until the person has set one
    password_hash TEXT COLLATE "C" NOT NULL,
    active BIGINT NOT NULL CHECK (active IN (0, 1)),
    failures BIGINT NOT NULL DEFAULT 0,
    locked_until BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL
);

-- What an account may act as: a role bound to a node of the tree, or to one enterprise (its own people).
CREATE TABLE posts (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    role TEXT COLLATE "C" NOT NULL,
    division_id TEXT COLLATE "C" NOT NULL REFERENCES divisions (id),
    -- only for the roles of an enterprise; the enterprise may be filed later than the post
    enterprise_id TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- what the person is called there; empty takes the division's title for the role
    title TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- department line for the competent department (domain A31)
    line TEXT COLLATE "C" NOT NULL DEFAULT '',
    valid_from BIGINT NOT NULL,
    valid_to BIGINT
);
CREATE INDEX posts_by_account ON posts (account_id);
CREATE INDEX posts_by_division ON posts (division_id, role);

-- Local titles of roles (domain A102).
CREATE TABLE role_titles (
    division_id TEXT COLLATE "C" NOT NULL REFERENCES divisions (id),
    role TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (division_id, role)
);

-- Signed-in browsers. The cookie's secret is stored only as its SHA-256.
CREATE TABLE sessions (
    secret_sha256 BYTEA NOT NULL PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    -- the post it acts as
    post_id TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- One-time links by which a person sets a password: first start, new account, reset.
CREATE TABLE invitations (
    secret_sha256 BYTEA NOT NULL PRIMARY KEY,
    -- empty for the first administrator, who names himself
    account_id TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

-- Append-only and hash-chained; personal detail sits apart, salted, so that it can be purged.
CREATE TABLE audit (
    seq BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL,
    post_id TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    subject_id TEXT COLLATE "C" NOT NULL,
    division_id TEXT COLLATE "C" NOT NULL,
    -- SHA-256(salt ‖ sealed)
    sealed_sha256 BYTEA NOT NULL,
    prev_sha256 BYTEA NOT NULL,
    sha256 BYTEA NOT NULL
);
CREATE INDEX audit_by_subject ON audit (subject, subject_id, seq);
CREATE INDEX audit_by_time ON audit (at);

CREATE TABLE audit_sealed (
    seq BIGINT NOT NULL PRIMARY KEY,
    salt BYTEA NOT NULL,
    sealed TEXT COLLATE "C" NOT NULL
);

-- Exactly one row: the chain's end, taken under lock by each appending transaction.
CREATE TABLE audit_head (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL,
    sha256 BYTEA NOT NULL
);
-- dialect
INSERT INTO audit_head (id, seq, sha256) VALUES (1, 0, decode(repeat('00', 32), 'hex'));
-- end

-- Numbers taken under lock.
CREATE TABLE counters (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('changes', 0);

-- What changed, for the other issuer processes and for gates that wait: kind and scope, never content.
CREATE TABLE changes (
    seq BIGINT NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    -- the audit chain's end at that change: manifests carry it, so that gates are outside witnesses
    audit_sha256 BYTEA NOT NULL
);
