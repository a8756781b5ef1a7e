"""What travels with a tile of entries: the checkpoints signed on the way, and the sections kept beside entries.

tlog-tiles serves neither. Here they are JSON Lines, one for each position that has any, in order, so that a reader keeps one
at a time: `{"position", "checkpoint"?: <note>, "sections"?: {name: {"ciphertext": base64, "wraps": {recipient: base64}}}}`; the
checkpoint is that of size = position as the log signed it. Nothing here is trusted: sections are held against what the signed
entry commits to, checkpoints against the log's key and the tree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from ledger import errors
from ledger.formats.armour import decode64, encode64
from ledger.formats.sealing import SealedSection
from ledger.formats.tiles import ENTRIES, Tile

LINE_BYTES_MAX = 6_291_456
"""The ciphertexts of one event and 16 wraps of each, in base64, and a checkpoint."""

NATIONAL = {"gb": ("GB",), "fr": ("FR",)}


def path(tile: Tile) -> str:
    """Where the companions of a tile of entries are served: `companions/001.p/44` beside `tile/entries/001.p/44`."""
    assert tile.level == ENTRIES, "companions go with entries"
    return tile.path.replace("tile/entries/", "companions/", 1)


def recipients(name: str, releasable_to: Sequence[str]) -> Sequence[str]:
    """The nations that hold a section: one for a national section, else all to which its event is releasable."""
    return NATIONAL.get(name, releasable_to)


class Companions(msgspec.Struct, frozen=True):
    """What stands beside one position: the checkpoint of that size (empty where there is none), the sections by name."""

    position: int
    checkpoint: bytes = b""
    sections: Mapping[str, SealedSection] = {}


class _Section(msgspec.Struct, forbid_unknown_fields=True):
    ciphertext: str
    wraps: dict[str, str]


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    position: int
    checkpoint: str = ""
    sections: dict[str, _Section] = {}


_read = msgspec.json.Decoder(_Line).decode


def format_line(companions: Companions) -> bytes:
    """One line with its newline."""
    value: dict[str, object] = {"position": companions.position}
    if companions.checkpoint:
        value["checkpoint"] = companions.checkpoint.decode()
    if companions.sections:
        value["sections"] = {
            name: {
                "ciphertext": encode64(section.ciphertext),
                "wraps": {recipient: encode64(wrap) for recipient, wrap in section.wraps.items()},
            }
            for name, section in companions.sections.items()
        }
    return msgspec.json.encode(value) + b"\n"


def parse_line(line: bytes) -> Companions:
    """Read one line. Raises Malformed naming the field, or TooLarge."""
    if len(line) > LINE_BYTES_MAX:
        raise errors.TooLarge(f"a line of companions has more than {LINE_BYTES_MAX} bytes")
    try:
        found = _read(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise errors.Malformed(f"a line of companions is not understood: {wrong}") from None
    sections = {
        name: SealedSection(decode64(section.ciphertext), {r: decode64(wrap) for r, wrap in section.wraps.items()})
        for name, section in found.sections.items()
    }
    return Companions(found.position, found.checkpoint.encode("utf-8", "replace"), sections)
