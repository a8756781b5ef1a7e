"""What is wrong with a chunk of stored entries is found without the rest of the log, and told with its position."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest

from ledger.evidence.checks import Job, Outcome, Row, check_chunk, row_of
from ledger.formats import envelope, keys, merkle, note, sealing, strict
from ledger.formats.entry import ENTRY_BYTES_MAX, format_entry, split_entry
from ledger.formats.note import Checkpoint
from tests.bundles import ORIGIN, key, sealing_key
from tests.test_bundle_forgeries import ENTRIES, FOUND

AT = "2015-08-26T02:00:01.000000Z"
BARE = {name: value for name, value in json.loads(split_entry(ENTRIES[FOUND - 1])[3]).items() if name != "sections"}
BOTH, GB = ({nation: sealing_key(nation).public for nation in nations} for nations in (("GB", "FR"), ("GB",)))
TEXT, TEXT_SEALED = sealing.seal("text", strict.format({"note": "in the second lorry"}), ORIGIN, BARE["id"], BOTH)
OWN, OWN_SEALED = sealing.seal("gb", strict.format({"note": "for London"}), ORIGIN, BARE["id"], GB)
COMMITTED = {"sections": [dict(OWN), dict(TEXT)]}


def entry(fields: dict[str, Any], *signers: str, stream: str = "IC-1", version: int = 1) -> bytes:
    """Border Force's detection with other fields, signed by these."""
    payload = strict.format(BARE | fields)
    return format_entry(AT, stream, version, [envelope.sign(payload, key(name)) for name in signers or ("BF",)], payload)


FIRST = entry(COMMITTED)
SECOND = entry({"id": "01900000-0000-7000-8000-000000000099"}, version=2)
LOG = str(note.VerifierKey(ORIGIN, note.ED25519_NOTE, key("log").public))
LATER = str(note.VerifierKey(ORIGIN, note.ED25519_NOTE, key("later log").public))


def checkpoint(*signers: str, size: int = 8, origin: str = ORIGIN) -> bytes:
    signed = Checkpoint(origin, size, merkle.root([merkle.hash_leaf(FIRST)]))
    return note.sign_checkpoint(signed, *(key(name) for name in signers or ("log",)))


SECTIONS = [(7, "text", TEXT_SEALED.ciphertext), (7, "gb", OWN_SEALED.ciphertext)]
WRAPS = [(7, "text", nation, wrap) for nation, wrap in TEXT_SEALED.wraps.items()]
WRAPS += [(7, "gb", nation, wrap) for nation, wrap in OWN_SEALED.wraps.items()]
JOB = Job(
    rows=[row_of(7, FIRST), row_of(8, SECOND)],
    publics={key(name).key_id: key(name).public for name in ("BF", "GB")},
    notes=[(8, checkpoint())],
    log_keys=[(1, [LOG])],
    sections=SECTIONS,
    wraps=WRAPS,
    openers={"GB": sealing_key("GB").seed},
)


def outcome(**changes: Any) -> Outcome:
    return check_chunk(msgspec.structs.replace(JOB, **changes))


def test_a_sound_chunk_is_sound_and_counted() -> None:
    assert outcome() == Outcome(
        leaves=[merkle.hash_leaf(FIRST), merkle.hash_leaf(SECOND)],
        roots=[(8, merkle.root([merkle.hash_leaf(FIRST)]))],
        counts={"signatures": 2, "columns": 2, "sections": 2, "wraps": 2},
        problems=[],
        alarms=[],
    )


def test_a_type_that_this_version_does_not_know_is_an_alarm_and_no_problem() -> None:
    found = outcome(rows=[row_of(7, entry({"type": "weather.seen"}))], has_sections=False)
    assert (found.problems, found.alarms) == ([], [(7, "there is no event type weather.seen with schema 1 here")])


