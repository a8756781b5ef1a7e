"""The two nations' readings of the shared history; nothing here writes to it."""
