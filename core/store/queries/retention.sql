-- name: workspaces_after
SELECT id, number, account_id, name, settings, created_at FROM workspaces WHERE id > :after ORDER BY id LIMIT :count

-- name: retention_marks_of
SELECT series, up_to FROM retention_marks WHERE workspace_id = :workspace_id

-- name: retention_mark
INSERT INTO retention_marks (workspace_id, series, up_to) VALUES (:workspace_id, :series, :up_to)
ON CONFLICT (workspace_id, series) DO UPDATE SET up_to = excluded.up_to WHERE excluded.up_to > retention_marks.up_to

-- name: retention_wait
INSERT INTO retention_waiting (workspace_id, series, id) VALUES (:workspace_id, :series, :id) ON CONFLICT DO NOTHING

-- name: retention_waited
-- what waited and is sent by now
SELECT w.id FROM retention_waiting w
WHERE w.workspace_id = :workspace_id AND w.series = :series
  AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = w.id)
  AND NOT EXISTS (SELECT 1 FROM jobs p WHERE length(p.id) > 36 AND substr(p.id, 1, 36) = w.id)
ORDER BY w.id LIMIT :count

-- name: retention_waits_no_more
DELETE FROM retention_waiting
WHERE workspace_id = :workspace_id AND series = :series AND id IN (SELECT value FROM json_array_elements_text(:ids))

-- fragment: old_messages
FROM messages m
WHERE m.workspace_id = :workspace_id AND m.environment = :environment AND m.id > :after AND m.id < :before

-- name: retention_messages
SELECT m.id,
       length(m.body) + COALESCE((SELECT sum(a.size_bytes) FROM attachments a WHERE a.owner_id = m.id), 0),
       EXISTS (SELECT 1 FROM jobs j WHERE j.id = m.id)
       OR EXISTS (SELECT 1 FROM jobs p WHERE length(p.id) > 36 AND substr(p.id, 1, 36) = m.id)
@old_messages
ORDER BY m.id LIMIT :count

-- name: retention_messages_count
SELECT count(*)
@old_messages

-- name: retention_bodies
SELECT m.id, m.content_id, m.body, r.body FROM messages m LEFT JOIN renderings r ON r.message_id = m.id
WHERE m.id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: message_body_replace
UPDATE messages SET body = :body WHERE id = :id

-- name: content_body_replace
UPDATE contents SET body = :body WHERE id = :id

-- name: attachments_empty
UPDATE attachments SET data = NULL, url = ''
WHERE owner_id IN (SELECT value FROM json_array_elements_text(:owner_ids)) /* many rows */

-- name: contents_waited_for
-- those of which a message is still to be sent
SELECT DISTINCT m.content_id FROM messages m
WHERE m.content_id IN (SELECT value FROM json_array_elements_text(:ids))
  AND (EXISTS (SELECT 1 FROM jobs j WHERE j.id = m.id)
       OR EXISTS (SELECT 1 FROM jobs p WHERE length(p.id) > 36 AND substr(p.id, 1, 36) = m.id))

-- name: retention_owners
SELECT DISTINCT content_id, batch_id FROM messages
WHERE id IN (SELECT value FROM json_array_elements_text(:ids)) AND (content_id IS NOT NULL OR batch_id IS NOT NULL)

-- name: events_forget
DELETE FROM events WHERE message_id IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */

-- name: messages_forget
DELETE FROM messages WHERE id IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */

-- name: deliveries_forget
DELETE FROM deliveries WHERE message_id IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */

-- name: renderings_forget
DELETE FROM renderings WHERE message_id IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */

-- name: attachments_forget
DELETE FROM attachments WHERE owner_id IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */

-- name: contents_forget
DELETE FROM contents
WHERE id IN (SELECT value FROM json_array_elements_text(:ids))
  AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.content_id = contents.id)

-- name: attachments_of_contents_forget
DELETE FROM attachments
WHERE owner_id IN (SELECT value FROM json_array_elements_text(:ids))
  AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.content_id = attachments.owner_id) /* many rows */

-- name: batches_forget
DELETE FROM batches
WHERE id IN (SELECT value FROM json_array_elements_text(:ids))
  AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.batch_id = batches.id)

-- name: sightings_forget
DELETE FROM sightings WHERE message_id IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */

-- fragment: old_bounces
FROM bounces b
WHERE b.workspace_id = :workspace_id AND b.environment = :environment AND b.id > :after AND b.id < :before

-- name: retention_bounces
SELECT b.id, COALESCE((SELECT length(d.body) FROM bounce_dumps d WHERE d.number = b.number), 0), FALSE
@old_bounces
ORDER BY b.id LIMIT :count

-- name: retention_bounces_count
SELECT count(*)
@old_bounces

-- name: bounce_dumps_forget
DELETE FROM bounce_dumps
WHERE number IN (
    SELECT number FROM bounces WHERE id IN (SELECT value FROM json_array_elements_text(:ids))) /* many rows */

-- name: bounces_forget
DELETE FROM bounces WHERE id IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */

-- fragment: old_changes
FROM subscription_changes c WHERE c.workspace_id = :workspace_id AND c.id > :after AND c.id < :before

-- name: retention_changes
SELECT c.id, 0, FALSE
@old_changes
ORDER BY c.id LIMIT :count

-- name: retention_changes_count
SELECT count(*)
@old_changes

-- name: changes_forget
DELETE FROM subscription_changes WHERE id IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */
