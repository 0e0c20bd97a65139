"""Where everything is kept: one text of SQL on two engines."""
