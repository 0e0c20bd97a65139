-- name: template_insert
INSERT INTO templates (id, workspace_id, number, slug, name, syntax, version, deleted_at, created_at, updated_at, kind,
                       layout)
VALUES (:id, :workspace_id, :number, :slug, :name, :syntax, 1, NULL, :created_at, :updated_at, :kind, :layout)
ON CONFLICT DO NOTHING RETURNING id

-- name: template_raise
UPDATE templates SET version = version + 1, layout = :layout, updated_at = :now
WHERE id = :id AND workspace_id = :workspace_id AND deleted_at IS NULL
RETURNING version

-- name: template_version_insert
INSERT INTO template_versions (template_id, version, id, body, created_at)
VALUES (:template_id, :version, :id, :body, :created_at)

-- name: template_rename
UPDATE templates SET name = :name, slug = :slug, updated_at = :now
WHERE id = :id AND workspace_id = :workspace_id AND deleted_at IS NULL

-- name: template_delete
UPDATE templates SET deleted_at = :now WHERE id = :id AND workspace_id = :workspace_id AND deleted_at IS NULL
RETURNING id

-- name: template_nesting
-- whether anything nests in it
SELECT id FROM templates
WHERE workspace_id = :workspace_id AND layout = :layout AND layout <> '' AND deleted_at IS NULL LIMIT 1

-- name: template_deleted
SELECT id FROM templates WHERE id = :id AND deleted_at IS NOT NULL

-- name: template_slug_of
SELECT id FROM templates WHERE workspace_id = :workspace_id AND slug = :slug AND deleted_at IS NULL

-- name: templates_of_syntax
SELECT count(*) FROM templates WHERE workspace_id = :workspace_id AND syntax = :syntax AND deleted_at IS NULL

-- fragment: template_columns
SELECT t.id, t.number, t.slug, t.name, t.syntax, t.version, v.id, v.body, v.created_at, t.deleted_at, t.created_at,
       t.updated_at, t.kind, COALESCE(l.slug, '')
FROM templates t JOIN template_versions v ON v.template_id = t.id AND v.version = t.version
     LEFT JOIN templates l ON l.id = t.layout

-- name: template_get
@template_columns
WHERE t.id = :id AND t.workspace_id = :workspace_id AND t.deleted_at IS NULL

-- name: template_find
@template_columns
WHERE t.workspace_id = :workspace_id AND t.deleted_at IS NULL AND (t.id = :key OR t.slug = :key)

-- name: template_numbered
-- also a deleted one
@template_columns
WHERE t.number = :number AND t.workspace_id = :workspace_id

-- name: templates_named
-- by slug, or by id and then also a deleted one: what was accepted is sent
@template_columns
WHERE t.workspace_id = :workspace_id
  AND (t.id IN (SELECT value FROM json_array_elements_text(:names))
       OR (t.deleted_at IS NULL AND t.slug IN (SELECT value FROM json_array_elements_text(:names))))

-- fragment: template_entries
FROM templates t LEFT JOIN templates l ON l.id = t.layout
WHERE t.workspace_id = :workspace_id AND t.syntax = :syntax AND t.deleted_at IS NULL
  AND (CAST(:kind AS TEXT) IS NULL OR t.kind = :kind)
  AND (CAST(:layout AS TEXT) IS NULL OR t.layout = :layout)

-- name: templates_listed
-- in the order in which they were made, without their bodies
SELECT t.id, t.number, t.slug, t.name, t.kind, COALESCE(l.slug, '')
@template_entries
ORDER BY t.id LIMIT :count OFFSET :skip

-- name: templates_count
SELECT count(*)
@template_entries

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
