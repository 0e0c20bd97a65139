-- name: suppressions_among
-- a row of empty texts says that somebody was forgotten: then those are to be asked for too, see core.veils
SELECT workspace_id, email, stream FROM suppressions
WHERE email IN (SELECT value FROM json_array_elements_text(:emails))
UNION ALL SELECT * FROM (SELECT '', '', '' FROM veils LIMIT 1) AS forgotten

-- name: suppression_insert
-- the first entry stays but for a weightier one: what the recipient said counts for more than what anybody else did
INSERT INTO suppressions (workspace_id, email, stream, id, reason, origin, created_at, message_id)
VALUES (:workspace_id, :email, :stream, :id, :reason, :origin, :created_at, :message_id)
ON CONFLICT (email, workspace_id, stream) DO UPDATE
SET id = excluded.id, reason = excluded.reason, origin = excluded.origin, created_at = excluded.created_at,
    message_id = excluded.message_id
WHERE CASE WHEN excluded.reason = 'complaint' THEN 3 WHEN excluded.reason = 'unsubscribe' THEN 2
           WHEN excluded.origin = 'admin' THEN 1 ELSE 0 END
    > CASE WHEN suppressions.reason = 'complaint' THEN 3 WHEN suppressions.reason = 'unsubscribe' THEN 2
           WHEN suppressions.origin = 'admin' THEN 1 ELSE 0 END

-- name: suppression_told
-- after the insertion, which has kept the id only where it changed anything
INSERT INTO subscription_changes (id, workspace_id, email, stream, topic_id, reason, origin, suppress, message_id, at)
SELECT id, workspace_id, email, stream, '', reason, origin, true, message_id, created_at FROM suppressions
WHERE workspace_id = :workspace_id AND id = :id

-- name: change_insert
INSERT INTO subscription_changes (id, workspace_id, email, stream, topic_id, reason, origin, suppress, message_id, at)
VALUES (:id, :workspace_id, :email, :stream, :topic_id, :reason, :origin, :suppress, :message_id, :at)

-- name: changes_page
SELECT id, email, stream, topic_id, reason, origin, suppress, message_id, at FROM subscription_changes
WHERE workspace_id = :workspace_id AND id > :after_id
ORDER BY id LIMIT :count

-- fragment: suppression_columns
SELECT id, email, stream, reason, origin, created_at, message_id FROM suppressions

-- name: suppressions_delete
DELETE FROM suppressions
WHERE workspace_id = :workspace_id AND email IN (SELECT value FROM json_array_elements_text(:emails))
  AND (CAST(:stream AS TEXT) IS NULL OR stream = :stream)
  AND (CAST(:reason AS TEXT) IS NULL OR reason = :reason)
  AND (NOT CAST(:guarded AS BOOLEAN) OR (reason <> 'complaint' AND reason <> 'unsubscribe' AND origin <> 'admin'))
RETURNING id, email, stream, reason, origin, created_at, message_id

-- name: suppressions_of
@suppression_columns
WHERE workspace_id = :workspace_id AND email IN (SELECT value FROM json_array_elements_text(:emails))
  AND (CAST(:stream AS TEXT) IS NULL OR stream = :stream)
ORDER BY id

-- name: suppression_find
@suppression_columns
WHERE workspace_id = :workspace_id AND (id = :named OR email = :email)
ORDER BY id LIMIT 1

-- name: suppressions_of_workspace
@suppression_columns
WHERE workspace_id = :workspace_id ORDER BY id

-- fragment: suppressions_match
WHERE workspace_id = :workspace_id AND id < :before_id AND id > :after_id
  AND (CAST(:email AS TEXT) IS NULL OR email = :email)
  AND (CAST(:stream AS TEXT) IS NULL OR stream = :stream OR (CAST(:wide AS BOOLEAN) AND stream = ''))
  AND (CAST(:origin AS TEXT) IS NULL OR origin = :origin)
  AND (CAST(:any_reason AS BOOLEAN) OR reason IN (SELECT value FROM json_array_elements_text(:reasons)))
  AND (CAST(:since AS BIGINT) IS NULL OR created_at >= :since)
  AND (CAST(:until AS BIGINT) IS NULL OR created_at < :until)

-- name: suppressions_page
@suppression_columns
@suppressions_match
ORDER BY id DESC LIMIT :count OFFSET :skip

-- name: suppressions_page_back
@suppression_columns
@suppressions_match
ORDER BY id LIMIT :count OFFSET :skip

-- name: suppressions_page_count
SELECT count(*) FROM suppressions
@suppressions_match
