-- whoever asked is told by mail once it is done
ALTER TABLE removals ADD COLUMN notify BOOLEAN NOT NULL DEFAULT FALSE;
