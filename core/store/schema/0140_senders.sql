-- domains and senders as their owners wrote them and count them, and what a sender's letters ask for

ALTER TABLE domains ADD COLUMN given TEXT NOT NULL DEFAULT '';
CREATE INDEX domains_by_account ON domains (account_id, id);
CREATE INDEX domains_by_number ON domains (number);

ALTER TABLE senders ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
ALTER TABLE senders ADD COLUMN given TEXT NOT NULL DEFAULT '';
ALTER TABLE senders ADD COLUMN reply_to TEXT NOT NULL DEFAULT '';
ALTER TABLE senders ADD COLUMN note TEXT NOT NULL DEFAULT '';

UPDATE senders SET number = (SELECT count(*) FROM senders AS other WHERE other.id <= senders.id);
INSERT INTO counters (name, next) SELECT 'sender', 1 + count(*) FROM senders;

CREATE INDEX senders_by_account ON senders (account_id, id);
CREATE INDEX senders_by_number ON senders (number);
-- few have one, and whether an account has any is asked often
CREATE INDEX senders_with_reply ON senders (account_id) WHERE reply_to <> '';
