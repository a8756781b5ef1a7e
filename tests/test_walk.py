"""The walk through a log: each rule broken once, told at its position, with the state that the entries in front made.

Walked from the first entry, and again from where an earlier walk ended, which must say the same of what follows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ledger.events.registry import Adopted
from ledger.evidence import walk as walking
from ledger.evidence.walk import Found, Standing, Walk
from ledger.formats import strict
from ledger.formats.entry import parse_entry, parse_instant, split_entry
from ledger.formats.streamindex import StreamIndex
from tests.bundle_forging import altered, following, headed
from tests.bundles import key
from tests.test_bundle_forgeries import ALLOWED, ENTRIES, FORBIDDEN, FOUND, SEARCH, Step, behind, said, search

Placed = tuple[int, bytes]
FIRST_SEARCH = 14
IC_1 = "01900000-0000-7000-8000-000000000015"
DETECTION = {"place": "CZ-COQ", "route": "freight_vehicle", "method": "co2_probe", "persons": 4}


class Kept:
    """A log that is kept as a list; `asked` is what was looked up in it."""

    def __init__(self, entries: Sequence[bytes]) -> None:
        self.placed: list[Placed] = list(enumerate(entries, start=1))
        self.asked: list[str] = []

    def stream_entries(self, stream: str) -> Sequence[Placed]:
        """See walk.Streams."""
        self.asked.append(stream)
        return [each for each in self.placed if f"\nstream: {stream}\n".encode() in each[1]]

    def entry_by_event(self, event_id: str) -> Placed | None:
        """See walk.Streams."""
        self.asked.append(event_id)
        return next((each for each in self.placed if f'"id":"{event_id}"'.encode() in each[1]), None)

    def read(self, after: int, limit: int) -> Sequence[Placed]:
        """So many entries behind a position."""
        self.asked.append(f"{after}+{limit}")
        return self.placed[after : after + limit]


def walked(entries: Sequence[bytes], upto: int | None = None) -> tuple[Walk, list[Found]]:
    """A walk through a log, up to a position where one is told, and all that it found."""
    walk = Walk(Kept(entries))
    return walk, [found for each in enumerate(entries[:upto], start=1) for found in walk.take(*each)]


def resumed(entries: Sequence[bytes], position: int) -> Walk:
    """A walk that goes on where an earlier one ended."""
    earlier, _ = walked(entries, position)
    log = Kept(entries)
    return Walk(log, Standing(position, earlier.recorded_at, earlier.keys, earlier.registry, log.read))


def gone_on(entries: Sequence[bytes], position: int) -> tuple[Walk, list[Found]]:
    """The rest of the log, walked from there, and all that it found."""
    walk = resumed(entries, position)
    return walk, [found for at in range(position + 1, len(entries) + 1) for found in walk.take(at, entries[at - 1])]


def forgotten(entries: Sequence[bytes], position: int) -> tuple[Walk, list[Found]]:
    """The same by a walk that let go at a position of what it remembered."""
    walk, found = walked(entries, position)
    walk.forget()
    return walk, found + [each for at in range(position + 1, len(entries) + 1) for each in walk.take(at, entries[at - 1])]


WAYS: dict[str, Callable[[Sequence[bytes], int], tuple[Walk, list[Found]]]] = {
    "from the first entry": lambda entries, position: walked(entries),
    "from where an earlier walk ended": gone_on,
    "having let go on the way": forgotten,
}


@pytest.fixture(params=WAYS.values(), ids=list(WAYS))
def way(request: pytest.FixtureRequest) -> Any:
    """A way through a log, given a position to begin or forget at."""
    return request.param


def ids_of(*names: str) -> set[str]:
    return {key(name).key_id for name in names}


# -- what is sound -----------------------------------------------------------------------------------------------------------


def test_of_a_sound_log_nothing_is_said_and_what_was_seen_is_counted() -> None:
    walk, found = walked(ENTRIES)
    assert found == []
    assert (walk.position, walk.lives, walk.indexes, walk.since) == (20, 20, 0, 0)
    assert walk.recorded_at == parse_instant("2015-08-26T02:00:04.000000Z")
    assert Walk(Kept(())).position == Walk(Kept(())).recorded_at == 0


def test_a_walk_that_goes_on_stands_where_the_earlier_one_ended() -> None:
    walk, found = gone_on(ENTRIES, FIRST_SEARCH)
    assert found == [] and (walk.position, walk.since, walk.lives) == (20, FIRST_SEARCH, 6)
    begun = resumed(ENTRIES, FIRST_SEARCH)
    assert (begun.position, begun.since, begun.recorded_at) == (14, 14, parse_instant("2015-08-25T22:30:01.000000Z"))


def test_the_keys_that_signatures_and_registrations_name_are_told_once() -> None:
    walk = Walk(Kept(ENTRIES))
    for at in (1, 2, 3):
        assert walk.take(at, ENTRIES[at - 1]) == []
    assert walk.publics() == {key(name).key_id: key(name).public for name in ("GB", "FR", "sealer-GB")}
    assert walk.publics() == {}, "each is asked for once"
    walk.take(4, ENTRIES[3])
    assert walk.publics().keys() == ids_of("FR", "sealer-FR")


def test_a_key_that_nobody_registered_is_named_and_has_no_public_key() -> None:
    walk, _ = walked([*ENTRIES, following(ENTRIES, "interception.search_recorded", SEARCH, ["stranger"], authority="BF")])
    assert key("stranger").key_id in walk.named and key("stranger").key_id not in walk.publics()


def test_a_replay_is_not_admissions_to_find() -> None:
    assert walked(ENTRIES)[0].known(IC_1) is None


# -- order -------------------------------------------------------------------------------------------------------------------


def test_a_position_that_is_missing_is_named_and_the_walk_goes_on_behind_it(way: Any) -> None:
    walk = Walk(Kept(ENTRIES))
    found = [each for at in (1, 2, 3, 6) for each in walk.take(at, ENTRIES[at - 1])]
    assert found[0] == Found(6, "positions 4 to 5 are missing")
    assert walk.position == 6 and not [each for each in walk.take(7, ENTRIES[6]) if "missing" in each.what]


def test_an_entry_that_cannot_be_read_is_passed_over(way: Any) -> None:
    """What is wrong with its bytes is said by whoever looks at them alone; the walk still counts it and stays in order."""
    walk, found = way([*ENTRIES[:15], b"nothing", *ENTRIES[15:]], FIRST_SEARCH)
    assert found == [] and walk.position == 21
    walk = Walk(Kept(ENTRIES))
    assert walk.take(3, b"nothing") == [Found(3, "positions 1 to 2 are missing")]
    assert walk.position == 3 and walk.recorded_at == 0


def test_a_time_that_goes_back_is_named_and_one_that_stands_still_is_not(way: Any) -> None:
    def at(instant: str) -> list[bytes]:
        moved = headed(behind(search("BF"))[-1], lambda h: h.replace(b"2015-08-26T02:00:04.000000Z", instant.encode()))
        return [*ENTRIES, moved]

    assert way(at("2015-08-26T02:00:04.000000Z"), FIRST_SEARCH)[1] == []
    walk, found = way(at("2015-08-26T02:00:03.999999Z"), FIRST_SEARCH)
    assert found == [Found(21, "recorded before the entry in front of it")]
    assert walk.recorded_at == parse_instant("2015-08-26T02:00:03.999999Z")


def test_a_log_may_be_told_of_a_night_before_1970() -> None:
    """A clock that counts from 1970 has no other beginning than a log's first entry."""

    def opened(instant: bytes) -> bytes:
        return headed(ENTRIES[0], lambda h: h.replace(b"2015-08-25T22:00:01.000000Z", instant))

    walk, found = walked([opened(b"1944-06-06T04:30:00.000000Z")])
    assert [each for each in found if each.blocking] == [] and walk.recorded_at < 0
    found = walk.take(
        2, headed(ENTRIES[1], lambda h: h.replace(b"2015-08-25T22:00:02.000000Z", b"1944-06-06T04:29:59.999999Z"))
    )
    assert found[0] == Found(2, "recorded before the entry in front of it")


