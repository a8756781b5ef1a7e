"""What must hold of a stored log whatever happened to its writers; a naive re-reading of every row."""

from __future__ import annotations

from itertools import pairwise

from ledger.events import decode_header
from ledger.formats import merkle, note
from ledger.formats.entry import parse_instant, split_entry
from ledger.store.application import Ledger
from ledger.store.audit import StoredRows
from tests.scribe import LOG_KEY, ORIGIN


def assert_sound(ledger: Ledger) -> int:
    """No gap, no column that lies, no checkpoint that is not the tree's, no tile that is wrong; returns the size."""
    rows = StoredRows(ledger.engine).rows(0, 10**9)
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    versions: dict[str, int] = {}
    last = 0
    for row in rows:
        recorded_at, stream, version, payload = split_entry(row.entry)
        header = decode_header(payload)
        assert (row.event_id, row.stream, row.version, row.type) == (header.id, stream, version, header.type)
        assert stream == header.stream
        assert version == versions.get(stream, 0) + 1
        versions[stream] = version
        assert parse_instant(recorded_at) >= last
        last = parse_instant(recorded_at)
    hashes = [merkle.hash_leaf(row.entry) for row in rows]
    _assert_tree(ledger, hashes)
    return len(rows)


def _assert_tree(ledger: Ledger, hashes: list[bytes]) -> None:
    verifier = note.NoteVerifier(note.VerifierKey(ORIGIN, note.ED25519_NOTE, LOG_KEY.public))
    frontier = merkle.Frontier()
    checkpoints = StoredRows(ledger.engine).checkpoint_rows(0, None)
    for size, signed in checkpoints:
        frontier.extend(hashes[frontier.size : size])
        checkpoint = note.parse_checkpoint(note.open_note(signed, [verifier]).text)
        assert checkpoint == note.Checkpoint(ORIGIN, size, frontier.root())
    assert [size for size, _ in checkpoints][-1:] == [len(hashes)][: len(hashes)]
    levels = [hashes]
    while len(levels[-1]) >= 256:
        level = levels[-1]
        levels.append([merkle.root(level[at : at + 256]) for at in range(0, len(level) - 255, 256)])
    tiles = [(level, at, bytes(hashes), bytes(root)) for level, at, hashes, root in StoredRows(ledger.engine).tile_rows()]
    assert tiles == [
        (number, at, b"".join(level[at * 256 : at * 256 + 256]), above[at])
        for number, (level, above) in enumerate(pairwise(levels))
        for at in range(len(above))
    ]
