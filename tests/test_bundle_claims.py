"""Where a bundle's claims begin and end: each holds at its last instant, position and version, and no further."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from ledger.events.examples import DATA
from ledger.evidence.bundle import verify
from ledger.evidence.bundle_claims import Claims
from ledger.evidence.bundle_names import MANIFEST
from ledger.formats import merkle, strict
from ledger.formats.entry import format_instant, parse_entry, parse_instant, split_entry
from ledger.formats.streamindex import StreamIndex
from ledger.formats.streamproof import format_stream_proof, prove_stream
from tests.bundle_forging import altered, following, forged, headed
from tests.bundles import (
    FIGURE,
    STREAM,
    assert_refused,
    code_of,
    files_of,
    golden_policy,
    manifested,
    mended,
    setting,
    verdict_of,
)
from tests.test_bundle_forgeries import ENTRIES, FOUND, behind, said
from tests.test_bundle_rules import CHECKPOINT, CONSISTENT, FIRST, NEXT, RENEWED, WEAKER, governed, reported, sha256, stamped

SHOWN = {int(name[8:]): parse_entry(body) for name, body in files_of(FIGURE) if name[8:].isdigit()}
"""The entries of the figure's bundle, by position."""


def recorded(position: int, microseconds: int = 0) -> str:
    """The instant at which an entry was recorded, or so long after it."""
    return format_instant(parse_instant(SHOWN[position].recorded_at) + microseconds)


def versioned(entry: bytes, version: int) -> bytes:
    return headed(entry, lambda head: head.replace(b"version: 1", b"version: %d" % version))


# -- where a range begins and ends -------------------------------------------------------------------------------------------


def test_a_policy_that_was_not_adopted_is_named() -> None:
    assert verdict_of(governed((WEAKER, 1)))["problem"] == {"code": "policy-differs", "file": "policy.txt"}


def period(begins: str, ends: str, first: int, last: int) -> bytes:
    """The log, of which a period is asked for."""
    asked = {"kind": "period", "from": begins, "to": ends}
    return manifested(forged(ENTRIES), setting(question=asked, complete={"kind": "positions", "first": first, "last": last}))


def test_a_period_holds_what_was_recorded_at_its_beginning_and_not_what_was_at_its_end() -> None:
    assert code_of(period(recorded(15), recorded(20), 15, 19)) == CONSISTENT
    assert_refused(period(recorded(15), recorded(20), 15, 20), "claim-bounds")
    assert_refused(period(recorded(15, 1), recorded(20), 15, 19), "claim-bounds")


def test_a_period_that_begins_with_the_log_leaves_nothing_out() -> None:
    assert code_of(period(recorded(1), recorded(20), 1, 19)) == CONSISTENT
    assert_refused(period(recorded(1), recorded(20), 2, 19), "claim-bounds")
    assert code_of(period(recorded(1, 1), recorded(20), 2, 19)) == CONSISTENT


def test_what_may_belong_into_a_window_is_in_front_of_no_range() -> None:
    """An event may be recorded up to two minutes before it says it happened: so long before the window the range begins."""

    def beginning(microseconds: int) -> Callable[[dict[str, Any]], None]:
        return lambda m: m["answer"]["window"].update({"from": recorded(14, 120_000_000 + microseconds)})

    assert_refused(manifested(FIGURE, beginning(0)), "claim-bounds")
    assert_refused(manifested(FIGURE, beginning(1)), "answer-wrong")


def standing(last: int, as_of: str, **answer: Any) -> bytes:
    """The figure, said to stand at an earlier position, as of an instant."""

    def change(manifest: dict[str, Any]) -> None:
        manifest["complete"]["last"] = manifest["answer"]["position"] = last
        manifest["question"]["as_of"] = as_of
        manifest["answer"] |= answer

    return manifested(FIGURE, change)


def test_a_figure_ends_where_its_instant_does() -> None:
    for as_of in (recorded(22), recorded(23, -1)):
        assert_refused(standing(22, as_of), "answer-wrong")  # five people were four until the correction at 23
    assert_refused(standing(22, recorded(22, -1)), "claim-bounds")
    assert_refused(standing(22, recorded(23)), "claim-bounds")
    assert code_of(FIGURE) == CONSISTENT
    assert_refused(standing(24, recorded(24, -1)), "claim-bounds")


