-- what is done again and again, by one process at a time; a claim moves due_at to the end of its lease, as with jobs
CREATE TABLE chores (
    name TEXT PRIMARY KEY,
    due_at BIGINT NOT NULL,
    claimed_by TEXT NOT NULL,
    -- of the last run that came to an end; 0 before the first, and no error where it went well
    ended_at BIGINT NOT NULL,
    last_error TEXT NOT NULL
);
