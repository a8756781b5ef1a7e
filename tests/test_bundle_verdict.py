"""The verdict on a bundle: what it says word for word, and that no part of it is said of a bundle of which it is not so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest

from api import bundling
from api.bundling import Asked
from ledger import errors
from ledger.evidence.bundle import Verdict, verify
from ledger.evidence.bundle_claims import Claims
from ledger.evidence.bundle_manifest import OfFigure
from ledger.evidence.bundle_names import REQUIRED
from ledger.formats import merkle, note, policy
from ledger.formats.cosignature import Cosigner
from ledger.formats.note import Checkpoint
from ledger.formats.policies import Span, succession
from tests.bundle_forging import forged
from tests.bundles import (
    COSIGNED_AT,
    FIGURE,
    GOLDEN,
    ORIGIN,
    SITES,
    STREAM,
    Golden,
    assert_refused,
    code_of,
    cosigners,
    files_of,
    golden_policy,
    key,
    manifested,
    mended,
    packed,
    replaced,
    setting,
    verdict_of,
)
from tests.test_bundle_claims import recorded
from tests.test_bundle_forgeries import BF, ENTRIES, FOUND, behind, later, said
from tests.test_bundle_rules import CONSISTENT, FIRST, reported, sha256, stamped, trusting
from tests.test_bundle_rules import recorded as recorded_late


def judged(content: bytes, elsewhere: policy.Policy | None = None, **how: Any) -> Verdict:
    """The verdict of a bundle's bytes, and whatever else a verifier is given."""
    return verify(lambda at, count: content[at : at + count], len(content), elsewhere, **how)


@pytest.mark.parametrize(("name", "content"), [("stream", STREAM), ("figure", FIGURE)])
def test_the_whole_answer_is_what_it_was(name: str, content: bytes) -> None:
    """bundle-verdicts.json is there for other implementations too: each golden bundle, without a policy and with ours."""
    wanted = json.loads((GOLDEN / "bundle-verdicts.json").read_text())[name]
    assert verdict_of(content) == wanted["without a policy"]
    assert verdict_of(content, golden_policy()) == wanted["with bundle-policy.txt"]


def test_a_refusal_says_its_word_and_why() -> None:
    refusal = judged(b"nothing that anybody could read as a bundle")
    assert refusal.word == "refused" and refusal.detail
    assert refusal.document == {"verdict": "refused", "problem": {"code": "not-a-bundle", "file": None}}
    assert (judged(STREAM).word, judged(STREAM).detail) == (CONSISTENT, "")


def test_the_way_is_told_entry_by_entry() -> None:
    way: list[tuple[int, int]] = []
    judged(STREAM, progress=lambda done, of: way.append((done, of)))
    assert way == [(done, 16) for done in range(1, 17)]


def test_a_bundle_without_entries_has_no_beginning() -> None:
    files = [(n, b) for n, b in files_of(STREAM) if not n.startswith(("entries/", "sections/", "index/"))]
    assert_refused(mended(files), "genesis")


# -- files -------------------------------------------------------------------------------------------------------------------


def without(*names: str) -> bytes:
    """The stream's bundle without files, and without their lines in the manifest."""
    return mended([(n, b) for n, b in files_of(STREAM) if n not in names])


@pytest.mark.parametrize(
    ("missing", "gone"),
    [
        *((name, [name]) for name in REQUIRED if name != "manifest.json"),
        ("entries/15.tlog-proof", ["entries/15.tlog-proof"]),
        ("entries/15", ["entries/15", "entries/15.tlog-proof"]),
        ("sections/15-0.key", ["sections/15-0.key"]),
        ("sections/15-0.sealed", ["sections/15-0.sealed"]),
    ],
)
def test_a_file_that_another_asks_for_is_named(missing: str, gone: Sequence[str]) -> None:
    assert verdict_of(without(*gone))["problem"] == {"code": "file-missing", "file": missing}


def test_a_manifest_is_asked_for_first() -> None:
    assert verdict_of(packed(files_of(STREAM)[1:]))["problem"] == {"code": "file-missing", "file": "manifest.json"}


