"""Brackets of time as they are computed: who has spoken, which time claims least, and what contradicts the ledger's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from ledger.evidence.bracket import Bracket, Instants, Word, find_bracket
from ledger.formats import policy
from ledger.formats.cosignature import Cosigner
from ledger.formats.keys import SigningKey
from ledger.formats.note import ED25519_NOTE, VerifierKey
from ledger.formats.policies import Span, succession
from ledger.formats.policy import Policy
from ledger.store.cosignatures import Finality

SECOND = 1_000_000
T = 1_440_633_600
BOTH = ("london", "paris")
LONDON, PARIS, ELSEWHERE = "london.example/1", "paris.example/1", "w.example"


def keyed(name: str, number: int) -> Cosigner:
    return Cosigner(name, SigningKey(bytes([number]) * 32))


def policy_of() -> Policy:
    log = VerifierKey("log.example", ED25519_NOTE, SigningKey(bytes(32)).public)
    named = {
        "london-1": "london.example/1",
        "london-2": "london.example/2",
        "paris-1": "paris.example/1",
        "elsewhere": "w.example",
    }
    lines = [f"log {log}"]
    lines += [f"witness {name} {keyed(key, number).key}" for number, (name, key) in enumerate(named.items(), 1)]
    lines += ["group london all london-1 london-2", "group paris all paris-1", "group both all london paris", "quorum both", ""]
    return policy.parse_policy("\n".join(lines).encode())


def words(**at: int) -> dict[str, Word]:
    return {name: Word(5, T + second) for name, second in at.items()}


def bracket(recorded: float, before: dict[str, Word], after: dict[str, Word], nations: tuple[str, ...] = BOTH) -> Bracket:
    return Bracket(6, T * SECOND + round(recorded * SECOND), nations, before, after)


# -- what it says --------------------------------------------------------------------------------------------------------------


def test_it_is_held_between_the_earlier_before_and_the_later_after() -> None:
    found = bracket(0, words(london=-9, paris=-5), words(london=7, paris=4))
    assert (found.not_before, found.not_after) == (T - 9, T + 7)


@pytest.mark.parametrize("said", [{}, words(london=1), words(paris=1)])
def test_nothing_is_held_until_all_nations_have_spoken(said: dict[str, Word]) -> None:
    found = bracket(0, said, said)
    assert found.not_before is None and found.not_after is None


def test_where_no_nation_is_asked_for_nothing_is_held() -> None:
    found = bracket(0, {}, {}, nations=())
    assert found.not_before is None and found.not_after is None


@pytest.mark.parametrize(
    ("recorded", "is_inside"),
    [(0, True), (120.999_999, True), (121, False), (-120, True), (-120.000_001, False), (3_600, False), (-3_600, False)],
)
def test_the_ledgers_own_time_contradicts_no_nations_beyond_the_tolerance(recorded: float, is_inside: bool) -> None:
    assert bracket(recorded, words(london=0, paris=-9_000), words(london=0, paris=9_000)).is_inside is is_inside


@pytest.mark.parametrize("nation", BOTH)
def test_one_nation_is_enough_to_contradict_it(nation: str) -> None:
    rest = dict.fromkeys(BOTH, 10000)
    assert not bracket(1_000, {}, words(**rest | {nation: 0})).is_inside
    assert not bracket(-1_000, words(**dict.fromkeys(BOTH, -10000) | {nation: 0}), {}).is_inside


def test_it_is_written_with_each_nations_word() -> None:
    told = bracket(0.25, words(london=-9), words(london=7, paris=4)).as_dict()
    assert told == {
        "position": 6,
        "recorded_at": "2015-08-27T00:00:00.250000Z",
        "tolerance_seconds": 120,
        "inside": True,
        "not_before": {"at": None, "by": {"london": {"at": "2015-08-26T23:59:51.000000Z", "size": 5}}},
        "not_after": {
            "at": "2015-08-27T00:00:07.000000Z",
            "by": {
                "london": {"at": "2015-08-27T00:00:07.000000Z", "size": 5},
                "paris": {"at": "2015-08-27T00:00:04.000000Z", "size": 5},
            },
        },
    }
    assert bracket(3_600, {}, words(london=0)).as_dict()["inside"] is False
    assert bracket(0, words(london=-9, paris=-5), {}).as_dict()["not_before"]["at"] == "2015-08-26T23:59:51.000000Z"


# -- where it is read ----------------------------------------------------------------------------------------------------------


class Log:
    """What finality answers of a log in which London co-signed 5 and 6, Paris 4 and 8; one key of London's is slower."""

    policy = policy_of()

    def __init__(self) -> None:
        self.log = SimpleNamespace(recorded_at=lambda position: (T + position) * SECOND)
        self.asked: list[tuple[str, str, int]] = []

    def _said(self, size: int, **at: int) -> Any:
        return SimpleNamespace(
            checkpoint=SimpleNamespace(size=size), cosigned={n.replace("_", "-"): T + s for n, s in at.items()}
        )

    def last_by(self, name: str, size: int) -> Any:
        self.asked.append(("last", name, size))
        return {"london": self._said(5, london_1=5, london_2=3, elsewhere=1), "paris": self._said(4, paris_1=4)}[name]

    def first_by(self, name: str, position: int) -> Any:
        self.asked.append(("first", name, position))
        return {"london": self._said(6, london_1=6, london_2=9, elsewhere=99), "paris": None}[name]


