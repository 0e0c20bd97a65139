-- name: batch_states
SELECT m.batch_id, d.state, count(*) FROM messages m JOIN deliveries d ON d.message_id = m.id
WHERE m.batch_id IN (SELECT value FROM json_array_elements_text(:ids))
GROUP BY m.batch_id, d.state

-- name: message_states
SELECT message_id, state, count(*) FROM deliveries
WHERE message_id IN (SELECT value FROM json_array_elements_text(:ids))
GROUP BY message_id, state

-- name: batch_beginnings
-- the first message of each batch: what its messages share is told by it
SELECT id, length(body) FROM messages
WHERE id IN (
    SELECT min(id) FROM messages WHERE batch_id IN (SELECT value FROM json_array_elements_text(:ids))
    GROUP BY batch_id)

-- name: messages_alone
SELECT id, length(body) FROM messages
WHERE workspace_id = :workspace_id AND environment = :environment AND batch_id IS NULL AND id > :after
ORDER BY id LIMIT :count

-- name: deliveries_volume
SELECT count(*) FILTER (WHERE m.id >= :today), count(*) FILTER (WHERE m.id >= :month), count(*)
FROM messages m JOIN deliveries d ON d.message_id = m.id
WHERE m.environment = :environment AND m.workspace_id IN (
    SELECT id FROM workspaces
    WHERE account_id = :account_id AND (CAST(:workspace_id AS TEXT) IS NULL OR id = :workspace_id))

-- name: events_of_messages
SELECT id, message_id, position, kind, at, detail FROM events
WHERE workspace_id = :workspace_id AND message_id IN (SELECT value FROM json_array_elements_text(:ids))
  AND kind IN (SELECT value FROM json_array_elements_text(:kinds))
ORDER BY message_id, id
