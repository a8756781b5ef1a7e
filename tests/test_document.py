"""The document of a report: a first page for the minister, everything worded in the reader's language, nothing of it obeyed."""

from __future__ import annotations

import copy
import csv
import io
import json
import re
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from api import reporting
from api.home import Home
from projections.publishing import document
from projections.publishing.page import html
from projections.publishing.pages import pages
from projections.reports.draft import Wanted
from tests.browsing import LOCALES, chromium, visit
from tests.playing import ROOT, load, play

FIRST_NIGHT = ROOT / "api" / "nights" / "first-night.json"
OWN_WORDS = ("Our crews did their duty.", "No comment on open cases.")
PHONE, DESK = 390, 1440
NARROW = "\u202f"
HOSTILE = (
    "<script>alert(1)</script>",
    '#import "@preview/evil:1.0.0": *',
    "$ sum $ *bold* _it_ `raw` @label <lbl> // gone",
    '=HYPERLINK("http://elsewhere.example")',
    "a\u202eb\u2066c\x1b[31md",
    "&lt;b&gt; ]]> --> </style>",
    '\\u{0} #eval("1") #sys.inputs',
)  # fmt: skip


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = play(tmp_path_factory.mktemp("document") / "night", load(FIRST_NIGHT), "sqlite://")
    last = home.reader.recorded_at(home.reader.head())
    home.clock = lambda: last
    yield home
    home.close()


def drafted(home: Home, nation: str, day: str, **asked: Any) -> dict[str, dict[str, Any]]:
    wanted = Wanted(date.fromisoformat(day), "revised", lines_to_take=OWN_WORDS, **asked)
    return {str(edition): made for edition, made in reporting.draft(home, nation, wanted).editions.items()}


@pytest.fixture(scope="module")
def contents(night: Home) -> dict[str, dict[str, Any]]:
    """Both editions of London's first day and of Paris's bulletin."""
    found = {}
    for nation, day in (("GB", "2015-08-26"), ("FR", "2015-08-27")):
        found |= {f"{nation} {edition}": made for edition, made in drafted(night, nation, day).items()}
    return found


def text_of(body: bytes, *pages_asked: str) -> str:
    ran = subprocess.run(["pdftotext", *pages_asked, "-", "-"], input=body, capture_output=True, check=True, timeout=60)
    return ran.stdout.decode()


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace(NARROW, " "))


# -- what the minister reads --------------------------------------------------------------------------------------------------


def test_a_death_outside_the_reporting_day_is_on_the_first_page(contents: dict[str, Any]) -> None:
    first = squeezed(text_of(document.pdf(contents["GB shared"], "en"), "-l", "1"))
    assert "Deaths in the reporting day 0, known since 1." in first
    assert first.index("Protected and harmed") < first.index("Known at signature") < first.index("Seven figures")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_first_page_is_one_page_and_says_what_it_must(contents: dict[str, Any], language: Any) -> None:
    for name, content in contents.items():
        model = pages(content, language)
        body = document.pdf(content, language, OWN_WORDS if "national" in name else ())
        first, second = (squeezed(text_of(body, "-f", str(n), "-l", str(n))) for n in (1, 2))
        for part in ("sentences", "people", "outside", "headline", "decide"):
            assert squeezed(model[part]["heading"]) in first, (name, part)
        assert len(model["sentences"]["rows"]) == 3 and len(model["headline"]["rows"]) == 7
        assert squeezed(model["annexes"][0]["heading"]) in second
        for each in (first, second):
            assert model["marking"] in each and squeezed(model["exercise"]) in each


def test_a_night_that_fills_every_list_still_has_a_first_page_of_one_page(contents: dict[str, Any]) -> None:
    content = copy.deepcopy(contents["FR shared"])
    content["outside"] = content["timeline"][:1] * 40
    for row in content["outside"]:
        row |= {"code": "fatal", "count": 1}
    content["open"]["obligations"] *= 30
    content["open"]["open_distress"] = [{"stream": f"INC-{n}", "since": "2015-08-27T01:45:00.000000Z"} for n in range(30)]
    for row in content["figures"]:
        row |= {"change": 1, "previous": 1, "reasons": row["reasons"] or [{"label": "A" * 30, "corrected": True}] * 4}
    body = document.pdf(content, "fr")
    assert squeezed(pages(content, "fr")["annexes"][0]["heading"]) in squeezed(text_of(body, "-f", "2", "-l", "2"))


def test_lines_to_take_stand_in_the_national_edition_alone_and_are_said_to_be_the_officials(contents: dict[str, Any]) -> None:
    national = squeezed(text_of(document.pdf(contents["GB national"], "en", OWN_WORDS)))
    assert "The official's own words; no part of what is computed." in national and OWN_WORDS[0] in national
    shared = squeezed(text_of(document.pdf(contents["GB shared"], "en")))
    assert "Lines to take" not in shared and OWN_WORDS[0] not in json.dumps(contents)


def test_a_withheld_figure_is_shown_as_withheld_with_its_size_or_without(night: Home) -> None:
    made = drafted(night, "FR", "2015-08-27", withhold={"F8": True, "F2": False})
    shared, national = (squeezed(text_of(document.pdf(made[edition], "fr"))) for edition in ("shared", "national"))
    assert "non communiqué ; 1 de source scellée" in shared
    row = next(row for row in pages(made["shared"], "fr")["headline"]["rows"] if row["code"] == "F2")
    assert (row["value"], row["unit"]) == ("—", "non communiqué")
    assert "non communiqué à l'autre nation" in national


