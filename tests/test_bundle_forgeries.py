"""Bundles by somebody who holds every key: what no ledger should hold, and what nobody may claim, is found all the same."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from api import bundling
from api.bundling import Asked
from api.reporting import log_of
from ledger.evidence.bundle_manifest import OfFigure, OfReport
from ledger.formats import merkle, sealing, strict
from ledger.formats.entry import parse_entry
from ledger.formats.proof import format_proof
from projections.reports.draft import Wanted, draft
from tests.bundle_forging import altered, following, forged, headed, keys_of, signed_entry
from tests.bundles import (
    FIGURE,
    HOUR,
    ORIGIN,
    STREAM,
    Files,
    Golden,
    assert_refused,
    code_of,
    files_of,
    flipped,
    golden_policy,
    key,
    manifested,
    mended,
    replaced,
    setting,
    verdict_of,
)  # fmt: skip

# -- entries, by who holds every key -----------------------------------------------------------------------------------------


ENTRIES = [dict(files_of(FIGURE))[f"entries/{p}"] for p in range(1, 21)]
"""The golden log up to the entry that its figure bundle withholds."""


def test_what_everybody_signed_is_consistent() -> None:
    assert code_of(forged(ENTRIES)) == "internally-consistent"
    assert code_of(forged(ENTRIES), golden_policy()) == "proven"


def at(position: int, entry: bytes) -> list[bytes]:
    """The log with another entry at a position."""
    return [*ENTRIES[: position - 1], entry, *ENTRIES[position:]]


FOUND, SEALED = 15, 19
OUTSIDE = json.loads(parse_entry(ENTRIES[SEALED - 1]).payload)
SEALED_SECTIONS = OUTSIDE["sections"]
OTHER_NATION = {"GB": "FR", "FR": "GB"}[OUTSIDE["data"]["nation"]]


def stated(**fields: Any) -> list[bytes]:
    """The log in which Border Force's detection says something else, signed by Border Force."""
    return at(FOUND, altered(ENTRIES[FOUND - 1], ["BF"], **fields))


def unsigned(change: Callable[[bytes], bytes]) -> list[bytes]:
    """The log in which the head of that entry says something else."""
    return at(FOUND, headed(ENTRIES[FOUND - 1], change))


def respelled(change: Callable[[bytes], bytes]) -> list[bytes]:
    """The log in which its payload is spelled otherwise, and signed so."""
    parsed = parse_entry(ENTRIES[FOUND - 1])
    return at(FOUND, signed_entry(parsed, change(parsed.payload), ["BF"]))


