-- name: routes_all
SELECT workspace_id, stream, ways FROM routes ORDER BY workspace_id, stream

-- name: route_put
INSERT INTO routes (workspace_id, stream, ways) VALUES (:workspace_id, :stream, :ways)
ON CONFLICT (workspace_id, stream) DO UPDATE SET ways = excluded.ways

-- name: route_delete
DELETE FROM routes WHERE workspace_id = :workspace_id AND stream = :stream
