"""Opens and clicks: a pixel and rewritten links in what leaves, and what comes back from them."""