BAD_ENTRIES: dict[str, tuple[str, list[bytes]]] = {
    "a line too many": ("entry-form", unsigned(lambda h: h + b"note: hello\n")),
    "another magic": ("entry-form", unsigned(lambda h: h.replace(b"entry.v1", b"entry.v2"))),
    "no such day": ("entry-form", unsigned(lambda h: re.sub(rb"2015-08-26", b"2015-02-30", h))),
    "version nought": ("entry-form", unsigned(lambda h: h.replace(b"version: 1", b"version: 0"))),
    "base64 of another spelling": ("entry-form", unsigned(lambda h: h.replace(b"==\n", b"=\n"))),
    "a space in the payload": ("payload-form", respelled(lambda p: p.replace(b'"schema":1', b'"schema": 1'))),
    "a float": ("payload-form", respelled(lambda p: p.replace(b'"persons":4', b'"persons":4.0'))),
    "a name given twice": ("payload-form", respelled(lambda p: p.replace(b'"schema":1', b'"schema":1,"schema":1'))),
    "no id": ("payload-form", stated(id=None)),
    "an id of version 4": ("payload-form", stated(id="01900000-0000-4000-8000-000000000015")),
    "no salt": ("payload-form", stated(salt=None)),
    "an authority that is no identifier": ("payload-form", stated(authority="Border Force")),
    "an unknown regime": ("payload-form", stated(regime="WAR")),
    "schema nought": ("payload-form", stated(schema=0)),
    "an instant of another spelling": ("payload-form", stated(occurred_at="2015-08-26T02:00:00Z")),
    "data that is no object": ("payload-form", stated(data=[])),
    "released to a third": ("payload-form", stated(releasable_to=["BE"])),
    "a role that is none": ("payload-form", at(2, altered(ENTRIES[1], ["GB"], data={"role": "king"}))),
    "a key of no algorithm": ("payload-form", at(2, altered(ENTRIES[1], ["GB"], data={"type_code": "99"}))),
    "a report that is no official's, of a newer schema": ("key-rule", [*ENTRIES, following(ENTRIES, "report.issued", {}, ["BF"],
                                                                                            schema=9)]),
    "of a type to come, in another's name": ("key-rule", [*ENTRIES, following(ENTRIES, "weather.seen", {}, ["BF"],
                                                                             authority="PAF")]),
    "another stream above than signed": ("entry-header", unsigned(lambda h: h.replace(b"stream: IC-1", b"stream: IC-9"))),
    "made out to another log": ("entry-header", stated(origin="golden.example/other")),
    "recorded before the entry in front": ("entry-order", unsigned(lambda h: h.replace(b"2015-08-26T", b"2015-08-24T"))),
    "a version that cannot be": ("entry-order", unsigned(lambda h: h.replace(b"version: 1", b"version: 16"))),
    "the same version twice": ("entry-order", at(16, headed(altered(ENTRIES[15], ["BF"], stream="IC-1"), lambda h: h))),
    "one event twice": ("id-repeated", [*ENTRIES, following(ENTRIES, "interception.search_recorded", {}, ["BF"],
                                                            id="01900000-0000-7000-8000-000000000015")]),
    "signed by nobody known": ("key-unknown", at(FOUND, altered(ENTRIES[FOUND - 1], ["stranger"]))),
    "signed twice by one": ("key-unknown", at(FOUND, altered(ENTRIES[FOUND - 1], ["BF", "BF"]))),
    "signed by another than it says": ("signature", unsigned(lambda h: h.replace(key("BF").key_id.encode(),
                                                                                key("PAF").key_id.encode()))),
    "signed over something else": ("signature", at(FOUND, ENTRIES[FOUND - 1].replace(b'"persons":4', b'"persons":5'))),
    "a batch path that leads elsewhere": ("signature", at(17, re.sub(rb" batch 3 1 ", b" batch 3 0 ", ENTRIES[16]))),
    "nine who sign": ("entry-form", at(FOUND, altered(ENTRIES[FOUND - 1], ["BF"] * 9))),
    "eight who sign, all of them one": ("key-unknown", at(FOUND, altered(ENTRIES[FOUND - 1], ["BF"] * 8))),
    "sealed, and released to both": ("payload-form", at(SEALED, altered(ENTRIES[SEALED - 1], ["BF"],
                                                                        releasable_to=["FR", "GB"]))),
    "sealed to one, and released to the other": ("payload-form", at(SEALED, altered(ENTRIES[SEALED - 1], ["BF"],
                                                                                    releasable_to=[OTHER_NATION]))),
    "sealed, with a text beside it": ("payload-form", at(SEALED, altered(ENTRIES[SEALED - 1], ["BF"], sections=[
        {**commitment, "name": name} for commitment in SEALED_SECTIONS for name in ("inner", "text")]))),
    "sealed, and nothing in it": ("payload-form", at(SEALED, altered(ENTRIES[SEALED - 1], ["BF"], sections=None))),
    "no log opened": ("genesis", ENTRIES[1:]),
    "an ordinary entry first": ("genesis", [altered(ENTRIES[0], ["GB"], type="ledger.begun"), *ENTRIES[1:]]),
}  # fmt: skip


@pytest.mark.parametrize(("code", "entries"), BAD_ENTRIES.values(), ids=BAD_ENTRIES.keys())
def test_an_entry_that_no_ledger_should_hold_is_found_though_all_have_signed_it(code: str, entries: list[bytes]) -> None:
    assert_refused(forged(entries), code)


def test_an_index_of_more_than_stood_before_it_proves_nothing() -> None:
    """Somebody with every key commits to streams of entries that are not there yet; its proof is of no index that counts."""
    for size, code in ((len(ENTRIES) + 1, "index-unknown"), (len(ENTRIES), "index-wrong")):
        assert_refused(indexed(size), code)


def indexed(size: int) -> bytes:
    """The log, behind it an index of so many entries, and beside it a proof under another root."""
    name, content = next((name, body) for name, body in files_of(STREAM) if name.startswith("index/"))
    proof = json.loads(content) | {"size": size}
    entry = following(ENTRIES, "index.committed", {"size": size, "root": "0" * 64}, ["CENTRE"], authority="CENTRE")
    return forged([*ENTRIES, entry], [(name.replace("23", str(size)), strict.format(proof))])


REGISTERED = {"registered": key("new").key_id, "type_code": "01", "owner": "BF", "role": "service", "nation": "GB"}
SEARCH = {"vehicle": "V", "method": "co2_probe", "result": "negative"}
Step = tuple[str, dict[str, Any], list[str], dict[str, Any]]


