-- How a mailing ended, once nothing of it waits: it is told when its messages are no longer there to be counted.
ALTER TABLE mailings ADD COLUMN released BIGINT;
ALTER TABLE mailings ADD COLUMN failed BIGINT;
CREATE INDEX mailings_unsettled ON mailings (id) WHERE released IS NULL;
