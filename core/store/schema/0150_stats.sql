-- What happened, counted: how often a figure rose on a day of mail of a workspace, stream and tag. name: of what sort it
-- was, where a figure tells sorts apart. Nothing of it goes with the messages it was counted of.

-- as it was counted, in the commit of what was counted: appended, and taken into the sums below a portion at a time
CREATE TABLE figures_fresh (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    environment TEXT NOT NULL,
    stream TEXT NOT NULL,
    tag TEXT NOT NULL,
    figure TEXT NOT NULL,
    day TEXT NOT NULL,
    name TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
) /* clustered */;

-- sums. scope: of all mail of a workspace, of a 'stream', of a 'tag' or of 'both'; what it is not of is empty. However
-- many tags there are, a question reads the days it asks for and nothing else
CREATE TABLE figures (
    workspace_id TEXT NOT NULL,
    environment TEXT NOT NULL,
    scope TEXT NOT NULL,
    stream TEXT NOT NULL,
    tag TEXT NOT NULL,
    figure TEXT NOT NULL,
    day TEXT NOT NULL,
    name TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, environment, scope, stream, tag, figure, day, name)
) /* clustered */;