def test_the_first_entry_behind_an_earlier_walk_is_not_recorded_before_its_last() -> None:
    back = headed(ENTRIES[FOUND - 1], lambda h: h.replace(b"2015-08-26T02:00:01", b"2015-08-25T22:30:00"))
    _, found = gone_on([*ENTRIES[: FOUND - 1], back], FOUND - 1)
    assert Found(FOUND, "recorded before the entry in front of it") in found


def versioned(*versions: int, stream: str = "IC-1") -> list[bytes]:
    """The log, and behind it entries of these versions of a stream."""
    entries = list(ENTRIES)
    for version in versions:
        again = following(entries, "interception.search_recorded", SEARCH, ["BF"], stream=stream)
        entries.append(headed(again, lambda h, version=version: h.replace(b"version: 1", b"version: %d" % version)))  # type: ignore[misc]
    return entries


@pytest.mark.parametrize(
    ("versions", "told"),
    [
        ((2, 3), []),
        ((1,), [Found(21, "version 1 of IC-1 follows version 1")]),
        ((3, 4), [Found(21, "version 3 of IC-1 follows version 1")]),
        ((2, 2), [Found(22, "version 2 of IC-1 follows version 2")]),
    ],
)
@pytest.mark.parametrize("position", [FIRST_SEARCH, 17, 20, 21])
def test_a_version_that_is_not_the_next_is_named(way: Any, versions: tuple[int, ...], told: list[Found], position: int) -> None:
    found = way(versioned(*versions), position)[1]
    assert found == [each for each in told if way is not gone_on or each.position > position]


