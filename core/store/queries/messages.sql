-- name: content_insert
INSERT INTO contents (id, body) VALUES (:id, :body)

-- name: attachment_insert
INSERT INTO attachments (owner_id, position, id, filename, content_type, content_id, size_bytes, url, data)
VALUES (:owner_id, :position, :id, :filename, :content_type, :content_id, :size_bytes, :url, :data)

-- name: batch_insert
INSERT INTO batches (id, workspace_id, number, uid, environment, total, created_at)
VALUES (:id, :workspace_id, :number, :uid, :environment, :total, :created_at)

-- name: message_insert
INSERT INTO messages (id, workspace_id, environment, number, batch_id, content_id, stream, state, sender, subject,
                      tag, created_at, scheduled_at, body, template_id, metadata)
-- names that mean the same in the insertions of one commit are the same: see core.store.bulk
VALUES (:message_id, :workspace_id, :environment, :number, :batch_id, :content_id, :stream, :message_state, :sender,
        :subject, :tag, :at, :scheduled_at, :body, :template_id, :metadata)

-- name: delivery_insert
INSERT INTO deliveries (message_id, position, workspace_id, role, email, email_key, state, attempts, code, text,
                        updated_at)
VALUES (:message_id, :position, :workspace_id, :role, :email, :email_key, :delivery_state, 0, 0, '', :at)

-- name: event_insert
INSERT INTO events (message_id, id, workspace_id, position, kind, at, detail)
VALUES (:message_id, :id, :workspace_id, :position, :kind, :at, :detail)

-- name: intake_facts
-- what a whole batch needs to know, in one trip: who is suppressed, which domains are verified, which senders are known,
-- and whether anybody was forgotten, who is then to be asked for by hash (core.veils)
SELECT 'suppression', workspace_id, email, stream FROM suppressions
WHERE email IN (SELECT value FROM json_array_elements_text(:recipients))
UNION ALL
SELECT 'domain', account_id, name, '' FROM domains
WHERE verified_at IS NOT NULL AND name IN (SELECT value FROM json_array_elements_text(:domains))
UNION ALL
SELECT 'sender', account_id, email, CASE WHEN confirmed_at IS NULL THEN '' ELSE 'confirmed' END FROM senders
WHERE email IN (SELECT value FROM json_array_elements_text(:senders))
UNION ALL
SELECT * FROM (SELECT 'forgotten', '', '', '' FROM veils LIMIT 1) AS forgotten

-- name: claims_expire
DELETE FROM claims
WHERE key IN (SELECT value FROM json_array_elements_text(:keys)) AND expires_at <= :now

-- name: claims_take
INSERT INTO claims (key) SELECT value FROM json_array_elements_text(:keys) WHERE true
ON CONFLICT DO NOTHING RETURNING key

-- name: claim_fill
UPDATE claims SET fingerprint = :fingerprint, answer = :answer, expires_at = :expires_at WHERE key = :key

-- name: claims_give_back
DELETE FROM claims WHERE key IN (SELECT value FROM json_array_elements_text(:keys))

-- name: claim_get
SELECT fingerprint, answer FROM claims WHERE key = :key AND expires_at > :now

-- name: claims_purge
-- a portion: every one goes out of two trees, and whoever accepts mail waits meanwhile
DELETE FROM claims WHERE key IN (SELECT key FROM claims WHERE expires_at <= :now LIMIT :count)
RETURNING 1 /* many rows */

-- name: message_get
SELECT id, workspace_id, environment, number, batch_id, content_id, stream, state, sender, subject, tag, created_at,
       scheduled_at, body
FROM messages
WHERE id = :id AND workspace_id = :workspace_id AND environment = :environment

-- name: message_sender
SELECT sender FROM messages WHERE id = :id AND workspace_id = :workspace_id

-- name: messages_by_ids
SELECT id, workspace_id, environment, number, batch_id, content_id, stream, state, sender, subject, tag, created_at,
       scheduled_at, body
