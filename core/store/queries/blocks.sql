-- Words of lines, packed: see core.messages.blocks.

-- fragment: end_of_blocks
COALESCE((
    SELECT e.last_id FROM message_blocks e
    WHERE e.workspace_id = :workspace_id AND e.environment = :environment AND e.field = 'subject'
    ORDER BY e.first_id DESC LIMIT 1), '')

-- fragment: blocks_match
-- those that may have lines between two ids with these words. also: of subjects, beside what is looked for in the field
FROM message_blocks b
WHERE b.workspace_id = :workspace_id AND b.environment = :environment AND b.field = :field
  AND b.first_id < :before_id
  AND b.first_id >= COALESCE((
        SELECT max(f.first_id) FROM message_blocks f
        WHERE f.workspace_id = :workspace_id AND f.environment = :environment AND f.field = :field
          AND f.first_id <= :after_id), '')
  AND b.last_id > :after_id
  AND (b.words IS NULL OR replace(b.words, :words, '') <> b.words)
  AND (CAST(:also AS TEXT) IS NULL OR EXISTS (
        SELECT 1 FROM message_blocks o
        WHERE o.workspace_id = b.workspace_id AND o.environment = b.environment AND o.field = 'subject'
          AND o.first_id = b.first_id AND (o.words IS NULL OR replace(o.words, :also, '') <> o.words)))

-- name: blocks_end
SELECT
@end_of_blocks

-- name: blocks_page
SELECT b.first_id, b.last_id
@blocks_match
ORDER BY b.first_id DESC LIMIT :count

-- name: blocks_page_back
SELECT b.first_id, b.last_id
@blocks_match
ORDER BY b.first_id LIMIT :count

-- name: blocks_between
SELECT count(*) FROM (
    SELECT 1 FROM message_blocks
    WHERE workspace_id = :workspace_id AND environment = :environment AND field = 'subject'
      AND first_id >= :first_id AND first_id <= :last_id
    LIMIT :most) AS counted

-- name: blocks_behind
-- where so many lines are not packed yet that some can be
SELECT w.id, e.environment
FROM workspaces w CROSS JOIN (SELECT 'live' AS environment UNION ALL SELECT 'test') AS e
WHERE w.deleted_at IS NULL AND w.id > :after AND w.id <= :up_to AND EXISTS (
    SELECT 1 FROM message_lines l
    WHERE l.workspace_id = w.id AND l.environment = e.environment AND l.message_id > COALESCE((
        SELECT b.last_id FROM message_blocks b
        WHERE b.workspace_id = w.id AND b.environment = e.environment AND b.field = 'subject'
        ORDER BY b.first_id DESC LIMIT 1), '')
    LIMIT 1 OFFSET :few)

-- name: blocks_workspaces
-- the last of a portion
SELECT max(id) FROM (SELECT id FROM workspaces WHERE id > :after ORDER BY id LIMIT :count) AS portion

-- name: blocks_next
-- lines that follow the last block's
SELECT l.message_id, l.subject, l.metadata FROM message_lines l
WHERE l.workspace_id = :workspace_id AND l.environment = :environment AND l.message_id >
@end_of_blocks
ORDER BY l.message_id LIMIT :count /* many rows */

-- name: block_insert
INSERT INTO message_blocks (workspace_id, environment, field, first_id, last_id, words)
VALUES (:workspace_id, :environment, :field, :first_id, :last_id, :words)

-- name: blocks_open
-- nothing of these messages stays in a block; until its words are there again, it may contain everything
UPDATE message_blocks SET words = NULL
WHERE field IN ('metadata', 'subject') AND (workspace_id, environment, first_id) IN (
    SELECT m.workspace_id, m.environment, (
        SELECT max(b.first_id) FROM message_blocks b
        WHERE b.workspace_id = m.workspace_id AND b.environment = m.environment AND b.field = 'subject'
          AND b.first_id <= m.id)
    FROM messages m WHERE m.id IN (SELECT value FROM json_array_elements_text(:ids))) /* many rows */

-- name: blocks_are_open
SELECT 1 FROM message_blocks WHERE words IS NULL AND field = 'subject' LIMIT 1

-- name: blocks_opened
-- with their lines, or a NULL where none is left
SELECT b.workspace_id, b.environment, b.first_id, l.subject, l.metadata
FROM (
    SELECT workspace_id, environment, first_id, last_id FROM message_blocks
    WHERE words IS NULL AND field = 'subject'
    ORDER BY workspace_id, environment, first_id LIMIT :count) AS b
LEFT JOIN message_lines l ON l.workspace_id = b.workspace_id AND l.environment = b.environment
  AND l.message_id >= b.first_id AND l.message_id <= b.last_id
ORDER BY b.workspace_id, b.environment, b.first_id, l.message_id /* many rows */

-- name: block_fill
UPDATE message_blocks SET words = :words
WHERE workspace_id = :workspace_id AND environment = :environment AND field = :field AND first_id = :first_id

-- name: block_drop
DELETE FROM message_blocks
WHERE workspace_id = :workspace_id AND environment = :environment AND field = :field AND first_id = :first_id