def test_versions_that_stand_already_in_the_log_are_not_the_walks_past() -> None:
    """Where a walk goes on, the log holds what is behind it too: only what stands up to where it began counts."""
    assert gone_on(versioned(2, 3), 15)[1] == []
    assert gone_on(versioned(2, 3), 14)[1] == []


@pytest.mark.parametrize("position", [FIRST_SEARCH, FOUND, 20])
def test_an_event_recorded_again_is_named_with_its_first_place(way: Any, position: int) -> None:
    again = following(ENTRIES, "interception.search_recorded", SEARCH, ["BF"], id=IC_1)
    _, found = way([*ENTRIES, again], position)
    assert found == [Found(21, f"event {IC_1} is on record already, at position 15")]


def test_an_event_recorded_a_third_time_is_named_with_its_first_place_again() -> None:
    entries = [*ENTRIES]
    for _ in range(2):
        entries.append(following(entries, "interception.search_recorded", SEARCH, ["BF"], id=IC_1))
    told = [Found(at, f"event {IC_1} is on record already, at position 15") for at in (21, 22)]
    assert walked(entries)[1] == gone_on(entries, 20)[1] == told


def test_an_id_of_letters_is_an_id_too() -> None:
    entries = [*ENTRIES]
    for _ in range(2):
        entries.append(following(entries, "interception.search_recorded", SEARCH, ["BF"], id=IC_1.replace("19", "ab")))
    assert [each.position for each in walked(entries)[1]] == [22]


def test_an_event_that_nobody_looked_up_has_is_new() -> None:
    """A mirror walks what it is about to keep: it is not there yet where earlier events are looked up."""
    earlier, _ = walked(ENTRIES, 14)
    log = Kept(ENTRIES[:14])
    walk = Walk(log, Standing(14, earlier.recorded_at, earlier.keys, earlier.registry, log.read))
    assert walk.take(15, ENTRIES[14]) == [] and IC_1 in log.asked


def test_an_id_that_is_none_is_for_others_to_name() -> None:
    entries = [*ENTRIES]
    for _ in range(2):
        entries.append(following(entries, "interception.search_recorded", SEARCH, ["BF"], id="one"))
    assert walked(entries)[1] == []


