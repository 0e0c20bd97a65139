-- name: segment_ensure
INSERT INTO segments (id, workspace_id, key, name, created_at)
VALUES (:id, :workspace_id, :key, :name, :created_at)
ON CONFLICT (workspace_id, key) DO UPDATE SET key = excluded.key
RETURNING id

-- name: contact_for_update
SELECT properties FROM contacts WHERE segment_id = :segment_id AND email_key = :email_key

-- name: contact_put
INSERT INTO contacts (id, workspace_id, segment_id, email, email_key, status, source, properties, created_at,
                      updated_at)
VALUES (:id, :workspace_id, :segment_id, :email, :email_key, :status, :source, :properties, :created_at, :updated_at)
ON CONFLICT (segment_id, email_key) DO UPDATE SET properties = excluded.properties, updated_at = excluded.updated_at

-- name: contact_by_email
SELECT id, email, status, source, properties, created_at, updated_at FROM contacts
WHERE segment_id = :segment_id AND email_key = :email_key

-- name: contact_delete
DELETE FROM contacts
WHERE email_key = :email_key AND segment_id IN (
    SELECT id FROM segments WHERE workspace_id = :workspace_id AND key = :key)
RETURNING id, email, status, source, properties, created_at, updated_at, segment_id

-- name: contacts_page
SELECT id, email, status, source, properties, created_at, updated_at FROM contacts
WHERE segment_id IN (SELECT id FROM segments WHERE workspace_id = :workspace_id AND key = :key)
ORDER BY id LIMIT :count OFFSET :skip

-- name: contacts_count
SELECT count(*) FROM contacts
WHERE segment_id IN (SELECT id FROM segments WHERE workspace_id = :workspace_id AND key = :key)

-- name: contacts_mark
-- in every segment of the workspace
UPDATE contacts SET status = :status, updated_at = :updated_at
WHERE email_key = :email_key AND status <> :status
  AND segment_id IN (SELECT id FROM segments WHERE workspace_id = :workspace_id)
RETURNING id, email, status, source, properties, created_at, updated_at, segment_id
