"""The names of a bundle's files: which there are, in which order, how large each may be. Anything else is no bundle.

docs/format.md, sections 12.1 and 12.2. That a name is one of these is what keeps `../`, links to elsewhere and second files of
one name out: nothing else is asked of a path.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ledger.formats import entry, note, policy, proof, sealing

MANIFEST, RECIPE, VERIFIER = "manifest.json", "RECIPE.txt", "verify.html"
CHECKPOINT, POLICY, KEYS = "checkpoint", "policy.txt", "keys.jsonl"
REQUIRED = (MANIFEST, RECIPE, CHECKPOINT, POLICY, KEYS)

FILES_MAX = 65_000
NAME_BYTES_MAX = 128
BUNDLE_BYTES_MAX = 1 << 30
MANIFEST_BYTES_MAX = 16 << 20
POSITION_MAX = note.SIZE_MAX

_SINGLE = {
    MANIFEST: MANIFEST_BYTES_MAX,
    RECIPE: 65_536,
    VERIFIER: 8 << 20,
    CHECKPOINT: note.NOTE_BYTES_MAX,
    POLICY: policy.POLICY_BYTES_MAX,
    KEYS: 16 << 20,
}
_ENTRY = re.compile(r"entries/([1-9][0-9]{0,15})(\.tlog-proof)?").fullmatch
_SECTION = re.compile(r"sections/([1-9][0-9]{0,15})-(0|[1-9]|1[0-5])\.(sealed|key)").fullmatch
_REPORT = re.compile(
    r"reports/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(figures\.json|unsigned\.pdf|signed\.pdf)"
).fullmatch
_BESIDE = re.compile(r"(index|timestamps)/[a-z0-9-][a-z0-9.-]{0,63}").fullmatch
_RESPONSE = re.compile(r"timestamps/([a-z0-9-]{1,24})\.([1-9][0-9]{0,3})\.tsr").fullmatch

REPORT_KINDS = ("figures.json", "unsigned.pdf", "signed.pdf")
REPORT_BYTES_MAX = 64 << 20
SEALED_FILE = ".sealed"
INDEX, TIMESTAMPS = "index/", "timestamps/"
BESIDE_BYTES_MAX = 1 << 20

Order = tuple[int, ...]


class Place(NamedTuple):
    """Where a file stands among the others, and how many bytes it may have, at least and at most."""

    order: Order
    bytes_min: int
    bytes_max: int


def place_of(name: str) -> Place | None:
    """The place of a name; None where no file of a bundle is called that."""
    if name in _SINGLE:
        return Place((list(_SINGLE).index(name),), 0, _SINGLE[name])
    if found := _ENTRY(name):
        limit = proof.PROOF_BYTES_MAX if found[2] else entry.ENTRY_BYTES_MAX
        return _numbered(6, int(found[1]), 1 if found[2] else 0, 0, limit)
    if found := _SECTION(name):
        is_key = found[3] == "key"
        size = sealing.SECTION_KEY_BYTES if is_key else 0
        return _numbered(7, int(found[1]), 2 * int(found[2]) + is_key, size, size or sealing.SECTION_BYTES_MAX)
    if found := _REPORT(name):
        return Place((8, *found[1].encode(), REPORT_KINDS.index(found[2])), 0, REPORT_BYTES_MAX)
    return Place((9 + name.startswith(TIMESTAMPS), *name.encode()), 0, BESIDE_BYTES_MAX) if _BESIDE(name) else None


def _numbered(rank: int, position: int, part: int, bytes_min: int, bytes_max: int) -> Place | None:
    return Place((rank, position, part), bytes_min, bytes_max) if position <= POSITION_MAX else None


def entry_name(position: int) -> str:
    """The file of an entry's exact bytes."""
    return f"entries/{position}"


def proof_name(position: int) -> str:
    """The file of its proof."""
    return f"entries/{position}.tlog-proof"


def section_names(position: int, index: int) -> tuple[str, str]:
    """The files of an opened section's ciphertext and key; `index` from 0 in the payload's `sections`."""
    return f"sections/{position}-{index}{SEALED_FILE}", f"sections/{position}-{index}.key"


def index_name(size: int) -> str:
    """The file of a proof from the index of streams at a size of the log."""
    return f"{INDEX}{size}.json"


def response_name(authority: str, number: int) -> str:
    """The file of a time-stamping authority's response, from 1."""
    return f"{TIMESTAMPS}{authority}.{number}.tsr"


def response_of(name: str) -> tuple[str, int] | None:
    """(authority, number) in the name of a response; None for any other file."""
    found = _RESPONSE(name)
    return (found[1], int(found[2])) if found else None


def report_name(event_id: str, kind: str) -> str:
    """The file of what a report commits to; `kind` is one of REPORT_KINDS."""
    return f"reports/{event_id}.{kind}"


def position_of(name: str) -> int:
    """The position in the name of an entry, a proof or a section; 0 for any other file."""
    found = _ENTRY(name) or _SECTION(name)
    return int(found[1]) if found else 0


def section_index_of(name: str) -> int:
    """The index in the name of a section's file; -1 for any other file."""
    found = _SECTION(name)
    return int(found[2]) if found else -1


def is_proof(name: str) -> bool:
    """Whether the file is an entry's proof."""
    return name.startswith("entries/") and name.endswith(".tlog-proof")
