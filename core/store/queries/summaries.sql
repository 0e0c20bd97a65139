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
-- what is summed, what is counted and not summed yet, and what is not counted yet: one statement sees each in one place
SELECT CAST(COALESCE(sum(count) FILTER (WHERE day >= :today), 0) AS BIGINT),
       CAST(COALESCE(sum(count) FILTER (WHERE day >= :month), 0) AS BIGINT),
       CAST(COALESCE(sum(count), 0) AS BIGINT)
FROM (
    SELECT day, count FROM figures
    WHERE scope = 'all' AND stream = '' AND tag = '' AND figure = 'accepted' AND environment = :environment
      AND workspace_id IN (
        SELECT id FROM workspaces
        WHERE account_id = :account_id AND (CAST(:workspace_id AS TEXT) IS NULL OR id = :workspace_id))
    UNION ALL
    SELECT day, count FROM figures_fresh
    WHERE figure = 'accepted' AND environment = :environment AND workspace_id IN (
        SELECT id FROM workspaces
        WHERE account_id = :account_id AND (CAST(:workspace_id AS TEXT) IS NULL OR id = :workspace_id))
    UNION ALL
    SELECT CASE WHEN m.id >= :today_id THEN :today WHEN m.id >= :month_id THEN :month ELSE '' END, 1
    FROM messages m JOIN deliveries d ON d.message_id = m.id
    WHERE m.id > (SELECT up_to FROM message_lines_mark) AND m.environment = :environment AND m.workspace_id IN (
        SELECT id FROM workspaces
        WHERE account_id = :account_id AND (CAST(:workspace_id AS TEXT) IS NULL OR id = :workspace_id))
) AS counted

-- name: events_of_messages
SELECT id, message_id, position, kind, at, detail FROM events
WHERE workspace_id = :workspace_id AND message_id IN (SELECT value FROM json_array_elements_text(:ids))
  AND kind IN (SELECT value FROM json_array_elements_text(:kinds))
ORDER BY message_id, id