def test_a_stream_carried_over_from_another_log_goes_on_where_it_was(way: Any) -> None:
    before = {"origin": "golden.example/before", "size": 9, "root": "0" * 64, "open_streams": {"IC-1": 4}}
    data = {**_data(ENTRIES[0]), "predecessor": before}
    opened = altered(ENTRIES[0], ["GB", "FR"], data=data)
    fifth = headed(ENTRIES[FOUND - 1], lambda h: h.replace(b"version: 1", b"version: 5"))
    assert way([opened, *ENTRIES[1 : FOUND - 1], fifth], FIRST_SEARCH)[1] == []
    _, found = way([opened, *ENTRIES[1:FOUND]], FIRST_SEARCH)
    assert found == [Found(FOUND, "version 1 of IC-1 follows version 4")]


def _data(entry: bytes) -> dict[str, Any]:
    data: dict[str, Any] = strict.parse(parse_entry(entry).payload)["data"]
    return data


# -- keys --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", ALLOWED.values(), ids=ALLOWED.keys())
def test_a_key_says_what_it_may(way: Any, steps: list[Step]) -> None:
    assert way(behind(*steps), 20)[1] == []


@pytest.mark.parametrize("steps", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_a_key_that_says_what_it_may_not_keeps_cosigners_from_the_log(way: Any, steps: list[Step]) -> None:
    entries = behind(*steps)
    _, found = way(entries, 20)
    assert found and all(each.position == len(entries) and each.blocking for each in found)


def test_a_key_that_nobody_registered_cannot_be_revoked() -> None:
    _, found = walked(behind(said("key.revoked", {"key": "0" * 64}, "GB")))
    assert found == [
        Found(21, "key-not-allowed: data.key: no such key is registered"),
        Found(21, "the key it names is not registered, or is none"),
    ]


WEATHER = ("weather.seen", {"sea": "rough"})
CLOSED = said("ledger.closed", {}, "GB", "FR")


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([said(*WEATHER, "BF")], ""),
        ([said(*WEATHER, "stranger", "BF", authority="BF")], ""),
        ([said(*WEATHER, "stranger", authority="BF")], "no key in force has signed it"),
        ([said("key.suspended", {"key": key("BF").key_id}, "FR"), said(*WEATHER, "BF")], "no key in force has signed it"),
        ([CLOSED, said(*WEATHER, "BF")], "ledger-frozen: this log is closed (append to its successor)"),
        ([CLOSED, said(*WEATHER, "stranger")], "ledger-frozen: this log is closed (append to its successor)"),
    ],
)
def test_of_a_type_that_is_not_known_here_a_key_in_force_is_asked(way: Any, steps: list[Step], told: str) -> None:
    entries = behind(*steps)
    walk, found = way(entries, 20)
    assert found == ([Found(len(entries), told)] if told else [])
    assert walk.stream(f"FORGED-{len(entries)}").version == 1, "its stream goes on all the same"


def test_a_policy_governs_from_a_size_behind_the_last_one(way: Any) -> None:
    steps = [
        said("policy.adopted", {"sha256": digit * 64, "from_size": size}, "GB", "FR") for digit, size in (("a", 1), ("b", 25))
    ]
    walk, found = way(behind(*steps), 20)
    assert found == [] and walk.registry.policies == (Adopted("a" * 64, 1, 21), Adopted("b" * 64, 25, 22))
    _, found = way(behind(*steps, steps[1]), 20)
    assert [(each.position, each.blocking) for each in found] == [(23, True)]


def test_all_that_is_wrong_with_an_entry_is_said() -> None:
    """What its keys or its index make wrong comes on top of its place in time."""

    def back(entry: bytes) -> bytes:
        return headed(entry, lambda h: h.replace(b"T02:00:04", b"T02:00:03"))

    early = Found(21, "recorded before the entry in front of it")
    *before, unknown = behind(said(*WEATHER, "stranger"))
    assert walked([*before, back(unknown)])[1] == [early, Found(21, "no key in force has signed it")]
    *before, wrong = indexed(20, "0" * 64)
    found = walked([*before, back(wrong)])[1]
    assert found[0] == early and found[1].what.startswith("the index of streams") and len(found) == 2


