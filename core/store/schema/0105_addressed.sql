-- Who a message went to is found by an index whose every row lies elsewhere: while it was written as mail is accepted it
-- cost more than half of what a commit puts on disk. Now the worker writes it, as a delivery's state first changes.
-- What still waits is found through its job; destination '' has several, or may be anybody's.
DROP INDEX deliveries_by_address;
CREATE INDEX deliveries_by_address ON deliveries (workspace_id, email_key, message_id) WHERE state <> 'queued';

CREATE VIEW addressed AS
SELECT workspace_id, email_key, message_id, '' AS destination FROM deliveries WHERE state <> 'queued'
UNION ALL
SELECT d.workspace_id, d.email_key, d.message_id, j.destination
FROM jobs j CROSS JOIN deliveries d
WHERE d.message_id = substr(j.id, 1, 36) AND d.state = 'queued';
