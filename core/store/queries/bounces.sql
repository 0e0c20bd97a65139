-- name: bounce_insert
INSERT INTO bounces (id, number, workspace_id, environment, message_id, position, stream, tag, sender, subject, email,
                     email_key, kind, code, enhanced, text, host, at, suppresses, suppressed_stream)
VALUES (:id, :number, :workspace_id, :environment, :message_id, :position, :stream, :tag, :sender, :subject, :email,
        :email_key, :kind, :code, :enhanced, :text, :host, :at, :suppresses, :suppressed_stream)

-- name: bounce_dump_insert
INSERT INTO bounce_dumps (number, body) VALUES (:number, :body)

-- name: bounce_dump
SELECT body FROM bounce_dumps WHERE number = :number

-- fragment: bounce_columns
-- inactive: a suppression of this bounce or of an older one is still in force; a released one does not come back
-- with the next bounce's
SELECT id, number, workspace_id, environment, message_id, position, stream, tag, sender, subject, email, kind, code,
       enhanced, text, host, at, suppresses, suppressed_stream,
       suppresses AND EXISTS (
            SELECT 1 FROM suppressions s
            WHERE s.email = b.email_key AND s.workspace_id = b.workspace_id AND s.stream = b.suppressed_stream
              AND s.reason IN ('hard_bounce', 'complaint', 'unsubscribe') AND s.created_at <= b.at),
       EXISTS (SELECT 1 FROM bounce_dumps d WHERE d.number = b.number)

-- name: bounce_get
@bounce_columns
FROM bounces b
WHERE number = :number AND workspace_id = :workspace_id AND environment = :environment

-- fragment: bounces_match
-- every filter is optional
FROM bounces b
WHERE workspace_id = :workspace_id AND environment = :environment
  AND id < :before_id AND id > :after_id
  AND (CAST(:any_kind AS BOOLEAN) OR kind IN (SELECT value FROM json_array_elements_text(:kinds)))
  AND (CAST(:stream AS TEXT) IS NULL OR stream = :stream)
  AND (CAST(:tag AS TEXT) IS NULL OR tag = :tag)
  AND (CAST(:message_id AS TEXT) IS NULL OR message_id = :message_id)
  AND (CAST(:email AS TEXT) IS NULL OR email_key LIKE :email ESCAPE '!')
  AND (CAST(:inactive AS BOOLEAN) IS NULL OR CAST(:inactive AS BOOLEAN) = (suppresses AND EXISTS (
            SELECT 1 FROM suppressions s
            WHERE s.email = b.email_key AND s.workspace_id = b.workspace_id AND s.stream = b.suppressed_stream
              AND s.reason IN ('hard_bounce', 'complaint', 'unsubscribe') AND s.created_at <= b.at)))

-- name: bounces_page
@bounce_columns
@bounces_match
ORDER BY id DESC LIMIT :count OFFSET :skip

-- name: bounces_page_back
@bounce_columns
@bounces_match
ORDER BY id LIMIT :count OFFSET :skip

-- name: bounces_count
SELECT count(*) FROM (
    SELECT 1
@bounces_match
    LIMIT :most) AS counted

-- name: bounces_by_kind
SELECT kind, count(*) FROM bounces
WHERE workspace_id = :workspace_id AND environment = :environment
  AND (CAST(:stream AS TEXT) IS NULL OR stream = :stream)
GROUP BY kind ORDER BY kind

-- name: bounces_tags
SELECT DISTINCT tag FROM bounces
WHERE workspace_id = :workspace_id AND environment = :environment AND tag <> '' ORDER BY tag

-- name: suppressions_count
SELECT count(DISTINCT email) FROM suppressions
WHERE workspace_id = :workspace_id
  AND (CAST(:stream AS TEXT) IS NULL OR stream = '' OR stream = :stream)

-- name: delivery_return
-- news that come later move a delivery upwards only, see core.messages.message for the ranks
UPDATE deliveries
SET state = :state, code = COALESCE(CAST(:code AS BIGINT), code), text = COALESCE(CAST(:text AS TEXT), text),
    updated_at = :updated_at
WHERE message_id = :message_id AND position = :position
  AND state IN (SELECT value FROM json_array_elements_text(:below))

-- name: bounces_by_numbers
@bounce_columns
FROM bounces b
WHERE number IN (SELECT CAST(value AS BIGINT) FROM json_array_elements_text(:numbers))