# -- lives -------------------------------------------------------------------------------------------------------------------


CASE = {"kind": "facilitation"}
BREACHES: dict[str, tuple[list[Step], str]] = {
    "a case closed that nobody opened": ([said("case.closed", {}, "PAF", stream="CASE-9")], "not-in-this-state: "),
    "a decision on a stale view": ([search("BF", expected_version=7)], "stream-moved: "),
    "what has not happened yet": ([search("BF", occurred_at="2015-08-26T02:02:04.000001Z")], "from-the-future: "),
    "a correction of what stands elsewhere": (
        [said("correction.recorded", {"target": IC_1, "kind": "retract", "reason_code": "duplicate"}, "BF", stream="IC-9")],
        "not-in-this-state: ",
    ),
}


@pytest.mark.parametrize(("steps", "told"), BREACHES.values(), ids=BREACHES.keys())
def test_a_step_that_does_not_follow_alarms_and_stops_no_history(way: Any, steps: list[Step], told: str) -> None:
    walk, found = way(behind(*steps), 20)
    assert [(each.position, each.blocking) for each in found] == [(21, False)] and found[0].what.startswith(told)
    assert walk.lives == (0 if way is gone_on else 20)


def test_what_happens_within_the_tolerance_of_the_clock_is_not_from_the_future(way: Any) -> None:
    assert way(behind(search("BF", occurred_at="2015-08-26T02:02:04.000000Z")), 20)[1] == []


def test_a_decision_on_the_stream_as_it_stands_is_sound(way: Any) -> None:
    entries = versioned(2)
    third = following(entries, "interception.search_recorded", SEARCH, ["BF"], stream="IC-1", expected_version=2)
    for position in (FOUND, 20, 21):
        assert way([*entries, headed(third, lambda h: h.replace(b"version: 1", b"version: 3"))], position)[1] == []


def on_a_case(*steps: Step) -> list[bytes]:
    """The log, and behind it what is said on one case, in order of version."""
    entries = list(ENTRIES)
    for version, (type_name, data, signers, more) in enumerate(steps, start=1):
        entry = following(entries, type_name, data, signers, **{"stream": "CASE-9", **more})
        entries.append(headed(entry, lambda h, version=version: h.replace(b"version: 1", b"version: %d" % version)))  # type: ignore[misc]
    return entries


OPENED, CLOSED_CASE = said("case.opened", CASE, "PAF"), said("case.closed", {}, "PAF")


@pytest.mark.parametrize("position", [20, 21, 22])
def test_a_stream_lives_on_from_what_was_said_on_it(way: Any, position: int) -> None:
    assert way(on_a_case(OPENED, CLOSED_CASE), position)[1] == []
    twice = on_a_case(OPENED, CLOSED_CASE, CLOSED_CASE)
    assert [each.position for each in way(twice, position)[1]] == [23]


def test_a_correction_moves_nothing_into_the_future(way: Any) -> None:
    patch = {"occurred_at": "2015-08-26T02:02:04.000001Z"}
    moved = {"target": IC_1, "kind": "retime", "reason_code": "clock", "patch": patch}
    second = following(ENTRIES, "correction.recorded", moved, ["BF"], stream="IC-1")
    _, found = way([*ENTRIES, headed(second, lambda h: h.replace(b"version: 1", b"version: 2"))], 20)
    assert [(each.position, each.blocking) for each in found] == [(21, False)]
    assert found[0].what.startswith("from-the-future: ")


@pytest.mark.parametrize("position", [20, 21])
def test_what_alarmed_moves_the_life_of_its_stream_all_the_same(way: Any, position: int) -> None:
    early = said("case.opened", CASE, "PAF", occurred_at="2015-08-27T02:00:00.000000Z")
    found = way(on_a_case(early, CLOSED_CASE), position)[1]
    assert [each.position for each in found] == [21] * (way is not gone_on or position == 20)


