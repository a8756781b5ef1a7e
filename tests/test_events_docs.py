"""The documents made from the declarations say what the declarations say."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.events import tables
from ledger.events.base import CATALOGUE, NEWEST
from ledger.events.lives import STATES

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("document, made", [("events", tables.event_catalogue), ("lives", tables.life_tables)])
def test_a_document_never_says_what_the_code_no_longer_does(document, made):
    written = (DOCS / f"{document}.md").read_text(encoding="utf-8")
    assert written == made(), f"run: python -m ledger.events.tables {document} > docs/{document}.md"


def test_no_family_and_no_type_is_left_out():
    assert set(tables.FAMILIES) == {row.family for row in CATALOGUE.values()}
    text = tables.event_catalogue()
    for name, row in NEWEST.items():
        assert f"`{name}`" in text and row.en in text and row.fr in text
        assert row.makes_facts or row.exempt in text


def test_every_step_of_every_life_is_in_its_table():
    for family in STATES:
        table = tables.transition_table(family)
        lines = table.strip().splitlines()[2:]
        assert len(lines) == sum(family in (row.family, *row.also_on) for row in NEWEST.values())
        assert all(line.count("|") == len(STATES[family]) + 2 for line in lines)


def test_the_command_prints_the_document_or_says_how(capsys):
    tables.main(["lives"])
    assert capsys.readouterr().out == tables.life_tables()
    with pytest.raises(SystemExit):
        tables.main([])
    assert "usage" in capsys.readouterr().err
