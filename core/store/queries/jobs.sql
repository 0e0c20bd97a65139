-- name: job_insert
INSERT INTO jobs (id, kind, run_at, claimed_by, attempts, size_bytes, last_error)
VALUES (:message_id, 'deliver', :at, '', 0, :size_bytes, '')

-- name: jobs_claim
-- :since is a remembered lower bound: it keeps the search off dead rows at the front of the index
-- an attempt counts from the claim on, since a worker that dies cannot tell whether it had begun
UPDATE jobs SET run_at = :lease_end, claimed_by = :claimed_by, attempts = attempts + 1
WHERE id IN (
    SELECT id FROM jobs WHERE run_at >= :since AND run_at <= :now ORDER BY run_at LIMIT :count
    FOR UPDATE SKIP LOCKED)
RETURNING id, kind, run_at, claimed_by, attempts - 1, size_bytes, last_error

-- name: jobs_finish
DELETE FROM jobs
WHERE claimed_by = :claimed_by AND id IN (SELECT value FROM json_array_elements_text(:ids))
RETURNING id

-- name: jobs_let_go
UPDATE jobs SET claimed_by = ''
WHERE claimed_by = :claimed_by AND id IN (SELECT value FROM json_array_elements_text(:ids))
RETURNING id

-- name: job_again
UPDATE jobs SET run_at = :run_at, attempts = :attempts, last_error = :last_error
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
UPDATE jobs SET run_at = :run_at WHERE id = :id AND claimed_by = '' AND attempts = 0 RETURNING id

-- name: jobs_next
SELECT min(run_at) FROM jobs

-- name: jobs_depth
SELECT count(*), COALESCE(min(run_at), 0) FROM jobs WHERE run_at <= :now
