-- name: template_insert
INSERT INTO templates (id, workspace_id, number, slug, name, syntax, version, deleted_at, created_at, updated_at)
VALUES (:id, :workspace_id, :number, :slug, :name, :syntax, 1, NULL, :created_at, :updated_at)
ON CONFLICT DO NOTHING RETURNING id

-- name: template_raise
UPDATE templates SET version = version + 1, updated_at = :now
WHERE id = :id AND workspace_id = :workspace_id AND deleted_at IS NULL
RETURNING version

-- name: template_version_insert
INSERT INTO template_versions (template_id, version, id, body, created_at)
VALUES (:template_id, :version, :id, :body, :created_at)

-- fragment: template_columns
SELECT t.id, t.number, t.slug, t.name, t.syntax, t.version, v.id, v.body, v.created_at, t.deleted_at, t.created_at,
       t.updated_at
FROM templates t JOIN template_versions v ON v.template_id = t.id AND v.version = t.version

-- name: template_get
@template_columns
WHERE t.id = :id AND t.workspace_id = :workspace_id AND t.deleted_at IS NULL

-- name: template_find
@template_columns
WHERE t.workspace_id = :workspace_id AND t.deleted_at IS NULL AND (t.id = :key OR t.slug = :key)

-- name: templates_by_slugs
@template_columns
WHERE t.workspace_id = :workspace_id AND t.deleted_at IS NULL
  AND t.slug IN (SELECT value FROM json_array_elements_text(:slugs))

-- name: templates_page
@template_columns
WHERE t.workspace_id = :workspace_id AND t.deleted_at IS NULL AND t.id < :before_id
  AND (CAST(:slug AS TEXT) IS NULL OR t.slug = :slug)
  AND (CAST(:syntax AS TEXT) IS NULL OR t.syntax = :syntax)
ORDER BY t.id DESC LIMIT :count OFFSET :skip

-- fragment: version_columns
SELECT id, template_id, version, body, created_at FROM template_versions

-- name: template_version
@version_columns
WHERE template_id = :template_id AND version = :version

-- name: template_version_by_id
@version_columns
WHERE id = :id AND template_id = :template_id

-- name: template_versions
@version_columns
WHERE template_id = :template_id AND version < :below
ORDER BY version DESC LIMIT :count

-- name: template_body
-- also of a deleted template: what was accepted is sent
SELECT v.body, t.syntax FROM template_versions v JOIN templates t ON t.id = v.template_id
WHERE v.template_id = :template_id AND v.version = :version
