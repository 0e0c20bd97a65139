-- What makes searches in a million messages short, and costs nothing while mail is accepted.

-- mail that has a tag is found by it
CREATE INDEX messages_by_tag ON messages (workspace_id, environment, tag, id) WHERE tag <> '';

-- deliveries that came to another end than wanted, which is written when they do
CREATE INDEX deliveries_ended ON deliveries (workspace_id, message_id, state)
WHERE state NOT IN ('queued', 'deferred', 'delivered');

-- with what is opened and clicked: the few there are, in lower case. id: a digest of the rest
CREATE TABLE agents (
    id TEXT PRIMARY KEY,
    client_name TEXT NOT NULL,
    client_company TEXT NOT NULL,
    client_family TEXT NOT NULL,
    os_name TEXT NOT NULL,
    os_company TEXT NOT NULL,
    os_family TEXT NOT NULL,
    platform TEXT NOT NULL
);
INSERT INTO agents (id, client_name, client_company, client_family, os_name, os_company, os_family, platform)
SELECT min(event_id), lower(client_name), lower(client_company), lower(client_family), lower(os_name),
       lower(os_company), lower(os_family), platform
FROM sightings
GROUP BY lower(client_name), lower(client_company), lower(client_family), lower(os_name), lower(os_company),
         lower(os_family), platform;

-- a sighting holds what lists of them are filtered by, so that a list is read from one index. tag: its first 100 letters
ALTER TABLE sightings ADD COLUMN stream TEXT NOT NULL DEFAULT '';
ALTER TABLE sightings ADD COLUMN tag TEXT NOT NULL DEFAULT '';
ALTER TABLE sightings ADD COLUMN agent TEXT NOT NULL DEFAULT '';
UPDATE sightings
SET stream = COALESCE((SELECT m.stream FROM messages m WHERE m.id = sightings.message_id), ''),
    tag = COALESCE((SELECT substr(m.tag, 1, 100) FROM messages m WHERE m.id = sightings.message_id), ''),
    agent = COALESCE((
        SELECT min(a.id) FROM agents a
        WHERE a.client_name = lower(sightings.client_name) AND a.client_company = lower(sightings.client_company)
          AND a.client_family = lower(sightings.client_family) AND a.os_name = lower(sightings.os_name)
          AND a.os_company = lower(sightings.os_company) AND a.os_family = lower(sightings.os_family)
          AND a.platform = sightings.platform), '');
DROP INDEX sightings_by_workspace;
ALTER TABLE sightings DROP COLUMN client_name;
ALTER TABLE sightings DROP COLUMN client_company;
ALTER TABLE sightings DROP COLUMN client_family;
ALTER TABLE sightings DROP COLUMN os_name;
ALTER TABLE sightings DROP COLUMN os_company;
ALTER TABLE sightings DROP COLUMN os_family;
ALTER TABLE sightings DROP COLUMN platform;
CREATE INDEX sightings_by_workspace
ON sightings (workspace_id, environment, kind, event_id, stream, tag, agent, message_id, position);

-- mail from a template is found by it
CREATE INDEX messages_by_template ON messages (template_id, id) WHERE template_id IS NOT NULL;

-- What messages are searched for, in rows that are a tenth of theirs; copied some minutes after their acceptance, which
-- pays nothing for it. What is not here yet is searched for in the messages. subject: in lower case
CREATE TABLE message_lines (
    workspace_id TEXT NOT NULL,
    environment TEXT NOT NULL,
    message_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    sender TEXT NOT NULL,
    tag TEXT NOT NULL,
    template_id TEXT,
    subject TEXT NOT NULL,
    metadata TEXT NOT NULL,
    PRIMARY KEY (workspace_id, environment, message_id)
) /* clustered */;
CREATE INDEX message_lines_by_sender ON message_lines (workspace_id, environment, sender, message_id);

-- up to which message they are there
CREATE TABLE message_lines_mark (up_to TEXT PRIMARY KEY);
INSERT INTO message_lines_mark (up_to) VALUES ('');
