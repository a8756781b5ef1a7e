"""The shared history: what may be said, who may say it, how it is kept and proven."""
