-- name: scheduled_jobs_forget
DELETE FROM jobs WHERE claimed_by = '' AND attempts = 0 AND id IN (
    SELECT id FROM messages WHERE workspace_id = :workspace_id AND state = 'scheduled') /* many rows */

-- name: scheduled_deliveries_cancel
UPDATE deliveries SET state = 'canceled', updated_at = :now
WHERE state = 'queued' AND message_id IN (
    SELECT m.id FROM messages m WHERE m.workspace_id = :workspace_id AND m.state = 'scheduled'
    AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = m.id)) /* many rows */

-- name: scheduled_cancel
UPDATE messages SET state = 'canceled'
WHERE workspace_id = :workspace_id AND state = 'scheduled'
  AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = messages.id) /* many rows */

-- name: workspaces_removed
SELECT id FROM workspaces WHERE deleted_at IS NOT NULL AND id > :after ORDER BY id LIMIT :count

-- name: left_suppressions
DELETE FROM suppressions WHERE workspace_id = :workspace_id AND id IN (
    SELECT id FROM suppressions WHERE workspace_id = :workspace_id LIMIT :count) RETURNING id

-- name: left_veils
DELETE FROM veils WHERE workspace_id = :workspace_id AND hash IN (
    SELECT hash FROM veils WHERE workspace_id = :workspace_id LIMIT :count) RETURNING hash

-- name: left_contacts
DELETE FROM contacts WHERE id IN (
    SELECT id FROM contacts WHERE workspace_id = :workspace_id LIMIT :count) RETURNING id

-- name: left_segments
DELETE FROM segments WHERE id IN (
    SELECT id FROM segments WHERE workspace_id = :workspace_id LIMIT :count) RETURNING id

-- name: left_choices
DELETE FROM topic_choices WHERE id IN (
    SELECT c.id FROM topic_choices c JOIN topics t ON t.id = c.topic_id
    WHERE t.workspace_id = :workspace_id LIMIT :count) RETURNING id

-- name: left_topics
DELETE FROM topics WHERE id IN (
    SELECT id FROM topics WHERE workspace_id = :workspace_id LIMIT :count) RETURNING id

-- name: left_template_versions
DELETE FROM template_versions WHERE id IN (
    SELECT v.id FROM template_versions v JOIN templates t ON t.id = v.template_id
    WHERE t.workspace_id = :workspace_id LIMIT :count) RETURNING id

-- name: left_templates
DELETE FROM templates WHERE id IN (
    SELECT id FROM templates WHERE workspace_id = :workspace_id LIMIT :count) RETURNING id

-- name: left_mailing_portions
-- whose messages are made
DELETE FROM mailing_portions WHERE body IS NULL AND mailing_id IN (
    SELECT p.mailing_id FROM mailing_portions p JOIN mailings m ON m.id = p.mailing_id
    WHERE m.workspace_id = :workspace_id AND p.body IS NULL LIMIT :count) RETURNING mailing_id

-- name: left_mailings
DELETE FROM mailings WHERE id IN (
    SELECT m.id FROM mailings m WHERE m.workspace_id = :workspace_id
    AND NOT EXISTS (SELECT 1 FROM mailing_portions p WHERE p.mailing_id = m.id) LIMIT :count) RETURNING id

-- name: left_rules
DELETE FROM inbound_rules WHERE number IN (
    SELECT number FROM inbound_rules WHERE workspace_id = :workspace_id LIMIT :count) RETURNING number

-- name: left_incidents
DELETE FROM webhook_incidents WHERE id IN (
    SELECT id FROM webhook_incidents WHERE workspace_id = :workspace_id LIMIT :count) RETURNING id

-- name: left_figures
DELETE FROM figures WHERE workspace_id = :workspace_id AND day IN (
    SELECT day FROM figures WHERE workspace_id = :workspace_id LIMIT :count) RETURNING day

-- name: left_blocks
DELETE FROM message_blocks WHERE workspace_id = :workspace_id AND first_id IN (
    SELECT first_id FROM message_blocks WHERE workspace_id = :workspace_id LIMIT :count) RETURNING first_id

-- name: workspace_is_empty
-- what retention goes through, and what is still being told and counted of it
SELECT NOT EXISTS (SELECT 1 FROM messages WHERE workspace_id = :workspace_id)
   AND NOT EXISTS (SELECT 1 FROM inbound WHERE workspace_id = :workspace_id)
   AND NOT EXISTS (SELECT 1 FROM bounces WHERE workspace_id = :workspace_id)
   AND NOT EXISTS (SELECT 1 FROM subscription_changes WHERE workspace_id = :workspace_id)
   AND NOT EXISTS (SELECT 1 FROM mailings WHERE workspace_id = :workspace_id)
   AND NOT EXISTS (SELECT 1 FROM dispatches WHERE workspace_id = :workspace_id)
   AND NOT EXISTS (SELECT 1 FROM figures_fresh WHERE workspace_id = :workspace_id)

-- name: streams_forget
DELETE FROM streams WHERE workspace_id = :workspace_id

-- name: pauses_forget
DELETE FROM pauses WHERE workspace_id = :workspace_id

-- name: routes_forget
DELETE FROM routes WHERE workspace_id = :workspace_id

-- name: credentials_forget
DELETE FROM credentials WHERE workspace_id = :workspace_id

-- name: removals_forget
DELETE FROM removals WHERE workspace_id = :workspace_id

-- name: retention_marks_forget
DELETE FROM retention_marks WHERE workspace_id = :workspace_id

-- name: retention_waiting_forget
DELETE FROM retention_waiting WHERE workspace_id = :workspace_id

-- name: workspace_forget
DELETE FROM workspaces WHERE id = :workspace_id AND deleted_at IS NOT NULL
