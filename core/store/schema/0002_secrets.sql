-- what this installation alone knows, made when first needed
CREATE TABLE secrets (name TEXT PRIMARY KEY, value BYTEA NOT NULL);