def test_a_nations_copy_holds_no_sections_of_the_other_alone() -> None:
    own = [row for row in SECTIONS if row[1] == "text"]
    wraps = [row for row in WRAPS if row[1] == "text"]
    opener = {"FR": sealing_key("FR").seed}
    found = outcome(holder="FR", sections=own, wraps=wraps, openers=opener)
    assert (found.problems, found.counts["sections"], found.counts["wraps"]) == ([], 1, 1)
    assert outcome(holder="FR").problems == [
        (7, "section gb is not one that the entry commits to"),
        (7, "wraps of a section gb that the entry does not commit to"),
    ]
    assert outcome(holder="GB").problems == []


def test_where_no_sections_are_kept_none_are_missed_and_cosigned_checkpoints_are_sound() -> None:
    signed = note.add_lines(checkpoint(), [note.sign_line("elsewhere.example", key("GB"), b"x\n")])
    assert outcome(has_sections=False, sections=[], wraps=[], notes=[(8, signed)]).problems == []


def row(position: int, event_id: str, stream: str, version: int, type_name: str, body: bytes = FIRST) -> Row:
    return (position, event_id, stream, version, type_name, body)


def signed_by(*signers: str) -> list[Row]:
    return [row_of(7, entry(COMMITTED, *signers))]


ID, TYPE = BARE["id"], BARE["type"]
BAD_ROWS: dict[str, tuple[list[Row], str]] = {
    "another id beside it": ([row(7, "x", "IC-1", 1, TYPE)], f"column event_id says 'x', the entry '{ID}'"),
    "another stream beside it": ([row(7, ID, "x", 1, TYPE)], "column stream says 'x', the entry 'IC-1'"),
    "another version beside it": ([row(7, ID, "IC-1", 2, TYPE)], "column version says 2, the entry 1"),
    "another type beside it": ([row(7, ID, "IC-1", 1, "x")], f"column type says 'x', the entry '{TYPE}'"),
    "an entry that is none": ([row_of(7, b"x")], "bad-entry: .*"),
    "an entry too long": ([row_of(7, FIRST + bytes(ENTRY_BYTES_MAX + 1 - len(FIRST)))], "bad-entry: .*65536 bytes.*"),
    "another stream above than signed": (
        [row_of(7, entry(COMMITTED, stream="IC-9"))],
        "bad-entry: the entry says stream IC-9, its signed payload IC-1",
    ),
    "a header no event has": ([row_of(7, entry({**COMMITTED, "salt": "x"}))], "malformed: salt: .*"),
    "data no event of its type has": (
        [row_of(7, entry({**COMMITTED, "data": {**BARE["data"], "persons": -1}}))],
        "malformed: data.persons: .*",
    ),
    "signed twice by one": (signed_by("BF", "BF"), "bad-entry: a key has signed it twice"),
    "signed by nobody known": (
        signed_by("BF", "stranger"),
        f"key-not-in-force: the key {key('stranger').key_id[:16]}… is not registered here",
    ),
    "signed over something else": ([row_of(7, FIRST.replace(b'"persons":4', b'"persons":5'))], "bad-signature: .*"),
}


