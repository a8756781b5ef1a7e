"""Where the log is kept: tables, the recorder that `eventsourcing` reads through, the sequencer, and the only writer.

The signed bytes are stored once, as the entry that is the Merkle leaf. Every other column is an index to them, and
`entente verify` re-checks each against the bytes.
"""
