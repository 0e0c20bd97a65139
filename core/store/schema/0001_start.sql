-- Times are microseconds since 1970 UTC. Ids are UUID texts, time-ordered. BYTEA holds msgpack.
-- A /* clustered */ table lives in its primary key's tree where the engine can do so (SQLite: WITHOUT ROWID), which
-- spares the accept path a tree for each. No row is shared between requests that accept mail: nothing here is
-- counted up per message.

CREATE TABLE counters (name TEXT PRIMARY KEY, next BIGINT NOT NULL);

CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

CREATE TABLE workspaces (
    id TEXT PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL,
    settings BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, name)
);

CREATE TABLE credentials (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    workspace_id TEXT,
    dialect TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    last4 TEXT NOT NULL,
    hash TEXT NOT NULL,
    scopes BYTEA NOT NULL,
    environment TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    UNIQUE (dialect, hash)
);

CREATE TABLE streams (
    workspace_id TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    description TEXT NOT NULL,
    archived_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, key)
);

CREATE TABLE domains (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL,
    verified_at BIGINT,
    created_at BIGINT NOT NULL,
    UNIQUE (name, account_id)
);

CREATE TABLE senders (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    confirmed_at BIGINT,
    created_at BIGINT NOT NULL,
    UNIQUE (email, account_id)
);

-- stream '' holds for the whole workspace
CREATE TABLE suppressions (
    workspace_id TEXT NOT NULL,
    email TEXT NOT NULL,
    stream TEXT NOT NULL,
    id TEXT NOT NULL,
    reason TEXT NOT NULL,
    origin TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- the address leads: one look-up serves a whole batch of messages of any workspaces
    PRIMARY KEY (email, workspace_id, stream)
);
CREATE INDEX suppressions_by_workspace ON suppressions (workspace_id, id);

CREATE TABLE segments (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (workspace_id, key)
);

CREATE TABLE contacts (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    segment_id TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    status TEXT NOT NULL,
    source TEXT NOT NULL,
    properties BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (segment_id, email_key)
);
CREATE INDEX contacts_by_segment ON contacts (segment_id, id);

CREATE TABLE templates (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    number BIGINT NOT NULL UNIQUE,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    syntax TEXT NOT NULL,
    version BIGINT NOT NULL,
    deleted_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX templates_by_slug ON templates (workspace_id, slug) WHERE deleted_at IS NULL;
CREATE INDEX templates_by_workspace ON templates (workspace_id, id);

CREATE TABLE template_versions (
    template_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    body BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (template_id, version)
);

CREATE TABLE batches (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    uid TEXT NOT NULL,
    environment TEXT NOT NULL,
    total BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (workspace_id, environment, uid)
);
CREATE INDEX batches_by_workspace ON batches (workspace_id, id);

CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    environment TEXT NOT NULL,
    number BIGINT NOT NULL,
    batch_id TEXT,
    content_id TEXT,
    stream TEXT NOT NULL,
    state TEXT NOT NULL,
    sender TEXT NOT NULL,
    subject TEXT NOT NULL,
    tag TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    scheduled_at BIGINT,
    template_id TEXT,
    -- the draft's metadata once more, to be searched: JSON with lower-case keys, empty where there is none
    metadata TEXT NOT NULL,
    -- the last: SQLite reads through it on the way to whatever stands behind
    body BYTEA NOT NULL
);
CREATE INDEX messages_by_workspace ON messages (workspace_id, environment, id);
CREATE INDEX messages_by_batch ON messages (batch_id, id) WHERE batch_id IS NOT NULL;

-- content that several messages of one call share
CREATE TABLE contents (id TEXT PRIMARY KEY, body BYTEA NOT NULL);

-- owner: the message, or the content where shared; data is NULL until a url was fetched
CREATE TABLE attachments (
    owner_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    id TEXT NOT NULL,
    filename TEXT NOT NULL,
    content_type TEXT NOT NULL,
    content_id TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    url TEXT NOT NULL,
    data BYTEA,
    PRIMARY KEY (owner_id, position)
);

-- what a template became for one message, written when it is rendered for delivery
CREATE TABLE renderings (message_id TEXT PRIMARY KEY, body BYTEA NOT NULL);

CREATE TABLE deliveries (
    message_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    workspace_id TEXT NOT NULL,
    role TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    code BIGINT NOT NULL,
    text TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (message_id, position)
) /* clustered */;
CREATE INDEX deliveries_by_address ON deliveries (workspace_id, email_key, message_id);

CREATE TABLE events (
    message_id TEXT NOT NULL,
    id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    detail BYTEA NOT NULL,
    PRIMARY KEY (message_id, id)
) /* clustered */;

-- a claim moves run_at to the end of its lease: a worker that dies gives its work back by that alone
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    claimed_by TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    last_error TEXT NOT NULL
) /* clustered */;
CREATE INDEX jobs_by_time ON jobs (run_at);

-- who came first with an idempotency key or uid, and what was answered
CREATE TABLE claims (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL DEFAULT '',
    answer BYTEA,
    expires_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX claims_by_expiry ON claims (expires_at);