def test_of_a_nations_keys_the_one_that_claims_least_is_believed() -> None:
    log = Log()
    found = find_bracket(cast(Finality, log), 6)
    assert (found.position, found.recorded_at, found.nations) == (6, (T + 6) * SECOND, BOTH)
    assert found.before == {"london": Word(5, T + 3), "paris": Word(4, T + 4)}
    assert found.after == {"london": Word(6, T + 9)}
    assert sorted(log.asked) == [("first", "london", 6), ("first", "paris", 6), ("last", "london", 5), ("last", "paris", 5)]


# -- a whole log ---------------------------------------------------------------------------------------------------------------


def held() -> Instants:
    instants = Instants([5, 8])
    for position in range(1, 11):
        if position in instants.wanted:
            instants.note(position, (T + position) * SECOND)
    return instants


def test_the_instants_on_either_side_of_each_size_are_wanted() -> None:
    assert set(Instants([5, 8]).wanted) == {5, 6, 8, 9} and set(Instants([]).wanted) == set()


@pytest.mark.parametrize("name", [LONDON, "london.example/2", PARIS])
def test_times_that_agree_are_no_problem(name: str) -> None:
    assert held().check({(5, name): T + 5, (8, name): T + 8}, policy_of()) == set()


def test_an_entry_recorded_after_it_was_co_signed_is_named() -> None:
    assert held().check({(5, LONDON): T + 5 - 120}, policy_of()) == set()
    ((position, what),) = held().check({(5, LONDON): T + 5 - 121}, policy_of())
    assert position == 5 and what.startswith("says it was recorded at 2015-08-27T00:00:05.000000Z")
    assert what.endswith(f"{LONDON} had co-signed it at 2015-08-26T23:58:04.000000Z")


def test_an_entry_recorded_before_the_log_was_co_signed_without_it_is_named() -> None:
    assert held().check({(8, PARIS): T + 9 + 120}, policy_of()) == set()
    ((position, what),) = held().check({(8, PARIS): T + 9 + 121}, policy_of())
    assert position == 9 and what.startswith("says it was recorded at 2015-08-27T00:00:09.000000Z")
    assert what.endswith(f"{PARIS} co-signed the log without it at 2015-08-27T00:02:10.000000Z")


def test_every_time_is_looked_at() -> None:
    times = {(5, ELSEWHERE): 0, (7, LONDON): 0, (5, LONDON): 0, (8, PARIS): T + 9_000}
    assert {position for position, _ in held().check(times, policy_of())} == {5, 9}


def test_who_is_not_of_the_quorum_contradicts_nobody() -> None:
    assert held().check({(5, ELSEWHERE): 0, (8, ELSEWHERE): T + 9_000}, policy_of()) == set()


def test_the_last_entry_has_nothing_behind_it() -> None:
    instants = Instants([10])
    instants.note(10, (T + 10) * SECOND)
    assert instants.check({(10, LONDON): T + 9_000}, policy_of()) == set()
    assert len(instants.check({(10, LONDON): 0}, policy_of())) == 1


def test_who_was_of_the_quorum_at_a_size_is_asked_of_the_policy_of_that_size() -> None:
    """From size 7 on another key speaks for Paris."""
    later = policy_of().witnesses | {"paris-1": policy.Witness(keyed("paris.example/2", 9).key)}
    first = policy_of()
    second = Policy(first.logs, later, first.groups, first.quorum)
    both = succession([Span(0, "0" * 64, first), Span(7, "1" * 64, second)])
    assert {at for at, _ in held().check({(5, PARIS): 0, (8, PARIS): 0}, both)} == {5}
    assert {at for at, _ in held().check({(5, "paris.example/2"): 0, (8, "paris.example/2"): 0}, both)} == {8}
    groups = first.groups | {"paris": policy.Group(1, ("paris-1", "elsewhere"))}
    log = Log()
    log.policy = succession(
        [Span(0, "0" * 64, Policy(first.logs, first.witnesses, groups, first.quorum)), Span(5, "1" * 64, second)]
    )
    assert find_bracket(cast(Finality, log), 6).before["paris"] == Word(4, T + 4)
    log.policy = succession([Span(0, "0" * 64, first), Span(5, "1" * 64, first)])
    assert find_bracket(cast(Finality, log), 6).before["london"] == Word(5, T + 3)
