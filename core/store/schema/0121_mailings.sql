-- Mailings: many messages of one call, accepted at once and made portion by portion.

-- caller: for whom; content: what the messages share, NULL once all are made; subject as it was asked for, '' for none
CREATE TABLE mailings (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    environment TEXT NOT NULL,
    subject TEXT NOT NULL,
    total BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    caller BYTEA NOT NULL,
    content BYTEA
);
CREATE INDEX mailings_by_workspace ON mailings (workspace_id, environment, id);

-- body: its messages, NULL once they are made; they are a batch then, whose uid is the mailing's id and the position
CREATE TABLE mailing_portions (
    mailing_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    total BIGINT NOT NULL,
    body BYTEA,
    PRIMARY KEY (mailing_id, position)
);
CREATE INDEX mailing_portions_waiting ON mailing_portions (mailing_id, position) WHERE body IS NOT NULL;
