"""What is exported: the answers of a view as tables, each row with its event, its position and the hash of its leaf."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from api.exports.table import Table, columns, decimal
from api.home import Home
from api.lists import STREAMS_MAX, Filters, part_of
from api.looking import Eyes
from api.relays import with_relays
from ledger import errors
from ledger.formats import merkle
from projections.lists import LISTINGS
from projections.replay import replay
from projections.ruleset import Ruleset
from projections.view import Moment
from projections.wording.situations import HEADINGS

ROWS_MAX = 50_000
POSITIONS_AT_ONCE = 2_000
FROM_LOG = "relayed:flag covered:flag leaf_hash"

FIGURES = columns("section code name_en name_fr value:integer unit disputed:integer disputed_withdrawn:integer")
LINES = columns(
    "event label position:integer quantity:integer unit stated_by:integer ended_by:integer stream subject authority place"
    f" occurred_at:instant recorded_at:instant sealed:flag disputed:flag {FROM_LOG} why"
)
_COMMON = (
    "stream root event label position:integer authority state occurred_at:instant recorded_at:instant last_recorded_at:instant"
    f" place territory zone entries:integer sealed:flag opening_on_record:flag {FROM_LOG}"
)
LISTS = {
    "incidents": columns(
        f"{_COMMON} kind distress:flag aboard:integer rescued:integer disembarked:integer unaccounted:integer dead:integer"
        " missing:integer injured:integer sheltered:integer prevented:integer attempts:integer protection_needs:integer"
        " longitude:decimal latitude:decimal"
    ),
    "interceptions": columns(
        f"{_COMMON} route method found:integer minors_found:integer accepted:integer not_accepted:integer"
        " minors_received:integer protection_needs:integer searches:integer disputed_handovers:integer"
    ),
    "cases": columns(
        f"{_COMMON} kind suspects:integer arrests:integer heard_or_held:integer charged:integer"
        " brought_before_prosecutor:integer decisions:integer decisions_withdrawn:integer penalties_gbp:decimal"
        " networks:integer"
    ),
}
TIMELINE = columns(
    "position:integer recorded_at:instant occurred_at:instant event label stream authority kind type what quoi"
    f" late_minutes:integer changes:integer sealed:flag {FROM_LOG}"
)
SITUATION = columns(
    "part stream event label position:integer authority to since:instant minutes:integer code what quoi leaf_hash"
)
"""Each row is of a part of the situation: who is in danger, what is open, unanswered, contradicted or owed."""


def situation(eyes: Eyes, home: Home, moment: Moment) -> Table:
    """A row for each thing that is open, people in danger first; without a reason as both nations may see it."""
    sealed = moment.sealed_in_situation()
    is_shared = eyes.reason is None
    if not is_shared:
        eyes.record(fact.event for fact in sealed)
    answer = moment.situation(shared=is_shared)
    rows = [row for part in HEADINGS for row in _of_part(part, answer.get(part) or ())]
    covered = len({fact.stream for fact in sealed}) if is_shared else 0
    return Table("situation", SITUATION, with_leaves(home, rows), moment.frame(), covered)


def _of_part(part: str, found: Any) -> Iterable[dict[str, Any]]:
    """Rows of one part: of a contradiction one for each event that it is between."""
    for each in found:
        row: dict[str, Any] = {"stream": each} if isinstance(each, str) else dict(each)
        if part == "flags":
            row["code"] = " ".join(found[each])
        to = row.get("to") or row.get("asset") or row.get("by") or " ".join(row.get("who_can_end", ())) or None
        between: list[Mapping[str, Any]] = row.pop("events", None) or [{}]
        for event in between:
            named = {name: event[name] for name in ("event", "label", "position") if name in event}
            yield {"position": None, **row, **named, "part": part, "to": to}


def figures(moment: Moment, day: date) -> Table:
    """A figure a row, people first, then what stands beside figures."""
    answer = moment.figures(day)
    rows = [{"section": "people", "code": code, "value": value, "unit": "person"} for code, value in _flat(answer["people"])]
    ruleset = moment.ruleset()
    for section in ("figures", "beside"):
        rows += [_figure(ruleset, section, code, value, answer) for code, value in answer[section].items()]
    return Table("figures", FIGURES, rows, answer)


def _flat(people: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, int]]:
    for name, value in people.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _figure(ruleset: Ruleset, section: str, code: str, value: int, answer: Mapping[str, Any]) -> dict[str, Any]:
    indicator = ruleset.indicator(code)
    assert indicator is not None
    more = {name: answer[name].get(code, 0) for name in ("disputed", "disputed_withdrawn")}
    names = {"name_en": indicator.en, "name_fr": indicator.fr}
    return {"section": section, "code": code, "value": value, "unit": indicator.unit, **names, **more}


def lines(eyes: Eyes, home: Home, moment: Moment, code: str, day: date) -> Table:
    """A line of a figure a row; what is sealed is covered for who gives no reason."""
    answer = moment.explain(code, day)
    rows = from_log(eyes, home, answer["lines"])
    return Table(f"{code}-lines", LINES, rows, answer, hidden(rows), places=places_of(home, moment, rows))


def listed(eyes: Eyes, home: Home, moment: Moment, name: str, filters: Filters) -> Table:
    """All of a list. Raises BadQuestion where it is more than one file takes."""
    found: list[dict[str, Any]] = []
    covered, after = 0, 0
    more: int | None = 0
    while more is not None:
        part, hidden_streams, more = part_of(eyes, moment, LISTINGS[name], filters, after, STREAMS_MAX)
        found += part
        covered += hidden_streams
        require_few(len(found))
        after = more or 0
    rows = [_scaled(row) for row in with_leaves(home, found)]
    return Table(name, LISTS[name], rows, moment.frame(), covered, places_of(home, moment, rows))


def _scaled(row: Mapping[str, Any]) -> dict[str, Any]:
    points = {name: decimal(row.get(f"{name}_e6"), 6) for name in ("longitude", "latitude")}
    return {**row, **points, "penalties_gbp": decimal(row.get("penalties_pence"), 2)}


def timeline(eyes: Eyes, home: Home, moment: Moment, stream: str | None) -> Table:
    """What became known, in the order it became known. Raises BadQuestion where it is more than one file takes."""
    rows: list[dict[str, Any]] = []
    for after in range(0, moment.position, POSITIONS_AT_ONCE):
        upto = min(after + POSITIONS_AT_ONCE, moment.position)
        rows += replay(moment.store.changed(moment.generation, after, upto), after, upto, stream)
        require_few(len(rows))
    found = from_log(eyes, home, rows)
    counted = [{**row, "changes": len(row.get("changes", ()))} for row in found]
    return Table("timeline", TIMELINE, counted, moment.frame(), hidden(found))


# -- what the log adds to rows -------------------------------------------------------------------------------------------------


def from_log(eyes: Eyes, home: Home, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows as they may be shown, relayed or not, with the hashes of their leaves."""
    require_few(len(rows))
    return with_leaves(home, eyes.uncovered(with_relays(home, rows)))


