"""Bundles by somebody who holds every key: what may follow what, what may stand beside it, and all that verifiers are asked."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from typing import Any

import pytest

from ledger.formats import strict
from ledger.formats.entry import format_instant, parse_entry
from ledger.formats.sealing import SealingKey, seal
from tests.bundle_forging import altered, forged, headed
from tests.bundles import (
    COSIGNED_AT,
    FIGURE,
    ORIGIN,
    SECOND,
    STREAM,
    Files,
    assert_refused,
    code_of,
    files_of,
    golden_policy,
    key,
    manifested,
    mended,
    replaced,
    sealing_key,
    verdict_of,
)
from tests.test_bundle_forgeries import (
    BF,
    ENTRIES,
    REGISTERED,
    ROTATED,
    SEALED_SECTIONS,
    Step,
    behind,
    public,
    said,
)  # fmt: skip
from tests.test_bundle_inner import SOUND, STATED, UNSOUND, inner, wired

CONSISTENT = "internally-consistent"
NEXT = len(ENTRIES) + 1

# -- what may follow what ----------------------------------------------------------------------------------------------------

POINT = bytes.fromhex(  # the base point of P-256
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
SEALING = SealingKey(bytes(range(96))).public


def id_of(type_code: str, body: bytes) -> str:
    """The key id of any bytes."""
    return hashlib.sha256(bytes.fromhex(type_code) + body).hexdigest()


def registered(type_code: str, body: bytes, *signers: str, **more: Any) -> Step:
    """A key of a type registered for London, by its authority and whoever else."""
    role = {"10": "sealing", "11": "official"}.get(type_code, "service")
    data = {
        "registered": id_of(type_code, body), "type_code": type_code, "public_key": base64.b64encode(body).decode(),
        "owner": "GB", "role": role, "nation": "GB", "attested": True, **more,
    }  # fmt: skip
    return said("key.registered", data, "GB", *signers)


def numbered(first: int, second: int) -> bytes:
    """A sealing key whose first two numbers are these, as FIPS 203 packs them: three bytes for two."""
    return bytes([first & 255, first >> 8 | (second & 15) << 4, second >> 4]) + SEALING[3:]


def compromised(who: dict[str, Any], since: int, signer: str = "GB") -> Step:
    return said("key.compromised", who | {"suspect_from_position": since}, signer)


def adopted(content: bytes, from_size: int) -> Step:
    return said("policy.adopted", {"sha256": hashlib.sha256(content).hexdigest(), "from_size": from_size}, "GB", "FR")


def scoped(*may_append: str) -> Step:
    """A key of Border Force that may state no more than this."""
    return said("key.registered", REGISTERED | {"public_key": public("new"), "may_append": list(may_append)}, "GB", "new")


def by_new(type_name: str, data: dict[str, Any], *signers: str) -> Step:
    """Stated by Border Force under that key."""
    return said(type_name, data, *(signers or ("new",)), authority="BF", key_id=key("new").key_id)


def sealed(*signers: str, **more: Any) -> Step:
    """Something that London sealed, signed by these under its sealer's key."""
    outside = {"authority": "GB", "key_id": key("sealer-GB").key_id, "releasable_to": ["GB"], "sections": SEALED_SECTIONS}
    return said("sealed.recorded", {"nation": "GB"}, *signers, **outside | more)


