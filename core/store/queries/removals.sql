-- fragment: removal_columns
SELECT id, number, account_id, workspace_id, requested_by, email, state, erased, created_at, done_at, notify
FROM removals

-- name: removal_insert
INSERT INTO removals (id, number, account_id, workspace_id, requested_by, email, state, erased, created_at, notify)
VALUES (:id, :number, :account_id, :workspace_id, :requested_by, :email, 'pending', 0, :created_at, :notify)

-- name: removal_get
@removal_columns
WHERE account_id = :account_id AND number = :number
  AND (CAST(:workspace_id AS TEXT) IS NULL OR workspace_id = :workspace_id)

-- name: removals_pending
@removal_columns
WHERE state = 'pending' AND id > :after ORDER BY id LIMIT 1

-- name: removal_advance
UPDATE removals SET erased = erased + :count WHERE id = :id

-- name: removal_end
UPDATE removals SET state = 'done', email = '', done_at = :now WHERE id = :id

-- name: workspaces_of_account
SELECT id FROM workspaces
WHERE account_id = :account_id AND (CAST(:workspace_id AS TEXT) IS NULL OR id = :workspace_id)
ORDER BY id

-- name: veil_suppressions
INSERT INTO veils (hash, workspace_id, stream, reason, origin, created_at)
SELECT CAST(:hash AS TEXT), workspace_id, stream, reason, origin, created_at FROM suppressions
WHERE workspace_id = :workspace_id AND email = :email
ON CONFLICT DO NOTHING

-- name: veil_choices
INSERT INTO veils (hash, workspace_id, stream, reason, origin, created_at)
SELECT CAST(:hash AS TEXT), t.workspace_id, t.id, 'unsubscribe', 'recipient', c.updated_at
FROM topic_choices c JOIN topics t ON t.id = c.topic_id
WHERE t.workspace_id = :workspace_id AND c.email = :email AND c.subscription = 'opt_out'
ON CONFLICT DO NOTHING

-- name: suppressions_forget
DELETE FROM suppressions WHERE workspace_id = :workspace_id AND email = :email RETURNING id

-- name: choices_forget
DELETE FROM topic_choices
WHERE email = :email AND topic_id IN (SELECT id FROM topics WHERE workspace_id = :workspace_id)
RETURNING id

-- name: veils_among
SELECT workspace_id, hash, stream FROM veils WHERE hash IN (SELECT value FROM json_array_elements_text(:hashes))

-- name: veils_delete
DELETE FROM veils
WHERE workspace_id = :workspace_id AND hash IN (SELECT value FROM json_array_elements_text(:hashes))
  AND (CAST(:stream AS TEXT) IS NULL OR stream = :stream)
  AND (NOT CAST(:guarded AS BOOLEAN) OR (reason <> 'complaint' AND reason <> 'unsubscribe' AND origin <> 'admin'))
RETURNING hash

-- name: traces_bounces
SELECT id FROM bounces
WHERE workspace_id = :workspace_id AND email_key = :email AND id < :before ORDER BY id LIMIT :count

-- name: traces_contacts
SELECT id FROM contacts
WHERE segment_id IN (SELECT id FROM segments WHERE workspace_id = :workspace_id)
  AND email_key = :email AND id < :before
ORDER BY id LIMIT :count

-- name: contacts_forget
DELETE FROM contacts WHERE id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: traces_changes
-- whoever asks for the name of those who are forgotten would find their rows again and again
SELECT id FROM subscription_changes
WHERE workspace_id = :workspace_id AND email = :email AND email <> 'erased@erased.invalid' AND id < :before
ORDER BY id LIMIT :count

-- name: changes_veil
UPDATE subscription_changes SET email = 'erased@erased.invalid'
WHERE id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: traces_inbound
SELECT id FROM inbound
WHERE workspace_id = :workspace_id AND sender = :email AND id < :before ORDER BY id LIMIT :count

-- name: inbound_forget
DELETE FROM inbound WHERE id IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */

-- name: inbound_sources_forget
DELETE FROM inbound_sources WHERE message_id IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */

-- name: inbound_files_forget
DELETE FROM inbound_files WHERE message_id IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */

-- name: inbound_bodies_empty
UPDATE inbound SET body = :body
WHERE id IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */

-- fragment: old_inbound
FROM inbound i WHERE i.workspace_id = :workspace_id AND i.id > :after AND i.id < :before

-- name: retention_inbound
SELECT i.id, 3 * i.size_bytes, FALSE
@old_inbound
ORDER BY i.id LIMIT :count

-- name: retention_inbound_count
SELECT count(*)
@old_inbound

-- name: traces_messages
SELECT DISTINCT message_id FROM addressed
WHERE workspace_id = :workspace_id AND email_key = :email AND message_id > :after AND message_id < :before
ORDER BY message_id LIMIT :count

-- name: traces_count
SELECT (SELECT count(*) FROM addressed WHERE workspace_id = :workspace_id AND email_key = :email)
     + (SELECT count(*) FROM bounces WHERE workspace_id = :workspace_id AND email_key = :email)
     + (SELECT count(*) FROM inbound WHERE workspace_id = :workspace_id AND sender = :email)

-- name: removal_messages
-- a message for several destinations has a job for each, whose ids begin with its own
SELECT m.id, m.workspace_id, m.body, m.content_id,
       COALESCE((SELECT j.id FROM jobs j WHERE j.id = m.id),
                (SELECT min(p.id) FROM jobs p WHERE length(p.id) > 36 AND substr(p.id, 1, 36) = m.id))
FROM messages m
WHERE m.id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: removal_deliveries
SELECT message_id, position, email_key FROM deliveries
WHERE message_id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: jobs_hold
-- keeps those that are in nobody's hands from being claimed before the transaction ends
UPDATE jobs SET claimed_by = ''
WHERE claimed_by = '' AND (
    id IN (SELECT value FROM json_array_elements_text(:ids))
    OR length(id) > 36 AND substr(id, 1, 36) IN (SELECT value FROM json_array_elements_text(:ids)))
RETURNING substr(id, 1, 36)

-- name: jobs_in_hands
SELECT substr(id, 1, 36) FROM jobs
WHERE claimed_by <> '' AND length(id) > 36
  AND substr(id, 1, 36) IN (SELECT value FROM json_array_elements_text(:ids))

-- name: jobs_drop
DELETE FROM jobs
WHERE id IN (SELECT value FROM json_array_elements_text(:ids))
   OR length(id) > 36 AND substr(id, 1, 36) IN (SELECT value FROM json_array_elements_text(:ids))

-- name: messages_cancel
UPDATE messages SET state = 'canceled' WHERE id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: message_veil
UPDATE messages SET subject = '', metadata = '', content_id = NULL, body = :body WHERE id = :id

-- name: delivery_veil
UPDATE deliveries
SET email = 'erased@erased.invalid', email_key = 'erased@erased.invalid', text = '',
    state = CASE WHEN state IN ('queued', 'deferred') THEN 'canceled' ELSE state END
WHERE message_id = :message_id AND position = :position

-- name: events_veil
UPDATE events SET detail = :detail WHERE message_id = :message_id AND position = :position

-- name: sightings_of_one_forget
DELETE FROM sightings WHERE message_id = :message_id AND position = :position
