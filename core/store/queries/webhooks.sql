-- name: webhook_insert
INSERT INTO webhooks (id, number, workspace_id, dialect, role, url, kinds, stream, state, reason, options, includes,
                      private, created_at, updated_at)
VALUES (:id, :number, :workspace_id, :dialect, :role, :url, :kinds, :stream, :state, :reason, :options, :includes,
        :private, :created_at, :updated_at)

-- name: webhook_update
UPDATE webhooks SET url = :url, kinds = :kinds, stream = :stream, state = :state, reason = :reason, options = :options,
    includes = :includes, private = :private, updated_at = :updated_at
WHERE id = :id
RETURNING id

-- name: webhook_delete
DELETE FROM webhooks WHERE id = :id RETURNING id

-- fragment: webhook_columns
SELECT id, number, workspace_id, dialect, role, url, stream, state, reason, options, created_at, updated_at, kinds,
       includes, private
FROM webhooks

-- name: webhook_get
@webhook_columns
WHERE id = :id AND workspace_id = :workspace_id AND dialect = :dialect

-- name: webhook_by_number
@webhook_columns
WHERE number = :number AND workspace_id = :workspace_id AND dialect = :dialect

-- fragment: webhooks_match
WHERE workspace_id = :workspace_id AND dialect = :dialect AND role = :role
  AND id < :before_id AND id > :after_id
  AND (CAST(:stream AS TEXT) IS NULL OR stream = :stream)

-- name: webhooks_page
@webhook_columns
@webhooks_match
ORDER BY id DESC LIMIT :count OFFSET :skip

-- name: webhooks_page_back
@webhook_columns
@webhooks_match
ORDER BY id LIMIT :count OFFSET :skip

-- name: webhooks_count
SELECT count(*) FROM webhooks
@webhooks_match

-- name: webhooks_with_roles
@webhook_columns
WHERE workspace_id = :workspace_id AND dialect = :dialect AND role <> '' ORDER BY id

-- name: webhooks_of_workspaces
@webhook_columns
WHERE workspace_id IN (SELECT value FROM json_array_elements_text(:ids)) ORDER BY id

-- name: webhooks_listening
SELECT h.workspace_id, w.account_id, h.kinds FROM webhooks h JOIN workspaces w ON w.id = h.workspace_id
WHERE h.state = 'enabled'

-- name: webhook_lane_insert
-- nothing to do yet: the moment never comes
INSERT INTO webhook_lanes (webhook_id, run_at, claimed_by, wanted, failures, failing_since)
VALUES (:webhook_id, 4611686018427387904, '', 0, 0, 0)

-- name: webhook_lane_delete
DELETE FROM webhook_lanes WHERE webhook_id = :webhook_id

-- name: webhook_lane_anew
UPDATE webhook_lanes SET failures = 0, failing_since = 0, wanted = 1,
    run_at = CASE WHEN claimed_by = '' THEN :now ELSE run_at END
WHERE webhook_id = :webhook_id

-- name: webhook_lane_wake
-- there is something to do; one that waits for that already keeps its place, one that is being called is looked at
-- again. Always a change, never only a look: of a claim and this, one waits for the other's end
UPDATE webhook_lanes SET wanted = 1,
    run_at = CASE WHEN claimed_by = '' AND wanted = 0 THEN :now ELSE run_at END
WHERE webhook_id = :webhook_id

-- name: outbox_insert
INSERT INTO outbox (id, workspace_id, kind, subject, at) VALUES (:id, :workspace_id, :kind, :subject, :at)
ON CONFLICT DO NOTHING

-- name: outbox_thing
INSERT INTO outbox (id, workspace_id, kind, subject, at, facts)
VALUES (:id, :workspace_id, :kind, :subject, :at, :facts)

-- name: outbox_suppression
-- what suppression_told has told of, and so only where it changed anything
INSERT INTO outbox (id, workspace_id, kind, subject, at)
SELECT id, workspace_id, 'suppression_added', id, created_at FROM suppressions
WHERE workspace_id = :workspace_id AND id = :id

-- name: dispatch_get
SELECT id, webhook_id, happening_id, kind, subject, event, state, attempts, status, attempted_at, due_at, created_at,
       body
FROM dispatches WHERE id = :id AND webhook_id = :webhook_id

-- fragment: dispatch_columns
SELECT id, webhook_id, happening_id, kind, subject, event, state, attempts, status, attempted_at, due_at, created_at
FROM dispatches

-- fragment: dispatches_match
WHERE webhook_id = :webhook_id AND id < :before_id AND id > :after_id
  AND (CAST(:any_state AS BOOLEAN) OR state IN (SELECT value FROM json_array_elements_text(:states)))

-- name: dispatches_page
@dispatch_columns
@dispatches_match
ORDER BY id DESC LIMIT :count OFFSET :skip

-- name: dispatches_page_back
@dispatch_columns
@dispatches_match
ORDER BY id LIMIT :count OFFSET :skip

-- name: dispatches_count
SELECT count(*) FROM dispatches
@dispatches_match

-- name: dispatch_replay
UPDATE dispatches SET replaying = 1, resume_at = due_at, due_at = :now
WHERE id = :id AND webhook_id = :webhook_id AND replaying = 0

-- name: dispatches_replay
UPDATE dispatches SET replaying = 1, resume_at = due_at, due_at = :now
@dispatches_match
  AND replaying = 0
RETURNING id /* many rows */

-- name: dispatches_delete
DELETE FROM dispatches WHERE webhook_id = :webhook_id /* many rows */

-- name: dispatch_attempts_delete
DELETE FROM dispatch_attempts WHERE webhook_id = :webhook_id /* many rows */

-- fragment: dispatch_attempt_columns
SELECT id, dispatch_id, number, success, status, error, body, duration_ms, at FROM dispatch_attempts
WHERE dispatch_id = :dispatch_id AND id < :before_id AND id > :after_id

-- name: dispatch_attempts_page
@dispatch_attempt_columns
ORDER BY id DESC LIMIT :count OFFSET :skip

-- name: dispatch_attempts_page_back
@dispatch_attempt_columns
ORDER BY id LIMIT :count OFFSET :skip

-- name: dispatch_tallies
SELECT event, count(*), count(*) FILTER (WHERE success = 1), count(*) FILTER (WHERE number > 1),
       count(*) FILTER (WHERE duration_ms >= :slow_ms), count(*) FILTER (WHERE duration_ms >= :very_slow_ms),
       count(*) FILTER (WHERE final = 1),
       CAST(avg(CASE WHEN final = 1 THEN duration_ms END) AS DOUBLE PRECISION),
       CAST(avg(CASE WHEN final = 0 THEN duration_ms END) AS DOUBLE PRECISION)
FROM dispatch_attempts WHERE webhook_id = :webhook_id AND id > :after_id
GROUP BY event ORDER BY event
