-- what proves a domain: keys, the records to publish for it, and how they were found

ALTER TABLE domains ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
-- the operator's word instead of a proof by DNS
ALTER TABLE domains ADD COLUMN trusted BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE domains ADD COLUMN state TEXT NOT NULL DEFAULT 'pending';
ALTER TABLE domains ADD COLUMN return_domain TEXT NOT NULL DEFAULT '';
ALTER TABLE domains ADD COLUMN tracking_domain TEXT NOT NULL DEFAULT '';
ALTER TABLE domains ADD COLUMN receiving BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE domains ADD COLUMN checked_at BIGINT;
-- NULL: there is nothing to look for
ALTER TABLE domains ADD COLUMN next_check_at BIGINT;

UPDATE domains SET trusted = TRUE, state = 'verified' WHERE verified_at IS NOT NULL;
UPDATE domains SET number = (SELECT count(*) FROM domains AS other WHERE other.id <= domains.id);
INSERT INTO counters (name, next) SELECT 'domain', 1 + count(*) FROM domains;

CREATE INDEX domains_by_next_check ON domains (next_check_at);

CREATE TABLE domain_keys (
    id TEXT PRIMARY KEY,
    domain_id TEXT NOT NULL,
    selector TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    -- sealed where the operator gave a secret; emptied once the key is retired
    private_key BYTEA NOT NULL,
    public_key TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    activated_at BIGINT,
    retired_at BIGINT,
    UNIQUE (domain_id, selector)
);

CREATE TABLE domain_checks (
    domain_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    told TEXT NOT NULL,
    since BIGINT NOT NULL,
    checked_at BIGINT NOT NULL,
    PRIMARY KEY (domain_id, purpose, name)
);

CREATE TABLE domain_events (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    domain_id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    told TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE INDEX domain_events_by_account ON domain_events (account_id, id);
