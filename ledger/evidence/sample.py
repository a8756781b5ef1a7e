"""A sample of a log that nobody chose: positions drawn by a published rule from a seed fixed before anybody could know it.

The rule (ours): the draw is over the positions first to last. Draw number k (from 0) is SHA-256 of the 32-byte seed followed
by k as eight big-endian bytes. Its first eight bytes, as a big-endian integer v, are taken where v is below the largest
multiple of the range that fits into 64 bits (so that no position is likelier than another); the position is first + v mod the
range. A position already drawn, or a v beyond that multiple, is passed over. The draw ends when enough positions
are found, or all.
"""

from __future__ import annotations

import hashlib
from itertools import count

from ledger import errors

SEED_BYTES = 32
DRAW_BYTES = 8
SAMPLE_MAX = 100_000


def draw_positions(seed: bytes, how_many: int, first: int, last: int) -> list[int]:
    """`how_many` distinct positions in [first, last], in the order drawn; all of them where the range holds no more.

    Raises BadQuestion for a seed that is not 32 bytes, or for too large a sample.
    """
    if len(seed) != SEED_BYTES:
        raise errors.BadQuestion(
            f"a seed has {SEED_BYTES} bytes, not {len(seed)}", field="seed", remedy="give a checkpoint's root"
        )
    if how_many > SAMPLE_MAX:
        raise errors.BadQuestion(f"more than {SAMPLE_MAX}", field="n", remedy="entente verify checks every entry")
    span = last - first + 1
    if span <= 0:
        return []
    beyond = 2 ** (8 * DRAW_BYTES) // span * span
    drawn: dict[int, None] = {}
    for number in count():
        if len(drawn) >= min(how_many, span):
            break
        value = int.from_bytes(hashlib.sha256(seed + number.to_bytes(DRAW_BYTES, "big")).digest()[:DRAW_BYTES], "big")
        if value < beyond:
            drawn[first + value % span] = None
    return list(drawn)