BF_ID = {"registered": key("BF").key_id}
OURS = dict(files_of(STREAM))["policy.txt"]
FROZEN = said("ledger.frozen", {}, "GB")
GB_KEY = {"key": key("GB").key_id}
GB_ROTATED = said("key.rotated", ROTATED | {"old": key("GB").key_id}, "GB", "next")
MAY_FOLLOW: dict[str, list[Step]] = {
    "a document key that signs nothing itself": [registered("11", POINT)],
    "a sealing key": [registered("10", SEALING)],
    "a sealing key with the largest numbers": [registered("10", numbered(3328, 3328))],
    "in doubt from this entry on": [compromised(BF, NEXT)],
    "in doubt from an earlier entry on": [compromised(BF, 16), compromised(BF, 15)],
    "a doubt of a key that has ended": [said("key.revoked", BF, "GB"), compromised(BF, 15)],
    "a doubt of an authority's key that was rotated": [
        GB_ROTATED, said("key.compromised", GB_KEY | {"suspect_from_position": 2}, "next", authority="GB")],
    "stated by an authority under the key it had, signed by its newest": [
        GB_ROTATED, said("key.revoked", BF, "next", authority="GB", key_id=key("GB").key_id)],
    "a policy while frozen": [FROZEN, adopted(OURS, 1)],
    "a log closed in favour of another": [said("ledger.closed", {"successor": "golden.example/next"}, "GB", "FR")],
    "a type without a dot": [said("weather", {}, "BF")],
    "a scope of one type": [scoped("weather.seen"), by_new("weather.seen", {})],
    "a scope of a type without a dot": [scoped("weather"), by_new("weather", {})],
    "a scope by its beginning": [scoped("weather.*"), by_new("weather.seen", {})],
    "a scope by a longer beginning": [scoped("case.*", "weather.sea.*"), by_new("weather.sea.seen", {})],
    "no scope said": [
        said("key.registered", REGISTERED | {"public_key": public("new"), "may_append": [], "attested": None,
                                             "next_key_digest": None}, "GB", "new"), by_new("weather.seen", {})],
    "a scope said to be none": [
        said("key.registered", REGISTERED | {"public_key": public("new"), "may_append": None}, "GB", "new"),
        by_new("weather.seen", {})],
    "an authority that is part of none": [
        said("authority.registered", {"code": "BF-DOVER", "nation": "GB", "name": "Dover", "part_of": None}, "GB")],
    "a report of no nation in particular": [
        said("key.registered", REGISTERED | {"public_key": public("new"), "role": "official"}, "GB", "new"),
        by_new("report.observation", {"nation": None})],
    "sealed under a key that was revoked, relayed by the nation": [
        said("key.revoked", {"key": key("sealer-GB").key_id}, "GB"), sealed("GB")],
}  # fmt: skip
MAY_NOT_FOLLOW: dict[str, list[Step]] = {
    "a type without a dot beyond a scope": [scoped("weather.*"), by_new("weather", {})],
    "a type without a dot while frozen": [FROZEN, said("weather", {}, "BF")],
    "a hold without a dot while frozen": [FROZEN, said("hold", {}, "GB")],
    "a type that begins like a policy's while frozen": [FROZEN, said("policy.adopted.again", {}, "BF")],
    "a type that begins like the thaw while frozen": [FROZEN, said("ledger.thawed.again", {}, "BF")],
    "a type beyond a scope that begins like it": [scoped("weather.seen"), by_new("weather.seen.again", {})],
    "sealed under a key that was revoked": [
        said("key.revoked", {"key": key("sealer-GB").key_id}, "GB"), sealed("sealer-GB")],
    "sealed under a key that was revoked, relayed by the other nation": [
        said("key.revoked", {"key": key("sealer-GB").key_id}, "GB"), sealed("FR")],
    "part of what nobody registered": [
        said("authority.registered", {"code": "BF-DOVER", "nation": "GB", "name": "Dover", "part_of": "X"}, "GB")],
    "a document key that nobody attests": [registered("11", POINT, attested=False)],
    "a document key of a service": [registered("11", POINT, role="service")],
    "a document key that is no point": [registered("11", POINT[:-1] + b"\0")],
    "a sealing key a byte too short": [registered("10", SEALING[:-1])],
    "a sealing key with a first number beyond the modulus": [registered("10", numbered(3329, 0))],
    "a sealing key with a second number beyond the modulus": [registered("10", numbered(0, 3329))],
    "a sealing key of an official": [registered("10", SEALING, role="official")],
    "an event key for sealing": [
        said("key.registered", REGISTERED | {"public_key": public("new"), "role": "sealing", "owner": "GB"}, "GB", "new")],
    "rotated to a key of another type": [
        said("key.rotated", ROTATED | {"type_code": "11", "public_key": base64.b64encode(POINT).decode(),
                                       "registered": id_of("11", POINT)}, "BF")],
    "rotated by another than its owner": [said("key.rotated", ROTATED, "BF", "next", authority="GB")],
    "revoked twice": [said("key.revoked", BF, "GB"), said("key.revoked", BF, "GB")],
    "suspended when it has ended": [said("key.revoked", BF, "GB"), said("key.suspended", BF, "GB")],
    "suspended twice": [said("key.suspended", BF, "GB"), said("key.suspended", BF, "FR")],
    "reinstated and never suspended": [said("key.reinstated", BF, "GB", "FR")],
    "in doubt from what is not recorded yet": [compromised(BF, NEXT + 1)],
    "in doubt no further than it was": [compromised(BF, 15), compromised(BF, 15)],
    "a nation without a key": [compromised(GB_KEY, 2)],
    "an authority's key revoked": [said("key.revoked", GB_KEY, "GB")],
    "stood by and never in doubt": [said("key.reaffirmed", BF | {"events": ["x"]}, "GB")],
    "thawed and not frozen": [said("ledger.thawed", {}, "GB", "FR")],
    "closed in favour of itself": [said("ledger.closed", {"successor": ORIGIN}, "GB", "FR")],
    "a policy for what is signed already": [adopted(b"", 2)],
    "a policy from where another is in force": [adopted(b"", NEXT + 9), adopted(b"", NEXT + 9)],
}  # fmt: skip


