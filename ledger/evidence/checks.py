"""What can be checked of a chunk of stored entries without knowing what came before: run in worker processes.

Bytes, strict form, every signature, every column against the signed bytes, sections against their commitments, checkpoint notes
against the log's key. Returns the leaf hashes, for the tree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from ledger import errors, events
from ledger.events.base import Header
from ledger.events.stating import require_header
from ledger.formats import entry as entries
from ledger.formats import envelope, merkle, note, sealing
from ledger.formats.companions import recipients
from ledger.formats.proven import Proven

Row = tuple[int, str, str, int, str, bytes]
Problem = tuple[int, str]


class Job(msgspec.Struct):
    """One chunk: rows of entries, the public keys its signatures name, and what is kept beside these positions.

    `log_keys` are those of each policy, with the size from which it governs. `holder` is the nation whose copy this is, which
    holds no sections of the other alone; empty where everything is held.
    """

    rows: Sequence[Row]
    publics: Mapping[str, bytes]
    notes: Sequence[tuple[int, bytes]]
    log_keys: Sequence[tuple[int, Sequence[str]]]
    sections: Sequence[tuple[int, str, bytes]]
    wraps: Sequence[tuple[int, str, str, bytes]]
    openers: Mapping[str, bytes]
    has_sections: bool = True
    holder: str = ""


class Outcome(msgspec.Struct):
    """Leaf hashes in order, (size, root) of sound checkpoints, what was counted, what is wrong.

    `alarms` are entries of types that this version does not know: all else about them was checked.
    """

    leaves: list[bytes]
    roots: list[tuple[int, bytes]]
    counts: dict[str, int]
    problems: list[Problem]
    alarms: list[Problem]


def check_chunk(job: Job) -> Outcome:
    """Check one chunk. Raises nothing for hostile data: every fault is a problem with its position."""
    outcome = Outcome([], [], {"signatures": 0, "columns": 0, "sections": 0, "wraps": 0}, [], [])
    proven = Proven()
    committed: dict[int, Header] = {}
    for row in job.rows:
        outcome.leaves.append(merkle.hash_leaf(row[5]))
        try:
            header = _check_entry(row, job.publics, proven, outcome)
        except errors.EntenteError as wrong:
            outcome.problems.append((row[0], f"{wrong.code}: {wrong}"))
            continue
        if header.sections:
            committed[row[0]] = header
    if job.has_sections:
        _check_sections(job, committed, outcome)
    _check_notes(job, outcome)
    return outcome


def _check_entry(row: Row, publics: Mapping[str, bytes], proven: Proven, outcome: Outcome) -> Header:
    position, event_id, stream, version, type_name, body = row
    entry = entries.parse_entry(body)
    header, data = events.decode_strictly(entry.payload)
    require_header(header)
    if entry.stream != header.stream:
        raise errors.BadEntry(f"the entry says stream {entry.stream}, its signed payload {header.stream}")
    for column, kept, signed in (
        ("event_id", event_id, header.id),
        ("stream", stream, header.stream),
        ("version", version, entry.version),
        ("type", type_name, header.type),
    ):
        if kept != signed:
            outcome.problems.append((position, f"column {column} says {kept!r}, the entry {signed!r}"))
    outcome.counts["columns"] += 1
    if len({signature.keyid for signature in entry.signatures}) != len(entry.signatures):
        raise errors.BadEntry("a key has signed it twice")
    for signature in entry.signatures:
        public = publics.get(signature.keyid)
        if public is None:
            raise errors.KeyNotInForce(f"the key {signature.keyid[:16]}… is not registered here")
        envelope.verify_signature(envelope.EVENT_TYPE, entry.payload, signature, public, proven)
    outcome.counts["signatures"] += 1
    if data is not None:
        data.check()
    else:
        outcome.alarms.append((position, f"there is no event type {header.type} with schema {header.schema} here"))
    return header


def row_of(position: int, entry: bytes) -> Row:
    """An entry with the columns a store would have: they are what the entry says, empty where it cannot be read."""
    try:
        _, stream, version, payload = entries.split_entry(entry)
        header = events.decode_header(payload)
        return position, header.id, stream, version, header.type, entry
    except errors.EntenteError:
        return position, "", "", 0, "", entry  # the checks say what is wrong with it


def _check_sections(job: Job, committed: Mapping[int, Header], outcome: Outcome) -> None:
    kept = {(position, name): ciphertext for position, name, ciphertext in job.sections}
    wraps: dict[tuple[int, str], dict[str, bytes]] = {}
    for position, name, recipient, wrap in job.wraps:
        wraps.setdefault((position, name), {})[recipient] = bytes(wrap)
    openers = {nation: sealing.SealingKey(seed) for nation, seed in job.openers.items()}
    for position, header in committed.items():
        for commitment in header.sections:
            if job.holder and job.holder not in recipients(commitment.name, header.releasable_to):
                continue  # were it here, it would be left over below
            key = (position, commitment.name)
            section = sealing.SealedSection(bytes(kept.pop(key, b"")), wraps.pop(key, {}))
            _check_section(
                position, header, cast(sealing.Commitment, msgspec.to_builtins(commitment)), section, openers, outcome
            )
    for position, name in kept:
        outcome.problems.append((position, f"section {name} is not one that the entry commits to"))
    for position, name in wraps:
        outcome.problems.append((position, f"wraps of a section {name} that the entry does not commit to"))


def _check_section(
    position: int,
    header: Header,
    commitment: sealing.Commitment,
    section: sealing.SealedSection,
    openers: Mapping[str, sealing.SealingKey],
    outcome: Outcome,
) -> None:
    name = commitment["name"]
    if not section.ciphertext:
        outcome.problems.append((position, f"section {name} is missing, and no erasure is on record"))
        return
    try:
        sealing.require_committed(commitment, section.ciphertext)
        outcome.counts["sections"] += 1
        for nation in recipients(name, header.releasable_to):
            if nation not in section.wraps:
                outcome.problems.append((position, f"section {name} has no wrap for {nation}"))
            elif nation in openers:
                sealing.open_section(commitment, section, header.origin, header.id, nation, openers[nation])
                outcome.counts["wraps"] += 1
        for recipient in section.wraps.keys() - set(header.releasable_to):
            outcome.problems.append((position, f"section {name} is wrapped to {recipient}, to whom it is not releasable"))
    except errors.EntenteError as wrong:
        outcome.problems.append((position, f"section {name}: {wrong}"))


def _check_notes(job: Job, outcome: Outcome) -> None:
    periods = [(first, [note.parse_verifier_key(key) for key in keys]) for first, keys in job.log_keys]
    verifiers = [note.NoteVerifier(key) for key in dict.fromkeys(key for _, keys in periods for key in keys)]
    for size, signed in job.notes:
        try:
            text, lines = note.split_note(bytes(signed))
            opened = note.open_note(bytes(signed), verifiers)
            checkpoint = note.parse_checkpoint(opened.text)
            if checkpoint.size != size:
                raise errors.BadNote(f"it is for size {checkpoint.size}")
            if note.format_note(text, lines) != bytes(signed) or (job.has_sections and len(opened.signed) != len(lines)):
                raise errors.BadNote("it is not the note as the log signed it")
            governing = next(keys for first, keys in reversed(periods) if first <= size)
            if not opened.signed.keys() & set(governing):
                raise errors.BadNote("no key has signed it that was the log's at that size")
            outcome.roots.append((size, checkpoint.root))
        except errors.EntenteError as wrong:
            outcome.problems.append((size, f"checkpoint of size {size}: {wrong}"))
