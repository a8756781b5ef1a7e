"""What was stated and never arrived shows: gaps in an author's numbers, control totals that the log does not bear out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.client import totals
from ledger import errors
from ledger.events.interception import InterceptionClosed
from ledger.formats import strict
from ledger.formats.entry import format_instant, parse_instant, split_entry
from projections.completeness import Completeness, made_at
from tests.coast import AT, Coast, attempt, coast_at
from tests.served import HOLDERS, Service, item
from tests.story import Story

HOUR = totals.HOUR_MICROSECONDS
BEGIN = parse_instant("2026-11-20T10:00:00.000000Z")
SECONDS = 20


@given(st.lists(st.integers(1, 40), max_size=60))
def test_gaps_are_those_of_plain_sets(numbers: list[int]) -> None:
    """Whatever the order in which numbers arrive, and however often."""
    state = Completeness()
    for number in numbers:
        state._number("key", number)
    state._owner["key"] = "BF"
    if not numbers:
        return
    missing = set(range(1, max(numbers))) - set(numbers)
    (found,) = state.answer()["sequences"]
    told = {number for first, last in found["gaps"] for number in range(first, last + 1)}
    assert (told, found["missing"], found["last"]) == (missing, len(missing), max(numbers))
    assert found["twice"] == len(numbers) - len(set(numbers))
    assert all(first <= last for first, last in found["gaps"])


def test_an_id_tells_when_its_author_made_it() -> None:
    assert made_at("01900000-0000-7000-8000-000000000001") == 0x019000000000
    assert made_at("017f22e2-79b0-7cc3-98c4-dc0c0c07398f") == 1_645_557_742_000  # the example of RFC 9562, appendix A.6


def asked(service: Service, who: str = "GB auditor") -> dict[str, Any]:
    answer = service.get("/v1/completeness", who)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_number_that_never_came_is_named_until_it_comes(calais: tuple[Service, Story]) -> None:
    service, story = calais
    for number in (1, 2, 5):
        assert service.post(item(story, author_seq=number)).status_code == 201
    (found,) = asked(service)["sequences"]
    assert (found["authority"], found["last"], found["missing"], found["gaps"]) == ("BF", 5, 2, [[3, 4]])
    for number in (4, 3):
        service.post(item(story, author_seq=number))
    (found,) = asked(service, "FR duty_officer")["sequences"]
    assert (found["missing"], found["gaps"]) == (0, [])


def test_a_control_total_is_held_against_the_log(calais: tuple[Service, Story]) -> None:
    service, story = calais
    begin = story.clock.now // HOUR * HOUR
    for _ in range(3):
        service.post(item(story))
    story.clock.now += HOUR
    for counts in ({"interception.recorded": 3}, {"interception.recorded": 4, "incident.opened": 1}, {}):
        data = {"from": format_instant(begin), "to": format_instant(begin + HOUR), "counts": counts}
        answer = service.post(item(story, type="service.control_total", stream="TOTALS-BF", data=data))
        assert answer.status_code == 201, answer.text
    told = asked(service)["totals"]
    assert told["checked"] == 3
    first, second = told["differing"]
    assert first["types"]["interception.recorded"] == {"stated": 4, "recorded": 3}
    assert first["types"]["incident.opened"] == {"stated": 1, "recorded": 0}
    assert second["types"]["interception.recorded"] == {"stated": 0, "recorded": 3}
    assert (first["from"], first["to"], first["authority"]) == (format_instant(begin), format_instant(begin + HOUR), "BF")


def test_what_is_missing_is_told_to_people_alone(calais: tuple[Service, Story]) -> None:
    service, _ = calais
    for who, holder in HOLDERS.items():
        expected = 200 if holder.nation else 403
        assert service.get("/v1/completeness", who).status_code == expected, who


# -- what the client states ----------------------------------------------------------------------------------------------------


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Coast]:
    """A coast on SQLite."""
    with coast_at(tmp_path, "sqlite") as made:
        yield made


def test_a_service_states_each_hour_what_it_said_and_what_it_withdrew_shows(alone: Coast) -> None:
    at = [BEGIN + 60_000_000]
    ledger = alone.ledger(now=lambda: at[0]).begin()
    assert totals.state_due(ledger) is False
    for number in range(3):
        ledger.append(attempt(number), stream=f"INC-{number}", occurred_at=AT)
    refused = ledger.append(InterceptionClosed(), stream="IC-1", occurred_at=AT)
    ledger.drain(SECONDS)
    with pytest.raises(errors.Parked):
        refused.wait("recorded", SECONDS)
    ledger.withdraw(refused.id)
    at[0] = BEGIN + HOUR - 1
    assert totals.state_due(ledger) is False
    at[0] = BEGIN + HOUR
    assert totals.state_due(ledger) is True and totals.state_due(ledger) is False
    at[0] = BEGIN + 5 * HOUR  # its process was down for hours
    assert totals.state_due(ledger) is True
    ledger.drain(SECONDS)
    ledger.close()
    data = [strict.parse(split_entry(entry)[3])["data"] for entry in alone.entries("TOTALS-BF")]
    assert data[0]["counts"] == {"incident.attempt_recorded": 3, "interception.closed": 1}
    assert (data[0]["from"], data[0]["to"]) == (format_instant(BEGIN), format_instant(BEGIN + HOUR))
    assert data[1]["counts"] == {"service.control_total": 1} and data[1]["to"] == format_instant(BEGIN + 5 * HOUR)
    state = Completeness()
    for position, entry in alone.home.reader.entries(0, 1_000):
        state.apply(position, split_entry(entry)[3])
    told = state.answer()
    (differing,) = told["totals"]["differing"]
    assert differing["types"] == {"interception.closed": {"stated": 1, "recorded": 0}}
    (sequence,) = told["sequences"]
    assert (sequence["missing"], sequence["gaps"]) == (1, [[4, 4]])
