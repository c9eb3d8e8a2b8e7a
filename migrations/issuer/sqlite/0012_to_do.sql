-- A to-do list shows each task by itself: every one is a stretch of the index, in its order.
DROP INDEX application_waits_in_order;
CREATE INDEX application_waits_in_order ON application_waits (role, task, class_rank, submitted_at, application_id, division_path, enterprise_id, account_id, line);
