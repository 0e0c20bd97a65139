-- That a message was accepted is told by its own row: see core.events.
DELETE FROM events WHERE kind = 'accepted';
