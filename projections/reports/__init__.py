"""The daily reports: what they are bound to, what they say in each edition, and what has moved since they were issued."""
