"""Evidence that leaves the house: what a bundle carries, what it proves and to whom, and what it must not carry."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api import bundling, stamping
from api.bundling import Asked
from api.cli import main
from ledger import errors, events
from ledger.evidence.bundle_manifest import NotOpened, OfFigure, OfPeriod, OfReport, OfStream
from ledger.evidence.sealed import INNER
from ledger.formats import note, policy
from ledger.formats.cosignature import Cosigner
from ledger.formats.entry import format_instant, parse_instant, split_entry
from ledger.formats.sealing import open_section
from projections import picking
from tests.authority import Tsa, serving
from tests.bundles import GOLDEN, ORIGIN, Golden, code_of, files_of, golden_policy, key, mended, replaced, verdict_of
from tests.playing import load, play, scenarios
from tests.sites import Sites
from tests.test_stamping import configure

NIGHT = Path(__file__).parent.parent / "api" / "nights" / "first-night.json"


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Golden]:
    told = Golden(tmp_path_factory.mktemp("golden") / "home", "sqlite://").tell()
    yield told
    told.home.close()


@pytest.fixture(scope="module")
def stream(golden: Golden, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    out = tmp_path_factory.mktemp("stream") / "stream.zip"
    golden.stream_bundle(out)
    return out.read_bytes()


@pytest.fixture(scope="module")
def figure(golden: Golden, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    out = tmp_path_factory.mktemp("figure") / "figure.zip"
    golden.figure_bundle(out)
    return out.read_bytes()


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    home = play(tmp_path_factory.mktemp("night") / "home", load(NIGHT), "sqlite://")
    yield home
    home.close()


def made(home: Any, question: Any, tmp_path: Path, asked: Asked = Asked()) -> bytes:
    out = tmp_path / f"{len(list(tmp_path.iterdir()))}.zip"
    bundling.create(home, question, out, asked, bundling.size_for(home))
    return out.read_bytes()


# -- bytes -------------------------------------------------------------------------------------------------------------------


def test_the_same_log_gives_the_same_bundle_on_either_store_for_good(tmp_path: Path, store_url: str) -> None:
    golden = Golden(tmp_path / "home", store_url).tell()
    try:
        golden.stream_bundle(tmp_path / "stream.zip")
        golden.figure_bundle(tmp_path / "figure.zip")
    finally:
        golden.home.close()
    for name in ("stream", "figure"):
        assert (tmp_path / f"{name}.zip").read_bytes() == (GOLDEN / f"bundle-{name}.zip").read_bytes()
    assert (tmp_path / "home" / "policy.txt").read_bytes() == (GOLDEN / "bundle-policy.txt").read_bytes()


def test_a_nations_own_copy_of_the_log_gives_the_same_bundle(sites: Sites, tmp_path: Path) -> None:
    """London needs nobody at Calais to prove what is on record, and what it proves is the same."""
    size = sites.mirror("london")
    assert sites.mirror("paris") == size
    sites.london.held.add_cosignatures(size, sites.lines("paris", size))
    stream = split_entry(sites.calais.ledger.entry(size))[1]
    made_by = {}
    for home in (sites.calais, sites.london):
        out = tmp_path / f"{home.path.name}.zip"
        assert bundling.create(home, OfStream(stream), out, Asked(), bundling.size_for(home)).word == "proven"
        made_by[home.path.name] = out.read_bytes()
    assert made_by["calais"] == made_by["london"]


def test_ordinary_tools_open_a_bundle(stream: bytes, tmp_path: Path) -> None:
    import zipfile

    (tmp_path / "a.zip").write_bytes(stream)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert [(i.filename, archive.read(i)) for i in archive.infolist()] == files_of(stream)


# -- the verdict -------------------------------------------------------------------------------------------------------------


def test_without_a_policy_from_elsewhere_nobody_is_believed(stream: bytes) -> None:
    answer = verdict_of(stream)
    assert answer["verdict"] == "internally-consistent" and answer["final"]
    assert "bundle-keys" in answer["assumed"] and "identity" in answer["not_proven"] and "final" not in answer["proven"]


def test_a_policy_from_elsewhere_decides(stream: bytes) -> None:
    answer = verdict_of(stream, golden_policy())
    assert answer["verdict"] == "proven" and answer["policy"] == "elsewhere"
    assert [row["name"] for row in answer["cosigned"]] == ["london-ed", "london-pq", "paris-ed", "paris-pq"]


def test_a_quorum_that_was_not_met_is_not_final(stream: bytes) -> None:
    third = {"third": policy.Witness(Cosigner("third.example/w", key("third")).key)}
    own = golden_policy()
    groups = own.groups | {"three": policy.Group(2, ("both", "third"))}
    stricter = policy.Policy(own.logs, own.witnesses | third, groups, "three")
    answer = verdict_of(stream, stricter)
    assert answer["verdict"] == "not-final" and "not-final" in answer["not_proven"]


def test_a_bundle_of_another_log_is_refused_by_my_policy(stream: bytes) -> None:
    other = policy.Policy((policy.Log(note.VerifierKey(ORIGIN, 1, key("another").public)),), {}, {}, "none")
    assert code_of(stream, other) == "checkpoint-elsewhere"


def test_the_last_version_is_proven_only_with_an_index(golden: Golden, stream: bytes) -> None:
    assert "last-version" in verdict_of(stream)["proven"]
    without = [(name, body) for name, body in files_of(stream) if not name.startswith("index/")]
    answer = verdict_of(mended(without))
    assert "last-version" in answer["not_proven"] and "last-version" not in answer["proven"]


def test_what_is_withheld_is_seen_to_be_there_and_no_more(figure: bytes) -> None:
    answer = verdict_of(figure)
    assert answer["entries"] == {"full": 23, "withheld": 1, "sealed": {"FR": 1, "GB": 1}}
    assert {"withheld", "sealed", "answer-whole"} <= set(answer["not_proven"])
    assert not any(b"INC-1" in body for name, body in files_of(figure))


def test_only_the_sections_asked_for_are_opened(golden: Golden, stream: bytes, figure: bytes) -> None:
    assert [name for name, _ in files_of(stream) if name.startswith("sections/")] == [
        "sections/15-0.sealed",
        "sections/15-0.key",
    ]
    assert verdict_of(figure)["sections"] == {"opened": 1, "inner_sound": 1, "inner_unsound": 0}
    assert "OWN-FR" not in json.dumps([body.decode("latin-1") for _, body in files_of(figure)])


# -- questions ---------------------------------------------------------------------------------------------------------------


def test_a_period_shows_its_neighbours_so_that_nothing_can_be_hidden_at_its_ends(golden: Golden, tmp_path: Path) -> None:
    at = golden.home.ledger.recorded_at(16)
    question = OfPeriod(format_instant(at), format_instant(at + 1))
    answer = verdict_of(made(golden.home, question, tmp_path))
    assert answer["complete"] == {"kind": "positions", "first": 16, "last": 18}, "the batch was recorded at one instant"
    files = [name for name, _ in files_of((tmp_path / "0.zip").read_bytes())]
    assert {"entries/15", "entries/19"} <= set(files)


def test_an_empty_period_is_an_answer(golden: Golden, tmp_path: Path) -> None:
    at = golden.home.ledger.recorded_at(15)
    answer = verdict_of(made(golden.home, OfPeriod(format_instant(at + 1), format_instant(at + 2)), tmp_path))
    assert answer["complete"] == {"kind": "positions", "first": 16, "last": 15}


def test_a_figure_before_its_window_is_nothing_and_is_proven_to_be(golden: Golden, tmp_path: Path) -> None:
    as_of = format_instant(golden.home.ledger.recorded_at(3))
    answer = verdict_of(made(golden.home, OfFigure("GB", "G1", "2015-08-26", as_of), tmp_path))
    assert (answer["answer"]["value"], answer["complete"]["last"]) == (0, 3)


def test_the_bundle_of_a_figure_says_what_the_view_says(night: Any, tmp_path: Path) -> None:
    as_of = format_instant(night.ledger.recorded_at(96))
    asked = Asked(withhold_kinds={"rescues": "purpose"})
    for nation, code, day in (("GB", "G1", "2015-08-26"), ("GB", "G8", "2015-08-26"), ("FR", "F3", "2015-08-27")):
        answer = verdict_of(made(night, OfFigure(nation, code, day, as_of), tmp_path, asked))  # type: ignore[arg-type]
        seen = night.view(nation).at(None).explain(code, date.fromisoformat(day))
        assert answer["answer"]["value"] == seen["value"] and answer["rederived"]
        told = [(line["event"], line["position"], line["quantity"]) for line in answer["answer"]["lines"]]
        assert told == [(line["event"], line["position"], line["quantity"]) for line in seen["lines"]]


def test_an_answer_is_whole_only_where_nothing_is_withheld_and_nothing_is_closed(golden: Golden, tmp_path: Path) -> None:
    inner = [(golden.position_of("sealed.recorded", nth), "inner") for nth in (0, 1)]
    before, after = (format_instant(golden.home.ledger.recorded_at(p)) for p in (20, 24))

    def is_whole(as_of: str, opened: int, withhold: dict[str, str]) -> bool:
        asked = Asked(withhold_kinds=withhold, open_sections=inner[:opened])
        answer = verdict_of(made(golden.home, OfFigure("GB", "G1", "2015-08-26", as_of), tmp_path, asked))
        return "answer-whole" not in answer["not_proven"]

    assert is_whole(before, 2, {})
    assert not is_whole(before, 1, {})
    assert not is_whole(after, 2, {"rescues": "purpose"})


def test_a_figure_may_stand_on_the_last_entry_there_is(golden: Golden, tmp_path: Path) -> None:
    question = OfFigure("GB", "G1", "2015-08-26", format_instant(golden.home.ledger.recorded_at(15)))
    answer = verdict_of(made(golden.home, question, tmp_path))["answer"]
    assert (answer["value"], answer["position"], answer["lines"][0]["position"]) == (4, 15, 15)


def test_an_index_from_before_the_last_version_does_not_prove_it_the_last(tmp_path: Path) -> None:
    golden = Golden(tmp_path / "home", "sqlite://").tell()
    amended = {"target": golden.id_of("IC-1"), "kind": "amend", "reason_code": "transcription", "patch": {"persons": 6}}
    golden.say("correction.recorded", "IC-1", amended, ("BF", "BF"))
    golden._cosign()
    answer = verdict_of(made(golden.home, OfStream("IC-1"), tmp_path))
    assert answer["complete"]["versions"] == 3 and "last-version" in answer["not_proven"]
    golden.home.close()


def test_a_report_is_bound_to_what_it_rests_on(night: Any, tmp_path: Path) -> None:
    position = night.ledger.positions_of(lambda name: name == "report.issued", 96)[0]
    report = events.decode_header(night.ledger.entry(position).partition(b"\n\n")[2]).id
    content = made(night, OfReport(report), tmp_path, Asked(withhold_kinds={"cases": "purpose"}))
    answer = verdict_of(content)
    assert answer["complete"]["last"] == answer["answer"]["position"] < position
    assert answer["rederived"] and answer["answer"]["figures"]["G1"] == 10
    documents = [(name, body) for name, body in files_of(content) if name.startswith("reports/")]
    assert [name for name, _ in documents] == [f"reports/{report}.figures.json"]
    assert json.loads(documents[0][1]) == answer["answer"]["figures"]


@pytest.mark.slow
@pytest.mark.parametrize("path", scenarios(), ids=lambda p: p.stem)
def test_every_figure_of_every_night_can_be_derived_from_what_its_bundle_would_show(path: Path, tmp_path: Path) -> None:
    """Corrections, retractions, sealed events, links, clock changes: the entries picked give what the whole log gives."""
    home = play(tmp_path / "home", load(path), "sqlite://")
    try:
        size = home.ledger.head()
        instants = sorted({home.ledger.recorded_at(p) for p in range(1, size + 1)})
        asked = 0
        for nation in ("GB", "FR"):
            for as_of in (instants[-1], instants[len(instants) * 2 // 3]):
                moment = home.view(nation).at(as_of)
                for day in _days(home, size):
                    asked += _compare(home, nation, moment, day, as_of, size)
        assert asked > 20
    finally:
        home.close()


def _days(home: Any, size: int) -> list[date]:
    """The days on which anything of this night happened, and the one after."""
    texts = [events.decode_header(e.partition(b"\n\n")[2]).occurred_at[:10] for _, e in home.ledger.entries(0, size)]
    days = {date.fromisoformat(text) for text in texts}
    return sorted(days | {date.fromordinal(day.toordinal() + 1) for day in days})


def _compare(home: Any, nation: Any, moment: Any, day: date, as_of: int, size: int) -> int:
    wanted = moment.figures(day)
    question = OfFigure(nation, "G1", day.isoformat(), format_instant(as_of))
    picked = picking.pick(question, home.ledger, size)
    shown = [(p, home.ledger.entry(p)) for p in picked.in_order if p <= moment.position]
    key_of = home.sealing_key(nation)

    def inner(position: int, outer: Any) -> bytes:
        section = home.ledger.sections(position)[INNER]
        commitment = msgspec.to_builtins(outer.header.sections[0])
        return open_section(commitment, section, outer.header.origin, outer.header.id, nation, key_of)

    reading = picking.refold(nation, shown, inner)
    ruleset = reading.ruleset()
    assert reading.figures(ruleset, day) == {**wanted["figures"], **wanted["beside"]}
    for code, value in wanted["figures"].items():
        if value:
            lines = picking.figure(
                OfFigure(nation, code, day.isoformat(), question.as_of), shown, moment.position, NotOpened(0, 0), inner
            ).lines
            seen = moment.explain(code, day)["lines"]
            assert [(x.event, x.position, x.quantity) for x in lines] == [
                (x["event"], x["position"], x["quantity"]) for x in seen
            ]
    return len(wanted["figures"])


# -- what may not leave ------------------------------------------------------------------------------------------------------


def test_rescues_are_not_bundled_with_cases(night: Any, tmp_path: Path) -> None:
    as_of = format_instant(night.ledger.recorded_at(96))
    with pytest.raises(errors.NotAllowed, match="legal basis"):
        made(night, OfFigure("GB", "G1", "2015-08-26", as_of), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_recorded_basis_that_covers_them_allows_it(tmp_path: Path) -> None:
    golden = Golden(tmp_path / "home", "sqlite://")
    golden.tell()
    combined = {"objects": ["INC-1"], "purpose": "inquiry", "transfer_basis": "Inquiries Act 2005"}
    golden.say("access.combined", "ACCESS-1", combined, ("PAF", "PAF"), regime="LE")
    basis = golden.id_of("ACCESS-1")
    golden._cosign()
    begin, end = (format_instant(golden.home.ledger.recorded_at(p)) for p in (15, 24))
    question = OfPeriod(begin, end)
    answer = verdict_of(made(golden.home, question, tmp_path, Asked(basis=basis)))
    assert answer["entries"]["withheld"] == 0
    other = {"objects": ["INC-2"], "purpose": "inquiry"}
    golden.say("access.combined", "ACCESS-2", other, ("PAF", "PAF"), regime="LE")
    golden._cosign()
    with pytest.raises(errors.NotAllowed, match="does not cover"):
        made(golden.home, question, tmp_path, Asked(basis=golden.id_of("ACCESS-2")))
    golden.home.close()


def test_what_the_checks_rest_on_cannot_be_withheld(golden: Golden, tmp_path: Path) -> None:
    question = OfFigure("GB", "G1", "2015-08-26", format_instant(golden.home.ledger.recorded_at(24)))
    for position in (1, 14):
        with pytest.raises(errors.BadQuestion, match="cannot be withheld"):
            made(golden.home, question, tmp_path, Asked(withhold={position: "no"}))


def test_nothing_is_opened_without_a_key_that_opens_it(tmp_path: Path) -> None:
    golden = Golden(tmp_path / "home", "sqlite://").tell()
    position = golden.position_of("interception.recorded")
    for nation in ("GB", "FR"):
        (tmp_path / "home" / "keys" / f"sealing-{nation}.pem").unlink()
    with pytest.raises(errors.BadSection, match="no key"):
        made(golden.home, OfStream("IC-1"), tmp_path, Asked(open_sections=[(position, "text")]))
    golden.home.close()


def test_what_is_not_co_signed_yet_does_not_leave(tmp_path: Path) -> None:
    golden = Golden(tmp_path / "home", "sqlite://").tell()
    found = {"vehicle": "V9", "method": "co2_probe", "result": "negative"}
    golden.say("interception.search_recorded", "SEARCH-9", found, ("BF", "BF"))
    late = format_instant(golden.home.ledger.recorded_at(25))
    with pytest.raises(errors.BadQuestion, match="not under the checkpoint"):
        made(golden.home, OfFigure("GB", "G8", "2015-08-26", late), tmp_path)
    with pytest.raises(errors.NotFound, match="SEARCH-9"):
        made(golden.home, OfStream("SEARCH-9"), tmp_path)
    golden.home.close()


def test_what_does_not_fit_into_a_bundle_is_said_before_it_is_written(
    golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.evidence.bundle_write.CONTENT_BYTES_MAX", 100_000)
    with pytest.raises(errors.TooLarge, match="more than a bundle holds"):
        made(golden.home, OfStream("IC-1"), tmp_path)
    monkeypatch.setattr(picking, "ENTRIES_MAX", 10)
    with pytest.raises(errors.BadQuestion, match="more than the 10"):
        made(golden.home, OfStream("IC-1"), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_store_that_was_tampered_with_makes_no_bundle(tmp_path: Path) -> None:
    golden = Golden(tmp_path / "home", "sqlite://").tell()
    with golden.home.ledger.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER entries_no_update")
        connection.exec_driver_sql(
            "UPDATE entries SET entry = CAST(replace(CAST(entry AS TEXT), 'CASE-1', 'CASE-2') AS BLOB) WHERE stream = 'CASE-1'"
        )
    with pytest.raises(errors.VerificationFailed, match="would not verify"):
        made(golden.home, OfStream("CASE-1"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    golden.home.close()


# -- the command line --------------------------------------------------------------------------------------------------------


def test_the_command_line_makes_and_checks_a_bundle(golden: Golden, tmp_path: Path, capsys: Any) -> None:
    out, rules = tmp_path / "a.zip", tmp_path / "policy.txt"
    rules.write_bytes(policy.format_policy(golden_policy()))
    home = ["--home", str(golden.home.path)]
    assert main([*home, "bundle", "create", "--out", str(out), "--stream", "IC-1", "--open", "15:text"]) == 0
    assert main(["bundle", "verify", str(out), "--policy", str(rules)]) == 0
    assert "PROVEN" in capsys.readouterr().out
    assert main(["bundle", "verify", str(out), "--lang", "fr"]) == 0
    assert "COHÉRENT EN SOI" in capsys.readouterr().out
    out.write_bytes(out.read_bytes()[:-1] + b"\x01")
    assert main(["bundle", "verify", str(out), "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {"verdict": "refused", "problem": {"code": "not-a-bundle", "file": None}}
    assert main([*home, "bundle", "create", "--out", str(out), "--stream", "IC-1"]) == 2, "nothing is overwritten"


def test_a_recipe_that_is_not_ours_is_pointed_out(golden: Golden, stream: bytes, tmp_path: Path, capsys: Any) -> None:
    """Nothing rests on it, so that it is not refused; but somebody may be about to run it."""
    path = tmp_path / "a.zip"
    path.write_bytes(stream)
    assert main(["bundle", "verify", str(path)]) == 0 and not capsys.readouterr().err
    path.write_bytes(mended(replaced(files_of(stream), "RECIPE.txt", b"rm -rf ~\n")))
    assert main(["bundle", "verify", str(path)]) == 0
    assert "RECIPE.txt in it is not this version's" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--stream", "IC-1", "--report", "x"],
        ["--from", "2015-08-26T00:00:00Z"],
        ["--figure", "gb:G1"],
        ["--figure", "be:G1:2015-08-26"],
        ["--stream", "IC-1", "--withhold", "15"],
        ["--stream", "IC-1", "--open", "text"],
        [],
    ],
)
def test_a_question_that_is_none_is_wrong_usage(golden: Golden, tmp_path: Path, words: list[str]) -> None:
    assert main(["--home", str(golden.home.path), "bundle", "create", "--out", str(tmp_path / "a.zip"), *words]) == 2
    assert not (tmp_path / "a.zip").exists()


# -- by hand -----------------------------------------------------------------------------------------------------------------


def unpacked(content: bytes, folder: Path) -> Path:
    for name, body in files_of(content):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    return folder


RECIPE_NEEDS = ("sha256sum", "openssl", "base64", "od", "fold", "sed", "tail", "tr", "cut", "grep", "cat", "wc", "mktemp", "rm")


def recipe(folder: Path, position: int) -> tuple[int, str]:
    """Run the recipe with nothing on the path but what it names."""
    programs = folder.parent / "programs"
    programs.mkdir(exist_ok=True)
    for name in (
        "sha256sum",
        "openssl",
        "base64",
        "od",
        "fold",
        "sed",
        "tail",
        "tr",
        "cut",
        "grep",
        "cat",
        "wc",
        "mktemp",
        "rm",
    ):
        found = subprocess.run(["sh", "-c", f"command -v {name}"], capture_output=True, text=True, check=True).stdout.strip()
        if not (programs / name).exists():
            (programs / name).symlink_to(found)
    command, environment = ["/bin/sh", "RECIPE.txt", str(position)], {"PATH": str(programs)}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.foreign
def test_one_signature_and_one_proof_are_checked_with_openssl_and_sha256sum_alone(stream: bytes, tmp_path: Path) -> None:
    folder = unpacked(stream, tmp_path / "bundle")
    for position in (1, 15, 23):
        code, said = recipe(folder, position)
        assert code == 0 and "IN THE LOG" in said and "Verified Successfully" in said, said


@pytest.mark.foreign
@pytest.mark.parametrize("spoilt", ["entry", "proof", "root", "key"])
def test_the_recipe_finds_what_was_changed(stream: bytes, tmp_path: Path, spoilt: str) -> None:
    folder = unpacked(stream, tmp_path / "bundle")
    name, at = {"entry": ("entries/15", -1), "proof": ("entries/15.tlog-proof", 2), "root": ("checkpoint", 2)}.get(
        spoilt, ("keys.jsonl", -1)
    )
    path = folder / name
    if spoilt == "key":
        path.write_bytes(path.read_bytes().replace(b'"public_key":"', b'"public_key":"AAAA'))
    else:
        lines = path.read_bytes().split(b"\n")
        lines[at] = (b"A" if lines[at][:1] != b"A" else b"B") + lines[at][1:]
        path.write_bytes(b"\n".join(lines))
    code, said = recipe(folder, 15)
    assert code != 0 and "SIGNED" not in said


@pytest.mark.foreign
def test_an_outside_authority_says_by_when_the_checkpoint_was_there(tmp_path: Path, capsys: Any) -> None:
    golden = Golden(tmp_path / "home", "sqlite://").tell()
    with serving(Tsa(tmp_path, "first")) as first, serving(Tsa(tmp_path, "second")) as second:
        configure(golden.home, {"first": first})
        stamping.stamp(golden.home)
        content = made(golden.home, OfStream("IC-1"), tmp_path)
        assert files_of(content)[-1][0] == "timestamps/first.1.tsr"
        assert "timestamps" not in verdict_of(content)["proven"], "nobody gave the authority's certificates"
        path = tmp_path / "stamped.zip"
        path.write_bytes(content)
        for tsa, said in ((first, ["first"]), (second, [])):
            assert main(["bundle", "verify", str(path), "--authority", f"first={tsa.roots_file}", "--json"]) == 0
            answer = json.loads(capsys.readouterr().out)
            assert [row["authority"] for row in answer["stamped"]] == said and ("timestamps" in answer["proven"]) == bool(said)
            assert ("timestamps" in answer["not_proven"]) == (not said)
        assert main(["bundle", "verify", str(path), "--authority", f"first={first.roots_file}"]) == 0
        assert "had stamped this state of the log: first 20" in " ".join(capsys.readouterr().out.split())
    golden.home.close()


# -- a review platform -------------------------------------------------------------------------------------------------------


def rows_of(dat: bytes) -> list[dict[str, str]]:
    """A DAT as a review platform reads it."""
    lines = dat.decode("utf-8-sig").split("\r\n")
    assert lines.pop() == ""
    split = [[value[1:-1] for value in line.split("\u0014")] for line in lines]
    assert all(value[0] == value[-1] == "\u00fe" for line in lines for value in line.split("\u0014"))
    return [dict(zip(split[0], row, strict=True)) for row in split[1:]]


def test_the_load_file_has_a_line_a_native_and_a_page_for_each_entry(figure: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(figure)
    assert main(["bundle", "loadfile", str(tmp_path / "a.zip"), "--out", str(tmp_path / "load")]) == 0
    load_file = tmp_path / "load"
    dat = (load_file / "DATA" / "ENTENTE001.dat").read_bytes()
    assert dat.startswith(b"\xef\xbb\xbf\xc3\xbeDOCID\xc3\xbe\x14")
    rows = rows_of(dat)
    assert [row["DOCID"] for row in rows] == [f"ENTENTE-{p:010d}" for p in range(1, 25)]
    files = dict(files_of(figure))
    for row in rows:
        name = f"entries/{row['POSITION']}"
        if row["WITHHELD"]:
            assert not row["NATIVELINK"] and name not in files
            continue
        native = (load_file / row["NATIVELINK"].replace("\\", "/")).read_bytes()
        assert files[name].endswith(b"\n\n" + native), "the exact bytes that were signed"
        assert row["EXERCISE"] and (load_file / row["TEXTLINK"].replace("\\", "/")).is_file()
    found = next(row for row in rows if row["DOCTYPE"] == "correction.recorded")
    assert (found["FAMILY"], found["FAMILYSEQ"], found["PARENTID"]) == ("IC-1", "2", "ENTENTE-0000000015")
    assert (found["CUSTODIAN"], found["CONFIDENTIALITY"]) == ("BF", "OFFICIAL / non protégé")
    assert parse_instant(found["DATEOCCURRED"]) and parse_instant(found["DATERECORDED"]) and parse_instant(found["DATESTATED"])
    pages = (load_file / "DATA" / "ENTENTE001.opt").read_text().splitlines()
    assert pages[0] == "ENTENTE-0000000001,ENTENTE001,IMAGES\\ENTENTE-0000000001.pdf,Y,,,2"
    assert all((load_file / line.split(",")[2].replace("\\", "/")).read_bytes().startswith(b"%PDF-1.4") for line in pages)
    assert main(["bundle", "loadfile", str(tmp_path / "a.zip"), "--out", str(load_file)]) == 2, "nothing is overwritten"


def test_a_refused_bundle_is_not_laid_out(figure: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(figure.replace(b"IC-1", b"IC-2"))
    assert main(["bundle", "loadfile", str(tmp_path / "a.zip"), "--out", str(tmp_path / "load")]) == 1
    assert not (tmp_path / "load").exists()


def test_a_value_cannot_break_out_of_its_field() -> None:
    from ledger.evidence.loadfile import COLUMNS, Document, dat_head, dat_line

    spiteful = Document("N", {"TITLE": "a\u00feb\u0014c\r\nd\ne\u00ae"}, b"", "", b"", 1)
    row = rows_of(dat_head() + dat_line(spiteful))[0]
    assert row["TITLE"] == "athb c\u00aed\u00aee\u00ae" and set(row) == set(COLUMNS)
