-- name: chore_ensure
-- one that was to wait for longer than is wanted now comes earlier
INSERT INTO chores (name, due_at, claimed_by, ended_at, last_error) VALUES (:name, :due_at, '', 0, '')
ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at
WHERE chores.claimed_by = '' AND chores.due_at > excluded.due_at

-- name: chores_due
SELECT name FROM chores WHERE due_at <= :now

-- name: chore_claim
UPDATE chores SET due_at = :lease_end, claimed_by = :claimed_by WHERE name = :name AND due_at <= :now RETURNING name

-- name: chore_extend
UPDATE chores SET due_at = :lease_end WHERE name = :name AND claimed_by = :claimed_by RETURNING name

-- name: chore_end
UPDATE chores SET due_at = :due_at, claimed_by = '', ended_at = :now, last_error = :error
WHERE name = :name AND claimed_by = :claimed_by

-- name: chore_release
UPDATE chores SET due_at = :now, claimed_by = '' WHERE name = :name AND claimed_by = :claimed_by
