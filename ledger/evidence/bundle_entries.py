"""The entries of a bundle, one by one in order of position: each proven in the log, signed, and allowed by the keys shown.

Key ring and registry are read from the entries themselves, as whoever holds the whole log would; a bundle carries every entry
that changes them. What each entry says is kept in a line (`Seen`) for the claims about all of them. docs/format.md, 12.9.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, cast

import msgspec
from msgspec import Meta

from ledger import errors, events
from ledger.errors import BadBundle
from ledger.events.base import Header, Nation, Regime, SectionCommitment
from ledger.events.key_steps import require_key_step
from ledger.events.key_types import LedgerOpened
from ledger.events.keys import KeyRing, named_publics
from ledger.events.registry import Registry
from ledger.events.registry_types import IndexCommitted
from ledger.events.signers import require_signers
from ledger.events.stating import IDENTIFIER, SALT, UUID7
from ledger.evidence.bundle_names import (
    CHECKPOINT,
    SEALED_FILE,
    entry_name,
    position_of,
    proof_name,
    section_index_of,
    section_names,
)
from ledger.evidence.bundle_zip import Archive
from ledger.evidence.sealed import INNER, SEALED, decode_inner, require_sound
from ledger.formats import envelope, merkle, proof, sealing, strict
from ledger.formats.entry import Entry, parse_entry, parse_instant
from ledger.formats.note import Checkpoint

REGISTRY_TYPES = ("authority.registered", "place.registered", "rules.adopted", "ruleset.adopted", "policy.adopted")
REGISTRY_FAMILIES = ("ledger.", "key.")
AUTHOR = "author"


class Stated(msgspec.Struct, frozen=True, gc=False):
    """The fields of a payload that a verifier reads (docs/format.md, sections 1 and 5); others are passed over."""

    id: str
    origin: str
    type: str
    schema: Annotated[int, Meta(ge=1)]
    stream: str
    occurred_at: str
    authority: str
    key_id: Annotated[str, Meta(pattern=envelope.KEY_ID_PATTERN)]
    salt: str
    regime: Regime
    releasable_to: Annotated[tuple[Nation, ...], Meta(min_length=1, max_length=2)]
    data: msgspec.Raw
    sections: Annotated[tuple[SectionCommitment, ...], Meta(max_length=16)] = ()


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
    nation: str = ""
    is_opened: bool = False
    inner_id: str = ""


_decode = msgspec.json.Decoder(Stated).decode


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
        self._recorded_at = 0

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

    # -- one full entry ----------------------------------------------------------------------------------------------------

    def _check_full(self, position: int, body: bytes) -> None:
        name = entry_name(position)
        try:
            entry = parse_entry(body)
        except errors.BadEntry as wrong:
            raise BadBundle("entry-form", wrong.message, file=name) from None
        stated = _stated(entry, name)
        event = _event(stated, name)
        if position == 1 and stated.type != "ledger.opened":
            raise BadBundle("genesis", "the first entry does not open a log")
        if entry.stream != stated.stream or stated.origin != self.checkpoint.origin:
            raise BadBundle("entry-header", "stream or log is not the one signed for", file=name)
        recorded_at = parse_instant(entry.recorded_at)
        self._require_order(position, entry, recorded_at, name)
        if stated.id in self._ids:
            raise BadBundle("id-repeated", stated.id, file=name)
        signed_by = self._verify(entry, event, name)
        self._require_allowed(position, stated, event, signed_by, name)
        said = (stated.id, stated.type, stated.regime, stated.stream)
        seen = Seen(position, *said, entry.version, recorded_at)
        seen = self._open(seen, stated, event)
        self.seen[position] = self._streams[stated.stream] = seen
        self._ids.add(stated.id)
        self._recorded_at = recorded_at

    def _require_order(self, position: int, entry: Entry, recorded_at: int, name: str) -> None:
        """Time does not go back, and versions of a stream rise, never faster than positions do."""
        last = self._streams.get(entry.stream)
        version, at = (last.version, last.position) if last else (self.registry.carried(entry.stream), 0)
        if recorded_at < self._recorded_at or not version < entry.version <= version + position - at:
            raise BadBundle("entry-order", "recorded before an earlier entry, or not the next of its stream", file=name)

    def _verify(self, entry: Entry, event: events.Event | None, name: str) -> frozenset[str]:
        """The key ids whose signatures on the entry verified: all of them, or it is refused."""
        own = {key_id: public for key_id, code, public in named_publics(event) if code == "01"} if event else {}
        signed_by = [signature.keyid for signature in entry.signatures]
        publics = [own.get(key_id) or self.keys.public(key_id) for key_id in signed_by]
        if None in publics or len(set(signed_by)) != len(signed_by):
            raise BadBundle("key-unknown", "signed by a key that no entry shown registers, or twice by one", file=name)
        for signature, public in zip(entry.signatures, publics, strict=True):
            try:
                envelope.verify_signature(envelope.EVENT_TYPE, entry.payload, signature, public or b"")
            except errors.BadSignature as wrong:
                raise BadBundle("signature", wrong.message, file=name) from None
        self.signed.update(signed_by)
        return frozenset(signed_by)

    def _require_allowed(
        self, position: int, stated: Stated, event: events.Event | None, signed_by: frozenset[str], name: str
    ) -> None:
        """The rules of docs/format.md 9.1, and what the event changes for those behind it."""
        try:
            if event is None:
                self._require_some_key(signed_by)
                return
            row = events.event_type_of(stated.type, stated.schema)
            require_signers(self.keys, event, row, signed_by, self.registry)
            require_key_step(self.keys, event, position, self.registry)
        except errors.EntenteError as wrong:
            raise BadBundle("key-rule", wrong.message, file=name) from None
        self.registry.apply(event, position)
        self.keys.apply(event, position)
        if isinstance(event.data, LedgerOpened):
            self.exercise = event.data.exercise
        if isinstance(event.data, IndexCommitted):
            self.indexes.setdefault(event.data.size, bytes.fromhex(event.data.root))

    def _require_some_key(self, signed_by: frozenset[str]) -> None:
        """Of a type not known here only this can be asked: that some key in force has signed it."""
        if not any(not key.until and not key.suspended for key_id in signed_by if (key := self.keys.keys.get(key_id))):
            raise errors.KeyNotInForce("no key in force has signed it")

    # -- what is opened of it ------------------------------------------------------------------------------------------------

    def _open(self, seen: Seen, stated: Stated, event: events.Event | None) -> Seen:
        """Check every section of the entry that is opened in the bundle; an opened inner event is judged."""
        nation = event.data.nation if seen.type == SEALED and event is not None else ""
        inner_id, is_opened = "", False
        for index in self._opened.get(seen.position, ()):
            plaintext = self.read_section(seen.position, index, stated.sections)
            self.opened += 1
            if nation and event is not None and stated.sections[index].name == INNER:
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

    def _judge(self, plaintext: bytes, outer: events.Event) -> str:
        """The id of the event inside where it is sound, else nothing: it is its nation's affair, and spoils nothing else."""
        try:
            inner, submitted = decode_inner(plaintext)
            require_sound(inner, submitted, outer, self.keys, self.registry)
        except (errors.EntenteError, RecursionError):
            self.inner_unsound += 1
            return ""
        self.inner_sound += 1
        return inner.header.id


