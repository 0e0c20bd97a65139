-- name: webhook_insert
INSERT INTO webhooks (id, number, workspace_id, dialect, role, url, kinds, stream, state, reason, options, includes,
                      private, created_at, updated_at)
VALUES (:id, :number, :workspace_id, :dialect, :role, :url, :kinds, :stream, :state, :reason, :options, :includes,
        :private, :created_at, :updated_at)

-- name: webhook_update
UPDATE webhooks SET url = :url, kinds = :kinds, stream = :stream, state = :state, reason = :reason, options = :options,
    includes = :includes, private = :private, updated_at = :updated_at
WHERE id = :id AND updated_at = :known
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

-- name: webhook_in_workspace
@webhook_columns
WHERE id = :id AND workspace_id = :workspace_id

-- fragment: webhook_outlines_match
WHERE workspace_id = :workspace_id AND id < :before_id AND id > :after_id

-- name: webhook_outlines
@webhook_columns
@webhook_outlines_match
ORDER BY id DESC LIMIT :count OFFSET :skip

-- name: webhook_outlines_back
@webhook_columns
@webhook_outlines_match
ORDER BY id LIMIT :count OFFSET :skip

-- name: webhook_lanes_forget
DELETE FROM webhook_lanes WHERE webhook_id IN (SELECT id FROM webhooks WHERE workspace_id = :workspace_id) /* many rows */

-- name: webhooks_forget
DELETE FROM webhooks WHERE workspace_id = :workspace_id /* many rows */

-- name: webhooks_listening
SELECT DISTINCT h.workspace_id, w.account_id, h.kinds FROM webhooks h JOIN workspaces w ON w.id = h.workspace_id
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
-- the newest of those, so many at once
UPDATE dispatches SET replaying = 1, resume_at = due_at, due_at = :now
WHERE replaying = 0 AND id IN (
SELECT id FROM dispatches
@dispatches_match
    AND replaying = 0 ORDER BY id DESC LIMIT :count)
RETURNING id /* many rows */

-- name: dispatches_delete
DELETE FROM dispatches
WHERE id IN (SELECT id FROM dispatches WHERE webhook_id = :webhook_id ORDER BY id LIMIT :count)
RETURNING id /* many rows */

-- name: dispatch_attempts_delete
DELETE FROM dispatch_attempts
WHERE id IN (SELECT id FROM dispatch_attempts WHERE webhook_id = :webhook_id ORDER BY id LIMIT :count)
RETURNING id /* many rows */

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

-- name: outbox_claim
-- in the order of what happened, as far as several processes keep one
UPDATE outbox SET claimed_by = :claimed_by, claimed_until = :lease_end
WHERE id IN (
    SELECT id FROM outbox WHERE claimed_until <= :now ORDER BY id LIMIT :count
    FOR UPDATE SKIP LOCKED)
RETURNING id, workspace_id, kind, subject, at, facts

-- name: outbox_done
DELETE FROM outbox WHERE claimed_by = :claimed_by AND id IN (SELECT value FROM json_array_elements_text(:ids))
RETURNING id

-- name: outbox_release
UPDATE outbox SET claimed_until = 0
WHERE claimed_by = :claimed_by AND id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: outbox_postpone
UPDATE outbox SET claimed_until = :until, last_error = :error WHERE id = :id AND claimed_by = :claimed_by

-- name: outbox_release_all
UPDATE outbox SET claimed_until = 0 WHERE claimed_until > 0

-- name: outbox_places
SELECT w.id, w.number, w.account_id, w.name, w.settings, w.created_at, a.name
FROM workspaces w JOIN accounts a ON a.id = w.account_id
WHERE w.id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: outbox_events
SELECT id, message_id, position, kind, at, detail FROM events
WHERE message_id IN (SELECT value FROM json_array_elements_text(:subjects))
  AND id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: outbox_messages
SELECT id, length(body) FROM messages WHERE id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: outbox_batches
SELECT id, workspace_id, number, uid, environment, total, created_at FROM batches
WHERE id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: outbox_changes
SELECT id, email, stream, topic_id, reason, origin, suppress, message_id, at FROM subscription_changes
WHERE id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: outbox_reports
SELECT number, body FROM bounce_dumps
WHERE number IN (SELECT CAST(value AS BIGINT) FROM json_array_elements_text(:numbers))

