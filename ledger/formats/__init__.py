"""Pure bytes: what a log is made of, and how each part is written, read, signed and proven.

Nothing here reads a file (private keys excepted), a clock, a network or a database. The specification is docs/format.md;
each module cites the published one it follows.
"""
