"""What a batch writes is what was stated, whatever stands in it, and all of it or nothing."""

from __future__ import annotations

import pytest

from migrations import upgrade
from projections.batch import Batch, Progress
from projections.fact import Fact
from projections.tables import GENERATION
from projections.viewstore import ViewStore, namespace

AWKWARD = ["plain", "a\tb", "a\nb", "a\rb", "back\\slash", "\\N", "\\.", "é—\u2028", "'; --", '{"a":"\\\\"}', ""]
G = GENERATION["a"]


def fact(position: int, said: str) -> Fact:
    return Fact("search", f"IC-{said}", said, said, position, position, 0, 1, 1, "BF", "GB", "|BF|", subject=said, detail=said)


@pytest.fixture
def store(store_url):
    upgrade(store_url, "view", namespace=namespace("GB"))
    store = ViewStore(store_url, "GB")
    yield store
    store.close()


@pytest.mark.parametrize("awkward", [AWKWARD, [word for word in AWKWARD if word.isalpha()]], ids=["awkward", "plain"])
def test_every_character_comes_back_as_it_was_stated(store, awkward):
    stated = [fact(position, said) for position, said in enumerate(awkward, 1)]
    store.write(G, 0, Batch(Progress(len(stated), b"", b""), stated))
    assert list(store.all_facts(G)) == stated


def test_a_batch_that_fails_leaves_nothing_behind(store):
    store.write(G, 0, Batch(Progress(1, b"", b""), [fact(1, "first")]))
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.write(G, 1, Batch(Progress(3, b"", b""), [fact(2, "second"), fact(1, "again")]))
    assert [f.event for f in store.all_facts(G)] == ["first"]
    assert store.progress(G).position == 1


def test_of_two_who_write_the_same_part_of_a_view_the_second_writes_nothing(store):
    """Whichever part it is: the first of all, or one after it, with facts in it or without."""
    assert store.write(G, 0, Batch(Progress(1, b"", b""), [fact(1, "first")]))
    assert not store.write(G, 0, Batch(Progress(1, b"", b""), [fact(1, "first")]))
    assert store.write(G, 1, Batch(Progress(5, b"", b""), [fact(2, "second")]))
    assert not store.write(G, 1, Batch(Progress(3, b"", b"")))
    assert not store.write(G, 1, Batch(Progress(5, b"", b""), [fact(2, "second")]))
    assert [f.event for f in store.all_facts(G)] == ["first", "second"]
    assert store.progress(G).position == 5