FROM messages
WHERE id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: messages_of_batch
SELECT id, length(body) FROM messages
WHERE batch_id = :batch_id AND id > :after
ORDER BY id
LIMIT :count

-- fragment: messages_match
-- every filter is optional; states are the standings of core.messages.message.standing, told by SQL
m.workspace_id = :workspace_id AND m.environment = :environment
  AND m.id < :before_id AND m.id > :after_id
  AND (CAST(:stream AS TEXT) IS NULL OR m.stream = :stream)
  AND (CAST(:sender AS TEXT) IS NULL OR m.sender = :sender)
  AND (CAST(:tag AS TEXT) IS NULL OR m.tag = :tag)
  AND (CAST(:template_id AS TEXT) IS NULL OR m.template_id = :template_id)
  AND (CAST(:subject AS TEXT) IS NULL OR lower(m.subject) LIKE :subject ESCAPE '!')
  -- contained, to the letter: LIKE would fold case on one engine and not on the other
  AND (CAST(:metadata AS TEXT) IS NULL OR replace(m.metadata, :metadata, '') <> m.metadata)
  AND (CAST(:recipient AS TEXT) IS NULL OR m.id IN (
        SELECT message_id FROM addressed
        WHERE workspace_id = :workspace_id AND email_key = :recipient AND destination IN ('', :destination)))
  AND (CAST(:any_state AS BOOLEAN) OR (
        CASE WHEN m.state = 'canceled' THEN 'canceled' ELSE (
            SELECT CASE max(CASE d.state
                        WHEN 'complained' THEN 7 WHEN 'bounced' THEN 6 WHEN 'failed' THEN 5 WHEN 'suppressed' THEN 4
                        WHEN 'delivered' THEN 3 WHEN 'deferred' THEN 2 ELSE 1 END)
                   WHEN 7 THEN 'complained' WHEN 6 THEN 'bounced' WHEN 5 THEN 'failed' WHEN 4 THEN 'suppressed'
                   WHEN 3 THEN 'delivered' WHEN 2 THEN 'deferred'
                   ELSE CASE WHEN m.state = 'scheduled' THEN 'scheduled' ELSE 'queued' END END
            FROM deliveries d WHERE d.message_id = m.id)
        END) IN (SELECT value FROM json_array_elements_text(:states)))

-- fragment: of_all
-- the ways to them: in the order of their ids, as long as most of them are wanted. CROSS JOIN keeps SQLite in order
FROM messages m WHERE

-- fragment: of_recipient
FROM (SELECT DISTINCT message_id FROM addressed
      WHERE workspace_id = :workspace_id AND email_key = :recipient AND destination IN ('', :destination)) AS r
CROSS JOIN messages m WHERE m.id = r.message_id AND

-- fragment: of_tag
FROM messages m WHERE m.tag = CAST(:tag AS TEXT) AND m.tag <> '' AND

-- fragment: of_template
FROM messages m WHERE m.template_id = CAST(:template_id AS TEXT) AND

-- fragment: of_waiting
-- what is not at its end has a job
FROM (SELECT DISTINCT substr(id, 1, 36) AS message_id FROM jobs) AS r
CROSS JOIN messages m WHERE m.id = r.message_id AND

-- fragment: of_ended
-- otherwise than well: the first of each message's deliveries that did
FROM deliveries r CROSS JOIN messages m
WHERE r.workspace_id = :workspace_id AND r.state NOT IN ('queued', 'deferred', 'delivered')
  -- among: the states once more, as a text, in which each stands in quotes: a list would be looked at last
  AND replace(CAST(:among AS TEXT), '"' || r.state || '"', '') <> CAST(:among AS TEXT)
  AND r.message_id < :before_id AND r.message_id > :after_id AND m.id = r.message_id
  AND NOT EXISTS (
        SELECT 1 FROM deliveries o WHERE o.message_id = r.message_id AND o.position < r.position
          AND replace(CAST(:among AS TEXT), '"' || o.state || '"', '') <> CAST(:among AS TEXT))
  AND

-- name: messages_page
SELECT m.id, length(m.body)
@of_all
@messages_match
ORDER BY m.id DESC LIMIT :count OFFSET :skip