def test_a_line_may_be_the_last_entry_of_the_range() -> None:
    assert_refused(standing(19, recorded(19), not_opened={"FR": 0, "GB": 0}), "answer-wrong")
    assert_refused(standing(18, recorded(18), not_opened={"FR": 0, "GB": 0}), "answer-lines")


def test_a_report_stands_behind_what_it_rests_on() -> None:
    made = reported(b"{}", content_sha256=sha256(b"{}"))

    def resting(first: int, last: int) -> bytes:
        complete = {"kind": "positions", "first": first, "last": last}
        return manifested(made, lambda m: m.update(complete=complete, answer=m["answer"] | {"position": last}))

    assert code_of(resting(1, NEXT)) == "answer-wrong"
    assert_refused(resting(1, NEXT + 1), "claim-bounds")
    other = setting(question={"kind": "report", "report": "01900000-0000-7000-8000-000000000099"})
    assert_refused(manifested(resting(1, 0), other), "claim-bounds")


def test_figures_that_a_report_commits_to_are_those_it_states() -> None:
    assert_refused(reported(b'{"G1":1}', content_sha256=sha256(b'{"G1":1}')), "report-digest")


# -- what goes with what -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("basis", "signers"), [("access.combined", ["PAF"]), ("mandate.granted", ["GB"])])
def test_a_rescue_stands_beside_a_case_where_a_basis_for_it_is_shown(basis: str, signers: list[str]) -> None:
    rescue = said("incident.opened", {"kind": "small_boat_distress", "place": "SEA"}, "PAF", regime="GENERAL")
    entries = behind(rescue, said("case.opened", {"kind": "facilitation"}, "PAF"), said(basis, DATA[basis], *signers))
    named = strict.parse(parse_entry(entries[-1]).payload)["id"]
    assert code_of(manifested(forged(entries), setting(basis=named))) == CONSISTENT
    assert_refused(forged(entries), "purpose")
    other = strict.parse(parse_entry(entries[0]).payload)["id"]
    assert_refused(manifested(forged(entries), setting(basis=other)), "purpose")


def figure_of(entries: list[bytes]) -> bytes:
    """A log that is said to make a figure of nothing: what the answer rests on is asked before whether it is right."""

    def change(manifest: dict[str, Any]) -> None:
        manifest["question"] = {"kind": "figure", "view": "GB", "code": "G1", "day": "2015-08-26", "as_of": recorded(24)}
        manifest["answer"] = strict.parse(dict(files_of(FIGURE))[MANIFEST])["answer"] | {
            "lines": [],
            "value": 0,
            "position": len(entries),
        }
        manifest["answer"]["not_opened"] = {"FR": 1, "GB": 1}

    return manifested(forged(entries), change)


def test_a_correction_on_a_stream_carried_over_needs_nothing_from_the_log_before() -> None:
    before = {"origin": "golden.example/before", "size": 9, "root": "0" * 64, "open_streams": {"IC-1": 4}}
    data = strict.parse(parse_entry(ENTRIES[0]).payload)["data"] | {"predecessor": before}
    opened = altered(ENTRIES[0], ["GB", "FR"], data=data)
    entries = [opened, *ENTRIES[1 : FOUND - 1], versioned(ENTRIES[FOUND - 1], 5), *ENTRIES[FOUND:]]
    correction = following(entries, "correction.recorded", {}, ["BF"], stream="IC-1")
    assert_refused(figure_of([*entries, versioned(correction, 6)]), "answer-wrong")


@pytest.mark.parametrize(("version", "code"), [(2, "answer-wrong"), (3, "original-missing")])
def test_one_entry_withheld_hides_one_original_and_no_more(version: int, code: str) -> None:
    correction = versioned(following(ENTRIES, "correction.recorded", {}, ["BF"], stream="IC-2"), version)
    row = {"ground": "a", "leaf_hash": merkle.hash_leaf(ENTRIES[15]).hex(), "position": 16}
    files = [(n, b) for n, b in files_of(figure_of([*ENTRIES, correction])) if n != "entries/16"]
    assert_refused(mended(files, setting(withheld=[row])), code)


# -- the last version --------------------------------------------------------------------------------------------------------

