-- The log as it is read: the newest entries of somebody, or of a kind of thing. By instants nobody asks it; its numbers are in
-- their order.
DROP INDEX audit_by_time;
CREATE INDEX audit_by_account ON audit (account_id, seq);
CREATE INDEX audit_by_kind ON audit (subject, seq);
