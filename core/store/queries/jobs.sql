-- name: job_insert
INSERT INTO jobs (id, kind, run_at, claimed_by, attempts, size_bytes, last_error, destination)
VALUES (:message_id, 'deliver', :at, '', 0, :size_bytes, '', :destination)

-- name: job_part
-- one of those that a job for several destinations becomes
INSERT INTO jobs (id, kind, run_at, claimed_by, attempts, size_bytes, last_error, destination, due_at, delayed)
VALUES (:id, :kind, :run_at, :claimed_by, :attempts, :size_bytes, :last_error, :destination, :due_at, :delayed)
ON CONFLICT DO NOTHING

-- fragment: claimed
-- an attempt counts from the claim on, since a worker that dies cannot tell whether it had begun
UPDATE jobs SET run_at = :lease_end, claimed_by = :claimed_by, attempts = attempts + 1, lane = '', paused_at = 0,
    due_at = CASE WHEN due_at = 0 THEN run_at WHEN paused_at > 0 THEN due_at + :now - paused_at ELSE due_at END

-- fragment: as_job
RETURNING id, kind, run_at, claimed_by, attempts - 1, size_bytes, last_error, destination, due_at, delayed

-- name: jobs_claim
-- :since is a remembered lower bound: it keeps the search off dead rows at the front of the index
@claimed
WHERE id IN (
    SELECT id FROM jobs WHERE run_at >= :since AND run_at <= :now ORDER BY run_at LIMIT :count
    FOR UPDATE SKIP LOCKED)
@as_job

-- name: jobs_claim_lane
@claimed
WHERE id IN (
    SELECT id FROM jobs WHERE lane = :lane AND lane <> '' ORDER BY due_at LIMIT :count
    FOR UPDATE SKIP LOCKED)
@as_job

-- name: jobs_park
-- claimed work that cannot be begun: it waits in its lane, at the latest until there is something to tell of it
UPDATE jobs SET lane = :lane, claimed_by = '', attempts = attempts - 1, paused_at = :paused_at,
    run_at = CASE WHEN due_at + (CASE WHEN delayed = 0 THEN CAST(:delayed_after AS BIGINT) ELSE :give_up_after END) > :earliest
             THEN due_at + (CASE WHEN delayed = 0 THEN CAST(:delayed_after AS BIGINT) ELSE :give_up_after END) ELSE :earliest END
WHERE claimed_by = :claimed_by AND id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: jobs_clear
-- the same for what stands at the front of the queue and was not claimed yet, a good piece at a time
UPDATE jobs SET lane = destination, claimed_by = '', due_at = CASE WHEN due_at = 0 THEN run_at ELSE due_at END,
    run_at = (CASE WHEN due_at = 0 THEN run_at ELSE due_at END)
           + (CASE WHEN delayed = 0 THEN CAST(:delayed_after AS BIGINT) ELSE :give_up_after END)
WHERE id IN (
    SELECT id FROM (
        SELECT id, destination, run_at, due_at, delayed FROM jobs
        WHERE run_at >= :since AND run_at <= :now AND lane = '' ORDER BY run_at LIMIT :count
        FOR UPDATE SKIP LOCKED) AS front
    WHERE destination IN (SELECT value FROM json_array_elements_text(:destinations))
      AND (CASE WHEN due_at = 0 THEN run_at ELSE due_at END)
        + (CASE WHEN delayed = 0 THEN CAST(:delayed_after AS BIGINT) ELSE :give_up_after END) > :soon)
/* many rows */

-- name: jobs_finish
DELETE FROM jobs
WHERE claimed_by = :claimed_by AND id IN (SELECT value FROM json_array_elements_text(:ids))
RETURNING id

-- name: jobs_let_go
UPDATE jobs SET claimed_by = ''
WHERE claimed_by = :claimed_by AND id IN (SELECT value FROM json_array_elements_text(:ids))
RETURNING id

-- name: job_again
UPDATE jobs SET run_at = :run_at, attempts = :attempts, last_error = :last_error, delayed = :delayed
WHERE id = :id AND claimed_by = ''

-- name: jobs_extend
UPDATE jobs SET run_at = :lease_end
WHERE claimed_by = :claimed_by AND id IN (SELECT value FROM json_array_elements_text(:ids))
RETURNING id

-- name: jobs_release
-- :untouched is 1 where no worker has begun them, which takes the claim's attempt back
UPDATE jobs SET run_at = :now, claimed_by = '', attempts = attempts - :untouched
WHERE claimed_by = :claimed_by AND id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: jobs_release_all
-- whoever held them may have begun: the attempts stay
UPDATE jobs SET run_at = :now, claimed_by = '' WHERE claimed_by <> ''

-- name: job_take_back
-- only work that no worker has begun; 'due' work may be claimed at any moment, so the row decides, not the clock
DELETE FROM jobs WHERE id = :id AND claimed_by = '' AND attempts = 0 RETURNING id

-- name: job_move
UPDATE jobs SET run_at = :run_at, due_at = 0, lane = '', paused_at = 0
WHERE id = :id AND claimed_by = '' AND attempts = 0 RETURNING id

-- name: jobs_next
SELECT min(run_at) FROM jobs

-- name: jobs_depth
SELECT count(*), COALESCE(min(run_at), 0) FROM jobs WHERE run_at <= :now

-- name: jobs_held
SELECT count(*) FROM jobs WHERE lane <> ''

-- name: jobs_flush
-- attempts: what waits for its first moment is not late
UPDATE jobs SET run_at = :now
WHERE lane = '' AND claimed_by = '' AND attempts > 0 AND run_at > :now
  AND (CAST(:destination AS TEXT) IS NULL OR destination = :destination)
RETURNING id /* many rows */

-- name: lane_count
-- a pause's own lanes begin with a mark
SELECT count(*) FROM jobs
WHERE lane <> '' AND substr(lane, 1, 1) <> '|' AND (CAST(:destination AS TEXT) IS NULL OR lane = :destination)

-- name: jobs_into_pause
-- what waits for a destination goes over to the pause of it, and grows no older there
UPDATE jobs SET lane = :lane, paused_at = :now, run_at = :until WHERE lane = :destination AND lane <> '' /* many rows */

-- name: queue_standings
SELECT q.destination, q.total, q.held, q.later, q.oldest_at,
       COALESCE(l.failures, 0), COALESCE(l.closed_until, 0), COALESCE(l.reason, '')
FROM (SELECT destination, count(*) AS total,
             sum(CASE WHEN lane <> '' THEN 1 ELSE 0 END) AS held,
             sum(CASE WHEN lane = '' AND claimed_by = '' AND run_at > :now THEN 1 ELSE 0 END) AS later,
             COALESCE(min(CASE WHEN due_at > 0 THEN due_at WHEN run_at <= :now THEN run_at END), 0) AS oldest_at
      FROM jobs GROUP BY destination ORDER BY count(*) DESC, destination LIMIT :count) q
LEFT JOIN lanes l ON l.name = q.destination
ORDER BY q.total DESC, q.destination
