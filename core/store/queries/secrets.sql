-- name: secret_ensure
INSERT INTO secrets (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING

-- name: secret_get
SELECT value FROM secrets WHERE name = :name
