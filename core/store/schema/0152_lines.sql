-- SQLite went through all lines of a workspace rather than through those of its sender
DROP INDEX message_lines_by_sender;
CREATE INDEX message_lines_by_sender ON message_lines (sender, message_id);
