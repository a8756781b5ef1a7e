"""A stored log verified whole: what is wrong in any row of any table is named with its position, and nothing else is.

The log is the golden one, kept in memory as a store would keep it, a row changed at a time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import pytest

from ledger.evidence import checks, verify
from ledger.evidence.checks import Job, Outcome, Row, row_of
from ledger.formats import merkle, note, policy
from ledger.formats.entry import parse_instant, split_entry
from ledger.formats.note import Checkpoint
from ledger.formats.policies import Span, succession
from tests.bundle_forging import altered, following, headed
from tests.bundles import ORIGIN, SITES, cosigners, golden_policy, key, sealing_key
from tests.test_bundle_forgeries import ENTRIES, SEARCH

COSIGNED = 15
"""The size that both nations co-signed; entries 16 to 18 are of one commit."""
LATER = parse_instant("2015-08-26T02:00:01.500000Z") // 1_000_000
COMMITS = sorted(set(range(1, 21)) - {16, 17})
LINES = [(COSIGNED, hand.key.name, hand) for site in SITES for hand in cosigners(site)]


@cache
def checkpoint(size: int, root: bytes = b"") -> bytes:
    entries = told()[:size]
    made = Checkpoint(ORIGIN, size, root or merkle.root(map(merkle.hash_leaf, entries)))
    return note.sign_checkpoint(made, key("log"))


@cache
def told(size: int = 20) -> tuple[bytes, ...]:
    entries = list(ENTRIES)
    while len(entries) < size:
        entries.append(following(entries, "interception.search_recorded", SEARCH, ["BF"], stream=f"SEARCH-{len(entries)}"))
    return tuple(entries)


@cache
def lines() -> tuple[tuple[int, str, str], ...]:
    text, _ = note.split_note(checkpoint(COSIGNED))
    return tuple((size, name, str(hand.cosign(text, LATER))) for size, name, hand in LINES)


class Stored:
    """A store's rows as lists, to be changed. Sealed entries have no sections here: see `sections`."""

    has_store = True

    def __init__(self, size: int = 20) -> None:
        self.entries: list[Row] = [row_of(*each) for each in enumerate(told(size), 1)]
        self.notes = {at: checkpoint(at) for at in COMMITS} | {at: checkpoint_of(size, at) for at in range(21, size + 1)}
        self.lines = list(lines())
        self.tiles: list[tuple[int, int, bytes, bytes]] = []
        self.sections: list[tuple[int, str, bytes]] = []
        self.wraps: list[tuple[int, str, str, bytes]] = []
        self.strays: list[tuple[int, str]] = []
        self.asked: list[tuple[int, int]] = []

    def rows(self, after: int, limit: int) -> Sequence[Row]:
        self.asked.append((after, limit))
        return [row for row in self.entries if row[0] > after][:limit]

    def checkpoint_rows(self, after: int, upto: int | None) -> Sequence[tuple[int, bytes]]:
        return [(size, self.notes[size]) for size in sorted(self.notes) if after < size and (upto is None or size <= upto)]

    def cosignature_rows(self) -> Iterable[tuple[int, str, str]]:
        return list(self.lines)

    def tile_rows(self) -> Iterable[tuple[int, int, bytes, bytes]]:
        return list(self.tiles)

    def section_rows(self, after: int, upto: int | None) -> Sequence[tuple[int, str, bytes]]:
        return [row for row in self.sections if after < row[0] and (upto is None or row[0] <= upto)]

    def wrap_rows(self, after: int, upto: int | None) -> Sequence[tuple[int, str, str, bytes]]:
        return [row for row in self.wraps if after < row[0] and (upto is None or row[0] <= upto)]

    def stray_rows(self) -> Iterable[tuple[int, str]]:
        return list(self.strays)

    def stream_entries(self, stream: str) -> Sequence[tuple[int, bytes]]:
        return [(row[0], row[5]) for row in self.entries if row[2] == stream]

    def entry_by_event(self, event_id: str) -> tuple[int, bytes] | None:
        return next(((row[0], row[5]) for row in self.entries if row[1] == event_id), None)


