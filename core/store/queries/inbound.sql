-- name: inbound_hash_put
INSERT INTO inbound_hashes (hash, workspace_id) VALUES (:hash, :workspace_id) ON CONFLICT DO NOTHING

-- name: inbound_hashes_among
SELECT workspace_id, hash FROM inbound_hashes
WHERE workspace_id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: inbound_hashes_forget
DELETE FROM inbound_hashes WHERE workspace_id = :workspace_id

-- name: inbound_workspace_by_hash
SELECT workspace_id FROM inbound_hashes WHERE hash = :hash

-- name: inbound_domain_insert
INSERT INTO inbound_domains (name, workspace_id, created_at) VALUES (:name, :workspace_id, :created_at)
ON CONFLICT (name) DO UPDATE SET workspace_id = inbound_domains.workspace_id RETURNING workspace_id

-- name: inbound_domain_delete
DELETE FROM inbound_domains WHERE name = :name AND workspace_id = :workspace_id RETURNING name

-- name: inbound_domains_of_workspace
SELECT name, workspace_id, created_at FROM inbound_domains WHERE workspace_id = :workspace_id ORDER BY name

-- name: inbound_domains_of_workspaces
SELECT name, workspace_id, created_at FROM inbound_domains
WHERE workspace_id IN (SELECT value FROM json_array_elements_text(:ids)) ORDER BY created_at, name

-- name: inbound_domains_forget
DELETE FROM inbound_domains WHERE workspace_id = :workspace_id /* many rows */

-- name: inbound_domains_among
SELECT name, workspace_id FROM inbound_domains WHERE name IN (SELECT value FROM json_array_elements_text(:names))

-- name: inbound_domain_accounts
SELECT account_id FROM domains WHERE name = :name AND verified_at IS NOT NULL

-- name: inbound_domain_proved
-- of an account: mail goes to its first workspace. Whose MX is here is no proof of whose it is, so a key has to be;
-- a record that is not seen just now stops no mail
SELECT (SELECT w.id FROM workspaces w 
        WHERE w.account_id = d.account_id AND w.deleted_at IS NULL ORDER BY w.number LIMIT 1)
FROM domains d JOIN domain_checks c ON c.domain_id = d.id AND c.name = d.name
WHERE d.name = :name AND d.receiving AND d.verified_at IS NOT NULL
  AND c.purpose = 'inbound' AND c.state IN ('verified', 'temporary_failure')
ORDER BY d.verified_at LIMIT 1

-- name: inbound_rule_insert
INSERT INTO inbound_rules (workspace_id, key, rule, number, created_at)
VALUES (:workspace_id, :key, :rule, :number, :created_at)
ON CONFLICT DO NOTHING RETURNING number

-- name: inbound_rule_delete
DELETE FROM inbound_rules WHERE workspace_id = :workspace_id AND number = :number RETURNING rule

-- name: inbound_rules_page
SELECT number, rule FROM inbound_rules WHERE workspace_id = :workspace_id
ORDER BY number LIMIT :count OFFSET :skip

-- name: inbound_rules_count
SELECT count(*) FROM inbound_rules WHERE workspace_id = :workspace_id

-- name: inbound_rules_among
SELECT workspace_id, key, rule FROM inbound_rules
WHERE key IN (SELECT value FROM json_array_elements_text(:keys))

-- name: inbound_settings
SELECT id, settings FROM workspaces WHERE id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: inbound_insert
INSERT INTO inbound (id, workspace_id, state, reason, sender, recipient, recipients, mailbox_hash, subject, tag,
                     size_bytes, created_at, head, body)
VALUES (:id, :workspace_id, :state, :reason, :sender, :recipient, :recipients, :mailbox_hash, :subject, :tag,
        :size_bytes, :created_at, :head, :body)

-- name: inbound_source_insert
INSERT INTO inbound_sources (message_id, trace, data) VALUES (:message_id, :trace, :data)

-- name: inbound_file_insert
INSERT INTO inbound_files (message_id, position, data) VALUES (:message_id, :position, :data)

-- name: inbound_get
SELECT id, workspace_id, state, reason, sender, recipient, mailbox_hash, subject, tag, size_bytes, created_at, head,
       body
FROM inbound WHERE id = :id AND workspace_id = :workspace_id

-- name: inbound_by_id
SELECT id, workspace_id, state, reason, sender, recipient, mailbox_hash, subject, tag, size_bytes, created_at, head
FROM inbound WHERE id = :id

-- fragment: inbound_match
FROM inbound
WHERE workspace_id = :workspace_id AND id < :before_id AND id > :after_id
  AND (CAST(:any_state AS BOOLEAN) OR state IN (SELECT value FROM json_array_elements_text(:states)))
  AND (CAST(:sender AS TEXT) IS NULL OR sender = :sender)
  AND (CAST(:mailbox_hash AS TEXT) IS NULL OR mailbox_hash = :mailbox_hash)
  AND (CAST(:tag AS TEXT) IS NULL OR tag = :tag)
  AND (CAST(:subject AS TEXT) IS NULL OR lower(subject) LIKE :subject ESCAPE '!')
  -- contained, to the letter: LIKE would fold case on one engine and not on the other
  AND (CAST(:recipient AS TEXT) IS NULL OR replace(recipients, :recipient, '') <> recipients)

-- name: inbound_page
SELECT id, workspace_id, state, reason, sender, recipient, mailbox_hash, subject, tag, size_bytes, created_at, head
@inbound_match
ORDER BY id DESC LIMIT :count OFFSET :skip

-- name: inbound_page_back
SELECT id, workspace_id, state, reason, sender, recipient, mailbox_hash, subject, tag, size_bytes, created_at, head
@inbound_match
ORDER BY id LIMIT :count OFFSET :skip

-- name: inbound_count
SELECT count(*) FROM (
    SELECT 1
@inbound_match
    LIMIT :most) AS counted

-- name: inbound_source_size
SELECT length(trace) + length(data) FROM inbound_sources WHERE message_id = :message_id

-- name: inbound_source
SELECT trace, data FROM inbound_sources WHERE message_id = :message_id

-- name: inbound_files_at
SELECT position, data FROM inbound_files
WHERE message_id = :message_id
  AND position IN (SELECT CAST(value AS BIGINT) FROM json_array_elements_text(:positions))

-- name: inbound_move
UPDATE inbound SET state = :state WHERE id = :id AND workspace_id = :workspace_id AND state = :held RETURNING id