# -- the file ----------------------------------------------------------------------------------------------------------------


def test_the_same_content_gives_the_same_bytes(contents: dict[str, Any]) -> None:
    for content in contents.values():
        assert document.pdf(content, "en") == document.pdf(json.loads(json.dumps(content)), "en")


def test_it_is_tagged_archival_and_carries_its_content(contents: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(document.pdf(contents["GB shared"], "en"))
    told = subprocess.run(["pdfinfo", path], capture_output=True, check=True, text=True, timeout=60).stdout
    assert re.search(r"Tagged: +yes", told) and re.search(r"Title: +Daily report", told)
    meta = subprocess.run(["pdfinfo", "-meta", path], capture_output=True, check=True, text=True, timeout=60).stdout
    assert "<pdfaid:part>3</pdfaid:part>" in meta and "<pdfaid:conformance>A</pdfaid:conformance>" in meta
    assert "<pdfuaid:part>1</pdfuaid:part>" in meta
    subprocess.run(["pdfdetach", "-saveall", "-o", tmp_path, path], check=True, timeout=60)
    assert json.loads((tmp_path / "content.json").read_bytes()) == contents["GB shared"]
    lines = list(csv.DictReader(io.StringIO((tmp_path / "lines.csv").read_text(encoding="utf-8"))))
    assert sum(int(row["quantity"]) for row in lines if row["figure"] == "G1") == 12
    fonts = subprocess.run(["pdffonts", path], capture_output=True, check=True, text=True, timeout=60).stdout.splitlines()[2:]
    assert fonts and all(" yes " in font for font in fonts), "a font is not embedded"


# -- hostile text ------------------------------------------------------------------------------------------------------------


def hostile(content: dict[str, Any], text: str) -> dict[str, Any]:
    """The content with a text wherever a service, an operator or an official can have put one."""
    made = copy.deepcopy(content)
    made["title"] = text
    for row in [*made["timeline"], *made["outside"], *made["decisions"], *made["places"]]:
        row |= {name: text for name in ("label", "place", "authority", "what", "quoi", "stream") if name in row}
    for figure in made["figures"]:
        for line in [*figure["lines"], *figure["reasons"]]:
            line |= {name: text for name in ("label", "place", "authority", "stream") if name in line}
    for name in ("obligations", "contradictions", "unanswered", "unacknowledged", "open_distress", "unconfirmed_distress"):
        for row in made["open"][name]:
            row |= {each: text for each in ("label", "stream", "what", "quoi", "to", "asset") if each in row}
    for row in made["differences"]:
        for each in row["told"]["counted"] + row["told"]["neither"]:
            each["label"] = text
    return made


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_printed_and_never_obeyed(contents: dict[str, Any], text: str) -> None:
    content = hostile(contents["FR national"], text)
    body = document.pdf(content, "fr", (text,))
    assert "elsewhere.example" not in body.decode("latin-1").replace(json.dumps(text), "") or b"/URI" not in body
    assert b"/JavaScript" not in body and b"/Launch" not in body
    shown = text_of(body)
    assert not any(c in shown for c in "\x1b\u202e\u2066")
    page = html(content, "fr", (text,))
    assert "<script" not in page and "<b>" not in page and page.count("</style>") == 1
    for row in csv.reader(io.StringIO(document.lines_csv(content))):
        assert not any(cell.startswith(("=", "@", "+")) or "\x1b" in cell for cell in row)


def test_the_page_asks_nothing_of_anybody(contents: dict[str, Any]) -> None:
    page = html(contents["GB shared"], "en")
    assert not re.search(r'(?:src|href|action)\s*=|url\(|@import|http-equiv="refresh"', page.replace("http://www.w3.org", ""))


def test_french_is_spaced_as_french(contents: dict[str, Any]) -> None:
    page = re.sub(r"<[^>]+>", "|", html(contents["FR national"], "fr").split("</style>")[1])
    assert not re.search(r"[^\s\d" + NARROW + r"|][;!?](?=\s|$)", re.sub(r"&\w+;|&#x27;", "_", page))
    assert f"7{NARROW}h{NARROW}00" in page


# -- its page in a browser: on a telephone in a car and on a desk, by a screen reader, without a network


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize(("which", "language"), [("GB shared", "en"), ("GB national", "fr"), ("FR national", "fr")])
def test_a_report_is_read_by_anybody_on_anything(
    contents: dict[str, Any], browser: Browser, tmp_path: Path, which: str, language: str, width: int
) -> None:
    file = tmp_path / "report.html"
    file.write_text(html(contents[which], language), encoding="utf-8")
    with visit(browser, file, language, width) as page:
        page.require_sound()
        assert page.page.locator("html").get_attribute("lang") == LOCALES[language]
        assert page.page.locator("h1").count() == 1 and page.page.title()


def test_hostile_text_neither_runs_nor_widens_the_page(contents: dict[str, Any], browser: Browser, tmp_path: Path) -> None:
    for number, text in enumerate(("<img src=x onerror=alert(1)>", "W" * 400, "a\u202eb" * 50)):
        file = tmp_path / f"{number}.html"
        file.write_text(html(hostile(contents["FR national"], text), "fr", (text,)), encoding="utf-8")
        with visit(browser, file, "fr", PHONE) as page:
            page.require_quiet()