@pytest.mark.parametrize("position", [21, 22])
def test_what_nobody_here_can_read_leaves_the_life_of_its_stream_as_it_was(way: Any, position: int) -> None:
    assert way(on_a_case(OPENED, said(*WEATHER, "BF"), CLOSED_CASE), position)[1] == []


def test_only_what_stands_in_front_is_an_earlier_statement() -> None:
    walk = Walk(Kept(ENTRIES))
    for at in range(1, FOUND):
        walk.take(at, ENTRIES[at - 1])
    assert walk.statements("IC-1") == [] and walk.by_id(IC_1) is None
    walk.take(FOUND, ENTRIES[FOUND - 1])
    (found,) = walk.statements("IC-1")
    assert (found.position, found.recorded_at) == (FOUND, parse_instant("2015-08-26T02:00:01.000000Z"))
    assert found.event.header.id == IC_1 and found.event.data.persons == 4
    assert walk.by_id(IC_1) == found and walk.by_id("01900000-0000-7000-8000-000000000099") is None


def test_an_earlier_statement_that_cannot_be_read_here_is_none() -> None:
    entries = on_a_case(OPENED, said(*WEATHER, "BF"))
    walk, _ = walked(entries)
    assert [statement.position for statement in walk.statements("CASE-9")] == [21]


def test_a_correction_is_held_to_what_it_corrects(way: Any) -> None:
    """It stands on the stream of its target, which a walk that goes on looks up."""
    amended = {"target": IC_1, "kind": "amend", "reason_code": "transcription", "patch": {"persons": 5}}
    second = following(ENTRIES, "correction.recorded", amended, ["BF"], stream="IC-1")
    entries = [*ENTRIES, headed(second, lambda h: h.replace(b"version: 1", b"version: 2"))]
    assert way(entries, 20)[1] == []


# -- indexes of streams ------------------------------------------------------------------------------------------------------


def indexed(size: int, root: str = "", before: Sequence[bytes] = ENTRIES) -> list[bytes]:
    """The log, and behind it an index of the streams of its first entries."""
    index = StreamIndex()
    for at, entry in enumerate(before, start=1):
        _, stream, version, _ = split_entry(entry)
        index.take(at, stream, version)
    data = {"size": size, "root": root or index.root(size).hex()}
    return [*before, following(before, "index.committed", data, ["CENTRE"], authority="CENTRE")]


@pytest.mark.parametrize("position", [1, 7, 14, 20])
def test_an_index_of_streams_is_made_again(way: Any, position: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "ENTRIES_AT_ONCE", 3)
    right = indexed(20)
    walk, found = way(right, position)
    assert found == [] and walk.indexes == 1
    twice = indexed(21, before=right)
    walk, found = way(twice, position)
    assert found == [] and walk.indexes == 2
    walk, found = way(indexed(20, "0" * 64), position)
    assert [each.position for each in found] == [21] and walk.indexes == 0 and found[0].blocking
    root = _data(right[-1])["root"]
    assert found[0].what == f"the index of streams at size 20 has root {root}, not {'0' * 64} as is committed to"


def test_an_index_of_what_is_not_there_yet_is_named(way: Any) -> None:
    walk, (found,) = way(indexed(21, "0" * 64), 20)
    assert (found.position, found.blocking, walk.indexes) == (21, True, 0) and found.what.startswith("bad-proof: ")


def test_the_index_of_an_earlier_walk_is_read_once_and_only_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "ENTRIES_AT_ONCE", 8)
    entries = indexed(21, before=indexed(20))
    walk = resumed(entries, 18)
    log = walk.log
    assert isinstance(log, Kept)
    reads: list[list[str]] = []
    for at in (19, 20, 21, 22):
        walk.take(at, entries[at - 1])
        reads.append([each for each in log.asked if "+" in each])
    assert reads[1] == [] and reads[2] == reads[3] == ["0+8", "8+8", "16+4"]


# -- looked up together ------------------------------------------------------------------------------------------------------


