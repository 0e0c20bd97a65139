"""How mail leaves: what every way out promises, one that keeps mail in, one that hands it to a server."""
