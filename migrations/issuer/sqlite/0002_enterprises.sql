-- One enterprise one file (domain A05), one person one file (A06). Instants are Unix milliseconds UTC.

-- Enterprises, shops and other applicants. The file is the root; where it works is a premises.
CREATE TABLE enterprises (
    id TEXT NOT NULL PRIMARY KEY,
    -- 18 characters with check digit (GB 32100-2015); NULL for a shop without one
    uscc TEXT UNIQUE,
    -- why there is no code; empty where there is one (domain B8)
    no_code_reason TEXT NOT NULL DEFAULT '',
    name TEXT NOT NULL,
    -- name folded for search: lower case, no blanks
    name_key TEXT NOT NULL,
    -- company, shop, individual, institution, site, other (domain A97)
    kind TEXT NOT NULL,
    -- above, below, small: today's value of enterprise_scales
    scale TEXT NOT NULL CHECK (scale IN ('above', 'below', 'small')),
    industry TEXT NOT NULL DEFAULT '',
    -- department line that looks after it (domain A31)
    line TEXT NOT NULL DEFAULT '',
    -- the division it is resolved to: its grid or, before that is known, its community or street
    division_id TEXT NOT NULL REFERENCES divisions (id),
    division_path TEXT NOT NULL,
    responsible_name TEXT NOT NULL,
    responsible_phone TEXT NOT NULL DEFAULT '',
    contact_name TEXT NOT NULL DEFAULT '',
    contact_phone TEXT NOT NULL DEFAULT '',
    epidemic_officer TEXT NOT NULL DEFAULT '',
    epidemic_phone TEXT NOT NULL DEFAULT '',
    -- last survey of the territory (domain A72): empty, or waiting, reopened, closed
    survey_state TEXT NOT NULL DEFAULT '',
    survey_staff INTEGER NOT NULL DEFAULT 0,
    -- day on which it means to reopen: 2020-02-10
    survey_planned_on TEXT NOT NULL DEFAULT '',
    -- 0: not surveyed yet
    surveyed_at INTEGER NOT NULL DEFAULT 0,
    -- rises with each edit; an edit names the one it saw
    revision INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((uscc IS NULL) = (no_code_reason <> ''))
) STRICT;
CREATE INDEX enterprises_by_division ON enterprises (division_path, id);
CREATE INDEX enterprises_by_name ON enterprises (name_key, id);

-- Scale is a dated fact with its evidence; a change re-routes open cases (domain A30).
CREATE TABLE enterprise_scales (
    id TEXT NOT NULL PRIMARY KEY,
    enterprise_id TEXT NOT NULL REFERENCES enterprises (id),
    scale TEXT NOT NULL CHECK (scale IN ('above', 'below', 'small')),
    evidence TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    recorded_by TEXT NOT NULL
) STRICT;
CREATE INDEX enterprise_scales_by_enterprise ON enterprise_scales (enterprise_id, valid_from);

-- Places apart from who works there; parks, malls, buildings and sites contain others (domain A96).
CREATE TABLE premises (
    id TEXT NOT NULL PRIMARY KEY,
    -- community code times 10,000 and a number; in the permit and in keys' scopes
    site_code INTEGER NOT NULL UNIQUE,
    -- plant, shop, office, park, mall, building, construction_site, market, village, checkpoint, other
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    entrance TEXT NOT NULL DEFAULT '',
    division_id TEXT NOT NULL REFERENCES divisions (id),
    division_path TEXT NOT NULL,
    -- the park, mall, building or site it lies in
    container_id TEXT REFERENCES premises (id),
    revision INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX premises_by_division ON premises (division_path, id);
CREATE INDEX premises_by_container ON premises (container_id);

-- Which enterprise works where, from when to when.
CREATE TABLE occupancies (
    enterprise_id TEXT NOT NULL REFERENCES enterprises (id),
    premises_id TEXT NOT NULL REFERENCES premises (id),
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (enterprise_id, premises_id, valid_from)
) STRICT;
CREATE INDEX occupancies_by_premises ON occupancies (premises_id);

-- The enterprise's timeline (domain A20): what happened, in words and with a link; never health data.
CREATE TABLE timeline (
    enterprise_id TEXT NOT NULL REFERENCES enterprises (id),
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- enterprise.added, roster.imported, application.submitted, permit.issued, …
    kind TEXT NOT NULL,
    -- JSON object of values to fill into the kind's words
    facts TEXT NOT NULL,
    account_id TEXT NOT NULL,
    PRIMARY KEY (enterprise_id, at, id)
) STRICT;

-- The roster (domain A07). The identity number is optional and never leaves the issuer.
CREATE TABLE people (
    id TEXT NOT NULL PRIMARY KEY,
    enterprise_id TEXT NOT NULL REFERENCES enterprises (id),
    -- pseudonymous number on pass and roster, unique within the enterprise
    worker_number TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    phone TEXT NOT NULL DEFAULT '',
    id_number TEXT NOT NULL DEFAULT '',
    -- what the gate is told
    id_last_four TEXT NOT NULL DEFAULT '',
    job TEXT NOT NULL DEFAULT '',
    -- last place stayed outside and day of return, as reported (domain A06): 2020-02-09
    came_from TEXT NOT NULL DEFAULT '',
    returned_on TEXT NOT NULL DEFAULT '',
    -- let in from then on; the gate is told the date, never the reason (domain A36)
    not_before INTEGER NOT NULL DEFAULT 0,
    -- on the roster, or left on that day
    left_at INTEGER,
    revision INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (enterprise_id, worker_number)
) STRICT;
CREATE INDEX people_by_name ON people (enterprise_id, name_key);
CREATE INDEX people_everywhere_by_name ON people (name_key, id);

-- Who came to a roster and who went, for the daily figures of movement (domain A99).
CREATE TABLE movements (
    enterprise_id TEXT NOT NULL REFERENCES enterprises (id),
    at INTEGER NOT NULL,
    person_id TEXT NOT NULL,
    -- joined, left, back
    kind TEXT NOT NULL,
    PRIMARY KEY (enterprise_id, at, person_id, kind)
) STRICT;

-- Spreadsheets being taken in. Rows of people are not kept; the sheet of bad rows lives 24 hours.
CREATE TABLE imports (
    id TEXT NOT NULL PRIMARY KEY,
    -- enterprises, people
    kind TEXT NOT NULL,
    enterprise_id TEXT NOT NULL DEFAULT '',
    division_id TEXT NOT NULL DEFAULT '',
    account_id TEXT NOT NULL,
    file_name TEXT NOT NULL,
    -- previewed, running, finished, failed
    state TEXT NOT NULL,
    -- the parsed rows until they are taken or the hour is over, then NULL
    rows BLOB,
    -- JSON: mapping, counts, samples, choices
    summary TEXT NOT NULL,
    total INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    bad INTEGER NOT NULL DEFAULT 0,
    bad_sheet BLOB,
    created_at INTEGER NOT NULL,
    -- last sign of life while running: another process may go on with it when this is old
    touched_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX imports_by_expiry ON imports (expires_at);

-- How a sheet's headers were read last time, by their digest.
CREATE TABLE import_mappings (
    kind TEXT NOT NULL,
    headers_sha256 BLOB NOT NULL,
    mapping TEXT NOT NULL,
    PRIMARY KEY (kind, headers_sha256)
) STRICT;
