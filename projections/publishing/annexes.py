"""What stands behind the first page of a report: blocks of a heading, paragraphs, a table or a picture. Pure.

A block: {"heading", "paragraphs": [str], "tables": [{"heading", "label", "head": [str], "align": [left|right], "widths": [int],
"rows": [[str]]}], "picture": {"svg", "alt", "width", "caption"} or None, "is_own": whether these are an official's own words}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from projections.publishing.differences import difference
from projections.publishing.first_page import why
from projections.publishing.pictures import strait, timeline
from projections.publishing.spoken import Spoken
from projections.reports.issued import LAST_STATUS
from projections.wording import reports as w
from projections.wording.names import HEADINGS, SECTIONS
from projections.wording.situations import HEADINGS as OPEN_HEADINGS

Content = Mapping[str, Any]
Block = dict[str, Any]


def annexes(c: Content, s: Spoken, accent: str, own_words: Sequence[str]) -> list[Block]:
    """Every annex in order; the official's own words last of all, apart from what is computed."""
    found = [_figures(c, s), _estimates(c, s), _map(c, s, accent), _timeline(c, s, accent), _open(c, s), _decisions(c, s)]
    found += [_other_side(c, s), _bound(c, s)]
    if own_words:
        found.append(block(s.of(w.LINES), [s.of(w.OWN_WORDS), *own_words]) | {"is_own": True})
    return [each for each in found if each]


def block(heading: str, paragraphs: Sequence[str] = (), tables: Sequence[Block] = (), picture: Block | None = None) -> Block:
    """A block of a document."""
    named = [{**table, "label": table["heading"] or heading} for table in tables]
    return {"heading": heading, "paragraphs": list(paragraphs), "tables": named, "picture": picture, "is_own": False}


def _table(s: Spoken, columns: Mapping[str, int], rows: list[list[str]], right: Sequence[str] = (), heading: str = "") -> Block:
    """A table; `columns` are the names of columns with their widths in parts."""
    return {
        "heading": heading,
        "head": [s.of(w.COLUMNS[name]) for name in columns],
        "align": ["right" if name in right else "left" for name in columns],
        "widths": list(columns.values()),
        "rows": rows,
    }


# -- figures -----------------------------------------------------------------------------------------------------------------

FIGURE_COLUMNS = {"code": 17, "figure": 31, "value": 9, "unit": 23, "change": 11, "why": 22}


def _figures(c: Content, s: Spoken) -> Block:
    groups: dict[str, list[Mapping[str, Any]]] = {name: [] for name in [*HEADINGS, "beside"]}
    for row in c["figures"]:
        family = row["code"].split(".")[0]
        group = "beside" if row["beside"] else next((n for n, codes in HEADINGS.items() if family in codes), "seen")
        groups[group].append(row)
    tables = [
        _table(s, FIGURE_COLUMNS, [_figure(row, c, s) for row in rows], ("value", "change"), s.of(SECTIONS[name]))
        for name, rows in groups.items()
        if rows
    ]
    is_settled = c["status"] == LAST_STATUS
    return block(s.of(w.FIGURES), [s.of(w.SETTLED if is_settled else w.PROVISIONAL), s.of(w.MAY_REPEAT)], tables)


def _figure(row: Mapping[str, Any], c: Content, s: Spoken) -> list[str]:
    name = s.pick(row)
    if row["value"] is None:
        told = s.of(w.WITHHELD) if row["size"] is None else s.of(w.WITHHELD_SIZE, size=row["size"])
        return [row["code"], name, "—", s.unit(row["unit"]), "", told]
    remarks = [why(row, s)] if row["change"] else []
    remarks += [s.of(w.HELD_BACK)] if row["withheld"] else []
    remarks += [s.of(w.OF_SEALED, size=row["size"])] if row["size"] else []
    disputed = c["disputed"]["figures"].get(row["code"])
    remarks += [s.counted(w.DISPUTED, disputed)] if disputed else []
    change = "" if row["change"] is None else s.signed(row["change"])
    unit = s.unit(row["unit"], row["value"])
    return [row["code"], name, s.number(row["value"]), unit, change, s.spaced("; ".join(remarks))]


def _estimates(c: Content, s: Spoken) -> Block:
    rows = [
        [row["label"], s.instant(row["occurred_at"]), s.pick(row, "what", "quoi"), _range(row, s)] for row in c["estimates"]
    ]
    if not rows:
        return {}
    return block(s.of(w.ESTIMATES), [], [_table(s, {"event": 11, "when": 34, "what": 35, "range": 20}, rows)])


def _range(row: Mapping[str, Any], s: Spoken) -> str:
    ends = {name: None if row[name] is None else s.number(row[name]) for name in ("min", "max")}
    words = {(True, True): w.BETWEEN, (True, False): w.AT_LEAST, (False, True): w.AT_MOST, (False, False): w.UNKNOWN}
    return s.of(words[ends["min"] is not None, ends["max"] is not None], **ends)


# -- the night ---------------------------------------------------------------------------------------------------------------


