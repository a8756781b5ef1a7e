"""A view's answers as files: the same numbers in every form, nothing that computes by itself, nothing of the other nation."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sys
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.playing import load
from tests.served import HOLDERS, Service, item, serving
from tests.spreadsheets import changed, computed
from tests.story import DETECTION, Story, told_in

NIGHT = load(Path(__file__).resolve().parent.parent / "api" / "nights" / "first-night.json")
WHY = {"Entente-Purpose": "audit", "Entente-Motif": "the night of 26 August"}
FORMS = ("csv", "jsonl", "xlsx", "ods", "parquet", "provenance.json")
ANSWERS = {
    "figures": "day=2015-08-26",
    "figures/G1/lines": "day=2015-08-26",
    "situation": "",
    "timeline": "",
    "incidents": "",
    "interceptions": "",
    "cases": "",
}
MAPPED = ("figures/G1/lines", "incidents", "interceptions")
FILES = [(path, form) for path in ANSWERS for form in (*FORMS, *(("geojson",) if path in MAPPED else ()))]


@pytest.fixture
def night(home_of: Any) -> Iterator[Service]:
    """The first night, on either store."""
    with serving(home_of(NIGHT)) as service:
        yield service


@pytest.fixture
def calais(tmp_path: Path, store_url: str) -> Iterator[tuple[Service, Story]]:
    """A boat and a detection that both nations know of, a sealed boat and a sealed detection, and a hostile reference."""
    with told_in(tmp_path, store_url) as story, serving(story.home) as service:
        story.add("incident.opened", "INC-1", {"kind": "small_boat_distress", "place": "CZ"})
        story.add("interception.recorded", "IC-1", DETECTION)
        story.seal(story.inner("incident.opened", "INC-CANARY", {"kind": "small_boat_distress", "place": "CZ"}))
        story.seal(story.inner("interception.recorded", "IC-CANARY", {**DETECTION, "persons": 7}))
        follow(story)
        yield service, story


def follow(story: Story) -> None:
    for nation in ("GB", "FR"):
        story.home.projector(nation).follow()


def file(service: Service, path: str, form: str, query: str = "", who: str = "GB auditor", **headers: str) -> Any:
    answer = service.get(f"/v1/views/{who[:2].lower()}/{path}.{form}?{query or ANSWERS[path]}", who, **headers)
    assert answer.status_code == 200, answer.text
    return answer


def text_of(content: bytes) -> str:
    """All that a file says, whatever it is packed in."""
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "".join(archive.read(name).decode(errors="replace") for name in archive.namelist())
    return content.decode(errors="replace")


# -- the workbook ------------------------------------------------------------------------------------------------------------


def test_the_situation_as_a_file_has_every_part_of_the_answer(night: Service) -> None:
    """At a quarter past three two boats were in distress, and Paris had not confirmed what it was told."""
    at = "as_of=2015-08-27T03:12:00%2B01:00"
    answer = night.get(f"/v1/views/gb/situation?{at}", **WHY).json()
    rows = [json.loads(line) for line in file(night, "situation", "jsonl", at, **WHY).text.splitlines()]
    for part in ("open_distress", "unconfirmed_distress", "open_incidents"):
        assert [row["stream"] for row in rows if row["part"] == part] == answer[part]
    assert [row["event"] for row in rows if row["part"] == "unacknowledged"] == [
        row["event"] for row in answer["unacknowledged"]
    ]
    assert len(answer["open_distress"]) == 2 and all(row["leaf_hash"] for row in rows if row["position"])


@pytest.mark.foreign
@pytest.mark.parametrize("form", ["xlsx", "ods"])
@pytest.mark.parametrize(("who", "day"), [("GB auditor", "2015-08-26"), ("FR auditor", "2015-08-27")])
def test_the_workbook_comes_to_the_figures_of_the_service(
    night: Service, tmp_path: Path, form: str, who: str, day: str
) -> None:
    """LibreOffice adds the facts up by itself and comes to the same, figure by figure."""
    answer = night.get(f"/v1/views/{who[:2].lower()}/figures?day={day}", who).json()
    book = file(night, "figures", form, f"day={day}&since=2015-08-27T05:00:00Z", who, **WHY)
    sheets = computed(book.content, form, tmp_path)
    names = {"Read me", "Figures", "Lines", "Changes", "Differences", "Codebook", "Provenance"}
    assert set(sheets) == names
    found = {row[0]: (int(row[3]), int(row[4]), row[5]) for row in sheets["Figures"][2:]}
    stated = {**answer["figures"], **answer["beside"]}
    assert found == {code: (value, value, "ok") for code, value in stated.items()} and any(stated.values())
    codes = sheets["Lines"][1]
    assert codes[:3] == ["figure", "included", "quantity"] and {row[1] for row in sheets["Lines"][2:]} == {"yes", "no"}
    left_out = [dict(zip(codes, row, strict=True)) for row in sheets["Lines"][2:] if row[1] == "no"]
    assert all(", not " in row["why"] or "counted once" in row["why"] for row in left_out)
    assert [row for row in sheets["Differences"][2:] if row[0] == "P2"][-1][2] == "31"
    assert ["position", str(answer["position"])] in sheets["Provenance"] and ["checkpoint.final", "true"] in sheets[
        "Provenance"
    ]


@pytest.mark.foreign
@pytest.mark.parametrize("form", ["xlsx", "ods"])
def test_whoever_changes_a_fact_in_the_workbook_sees_the_figure_change(night: Service, tmp_path: Path, form: str) -> None:
    """The sums are live: ten persons more in the first line are ten more in its figure, and the check says so."""
    book = file(night, "figures", form).content
    if form == "xlsx":
        content = changed(
            book, "xl/worksheets/sheet3.xml", lambda xml: xml.replace('<c r="C3"><v>4</v>', '<c r="C3"><v>14</v>')
        )
    else:
        content = changed(book, "content.xml", lambda xml: xml.replace('office:value="4"/>', 'office:value="14"/>', 1))
    code, _, _, recomputed, stated, check = computed(content, form, tmp_path)["Figures"][2]
    assert (code, recomputed, stated, check) == ("G1", "22", "12", "DIFFERS")


def test_a_workbook_can_be_compared_with_a_time_before_everything(night: Service) -> None:
    assert "G1" in text_of(file(night, "figures", "ods", "day=2015-08-26&since=2001-01-01T00:00:00Z").content)


def test_what_changed_since_an_instant_names_the_event_that_changed_it(night: Service, tmp_path: Path) -> None:
    book = file(night, "figures", "ods", "day=2015-08-26&since=2015-08-27T05:00:00Z").content
    (row,) = [row for row in computed(book, "ods", tmp_path)["Changes"][2:] if row[0] == "G1"]
    assert row[1:4] == ["10", "12", "2"] and row[5:7] == ["A19", "85"]


# -- the other forms ---------------------------------------------------------------------------------------------------------


def test_the_same_rows_are_in_every_form_and_their_digest_in_its_provenance(night: Service) -> None:
    for path in ("figures/G1/lines", "incidents", "timeline"):
        lines = file(night, path, "jsonl")
        rows = [json.loads(line) for line in lines.content.splitlines()]
        digest = hashlib.sha256(lines.content).hexdigest()
        plain = list(csv.DictReader(io.StringIO(file(night, path, "csv").content.decode(), newline="")))
        assert [row["event"] for row in plain] == [row["event"] or "" for row in rows] and rows
        assert [row["position"] for row in plain] == [str(row["position"]) for row in rows]
        for form in ("csv", "jsonl"):
            answer = file(night, path, form)
            link = answer.headers["link"].partition(">")[0][1:]
            provenance = night.get(link).json()
            assert provenance["digest"]["sha256"] == digest == answer.headers["entente-rows-sha256"]
            assert (provenance["position"], provenance["rows"], provenance["exercise"]) == (97, len(rows), True)
            assert provenance["checkpoint"]["final"] is True
        for row in [row for row in rows if not row["sealed"]]:
            entry = night.get(f"/v1/events/{row['event']}").json()
            assert (entry["position"], entry["leaf_hash"]) == (row["position"], row["leaf_hash"])


def test_a_french_excel_reads_french(night: Service) -> None:
    answer = file(night, "interceptions", "csv", "form=excel-fr").content
    assert answer.startswith(b"\xef\xbb\xbf") and b"\r\n" in answer
    headers, codes, *rows = csv.reader(io.StringIO(answer.decode("utf-8-sig"), newline=""), delimiter=";")
    (first,) = [found for row in rows if (found := dict(zip(codes, row, strict=True)))["stream"] == "IC-A1"]
    assert headers[codes.index("place")] == "Lieu" and first["found"] == "4"
    assert first["occurred_at"] == "26/08/2015 20:55:00" and first["sealed"] == "non"


def test_a_french_excel_reads_a_comma_where_there_is_a_point(calais: tuple[Service, Story]) -> None:
    service, story = calais
    afloat = {"lat_e6": 50_990_000, "lon_e6": -1_510_250}
    story.add("incident.opened", "INC-2", {"kind": "small_boat_distress", "place": "CZ", "position": afloat})
    follow(story)
    for form, point in (("", "."), ("form=excel-fr", ",")):
        content = file(service, "incidents", "csv", form or "state=open").content.decode("utf-8-sig")
        assert f"-1{point}510250" in content and f"50{point}990000" in content
    (boat,) = [f for f in file(service, "incidents", "geojson").json()["features"] if f["properties"]["stream"] == "INC-2"]
    assert boat["geometry"] == {"type": "Point", "coordinates": [-1.51025, 50.99]}


@pytest.mark.foreign
def test_parquet_is_read_by_another_implementation(night: Service, tmp_path: Path) -> None:
    answer = file(night, "interceptions", "parquet")
    (tmp_path / "rows.parquet").write_bytes(answer.content)
    rows = [json.loads(line) for line in file(night, "interceptions", "jsonl").content.splitlines()]
    asked = f"from '{tmp_path / 'rows.parquet'}'"
    found = duckdb.sql(f"select event, position, found, epoch_us(occurred_at), sealed, leaf_hash {asked}").fetchall()
    at = [round(datetime.fromisoformat(row["occurred_at"]).astimezone(UTC).timestamp() * 1_000_000) for row in rows]
    columns = ("event", "position", "found", "sealed", "leaf_hash")
    assert [(*row[:3], *row[4:]) for row in found] == [tuple(row[c] for c in columns) for row in rows]
    assert [row[3] for row in found] == at
    kept = duckdb.sql(f"select value from parquet_kv_metadata('{tmp_path / 'rows.parquet'}') where key = 'entente.provenance'")
    (value,) = kept.fetchall()[0]
    assert json.loads(value)["position"] == 97


def test_a_map_has_registered_places_longitude_first(night: Service) -> None:
    places = {place["code"]: [place["longitude_e6"] / 1e6, place["latitude_e6"] / 1e6] for place in NIGHT["places"]}
    found = file(night, "interceptions", "geojson")
    assert found.headers["content-type"] == "application/geo+json" and found.json()["type"] == "FeatureCollection"
    for feature in found.json()["features"]:
        place = feature["properties"]["place"]
        assert feature["type"] == "Feature" and feature["geometry"] == (
            {"type": "Point", "coordinates": places[place]} if place else None
        )
    assert any(feature["geometry"] for feature in found.json()["features"])


# -- what must not happen ----------------------------------------------------------------------------------------------------

HOSTILE = ('=HYPERLINK("http://x.example","x")', "+1+1", "-2+3", "@SUM(A1)", "=cmd|' /C calc'!A0", "<b>&amp;</b>", '"; =1+1; "')


def test_no_cell_computes_by_itself(calais: tuple[Service, Story], tmp_path: Path) -> None:
    """References of services that a spreadsheet would take for formulas are text in every form, and lose nothing."""
    service, story = calais
    for number, text in enumerate(HOSTILE):
        service.post(item(story, 1, f"IC-H{number}", source={"kind": "system", "ref": text}))
    follow(story)
    plain = list(csv.DictReader(io.StringIO(file(service, "interceptions", "csv").content.decode(), newline="")))
    french = file(service, "interceptions", "csv", "form=excel-fr").content.decode("utf-8-sig")
    _, codes, *rows = csv.reader(io.StringIO(french, newline=""), delimiter=";")
    expected = {f"IC-H{number}": "'" + text if text[0] in "=+-@" else text for number, text in enumerate(HOSTILE)}
    for labels in (
        {row["stream"]: row["label"] for row in plain},
        {row[codes.index("stream")]: row[codes.index("label")] for row in rows},
    ):
        assert {stream: label for stream, label in labels.items() if stream in expected} == expected
    for form in ("xlsx", "ods"):
        content = file(service, "interceptions", form).content
        assert "<f>" not in text_of(content) and "table:formula" not in text_of(content)
        seen = computed(content, form, tmp_path / form)["Data"]
        labels = [row[seen[1].index("label")] for row in seen[2:]]
        assert set(HOSTILE) <= set(labels), form
    lines = [json.loads(line)["label"] for line in file(service, "interceptions", "jsonl").content.splitlines()]
    assert set(HOSTILE) <= set(lines)


def test_paris_gets_nothing_of_what_london_sealed_in_any_form(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    for path, form in FILES:
        query = ANSWERS[path].replace("08-26", "08-27")
        content = file(service, path.replace("G1", "F3"), form, query or "lang=fr", "FR auditor", **WHY).content
        assert "CANARY" not in text_of(content), (path, form)
        assert "CANARY" in text_of(file(service, path, form, **WHY).content) or path in ("figures", "cases") or form[0] == "p"


def test_london_itself_gets_what_it_sealed_for_a_reason_alone(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    for path, form in FILES:
        assert "CANARY" not in text_of(file(service, path, form).content), (path, form)
    assert service.get("/v1/views/gb/access").json()["rows"] == []
    file(service, "figures", "xlsx", **WHY)
    looked = service.get("/v1/views/gb/access").json()["rows"]
    assert looked and {len(row["objects"]) for row in looked} == {1}


def test_files_are_for_the_nations_own_people(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    for path, form in (("figures", "xlsx"), ("incidents", "csv"), ("timeline", "provenance.json")):
        for who in (*HOLDERS, "nobody"):
            if not who.startswith("GB ") or who == "GB dpo":
                answer = service.get(f"/v1/views/gb/{path}.{form}?{ANSWERS[path]}", who)
                assert answer.status_code == (401 if who == "nobody" else 403), (who, path)


def test_the_same_question_at_the_same_position_has_the_same_bytes(calais: tuple[Service, Story]) -> None:
    service, story = calais
    for site in ("london", "paris"):
        story.home.cosign(site)
    at = service.get("/v1/views/gb/incidents").json()["position"]
    before = {(path, form): file(service, path, form, f"{ANSWERS[path]}&position={at}").content for path, form in FILES}
    service.post(item(story, 100, "IC-LATE"))
    story.home.projector("GB").rebuild()
    for (path, form), content in before.items():
        assert file(service, path, form, f"{ANSWERS[path]}&position={at}").content == content, (path, form)
    assert file(service, "interceptions", "csv").content != before["interceptions", "csv"]


def test_a_service_without_the_extra_says_what_to_install(calais: tuple[Service, Story], monkeypatch: Any) -> None:
    service, _ = calais
    for name in ("xlsxwriter", "arro3.core", "arro3.io"):
        monkeypatch.setitem(sys.modules, name, None)
    for form in ("xlsx", "parquet"):
        answer = service.get(f"/v1/views/gb/incidents.{form}")
        assert answer.status_code == 503 and "requirements/install reports" in answer.json()["remedy"]
    for form in ("csv", "jsonl", "ods", "geojson"):
        file(service, "incidents", form)


def test_a_senseless_export_names_its_field(calais: tuple[Service, Story]) -> None:
    for path, status, field in (
        ("incidents.exe", 404, "suffix"),
        ("cases.geojson", 404, "suffix"),
        ("incidents.csv?position=0", 400, "position"),
        ("incidents.csv?position=999999", 400, "position"),
        ("incidents.csv?position=1&as_of=2015-08-26T22:00:00Z", 400, "position"),
        ("incidents.csv?as_of=2001-01-01T00:00:00Z", 400, "as_of"),
        ("incidents.csv?form=excel-de", 400, "form"),
        ("incidents.csv?lang=de", 400, "lang"),
        ("figures.csv", 400, "day"),
        ("figures.xlsx?day=2015-08-26&since=x", 400, "since"),
        ("figures.xlsx?day=2015-08-26&position=5&since=2015-08-26T22:00:00Z", 400, "since"),
        ("figures/F9/lines.csv?day=2015-08-26", 400, "code"),
    ):
        answer = calais[0].get(f"/v1/views/gb/{path}")
        assert (answer.status_code, answer.json()["field"]) == (status, field), path


def test_more_rows_than_a_file_takes_are_refused_and_not_cut_off(
    calais: tuple[Service, Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.exports.asked.ROWS_MAX", 3)
    for path in ("timeline", "interceptions"):
        answer = calais[0].get(f"/v1/views/gb/{path}.csv", **WHY)
        few = path == "interceptions"
        assert answer.status_code == (200 if few else 400), answer.text
    monkeypatch.setattr("api.exports.answer.BOOK_ROWS_MAX", 1)
    assert calais[0].get("/v1/views/gb/interceptions.ods", **WHY).json()["field"] == "suffix"


def test_workbooks_that_would_fill_the_memory_wait_their_turn(
    calais: tuple[Service, Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = threading.BoundedSemaphore(1)
    monkeypatch.setattr("api.exports.answer._turns", turns)
    with turns:
        refused = calais[0].get("/v1/views/gb/incidents.xlsx")
        assert refused.status_code == 503 and refused.headers["retry-after"]
        file(calais[0], "incidents", "csv")
    file(calais[0], "incidents", "xlsx")