@cache
def checkpoint_of(size: int, at: int) -> bytes:
    return note.sign_checkpoint(Checkpoint(ORIGIN, at, merkle.root(map(merkle.hash_leaf, told(size)[:at]))), key("log"))


MISSED = [
    (at, f"section {name} is missing, and no erasure is on record") for at, name in ((15, "text"), (19, "inner"), (20, "inner"))
]
"""The sections that the golden log's entries commit to are not in these lists."""


def verified(log: Stored, **asked: Any) -> dict[str, Any]:
    """The verdict, computed in this process."""
    asked = {"remembered": {}, "workers": 1, **asked}
    return verify.verify(log, golden_policy(), asked.pop("remembered"), **asked)


def wrong(log: Stored, **asked: Any) -> list[tuple[int, str]]:
    """What is wrong beside the sections that are missed in any case."""
    found = verified(log, **asked)
    assert found["ok"] is False
    rows = [(row["position"], row["what"]) for row in found["problems"]]
    assert rows == sorted(rows) and set(MISSED) <= set(rows)
    return [row for row in rows if row not in MISSED]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five chunks of four entries, of which two are on their way at a time."""
    monkeypatch.setattr(verify, "CHUNK_ENTRIES", 4)
    monkeypatch.setattr(verify, "CHUNKS_IN_FLIGHT", 2)


# -- a sound log -------------------------------------------------------------------------------------------------------------


def test_a_sound_log_is_told_with_everything_that_was_checked_of_it() -> None:
    log = Stored()
    found = verified(log)
    assert [(row["position"], row["what"]) for row in found["problems"]] == MISSED
    assert (found["ok"], found["entries"]) == (False, 20)
    assert found["checked"] == {
        "entries": 20, "signatures": 20, "keys": 9, "lives": 20, "indexes": 0, "checkpoint": True, "checkpoints": 18,
        "cosignatures": ["london", "paris"], "cosigned_times": 0, "columns": 20, "sections": 0, "wraps_opened": 0, "tiles": 0,
    }  # fmt: skip
    assert log.asked == [(0, verify.INLINE_ENTRIES), (0, 4), (4, 4), (8, 4), (12, 4), (16, 4), (20, 4)]


def test_a_log_without_sealed_entries_is_sound() -> None:
    log = Stored()
    log.entries, log.lines = log.entries[:14], []
    log.notes = {size: note for size, note in log.notes.items() if size <= 14}
    found = verified(log)
    assert found["ok"] is True and found["problems"] == [] and found["checked"]["checkpoint"] is True


def test_a_log_of_one_entry_has_one_checkpoint() -> None:
    log = Stored()
    log.entries, log.lines, log.notes = log.entries[:1], [], {1: log.notes[1]}
    found = verified(log)
    assert (found["ok"], found["checked"]["checkpoint"], found["checked"]["checkpoints"]) == (True, True, 1)


def test_a_log_of_one_entry_and_no_checkpoint_is_not_covered() -> None:
    log = Stored()
    log.entries, log.lines, log.notes = log.entries[:1], [], {}
    assert [row["what"] for row in verified(log)["problems"]] == ["entries 1 to 1 are beyond the newest checkpoint"]


def test_a_log_of_nothing_has_no_checkpoint() -> None:
    log = Stored()
    log.entries, log.lines, log.notes = [], [], {}
    found = verified(log)
    assert (found["ok"], found["entries"], found["checked"]["checkpoint"]) == (True, 0, False)


def test_how_far_it_has_come_is_told_chunk_by_chunk() -> None:
    seen: list[int] = []
    verified(Stored(), progress=seen.append)
    assert seen == [8, 12, 16, 20]


def test_full_tiles_are_compared() -> None:
    log = Stored(260)
    leaves = [merkle.hash_leaf(row[5]) for row in log.entries[:256]]
    assert (256, "tile 0/0 is missing") in wrong(log)
    log.tiles = [(0, 0, b"".join(leaves), merkle.root(leaves))]
    assert wrong(log) == [] and verified(log)["checked"]["tiles"] == 1
    log.tiles = [(0, 0, b"".join(reversed(leaves)), merkle.root(leaves))]
    assert [at for at, _ in wrong(log)] == [1]
    log.lines.append((258, "nobody", "x"))
    assert [at for at, _ in wrong(log)] == [1, 258]


def test_what_an_event_rests_on_is_looked_up_in_the_log() -> None:
    log = Stored()
    amended = {"target": log.entries[14][1], "kind": "retract", "reason_code": "transcription"}
    correction = following(list(told()), "correction.recorded", amended, ["BF"], stream="IC-1")
    log.entries.append(row_of(21, headed(correction, lambda head: head.replace(b"version: 1", b"version: 2"))))
    assert wrong(log) == [(21, "entries 21 to 21 are beyond the newest checkpoint")]


def test_what_was_exported_has_its_last_tiles_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    class Folder(Stored):
        has_store = False

        def partial_tiles(self) -> dict[int, bytes]:
            return {0: b"".join(merkle.hash_leaf(row[5]) for row in self.entries[:19])}

    monkeypatch.setattr(verify, "ExportedLog", Folder)
    log = Folder()
    log.tiles = [(0, 0, b"", b"")]
    found = verified(log)
    assert [(row["position"], row["what"]) for row in found["problems"]] == [
        (20, "the last tile of level 0 differs from what the entries hash to"),
        (20, "tile 0/0 is not one of this log"),
    ]


# -- what is handed to whoever checks a chunk --------------------------------------------------------------------------------


def test_each_chunk_is_checked_with_its_own_rows_and_the_keys_that_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: list[Job] = []

    def kept(job: Job) -> Outcome:
        jobs.append(job)
        return checks.check_chunk(job)

    monkeypatch.setattr(verify, "check_chunk", kept)
    log = Stored()
    log.sections, log.wraps = [(15, "text", b"x")], [(15, "text", "GB", b"y")]
    verified(log, openers={"GB": sealing_key("GB")}, holder="GB")
    assert [[row[0] for row in job.rows] for job in jobs] == [list(range(at, at + 4)) for at in (1, 5, 9, 13, 17)]
    assert [[size for size, _ in job.notes] for job in jobs] == [[*range(at, at + 4)] for at in (1, 5, 9)] + [
        [13, 14, 15],
        [18, 19, 20],
    ]
    assert [len(job.sections) for job in jobs] == [len(job.wraps) for job in jobs] == [0, 0, 0, 1, 0]
    assert {job.holder for job in jobs} == {"GB"} and all(job.has_sections for job in jobs)
    assert all(dict(job.openers) == {"GB": sealing_key("GB").seed} for job in jobs)
    assert all(job.log_keys == [(0, [str(golden_policy().logs[0].key)])] for job in jobs)
    assert key("BF").public in jobs[-1].publics.values()
    verified(Stored())
    assert jobs[-1].openers == {} and jobs[-1].holder == ""


@pytest.mark.parametrize(("workers", "entries", "is_pooled"), [(2, 20, True), (1, 20, False), (2, 21, False), (None, 20, True)])
def test_a_long_log_is_checked_by_several_processes(
    monkeypatch: pytest.MonkeyPatch, workers: int | None, entries: int, is_pooled: bool
) -> None:
    asked: list[tuple[int, str]] = []

    class Pool(ThreadPoolExecutor):
        def __init__(self, most: int, mp_context: Any) -> None:
            asked.append((most, mp_context.get_start_method()))
            super().__init__(most)

    monkeypatch.setattr(verify, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(verify, "INLINE_ENTRIES", entries)
    monkeypatch.setattr(verify.os, "cpu_count", lambda: 3)
    assert wrong(Stored(), workers=workers) == []
    assert asked == ([(workers or 3, "forkserver")] if is_pooled else [])


def test_where_nobody_knows_how_many_processors_there_are_one_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "INLINE_ENTRIES", 1)
    monkeypatch.setattr(verify.os, "cpu_count", lambda: None)
    monkeypatch.setattr(verify, "ProcessPoolExecutor", None)
    assert wrong(Stored(), workers=None) == []


# -- what is wrong -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 3, 4, 5, 8, 12, 15, 18, 19])
def test_a_checkpoint_taken_away_is_missed_where_a_commit_ended(size: int) -> None:
    log = Stored()
    del log.notes[size]
    named = [row for row in wrong(log) if "cosignature" not in row[1]]
    assert named == [(size, f"the checkpoint of size {size} is missing: a commit ended there")]


def test_a_checkpoint_between_entries_of_one_commit_is_not_needed_and_does_no_harm() -> None:
    log = Stored()
    log.notes[17] = checkpoint(17)
    assert wrong(log) == [] and verified(log)["checked"]["checkpoints"] == 19


def test_a_folder_of_files_has_no_checkpoints_to_miss() -> None:
    log = Stored()
    log.has_store = False
    log.notes, log.lines = {20: checkpoint(20)}, []
    found = verified(log)
    assert found["ok"] is True and found["checked"]["checkpoints"] == 1


def test_a_root_that_the_entries_do_not_lead_to_is_named_once() -> None:
    log = Stored()
    log.notes |= {size: checkpoint(size, bytes(32)) for size in (9, 12)}
    assert wrong(log) == [(9, "the entries up to 9 do not lead to the root of the checkpoint of that size")]
    assert verified(log)["checked"]["checkpoint"] is False


@pytest.mark.parametrize("size", [1, 4, 5, 14, 18, 20])
def test_every_checkpoint_is_held_against_the_tree(size: int) -> None:
    log = Stored()
    log.notes[size] = checkpoint(size, bytes([1]) * 32)
    assert wrong(log) == [(size, f"the entries up to {size} do not lead to the root of the checkpoint of that size")]


def test_a_changed_entry_is_named_and_leads_to_another_root() -> None:
    log = Stored()
    position, event, stream, version, name, entry = log.entries[15]
    log.entries[15] = (
        position,
        event,
        stream,
        version,
        name,
        entry.replace(b"2015-08-26T02:00:02.000000Z", b"2015-08-26T02:00:02.000001Z", 1),
    )
    told_of = dict(wrong(log))
    assert "the entries up to 18 do not lead" in told_of[18]


def test_a_changed_column_is_named() -> None:
    log = Stored()
    row = log.entries[13]
    log.entries[13] = (*row[:2], "SEARCH-9", *row[3:])
    assert (14, "column stream says 'SEARCH-9', the entry 'SEARCH-0'") in wrong(log)


def test_entries_beyond_the_newest_checkpoint_are_named_together() -> None:
    log = Stored()
    for size in (19, 20):
        del log.notes[size]
    found = wrong(log)
    assert found == [(19, "the checkpoint of size 19 is missing: a commit ended there"),
                     (20, "entries 19 to 20 are beyond the newest checkpoint")]  # fmt: skip


def test_entries_that_are_gone_leave_their_checkpoints_behind() -> None:
    log = Stored()
    log.entries = log.entries[:18]
    log.lines = []
    rows = [(row["position"], row["what"]) for row in verified(log)["problems"] if (row["position"], row["what"]) not in MISSED]
    assert rows == [(size, f"there is a checkpoint of size {size}, but only 18 entries") for size in (19, 20)]


def test_what_stands_beside_no_entry_is_named() -> None:
    log = Stored()
    log.sections = [(21, "text", b"x"), (14, "text", b"x")]
    log.wraps = [(22, "text", "GB", b"x")]
    log.strays = [(0, "an entry at 0"), (-1, "a section at -1")]
    log.tiles = [(0, 0, b"", b"")]
    assert wrong(log) == [
        (-1, "a section at -1"),
        (0, "an entry at 0"),
        (14, "section text is not one that the entry commits to"),
        (20, "tile 0/0 is not one of this log"),
        (21, "section text belongs to no entry"),
        (22, "the wrap of text for GB belongs to no entry"),
    ]


def test_an_event_that_stands_in_the_log_already_is_named_by_the_walk() -> None:
    log = Stored()
    log.entries.append(row_of(21, told()[13]))
    found = wrong(log)
    assert any(at == 21 and "14" in what for at, what in found), found


def test_an_event_type_that_nobody_here_knows_is_told() -> None:
    log = Stored()
    strange = following(list(told()), "interception.search_forgotten", SEARCH, ["BF"], stream="SEARCH-7")
    log.entries.append(row_of(21, strange))
    found = wrong(log)
    assert (21, "there is no event type interception.search_forgotten with schema 1 here") in found, found


def test_a_line_that_its_cosigner_does_not_remember_is_named() -> None:
    root = merkle.root(map(merkle.hash_leaf, told()[:COSIGNED]))
    prefix = f"{ORIGIN}/london"
    assert wrong(Stored(), remembered={prefix: [(COSIGNED, root, LATER)]}) == []
    assert wrong(Stored(), remembered={prefix: [(21, root, LATER)]})[-1] == (
        20,
        f"{prefix} cosigned size 21: entries 21 to 21 are gone",
    )
    log = Stored()
    log.lines = log.lines[2:]
    assert verified(log)["checked"]["cosignatures"] == ["paris"]
    assert (COSIGNED, f"the cosignature {prefix}-ed of size 15 is missing") in wrong(
        log, remembered={prefix: [(COSIGNED, root, LATER)]}
    )


def test_a_policy_that_the_log_does_not_know_is_named() -> None:
    content = policy.format_policy(golden_policy())
    first = Span(0, hashlib.sha256(content).hexdigest(), golden_policy())
    held = succession([first, Span(7, hashlib.sha256(b"another").hexdigest(), golden_policy())])
    found = verify.verify(Stored(), held, {}, workers=1)
    assert any(row["position"] == 7 and "no entry adopts the policy" in row["what"] for row in found["problems"])


def test_problems_beyond_a_number_are_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "PROBLEMS_MAX", 2)
    found = verified(Stored())
    assert [(row["position"], row["what"]) for row in found["problems"]] == MISSED[:2] and found["ok"] is False


# -- time --------------------------------------------------------------------------------------------------------------------


def live(log: Stored) -> Stored:
    """The same log, not of an exercise: its cosigners live in the same time."""
    data = json.loads(split_entry(ENTRIES[0])[3])["data"]
    entries = [altered(ENTRIES[0], ["GB", "FR"], data=data | {"exercise": False}), *ENTRIES[1:]]
    log.entries = [row_of(*each) for each in enumerate(entries, 1)]
    roots = {size: merkle.root(map(merkle.hash_leaf, entries[:size])) for size in COMMITS}
    log.notes = {size: note.sign_checkpoint(Checkpoint(ORIGIN, size, roots[size]), key("log")) for size in COMMITS}
    return log


@pytest.mark.parametrize(("seconds", "named"), [(0, None), (-3_600, 15), (3_600, 16)])
def test_a_live_log_is_held_to_the_times_of_its_cosigners(seconds: int, named: int | None) -> None:
    log = live(Stored())
    text, _ = note.split_note(log.notes[COSIGNED])
    log.lines = [(size, name, str(hand.cosign(text, LATER + seconds))) for size, name, hand in LINES]
    found = verified(log)
    assert found["checked"]["cosigned_times"] == 4
    assert {at for at, what in wrong(log) if "co-signed" in what} == ({named} if named else set())
    log.lines.append((17, "nobody", "x"))
    assert [at for at, what in wrong(log) if "nobody" in what] == [17]
    log = Stored()
    log.lines = [
        (size, name, str(hand.cosign(note.split_note(checkpoint(COSIGNED))[0], LATER + seconds))) for size, name, hand in LINES
    ]
    assert wrong(log) == [], "an exercise is told the time"