def search(*signers: str, **more: Any) -> Step:
    return ("interception.search_recorded", SEARCH, list(signers), more)


def said(type_name: str, data: dict[str, Any], *signers: str, **more: Any) -> Step:
    return (type_name, data, list(signers), more)


def behind(*steps: Step) -> list[bytes]:
    entries = list(ENTRIES)
    for type_name, data, signers, more in steps:
        entries.append(following(entries, type_name, data, signers, **more))
    return entries


def public(name: str) -> str:
    return base64.b64encode(key(name).public).decode()


BF, PAF = {"key": key("BF").key_id}, {"key": key("PAF").key_id}
GB_NATION = {"authority": "GB", "key_id": key("GB").key_id}
PLACE = {"code": "X", "name": "X", "territory": "GB", "control_zone": "none"}
OWN = said("key.registered", REGISTERED | {"public_key": public("new")}, "GB", "new")
ROTATED = {"old": key("BF").key_id, "registered": key("next").key_id, "type_code": "01", "public_key": public("next")}

ALLOWED: dict[str, list[Step]] = {
    "a key registered by its nation and itself": [OWN],
    "a new key speaks": [OWN, search("new", authority="BF", key_id=key("new").key_id)],
    "a rotated key's successor speaks": [
        said("key.rotated", ROTATED, "BF", "next"), search("next", authority="BF", key_id=key("next").key_id)
    ],
    "spooled before the rotation, signed again by the successor": [
        said("key.rotated", ROTATED, "BF", "next"), search("next", authority="BF", key_id=key("BF").key_id)
    ],
    "spooled before the revocation, relayed by the nation": [
        said("key.revoked", BF, "GB"), search("GB", authority="BF", key_id=key("BF").key_id)
    ],
    "suspended by either and reinstated by both": [
        said("key.suspended", BF, "FR"), said("key.reinstated", BF, "GB", "FR"), search("BF")
    ],
    "a nation speaks for its own service": [search("GB", authority="BF")],
    "a type nobody here knows, by a key in force": [said("weather.recorded", {"sea": "rough"}, "BF")],
    "an author's own business": [said("interception.recorded", {"persons": "many"}, "BF")],
    "a key reported compromised, and what it said before": [
        said("key.compromised", BF | {"suspect_from_position": FOUND}, "GB")
    ],
    "a key reported compromised from now on": [said("key.compromised", BF | {"suspect_from_position": 21}, "GB")],
    "a hold while frozen": [said("ledger.frozen", {}, "FR"), said("key.revoked", BF, "GB")],
}  # fmt: skip


@pytest.mark.parametrize(("since", "is_disputed"), [(1, True), (FOUND, True), (21, False)])
def test_what_a_stolen_key_may_have_said_is_not_proven(since: int, is_disputed: bool) -> None:
    """Border Force's key is reported compromised: what it stated from that position on is shown to rest on nobody's word."""
    entries = behind(said("key.compromised", BF | {"suspect_from_position": since}, "GB"))
    verdict = verdict_of(forged(entries), golden_policy())
    assert verdict["verdict"] == "proven" and ("disputed" in verdict["not_proven"]) == is_disputed


