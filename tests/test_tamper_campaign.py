"""A slice of the tampering campaign: every kind of change fires on both stores, and verification finds and names each."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from ledger.evidence.equivocation import FOLDER
from migrations import newest, revision
from tests.sites import Sites
from tests.tamper_campaign import KIND_MIN, judged, tampering, tampering_with_a_mirror
from tests.tamper_home import played
from tests.tamper_rows import ROWS, VALUES
from tests.tampering import HOWS, Raw, laid_open, spoilt
from tests.test_cosigner import STATE, backed_up, restore

CHANGES = 12
MIRRORED = 15


def test_whatever_is_changed_at_random_is_found_and_named(tmp_path: Path, store_url: str) -> None:
    url = store_url if store_url.startswith("postgresql") else ""
    told = tampering(2015, tmp_path, url, CHANGES)
    assert all(told["found"][kind] >= KIND_MIN for kind in (*VALUES, *ROWS)), told


def test_rows_that_no_reader_asks_for_and_values_that_none_can_read_are_named(tmp_path: Path, store_url: str) -> None:
    """A section under a number below 1, a text that is none, an entry that is NULL, and a schema that says two revisions."""
    home = played(tmp_path / "home", store_url if store_url.startswith("postgresql") else "", 9, Random(1))
    log, view, *_ = laid_open(home)
    (section, *_), entries = log.kept["sections"], log.kept["entries"]
    cases = [
        (log, "sections", [*log.kept["sections"], {**section, "position": -4}], -4, "sections has a row of position -4"),
        (log, "entries", [*entries[:-1], {**entries[-1], "entry": None}], len(entries), "column entry of entries holds null"),
        (
            log,
            "ledger_revision",
            [*log.kept["ledger_revision"], {"version_num": "9"}],
            0,
            f"schema of ledger says revision {newest()}, 9",
        ),
        (view, "view_head", [{"nation": "GB", "live": "Z"}], 0, "view GB: view_head says [('GB', 'Z')]"),
        (view, "view_head", [], 0, "view GB: view_head says nothing"),
    ]
    if log.is_sqlite:
        spelt = {**entries[5], "stream": Raw(b"INC\xff")}
        cases.append(
            (log, "entries", [*entries[:5], spelt, *entries[6:]], 6, "column stream of entries holds bytes that are no")
        )
    for laid, table, rows, position, words in cases:
        laid.write({table: rows})
        problems = judged(home)["problems"]
        laid.undo([table])
        assert any(p["position"] == position and words in p["what"] for p in problems), (table, problems)
    assert judged(home)["ok"] and revision(home.reader.engine) == newest()
    home.close()


def test_a_mirrors_own_copy_changed_at_random_is_found_and_named(sites: Sites) -> None:
    """London's operator changes London's copy: its own verification names what and where, without Calais or Paris."""
    told = tampering_with_a_mirror(2016, sites, MIRRORED)
    assert all(told["found"][kind] >= KIND_MIN for kind in (*VALUES, *ROWS)), told


def test_a_cosigners_state_that_is_lost_or_torn_is_named(sites: Sites) -> None:
    """Verification goes on without it, and says that it did."""
    sites.mirror("london")
    sites.london.projector("GB").follow()
    state = sites.london.path / "london" / STATE
    kept = backed_up(state)
    for torn in (b"no database at all" * 99, kept[: len(kept) // 2], b""):
        restore(state, torn)
        problems = judged(sites.london)["problems"]
        assert problems and all("cosigner london" in problem["what"] for problem in problems), problems
    state.unlink()
    assert [p["what"] for p in judged(sites.london)["problems"]] == ["the state of cosigner london is lost: it needs a new key"]
    restore(state, kept)
    assert judged(sites.london)["ok"]


def test_a_cosigner_that_found_two_histories_and_forgot_to_stop_is_named(sites: Sites) -> None:
    sites.mirror("london")
    sites.london.projector("GB").follow()
    folder = sites.london.path / FOLDER
    folder.mkdir()
    (folder / "found.json").write_bytes(b"{}")
    assert [p["what"] for p in judged(sites.london)["problems"]] == [
        "a proof of two histories is kept, and cosigner london has not stopped"
    ]
    sites.london.cosigner("london").stop("two histories")
    assert [p["what"] for p in judged(sites.london)["problems"]] == ["cosigner london signs nothing any more: two histories"]


@pytest.mark.parametrize("value", [0, -1, 1, 2**63 - 1, -(2**63), "", "a", b"", b"\x00\x00"])
@pytest.mark.parametrize("how", HOWS)
def test_a_change_that_would_change_nothing_is_not_tried_for_ever(value: object, how: str) -> None:
    assert spoilt(value, how, Random(7)) != value