HIDDEN = versioned(following(ENTRIES, "interception.search_recorded", {}, ["BF"], stream="IC-1"), 2)


def index_of(*marks: tuple[str, int, int]) -> StreamIndex:
    """An index of streams: (stream, version, position) of each entry in order."""
    index = StreamIndex()
    for at, (stream, version, position) in enumerate(marks, start=1):
        assert at == position
        index.take(position, stream, version)
    return index


def claiming(versions: int, entries: list[bytes], proven: dict[str, str], *, moved: bool = False) -> dict[str, Any]:
    """What is said of IC-1 under an index of these entries with proofs of some streams, by the names of their files."""
    marks = [(split_entry(entry)[1], split_entry(entry)[2], at) for at, entry in enumerate(entries, start=1)]
    if moved:  # whoever holds every key has an index of something else
        marks[FOUND - 1 : FOUND + 1] = [("SEARCH-1", 1, FOUND), ("IC-1", 1, FOUND + 1)]
    index, size = index_of(*marks), len(entries)
    committed = following(
        entries, "index.committed", {"size": size, "root": index.root(size).hex()}, ["CENTRE"], authority="CENTRE"
    )
    more = [
        (f"index/{name}", format_stream_proof(prove_stream(index.leaves(size), size, stream)))
        for name, stream in sorted(proven.items())
    ]
    files = files_of(forged([*entries, committed], more))
    asked = {"kind": "stream", "stream": "IC-1"}
    hidden = [name for name, body in files if body == HIDDEN for name in (name, f"{name}.tlog-proof")]
    shown = [(n, b) for n, b in files if n not in hidden]
    return verdict_of(mended(shown, setting(question=asked, complete=asked | {"versions": versions})))


def is_last(said_of: dict[str, Any]) -> bool:
    """Whether the last version is said to be proven; it stands in exactly one of the two lists."""
    assert said_of["verdict"] == CONSISTENT
    assert ("last-version" in said_of["proven"]) != ("last-version" in said_of["not_proven"])
    return "last-version" in said_of["proven"]


def test_the_last_version_is_the_one_that_an_index_knows() -> None:
    assert is_last(verdict_of(STREAM))
    assert is_last(claiming(1, ENTRIES, {"a.json": "IC-1"}))
    assert is_last(claiming(1, ENTRIES, {"a.json": "IC-1", "b.json": "SEARCH-1"})), "whatever else is proven"
    assert is_last(claiming(1, ENTRIES, {"a.json": "SEARCH-1", "b.json": "IC-1"}))
    assert not is_last(claiming(1, ENTRIES, {"a.json": "SEARCH-1"})), "another stream's"
    assert not is_last(claiming(1, ENTRIES, {"a.json": "IC-2"})), "that there is none of another"
    assert not is_last(claiming(1, [*ENTRIES, HIDDEN], {"a.json": "IC-1"})), "one more than is shown"
    assert not is_last(claiming(1, ENTRIES, {"a.json": "IC-1"}, moved=True)), "one that stands elsewhere"


def test_of_a_stream_whose_last_version_is_withheld_the_index_speaks_all_the_same() -> None:
    files = files_of(STREAM)
    row = {"ground": "a", "leaf_hash": merkle.hash_leaf(dict(files)["entries/23"]).hex(), "position": 23, "version": 2}
    assert is_last(verdict_of(mended([(n, b) for n, b in files if n != "entries/23"], setting(withheld=[row]))))


# -- time stamps -------------------------------------------------------------------------------------------------------------

THIRD = b"again " + hashlib.sha256(CHECKPOINT + FIRST + RENEWED).digest()


def test_the_responses_of_an_authority_are_told_in_order() -> None:
    content = stamped(("a.1.tsr", FIRST), ("dfn.1.tsr", FIRST), ("dfn.2.tsr", RENEWED), ("dfn.3.tsr", THIRD))
    told: list[Any] = []

    def stamps(claims: Claims) -> list[dict[str, str]]:
        told.extend([claims.authorities(), *(claims.responses(name) for name in ("a", "dfn", "nobody"))])
        return []

    verify(lambda at, count: content[at : at + count], len(content), golden_policy(), None, stamps)
    assert told == [{"a", "dfn"}, [FIRST], [FIRST, RENEWED, THIRD], []]