def _opened(archive: Archive) -> dict[int, list[int]]:
    """Which sections of which positions are opened, by name."""
    found: dict[int, list[int]] = {}
    for name in archive.members:
        if name.endswith(SEALED_FILE):
            found.setdefault(position_of(name), []).append(section_index_of(name))
    return found


def _stated(entry: Entry, name: str) -> Stated:
    try:
        strict.check(entry.payload)
        stated = _decode(entry.payload)
        for field in (stated.stream, stated.authority):
            if not IDENTIFIER(field):
                raise errors.Malformed("not an identifier")
        if not UUID7(stated.id) or not SALT(stated.salt):
            raise errors.Malformed("id or salt is not of its form")
        parse_instant(stated.occurred_at)
        if not bytes(stated.data).startswith(b"{"):
            raise errors.Malformed("is no object", field="data")
    except (msgspec.DecodeError, errors.Malformed) as wrong:
        raise BadBundle("payload-form", str(wrong), file=name) from None
    return stated


def _event(stated: Stated, name: str) -> events.Event | None:
    """The event as the key rules read it, None where this version does not know its type.

    Its data is looked at only where the rules do (docs/format.md, section 9.1); what an author states is the author's affair.
    """
    row = events.CATALOGUE.get((stated.type, stated.schema))
    if row is None:
        return None
    header = cast(Header, stated)  # the rules read these fields of a header, and no others
    if row.signers == AUTHOR:
        return events.Event(header, None)
    try:
        data = events.decode_data(header)
        data.check()
    except errors.Malformed as wrong:
        raise BadBundle("payload-form", str(wrong), file=name) from None
    return events.Event(header, data)


def header_of(payload: bytes) -> Stated:
    """The fields a verifier reads, of a payload that was checked before."""
    return _decode(payload)
