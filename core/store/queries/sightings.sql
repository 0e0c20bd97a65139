-- name: sightings_messages
SELECT id, workspace_id, environment, stream, tag FROM messages WHERE id IN (SELECT value FROM json_array_elements_text(:ids))

-- name: sighting_claim
INSERT INTO sightings (message_id, position, kind, link, event_id, workspace_id, environment, stream, tag, agent)
VALUES (:message_id, :position, :kind, :link, :event_id, :workspace_id, :environment, :stream, :tag, :agent)
ON CONFLICT DO NOTHING

-- name: agent_known
INSERT INTO agents (id, client_name, client_company, client_family, os_name, os_company, os_family, platform)
VALUES (:id, :client_name, :client_company, :client_family, :os_name, :os_company, :os_family, :platform)
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
-- every filter is optional
s.event_id < :before_id AND s.event_id > :after_id
  AND (CAST(:stream AS TEXT) IS NULL OR s.stream = :stream)
  AND (CAST(:tag AS TEXT) IS NULL OR (
        s.tag = substr(CAST(:tag AS TEXT), 1, 100) AND (
            length(CAST(:tag AS TEXT)) < 100
            OR EXISTS (SELECT 1 FROM messages m WHERE m.id = s.message_id AND m.tag = :tag))))
  AND (CAST(:any_agent AS BOOLEAN) OR s.agent IN (
        SELECT id FROM agents
        WHERE (CAST(:client_name AS TEXT) IS NULL OR client_name = :client_name)
          AND (CAST(:client_company AS TEXT) IS NULL OR client_company = :client_company)
          AND (CAST(:client_family AS TEXT) IS NULL OR client_family = :client_family)
          AND (CAST(:os_name AS TEXT) IS NULL OR os_name = :os_name)
          AND (CAST(:os_company AS TEXT) IS NULL OR os_company = :os_company)
          AND (CAST(:os_family AS TEXT) IS NULL OR os_family = :os_family)
          AND (CAST(:platform AS TEXT) IS NULL OR platform = :platform)))

-- fragment: of_all
-- the ways to them: in the order in which they came. CROSS JOIN keeps SQLite in order
FROM sightings s WHERE s.workspace_id = :workspace_id AND s.environment = :environment AND s.kind = :kind AND

-- fragment: of_message
-- || '' keeps SQLite from the index that those three columns lead, which holds far more
FROM sightings s
WHERE s.message_id = CAST(:message_id AS TEXT) AND s.workspace_id || '' = CAST(:workspace_id AS TEXT)
  AND s.environment || '' = CAST(:environment AS TEXT) AND s.kind || '' = CAST(:kind AS TEXT) AND

-- fragment: of_recipient
-- a sighting of the whole message (position -1) is one of each of its recipients
FROM (SELECT DISTINCT message_id FROM addressed
      WHERE workspace_id = :workspace_id AND email_key = CAST(:recipient AS TEXT)
        AND destination IN ('', CAST(:destination AS TEXT))) AS r
CROSS JOIN sightings s
WHERE s.message_id = r.message_id AND s.workspace_id || '' = CAST(:workspace_id AS TEXT)
  AND s.environment || '' = CAST(:environment AS TEXT) AND s.kind || '' = CAST(:kind AS TEXT) AND EXISTS (
    SELECT 1 FROM deliveries d
    WHERE d.message_id = s.message_id AND d.email_key = :recipient AND s.position IN (d.position, -1)) AND

-- fragment: chosen
SELECT s.event_id, s.message_id, s.position, s.stream

-- fragment: shown
SELECT s.event_id, s.message_id, s.position, m.tag, s.stream,
       (SELECT d.email FROM deliveries d
        WHERE d.message_id = s.message_id AND s.position IN (d.position, -1) ORDER BY d.position LIMIT 1),
       e.at, e.detail
FROM (

-- fragment: shown_of
) AS s
JOIN messages m ON m.id = s.message_id
JOIN events e ON e.message_id = s.message_id AND e.id = s.event_id

-- name: sightings_page
@shown
@chosen
@of_all
@sightings_match
ORDER BY s.event_id DESC LIMIT :count OFFSET :skip
@shown_of
ORDER BY s.event_id DESC

-- name: sightings_page_back
@shown
@chosen
@of_all
@sightings_match
ORDER BY s.event_id LIMIT :count OFFSET :skip
@shown_of
ORDER BY s.event_id

-- name: sightings_count
SELECT count(*) FROM (
    SELECT 1
@of_all
@sightings_match
    LIMIT :most) AS counted

-- name: sightings_page_of_message
@shown
@chosen
@of_message
@sightings_match
ORDER BY s.event_id DESC LIMIT :count OFFSET :skip
@shown_of
ORDER BY s.event_id DESC

-- name: sightings_page_back_of_message
@shown
@chosen
@of_message
@sightings_match
ORDER BY s.event_id LIMIT :count OFFSET :skip
@shown_of
ORDER BY s.event_id

-- name: sightings_count_of_message
SELECT count(*) FROM (
    SELECT 1
@of_message
@sightings_match
    LIMIT :most) AS counted

-- name: sightings_page_of_recipient
@shown
@chosen
@of_recipient
@sightings_match
ORDER BY s.event_id DESC LIMIT :count OFFSET :skip
@shown_of
ORDER BY s.event_id DESC

-- name: sightings_page_back_of_recipient
@shown
@chosen
@of_recipient
@sightings_match
ORDER BY s.event_id LIMIT :count OFFSET :skip
@shown_of
ORDER BY s.event_id

-- name: sightings_count_of_recipient
SELECT count(*) FROM (
    SELECT 1
@of_recipient
@sightings_match
    LIMIT :most) AS counted

-- name: sightings_unique
SELECT message_id, kind, count(*) FROM sightings
WHERE workspace_id = :workspace_id AND message_id IN (SELECT value FROM json_array_elements_text(:ids))
GROUP BY message_id, kind

-- name: sightings_total
SELECT message_id, kind, count(*) FROM events
WHERE workspace_id = :workspace_id AND message_id IN (SELECT value FROM json_array_elements_text(:ids))
  AND kind IN ('opened', 'clicked')
GROUP BY message_id, kind