def foreseen(entries: Sequence[bytes], position: int, places: dict[str, int], *streams: str) -> tuple[list[Found], list[str]]:
    """What a walk finds from there that was told beforehand where ids and streams stand, and what it looked up itself."""
    walk = resumed(entries, position)
    log = walk.log
    assert isinstance(log, Kept)
    walk.foresee(places, {stream: Kept(entries).stream_entries(stream) for stream in streams})
    found = [each for at in range(position + 1, len(entries) + 1) for each in walk.take(at, entries[at - 1])]
    return found, log.asked


def test_what_was_foreseen_is_not_looked_up() -> None:
    again = following(ENTRIES, "interception.search_recorded", SEARCH, ["BF"], id=IC_1, stream="IC-1")
    entries = [*ENTRIES, again]
    told = [
        Found(21, "version 1 of IC-1 follows version 1"),
        Found(21, f"event {IC_1} is on record already, at position 15"),
    ]
    assert foreseen(entries, 20, {IC_1: 15}, "IC-1") == (told, [])
    assert foreseen(entries, 20, {}, "IC-1") == (told[:1], []), "one that was asked for and is not there is new"
    assert foreseen(entries, 20, {IC_1: 15}) == (told, ["IC-1"])
    assert foreseen(entries, 20, {IC_1: 21}, "IC-1") == (told[:1], []), "its own place is no earlier one"
    assert foreseen(entries, 20, {IC_1: 22}, "IC-1") == (told[:1], []), "nor is one behind it"
    assert foreseen(ENTRIES, 14, {IC_1: 15}, "IC-1")[0] == [], "nor is one behind the earlier walk"


def test_a_stream_carried_over_and_not_gone_on_with_is_foreseen_where_it_was() -> None:
    before = {"origin": "golden.example/before", "size": 9, "root": "0" * 64, "open_streams": {"IC-1": 4}}
    opened = altered(ENTRIES[0], ["GB", "FR"], data={**_data(ENTRIES[0]), "predecessor": before})
    fifth = headed(ENTRIES[FOUND - 1], lambda h: h.replace(b"version: 1", b"version: 5"))
    assert foreseen([opened, *ENTRIES[1 : FOUND - 1], fifth], FIRST_SEARCH, {}, "IC-1") == ([], [])


def test_what_the_walk_knows_better_is_not_foreseen_again() -> None:
    entries = versioned(2, 3)
    walk = resumed(entries, 20)
    walk.take(21, entries[20])
    walk.foresee({}, {"IC-1": Kept(entries).stream_entries("IC-1")})
    assert walk.take(22, entries[21]) == []


def test_a_stream_is_strange_until_it_is_remembered() -> None:
    walk = resumed(ENTRIES, 14)
    assert walk.strangers(["IC-1", "SEARCH-0"]) == {"IC-1", "SEARCH-0"}
    walk.take(15, ENTRIES[14])
    assert walk.strangers(["IC-1", "SEARCH-0"]) == {"SEARCH-0"}
    walk.foresee({}, {"SEARCH-0": [(14, ENTRIES[13])]})
    assert walk.strangers(iter(["IC-1", "SEARCH-0"])) == set()
    assert walked(ENTRIES)[0].strangers(["IC-9"]) == set(), "a walk from the first entry looks nothing up"


def test_a_walk_that_let_go_looks_up_and_one_from_the_first_entry_never_does() -> None:
    walk, _ = walked(ENTRIES)
    log = walk.log
    assert isinstance(log, Kept) and log.asked == []
    walk.forget()
    assert walk.since == 20 and walk.strangers(["IC-1"]) == {"IC-1"}
    assert walk.stream("IC-1").version == 1 and log.asked == ["IC-1"]
    assert walk.stream("IC-1").version == 1 and log.asked == ["IC-1"], "once"


def test_an_index_behind_an_entry_that_cannot_be_read_is_named_and_not_the_end_of_the_walk(way: Any) -> None:
    """A cosigner that goes on from an earlier walk must alarm with what is wrong, not stop at the first look back."""
    entries = indexed(20)
    _, found = way([*entries[:16], b"nothing", *entries[17:]], FIRST_SEARCH)
    assert [each.position for each in found] == [21] and found[0].what.startswith("the index of streams at size 20 has root ")
