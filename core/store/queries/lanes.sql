-- name: lane_open
-- to move parked_at on keeps a lane from being swept up by whoever has just found it empty
INSERT INTO lanes (name, parked_at) VALUES (:name, :parked_at)
ON CONFLICT (name) DO UPDATE SET parked_at = excluded.parked_at

-- name: lane_failed
-- those that were under way together when a destination was lost count once
INSERT INTO lanes (name, parked_at, closed_until, failures, reason)
VALUES (:name, :parked_at, :closed_until, :failures, :reason)
ON CONFLICT (name) DO UPDATE SET failures = lanes.failures + 1, closed_until = excluded.closed_until,
    probing_until = 0, parked_at = excluded.parked_at, reason = excluded.reason
WHERE lanes.closed_until <= excluded.parked_at

-- name: lane_reached
UPDATE lanes SET failures = 0, closed_until = 0, probing_until = 0, reason = '' WHERE name = :name

-- name: lane_probe
-- one process tries a destination again; if it dies, another does so a little later
UPDATE lanes SET probing_until = :until WHERE name = :name AND closed_until <= :now AND probing_until <= :now
  AND EXISTS (SELECT 1 FROM jobs WHERE lane = lanes.name AND lane <> '')
RETURNING name

-- name: lanes_all
SELECT name, closed_until, probing_until, failures, reason,
       NOT EXISTS (SELECT 1 FROM jobs WHERE lane = name AND lane <> '')
FROM lanes

-- name: lanes_sweep
DELETE FROM lanes
WHERE parked_at <= :idle_since AND (failures = 0 OR closed_until <= :forgotten)
  AND NOT EXISTS (SELECT 1 FROM jobs WHERE lane = name AND lane <> '')

-- name: pauses_all
SELECT workspace_id, stream, destination, created_at FROM pauses ORDER BY created_at

-- name: pause_insert
INSERT INTO pauses (workspace_id, stream, destination, created_at)
VALUES (:workspace_id, :stream, :destination, :created_at)
ON CONFLICT DO NOTHING RETURNING stream

-- name: pause_delete
DELETE FROM pauses WHERE workspace_id = :workspace_id AND stream = :stream AND destination = :destination
RETURNING stream

-- name: places_of
SELECT id, workspace_id, stream FROM messages WHERE id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: lanes_flush
UPDATE lanes SET closed_until = 0, probing_until = 0
WHERE failures > 0 AND (CAST(:destination AS TEXT) IS NULL OR name = :destination)