-- name: outbox_files
SELECT data FROM inbound_files WHERE message_id = :message_id ORDER BY position

-- name: dispatch_insert
INSERT INTO dispatches (id, workspace_id, webhook_id, happening_id, kind, subject, event, state, attempts, status,
                        attempted_at, due_at, replaying, resume_at, created_at, body)
VALUES (:id, :workspace_id, :webhook_id, :happening_id, :kind, :subject, :event, 'pending', 0, 0, NULL, :due_at, 0,
        NULL, :created_at, :body)

-- name: webhook_lanes_claim
-- those whose endpoint gave no answer lately, or a late one, are claimed apart from the others, whom they do not hold up
UPDATE webhook_lanes SET run_at = :lease_end, claimed_by = :claimed_by, wanted = 0
WHERE webhook_id IN (
    SELECT webhook_id FROM webhook_lanes
    WHERE run_at <= :now AND (failures <> 0) = CAST(:failing AS BOOLEAN) ORDER BY run_at LIMIT :count
    FOR UPDATE SKIP LOCKED)
RETURNING webhook_id, failures, failing_since

-- name: webhook_lanes_extend
UPDATE webhook_lanes SET run_at = :lease_end
WHERE claimed_by = :claimed_by AND webhook_id IN (SELECT value FROM json_array_elements_text(:ids))
RETURNING webhook_id

-- name: webhook_lane_release
UPDATE webhook_lanes SET claimed_by = '', run_at = CASE WHEN wanted = 1 THEN CAST(:now AS BIGINT) ELSE :next END,
    failures = :failures, failing_since = :failing_since
WHERE webhook_id = :webhook_id AND claimed_by = :claimed_by

-- name: webhook_lanes_release_all
UPDATE webhook_lanes SET run_at = :now, claimed_by = '' WHERE claimed_by <> ''

-- name: webhooks_by_ids
@webhook_columns
WHERE id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: webhook_disable
UPDATE webhooks SET state = 'disabled', reason = :reason, updated_at = :now WHERE id = :id AND state = 'enabled'
RETURNING id

-- name: webhook_incident_insert
INSERT INTO webhook_incidents (id, workspace_id, webhook_id, kind, reason, at)
VALUES (:id, :workspace_id, :webhook_id, :kind, :reason, :at)

-- name: webhook_incident_once
INSERT INTO webhook_incidents (id, workspace_id, webhook_id, kind, reason, at)
SELECT CAST(:id AS TEXT), CAST(:workspace_id AS TEXT), CAST(:webhook_id AS TEXT), CAST(:kind AS TEXT),
       CAST(:reason AS TEXT), CAST(:at AS BIGINT)
WHERE NOT EXISTS (
    SELECT 1 FROM webhook_incidents h WHERE h.webhook_id = :webhook_id AND h.kind = :kind AND h.at >= :since)
RETURNING id

-- fragment: webhook_incidents_match
SELECT id, webhook_id, kind, reason, at FROM webhook_incidents
WHERE workspace_id = :workspace_id AND id < :before_id AND id > :after_id

-- name: webhook_incidents_page
@webhook_incidents_match
ORDER BY id DESC LIMIT :count OFFSET :skip

-- name: webhook_incidents_page_back
@webhook_incidents_match
ORDER BY id LIMIT :count OFFSET :skip

-- name: webhook_incidents_delete
DELETE FROM webhook_incidents WHERE webhook_id = :webhook_id /* many rows */

-- fragment: old_incidents
FROM webhook_incidents h
WHERE h.workspace_id = :workspace_id AND h.id > :after AND h.id < :before

-- name: retention_incidents
SELECT h.id, 100, FALSE
@old_incidents
ORDER BY h.id LIMIT :count

-- name: retention_incidents_count
SELECT count(*)
@old_incidents

-- name: webhook_incidents_forget
DELETE FROM webhook_incidents WHERE id IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */

-- name: webhooks_ailing
-- those that are told nothing any more without anybody's wish
SELECT count(*) FROM webhooks WHERE state = 'disabled' AND reason <> ''