@pytest.mark.parametrize(("rows", "said"), BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_a_row_that_is_not_its_entry_or_an_entry_that_is_none_is_found(rows: list[Row], said: str) -> None:
    found = outcome(rows=rows, has_sections=False)
    ((position, told),) = found.problems
    assert position == 7
    assert re.fullmatch(said, told), told
    assert found.leaves == [merkle.hash_leaf(body) for *_, body in rows], "the tree is over what is stored, sound or not"


def test_a_bad_entry_does_not_hide_the_next_one() -> None:
    found = outcome(rows=[row_of(7, b"x"), row_of(8, b"y")], has_sections=False)
    assert [position for position, _ in found.problems] == [7, 8]


def test_a_batch_costs_one_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    verified = []
    real = keys.verify
    monkeypatch.setattr(keys, "verify", lambda *a: (verified.append(a), real(*a)))
    payloads = [strict.format(BARE | {"id": f"01900000-0000-7000-8000-{n:012d}"}) for n in range(5)]
    signed = zip(payloads, envelope.batch_sign(payloads, key("BF")), strict=True)
    rows = [row_of(n, format_entry(AT, "IC-1", n, [by], payload)) for n, (payload, by) in enumerate(signed, start=1)]
    found = outcome(rows=rows, has_sections=False, notes=[])
    assert (found.problems, found.counts["signatures"], len(verified)) == ([], 5, 1)


def without(rows: list[Any], *start: Any) -> list[Any]:
    return [row for row in rows if row[: len(start)] != start]


OTHERS = sealing.seal("text", b"x", ORIGIN, "another event", BOTH)[1].wraps
BAD_SECTIONS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a section gone": ({"sections": SECTIONS[1:]}, ["section text is missing, and no erasure is on record"]),
    "a section of other bytes": (
        {"sections": [(7, "text", TEXT_SEALED.ciphertext[::-1]), SECTIONS[1]]},
        ["section text: sections.text: the ciphertext is not the one committed to"],
    ),
    "a wrap gone": ({"wraps": without(WRAPS, 7, "text", "FR")}, ["section text has no wrap for FR"]),
    "all wraps gone": (
        {"wraps": []},
        ["section gb has no wrap for GB", "section text has no wrap for GB", "section text has no wrap for FR"],
    ),
    "a wrap for nobody it is for": (
        {"wraps": [*WRAPS, (7, "text", "BE", b"x")]},
        ["section text is wrapped to BE, to whom it is not releasable"],
    ),
    "a wrap that opens something else": (
        {"wraps": [(7, "text", "GB", OTHERS["GB"]), *without(WRAPS, 7, "text", "GB")]},
        ["section text: the wrapped key does not open under this sealing key"],
    ),
    "a section of no entry": (
        {"sections": [*SECTIONS, (7, "more", b"x")]},
        ["section more is not one that the entry commits to"],
    ),
    "wraps of no section": (
        {"wraps": [*WRAPS, (7, "more", "GB", b"x")]},
        ["wraps of a section more that the entry does not commit to"],
    ),
}


@pytest.mark.parametrize(("changes", "said"), BAD_SECTIONS.values(), ids=BAD_SECTIONS.keys())
def test_sections_that_are_not_those_committed_to_are_found(changes: dict[str, Any], said: list[str]) -> None:
    assert outcome(**changes).problems == [(7, each) for each in said]


BAD_NOTES: dict[str, tuple[dict[str, Any], str]] = {
    "no note": ({"notes": [(8, b"x")]}, ".*"),
    "of another size": ({"notes": [(7, checkpoint())]}, "it is for size 8"),
    "by nobody": ({"notes": [(8, checkpoint("stranger"))]}, ".*"),
    "with a line that is not the log's": (
        {"notes": [(8, note.add_lines(checkpoint(), [note.sign_line("elsewhere.example", key("GB"), b"x\n")]))]},
        "it is not the note as the log signed it",
    ),
    "by a key that is the log's only later": (
        {"notes": [(8, checkpoint("later log"))], "log_keys": [(1, [LOG]), (9, [LOG, LATER])]},
        "no key has signed it that was the log's at that size",
    ),
    "by a key that was the log's only before": (
        {"log_keys": [(1, [LOG]), (8, [LATER])]},
        "no key has signed it that was the log's at that size",
    ),
}


@pytest.mark.parametrize(("changes", "said"), BAD_NOTES.values(), ids=BAD_NOTES.keys())
def test_a_checkpoint_that_is_not_the_logs_at_its_size_is_found(changes: dict[str, Any], said: str) -> None:
    found = outcome(**changes)
    ((position, told),) = found.problems
    size = changes.get("notes", JOB.notes)[0][0]
    assert position == size and re.fullmatch(f"checkpoint of size {size}: {said}", told), told
    assert found.roots == []


def test_a_bad_checkpoint_does_not_hide_the_next_one() -> None:
    spans = [(1, [LOG]), (8, [LATER])]
    found = outcome(notes=[(8, b"x"), (7, checkpoint(size=7)), (8, checkpoint("later log"))], log_keys=spans)
    assert [size for size, _ in found.problems] == [8]
    assert [size for size, _ in found.roots] == [7, 8]


def test_what_cannot_be_read_has_no_columns() -> None:
    assert row_of(7, b"x") == (7, "", "", 0, "", b"x")
    assert row_of(7, FIRST) == (7, ID, "IC-1", 1, TYPE, FIRST)
