"""The workbook that an auditor re-performs: a day's figures as live sums over the facts they are made of.

Everything in it is asked of one nation's view, as that nation's people may see it; of the other's end of a difference it has
what the other has signed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from api.exports.asked import from_log, require_few
from api.exports.sheet import Cell, Same, Sheet, SumIfs, letter
from api.exports.table import Column, Table, columns, moment_of
from api.home import Home
from api.looking import Eyes
from ledger.formats.entry import parse_instant
from projections.differences import reconcile_alone
from projections.reconciliation import PAIRS
from projections.reports.drift import changes_since
from projections.ruleset import Ruleset, overlapping_day
from projections.view import Moment
from projections.wording.facts import KINDS
from projections.wording.names import DIMENSIONS, REASONS, UNITS
from projections.wording.tables import HEADERS, MARKS, READ_ME, SHEETS
from projections.wording.typography import Language, Words

FIGURES = columns("code name unit recomputed:integer stated:integer check")
LINES = columns(
    "figure included quantity:integer unit event label position:integer stated_by:integer leaf_hash stream subject authority"
    " place occurred_at:instant occurred_local:local recorded_at:instant recorded_local:local sealed:flag disputed:flag"
    " relayed:flag covered:flag why"
)
CHANGES = columns(
    "figure before:integer now:integer delta:integer event label position:integer leaf_hash stream sealed:flag covered:flag"
)
DIFFERENCES = columns("pair dimension delta:integer item label reason positions why")
CODES = columns("list code meaning_en meaning_fr")
PROVENANCE = columns("code value")


@dataclass(frozen=True)
class Asked:
    """A day of a view, and where there is one the earlier moment to compare with."""

    eyes: Eyes
    home: Home
    moment: Moment
    day: date
    then: Moment | None
    language: Language

    def say(self, words: Words) -> str:
        """Words in the reader's language."""
        return words.fr if self.language == "fr" else words.en


def lines_table(asked: Asked) -> Table:
    """One fact a row for each figure that reads facts of its kind, whether it counts or not, and why."""
    rows: list[dict[str, Any]] = []
    ruleset = asked.moment.ruleset()
    answer = asked.moment.figures(asked.day)
    for indicator in ruleset.indicators:
        told = asked.moment.explain(indicator.code, asked.day)["lines"]
        once = indicator.counting == "distinct"
        rows += [
            {**line, "figure": indicator.code, "included": "no" if once and not line["quantity"] else "yes"} for line in told
        ]
        left = asked.moment.left_out(indicator.code, asked.day)
        rows += [{**line, "figure": indicator.code, "included": "no", "disputed": False} for line in left]
        require_few(len(rows))
    found = from_log(asked.eyes, asked.home, rows)
    both = zip(rows, found, strict=True)
    rows = [{**shown, "figure": row["figure"], "included": row["included"]} for row, shown in both]
    local = [_with_local_times(row, ruleset) for row in rows]
    return Table("figures", LINES, local, answer, sum(1 for row in local if row["covered"]))


def _with_local_times(row: Mapping[str, Any], ruleset: Ruleset) -> dict[str, Any]:
    zone = ZoneInfo(ruleset.zone)
    times = {
        f"{name}_local": moment_of(parse_instant(row[f"{name}_at"])).astimezone(zone).replace(tzinfo=None).isoformat()
        for name in ("occurred", "recorded")
        if row.get(f"{name}_at")
    }
    return {**row, **times}


def sheets(asked: Asked, lines: Table, provenance: Mapping[str, Any]) -> list[Sheet]:
    """The seven sheets, in their order."""
    counted = _sheet(asked, "lines", LINES, list(lines.values()))
    return [
        _read_me(asked, provenance),
        _figures(asked, lines, counted),
        counted,
        _changes(asked),
        _differences(asked),
        _codebook(asked),
        provenance_sheet(asked.language, provenance),
    ]


def _sheet(asked: Asked, name: str, of: tuple[Column, ...], rows: Sequence[Sequence[Any]], *notes: str) -> Sheet:
    headers = tuple(column.header(asked.language) for column in of)
    return Sheet(asked.say(SHEETS[name]), of, headers, rows, notes)


def _read_me(asked: Asked, provenance: Mapping[str, Any]) -> Sheet:
    title = f"{asked.moment.nation} · {asked.day.isoformat()} · {provenance['as_of']} · {provenance['marking']}"
    marks = [asked.say(MARKS["exercise"])] if asked.home.settings.exercise else []
    return Sheet(asked.say(SHEETS["readme"]), (), (), [[line] for line in (title, *marks, "", *map(asked.say, READ_ME))])


