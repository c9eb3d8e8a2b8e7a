-- Applications for reopening: what was filed, checked, signed and decided (domain A01, A02, A21–A31).
-- Instants are Unix milliseconds UTC; 0 stands for "not yet".

CREATE TABLE applications (
    id TEXT NOT NULL PRIMARY KEY,
    -- given with the first submission, as people cite it: 370602-20200210-0007; NULL for a draft
    receipt TEXT UNIQUE,
    enterprise_id TEXT NOT NULL REFERENCES enterprises (id),
    enterprise_name TEXT NOT NULL,
    -- folded for search: lower case, no blanks
    name_key TEXT NOT NULL,
    -- of the premises; before one is chosen, of the enterprise
    division_id TEXT NOT NULL REFERENCES divisions (id),
    division_path TEXT NOT NULL,
    scale TEXT NOT NULL CHECK (scale IN ('above', 'below', 'small')),
    -- order of the queue: 0 green channel, 1 priority, 2 backbone, 3 ordinary (domain A21)
    class_rank INTEGER NOT NULL CHECK (class_rank BETWEEN 0 AND 3),
    state TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'held', 'site_check', 'returned', 'signing', 'approved', 'issued', 'refused', 'withdrawn')),
    -- JSON of what the state carries, see applications::State
    state_data TEXT NOT NULL,
    state_at INTEGER NOT NULL,
    -- 1 from submission until it is issued, refused or withdrawn
    open INTEGER NOT NULL CHECK (open IN (0, 1)),
    -- of the content; 0 before the first submission
    revision INTEGER NOT NULL DEFAULT 0,
    -- rises with every act and save; an edit names the one it saw
    step INTEGER NOT NULL DEFAULT 1,
    -- JSON of the form as it was typed; every field may be missing
    form TEXT NOT NULL,
    -- 1: entered by an officer on behalf of the enterprise (domain A02)
    on_behalf INTEGER NOT NULL CHECK (on_behalf IN (0, 1)),
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- stage times, written when the stage is reached (domain A37); the last time if there were several
    submitted_at INTEGER NOT NULL DEFAULT 0,
    accepted_at INTEGER NOT NULL DEFAULT 0,
    checked_at INTEGER NOT NULL DEFAULT 0,
    decided_at INTEGER NOT NULL DEFAULT 0,
    issued_at INTEGER NOT NULL DEFAULT 0,
    -- the end of the day on which it is to be decided
    due_at INTEGER NOT NULL DEFAULT 0,
    CHECK ((state = 'draft') = (revision = 0 AND receipt IS NULL) OR state = 'withdrawn')
) STRICT;
-- The queue reads this one alone, in its order, whatever else it filters by.
CREATE INDEX applications_in_order ON applications (open, class_rank, submitted_at, id, division_path, state, scale, enterprise_id, name_key);
CREATE INDEX applications_by_division ON applications (division_path, state, enterprise_id);
CREATE INDEX applications_by_due ON applications (open, due_at, division_path, enterprise_id, state);
CREATE INDEX applications_by_enterprise ON applications (enterprise_id, id);

-- Every content that was submitted. Signatures state its digest; nothing here ever changes.
CREATE TABLE application_revisions (
    application_id TEXT NOT NULL REFERENCES applications (id),
    revision INTEGER NOT NULL CHECK (revision > 0),
    -- canonical JSON, see applications::Filing
    content BLOB NOT NULL,
    -- SHA-256 of content
    sha256 BLOB NOT NULL,
    made_at INTEGER NOT NULL,
    account_id TEXT NOT NULL,
    -- as they were then
    name TEXT NOT NULL,
    post TEXT NOT NULL,
    on_behalf INTEGER NOT NULL CHECK (on_behalf IN (0, 1)),
    PRIMARY KEY (application_id, revision)
) STRICT;

