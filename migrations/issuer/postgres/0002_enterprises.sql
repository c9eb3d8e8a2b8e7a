-- One enterprise one file (domain A05), one person one file (A06). Instants are Unix milliseconds UTC.

-- Enterprises, shops and other applicants. The file is the root; where it works is a premises.
CREATE TABLE enterprises (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- 18 characters with check digit (GB 32100-2015); NULL for a shop without one
    uscc TEXT COLLATE "C" UNIQUE,
    -- why there is no code; empty where there is one (domain B8)
    no_code_reason TEXT COLLATE "C" NOT NULL DEFAULT '',
    name TEXT COLLATE "C" NOT NULL,
    -- name folded for search: lower case, no blanks
    name_key TEXT COLLATE "C" NOT NULL,
    -- company, shop, individual, institution, site, other (domain A97)
    kind TEXT COLLATE "C" NOT NULL,
    -- above, below, small: today's value of enterprise_scales
    scale TEXT COLLATE "C" NOT NULL CHECK (scale IN ('above', 'below', 'small')),
    industry TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- department line that looks after it (domain A31)
    line TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- the division it is resolved to: its grid or, before that is known, its community or street
    division_id TEXT COLLATE "C" NOT NULL REFERENCES divisions (id),
    division_path TEXT COLLATE "C" NOT NULL,
    responsible_name TEXT COLLATE "C" NOT NULL,
    responsible_phone TEXT COLLATE "C" NOT NULL DEFAULT '',
    contact_name TEXT COLLATE "C" NOT NULL DEFAULT '',
    contact_phone TEXT COLLATE "C" NOT NULL DEFAULT '',
    epidemic_officer TEXT COLLATE "C" NOT NULL DEFAULT '',
    epidemic_phone TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- last survey of the territory (domain A72): empty, or waiting, reopened, closed
    survey_state TEXT COLLATE "C" NOT NULL DEFAULT '',
    survey_staff BIGINT NOT NULL DEFAULT 0,
    -- day on which it means to reopen: 2020-02-10
    survey_planned_on TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- 0: not surveyed yet
    surveyed_at BIGINT NOT NULL DEFAULT 0,
    -- rises with each edit; an edit names the one it saw
    revision BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK ((uscc IS NULL) = (no_code_reason <> ''))
);
CREATE INDEX enterprises_by_division ON enterprises (division_path, id);
CREATE INDEX enterprises_by_name ON enterprises (name_key, id);

-- Scale is a dated fact with its evidence; a change re-routes open cases (domain A30).
CREATE TABLE enterprise_scales (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    enterprise_id TEXT COLLATE "C" NOT NULL REFERENCES enterprises (id),
    scale TEXT COLLATE "C" NOT NULL CHECK (scale IN ('above', 'below', 'small')),
    evidence TEXT COLLATE "C" NOT NULL,
    valid_from BIGINT NOT NULL,
    recorded_by TEXT COLLATE "C" NOT NULL
);
CREATE INDEX enterprise_scales_by_enterprise ON enterprise_scales (enterprise_id, valid_from);

-- Places apart from who works there; parks, malls, buildings and sites contain others (domain A96).
CREATE TABLE premises (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- community code times 10,000 and a number; in the permit and in keys' scopes
    site_code BIGINT NOT NULL UNIQUE,
    -- plant, shop, office, park, mall, building, construction_site, market, village, checkpoint, other
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    entrance TEXT COLLATE "C" NOT NULL DEFAULT '',
    division_id TEXT COLLATE "C" NOT NULL REFERENCES divisions (id),
    division_path TEXT COLLATE "C" NOT NULL,
    -- the park, mall, building or site it lies in
    container_id TEXT COLLATE "C" REFERENCES premises (id),
    revision BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX premises_by_division ON premises (division_path, id);
CREATE INDEX premises_by_container ON premises (container_id);

-- Which enterprise works where, from when to when.
CREATE TABLE occupancies (
    enterprise_id TEXT COLLATE "C" NOT NULL REFERENCES enterprises (id),
    premises_id TEXT COLLATE "C" NOT NULL REFERENCES premises (id),
    valid_from BIGINT NOT NULL,
    valid_to BIGINT,
    PRIMARY KEY (enterprise_id, premises_id, valid_from)
);
CREATE INDEX occupancies_by_premises ON occupancies (premises_id);

-- The enterprise's timeline (domain A20): what happened, in words and with a link; never health data.
CREATE TABLE timeline (
    enterprise_id TEXT COLLATE "C" NOT NULL REFERENCES enterprises (id),
    id TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    -- enterprise.added, roster.imported, application.submitted, permit.issued, …
    kind TEXT COLLATE "C" NOT NULL,
    -- JSON object of values to fill into the kind's words
    facts TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (enterprise_id, at, id)
);

-- The roster (domain A07). The identity number is optional and never leaves the issuer.
CREATE TABLE people (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    enterprise_id TEXT COLLATE "C" NOT NULL REFERENCES enterprises (id),
    -- pseudonymous number on pass and roster, unique within the enterprise
    worker_number TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    phone TEXT COLLATE "C" NOT NULL DEFAULT '',
    id_number TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- what the gate is told
    id_last_four TEXT COLLATE "C" NOT NULL DEFAULT '',
    job TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- last place stayed outside and day of return, as reported (domain A06): 2020-02-09
    came_from TEXT COLLATE "C" NOT NULL DEFAULT '',
    returned_on TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- let in from then on; the gate is told the date, never the reason (domain A36)
    not_before BIGINT NOT NULL DEFAULT 0,
    -- on the roster, or left on that day
    left_at BIGINT,
    revision BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (enterprise_id, worker_number)
);
CREATE INDEX people_by_name ON people (enterprise_id, name_key);
CREATE INDEX people_everywhere_by_name ON people (name_key, id);

-- Who came to a roster and who went, for the daily figures of movement (domain A99).
CREATE TABLE movements (
    enterprise_id TEXT COLLATE "C" NOT NULL REFERENCES enterprises (id),
    at BIGINT NOT NULL,
    person_id TEXT COLLATE "C" NOT NULL,
    -- joined, left, back
    kind TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (enterprise_id, at, person_id, kind)
);

-- Spreadsheets being taken in. Rows of people are not kept; the sheet of bad rows lives 24 hours.
CREATE TABLE imports (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- enterprises, people
    kind TEXT COLLATE "C" NOT NULL,
    enterprise_id TEXT COLLATE "C" NOT NULL DEFAULT '',
    division_id TEXT COLLATE "C" NOT NULL DEFAULT '',
    account_id TEXT COLLATE "C" NOT NULL,
    file_name TEXT COLLATE "C" NOT NULL,
    -- previewed, running, finished, failed
    state TEXT COLLATE "C" NOT NULL,
    -- the parsed rows until they are taken or the hour is over, then NULL
    rows BYTEA,
    -- JSON: mapping, counts, samples, choices
    summary TEXT COLLATE "C" NOT NULL,
    total BIGINT NOT NULL DEFAULT 0,
    done BIGINT NOT NULL DEFAULT 0,
    bad BIGINT NOT NULL DEFAULT 0,
    bad_sheet BYTEA,
    created_at BIGINT NOT NULL,
    -- last sign of life while running: another process may go on with it when this is old
    touched_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX imports_by_expiry ON imports (expires_at);

-- How a sheet's headers were read last time, by their digest.
CREATE TABLE import_mappings (
    kind TEXT COLLATE "C" NOT NULL,
    headers_sha256 BYTEA NOT NULL,
    mapping TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, headers_sha256)
);