FORBIDDEN: dict[str, list[Step]] = {
    "a revoked key": [said("key.revoked", BF, "GB"), search("BF")],
    "a compromised key": [said("key.compromised", BF | {"suspect_from_position": 15}, "GB"), search("BF")],
    "a suspended key": [said("key.suspended", BF, "FR"), search("BF")],
    "a rotated key": [said("key.rotated", ROTATED, "BF", "next"), search("BF")],
    "reinstated by one nation": [said("key.suspended", BF, "FR"), said("key.reinstated", BF, "GB")],
    "revoked by the other nation": [said("key.revoked", BF, "FR")],
    "revoked by itself": [said("key.revoked", BF, "BF", **GB_NATION)],
    "a place by one nation": [said("place.registered", PLACE, "GB")],
    "rules by one nation": [said("rules.adopted", {"rules": 2}, "FR")],
    "a policy by one nation": [said("policy.adopted", {"sha256": "0" * 64, "from_size": 1}, "GB")],
    "thawed by one nation": [said("ledger.frozen", {}, "GB"), said("ledger.thawed", {}, "GB")],
    "frozen by a service": [said("ledger.frozen", {}, "BF")],
    "a fact while frozen": [said("ledger.frozen", {}, "GB"), search("BF")],
    "anything behind the end": [said("ledger.closed", {}, "GB", "FR"), said("key.revoked", BF, "GB")],
    "a second opening": [said("ledger.opened", {"origin": ORIGIN, "exercise": True, "rules": 1, "authority_keys": [
        {"nation": n, "key_id": key(f"new {n}").key_id, "public_key": public(f"new {n}")} for n in ("GB", "FR")]}, "GB", "FR")],
    "another's authority": [search("BF", authority="PAF")],
    "a nation for the other's service": [search("FR", authority="BF")],
    "an author who has not signed": [search("PAF", authority="BF", key_id=key("BF").key_id)],
    "a sealer's own event": [search("sealer-GB", authority="GB")],
    "a report by a service": [said("report.observation", {"report": "x"}, "BF")],
    "a sealed event by a service": [
        said("sealed.recorded", {"nation": "GB"}, "BF", authority="BF", releasable_to=["GB"], sections=[
            {"bytes": 272, "key_sha256": "0" * 64, "name": "inner", "sha256": "0" * 64}],
            stream="01900000-0000-7000-9000-000000000099")],
    "an index by a service": [said("index.committed", {"size": 3, "root": "0" * 64}, "BF")],
    "a key that did not sign its registration": [said("key.registered", REGISTERED | {"public_key": public("new")}, "GB")],
    "a key that its nation did not sign": [said("key.registered", REGISTERED | {"public_key": public("new")}, "FR", "new")],
    "a key under another's id": [
        said("key.registered", REGISTERED | {"registered": key("next").key_id, "public_key": public("new")}, "GB")],
    "a key registered twice": [OWN, said("key.registered", REGISTERED | {"public_key": public("new")}, "GB", "new")],
    "a key of nobody registered": [
        said("key.registered", REGISTERED | {"public_key": public("new"), "owner": "NOBODY"}, "GB", "new")],
    "a sealer of a service": [
        said("key.registered", REGISTERED | {"public_key": public("new"), "role": "sealer"}, "GB", "new")],
    "a national authority by registration": [
        said("key.registered", REGISTERED | {"public_key": public("new"), "role": "national_authority"}, "GB", "new")],
    "a rotation the successor did not sign": [said("key.rotated", ROTATED, "BF", authority="BF")],
    "a rotation of a revoked key": [said("key.revoked", BF, "GB"), said("key.rotated", ROTATED, "BF", "next")],
    "a successor that was not the one committed to": [
        said("key.registered", REGISTERED | {"public_key": public("new"), "next_key_digest": "0" * 64}, "GB", "new"),
        said("key.rotated", ROTATED | {"old": key("new").key_id}, "new", "next", authority="BF", key_id=key("new").key_id)],
    "beyond its scope": [
        said("key.registered", REGISTERED | {"public_key": public("new"), "may_append": ["case.*"]}, "GB", "new"),
        search("new", authority="BF", key_id=key("new").key_id)],
    "a key nobody registered is revoked": [said("key.revoked", {"key": "0" * 64}, "GB")],
    "a type nobody here knows, by a revoked key": [
        said("key.revoked", BF, "GB"), said("weather.recorded", {"sea": "rough"}, "BF")],
    "an authority moved by one nation": [said("authority.registered", {"code": "BF", "nation": "FR", "name": "BF"}, "FR")],
    "a nation's own code taken": [said("authority.registered", {"code": "GB", "nation": "GB", "name": "GB"}, "GB")],
}  # fmt: skip


@pytest.mark.parametrize("steps", ALLOWED.values(), ids=ALLOWED.keys())
def test_a_key_says_what_it_may(steps: list[Step]) -> None:
    assert code_of(forged(behind(*steps))) == "internally-consistent"


