-- Endpoints of applications, and what is told to them.

-- dialect: in whose words it is told; role: a dialect's own name for one that is not in its list, else ''.
-- kinds and includes are JSON lists. options: the dialect's own choices. private: secrets, credentials and header
-- fields, sealed where the operator gave a secret
CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    workspace_id TEXT NOT NULL,
    dialect TEXT NOT NULL,
    role TEXT NOT NULL,
    url TEXT NOT NULL,
    kinds TEXT NOT NULL,
    stream TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    options BYTEA NOT NULL,
    includes TEXT NOT NULL,
    private BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX webhooks_by_workspace ON webhooks (workspace_id, id);

-- what happened, in the same commit: to be told, to whom is not looked up yet. subject: the message it happened to;
-- facts: what it happened to, where that may be changed or gone when it is told
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    at BIGINT NOT NULL,
    facts BYTEA,
    claimed_by TEXT NOT NULL DEFAULT '',
    claimed_until BIGINT NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT ''
);

-- calls to make, one for each endpoint that wants to hear. event: in the dialect's word. due_at: NULL once it is over;
-- replaying: it is due because somebody asked for it again, and then what held before holds again (resume_at)
CREATE TABLE dispatches (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    happening_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    event TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    status BIGINT NOT NULL,
    attempted_at BIGINT,
    due_at BIGINT,
    replaying BIGINT NOT NULL,
    resume_at BIGINT,
    created_at BIGINT NOT NULL,
    body BYTEA NOT NULL
);
CREATE INDEX dispatches_by_webhook ON dispatches (webhook_id, id);
CREATE INDEX dispatches_due ON dispatches (webhook_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX dispatches_by_workspace ON dispatches (workspace_id, id);
CREATE INDEX dispatches_by_subject ON dispatches (subject);

-- one call: status 0 where there was no answer, and then why; body: the beginning of the answer's
CREATE TABLE dispatch_attempts (
    id TEXT PRIMARY KEY,
    dispatch_id TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    event TEXT NOT NULL,
    number BIGINT NOT NULL,
    success BIGINT NOT NULL,
    final BIGINT NOT NULL,
    status BIGINT NOT NULL,
    error TEXT NOT NULL,
    body BYTEA NOT NULL,
    duration_ms BIGINT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX dispatch_attempts_by_dispatch ON dispatch_attempts (dispatch_id, id);
CREATE INDEX dispatch_attempts_by_webhook ON dispatch_attempts (webhook_id, id);

-- an endpoint's place in the queue: one process at a time calls it. wanted: something came while it was being called.
-- failures in a row to get any answer; failing_since: nothing went well since, 0 where the last call did
CREATE TABLE webhook_lanes (
    webhook_id TEXT PRIMARY KEY,
    run_at BIGINT NOT NULL,
    claimed_by TEXT NOT NULL,
    wanted BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    failing_since BIGINT NOT NULL
);
CREATE INDEX webhook_lanes_by_time ON webhook_lanes (run_at);