-- Everything that happened to an application. `stayed_ms` is how long it had been in its former state.
CREATE TABLE application_events (
    application_id TEXT NOT NULL REFERENCES applications (id),
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- submit, accept, send_checker, record_check, sign, return, refuse, withdraw, amend, classify, reroute, issue
    event TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    stayed_ms INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL,
    post TEXT NOT NULL,
    on_behalf INTEGER NOT NULL CHECK (on_behalf IN (0, 1)),
    -- JSON of the state it came to
    detail TEXT NOT NULL,
    PRIMARY KEY (application_id, at, id)
) STRICT;

-- Visits to the site before a decision, with the meeting of the responsible person (domain A02, A35).
CREATE TABLE site_checks (
    id TEXT NOT NULL PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES applications (id),
    revision INTEGER NOT NULL,
    checker_id TEXT NOT NULL,
    checker_name TEXT NOT NULL,
    -- day of the visit: 2020-02-10
    planned_on TEXT NOT NULL,
    sent_by TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    -- empty until recorded, then meets or fails
    result TEXT NOT NULL DEFAULT '' CHECK (result IN ('', 'meets', 'fails')),
    note TEXT NOT NULL DEFAULT '',
    -- whether the responsible person came
    attended INTEGER CHECK (attended IN (0, 1)),
    meeting_note TEXT NOT NULL DEFAULT '',
    recorded_by TEXT NOT NULL DEFAULT '',
    recorded_at INTEGER NOT NULL DEFAULT 0,
    -- 1: another visit took its place before it was recorded
    dropped INTEGER NOT NULL DEFAULT 0 CHECK (dropped IN (0, 1))
) STRICT;
CREATE INDEX site_checks_by_application ON site_checks (application_id, sent_at);

-- What was looked at, item by item, under the version of the list that held then (domain B1).
CREATE TABLE site_check_items (
    check_id TEXT NOT NULL REFERENCES site_checks (id),
    -- mechanism, people, materials, management
    group_code TEXT NOT NULL,
    -- within the group; the group's own code where it is answered as one
    item_code TEXT NOT NULL,
    list_version INTEGER NOT NULL,
    result TEXT NOT NULL CHECK (result IN ('meets', 'fails', 'not_applicable')),
    note TEXT NOT NULL,
    PRIMARY KEY (check_id, group_code, item_code)
) STRICT;

-- Signatures for parties of a route. A voided one is kept and counts no more.
CREATE TABLE signatures (
    id TEXT NOT NULL PRIMARY KEY,
    application_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    -- of the route: street, department, leading_group, secretary, director, …
    party TEXT NOT NULL,
    account_id TEXT NOT NULL,
    post_id TEXT NOT NULL,
    role TEXT NOT NULL,
    -- as they were then
    name TEXT NOT NULL,
    post TEXT NOT NULL,
    -- what was signed: SHA-256 of the revision's content
    content_sha256 BLOB NOT NULL,
    at INTEGER NOT NULL,
    voided_at INTEGER,
    FOREIGN KEY (application_id, revision) REFERENCES application_revisions (application_id, revision)
) STRICT;
CREATE INDEX signatures_by_application ON signatures (application_id, at);
-- One signature for a party, and never two by one person (domain A29).
CREATE UNIQUE INDEX signatures_one_per_party ON signatures (application_id, party) WHERE voided_at IS NULL;
CREATE UNIQUE INDEX signatures_one_per_person ON signatures (application_id, account_id) WHERE voided_at IS NULL;

-- Who is to act next: rewritten with each act, so that a to-do list is one range of an index.
CREATE TABLE application_waits (
    application_id TEXT NOT NULL REFERENCES applications (id),
    role TEXT NOT NULL,
    -- one person, or empty for every holder of the role within reach
    account_id TEXT NOT NULL,
    -- only holders of this department line; empty for any (domain A31)
    line TEXT NOT NULL,
    -- finish, mend, accept, send, resend, check, sign, issue
    task TEXT NOT NULL,
    class_rank INTEGER NOT NULL,
    submitted_at INTEGER NOT NULL,
    division_path TEXT NOT NULL,
    enterprise_id TEXT NOT NULL,
    PRIMARY KEY (application_id, role, account_id)
) STRICT;
CREATE INDEX application_waits_in_order ON application_waits (role, class_rank, submitted_at, application_id, division_path, enterprise_id, account_id, line, task);