@pytest.mark.parametrize("steps", MAY_FOLLOW.values(), ids=MAY_FOLLOW.keys())
def test_a_step_that_follows_is_taken(steps: list[Step]) -> None:
    assert code_of(forged(behind(*steps))) == CONSISTENT


@pytest.mark.parametrize("steps", MAY_NOT_FOLLOW.values(), ids=MAY_NOT_FOLLOW.keys())
def test_a_step_that_does_not_follow_is_found_though_all_who_must_have_signed_it(steps: list[Step]) -> None:
    assert_refused(forged(behind(*steps)), "key-rule")


# -- which key a line is verified under ----------------------------------------------------------------------------------------


def renamed(entry: bytes, old: str, new: str) -> bytes:
    """The entry, on it the signature of one key said to be another's."""
    return headed(entry, lambda head: head.replace(old.encode(), new.encode()))


def opening(*keys: tuple[str, str, str]) -> list[bytes]:
    """The log, opened by London's authority alone, with these keys: nation, whose id, whose public key."""
    rows = [{"nation": n, "key_id": key(named).key_id, "public_key": public(held)} for n, named, held in keys]
    data = strict.parse(parse_entry(ENTRIES[0]).payload)["data"] | {"authority_keys": rows}
    return [altered(ENTRIES[0], ["GB"], data=data), *ENTRIES[1:]]


OF_NO_USE = behind(said("key.registered", REGISTERED | {"public_key": public("new"), "type_code": "11"}, "GB", "new"))
TAKEN = behind(said("key.registered", REGISTERED | BF_ID | {"public_key": public("new")}, "GB", "new"))
ANYBODYS = b"\1" + bytes(31)  # of small order: anybody signs under it
WEAK = behind(said("key.registered", REGISTERED | {
    "registered": id_of("01", ANYBODYS), "public_key": base64.b64encode(ANYBODYS).decode()}, "GB", "new"))  # fmt: skip
LINES: dict[str, tuple[str, list[bytes]]] = {
    "signed under a sealing key": ("signature", [
        *ENTRIES[:14], renamed(ENTRIES[14], key("BF").key_id, sealing_key("GB").key_id), *ENTRIES[15:]]),
    "a document key signs its own registration": ("signature", OF_NO_USE),
    "a key under which anybody signs": (
        "signature", [*ENTRIES, renamed(WEAK[-1], key("new").key_id, id_of("01", ANYBODYS))]),
    "a known key's id for another, signed by that other": (
        "signature", [*ENTRIES, renamed(TAKEN[-1], key("new").key_id, key("BF").key_id)]),
    "a known key's id for another, signed by the known one": ("key-rule", behind(
        said("key.registered", REGISTERED | BF_ID | {"public_key": public("new")}, "GB", "BF"))),
    "one id for both nations' keys, the first signs": ("signature", opening(("GB", "GB", "GB"), ("FR", "GB", "FR"))),
    "one id for both nations' keys, the last signs": ("key-rule", opening(("FR", "GB", "FR"), ("GB", "GB", "GB"))),
}  # fmt: skip


