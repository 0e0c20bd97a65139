-- name: figure_counted
INSERT INTO figures_fresh (workspace_id, id, environment, stream, tag, figure, day, name, count)
VALUES (:workspace_id, :id, :environment, :stream, :tag, :figure, :day, :name, :count)

-- name: figures_daily
-- what is summed and what is not yet: one statement sees each count in one of the two
SELECT day, figure, name, CAST(sum(count) AS BIGINT) FROM (
    SELECT day, figure, name, count FROM figures
    WHERE workspace_id = :workspace_id AND environment = :environment AND scope = :scope
      AND stream = COALESCE(CAST(:stream AS TEXT), '') AND tag = COALESCE(CAST(:tag AS TEXT), '')
      AND figure IN (SELECT value FROM json_array_elements_text(:figures)) AND day >= :since AND day <= :until
    UNION ALL
    SELECT day, figure, name, count FROM figures_fresh
    WHERE workspace_id = :workspace_id AND environment = :environment
      AND (CAST(:stream AS TEXT) IS NULL OR stream = :stream) AND (CAST(:tag AS TEXT) IS NULL OR tag = :tag)
      AND figure IN (SELECT value FROM json_array_elements_text(:figures)) AND day >= :since AND day <= :until
) AS counted
GROUP BY day, figure, name ORDER BY day, figure, name

-- name: figures_workspaces
-- whose counts are to be summed
SELECT DISTINCT workspace_id FROM figures_fresh

-- name: figures_take
DELETE FROM figures_fresh
WHERE workspace_id = :workspace_id AND id IN (
    SELECT id FROM figures_fresh WHERE workspace_id = :workspace_id ORDER BY id LIMIT :count)
RETURNING environment, stream, tag, figure, day, name, count /* many rows */

-- name: figure_add
INSERT INTO figures (workspace_id, environment, scope, stream, tag, figure, day, name, count)
VALUES (:workspace_id, :environment, :scope, :stream, :tag, :figure, :day, :name, :count)
ON CONFLICT (workspace_id, environment, scope, stream, tag, figure, day, name)
DO UPDATE SET count = figures.count + excluded.count
