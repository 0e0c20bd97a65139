-- subscription: what holds for whoever has chosen nothing
CREATE TABLE topics (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    subscription TEXT NOT NULL,
    visibility TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (workspace_id, key)
);
CREATE INDEX topics_by_workspace ON topics (workspace_id, id);

-- what somebody chose; the address leads, so that one look-up serves a whole batch of messages
CREATE TABLE topic_choices (
    email TEXT NOT NULL,
    topic_id TEXT NOT NULL,
    id TEXT NOT NULL,
    subscription TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (email, topic_id)
);
CREATE INDEX topic_choices_by_topic ON topic_choices (topic_id, id);

-- who may be sent to and who no longer, as it came about: appended, never changed
CREATE TABLE subscription_changes (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    email TEXT NOT NULL,
    stream TEXT NOT NULL,
    topic_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    origin TEXT NOT NULL,
    suppress BOOLEAN NOT NULL,
    message_id TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX subscription_changes_by_workspace ON subscription_changes (workspace_id, id);

-- the message that led to it, empty where none did
ALTER TABLE suppressions ADD COLUMN message_id TEXT NOT NULL DEFAULT '';

-- whether its letters offer a way out by themselves: 'managed', 'custom' where the sender sees to it, or 'none'
ALTER TABLE streams ADD COLUMN opt_out TEXT NOT NULL DEFAULT 'none';
UPDATE streams SET opt_out = 'managed' WHERE kind = 'broadcast';