-- name: messages_page_back
SELECT m.id, length(m.body)
@of_all
@messages_match
ORDER BY m.id LIMIT :count OFFSET :skip

-- name: messages_count
SELECT count(*) FROM (
    SELECT 1
@of_all
@messages_match
    LIMIT :most) AS counted

-- name: messages_page_of_recipient
SELECT m.id, length(m.body)
@of_recipient
@messages_match
ORDER BY m.id DESC LIMIT :count OFFSET :skip

-- name: messages_page_back_of_recipient
SELECT m.id, length(m.body)
@of_recipient
@messages_match
ORDER BY m.id LIMIT :count OFFSET :skip

-- name: messages_count_of_recipient
SELECT count(*) FROM (
    SELECT 1
@of_recipient
@messages_match
    LIMIT :most) AS counted

-- name: messages_page_of_tag
SELECT m.id, length(m.body)
@of_tag
@messages_match
ORDER BY m.id DESC LIMIT :count OFFSET :skip

-- name: messages_page_back_of_tag
SELECT m.id, length(m.body)
@of_tag
@messages_match
ORDER BY m.id LIMIT :count OFFSET :skip

-- name: messages_count_of_tag
SELECT count(*) FROM (
    SELECT 1
@of_tag
@messages_match
    LIMIT :most) AS counted

-- name: messages_page_of_template
SELECT m.id, length(m.body)
@of_template
@messages_match
ORDER BY m.id DESC LIMIT :count OFFSET :skip

-- name: messages_page_back_of_template
SELECT m.id, length(m.body)
@of_template
@messages_match
ORDER BY m.id LIMIT :count OFFSET :skip

-- name: messages_count_of_template
SELECT count(*) FROM (
    SELECT 1
@of_template
@messages_match
    LIMIT :most) AS counted

-- name: messages_page_of_waiting
SELECT m.id, length(m.body)
@of_waiting
@messages_match
ORDER BY m.id DESC LIMIT :count OFFSET :skip

-- name: messages_page_back_of_waiting
SELECT m.id, length(m.body)
@of_waiting
@messages_match
ORDER BY m.id LIMIT :count OFFSET :skip

-- name: messages_count_of_waiting
SELECT count(*) FROM (
    SELECT 1
@of_waiting
@messages_match
    LIMIT :most) AS counted

-- name: messages_page_of_ended
SELECT m.id, length(m.body)
@of_ended
@messages_match
ORDER BY r.message_id DESC LIMIT :count OFFSET :skip

-- name: messages_page_back_of_ended
SELECT m.id, length(m.body)
@of_ended
@messages_match
ORDER BY r.message_id LIMIT :count OFFSET :skip

-- name: messages_count_of_ended
SELECT count(*) FROM (
    SELECT 1
@of_ended
@messages_match
    LIMIT :most) AS counted

-- fragment: lines_match
-- as messages_match has it; a line says all of a message but how it stands
(CAST(:stream AS TEXT) IS NULL OR l.stream = :stream)
  AND (CAST(:tag AS TEXT) IS NULL OR l.tag = :tag)
  AND (CAST(:template_id AS TEXT) IS NULL OR l.template_id = :template_id)
  AND (CAST(:subject AS TEXT) IS NULL OR l.subject LIKE :subject ESCAPE '!')
  AND (CAST(:metadata AS TEXT) IS NULL OR (l.metadata <> '' AND replace(l.metadata, :metadata, '') <> l.metadata))

-- fragment: lines_of_all
FROM message_lines l
WHERE l.workspace_id = :workspace_id AND l.environment = :environment
  AND (CAST(:sender AS TEXT) IS NULL OR l.sender = :sender)
  AND l.message_id < :before_id AND l.message_id > :after_id AND

-- fragment: lines_of_sender
-- NOT keeps SQLite from going through all of a workspace's
FROM message_lines l
WHERE l.sender = CAST(:sender AS TEXT) AND l.message_id < :before_id AND l.message_id > :after_id
  AND NOT (l.workspace_id <> :workspace_id) AND NOT (l.environment <> :environment) AND

