-- The words of successive lines of one workspace, packed, so that a rare one is looked for in few rows: what a block does
-- not contain, none of its lines does. first_id, last_id: of these lines, which are all there are from one to the other
-- words: of one field, a line each; short enough for PostgreSQL to leave them as they are. NULL when some were taken away
CREATE TABLE message_blocks (
    workspace_id TEXT NOT NULL,
    environment TEXT NOT NULL,
    field TEXT NOT NULL,
    first_id TEXT NOT NULL,
    last_id TEXT NOT NULL,
    words TEXT,
    PRIMARY KEY (workspace_id, environment, field, first_id)
) /* clustered */;
CREATE INDEX message_blocks_open ON message_blocks (workspace_id, environment, first_id) WHERE words IS NULL;
