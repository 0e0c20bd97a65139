-- What a template is, a body or a layout that others nest in, and what it nests in itself, once more outside its body:
-- to be listed by, and so that no layout goes while something nests in it.
ALTER TABLE templates ADD COLUMN kind TEXT NOT NULL DEFAULT 'standard';
ALTER TABLE templates ADD COLUMN layout TEXT NOT NULL DEFAULT '';
CREATE INDEX templates_by_layout ON templates (workspace_id, layout) WHERE layout <> '';
