-- The first open of each recipient and message, and the first click of each recipient and link: a row is a claim, so
-- that of many at once one is the first. Lists of opens and clicks are read from it; the facts stand in the event.
-- link: '' for an open, else a digest of the address; the rest is what lists are filtered by.
CREATE TABLE sightings (
    message_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    kind TEXT NOT NULL,
    link TEXT NOT NULL,
    event_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    environment TEXT NOT NULL,
    client_name TEXT NOT NULL,
    client_company TEXT NOT NULL,
    client_family TEXT NOT NULL,
    os_name TEXT NOT NULL,
    os_company TEXT NOT NULL,
    os_family TEXT NOT NULL,
    platform TEXT NOT NULL,
    PRIMARY KEY (message_id, position, kind, link)
) /* clustered */;
CREATE INDEX sightings_by_workspace ON sightings (workspace_id, environment, kind, event_id);
