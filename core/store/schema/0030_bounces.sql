-- What came back of a delivery: a refusal in the SMTP conversation, a report, a complaint, an answer by a machine.
-- What lists show and look for stands here once more, so that a bounce outlives its message's row.
CREATE TABLE bounces (
    id TEXT PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    workspace_id TEXT NOT NULL,
    environment TEXT NOT NULL,
    message_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    stream TEXT NOT NULL,
    tag TEXT NOT NULL,
    sender TEXT NOT NULL,
    subject TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    code BIGINT NOT NULL,
    enhanced TEXT NOT NULL,
    text TEXT NOT NULL,
    host TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- whether it took the address out of use, and on which stream: '' is all of them
    suppresses BOOLEAN NOT NULL,
    suppressed_stream TEXT NOT NULL
);
CREATE INDEX bounces_by_workspace ON bounces (workspace_id, environment, id);
CREATE INDEX bounces_by_message ON bounces (message_id);

-- the letter that told of it, cut to a bound; a refusal in the conversation has none
CREATE TABLE bounce_dumps (number BIGINT PRIMARY KEY, body BYTEA NOT NULL);
