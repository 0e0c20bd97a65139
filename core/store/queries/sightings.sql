-- name: sightings_messages
SELECT id, workspace_id, environment FROM messages WHERE id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: sighting_claim
INSERT INTO sightings (message_id, position, kind, link, event_id, workspace_id, environment, client_name,
                       client_company, client_family, os_name, os_company, os_family, platform)
VALUES (:message_id, :position, :kind, :link, :event_id, :workspace_id, :environment, :client_name,
        :client_company, :client_family, :os_name, :os_company, :os_family, :platform)
ON CONFLICT DO NOTHING

-- name: sightings_firsts
SELECT event_id FROM sightings WHERE message_id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: event_insert_once
-- an event whose commit was told as failed may be there
INSERT INTO events (message_id, id, workspace_id, position, kind, at, detail)
VALUES (:message_id, :id, :workspace_id, :position, :kind, :at, :detail)
ON CONFLICT DO NOTHING