@pytest.mark.parametrize(("code", "entries"), LINES.values(), ids=LINES.keys())
def test_a_line_is_verified_under_the_key_that_was_known_first(code: str, entries: list[bytes]) -> None:
    assert_refused(forged(entries), code)


# -- what is sealed inside ---------------------------------------------------------------------------------------------------


def opened(item: bytes) -> bytes:
    """The log, behind it something that London sealed, opened here."""
    section_key = bytes(range(32))
    commitment, section = seal("inner", item, "o", "e", {}, section_key)
    entries = behind(sealed("sealer-GB", sections=[dict(commitment)]))
    more: Files = [(f"sections/{NEXT}-0.sealed", section.ciphertext), (f"sections/{NEXT}-0.key", section_key)]
    return forged(entries, more)


INSIDE: dict[str, tuple[bool, bytes]] = {
    **{name: (True, item) for name, item in SOUND.items()},
    **{name: (False, item) for name, (item, _, _) in UNSOUND.items()},
    "expecting no version": (True, wired(STATED | {"expected_version": None})),
    "of a type without a dot": (True, inner({"type": "weather"})),
    "of a type that is called a key": (True, inner({"type": "key"})),
    "of a type that begins like a key's": (True, inner({"type": "keyring.seen"})),
    "of a policy to come": (False, inner({"type": "policy.abandoned"})),
}


@pytest.mark.parametrize(("is_sound", "item"), INSIDE.values(), ids=INSIDE.keys())
def test_what_is_sealed_inside_is_judged_and_spoils_nothing_else(is_sound: bool, item: bytes) -> None:
    answer = verdict_of(opened(item))
    assert answer["verdict"] == CONSISTENT
    assert (answer["sections"]["inner_sound"], answer["sections"]["inner_unsound"]) == (is_sound, not is_sound)


# -- beside the entries ------------------------------------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    """A stream's bundle whose policy has a group of the quorum, a group of that one, and so on."""
    names = ["both", *(f"n{number}" for number in range(depth))]
    groups = "".join(f"group {name} all {inner}\n" for inner, name in itertools.pairwise(names))
    policy = OURS.replace(b"quorum both\n", f"{groups}quorum {names[-1]}\n".encode())
    return mended(replaced(files_of(STREAM), "policy.txt", policy))


def recorded(seconds_after: float, *, is_exercise: bool = False) -> bytes:
    """The log, its last entry recorded so long after both nations co-signed it."""
    opening = strict.parse(parse_entry(ENTRIES[0]).payload)["data"] | {"exercise": is_exercise}
    at = format_instant(round((COSIGNED_AT + seconds_after) * SECOND)).encode()
    last = headed(ENTRIES[-1], lambda head: re.sub(rb"(?<=recorded_at: ).*", at, head))
    return forged([altered(ENTRIES[0], ["GB", "FR"], data=opening), *ENTRIES[1:-1], last])


def begun(*instants: str) -> bytes:
    """The log, its first entries recorded long ago, and all that was recorded since then asked for."""
    entries = list(ENTRIES)
    for number, instant in enumerate(instants):
        at = instant.encode()
        entries[number] = headed(entries[number], lambda head, at=at: re.sub(rb"(?<=recorded_at: ).*", at, head))  # type: ignore[misc]
    asked = {"kind": "period", "from": "1900-01-01T00:00:00.000000Z", "to": "2016-01-01T00:00:00.000000Z"}
    return manifested(forged(entries), lambda m: m.update(question=asked))


