"""The difference between the capitals in words: by event, summing exactly, in both languages, typography included."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest

from api.home import Home
from projections import telling
from projections.reconciliation import DIMENSIONS, PAIRS
from projections.sentences import sentences, title
from projections.wording.names import REASONS
from projections.wording.typography import NARROW, french
from tests.playing import ROOT, difference, load

NIGHT = load(ROOT / "api" / "nights" / "first-night.json")
ENDS = ("2015-08-26", "2015-08-27T05:00:00Z", "2015-08-27", "2015-08-27T07:00:00Z")
SIZES = re.compile(r"(?<![\w(])[+−][0-9\u202f,]*[0-9]")


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The first night, played once: what a store does with it is tested elsewhere."""
    from tests.playing import play

    home = play(Path(tmp_path_factory.mktemp("told")) / "home", NIGHT, "sqlite://")
    yield home
    home.close()


def answer_of(pair: str, *steps: tuple[str, list[dict[str, Any]]], begins: dict[str, int] | None = None) -> dict[str, Any]:
    """An answer as projections.differences has it, from steps of items."""
    about = [{"dimension": d, "key": i["key"], **i["about"]} for d, items in steps for i in items]
    made = [{"dimension": d, "delta": sum(i["delta"] for i in items), "items": items} for d, items in steps]
    ends = {"gb": {"ruleset": "gb/1"}, "fr": {"ruleset": "fr/1"}}
    delta = sum(s["delta"] for s in made)
    told = telling.told(made, begins or {})
    more = {"unexplained": 0, "told": told, "about": about, "names": {}}
    return {"pair": pair, **ends, "from": 10, "to": 10 + delta, "steps": made, **more}


def item(key: str, delta: int, reason: str, **about: Any) -> dict[str, Any]:
    return {"key": key, "label": key, "delta": delta, "reason": reason, "about": {"did": [], "by": [], "at": [], **about}}


# -- the night ---------------------------------------------------------------------------------------------------------------


def test_ten_in_london_and_thirty_one_in_paris_as_a_minister_reads_it(night: Home) -> None:
    answer = difference(night, "P2", *ENDS)
    assert sentences(answer, "en") == [
        (
            "London 10, Paris 31: +11 found after London's midnight, +9 found by Eurotunnel outside a UK control zone, "
            "+2 recorded late, −1 taken to hospital; counted by neither: 3 at Tunnel terminal, Folkestone."
        )
    ]
    (told,) = sentences(answer, "fr")
    assert told.replace(NARROW, " ") == (
        "Londres 10, Paris 31 : +11 découvertes après minuit, heure de Londres ; +9 par Eurotunnel, hors zone de contrôle "
        "britannique ; +2 saisies tardivement ; −1 hospitalisée ; comptées par aucun : 3 à Tunnel terminal, Folkestone."
    )
    assert told.count(NARROW) == 6 and told == french(told)


@pytest.mark.parametrize(
    ("pair", "en", "fr"),
    [
        ("P1", ("London 65, Paris 460: +80, +70, +60, +35, +30 repelled, which London does not count; +120 (+25 stopped inside "
         "after London's midnight; +95 repelled or got through, which London does not count)."),
         ("Londres 65, Paris 460 : +80, +70, +60, +35, +30 repoussées, que Londres ne compte pas ; +120 (+25 interceptées à "
         "l'intérieur après minuit, heure de Londres ; +95 repoussées ou passées, que Londres ne compte pas).")),
        ("P3", "London 0, Paris 2: +1 arrested after London's midnight, +1 not communicated by Paris.",
         "Londres 0, Paris 2 : +1 interpellée après minuit, heure de Londres ; +1 non communiquée par Paris."),
        ("P4", "London 0, Paris 13: +13 landed after London's midnight.",
         "Londres 0, Paris 13 : +13 débarquées après minuit, heure de Londres."),
        ("P5", "London 0, Paris 1: +1 died after London's midnight.",
         "Londres 0, Paris 1 : +1 décédée après minuit, heure de Londres."),
    ],
)  # fmt: skip
def test_every_pair_of_the_night_in_both_languages(night: Home, pair: str, en: str, fr: str) -> None:
    answer = difference(night, pair, *ENDS)
    assert sentences(answer, "en") == [en]
    assert [told.replace(NARROW, " ") for told in sentences(answer, "fr")] == [fr]


def test_the_sizes_that_a_sentence_names_are_the_difference(night: Home) -> None:
    """What a reader adds up comes to Paris's figure, in either language, for every question of the night."""
    for asked in NIGHT["questions"]["reconciliations"]:
        gb, fr = asked["gb"], asked["fr"]
        answer = difference(night, asked["pair"], gb["day"], gb["as_of"], fr["day"], fr["as_of"])
        for language in ("en", "fr"):
            told = sentences(answer, language)[0]
            outer = re.sub(r" \([+−][^)]*\)", "", told)
            sizes = [int(re.sub("[,\u202f]", "", size).replace("−", "-")) for size in SIZES.findall(outer)]
            assert answer["from"] + sum(sizes) == answer["to"], told


