"""Which checkpoint is final, found in a few steps: the same one as by looking at each, whoever was away whenever."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from sqlalchemy import insert

from ledger.formats.cosignature import Cosigner
from ledger.formats.keys import SigningKey
from ledger.formats.policy import Group, Policy, Witness
from ledger.store import tables
from ledger.store.cosignatures import NEVER, Finality
from ledger.store.engines import open_engine
from ledger.store.reader import LogReader
from migrations import upgrade
from tests.sites import Sites

SIZES = 60
NAMES = ("a", "b", "c", "d", "e")
WITNESSES = {name: Witness(Cosigner(f"key-{name}", SigningKey(bytes([n]) * 32)).key) for n, name in enumerate(NAMES, 1)}
QUORUMS = {
    "all of two pairs": {"x": Group(2, ("a", "b")), "y": Group(2, ("c", "d")), "q": Group(2, ("x", "y"))},
    "two of three": {"q": Group(2, ("a", "b", "c"))},
    "any": {"q": Group(1, NAMES)},
    "one and any of two": {"x": Group(1, ("b", "c")), "q": Group(2, ("a", "x"))},
    "two of three groups": {"x": Group(1, ("a", "b")), "y": Group(2, ("c", "d")), "q": Group(2, ("x", "y", "e"))},
}


@pytest.mark.parametrize("quorum", QUORUMS)
@pytest.mark.parametrize("density", [0.05, 0.3, 0.9])
def test_the_search_finds_what_looking_at_each_size_finds(tmp_path: Any, quorum: str, density: float) -> None:
    rng = Random(f"{quorum} {density}")
    policy = Policy((), WITNESSES, QUORUMS[quorum], "q")
    signed = {size: {name for name in NAMES if rng.random() < density} for size in range(1, SIZES + 1)}
    for size in range(20, 35):
        signed[size].discard("a")  # away for a while
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    upgrade(url)
    engine = open_engine(url)
    rows = [{"size": size, "name": f"key-{name}", "line": "x"} for size, names in signed.items() for name in names]
    with engine.begin() as connection:
        connection.execute(insert(tables.cosignatures), rows)
    finality = Finality(LogReader(engine), policy)
    final = [size for size, names in signed.items() if policy.is_final(names)]
    for size in range(1, SIZES + 1):
        after = finality._periods[0].settle("q", size, 1)
        assert after == next((s for s in final if s >= size), 0), size
        before = finality._periods[0].settle("q", size, -1)
        assert before == next((s for s in reversed(final) if s <= size), 0), size
    assert finality._periods[0].settle("q", NEVER - 1, -1) == (final[-1] if final else 0)
    engine.dispose()


def test_a_line_that_does_not_verify_makes_nothing_final(sites: Sites) -> None:
    """Somebody writes lines under the right names into the database: no answer calls the checkpoint final."""
    sites.mirror("london")
    size = sites.calais.ledger.head()
    lines = sites.lines("london", size)
    with sites.calais.held.engine.begin() as connection:
        for name in ("paris-ed", "paris-pq"):
            key = sites.calais.policy().witnesses[name].key.name
            forged = {"size": size, "name": key, "line": str(lines[0]).replace(lines[0].name, key)}
            connection.execute(insert(tables.cosignatures), [forged])
    finality = sites.calais.finality()
    assert finality.newest_final() is None and finality.first_final(size) is None
    assert sites.calais.covering(size)["final"] is False


def test_what_was_final_stays_so_while_a_site_is_away(sites: Sites) -> None:
    first = sites.mirror("london")
    sites.mirror("paris")
    sites.tell(4)
    sites.mirror("london")
    finality = sites.calais.finality()
    assert finality.newest_final().checkpoint.size == first  # type: ignore[union-attr]
    assert finality.first_final(first + 1) is None
    standing = finality.standing()
    assert standing["tail"]["entries"] == 4 and list(standing["behind"]) == ["paris"]
    assert standing["behind"]["paris"]["size"] == first
    assert standing["behind"]["paris"]["since"] == standing["tail"]["since"]
