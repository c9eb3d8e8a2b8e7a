-- What the public reports and what inspectors see. Instants are Unix milliseconds UTC.

INSERT INTO counters (name, value) VALUES ('reports', 0);

-- A problem that somebody reported on the public page. No address of the sender is kept.
CREATE TABLE reports (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- what the sender is told
    number BIGINT NOT NULL UNIQUE,
    at BIGINT NOT NULL,
    -- mismatch, still_open, no_measures, forged, other
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('mismatch', 'still_open', 'no_measures', 'forged', 'other')),
    -- of the placard that was shown; NULL where it was none of ours or there was none
    permit_id TEXT COLLATE "C" REFERENCES permits (id),
    division_id TEXT COLLATE "C" NOT NULL REFERENCES divisions (id),
    division_path TEXT COLLATE "C" NOT NULL,
    -- where, if the sender says so
    place TEXT COLLATE "C" NOT NULL,
    text TEXT COLLATE "C" NOT NULL,
    -- how to reach the sender, if he wants it; emptied with the report's retention
    contact TEXT COLLATE "C" NOT NULL,
    -- by whom and how it was dealt with
    handled_at BIGINT,
    handled_by TEXT COLLATE "C" NOT NULL DEFAULT '',
    handled_note TEXT COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX reports_by_division ON reports (division_path, id);
CREATE INDEX reports_by_permit ON reports (permit_id);

-- What an inspector scanned or typed, and what it was worth then. The token itself is not kept.
CREATE TABLE inspector_scans (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    -- code of the verdict
    verdict TEXT COLLATE "C" NOT NULL,
    -- NULL where nothing genuine of ours was shown
    permit_id TEXT COLLATE "C" REFERENCES permits (id)
);
CREATE INDEX inspector_scans_by_account ON inspector_scans (account_id, id);

-- A visit to the premises of a permit; the public page shows the latest.
CREATE TABLE visits (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    permit_id TEXT COLLATE "C" NOT NULL REFERENCES permits (id),
    enterprise_id TEXT COLLATE "C" NOT NULL REFERENCES enterprises (id),
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    -- as called then
    name TEXT COLLATE "C" NOT NULL,
    post TEXT COLLATE "C" NOT NULL,
    -- things found wanting; 0: all in order
    findings BIGINT NOT NULL CHECK (findings BETWEEN 0 AND 99),
    -- the placard hangs where it should (domain A42)
    posted BIGINT NOT NULL CHECK (posted IN (0, 1)),
    note TEXT COLLATE "C" NOT NULL
);
CREATE INDEX visits_by_enterprise ON visits (enterprise_id, at);