def trusting(quorum: bytes, content: bytes) -> bytes:
    """The bundle under a policy of its own that asks these to co-sign."""
    return mended(replaced(files_of(content), "policy.txt", OURS.replace(b"quorum both", b"quorum " + quorum)))


def governed(*steps: tuple[bytes, int]) -> bytes:
    """The log, in which both nations adopted policies, and beside it the one that all its bundles bring."""
    return forged(behind(*(adopted(content, from_size) for content, from_size in steps)))


WEAKER = OURS.replace(b"quorum both", b"quorum none")


def stamped(*responses: tuple[str, bytes]) -> bytes:
    """A stream's bundle with responses of time-stamping authorities."""
    return mended([*files_of(STREAM), *((f"timestamps/{name}", body) for name, body in responses)])


CHECKPOINT = dict(files_of(STREAM))["checkpoint"]
FIRST = b"granted " + hashlib.sha256(CHECKPOINT).digest() + b" by an authority"
RENEWED = b"renewed " + hashlib.sha256(CHECKPOINT + FIRST).digest()


def renewals(count: int) -> bytes:
    """A response, renewed until there are so many."""
    digest, responses = hashlib.sha256(CHECKPOINT), []
    for number in range(1, count + 1):
        responses.append((number, digest.digest()))
        digest.update(responses[-1][1])
    named = sorted((f"dfn.{number}.tsr", body) for number, body in responses)
    return stamped(*named)


def line_of(position: int) -> bytes:
    """The figure with one more line of nothing, under the id that an entry shows to everybody."""
    shown = strict.parse(parse_entry(dict(files_of(FIGURE))[f"entries/{position}"]).payload)["id"]
    line = {"event": shown, "position": position, "quantity": 0}
    return manifested(FIGURE, lambda m: m["answer"]["lines"].append(line))


def reported(document: bytes, **commits: str) -> bytes:
    """A report of no figures by London's official, a document said to be its figures, and the digests it commits to."""
    window = {"from": "2015-08-26T00:00:00.000000Z", "to": "2015-08-27T00:00:00.000000Z"}
    data = {"nation": "GB", "figures": {}, "position": NEXT, "ruleset": "gb/9", "window": window} | commits
    official = said("key.registered", REGISTERED | {"public_key": public("new"), "role": "official"}, "GB", "new")
    entries = behind(official, said("report.issued", data, "new", authority="BF", key_id=key("new").key_id))
    asked = strict.parse(parse_entry(entries[-1]).payload)["id"]
    answer = {"figures": {}, "not_opened": {"FR": 1, "GB": 1}, "position": NEXT, "ruleset": "gb/9", "window": window}
    claims = {"question": {"kind": "report", "report": asked}, "complete": {"kind": "positions", "first": 1, "last": NEXT}}
    made = forged(entries, [(f"reports/{asked}.figures.json", document)])
    return manifested(made, lambda m: m.update(claims | {"answer": answer}))


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


