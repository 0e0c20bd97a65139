"""The process: puts core and dialects together, listens, and stops in order."""
