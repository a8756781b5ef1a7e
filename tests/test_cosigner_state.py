"""What a cosigner remembers, changed, lost or torn: each is named, at the place it speaks of."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.evidence import inspection
from ledger.evidence.cosigner import STATE
from ledger.evidence.equivocation import FOLDER
from ledger.evidence.memory import recall
from ledger.formats import merkle
from tests.story import DETECTION, Story, told_in
from tests.test_cosigner import backed_up, restore

SITE = "london"


class State:
    """The state of London's cosigner after it has signed three times."""

    def __init__(self, story: Story) -> None:
        self.home = story.home
        self.folder: Path = story.home.path / SITE
        self.path = self.folder / STATE
        self.sizes = []
        for stream in ("IC-1", "IC-2", "IC-3"):
            story.add("interception.recorded", stream, DETECTION)
            self.sizes.append(story.home.cosign(SITE))

    def change(self, *statements: str) -> None:
        """Do this to the database, as whoever has the file can."""
        connection = sqlite3.connect(self.path)
        connection.execute("PRAGMA ignore_check_constraints=ON")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()

    def recalled(self) -> tuple[Any, list[tuple[int, str]]]:
        return recall(self.folder, SITE, self.home.held)

    @property
    def head(self) -> int:
        return int(self.home.held.head())


@pytest.fixture(scope="module")
def cosigned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """A night at whose end London's cosigner has signed three times."""
    with told_in(tmp_path_factory.mktemp("night"), "sqlite") as story:
        yield State(story)


@pytest.fixture
def state(cosigned: State) -> Iterator[State]:
    """Its state, to be changed; it is put back afterwards."""
    backup = backed_up(cosigned.path)
    yield cosigned
    restore(cosigned.path, backup)
    shutil.rmtree(cosigned.home.path / FOLDER, ignore_errors=True)


def test_what_is_as_it_was_says_all_that_was_vouched_for_and_no_problem(state: State) -> None:
    vouched, problems = state.recalled()
    assert problems == [] and [size for size, _, _ in vouched] == state.sizes
    assert all(root == state.home.held.root(size) and time > 0 for size, root, time in vouched)


def test_a_state_that_is_gone_is_lost(state: State) -> None:
    state.path.unlink()
    assert state.recalled() == (None, [(0, "the state of cosigner london is lost: it needs a new key")])


def test_a_state_that_is_no_database_cannot_be_read(state: State) -> None:
    state.path.write_bytes(b"not a database, and longer than the head of one" * 40)
    vouched, ((position, said),) = state.recalled()
    assert vouched is None and position == 0 and said.startswith("the state of cosigner london cannot be read: ")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE cosigned SET root = 'text'", "UPDATE stopped SET why = CAST(X'FF' AS TEXT)"],
    ids=["misfit", "illegible"],
)
def test_a_value_of_another_kind_is_named(state: State, statement: str) -> None:
    state.change("INSERT INTO stopped VALUES (1, 'two histories')", statement)
    vouched, problems = state.recalled()
    assert vouched is None and problems and all(said.startswith("cosigner london: ") for _, said in problems)


def test_one_that_has_stopped_says_why(state: State) -> None:
    state.change("INSERT INTO stopped VALUES (1, 'two histories')")
    assert state.recalled()[1] == [(0, "cosigner london signs nothing any more: two histories")]


def test_one_that_should_have_stopped_is_named_and_one_that_did_is_not_named_twice(state: State) -> None:
    (state.home.path / FOLDER).mkdir(exist_ok=True)
    (state.home.path / FOLDER / "0123.txt").write_text("no proof")
    assert state.recalled()[1] == []
    (state.home.path / FOLDER / "0123.json").write_text("{}")
    assert state.recalled()[1] == [(0, "a proof of two histories is kept, and cosigner london has not stopped")]
    state.change("INSERT INTO stopped VALUES (1, 'two histories')")
    assert state.recalled()[1] == [(0, "cosigner london signs nothing any more: two histories")]


@pytest.mark.parametrize(
    ("statements", "under", "at_newest"),
    [
        (("DELETE FROM inspected",), "nothing", True),
        (("UPDATE inspected SET one = 2",), "[2]", True),
        (("UPDATE inspected SET one = 2", "DELETE FROM cosigned"), "[2]", False),
    ],
)
def test_an_inspection_that_is_gone_or_moved_is_named(
    state: State,
    statements: tuple[str, ...],
    under: str,
    at_newest: bool,
) -> None:
    state.change(*statements)
    where = state.sizes[-1] if at_newest else 0
    assert state.recalled()[1] == [(where, f"cosigner london keeps what it inspected under {under}, not under 1 alone")]


def test_a_new_cosigner_has_inspected_nothing(state: State) -> None:
    state.change("DELETE FROM inspected", "DELETE FROM cosigned")
    assert state.recalled() == ([], [])


def test_one_that_has_cosigned_nothing_may_have_inspected_one_entry(state: State) -> None:
    held = state.home.held
    frontier = merkle.Frontier()
    frontier.append(merkle.hash_leaf(held.entry(1)))
    governing = inspection.digest(held.governing(1)).digest()
    connection = sqlite3.connect(state.path)
    connection.execute("DELETE FROM cosigned")
    connection.execute(
        "UPDATE inspected SET position = 1, recorded_at = ?, frontier = ?, governing = ?",
        (held.recorded_at(1), frontier.to_bytes(), governing),
    )
    connection.commit()
    connection.close()
    assert state.recalled() == ([], [])


@pytest.mark.parametrize("position", [0, 1, 10**6])
def test_an_inspection_short_of_what_was_cosigned_or_beyond_what_is_here_is_named(state: State, position: int) -> None:
    state.change(f"UPDATE inspected SET position = {position}")
    newest = state.sizes[-1]
    said = f"cosigner london inspected up to position {position}; it cosigned {newest}, and {state.head} entries are here"
    assert state.recalled()[1] == [(newest, said)]


CHANGED: dict[str, Callable[[State], str]] = {
    "another tree": lambda state: f"UPDATE inspected SET frontier = X'{other_tree(state).hex()}'",
    "another time": lambda state: "UPDATE inspected SET recorded_at = recorded_at + 1",
    "other keys and rules": lambda state: f"UPDATE inspected SET governing = X'{'00' * 32}'",
}


def other_tree(state: State) -> bytes:
    frontier = merkle.Frontier()
    for number in range(state.sizes[-1]):
        frontier.append(merkle.hash_leaf(b"%d" % number))
    return frontier.to_bytes()


@pytest.mark.parametrize("what", CHANGED)
def test_an_inspection_of_something_else_is_named(state: State, what: str) -> None:
    state.change(CHANGED[what](state))
    newest = state.sizes[-1]
    assert state.recalled()[1] == [(newest, f"cosigner london inspected up to position {newest} {what} than what is held here")]


def test_an_inspection_that_cannot_be_compared_is_named(state: State) -> None:
    state.change("UPDATE inspected SET frontier = X'00'")
    newest = state.sizes[-1]
    ((position, said),) = state.recalled()[1]
    assert position == newest
    assert said.startswith(f"cosigner london inspected up to position {newest}, which cannot be compared: ")
