"""Writing an evidence bundle: from the picked entries of a log to the one spelling of the file.

Twice through the log: once for the digests that the manifest lists, once for the contents. The log only grows, so both are the
same; what cannot be read back as written is never handed over (the caller verifies it before it gets its name).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import msgspec

from ledger import errors, events
from ledger.events.keys import KeyRing
from ledger.evidence.bundle_claims import keys_file
from ledger.evidence.bundle_manifest import (
    FORMAT,
    Answer,
    File,
    Head,
    Manifest,
    Positions,
    Question,
    Versions,
    Withheld,
    format_manifest,
)
from ledger.evidence.bundle_names import (
    BUNDLE_BYTES_MAX,
    CHECKPOINT,
    FILES_MAX,
    KEYS,
    MANIFEST,
    MANIFEST_BYTES_MAX,
    POLICY,
    RECIPE,
    VERIFIER,
    Order,
    entry_name,
    place_of,
    proof_name,
    section_names,
)
from ledger.evidence.bundle_zip import RECORD_BYTES_MAX, write
from ledger.formats import merkle, note
from ledger.formats.armour import encode64
from ledger.formats.entry import split_entry
from ledger.formats.proof import format_proof

CONTENT_BYTES_MAX = BUNDLE_BYTES_MAX - MANIFEST_BYTES_MAX - FILES_MAX * 2 * RECORD_BYTES_MAX
"""What the contents may come to, so that manifest and headers fit in beside them."""
BLOCK_ENTRIES = 512
BLOCKS_KEPT = 8
RECIPE_FILE = Path(__file__).with_name("bundle_recipe.txt")


class Log(Protocol):
    """What writing reads of a log."""

    def entry(self, position: int) -> bytes:
        """The exact bytes at a position."""

    def prove(self, position: int, size: int | None = None) -> list[bytes]:
        """The inclusion proof of an entry in the tree of `size`."""


class ReadAhead:
    """A log whose entries are read block by block: a bundle reads neighbours, several times over."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self._block = lru_cache(maxsize=BLOCKS_KEPT)(self._read_block)

    def _read_block(self, number: int) -> dict[int, bytes]:
        return dict(self._log.entries(number * BLOCK_ENTRIES, BLOCK_ENTRIES))

    def entry(self, position: int) -> bytes:
        """The exact bytes at a position. Raises NotFound."""
        found = self._block((position - 1) // BLOCK_ENTRIES).get(position)
        return found if found is not None else bytes(self._log.entry(position))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


@dataclass(frozen=True)
class Opened:
    """A section to be opened: which, its ciphertext, its own key K."""

    position: int
    index: int
    ciphertext: bytes
    key: bytes


@dataclass(frozen=True)
class Draft:
    """Everything a bundle is made of. `positions` are in order; `withheld` gives grounds, `versions` of a stream asked for."""

    question: Question
    complete: Positions | Versions
    positions: Sequence[int]
    checkpoint: bytes
    policy: bytes
    withheld: Mapping[int, str] = field(default_factory=dict)
    versions: Mapping[int, int] = field(default_factory=dict)
    opened: Sequence[Opened] = ()
    answer: Answer | None = None
    basis: str | None = None
    beside: Mapping[str, bytes] = field(default_factory=dict)
    """Further files by their names: documents of a report, the proof of a stream's last version, the verifier."""


def write_bundle(out: BinaryIO, log: Log, draft: Draft) -> Manifest:
    """Write the bundle; returns its manifest. Raises TooLarge, or what reading the log raises."""
    listed = tuple(File(len(body), name, hashlib.sha256(body).hexdigest()) for name, body in _files(log, draft))
    if len(listed) >= FILES_MAX or sum(file.bytes for file in listed) > CONTENT_BYTES_MAX:
        raise errors.TooLarge(
            f"{len(listed)} files of {sum(file.bytes for file in listed)} bytes are more than a bundle holds",
            remedy="ask for less, or open less",
        )
    checkpoint = note.parse_checkpoint(note.split_note(draft.checkpoint)[0])
    manifest = Manifest(
        complete=draft.complete,
        files=listed,
        format=FORMAT,
        log=Head(checkpoint.origin, encode64(checkpoint.root), checkpoint.size),
        question=draft.question,
        withheld=tuple(_withheld(log, draft)),
        answer=msgspec.to_builtins(draft.answer) if draft.answer is not None else None,
        basis=draft.basis,
    )
    write(out, _all(format_manifest(manifest), log, draft))
    return manifest


def _all(manifest: bytes, log: Log, draft: Draft) -> Iterator[tuple[str, bytes]]:
    yield MANIFEST, manifest
    yield from _files(log, draft)


def _files(log: Log, draft: Draft) -> Iterator[tuple[str, bytes]]:
    """Every file but the manifest, in their order."""
    yield RECIPE, RECIPE_FILE.read_bytes()
    if VERIFIER in draft.beside:
        yield VERIFIER, draft.beside[VERIFIER]
    yield CHECKPOINT, draft.checkpoint
    yield POLICY, draft.policy
    yield KEYS, keys_file(_ring(log, draft))
    size = note.parse_checkpoint(note.split_note(draft.checkpoint)[0]).size
    for position in draft.positions:
        if position not in draft.withheld:
            yield entry_name(position), log.entry(position)
        yield proof_name(position), format_proof(position - 1, log.prove(position, size), draft.checkpoint)
    for opened in sorted(draft.opened, key=lambda section: (section.position, section.index)):
        sealed, key = section_names(opened.position, opened.index)
        yield sealed, opened.ciphertext
        yield key, opened.key
    for name in sorted(draft.beside.keys() - {VERIFIER}, key=_order):
        yield name, draft.beside[name]


def _order(name: str) -> Order:
    place = place_of(name)
    assert place is not None, f"no file of a bundle is called {name}"
    return place.order


def _withheld(log: Log, draft: Draft) -> Iterator[Withheld]:
    for position, ground in sorted(draft.withheld.items()):
        leaf_hash = merkle.hash_leaf(log.entry(position)).hex()
        yield Withheld(ground, leaf_hash, position, draft.versions.get(position))


def _ring(log: Log, draft: Draft) -> KeyRing:
    """The keys that the bundle's full entries register."""
    ring = KeyRing()
    for position in draft.positions:
        if position not in draft.withheld:
            event = _event(log.entry(position))
            if event is not None:
                ring.apply(event, position)
    return ring


def _event(entry: bytes) -> Any:
    try:
        return events.decode(split_entry(entry)[3])
    except errors.EntenteError:
        return None  # of a type this version does not know: it registers nothing
