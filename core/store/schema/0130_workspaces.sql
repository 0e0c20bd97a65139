-- since when a workspace is removed: what was in it is forgotten bit by bit, and its row the last
ALTER TABLE workspaces ADD COLUMN deleted_at BIGINT;
-- a key whose provider shows it again and again, sealed; NULL for all others, of which only the hash is kept
ALTER TABLE credentials ADD COLUMN shown BYTEA;
CREATE INDEX credentials_by_workspace ON credentials (workspace_id);
