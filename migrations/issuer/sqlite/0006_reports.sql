-- What the public reports and what inspectors see. Instants are Unix milliseconds UTC.

INSERT INTO counters (name, value) VALUES ('reports', 0);

-- A problem that somebody reported on the public page. No address of the sender is kept.
CREATE TABLE reports (
    id TEXT NOT NULL PRIMARY KEY,
    -- what the sender is told
    number INTEGER NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    -- mismatch, still_open, no_measures, forged, other
    kind TEXT NOT NULL CHECK (kind IN ('mismatch', 'still_open', 'no_measures', 'forged', 'other')),
    -- of the placard that was shown; NULL where it was none of ours or there was none
    permit_id TEXT REFERENCES permits (id),
    division_id TEXT NOT NULL REFERENCES divisions (id),
    division_path TEXT NOT NULL,
    -- where, if the sender says so
    place TEXT NOT NULL,
    text TEXT NOT NULL,
    -- how to reach the sender, if he wants it; emptied with the report's retention
    contact TEXT NOT NULL,
    -- by whom and how it was dealt with
    handled_at INTEGER,
    handled_by TEXT NOT NULL DEFAULT '',
    handled_note TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX reports_by_division ON reports (division_path, id);
CREATE INDEX reports_by_permit ON reports (permit_id);

-- What an inspector scanned or typed, and what it was worth then. The token itself is not kept.
CREATE TABLE inspector_scans (
    id TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    -- code of the verdict
    verdict TEXT NOT NULL,
    -- NULL where nothing genuine of ours was shown
    permit_id TEXT REFERENCES permits (id)
) STRICT;
CREATE INDEX inspector_scans_by_account ON inspector_scans (account_id, id);

-- A visit to the premises of a permit; the public page shows the latest.
CREATE TABLE visits (
    id TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    permit_id TEXT NOT NULL REFERENCES permits (id),
    enterprise_id TEXT NOT NULL REFERENCES enterprises (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    -- as called then
    name TEXT NOT NULL,
    post TEXT NOT NULL,
    -- things found wanting; 0: all in order
    findings INTEGER NOT NULL CHECK (findings BETWEEN 0 AND 99),
    -- the placard hangs where it should (domain A42)
    posted INTEGER NOT NULL CHECK (posted IN (0, 1)),
    note TEXT NOT NULL
) STRICT;
CREATE INDEX visits_by_enterprise ON visits (enterprise_id, at);
