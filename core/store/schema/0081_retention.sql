-- up to which id each kind of data of a workspace was gone through for what is too old
CREATE TABLE retention_marks (
    workspace_id TEXT NOT NULL,
    series TEXT NOT NULL,
    up_to TEXT NOT NULL,
    PRIMARY KEY (workspace_id, series)
) /* clustered */;

-- what was old enough by then, but still had to be sent
CREATE TABLE retention_waiting (
    workspace_id TEXT NOT NULL,
    series TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (workspace_id, series, id)
) /* clustered */;

-- a content goes with the last message that shares it
CREATE INDEX messages_by_content ON messages (content_id) WHERE content_id IS NOT NULL;