-- name: dispatches_due
-- a body that is large is read by itself
SELECT id, webhook_id, happening_id, kind, subject, event, state, attempts, status, attempted_at, due_at, created_at,
       CASE WHEN length(body) <= :most_bytes THEN body END, length(body), replaying, resume_at
FROM dispatches
WHERE webhook_id = :webhook_id AND due_at IS NOT NULL AND due_at <= :now
ORDER BY due_at, id LIMIT :count

-- name: dispatch_next
SELECT min(due_at) FROM dispatches WHERE webhook_id = :webhook_id AND due_at IS NOT NULL

-- name: dispatch_body
SELECT body FROM dispatches WHERE id = :id

-- name: dispatch_attempt_insert
INSERT INTO dispatch_attempts (id, dispatch_id, webhook_id, event, number, success, final, status, error, body,
                               duration_ms, at)
VALUES (:id, :dispatch_id, :webhook_id, :event, :number, :success, :final, :status, :error, :body, :duration_ms, :at)

-- name: dispatch_attempts_of_nothing_forget
-- what was told is forgotten while it was told
DELETE FROM dispatch_attempts
WHERE dispatch_id IN (SELECT value FROM json_array_elements_text(:ids))
  AND NOT EXISTS (SELECT 1 FROM dispatches d WHERE d.id = dispatch_id) /* many rows */

-- name: dispatch_attempted
-- resume_at: when it is tried again by itself; the statement that follows makes that its due time
UPDATE dispatches SET state = :state, attempts = :attempts, status = :status, attempted_at = :attempted_at,
    resume_at = :resume_at
WHERE id = :id

-- name: dispatches_settle
-- one that somebody asked for again meanwhile stays due
UPDATE dispatches SET due_at = CASE WHEN replaying = 1 THEN due_at ELSE resume_at END,
    resume_at = CASE WHEN replaying = 1 THEN resume_at END
WHERE id IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */

-- name: dispatches_resume
UPDATE dispatches SET due_at = resume_at, resume_at = NULL, replaying = 0
WHERE id IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */

-- name: dispatches_stop
-- what an endpoint that is disabled still had to be told
UPDATE dispatches SET state = CASE WHEN state = 'pending' OR state = 'attempting' THEN 'failed' ELSE state END,
    due_at = NULL, replaying = 0, resume_at = NULL
WHERE id IN (
    SELECT id FROM dispatches WHERE webhook_id = :webhook_id AND due_at IS NOT NULL ORDER BY due_at LIMIT :count)
RETURNING id /* many rows */

-- name: inbound_told
UPDATE inbound SET state = :state
WHERE id = :id AND state IN (SELECT value FROM json_array_elements_text(:below))

-- fragment: old_dispatches
FROM dispatches d
WHERE d.workspace_id = :workspace_id AND d.id > :after AND d.id < :before

-- name: retention_dispatches
SELECT d.id, length(d.body), FALSE
@old_dispatches
ORDER BY d.id LIMIT :count

-- name: retention_dispatches_count
SELECT count(*)
@old_dispatches

-- name: dispatch_attempts_forget
DELETE FROM dispatch_attempts
WHERE dispatch_id IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */

-- name: dispatches_forget
DELETE FROM dispatches WHERE id IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */

-- name: outbox_of_subjects_forget
-- what stands in the outbox with its own facts
DELETE FROM outbox
WHERE facts IS NOT NULL AND subject IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */

-- name: outbox_of_subjects_again
-- who was about to tell of these has read them as they were, and may not any more: they are read again
UPDATE outbox SET claimed_by = '', claimed_until = 0
WHERE subject IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */

-- name: dispatches_of_subjects_hold
-- what came of a call that is under way is written before this, and is forgotten with the rest, or finds nothing
UPDATE dispatches SET due_at = NULL
WHERE subject IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */

-- name: dispatch_attempts_of_subjects_forget
DELETE FROM dispatch_attempts
WHERE dispatch_id IN (
    SELECT id FROM dispatches WHERE subject IN (SELECT value FROM json_array_elements_text(:ids))) /* many rows */

-- name: dispatches_of_subjects_forget
DELETE FROM dispatches WHERE subject IN (SELECT value FROM json_array_elements_text(:ids)) /* many rows */