-- name: lines_page
SELECT l.message_id
@lines_of_all
@lines_match
ORDER BY l.message_id DESC LIMIT :count OFFSET :skip

-- name: lines_page_back
SELECT l.message_id
@lines_of_all
@lines_match
ORDER BY l.message_id LIMIT :count OFFSET :skip

-- name: lines_count
SELECT count(*) FROM (
    SELECT 1
@lines_of_all
@lines_match
    LIMIT :most) AS counted

-- name: lines_page_of_sender
SELECT l.message_id
@lines_of_sender
@lines_match
ORDER BY l.message_id DESC LIMIT :count OFFSET :skip

-- name: lines_page_back_of_sender
SELECT l.message_id
@lines_of_sender
@lines_match
ORDER BY l.message_id LIMIT :count OFFSET :skip

-- name: lines_count_of_sender
SELECT count(*) FROM (
    SELECT 1
@lines_of_sender
@lines_match
    LIMIT :most) AS counted

-- fragment: lines_of_blocks
-- blocks: the first and the last id of each. Of an outer join whose lines are looked at no earlier than in a CASE, both
-- engines go from each block to its lines; PostgreSQL would else hold every line against every block
FROM json_array_elements_text(:blocks) AS b
LEFT JOIN message_lines l ON l.workspace_id = :workspace_id AND l.environment = :environment
  AND l.message_id >= substr(b.value, 1, 36) AND l.message_id <= substr(b.value, 37)
WHERE CASE WHEN l.message_id IS NULL OR l.message_id >= :before_id OR l.message_id <= :after_id
             OR (CAST(:sender AS TEXT) IS NOT NULL AND l.sender <> :sender) THEN FALSE ELSE

-- name: lines_page_of_blocks
SELECT l.message_id
@lines_of_blocks
@lines_match
END
ORDER BY l.message_id DESC LIMIT :count OFFSET :skip

-- name: lines_page_back_of_blocks
SELECT l.message_id
@lines_of_blocks
@lines_match
END
ORDER BY l.message_id LIMIT :count OFFSET :skip

-- name: lines_count_of_blocks
SELECT count(*) FROM (
    SELECT 1
@lines_of_blocks
@lines_match
END
    LIMIT :most) AS counted

-- name: lines_mark
SELECT up_to FROM message_lines_mark

-- name: lines_copy
INSERT INTO message_lines (workspace_id, environment, message_id, stream, sender, tag, template_id, subject, metadata)
SELECT workspace_id, environment, id, stream, sender, tag, template_id, lower(subject), metadata
FROM messages WHERE id > :after AND id <= :up_to
ON CONFLICT DO NOTHING /* many rows */

-- name: lines_next
-- the last of a portion
SELECT max(id), count(*) FROM (
    SELECT id FROM messages WHERE id > :after AND id < :before ORDER BY id LIMIT :count) AS portion

-- name: lines_move
-- whoever moves it has the portion; another waits for that, and finds it moved
UPDATE message_lines_mark SET up_to = :up_to WHERE up_to = :after RETURNING up_to

-- name: lines_hold
-- whoever copies lines, packs them or takes some away does it by turns; the first step of a transaction
UPDATE message_lines_mark SET up_to = up_to

-- name: lines_volume
-- recipients of a portion, by UTC day
SELECT m.workspace_id, m.environment, m.stream, m.tag, m.created_at / 86400000000, count(*)
FROM messages m JOIN deliveries d ON d.message_id = m.id
WHERE m.id > :after AND m.id <= :up_to
GROUP BY m.workspace_id, m.environment, m.stream, m.tag, m.created_at / 86400000000

-- name: lines_forget
DELETE FROM message_lines
WHERE (workspace_id, environment, message_id) IN (
    SELECT workspace_id, environment, id FROM messages
    WHERE id IN (SELECT value FROM json_array_elements_text(:ids))) /* many rows */