# -- every reason, every pair ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", PAIRS)
def test_no_reason_is_without_its_words_in_either_language(pair: str) -> None:
    for reason, delta, dimension in itertools.product(REASONS, (1, 3, -1, -3), DIMENSIONS):
        about = {"did": ["detection"], "by": ["ET"], "at": ["FOLK"], "when": "after", "refused": [["hospital", 1]]}
        capital = {"withheld_by_gb": "London", "withheld_by_fr": "Paris"}.get(dimension)
        if reason == "R07" and capital is None:
            continue
        answer = answer_of(pair, (dimension, [item("K", delta, reason, **about)]))
        (en,), (fr,) = sentences(answer, "en"), sentences(answer, "fr")
        for told in (en, fr):
            assert "{" not in told and "(s)" not in told and "  " not in told, told
        assert not re.search(r"(?<!\u202f)[;!?]|(?<!\u202f):(?=\s|$)|«(?!\u202f)|(?<!\u202f)»", fr), fr
        assert NARROW not in en and len(title(pair, "en")) > 3 < len(title(pair, "fr"))


def test_one_person_is_singular_and_several_are_plural_in_french() -> None:
    for delta, word in ((-1, "hospitalisée."), (-2, "hospitalisées.")):
        answer = answer_of("P2", ("category", [item("IC", delta, "R12", refused=[["hospital", -delta]])]))
        assert sentences(answer, "fr")[0].endswith(word)


def test_those_taken_to_hospital_and_those_nobody_took_over_are_told_apart() -> None:
    answer = answer_of("P2", ("category", [item("IC", -3, "R12", refused=[["hospital", 1]])]))
    assert "−3 1 taken to hospital, 2 not taken over by the PAF" in sentences(answer, "en")[0]
    too_many = answer_of("P2", ("category", [item("IC", -1, "R12", refused=[["hospital", 2]])]))
    assert "hospital" not in sentences(too_many, "en")[0]


# -- told once -----------------------------------------------------------------------------------------------------------------


def test_what_both_count_by_different_routes_is_not_said_to_be_counted_by_neither() -> None:
    """Found before Paris's day begins and handed over in it: London counts the finding, Paris the hand-over."""
    steps = ("window", [item("IC", -4, "R01", at=["CZ"])]), ("category", [item("IC", 4, "R12", at=["CZ"])])
    assert sentences(answer_of("P2", *steps, begins={"IC": 4}), "en") == [
        "London 10, Paris 10: the same; counted by both, on different grounds: 4 at CZ."
    ]
    assert "counted by neither: 4 at CZ" in sentences(answer_of("P2", *steps), "en")[0]


def test_an_event_of_two_steps_is_told_once_with_the_size_of_each() -> None:
    steps = ("window", [item("IC", 6, "R01", did=["detection"], when="before")]), ("category", [item("IC", -1, "R12")])
    assert sentences(answer_of("P2", *steps), "en") == [
        "London 10, Paris 15: +5 (+6 found before London's midnight; −1 not taken over by the PAF)."
    ]


def test_many_events_are_added_up_by_what_they_are() -> None:
    found = [item(f"IC-{n}", n, "R02") for n in range(1, 21)] + [item("IC-X", -2, "R12")]
    told = sentences(answer_of("P2", ("as_of", found)), "en")
    assert told == ["London 10, Paris 218: +210 recorded late (20 detections), −2 not taken over by the PAF."]
    passed = [
        ("scope", [item(f"IC-{n}", 2, "R04") for n in range(20)]),
        ("category", [item(f"IC-{n}", -2, "R12") for n in range(20)]),
    ]
    assert sentences(answer_of("P2", *passed), "en")[0].endswith("counted by neither: 40 (20 detections).")


# -- what is not explained -----------------------------------------------------------------------------------------------------


def test_the_three_residues_are_never_added_together() -> None:
    answer = answer_of("P3", ("as_of", [item("S1", 1, "R02")]))
    bare = {"dimension": "withheld_by_fr", "delta": 2, "items": [], "not_communicated": True}
    answer |= {"steps": [*answer["steps"], bare], "to": 16, "unexplained": 3, "not_stated": ["GB"]}
    told = sentences(answer, "en")
    assert told[0] == "London 10, Paris 16: +1 recorded late."
    assert told[1] == "+2 is not communicated by Paris; its size is declared."
    assert told[2].startswith("London has communicated no figure") and told[3] == "UNEXPLAINED (R00): +3. This is a defect."
    said = sentences(answer, "fr")
    assert len(said) == 4 and said[3] == f"NON EXPLIQUÉ (R00){NARROW}: +3. C'est un défaut."


def test_a_name_is_never_read_as_a_template() -> None:
    hostile = "{capital} <b>[x](y)</b> =1+1 \u202e"
    answer = answer_of("P2", ("scope", [item("IC", 9, "R05", did=["detection"], by=["ET"], at=["FOLK"])]))
    answer["names"] = {"ET": hostile}
    for language in ("en", "fr"):
        assert hostile in sentences(answer, language)[0]