def test_a_bundle_lists_its_files_in_order_with_their_sizes() -> None:
    def listed(change: Any) -> dict[str, Any]:
        files = files_of(STREAM)
        manifest = json.loads(files[0][1])
        change(manifest["files"])
        body = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        problem: dict[str, Any] = verdict_of(packed([("manifest.json", body), *files[1:]]))["problem"]
        return problem

    for change in (
        lambda files: files.pop(),
        lambda files: files.append(files[0]),
        lambda files: files.reverse(),
        lambda files: files[1].update(bytes=1),
        lambda files: files[1].update(name="keys"),
    ):
        assert listed(change) == {"code": "file-list", "file": None}
    assert listed(lambda files: files[3].update(sha256="0" * 64))["code"] == "file-digest"


def test_what_is_withheld_is_what_has_a_proof_and_no_entry() -> None:
    row = {"ground": "a", "leaf_hash": "0" * 64, "position": 15}
    files = [(n, b) for n, b in files_of(FIGURE) if n != "entries/16"]
    assert verdict_of(mended(files))["problem"] == {"code": "withheld-list", "file": None}
    assert_refused(manifested(FIGURE, lambda m: m.update(withheld=[row, *m["withheld"]])), "withheld-list")


# -- the checkpoint ----------------------------------------------------------------------------------------------------------


def by(hands: Sequence[Cosigner], times: Sequence[int], *more: tuple[str, policy.Witness]) -> bytes:
    """The checkpoint of the forged log, co-signed by these at these times."""
    root = merkle.root(map(merkle.hash_leaf, ENTRIES))
    signed = note.sign_checkpoint(Checkpoint(ORIGIN, len(ENTRIES), root), key("log"))
    text, _ = note.split_note(signed)
    return note.add_lines(signed, [hand.cosign(text, time) for hand, time in zip(hands, times, strict=True)])


ALL = [hand for site in SITES for hand in cosigners(site)]


def under(content: bytes, checkpoint: bytes) -> bytes:
    """The bundle under another checkpoint of the same tree, in its proofs as well."""
    old = dict(files_of(content))["checkpoint"]
    return mended([(n, b.replace(old, checkpoint)) for n, b in files_of(content)])


def test_a_checkpoint_that_is_not_what_a_policy_asks_is_refused_under_that_policys_name() -> None:
    files = files_of(STREAM)
    assert verdict_of(mended(replaced(files, "policy.txt", b"nothing\n")))["problem"] == {"code": "policy-form", "file": None}
    own = golden_policy()
    another = policy.Log(note.VerifierKey(ORIGIN, note.ED25519_NOTE, key("another log").public))
    stranger = policy.Policy((another,), own.witnesses, own.groups, own.quorum)
    theirs = mended(replaced(files, "policy.txt", policy.format_policy(stranger)))
    assert verdict_of(theirs)["problem"] == {"code": "checkpoint", "file": None}
    assert verdict_of(theirs, own)["problem"] == {"code": "checkpoint", "file": None}, "its own is asked first"
    assert verdict_of(STREAM, stranger)["problem"] == {"code": "checkpoint-elsewhere", "file": None}


@pytest.mark.parametrize(("field", "value"), [("origin", "golden.example/other"), ("root", "A" * 43 + "="), ("size", 23)])
def test_a_manifest_speaks_of_the_checkpoint_that_came_with_it(field: str, value: object) -> None:
    content = manifested(STREAM, lambda m: m["log"].update({field: value}))
    assert verdict_of(content)["problem"] == {"code": "log-differs", "file": None}


def test_the_policy_from_elsewhere_decides_what_is_final() -> None:
    third = {"third": policy.Witness(Cosigner("third.example/w", key("third")).key)}
    own = golden_policy()
    stricter = policy.Policy(
        own.logs, own.witnesses | third, own.groups | {"three": policy.Group(2, ("both", "third"))}, "three"
    )
    final, open_ = judged(STREAM, own).document, judged(STREAM, stricter).document
    assert (final["verdict"], final["final"], open_["verdict"], open_["final"]) == ("proven", True, "not-final", False)
    assert {"final"} == set(final["proven"]) - set(open_["proven"])
    assert final["assumed"] == ["policy-keys", "cosigners-checked", "algorithms"]
    assert open_["assumed"] == ["policy-keys", "algorithms"]
    assert [code for code in open_["not_proven"] if code not in final["not_proven"]] == ["not-final"]


