-- Domains that mail is sent from, their keys, and how their DNS records were found.

-- fragment: domain_columns
SELECT id, account_id, name, verified_at, created_at, number, trusted, state, return_domain, tracking_domain,
       receiving, checked_at, given
FROM domains

-- name: domain_insert
INSERT INTO domains (id, account_id, name, verified_at, created_at, number, trusted, state, return_domain,
                     tracking_domain, receiving, checked_at, next_check_at, given)
VALUES (:id, :account_id, :name, :verified_at, :created_at, :number, :trusted, :state, :return_domain,
        :tracking_domain, :receiving, NULL, :next_check_at, :given)
ON CONFLICT DO NOTHING RETURNING id

-- name: domain_trust
UPDATE domains SET trusted = TRUE, verified_at = coalesce(verified_at, :now) WHERE id = :id

-- name: domain_by_name
@domain_columns
WHERE account_id = :account_id AND name = :name

-- name: domain_by_number
@domain_columns
WHERE account_id = :account_id AND number = :number

-- name: domains_page
@domain_columns
WHERE account_id = :account_id ORDER BY id DESC LIMIT :count OFFSET :skip

-- name: domains_count
SELECT count(*) FROM domains WHERE account_id = :account_id

-- name: domains_of_account
@domain_columns
WHERE account_id = :account_id ORDER BY name

-- name: domains_due
@domain_columns
WHERE next_check_at <= :now ORDER BY next_check_at, id LIMIT :most

-- name: domain_set_up
UPDATE domains SET state = 'pending', return_domain = :return_domain, tracking_domain = :tracking_domain,
                   receiving = :receiving, next_check_at = :next_check_at, given = :given
WHERE id = :id

-- name: domain_change
UPDATE domains SET return_domain = :return_domain, tracking_domain = :tracking_domain, receiving = :receiving,
                   next_check_at = :next_check_at
WHERE id = :id

-- name: domain_check_at
UPDATE domains SET next_check_at = :next_check_at WHERE id = :id

-- name: domain_checked
-- the state it was read with is asked for, so that of two checks at once only one tells of the change
UPDATE domains SET state = :state, verified_at = :verified_at, checked_at = :checked_at, next_check_at = :next_check_at
WHERE id = :id AND state = :was RETURNING id

-- name: domain_delete
DELETE FROM domains WHERE id = :id RETURNING id

-- name: domain_keys_delete
DELETE FROM domain_keys WHERE domain_id = :domain_id

-- name: domain_checks_delete
DELETE FROM domain_checks WHERE domain_id = :domain_id

-- name: domain_key_insert
INSERT INTO domain_keys (id, domain_id, selector, algorithm, private_key, public_key, state, created_at)
VALUES (:id, :domain_id, :selector, :algorithm, :private_key, :public_key, 'pending', :created_at)

-- name: domain_keys_of
SELECT id, domain_id, selector, algorithm, public_key, state, created_at, activated_at, retired_at FROM domain_keys
WHERE domain_id = :domain_id ORDER BY created_at, id

-- name: domain_keys_among
SELECT id, domain_id, selector, algorithm, public_key, state, created_at, activated_at, retired_at FROM domain_keys
WHERE domain_id IN (SELECT value FROM json_array_elements_text(:ids)) ORDER BY created_at, id

-- name: domain_selectors
-- of every account that has the name: two keys under one selector would spoil each other
SELECT k.selector FROM domain_keys k JOIN domains d ON d.id = k.domain_id WHERE d.name = :name

-- name: domain_key_activate
UPDATE domain_keys SET state = 'active', activated_at = :now WHERE id = :id AND state = 'pending'

-- name: domain_key_retire_others
UPDATE domain_keys SET state = 'retired', retired_at = :now, private_key = :nothing
WHERE domain_id = :domain_id AND algorithm = :algorithm AND state = 'active' AND id <> :id

-- name: domain_checks_of
SELECT purpose, name, state, told, since, checked_at FROM domain_checks WHERE domain_id = :domain_id

-- name: domain_checks_among
SELECT purpose, name, state, told, since, checked_at, domain_id FROM domain_checks
WHERE domain_id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: domain_check_put
INSERT INTO domain_checks (domain_id, purpose, name, state, told, since, checked_at)
VALUES (:domain_id, :purpose, :name, :state, :told, :since, :checked_at)
ON CONFLICT (domain_id, purpose, name) DO UPDATE
SET state = excluded.state, told = excluded.told, since = excluded.since, checked_at = excluded.checked_at

-- name: domain_event_insert
INSERT INTO domain_events (id, account_id, domain_id, name, kind, told, at)
VALUES (:id, :account_id, :domain_id, :name, :kind, :told, :at)

-- name: domain_events_of
SELECT id, name, kind, told, at FROM domain_events WHERE account_id = :account_id AND domain_id = :domain_id ORDER BY id

-- name: identities_among
-- one row for each active key; a domain without any has one row without a selector
SELECT d.name, k.selector, k.algorithm, k.private_key,
       CASE WHEN EXISTS (SELECT 1 FROM domain_checks c WHERE c.domain_id = d.id AND c.purpose = 'return'
                         AND c.name = d.return_domain AND c.state IN ('verified', 'temporary_failure'))
            THEN d.return_domain ELSE '' END,
       CASE WHEN EXISTS (SELECT 1 FROM domain_checks c WHERE c.domain_id = d.id AND c.purpose = 'tracking'
                         AND c.name = d.tracking_domain AND c.state IN ('verified', 'temporary_failure'))
            THEN d.tracking_domain ELSE '' END
FROM workspaces w
JOIN domains d ON d.account_id = w.account_id
LEFT JOIN domain_keys k ON k.domain_id = d.id AND k.state = 'active'
WHERE w.id = :workspace_id AND d.name IN (SELECT value FROM json_array_elements_text(:names))
ORDER BY d.name, k.algorithm DESC, k.selector