@pytest.mark.parametrize("steps", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_a_key_that_says_what_it_may_not_is_found_though_all_have_co_signed_it(steps: list[Step]) -> None:
    assert_refused(forged(behind(*steps)), "key-rule")


def test_a_proof_is_of_its_own_position() -> None:
    files = dict(files_of(STREAM))
    signed, entries = files["checkpoint"], ENTRIES[:4]
    assert_refused(mended(swapped(files_of(STREAM), "entries/15.tlog-proof", "entries/23.tlog-proof")), "proof-form")
    assert_refused(mended(swapped(files_of(STREAM), "entries/15", "entries/23")), "proof-wrong")
    read = merkle.hash_reader([merkle.hash_leaf(entry) for entry in entries])
    elsewhere = format_proof(14, merkle.prove_inclusion(2, 4, read), signed)
    assert_refused(mended(replaced(files_of(STREAM), "entries/15.tlog-proof", elsewhere)), "proof-wrong")
    longer = files["entries/15.tlog-proof"].replace(b"\n\n", b"\n" + b"A" * 43 + b"=\n\n", 1)
    assert_refused(mended(replaced(files_of(STREAM), "entries/15.tlog-proof", longer)), "proof-wrong")
    extra = files["entries/15.tlog-proof"].replace(b"\nindex", b"\nextra AAAA\nindex", 1)
    assert_refused(mended(replaced(files_of(STREAM), "entries/15.tlog-proof", extra)), "proof-form")


def swapped(files: Files, one: str, other: str) -> Files:
    contents = dict(files)
    return [(n, contents[other] if n == one else contents[one] if n == other else b) for n, b in files]


# -- sections ----------------------------------------------------------------------------------------------------------------


def test_an_opened_section_is_what_was_committed_to() -> None:
    files = files_of(STREAM)
    sealed, opened = dict(files)["sections/15-0.sealed"], dict(files)["sections/15-0.key"]
    assert_refused(mended(replaced(files, "sections/15-0.sealed", flipped(sealed, 9))), "section-ciphertext")
    assert_refused(mended(replaced(files, "sections/15-0.sealed", sealed + b"x")), "section-ciphertext")
    assert_refused(mended(replaced(files, "sections/15-0.key", flipped(opened, 9))), "section-key")
    moved = [(n.replace("15-0.", "15-1."), b) for n, b in files]
    assert_refused(mended(moved), "section-unknown")


def test_a_ciphertext_that_opens_to_nothing_is_found() -> None:
    opened = bytes(32)
    ciphertext = bytes(272)
    commitment = {
        "bytes": 272, "key_sha256": sealing.key_digest(opened), "name": "text",
        "sha256": hashlib.sha256(ciphertext).hexdigest(),
    }  # fmt: skip
    entries = stated(sections=[commitment])
    assert_refused(forged(entries, [("sections/15-0.sealed", ciphertext), ("sections/15-0.key", opened)]), "section-open")


def test_a_sealed_event_that_is_not_sound_inside_spoils_nothing_else() -> None:
    opened = bytes(range(32))
    commitment, section = sealing.seal("inner", b"not a wire item", "o", "e", {}, opened)
    entries = at(SEALED, altered(ENTRIES[SEALED - 1], ["sealer-GB"], sections=[dict(commitment)]))
    more = [(f"sections/{SEALED}-0.sealed", section.ciphertext), (f"sections/{SEALED}-0.key", opened)]
    answer = verdict_of(forged(entries, more))
    assert answer["verdict"] == "internally-consistent"
    assert answer["sections"] == {"opened": 1, "inner_sound": 0, "inner_unsound": 1}


# -- claims ------------------------------------------------------------------------------------------------------------------


def test_the_list_of_keys_is_what_the_entries_register() -> None:
    files = files_of(STREAM)
    lines = dict(files)["keys.jsonl"].splitlines(keepends=True)
    for changed in (
        lines[::-1],
        lines[1:],
        [*lines, lines[0]],
        [lines[0].replace(b'"nation":"GB"', b'"nation":"FR"'), *lines[1:]],
    ):
        assert_refused(mended(replaced(files, "keys.jsonl", b"".join(changed))), "keys-differ")
    assert keys_of(ENTRIES) == dict(files_of(FIGURE))["keys.jsonl"]


CLAIMS: dict[str, tuple[str, bytes, Callable[[dict[str, Any]], None]]] = {
    "a version too many": ("claim-stream", STREAM, lambda m: m["complete"].update(versions=3)),
    "a version too few": ("claim-stream", STREAM, lambda m: m["complete"].update(versions=1)),
    "as many versions as there are numbers": ("claim-stream", STREAM, lambda m: m["complete"].update(versions=2**53 - 1)),
    "another stream": ("claim-stream", STREAM, lambda m: (
        m["complete"].update(stream="IC-2"), m["question"].update(stream="IC-2"))),
    "a range beyond the log": ("claim-gap", FIGURE, lambda m: m["complete"].update(last=25)),
    "a range that is none": ("claim-gap", FIGURE, lambda m: m["complete"].update(first=26)),
    "a range of astronomical length": ("claim-gap", FIGURE, lambda m: m["complete"].update(last=2**53 - 1)),
    "a range that ends early": ("claim-bounds", FIGURE, lambda m: m["complete"].update(last=23)),
    "an answer that stands elsewhere": ("claim-bounds", FIGURE, lambda m: m["answer"].update(position=23)),
    "a later instant than is shown": ("answer-wrong", FIGURE, lambda m: m["question"].update(code="G8")),
    "an earlier instant": ("claim-bounds", FIGURE, lambda m: m["question"].update(as_of="2015-08-26T00:00:00.000000Z")),
    "a range that begins late": ("claim-bounds", FIGURE, lambda m: m["complete"].update(first=16)),
    "a window before the range": ("claim-bounds", FIGURE, lambda m: m["answer"]["window"].update(
        {"from": "2015-08-25T22:00:00.000000Z"})),
    "another window": ("answer-wrong", FIGURE, lambda m: m["answer"]["window"].update({"to": "2015-08-26T22:00:00.000000Z"})),
    "another day": ("answer-wrong", FIGURE, lambda m: m["question"].update(day="2015-08-27")),
    "a day that never was": ("answer-wrong", FIGURE, lambda m: m["question"].update(day="2015-02-30")),
    "the other nation's figure": ("answer-wrong", FIGURE, lambda m: m["question"].update(view="FR")),
    "an unknown figure": ("answer-wrong", FIGURE, lambda m: m["question"].update(code="G99")),
    "a value of one more": ("answer-lines", FIGURE, lambda m: m["answer"].update(value=8)),
    "a line of one more, summed": ("answer-wrong", FIGURE, lambda m: (
        m["answer"].update(value=8), m["answer"]["lines"][0].update(quantity=6))),
    "a line less, summed": ("answer-wrong", FIGURE, lambda m: (
        m["answer"].update(value=5), m["answer"]["lines"].pop())),
    "a line elsewhere": ("answer-lines", FIGURE, lambda m: m["answer"]["lines"][0].update(position=16)),
    "a line of no event": ("answer-lines", FIGURE, lambda m: m["answer"]["lines"][0].update(
        event="01900000-0000-7000-8000-000000000099")),
    "sealed entries not counted": ("answer-lines", FIGURE, lambda m: m["answer"]["not_opened"].update(FR=0)),
    "another unit": ("answer-wrong", FIGURE, lambda m: m["answer"].update(unit="person")),
    "other rules": ("answer-wrong", FIGURE, lambda m: m["answer"].update(ruleset="gb/2")),
    "no answer": ("answer-form", FIGURE, lambda m: m.pop("answer")),
    "an answer that is none": ("answer-form", FIGURE, lambda m: m.update(answer={})),
    "an answer with more in it": ("answer-form", FIGURE, lambda m: m["answer"].update(note="x")),
    "a window that ends before it begins": ("answer-form", FIGURE, lambda m: m["answer"]["window"].update(
        {"to": "2015-08-25T00:00:00.000000Z"})),
    "an answer to a stream": ("answer-form", STREAM, lambda m: m.update(answer={})),
    "a window of no length": ("answer-form", FIGURE, lambda m: m["answer"]["window"].update(
        {"to": m["answer"]["window"]["from"]})),
    "a version named of what is no stream": ("manifest-form", FIGURE, lambda m: m["withheld"][0].update(version=1)),
    "a basis that is none": ("purpose", STREAM, lambda m: m.update(basis="01900000-0000-7000-8000-000000000015")),
    "a basis that is not shown": ("purpose", STREAM, lambda m: m.update(basis="01900000-0000-7000-8000-000000000099")),
}  # fmt: skip


@pytest.mark.parametrize(("code", "content", "change"), CLAIMS.values(), ids=CLAIMS.keys())
def test_a_claim_is_held_to_what_is_shown(code: str, content: bytes, change: Callable[[dict[str, Any]], Any]) -> None:
    assert_refused(manifested(content, change), code)


def test_a_rescue_beside_a_case_is_found_by_whoever_verifies() -> None:
    rescue = said("incident.opened", {"kind": "small_boat_distress", "place": "SEA"}, "PAF", regime="GENERAL")
    assert_refused(forged(behind(rescue, said("case.opened", {"kind": "facilitation"}, "PAF"))), "purpose")


def test_a_period_that_hides_its_neighbours_is_refused() -> None:
    begins, ends = "2015-08-26T02:00:00.000000Z", "2015-08-26T02:00:03.000000Z"

    def asked(manifest: dict[str, Any]) -> None:
        manifest["question"] = {"kind": "period", "from": begins, "to": ends}
        manifest["complete"] = {"kind": "positions", "first": 15, "last": 18}

    files = files_of(mended(files_of(forged(ENTRIES)), asked))
    assert code_of(mended(files)) == "internally-consistent"
    for gone in (14, 19):
        hidden = [(n, b) for n, b in files if n not in (f"entries/{gone}", f"entries/{gone}.tlog-proof")]
        assert_refused(mended(hidden), "claim-bounds")
    assert_refused(mended(files, lambda m: m["complete"].update(first=16)), "claim-bounds")
    assert_refused(mended(files, lambda m: m["complete"].update(last=19)), "claim-bounds")
    assert_refused(mended([(n, b) for n, b in files if not n.startswith("entries/17")]), "claim-gap")
    assert_refused(mended(files, lambda m: m["question"].update({"from": "2015-08-25T22:30:01.000000Z"})), "claim-bounds")
    assert parse_entry(ENTRIES[13]).recorded_at == "2015-08-25T22:30:01.000000Z", "the neighbour's own instant is not before it"


def test_a_period_may_be_empty_but_not_beyond_the_log() -> None:
    def asked(first: int) -> Callable[[dict[str, Any]], None]:
        period = {"kind": "period", "from": "2015-08-26T02:00:01.500000Z", "to": "2015-08-26T02:00:01.500000Z"}
        return setting(question=period, complete={"kind": "positions", "first": first, "last": first - 1})

    assert code_of(manifested(forged(ENTRIES), asked(16))) == "internally-consistent"
    assert_refused(manifested(forged(ENTRIES), asked(30)), "claim-gap")


@pytest.mark.parametrize("position", [15, 16, 18])
def test_what_is_withheld_counts_where_a_range_begins_and_ends(position: int) -> None:
    def asked(manifest: dict[str, Any]) -> None:
        manifest["question"] = {"kind": "period", "from": "2015-08-26T02:00:00.000000Z", "to": "2015-08-26T02:00:03.000000Z"}
        manifest["complete"] = {"kind": "positions", "first": 15, "last": 18}
        leaf_hash = merkle.hash_leaf(ENTRIES[position - 1]).hex()
        manifest["withheld"] = [{"ground": "a", "leaf_hash": leaf_hash, "position": position}]

    files = [(n, b) for n, b in files_of(forged(ENTRIES)) if n != f"entries/{position}"]
    assert verdict_of(mended(files, asked))["entries"] == {"full": 19, "sealed": {"FR": 1, "GB": 1}, "withheld": 1}


def test_a_bundle_begins_where_the_log_does() -> None:
    files = files_of(STREAM)
    assert_refused(mended([(n, b) for n, b in files if n not in ("entries/1", "entries/1.tlog-proof")]), "genesis")
    row = {"ground": "a", "leaf_hash": merkle.hash_leaf(dict(files)["entries/1"]).hex(), "position": 1}
    assert_refused(mended([(n, b) for n, b in files if n != "entries/1"], setting(withheld=[row])), "genesis")


def test_a_stream_carried_over_from_another_log_goes_on_where_it_was() -> None:
    before = {"origin": "golden.example/before", "size": 9, "root": "0" * 64, "open_streams": {"IC-1": 4}}
    data = strict.parse(parse_entry(ENTRIES[0]).payload)["data"] | {"predecessor": before}
    opened = altered(ENTRIES[0], ["GB", "FR"], data=data)
    assert_refused(forged([opened, *ENTRIES[1:]]), "entry-order")
    fifth = headed(ENTRIES[FOUND - 1], lambda head: head.replace(b"version: 1", b"version: 5"))
    content = forged([opened, *ENTRIES[1 : FOUND - 1], fifth, *ENTRIES[FOUND:]])
    assert code_of(content) == "internally-consistent"

    def asked(versions: int) -> Callable[[dict[str, Any]], None]:
        complete = {"kind": "stream", "stream": "IC-1", "versions": versions}
        return setting(question={"kind": "stream", "stream": "IC-1"}, complete=complete)

    assert code_of(manifested(content, asked(5))) == "internally-consistent"
    assert_refused(manifested(content, asked(1)), "claim-stream")


def test_a_withheld_version_is_named_and_counted_as_the_makers_word() -> None:
    files = files_of(STREAM)
    leaf_hash = merkle.hash_leaf(dict(files)["entries/15"]).hex()
    row = {"ground": "personal data", "leaf_hash": leaf_hash, "position": 15, "version": 1}
    without = [(n, b) for n, b in files if n != "entries/15" and not n.startswith("sections/")]
    answer = verdict_of(mended(without, setting(withheld=[row])))
    assert answer["verdict"] == "internally-consistent" and "all-versions" not in answer["proven"]
    assert_refused(mended(without, setting(withheld=[row | {"leaf_hash": "0" * 64}])), "proof-wrong")
    assert_refused(mended(without, setting(withheld=[row | {"version": 2}])), "claim-stream")
    assert_refused(mended(without, setting(withheld=[{k: v for k, v in row.items() if k != "version"}])), "claim-stream")


def test_a_proof_from_an_index_is_held_to_it() -> None:
    files = files_of(STREAM)
    name = next(n for n, _ in files if n.startswith("index/"))
    body = dict(files)[name]
    assert_refused(mended(replaced(files, name, body + b" ")), "index-form")
    assert_refused(mended(replaced(files, name, body.replace(b'"size":23', b'"size":22'))), "index-unknown")
    assert_refused(mended(replaced(files, name, body.replace(b'"version":2', b'"version":3'))), "index-wrong")
    alone = verdict_of(mended([*files_of(FIGURE), (name, body)]))
    assert alone["verdict"] == "internally-consistent" and "last-version" not in alone["proven"]
    other = mended(files, lambda m: (m["complete"].update(stream="LEDGER", versions=1), m["question"].update(stream="LEDGER")))
    assert "last-version" in verdict_of(other)["not_proven"], "the index speaks of another stream"


# -- reports and corrections, from a night of their own ----------------------------------------------------------------------


@cache
def later() -> tuple[bytes, bytes]:
    """A figure whose correction stands a day behind what it corrects, and a report."""
    with TemporaryDirectory() as folder:
        return told_later(Path(folder))


def told_later(folder: Path) -> tuple[bytes, bytes]:
    golden = Golden(folder / "home", "sqlite://").tell()
    golden.now += 24 * HOUR
    target = golden.id_of("IC-1")
    moved = {
        "target": target,
        "kind": "retime",
        "reason_code": "clock",
        "patch": {"occurred_at": "2015-08-27T00:30:00.000000Z"},
    }
    golden.say("correction.recorded", "IC-1", moved, ("BF", "BF"))
    official = key("official")
    golden.say("authority.registered", "REGISTRY", {"code": "GB-SRO", "nation": "GB", "name": "Official"}, ("GB", "GB"))
    registered = {"registered": official.key_id, "type_code": "01", "public_key": public("official"), "owner": "GB-SRO"}
    golden.say("key.registered", "KEYS", {**registered, "role": "official", "nation": "GB"}, ("GB", "GB"), "official")
    golden.home.projector("GB").follow()
    wanted = Wanted(date(2015, 8, 27), "provisional")
    drafted = draft(golden.home.view("GB").at(None), log_of(golden.home), wanted, golden.size).data({})
    golden.say("report.issued", "REPORT-GB", drafted, ("GB-SRO", "official"))
    golden._cosign()
    as_of = bundling.newest_instant(golden.home, golden.size)
    asked = Asked(withhold_kinds={"rescues": "rescue"}, has_verifier=False)
    bundling.create(golden.home, OfFigure("GB", "G1", "2015-08-27", as_of), folder / "figure.zip", asked, golden.size)
    bundling.create(golden.home, OfReport(golden.id_of("REPORT-GB")), folder / "report.zip", asked, golden.size)
    golden.home.close()
    return (folder / "figure.zip").read_bytes(), (folder / "report.zip").read_bytes()


def test_what_was_corrected_is_shown_with_its_correction() -> None:
    figure, _ = later()
    answer = verdict_of(figure)
    assert answer["answer"]["value"] == 5 and answer["complete"]["first"] > 15
    files = files_of(figure)
    assert_refused(mended([(n, b) for n, b in files if n not in ("entries/15", "entries/15.tlog-proof")]), "original-missing")


def test_a_reports_figures_and_documents_are_its_own() -> None:
    _, report = later()
    assert verdict_of(report)["rederived"] is True
    files = files_of(report)
    name = next(n for n, _ in files if n.startswith("reports/"))
    assert_refused(mended(replaced(files, name, dict(files)[name].replace(b'"G1":5', b'"G1":4'))), "report-digest")
    assert_refused(manifested(report, lambda m: m["answer"]["figures"].update(G1=4)), "answer-lines")
    assert_refused(
        manifested(report, lambda m: m["question"].update(report="01900000-0000-7000-8000-000000000015")), "claim-bounds"
    )
    assert_refused(mended([*files_of(STREAM)[:-1], (name, dict(files)[name]), files_of(STREAM)[-1]]), "report-digest")
    other = [(n.replace(name[8:44], "01900000-0000-7000-8000-000000000015"), b) for n, b in files]
    assert_refused(mended(other), "report-digest")
