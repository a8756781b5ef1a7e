"""English and French: every code has both, and French is spaced as French is."""

import re
from datetime import UTC, date, datetime
from typing import get_type_hints

import pytest

from ledger.events import case, incident, incident_people, interception
from projections import reconciliation
from projections.contradictions import RULES as CONTRADICTION_RULES
from projections.figures import people
from projections.nations import RULESETS
from projections.obligations import ANSWER_HOURS
from projections.questions import QUESTIONS
from projections.rules import STEPS
from projections.rules_of_record import RULES
from projections.situation import situation
from projections.wording import bundles, documents, facts, names, questions, replays, signer, situations, typography
from projections.wording.typography import NARROW, Words, format_amount, format_day, format_number, format_time, french, words

TABLES = {
    f"{module.__name__.rsplit('.', 1)[1]}.{name}": table
    for module in (bundles, documents, facts, names, questions, replays, situations, signer)
    for name, table in vars(module).items()
    if name.isupper()
}


def each(table):
    """Every `Words` in a table, whatever its shape."""
    if isinstance(table, Words):
        yield table
    elif isinstance(table, dict):
        for value in table.values():
            yield from each(value)
    elif isinstance(table, tuple):
        for value in table:
            yield from each(value)


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_both_languages(name):
    for found in each(TABLES[name]):
        assert found.en.strip() and found.fr.strip()
        assert set(re.findall(r"{(\w+)}", found.en)) == set(re.findall(r"{(\w+)}", found.fr))


@pytest.mark.parametrize("name", TABLES)
def test_french_is_spaced_as_french_is(name):
    for found in each(TABLES[name]):
        assert french(found.fr) == found.fr
        assert not re.search(r"(?<!\u202f)[;!?]|(?<!\u202f):(?=\s|$)|«(?!\u202f)|(?<!\u202f)»", found.fr)
        assert NARROW not in found.en


def literals(annotation):
    return set(getattr(annotation, "__args__", ()))


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("incident", literals(incident.IncidentKind)),
        ("step", set(STEPS.values())),
        ("attempt", set(incident.Outcomes.__struct_fields__)),
        ("casualty", {"fatal", "serious", "slight", "missing"}),
        ("detection", literals(interception.Method)),
        ("not_accepted", literals(interception.NotAcceptedReason)),
        ("case", literals(case.CaseKind)),
        ("decision", literals(case.Decision)),
    ],
)
def test_every_code_of_the_vocabulary_is_worded(kind, codes):
    assert codes and codes == set(facts.CODES[kind])


def test_severities_are_those_that_may_be_stated():
    stated = get_type_hints(incident_people.IncidentCasualtyRecorded)["severity"]
    assert literals(stated) == set(facts.CODES["casualty"])


def test_every_kind_of_fact_that_a_rule_makes_is_worded():
    """Read from the rules' own source, so that a new kind cannot be forgotten here."""
    import inspect

    made = set()
    for rule in {id(r): r for r in RULES.values()}.values():
        made |= set(re.findall(r'"kind": "(\w+)"', inspect.getsource(rule)))
    assert made - set(facts.KINDS) == set()
    assert {"rescued", "unaccounted", "minors_found", "amount"} <= made


def test_every_figure_unit_and_heading_is_worded():
    indicators = [i for ruleset in RULESETS.values() for i in ruleset.indicators]
    assert {i.code for i in indicators} == set(names.FIGURES)
    assert {i.unit for i in indicators} <= set(names.UNITS)
    assert set(people([])) == set(names.PEOPLE)
    assert set(situation([], 0, "GB")) == set(situations.HEADINGS)


def test_every_step_and_reason_of_a_reconciliation_is_worded():
    assert set(reconciliation.DIMENSIONS) == set(names.DIMENSIONS)
    assert set(names.REASONS) == {f"R{n:02d}" for n in range(17)}


def test_every_contradiction_obligation_and_question_is_worded():
    assert set(CONTRADICTION_RULES) == set(situations.CONTRADICTIONS) == {f"C{n}" for n in range(1, 9)}
    assert set(questions.ASKS) == set(QUESTIONS)
    assert ANSWER_HOURS == 4
    used = {name for question in QUESTIONS.values() for name in question.parameters}
    assert used == set(questions.PARAMETERS)


def test_a_code_that_is_not_ours_stays_itself():
    assert facts.word("asset", "on_scene") == Words("on scene", "sur zone")
    assert facts.word("care", "local_code") == Words("local code", "local code")


# -- typography ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "spaced"),
    [
        ("Que manque-t-il ?", f"Que manque-t-il{NARROW}?"),
        ("Que manque-t-il?", f"Que manque-t-il{NARROW}?"),
        ("début : fin", f"début{NARROW}: fin"),
        ("« clos »", f"«{NARROW}clos{NARROW}»"),
        ("«clos»", f"«{NARROW}clos{NARROW}»"),
        ("un ; deux !", f"un{NARROW}; deux{NARROW}!"),
        ("le 27 à 03:12", "le 27 à 03:12"),
    ],
)
def test_french_punctuation(typed, spaced):
    assert french(typed) == spaced
    assert french(spaced) == spaced


def test_days_times_numbers_and_amounts():
    day, at = date(2015, 8, 27), datetime(2015, 8, 27, 3, 12, tzinfo=UTC)
    assert (format_day(day, "en"), format_day(day, "fr")) == ("27 August 2015", "27 août 2015")
    assert format_day(date(2015, 9, 1), "fr") == "1er septembre 2015"
    assert (format_time(at, "en"), format_time(at, "fr")) == ("03:12", f"3{NARROW}h{NARROW}12")
    assert (format_number(12_000, "en"), format_number(12_000, "fr")) == ("12,000", f"12{NARROW}000")
    assert (format_amount(1_200_000, "GBP", "en"), format_amount(1_200_000, "GBP", "fr")) == (
        "£12,000",
        f"12{NARROW}000{NARROW}£",
    )
    assert (format_amount(1_250, "GBP", "en"), format_amount(1_250, "EUR", "fr")) == ("£12.50", f"12,50{NARROW}€")
    assert format_amount(100, "CHF", "en") == "CHF 1"


def test_a_template_fills_each_language_with_its_own():
    said = words("{what} late", "{what} en retard").format(what=Words("an entry", "une saisie"))
    assert said == Words("an entry late", "une saisie en retard")


def test_every_language_has_twelve_months():
    assert {len(set(months)) for months in typography.MONTHS.values()} == {12}
    assert set(typography.MONTHS) == set(typography.LANGUAGES)