-- name: lines_again
-- of messages whose rows were changed
INSERT INTO message_lines (workspace_id, environment, message_id, stream, sender, tag, template_id, subject, metadata)
SELECT workspace_id, environment, id, stream, sender, tag, template_id, lower(subject), metadata
FROM messages
WHERE id IN (SELECT value FROM json_array_elements_text(:ids)) AND id <= (SELECT up_to FROM message_lines_mark)
ON CONFLICT DO NOTHING

-- name: messages_sizes
SELECT id, length(body) FROM messages WHERE id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: deliveries_of
SELECT message_id, position, role, email, state, attempts, code, text, updated_at FROM deliveries
WHERE message_id IN (SELECT value FROM json_array_elements_text(:ids))
ORDER BY message_id, position

-- name: message_size
-- of everything that its letter is built from
SELECT (SELECT COALESCE(sum(length(body)), 0) FROM contents WHERE id = m.content_id)
     + (SELECT COALESCE(sum(length(body)), 0) FROM renderings WHERE message_id = m.id)
     + (SELECT COALESCE(sum(size_bytes), 0) FROM attachments WHERE owner_id = COALESCE(m.content_id, m.id))
     + length(m.body)
FROM messages m WHERE m.id = :id

-- name: contents_sizes
SELECT id, length(body) FROM contents WHERE id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: contents_of
SELECT id, body FROM contents WHERE id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: renderings_sizes
SELECT message_id, length(body) FROM renderings
WHERE message_id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: renderings_of
SELECT message_id, body FROM renderings WHERE message_id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: rendering_put
INSERT INTO renderings (message_id, body) VALUES (:message_id, :body)
ON CONFLICT (message_id) DO UPDATE SET body = excluded.body

-- name: attachments_of
SELECT id, position, filename, content_type, content_id, size_bytes, url FROM attachments
WHERE owner_id = :owner_id ORDER BY position

-- name: attachment_at
SELECT id, position, filename, content_type, content_id, size_bytes, url, data FROM attachments
WHERE owner_id = :owner_id AND position = :position

-- name: attachments_with_data
SELECT id, position, filename, content_type, content_id, size_bytes, url, data FROM attachments
WHERE owner_id = :owner_id ORDER BY position

-- name: attachment_fetched
UPDATE attachments SET data = :data, size_bytes = :size_bytes, content_type = :content_type
WHERE owner_id = :owner_id AND position = :position

-- name: batch_by_uid
SELECT id, workspace_id, number, uid, environment, total, created_at FROM batches
WHERE workspace_id = :workspace_id AND environment = :environment AND uid = :uid

-- name: batches_since
SELECT id, workspace_id, number, uid, environment, total, created_at FROM batches
WHERE workspace_id = :workspace_id AND environment = :environment AND id > :after
ORDER BY id LIMIT :count

-- name: message_cancel
UPDATE messages SET state = 'canceled' WHERE id = :id

-- name: message_started
UPDATE messages SET state = 'accepted' WHERE id = :id AND state = 'scheduled'

-- name: message_reschedule
UPDATE messages SET scheduled_at = :scheduled_at WHERE id = :id

-- name: deliveries_cancel
UPDATE deliveries SET state = 'canceled', updated_at = :now WHERE message_id = :id

-- name: delivery_record
UPDATE deliveries SET state = :state, attempts = :attempts, code = :code, text = :text, updated_at = :updated_at
WHERE message_id = :message_id AND position = :position AND state IN ('queued', 'deferred')

-- name: delivery_complain
-- only upwards: see core.messages.message for the ranks
UPDATE deliveries SET state = 'complained', updated_at = :updated_at
WHERE message_id = :message_id AND position = :position AND state = 'delivered'

-- name: events_latest
SELECT id, message_id, position, kind, at, detail FROM events
WHERE message_id = :message_id AND workspace_id = :workspace_id ORDER BY id DESC LIMIT :count

-- name: events_of_message
SELECT id, message_id, position, kind, at, detail FROM events
WHERE message_id = :message_id AND workspace_id = :workspace_id ORDER BY id
