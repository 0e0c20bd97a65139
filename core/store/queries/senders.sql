-- Single addresses that mail may be sent from.

-- fragment: sender_columns
SELECT id, account_id, email, name, confirmed_at, created_at, number, given, reply_to, note FROM senders

-- name: sender_put
INSERT INTO senders (id, account_id, email, name, confirmed_at, created_at, number)
VALUES (:id, :account_id, :email, :name, :confirmed_at, :created_at, :number)
ON CONFLICT (email, account_id) DO UPDATE
SET name = CASE WHEN excluded.name = '' THEN senders.name ELSE excluded.name END, confirmed_at = excluded.confirmed_at

-- name: sender_insert
INSERT INTO senders (id, account_id, email, name, confirmed_at, created_at, number, given, reply_to, note)
VALUES (:id, :account_id, :email, :name, NULL, :created_at, :number, :given, :reply_to, :note)
ON CONFLICT DO NOTHING RETURNING id

-- name: sender_get
@sender_columns
WHERE id = :id

-- name: sender_by_email
@sender_columns
WHERE account_id = :account_id AND email = :email

-- name: sender_by_number
@sender_columns
WHERE account_id = :account_id AND number = :number

-- name: senders_page
@sender_columns
WHERE account_id = :account_id ORDER BY id DESC LIMIT :count OFFSET :skip

-- name: senders_count
SELECT count(*) FROM senders WHERE account_id = :account_id

-- name: sender_change
UPDATE senders
SET name = COALESCE(CAST(:name AS TEXT), name), reply_to = COALESCE(CAST(:reply_to AS TEXT), reply_to),
    note = COALESCE(CAST(:note AS TEXT), note)
WHERE id = :id

-- name: sender_confirm
UPDATE senders SET confirmed_at = COALESCE(confirmed_at, CAST(:now AS BIGINT)) WHERE id = :id

-- name: sender_delete
DELETE FROM senders WHERE id = :id

-- name: senders_reply
SELECT 1 FROM senders WHERE account_id = :account_id AND reply_to <> '' LIMIT 1

-- name: senders_replies
SELECT email, reply_to FROM senders
WHERE account_id = :account_id AND reply_to <> '' AND email IN (SELECT value FROM json_array_elements_text(:emails))
