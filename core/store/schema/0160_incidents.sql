-- what befell endpoints without anybody's wish: that one only fails ('failing'), that it is told nothing any more
-- ('disabled'). No provider tells other endpoints of it; it is kept for the operator
CREATE TABLE webhook_incidents (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX webhook_incidents_by_workspace ON webhook_incidents (workspace_id, id);
CREATE INDEX webhook_incidents_by_webhook ON webhook_incidents (webhook_id, id);
