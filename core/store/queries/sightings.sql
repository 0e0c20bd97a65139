-- name: sightings_messages
SELECT id, workspace_id, environment, stream, tag FROM messages WHERE id IN (SELECT value FROM json_array_elements_text(:ids))

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

-- name: events_among
SELECT id FROM events
WHERE message_id IN (SELECT value FROM json_array_elements_text(:messages))
  AND id IN (SELECT value FROM json_array_elements_text(:ids))

-- fragment: sightings_match
-- every filter is optional; a sighting of the whole message (position -1) is one of each of its recipients
WHERE s.workspace_id = :workspace_id AND s.environment = :environment AND s.kind = :kind
  AND s.event_id < :before_id AND s.event_id > :after_id
  AND (CAST(:message_id AS TEXT) IS NULL OR s.message_id = :message_id)
  AND (CAST(:tag AS TEXT) IS NULL OR m.tag = :tag)
  AND (CAST(:stream AS TEXT) IS NULL OR m.stream = :stream)
  AND (CAST(:client_name AS TEXT) IS NULL OR lower(s.client_name) = :client_name)
  AND (CAST(:client_company AS TEXT) IS NULL OR lower(s.client_company) = :client_company)
  AND (CAST(:client_family AS TEXT) IS NULL OR lower(s.client_family) = :client_family)
  AND (CAST(:os_name AS TEXT) IS NULL OR lower(s.os_name) = :os_name)
  AND (CAST(:os_company AS TEXT) IS NULL OR lower(s.os_company) = :os_company)
  AND (CAST(:os_family AS TEXT) IS NULL OR lower(s.os_family) = :os_family)
  AND (CAST(:platform AS TEXT) IS NULL OR s.platform = :platform)
  AND (CAST(:recipient AS TEXT) IS NULL OR EXISTS (
        SELECT 1 FROM deliveries d
        WHERE d.message_id = s.message_id AND d.email_key = :recipient AND s.position IN (d.position, -1)))

-- name: sightings_page
SELECT s.event_id, s.message_id, s.position, m.tag, m.stream,
       (SELECT d.email FROM deliveries d
        WHERE d.message_id = s.message_id AND s.position IN (d.position, -1) ORDER BY d.position LIMIT 1),
       e.at, e.detail
FROM sightings s
JOIN messages m ON m.id = s.message_id
JOIN events e ON e.message_id = s.message_id AND e.id = s.event_id
@sightings_match
ORDER BY s.event_id DESC LIMIT :count OFFSET :skip

-- name: sightings_page_back
SELECT s.event_id, s.message_id, s.position, m.tag, m.stream,
       (SELECT d.email FROM deliveries d
        WHERE d.message_id = s.message_id AND s.position IN (d.position, -1) ORDER BY d.position LIMIT 1),
       e.at, e.detail
FROM sightings s
JOIN messages m ON m.id = s.message_id
JOIN events e ON e.message_id = s.message_id AND e.id = s.event_id
@sightings_match
ORDER BY s.event_id LIMIT :count OFFSET :skip

-- name: sightings_count
SELECT count(*) FROM sightings s JOIN messages m ON m.id = s.message_id
@sightings_match

-- name: sightings_unique
SELECT message_id, kind, count(*) FROM sightings
WHERE workspace_id = :workspace_id AND message_id IN (SELECT value FROM json_array_elements_text(:ids))
GROUP BY message_id, kind

-- name: sightings_total
SELECT message_id, kind, count(*) FROM events
WHERE workspace_id = :workspace_id AND message_id IN (SELECT value FROM json_array_elements_text(:ids))
  AND kind IN ('opened', 'clicked')
GROUP BY message_id, kind
