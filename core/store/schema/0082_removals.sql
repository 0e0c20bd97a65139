-- requests to forget a person; workspace_id '' for every workspace of the account, email '' once it is done
CREATE TABLE removals (
    id TEXT PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    account_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    email TEXT NOT NULL,
    state TEXT NOT NULL,
    erased BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    done_at BIGINT
);
CREATE INDEX removals_pending ON removals (id) WHERE state = 'pending';

-- what a forgotten person's suppressions became: the address is a hash that this installation alone can make.
-- stream as with suppressions, or the id of a topic
CREATE TABLE veils (
    hash TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    reason TEXT NOT NULL,
    origin TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (hash, workspace_id, stream)
);