def _figures(asked: Asked, lines: Table, counted: Sheet) -> Sheet:
    """The sums: live, beside what the service says."""
    answer = lines.frame
    stated = {**answer["figures"], **answer["beside"]}
    span = counted.first_row, counted.first_row + max(1, len(counted.rows)) - 1
    at = {column.code: letter(n) for n, column in enumerate(LINES)}
    sums: dict[str, int] = {}
    for row in lines.rows:
        if row["included"] == "yes":
            sums[row["figure"]] = sums.get(row["figure"], 0) + row["quantity"]
    rows = []
    differs = asked.say(MARKS["differs"])
    for number, indicator in enumerate(asked.moment.ruleset().indicators, 3):
        code, total, value = indicator.code, sums.get(indicator.code, 0), stated[indicator.code]
        conditions: tuple[tuple[str, str | Cell], ...] = ((at["figure"], Cell("A", number)), (at["included"], "yes"))
        sum_ifs = SumIfs(counted.name, at["quantity"], span, conditions, total)
        check = Same(Cell("D", number), Cell("E", number), differs, "ok" if total == value else differs)
        name = Words(indicator.en, indicator.fr)
        rows.append([code, asked.say(name), asked.say(UNITS[indicator.unit]), sum_ifs, value, check])
    return _sheet(asked, "figures", FIGURES, rows)


def _changes(asked: Asked) -> Sheet:
    if asked.then is None:
        return _sheet(asked, "changes", CHANGES, [], asked.say(MARKS["no since"]))
    rows = changes_since(asked.moment, asked.then, asked.day)
    shown = from_log(asked.eyes, asked.home, rows)
    sums = ("figure", "before", "now", "delta")
    told = [{**seen, **{name: row[name] for name in sums}} for row, seen in zip(rows, shown, strict=True)]
    table = Table("changes", CHANGES, told, {})
    return _sheet(asked, "changes", CHANGES, list(table.values()), *([] if rows else [asked.say(MARKS["nothing changed"])]))


def _differences(asked: Asked) -> Sheet:
    """Every pair, as this nation alone can tell it."""
    moment, nation = asked.moment, asked.moment.nation
    london, paris = moment.ruleset("GB"), moment.ruleset("FR")
    days = (asked.day, None) if nation == "GB" else (overlapping_day(paris, asked.day, london), asked.day)
    rows: list[list[Any]] = []
    unsigned = False
    for pair in PAIRS:
        answer, opened = reconcile_alone(pair, (moment, moment), days, with_sealed=asked.eyes.reason is not None)
        if asked.eyes.reason is not None:
            asked.eyes.record(opened)
        unsigned = unsigned or bool(answer["not_stated"])
        rows.append([pair, f"{answer['gb']['code']} {answer['gb']['day']}", answer["from"]])
        for step in answer["steps"]:
            name = asked.say(DIMENSIONS[step["dimension"]])
            items = step["items"] or [{"key": None, "label": None, "delta": step["delta"], "reason": "R07", "positions": []}]
            for item in items:
                numbers = " ".join(str(n) for n in item["positions"])
                why = asked.say(REASONS[item["reason"]])
                rows.append([pair, name, item["delta"], item["key"], item["label"], item["reason"], numbers, why])
        if left := answer["unexplained"]:
            rows.append([pair, None, left, None, None, "R00", None, asked.say(REASONS["R00"])])
        rows.append([pair, f"{answer['fr']['code']} {answer['fr']['day']}", answer["to"]])
    return _sheet(asked, "differences", DIFFERENCES, rows, *([asked.say(MARKS["no signed figure"])] if unsigned else []))


def _codebook(asked: Asked) -> Sheet:
    """What the codes mean, in both languages."""
    indicators = {i.code: Words(i.en, i.fr) for i in asked.moment.ruleset().indicators}
    lists: Mapping[str, Mapping[str, Words]] = {
        "figure": indicators, "column": HEADERS, "unit": UNITS, "kind": KINDS, "step": DIMENSIONS, "reason": REASONS,
    }  # fmt: skip
    rows = [[name, code, words.en, words.fr] for name, found in lists.items() for code, words in found.items()]
    return _sheet(asked, "codebook", CODES, rows)


def provenance_sheet(language: Language, provenance: Mapping[str, Any]) -> Sheet:
    """Where the rows come from, one thing a row."""

    def flat(value: Any, name: str) -> list[list[Any]]:
        if isinstance(value, Mapping):
            return [row for key, inner in value.items() for row in flat(inner, f"{name}.{key}" if name else key)]
        if isinstance(value, list):
            return [[name, " ".join(map(str, value))]]
        return [[name, value if isinstance(value, str) else str(value).lower()]]

    words = SHEETS["provenance"]
    headers = tuple(column.header(language) for column in PROVENANCE)
    return Sheet(words.fr if language == "fr" else words.en, PROVENANCE, headers, flat(provenance, ""))