def _map(c: Content, s: Spoken, accent: str) -> Block:
    if not c["places"]:
        return {}
    rows = [[row["place"], row["name"], s.number(row["events"])] for row in c["places"]]
    svg = strait(c["places"], accent, (s.of(w.COASTS["GB"]), s.of(w.COASTS["FR"])))
    picture = {"svg": svg, "alt": s.counted(w.MAP_ALT, len(c["places"])), "width": 60, "caption": ""}
    return block(s.of(w.MAP), [], [_table(s, {"code": 22, "place": 66, "count": 12}, rows, ("count",))], picture)


def _timeline(c: Content, s: Spoken, accent: str) -> Block:
    if not c["timeline"]:
        return block(s.of(w.TIMELINE), [s.of(w.NO_EVENT)])
    days: dict[str, list[list[str]]] = {}
    for row in c["timeline"]:
        told = [s.clock(row["occurred_at"]), row["label"], s.pick(row, "what", "quoi"), row["place"] or "", row["authority"]]
        days.setdefault(s.day_of(row["occurred_at"]), []).append(told)
    picture = {
        "svg": timeline(c["timeline"], c["window"], s, accent),
        "alt": s.counted(w.TIMELINE_ALT, len(c["timeline"])),
        "width": 100,
        "caption": s.of(w.LEGEND),
    }
    columns = {"when": 10, "event": 11, "what": 45, "where": 17, "who": 17}
    told_first = [s.of(w.TIMES_OF, capital=s.capital)]
    told_first += [s.counted(w.LEFT_OUT, c["timeline_left_out"])] if c["timeline_left_out"] else []
    return block(s.of(w.TIMELINE), told_first, [_table(s, columns, rows, (), day) for day, rows in days.items()], picture)


def _open(c: Content, s: Spoken) -> Block:
    opened, told = c["open"], []
    for name in ("open_distress", "unconfirmed_distress"):
        rows = [[row["stream"], _since(row, s)] for row in opened[name]]
        told.append((name, {"event": 30, "since": 70}, rows))
    rows = [[row["code"], s.pick(row, "what", "quoi"), ", ".join(row["who_can_end"])] for row in opened["contradictions"]]
    told.append(("contradictions", {"code": 10, "what": 65, "ends": 25}, rows))
    rows = [[_named(row), s.pick(row, "what", "quoi"), _since(row, s)] for row in opened["obligations"]]
    told.append(("obligations", {"event": 20, "what": 45, "since": 35}, rows))
    rows = [[_named(row), row["asset"], _since(row, s)] for row in opened["unanswered"]]
    told.append(("unanswered", {"event": 20, "silent": 45, "since": 35}, rows))
    rows = [[_named(row), row["to"], _since(row, s)] for row in opened["unacknowledged"]]
    told.append(("unacknowledged", {"event": 20, "to": 45, "since": 35}, rows))
    tables = [_table(s, columns, rows, (), s.of(OPEN_HEADINGS[name])) for name, columns, rows in told if rows]
    return block(s.of(w.OPEN), [] if tables else [s.of(w.NOTHING)], tables)


def _since(row: Mapping[str, Any], s: Spoken) -> str:
    return s.instant(row["since"]) if row.get("since") else ""


def _named(row: Mapping[str, Any]) -> str:
    return str(row.get("stream") or row["label"])


def _decisions(c: Content, s: Spoken) -> Block:
    rows = [
        [
            s.clock(row["occurred_at"]), row["label"], s.pick(row, "what", "quoi"), row["authority"],
            f"{s.of(w.TO_ACT[row['not_to_act']])}; {s.of(w.GIVEN[row['has_rationale']])}",
        ]
        for row in c["decisions"]
    ]  # fmt: skip
    if not rows:
        return block(s.of(w.DECISIONS), [s.of(w.NO_DECISION)])
    columns = {"when": 11, "event": 11, "what": 42, "who": 18, "reason": 18}
    return block(s.of(w.DECISIONS), [s.of(w.TIMES_OF, capital=s.capital)], [_table(s, columns, rows)])


# -- the other side, and the log ---------------------------------------------------------------------------------------------


def _other_side(c: Content, s: Spoken) -> Block:
    told = [difference(row, s) for row in c["differences"]]
    return block(s.of(w.OTHER_SIDE), told or [s.of(w.NOT_TOLD)])


def _bound(c: Content, s: Spoken) -> Block:
    bound, tail = c["bound"], c["tail"]
    waiting = s.of(w.NO_TAIL)
    if tail["entries"]:
        age = s.of(w.MINUTES, minutes=s.number(tail["seconds"] // 60))
        waiting = s.of(w.TAIL, entries=s.number(tail["entries"]), since=s.instant(tail["since"]), age=age)
    rows = {
        "log": c["origin"],
        "position": s.number(bound["position"]),
        "root": bound["root"],
        "as_of": s.instant(bound["as_of"]),
        "tail": waiting,
        "ruleset": bound["ruleset"],
        "tzdata": f"tzdata {bound['tzdata']}",
        "code": bound["code"],
        "facts": bound["facts_sha256"],
    }
    table = {
        "heading": "",
        "head": [],
        "align": ["left", "left"],
        "widths": [30, 70],
        "rows": [[s.of(w.BOUND_ROWS[name]), value] for name, value in rows.items()],
    }
    return block(s.of(w.BOUND), [s.of(w.HOW), s.of(w.ATTACHED)], [table])