def with_leaves(home: Home, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the hash of the leaf at their position."""
    positions = sorted({row["position"] for row in rows} - {None})
    hashes = {position: merkle.hash_leaf(entry).hex() for position, entry in home.reader.entries_at(positions)}
    return [{"relayed": False, "covered": False, **row, "leaf_hash": hashes.get(row["position"])} for row in rows]


def hidden(rows: Iterable[Mapping[str, Any]]) -> int:
    """How many rows are covered."""
    return sum(1 for row in rows if row["covered"])


def require_few(rows: int) -> None:
    """Refuse more than a file takes. Raises BadQuestion."""
    if rows > ROWS_MAX:
        raise errors.BadQuestion(
            f"that is more than {ROWS_MAX} rows", field="query", remedy="ask for fewer: a day, from and to"
        )


def places_of(home: Home, moment: Moment, rows: Iterable[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """Where the registry has the places of rows at the position of an answer, in millionths of a degree, longitude first."""
    wanted = {row.get("place") for row in rows} - {None}
    if not wanted:
        return {}
    _, registry = home.reader.standing_at(moment.position)
    found = {code: registry.place(code) for code in wanted if code is not None}
    return {
        c: (p.longitude_e6, p.latitude_e6) for c, p in found.items() if p.longitude_e6 is not None and p.latitude_e6 is not None
    }