BESIDE: dict[str, tuple[str, bytes]] = {
    "recorded when two clocks may still differ": (CONSISTENT, recorded(120.999_999)),
    "recorded after it was co-signed": ("entry-late", recorded(121)),
    "recorded after it was co-signed, which its own policy asks of nobody": (CONSISTENT, trusting(b"none", recorded(121))),
    "recorded after it was co-signed by the one it asks": ("entry-late", trusting(b"london-ed", recorded(121))),
    "recorded after it was co-signed, in an exercise": (CONSISTENT, recorded(10**6, is_exercise=True)),
    "a log opened at the hour from which instants are counted": (CONSISTENT, begun("1970-01-01T00:00:00.000000Z")),
    "a log opened before that": (CONSISTENT, begun("1944-06-06T04:30:00.000000Z")),
    "a log opened before that, whose time goes back": (
        "entry-order", begun("1944-06-06T04:30:00.000000Z", "1944-06-06T04:29:59.999999Z")),
    "a policy of groups within groups": (CONSISTENT, nested(9_000)),
    "the policy adopted": (CONSISTENT, governed((OURS, 1))),
    "another policy than was adopted": ("policy-differs", governed((WEAKER, 1))),
    "a policy that has been followed by another": ("policy-differs", governed((OURS, 1), (WEAKER, NEXT + 1))),
    "a policy that followed another": (CONSISTENT, governed((WEAKER, 1), (OURS, NEXT + 1))),
    "a policy that another is to follow": (CONSISTENT, governed((OURS, 1), (WEAKER, NEXT + 2))),
    "a policy that is to follow another": ("policy-differs", governed((WEAKER, 1), (OURS, NEXT + 2))),
    "the first policy adopted, from a size to come": (CONSISTENT, governed((OURS, NEXT + 2))),
    "another than the first policy adopted, from a size to come": ("policy-differs", governed((WEAKER, NEXT + 2))),
    "a policy adopted under no digest": (
        "payload-form", forged(behind(said("policy.adopted", {"sha256": "x", "from_size": 1}, "GB", "FR")))),
    "two responses": (CONSISTENT, stamped(("dfn.1.tsr", FIRST), ("dfn.2.tsr", RENEWED))),
    "two authorities": (CONSISTENT, stamped(("a.1.tsr", FIRST), ("b.1.tsr", FIRST))),
    "a renewal of nothing": ("timestamp-form", stamped(("dfn.2.tsr", RENEWED))),
    "a renewal of another's": ("timestamp-form", stamped(("a.1.tsr", FIRST), ("b.2.tsr", RENEWED))),
    "a response over something else": ("timestamp-other", stamped(("dfn.1.tsr", RENEWED))),
    "a response of nothing": ("timestamp-other", stamped(("dfn.1.tsr", b""))),
    "a renewal that is the first again": ("timestamp-other", stamped(("dfn.1.tsr", FIRST), ("dfn.2.tsr", FIRST))),
    "a response of number ten thousand": ("timestamp-form", renewals(10_000)),
    **{f"a response named {name}": ("timestamp-form", stamped((name, FIRST)))
       for name in ("dfn.0.tsr", "dfn.01.tsr", "dfn.10000.tsr", "dfn.1.tst", "1.tsr", "a" * 25 + ".1.tsr", "a.b.1.tsr")},
    "a line of an entry that is sealed, and not opened": ("answer-lines", line_of(20)),
    "a line of an entry that is sealed, by its outside": ("answer-lines", line_of(19)),
    "a line of nothing": ("answer-wrong", line_of(16)),
    "a report's figures": ("answer-wrong", reported(b"{}", content_sha256=sha256(b"{}"))),
    "a report that commits to others": ("report-digest", reported(b"{}", content_sha256=sha256(b'{"G1":1}'))),
    "a report that commits to none": ("report-digest", reported(b"{}")),
    "a report that states none and commits to some": (
        "report-digest", reported(b'{"G1":1}', content_sha256=sha256(b'{"G1":1}'))),
    "a report that commits to another spelling": ("report-digest", reported(b"{ }", content_sha256=sha256(b"{ }"))),
}  # fmt: skip


@pytest.mark.parametrize(("code", "content"), BESIDE.values(), ids=BESIDE.keys())
def test_what_stands_beside_the_entries_is_what_it_says(code: str, content: bytes) -> None:
    assert code_of(content) == code


def test_only_whoever_makes_a_checkpoint_final_dates_what_it_covers() -> None:
    """A witness that a policy lists beside its quorum counts for nothing, its clock neither."""
    late = trusting(b"none", recorded(121))
    assert code_of(late) == CONSISTENT, "the policy that decides is its own, which asks nobody"
    assert code_of(late, golden_policy()) == "entry-late"


def test_a_response_that_no_certificates_are_given_for_is_no_time_stamp() -> None:
    said = verdict_of(BESIDE["two responses"][1])
    assert "timestamps" not in said["proven"], "nobody has checked its signature"
    assert "timestamps" in said["not_proven"], "and whoever reads the verdict is told so"
    assert "timestamps" not in verdict_of(STREAM)["not_proven"], "where there is none, none was left unchecked"
