-- name: mailing_insert
INSERT INTO mailings (id, workspace_id, environment, subject, total, created_at, caller, content)
VALUES (:id, :workspace_id, :environment, :subject, :total, :created_at, :caller, :content)

-- name: mailing_portion_insert
INSERT INTO mailing_portions (mailing_id, position, total, body) VALUES (:mailing_id, :position, :total, :body)

-- fragment: mailing_columns
SELECT id, workspace_id, environment, subject, total, created_at, released, failed FROM mailings

-- name: mailing_get
@mailing_columns
WHERE id = :id AND workspace_id = :workspace_id AND environment = :environment

-- name: mailings_page
@mailing_columns
WHERE workspace_id = :workspace_id AND environment = :environment AND id < :before_id
ORDER BY id DESC LIMIT :count

-- name: mailings_unsettled
@mailing_columns
WHERE released IS NULL AND content IS NULL AND id > :after
ORDER BY id LIMIT :count

-- name: mailing_settle
UPDATE mailings SET released = :released, failed = :failed WHERE id = :id AND released IS NULL

-- name: mailing_portions_due
SELECT mailing_id, position FROM mailing_portions
WHERE body IS NOT NULL AND (mailing_id > :after_id OR (mailing_id = :after_id AND position > :after))
ORDER BY mailing_id, position LIMIT :count

-- name: mailing_portion_read
SELECT p.body, m.caller, m.content FROM mailing_portions p JOIN mailings m ON m.id = p.mailing_id
WHERE p.mailing_id = :mailing_id AND p.position = :position AND p.body IS NOT NULL

-- name: mailing_portion_made
UPDATE mailing_portions SET body = NULL WHERE mailing_id = :mailing_id AND position = :position

-- name: mailing_made
-- what its messages share is kept with them from now on
UPDATE mailings SET content = NULL
WHERE id = :id AND NOT EXISTS (SELECT 1 FROM mailing_portions WHERE mailing_id = :id AND body IS NOT NULL)

-- name: mailings_progress
-- of each mailing, at one moment: the messages still to be made; and those that were, with how many of them wait, and
-- of how many nothing leaves
SELECT mailing_id, sum(total), 0, 0, 0 FROM mailing_portions
WHERE body IS NOT NULL AND mailing_id IN (SELECT value FROM json_array_elements_text(:ids))
GROUP BY mailing_id
UNION ALL
SELECT id, 0, count(*), sum(waits), sum(CASE WHEN waits = 0 THEN fails ELSE 0 END) FROM (
    SELECT p.mailing_id AS id,
           max(CASE WHEN d.state = 'queued' THEN 1 ELSE 0 END) AS waits,
           min(CASE WHEN d.state IN ('failed', 'suppressed', 'canceled') THEN 1 ELSE 0 END) AS fails
    FROM mailing_portions p
    JOIN mailings a ON a.id = p.mailing_id
    JOIN batches b ON b.workspace_id = a.workspace_id AND b.environment = a.environment
                  AND b.uid = p.mailing_id || '/' || CAST(p.position AS TEXT)
    JOIN messages m ON m.batch_id = b.id
    JOIN deliveries d ON d.message_id = m.id
    WHERE p.body IS NULL AND p.mailing_id IN (SELECT value FROM json_array_elements_text(:ids))
    GROUP BY p.mailing_id, m.id) AS made
GROUP BY id

-- name: sender_known
-- whether an account may write as this address, by its domain or by itself, and whether a sender waits to be confirmed
SELECT 'domain' FROM domains WHERE account_id = :account_id AND name = :domain AND verified_at IS NOT NULL
UNION ALL
SELECT CASE WHEN confirmed_at IS NULL THEN 'unconfirmed' ELSE 'confirmed' END FROM senders
WHERE account_id = :account_id AND email = :email

-- name: mailings_forget
-- once none of its messages is there any more
DELETE FROM mailings WHERE id IN (
    SELECT m.id FROM mailings m
    WHERE m.created_at < :before AND m.content IS NULL AND m.released IS NOT NULL
      AND NOT EXISTS (
        SELECT 1 FROM mailing_portions p JOIN batches b
            ON b.workspace_id = m.workspace_id AND b.environment = m.environment
           AND b.uid = p.mailing_id || '/' || CAST(p.position AS TEXT)
        WHERE p.mailing_id = m.id)
    ORDER BY m.id LIMIT :count)
RETURNING id

-- name: mailing_portions_forget
DELETE FROM mailing_portions WHERE mailing_id IN (SELECT value FROM json_array_elements_text(:ids))