def test_what_its_own_policy_calls_final_is_not_proven_to_be() -> None:
    content = under(forged(ENTRIES), by(ALL[:2], [COSIGNED_AT] * 2))
    document = judged(content).document
    assert document["verdict"] == CONSISTENT and not document["final"]
    assert "not-final" in document["not_proven"] and "cosigners-checked" not in document["assumed"]
    assert document["cosigned"] == [{"name": f"london-{kind}", "time": COSIGNED_AT} for kind in ("ed", "pq")]


# -- when --------------------------------------------------------------------------------------------------------------------


def test_an_entry_recorded_after_the_first_of_the_quorum_had_cosigned_is_named() -> None:
    """The entry at 20 was recorded 121 s after Paris's Ed25519 key had co-signed a log that holds it."""
    late = recorded_late(121)
    assert verdict_of(late)["problem"] == {"code": "entry-late", "file": "entries/20"}
    entries = [dict(files_of(late))[f"entries/{at}"] for at in range(1, 21)]
    root = merkle.root(map(merkle.hash_leaf, entries))
    text, _ = note.split_note(note.sign_checkpoint(Checkpoint(ORIGIN, 20, root), key("log")))
    for times, code in (
        ([COSIGNED_AT + 1] * 4, CONSISTENT),
        ([COSIGNED_AT + 9, COSIGNED_AT + 1, COSIGNED_AT + 1, COSIGNED_AT + 5], CONSISTENT),
        ([COSIGNED_AT + 9, COSIGNED_AT + 1, COSIGNED_AT, COSIGNED_AT + 5], "entry-late"),
    ):
        hands = [hand.cosign(text, time) for hand, time in zip(ALL, times, strict=True)]
        signed = note.add_lines(note.sign_checkpoint(Checkpoint(ORIGIN, 20, root), key("log")), hands)
        assert code_of(under(late, signed)) == code, times
    two = note.add_lines(note.sign_checkpoint(Checkpoint(ORIGIN, 20, root), key("log")), [ALL[0].cosign(text, COSIGNED_AT)])
    assert code_of(under(late, two)) == "entry-late", "one alone dates it too"
    assert code_of(under(late, note.sign_checkpoint(Checkpoint(ORIGIN, 20, root), key("log")))) == CONSISTENT


def test_whom_the_quorum_does_not_ask_dates_nothing() -> None:
    late, own = recorded_late(121), golden_policy()
    nobody = policy.Policy(own.logs, own.witnesses, own.groups, "none")
    assert code_of(trusting(b"none", late), succession([Span(1, "a" * 64, own), Span(20, "b" * 64, nobody)])) == "proven"
    assert code_of(trusting(b"none", late), succession([Span(1, "a" * 64, own), Span(21, "b" * 64, nobody)])) == "entry-late"
    assert code_of(trusting(b"none", late)) == CONSISTENT
    assert code_of(trusting(b"none", late), golden_policy()) == "entry-late"


# -- the answer, computed again ----------------------------------------------------------------------------------------------


def test_an_answer_that_nobody_computed_again_is_not_proven_to_be_right() -> None:
    document = judged(FIGURE).document
    assert document["rederived"] is False
    assert "answer-rederived" in document["not_proven"] and "answer-rederived" not in document["proven"]
    assert judged(FIGURE, rederive=lambda claims: None).document["rederived"] is False
    assert judged(STREAM).document["rederived"] is None


def test_an_answer_that_comes_out_otherwise_is_refused() -> None:
    def wrong(claims: Any) -> Any:
        return msgspec.structs.replace(claims.answer, value=99)

    def failing(claims: Any) -> Any:
        raise errors.Malformed("no such figure")

    for rederive in (wrong, failing):
        assert judged(FIGURE, rederive=rederive).document["problem"] == {"code": "answer-wrong", "file": None}


def test_a_report_that_rests_on_what_cannot_be_read_here_is_not_refused_for_it() -> None:
    """The report knew London's sealed entries; whoever holds the bundle cannot count them, and is told so."""

    def other(claims: Any) -> Any:
        return msgspec.structs.replace(claims.answer, figures={"G1": 99})

    _, whole = later()
    assert judged(whole, rederive=other).document["problem"] == {"code": "answer-wrong", "file": None}
    document = judged(reported(b"{}", content_sha256=sha256(b"{}")), rederive=other).document
    assert document["verdict"] == CONSISTENT and document["rederived"] is False
    assert {"answer-rederived", "answer-whole"} <= set(document["not_proven"])
    assert "answer-sums" not in document["proven"], "a report shows no lines"


