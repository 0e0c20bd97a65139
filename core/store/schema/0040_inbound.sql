-- the managed address of a workspace: hash@inbound host
CREATE TABLE inbound_hashes (hash TEXT PRIMARY KEY, workspace_id TEXT NOT NULL UNIQUE);

-- domains whose mail goes to a workspace, whatever the local part; '*.example.com' stands for all names below
CREATE TABLE inbound_domains (name TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, created_at BIGINT NOT NULL);
CREATE INDEX inbound_domains_by_workspace ON inbound_domains (workspace_id, name);

-- senders whose mail is blocked: addresses and domains. rule is as it was given, key is what is compared
CREATE TABLE inbound_rules (
    workspace_id TEXT NOT NULL,
    key TEXT NOT NULL,
    rule TEXT NOT NULL,
    number BIGINT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (key, workspace_id)
);
CREATE INDEX inbound_rules_by_workspace ON inbound_rules (workspace_id, number);

CREATE TABLE inbound (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    state TEXT NOT NULL,
    -- why it is blocked, empty where it never was
    reason TEXT NOT NULL,
    -- lower case
    sender TEXT NOT NULL,
    -- whom the envelope named: the first within the workspace
    recipient TEXT NOT NULL,
    -- everybody it was sent to, in lower case, each between line breaks, to be searched
    recipients TEXT NOT NULL,
    mailbox_hash TEXT NOT NULL,
    subject TEXT NOT NULL,
    tag TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    head BYTEA NOT NULL,
    -- the last, and out of the way of lists
    body BYTEA NOT NULL
);
CREATE INDEX inbound_by_workspace ON inbound (workspace_id, id);

-- the fields that were put above it on arrival, and the bytes as they came
CREATE TABLE inbound_sources (message_id TEXT PRIMARY KEY, trace BYTEA NOT NULL, data BYTEA NOT NULL);

CREATE TABLE inbound_files (
    message_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (message_id, position)
);
