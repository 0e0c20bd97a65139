-- name: counter_advance
INSERT INTO counters (name, next) VALUES (:name, 1 + :size)
ON CONFLICT (name) DO UPDATE SET next = counters.next + excluded.next - 1
RETURNING next

-- name: account_insert
INSERT INTO accounts (id, number, name, created_at) VALUES (:id, :number, :name, :created_at)
ON CONFLICT DO NOTHING

-- name: account_by_name
SELECT id, number, name, created_at FROM accounts WHERE name = :name

-- name: account_get
SELECT id, number, name, created_at FROM accounts WHERE id = :id

-- name: workspace_insert
INSERT INTO workspaces (id, number, account_id, name, settings, created_at)
VALUES (:id, :number, :account_id, :name, :settings, :created_at)
ON CONFLICT DO NOTHING RETURNING id

-- name: workspace_by_name
SELECT id, number, account_id, name, settings, created_at FROM workspaces
WHERE account_id = :account_id AND name = :name

-- name: workspace_get
SELECT id, number, account_id, name, settings, created_at FROM workspaces WHERE id = :id

-- name: workspace_by_number
SELECT id, number, account_id, name, settings, created_at FROM workspaces
WHERE number = :number AND deleted_at IS NULL

-- name: workspaces_all
SELECT w.number, w.name, a.name FROM workspaces w JOIN accounts a ON a.id = w.account_id
WHERE w.number > :after AND w.deleted_at IS NULL ORDER BY w.number LIMIT :count

-- name: account_hold
-- nobody else names a workspace of it before this transaction ends
UPDATE accounts SET name = name WHERE id = :id RETURNING id

-- name: workspace_of_account
SELECT id, number, account_id, name, settings, created_at FROM workspaces
WHERE account_id = :account_id AND number = :number AND deleted_at IS NULL

-- fragment: workspaces_match
FROM workspaces
WHERE account_id = :account_id AND deleted_at IS NULL
  AND (CAST(:name AS TEXT) IS NULL OR lower(name) LIKE :name ESCAPE '!')

-- name: workspaces_page
SELECT id, number, account_id, name, settings, created_at
@workspaces_match
ORDER BY number DESC LIMIT :count OFFSET :skip

-- name: workspaces_count
SELECT count(*)
@workspaces_match

-- name: workspace_change
UPDATE workspaces SET name = :name, settings = :settings WHERE id = :id AND deleted_at IS NULL RETURNING id

-- name: workspace_remove
-- its name is free for another one
UPDATE workspaces SET name = id, settings = :settings, deleted_at = :now
WHERE id = :id AND deleted_at IS NULL RETURNING id

-- name: workspace_settings
-- holds the row for the change that follows
UPDATE workspaces SET settings = settings WHERE id = :id AND deleted_at IS NULL RETURNING settings, name

-- name: workspace_settle
UPDATE workspaces SET settings = :settings WHERE id = :id

-- name: credential_insert
INSERT INTO credentials (id, account_id, workspace_id, dialect, kind, name, prefix, last4, hash, scopes, environment,
                         state, created_at, shown)
VALUES (:id, :account_id, :workspace_id, :dialect, :kind, :name, :prefix, :last4, :hash, :scopes, :environment,
        :state, :created_at, :shown)
ON CONFLICT DO NOTHING RETURNING id

-- name: credential_by_hash
SELECT c.id, c.account_id, c.workspace_id, c.dialect, c.kind, c.name, c.prefix, c.last4, c.hash, c.scopes,
       c.environment, c.state, c.created_at, c.last_used_at, w.number, w.name, w.settings
FROM credentials c LEFT JOIN workspaces w ON w.id = c.workspace_id
WHERE c.dialect = :dialect AND c.hash = :hash

-- name: credentials_all
SELECT c.id, c.account_id, c.workspace_id, c.dialect, c.kind, c.name, c.prefix, c.last4, c.hash, c.scopes,
       c.environment, c.state, c.created_at, c.last_used_at, w.number, w.name
FROM credentials c LEFT JOIN workspaces w ON w.id = c.workspace_id
ORDER BY c.created_at, c.id

-- name: credential_get
SELECT c.id, c.account_id, c.workspace_id, c.dialect, c.kind, c.name, c.prefix, c.last4, c.hash, c.scopes,
       c.environment, c.state, c.created_at, c.last_used_at, w.number, w.name
FROM credentials c LEFT JOIN workspaces w ON w.id = c.workspace_id
WHERE c.id = :id

-- name: credentials_shown
SELECT id, workspace_id, shown FROM credentials
WHERE workspace_id IN (SELECT value FROM json_array_elements_text(:ids)) AND dialect = :dialect AND kind = :kind
  AND state = 'active' AND shown IS NOT NULL
ORDER BY id

-- name: credentials_revoke
UPDATE credentials SET state = 'revoked', shown = NULL WHERE workspace_id = :workspace_id RETURNING id

-- name: credential_used
UPDATE credentials SET last_used_at = :now WHERE id = :id

-- name: credential_set_state
UPDATE credentials SET state = :state WHERE id = :id RETURNING id

-- name: stream_insert
INSERT INTO streams (workspace_id, key, name, kind, description, archived_at, created_at, updated_at, opt_out)
VALUES (:workspace_id, :key, :name, :kind, :description, NULL, :created_at, :updated_at, :opt_out)
ON CONFLICT DO NOTHING

-- name: streams_of_workspace
SELECT workspace_id, key, name, kind, description, archived_at, created_at, updated_at, opt_out FROM streams
WHERE workspace_id = :workspace_id ORDER BY created_at, key

-- name: stream_known
SELECT 1 FROM streams WHERE key = :key AND (CAST(:workspace_id AS TEXT) IS NULL OR workspace_id = :workspace_id) LIMIT 1

-- name: stream_change
UPDATE streams
SET name = COALESCE(CAST(:name AS TEXT), name), description = COALESCE(CAST(:description AS TEXT), description),
    opt_out = COALESCE(CAST(:opt_out AS TEXT), opt_out), updated_at = :now
WHERE workspace_id = :workspace_id AND key = :key
RETURNING workspace_id, key, name, kind, description, archived_at, created_at, updated_at, opt_out

-- name: stream_archive
UPDATE streams SET archived_at = COALESCE(archived_at, CAST(:now AS BIGINT))
WHERE workspace_id = :workspace_id AND key = :key
RETURNING workspace_id, key, name, kind, description, archived_at, created_at, updated_at, opt_out

-- name: stream_restore
UPDATE streams SET archived_at = NULL
WHERE workspace_id = :workspace_id AND key = :key
  AND (archived_at IS NULL OR archived_at > CAST(:purged_before AS BIGINT))
RETURNING workspace_id, key, name, kind, description, archived_at, created_at, updated_at, opt_out

-- name: streams_managed
-- the managed ones: their letters offer a way out by themselves
SELECT workspace_id, key FROM streams
WHERE opt_out = 'managed' AND workspace_id IN (SELECT value FROM json_array_elements_text(:workspaces))
