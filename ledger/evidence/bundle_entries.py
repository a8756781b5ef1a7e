"""The entries of a bundle, one by one in order of position: each proven in the log, signed, and allowed by the keys shown.

Key ring and registry are read from the entries themselves, as whoever holds the whole log would; a bundle carries every entry
that changes them. What each entry says is kept in a line (`Seen`) for the claims about all of them. docs/format.md, 12.9.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import cast

import msgspec

from ledger import errors
from ledger.errors import BadBundle
from ledger.events.base import Event, SectionCommitment
from ledger.events.key_steps import require_key_step
from ledger.events.key_types import LedgerOpened
from ledger.events.keys import EVENT_KEY, KeyRing, named_publics
from ledger.events.registry import Registry
from ledger.events.registry_types import IndexCommitted
from ledger.evidence.bundle_inner import require_inner
from ledger.evidence.bundle_names import (
    CHECKPOINT,
    SEALED_FILE,
    entry_name,
    position_of,
    proof_name,
    section_index_of,
    section_names,
)
from ledger.evidence.bundle_reading import read_event, require_signed
from ledger.evidence.bundle_zip import Archive
from ledger.evidence.sealed import INNER, SEALED
from ledger.formats import envelope, merkle, proof, sealing
from ledger.formats.entry import Entry, parse_entry, parse_instant
from ledger.formats.note import Checkpoint

REGISTRY_TYPES = ("authority.registered", "place.registered", "rules.adopted", "ruleset.adopted", "policy.adopted")
REGISTRY_FAMILIES = ("ledger.", "key.")


class Seen(msgspec.Struct, frozen=True, gc=False):
    """What is remembered of a full entry. `nation` is that of a sealed one; `inner_id` is the event inside, where it was opened
    and is sound.
    """

    position: int
    id: str
    type: str
    regime: str
    stream: str
    version: int
    recorded_at: int
    key_id: str
    nation: str = ""
    is_opened: bool = False
    inner_id: str = ""


def is_of_registry(type_name: str) -> bool:
    """Whether every bundle carries the entries of this type: those from which keys, authorities, places and rules are read."""
    return type_name in REGISTRY_TYPES or type_name.startswith(REGISTRY_FAMILIES)


class Entries:
    """Everything found on the way through a bundle's entries."""

    def __init__(self, archive: Archive, checkpoint: Checkpoint, withheld: Mapping[int, bytes]) -> None:
        """`withheld` maps positions to leaf hashes. Nothing is read before `check`."""
        self.archive = archive
        self.checkpoint = checkpoint
        self.withheld = withheld
        self.keys, self.registry = KeyRing(), Registry()
        self.seen: dict[int, Seen] = {}
        self.signed: Counter[str] = Counter()
        self.exercise = False
        self.indexes: dict[int, bytes] = {}
        self.opened = self.inner_sound = self.inner_unsound = 0
        self._note = archive.read(CHECKPOINT)
        self._opened = _opened(archive)
        self._streams: dict[str, Seen] = {}
        self._ids: set[str] = set()

    @property
    def signatures(self) -> int:
        """How many signatures on full entries were verified."""
        return self.signed.total()

    def check(self, position: int) -> None:
        """The next position, full or withheld. Raises BadBundle."""
        if not self.seen and (position != 1 or position in self.withheld):
            raise BadBundle("genesis", "a bundle begins with the log's first entry")
        leaf = self.withheld.get(position)
        entry = None if leaf is not None else self.archive.read(entry_name(position))
        self._prove(position, merkle.hash_leaf(entry) if entry is not None else leaf or b"")
        if entry is not None:
            self._check_full(position, entry)

    def _prove(self, position: int, leaf_hash: bytes) -> None:
        name = proof_name(position)
        try:
            path = proof.path_under(self.archive.read(name), position - 1, self._note)
        except errors.BadProof as wrong:
            raise BadBundle("proof-form", wrong.message, file=name) from None
        try:
            merkle.verify_inclusion(leaf_hash, position - 1, self.checkpoint.size, path, self.checkpoint.root)
        except errors.BadProof as wrong:
            raise BadBundle("proof-wrong", wrong.message, file=name) from None

    def has_disputed(self) -> bool:
        """Whether a full entry is of a key reported compromised, at or behind the position from which that key is in doubt."""
        doubted = {key_id: key.suspect_from for key_id, key in self.keys.keys.items() if key.suspect_from}
        return any(seen.position >= doubted.get(seen.key_id, seen.position + 1) for seen in self.seen.values())

    # -- one full entry ----------------------------------------------------------------------------------------------------

    def _check_full(self, position: int, body: bytes) -> None:
        name = entry_name(position)
        try:
            entry = parse_entry(body)
        except errors.BadEntry as wrong:
            raise BadBundle("entry-form", wrong.message, file=name) from None
        try:
            event = read_event(entry.payload)
        except (errors.Malformed, errors.TooLarge) as wrong:
            raise BadBundle("payload-form", wrong.message, file=name) from None
        stated = event.header
        if position == 1 and stated.type != "ledger.opened":
            raise BadBundle("genesis", "the first entry does not open a log")
        if entry.stream != stated.stream or stated.origin != self.checkpoint.origin:
            raise BadBundle("entry-header", "stream or log is not the one signed for", file=name)
        recorded_at = parse_instant(entry.recorded_at)
        self._require_order(position, entry, recorded_at, name)
        if stated.id in self._ids:
            raise BadBundle("id-repeated", stated.id, file=name)
        signed_by = self._verify(entry, event, name)
        self._require_allowed(position, event, signed_by, name)
        said = (stated.id, stated.type, stated.regime, stated.stream)
        seen = Seen(position, *said, entry.version, recorded_at, stated.key_id)
        seen = self._open(seen, event)
        self.seen[position] = self._streams[stated.stream] = seen
        self._ids.add(stated.id)

    def _require_order(self, position: int, entry: Entry, recorded_at: int, name: str) -> None:
        """Time does not go back, and versions of a stream rise, never faster than positions do."""
        last = self._streams.get(entry.stream)
        version, at = (last.version, last.position) if last else (self.registry.carried(entry.stream), 0)
        in_front = next(reversed(self.seen.values()), None)
        is_earlier = in_front is not None and recorded_at < in_front.recorded_at
        if is_earlier or not version < entry.version <= version + position - at:
            raise BadBundle("entry-order", "recorded before an earlier entry, or not the next of its stream", file=name)

    def _verify(self, entry: Entry, event: Event, name: str) -> frozenset[str]:
        """The key ids whose signatures on the entry verified: all of them, or it is refused."""
        known = {key_id: public if code == EVENT_KEY else b"" for key_id, code, public in named_publics(event)}
        signed_by = [signature.keyid for signature in entry.signatures]
        # A key that is known already stands for its id, whatever the event says; one that signs no events verifies nothing.
        known |= {key_id: self.keys.public(key_id) or b"" for key_id in signed_by if key_id in self.keys.keys}
        if not known.keys() >= set(signed_by) or len(set(signed_by)) != len(signed_by):
            raise BadBundle("key-unknown", "signed by a key that no entry shown registers, or twice by one", file=name)
        for signature in entry.signatures:
            try:
                envelope.verify_signature(envelope.EVENT_TYPE, entry.payload, signature, known[signature.keyid])
            except errors.BadSignature as wrong:
                raise BadBundle("signature", wrong.message, file=name) from None
        self.signed.update(signed_by)
        return frozenset(signed_by)

    def _require_allowed(self, position: int, event: Event, signed_by: frozenset[str], name: str) -> None:
        """The rules of docs/format.md 9.1 and 9.2, and what the event changes for those behind it."""
        try:
            require_signed(event, signed_by, self.keys, self.registry)
            require_key_step(self.keys, event, position, self.registry)
        except errors.EntenteError as wrong:
            raise BadBundle("key-rule", wrong.message, file=name) from None
        self.registry.apply(event, position)
        self.keys.apply(event, position)
        if isinstance(event.data, LedgerOpened):
            self.exercise = event.data.exercise
        if isinstance(event.data, IndexCommitted) and event.data.size < position:
            self.indexes.setdefault(event.data.size, bytes.fromhex(event.data.root))

    # -- what is opened of it ------------------------------------------------------------------------------------------------

    def _open(self, seen: Seen, event: Event) -> Seen:
        """Check every section of the entry that is opened in the bundle; an opened inner event is judged."""
        nation = event.data.nation if seen.type == SEALED else ""
        committed = event.header.sections
        inner_id, is_opened = "", False
        for index in self._opened.get(seen.position, ()):
            plaintext = self.read_section(seen.position, index, committed)
            self.opened += 1
            if nation and committed[index].name == INNER:
                is_opened, inner_id = True, self._judge(plaintext, event)
        return msgspec.structs.replace(seen, nation=nation, is_opened=is_opened, inner_id=inner_id)

    def read_section(self, position: int, index: int, committed: tuple[SectionCommitment, ...]) -> bytes:
        """The plaintext of an opened section. Raises BadBundle where it is not what the payload committed to."""
        sealed, key = section_names(position, index)
        if index >= len(committed):
            raise BadBundle("section-unknown", "the event has no such section", file=sealed)
        commitment = cast(sealing.Commitment, msgspec.to_builtins(committed[index]))
        ciphertext, section_key = self.archive.read(sealed), self.archive.read(key)
        try:
            sealing.require_committed(commitment, ciphertext)
        except errors.BadSection as wrong:
            raise BadBundle("section-ciphertext", wrong.message, file=sealed) from None
        if sealing.key_digest(section_key) != commitment["key_sha256"]:
            raise BadBundle("section-key", "the key is not the one committed to", file=key)
        try:
            return sealing.open_with_key(commitment, ciphertext, section_key)
        except errors.BadSection as wrong:
            raise BadBundle("section-open", wrong.message, file=sealed) from None

    def _judge(self, plaintext: bytes, outer: Event) -> str:
        """The id of the event inside where it is sound, else nothing: it is its nation's affair, and spoils nothing else."""
        try:
            inner_id = require_inner(plaintext, outer, self.keys, self.registry)
        except (errors.EntenteError, RecursionError):
            self.inner_unsound += 1
            return ""
        self.inner_sound += 1
        return inner_id


def _opened(archive: Archive) -> dict[int, list[int]]:
    """Which sections of which positions are opened, by name."""
    found: dict[int, list[int]] = {}
    for name in archive.members:
        if name.endswith(SEALED_FILE):
            found.setdefault(position_of(name), []).append(section_index_of(name))
    return found
