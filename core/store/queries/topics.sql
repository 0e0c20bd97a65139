-- name: topic_insert
INSERT INTO topics (id, workspace_id, key, name, description, subscription, visibility, created_at, updated_at)
VALUES (:id, :workspace_id, :key, :name, :description, :subscription, :visibility, :created_at, :updated_at)
ON CONFLICT DO NOTHING RETURNING id

-- name: topic_update
UPDATE topics SET name = :name, description = :description, visibility = :visibility, updated_at = :updated_at
WHERE id = :id AND workspace_id = :workspace_id
RETURNING id

-- name: topic_delete
DELETE FROM topics WHERE id = :id AND workspace_id = :workspace_id RETURNING id

-- name: topic_choices_delete
DELETE FROM topic_choices WHERE topic_id = :topic_id

-- fragment: topic_columns
SELECT id, key, name, description, subscription, visibility, created_at, updated_at FROM topics

-- name: topic_find
@topic_columns
WHERE workspace_id = :workspace_id AND (id = :named OR key = :named)
ORDER BY CASE WHEN id = :named THEN 0 ELSE 1 END LIMIT 1

-- name: topics_page
@topic_columns
WHERE workspace_id = :workspace_id AND id < :before_id AND id > :after_id
ORDER BY id DESC LIMIT :count OFFSET :skip

-- name: topics_page_back
@topic_columns
WHERE workspace_id = :workspace_id AND id < :before_id AND id > :after_id
ORDER BY id LIMIT :count OFFSET :skip

-- name: topics_count
SELECT count(*) FROM topics WHERE workspace_id = :workspace_id AND id < :before_id AND id > :after_id

-- name: topics_among
-- topics by id or key with the choices of these addresses; a row at least for each topic
SELECT t.workspace_id, t.id, t.key, t.subscription, c.email, c.subscription
FROM topics t
LEFT JOIN topic_choices c ON c.topic_id = t.id AND c.email IN (SELECT value FROM json_array_elements_text(:emails))
WHERE t.workspace_id IN (SELECT value FROM json_array_elements_text(:workspaces))
  AND (t.id IN (SELECT value FROM json_array_elements_text(:named))
       OR t.key IN (SELECT value FROM json_array_elements_text(:named)))

-- name: topics_of_address
-- every topic of a workspace with what an address chose, null where nothing
SELECT t.id, t.key, t.name, t.description, t.subscription, t.visibility, c.subscription
FROM topics t LEFT JOIN topic_choices c ON c.topic_id = t.id AND c.email = :email
WHERE t.workspace_id = :workspace_id
ORDER BY t.id

-- name: topic_choose
INSERT INTO topic_choices (email, topic_id, id, subscription, updated_at)
VALUES (:email, :topic_id, :id, :subscription, :updated_at)
ON CONFLICT (email, topic_id) DO UPDATE SET subscription = excluded.subscription, updated_at = excluded.updated_at
WHERE topic_choices.subscription <> excluded.subscription
RETURNING email

-- name: topic_choices_page
SELECT id, email, subscription, updated_at FROM topic_choices
WHERE topic_id = :topic_id AND subscription = :subscription AND id > :after_id
ORDER BY id LIMIT :count
