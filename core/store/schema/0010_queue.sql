-- destination: the domain that all of a job's recipients share, else ''. lane: what it waits for beside the queue, a
-- destination or a pause, else ''; such a job comes back by itself at run_at. due_at: when its patience began, 0
-- before the first claim. paused_at: since when that stands still, else 0. delayed: 1 once it was told to be late.
ALTER TABLE jobs ADD COLUMN destination TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN lane TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN due_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN paused_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN delayed BIGINT NOT NULL DEFAULT 0;
CREATE INDEX jobs_by_lane ON jobs (lane, due_at) WHERE lane <> '';
-- the jobs of a message that was parted, whose ids are longer than its own
CREATE INDEX jobs_by_message ON jobs (substr(id, 1, 36)) WHERE length(id) > 36;

-- a lane that jobs may wait in. failures in a row to reach the destination, closed_until when it is tried again,
-- probing_until while one process does
CREATE TABLE lanes (
    name TEXT PRIMARY KEY,
    parked_at BIGINT NOT NULL,
    closed_until BIGINT NOT NULL DEFAULT 0,
    probing_until BIGINT NOT NULL DEFAULT 0,
    failures BIGINT NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT ''
);

-- what an operator holds back; '' stands for all
CREATE TABLE pauses (
    workspace_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    destination TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, stream, destination)
);

-- the ways out of a workspace's stream, in their order, with commas between them; stream '' is all of its others
CREATE TABLE routes (
    workspace_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    ways TEXT NOT NULL,
    PRIMARY KEY (workspace_id, stream)
);