@cache
def golden_figures() -> dict[str, bytes]:
    """A figure whose range has nothing that cannot be read, one with a sealed entry closed, one with a rescue withheld."""
    with TemporaryDirectory() as folder:
        golden = Golden(Path(folder) / "home", "sqlite://").tell()
        inner = [(golden.position_of("sealed.recorded", nth), "inner") for nth in (0, 1)]
        found = {}
        for name, at, opened, kinds in (
            ("whole", recorded(20), inner, {}),
            ("closed", recorded(20), inner[:1], {}),
            ("withheld", recorded(24), inner, {"rescues": "purpose"}),
        ):
            asked = Asked(withhold_kinds=kinds, open_sections=opened, has_verifier=False)
            out = Path(folder) / f"{name}.zip"
            bundling.create(golden.home, OfFigure("GB", "G1", "2015-08-26", at), out, asked, golden.size)
            found[name] = out.read_bytes()
        golden.home.close()
        return found


def test_an_answer_is_whole_only_where_nothing_is_withheld_and_nothing_is_closed() -> None:
    partial = {name for name, content in golden_figures().items() if "answer-whole" in verdict_of(content)["not_proven"]}
    assert partial == {"closed", "withheld"}
    sealed = {name for name, content in golden_figures().items() if "sealed" in verdict_of(content)["not_proven"]}
    assert sealed == {"closed"}
    assert "withheld" not in verdict_of(golden_figures()["whole"])["not_proven"]


# -- what is said ------------------------------------------------------------------------------------------------------------


def test_a_whole_log_leaves_no_key_in_doubt() -> None:
    document = verdict_of(forged(ENTRIES))
    assert "registry-whole" not in document["not_proven"] and "all-positions" in document["proven"]
    assert document["not_proven"] == ["truth", "identity", "later", "sealed", "clock"]
    assert document["proven"] == ["bytes", "in-log", "signed", "all-positions"]
    assert document["entries"] == {"full": 20, "withheld": 0, "sealed": {"FR": 1, "GB": 1}}


def test_without_an_index_the_last_version_is_not_proven() -> None:
    document = verdict_of(without("index/23.json"))
    assert document["proven"] == ["bytes", "in-log", "signed", "all-versions", "sections-opened"]
    assert document["not_proven"] == ["truth", "identity", "registry-whole", "later", "last-version", "clock"]


def test_a_version_that_is_said_to_be_withheld_leaves_the_versions_unproven() -> None:
    row = {"ground": "a", "leaf_hash": merkle.hash_leaf(ENTRIES[FOUND - 1]).hex(), "position": FOUND, "version": 1}
    files = [(n, b) for n, b in files_of(STREAM) if n != "entries/15" and not n.startswith("sections/")]
    document = verdict_of(mended(files, setting(withheld=[row])))
    assert document["verdict"] == CONSISTENT
    assert not {"all-versions", "all-positions", "sections-opened"} & set(document["proven"])
    assert "withheld" in document["not_proven"]


def test_what_a_key_in_doubt_has_said_is_said_to_be_disputed() -> None:
    content = forged(behind(said("key.compromised", BF | {"suspect_from_position": FOUND}, "GB")))
    assert "disputed" in verdict_of(content)["not_proven"]


@pytest.mark.parametrize(
    ("given", "is_proven", "is_open"),
    [
        (None, False, True),
        ([], False, True),
        (["a"], True, True),
        (["a", "dfn"], True, False),
        (["a", "dfn", "x"], True, False),
    ],
)
def test_time_stamps_are_proven_as_far_as_certificates_go(given: list[str] | None, is_proven: bool, is_open: bool) -> None:
    content = stamped(("a.1.tsr", FIRST), ("dfn.1.tsr", FIRST))
    rows = None if given is None else [{"authority": name, "at": "2015-08-28T00:00:00Z"} for name in given]

    def stamps(claims: Claims) -> list[dict[str, str]]:
        assert claims.responses("dfn") == [FIRST] and rows is not None
        return rows

    document = judged(content, stamped=None if rows is None else stamps).document
    assert document.get("stamped") == rows and ("stamped" in document) == (rows is not None)
    assert (("timestamps" in document["proven"]), ("timestamps" in document["not_proven"])) == (is_proven, is_open)
