"""What stands behind the first page of a report: blocks of a heading, paragraphs, a table or a picture. Pure.

A block: {"heading", "paragraphs": [str], "tables": [{"heading", "head": [str], "align": [left|right], "widths": [int], "rows":
[[str]]}], "picture": {"svg", "alt"} or None}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from projections.publishing.first_page import why
from projections.publishing.pictures import strait, timeline
from projections.publishing.spoken import Spoken
from projections.sentences import sentences, title
from projections.wording import reports as w
from projections.wording.names import FIGURES, HEADINGS, MAY_REPEAT, SECTIONS
from projections.wording.situations import HEADINGS as OPEN_HEADINGS

Content = Mapping[str, Any]
Block = dict[str, Any]
PERSONS = "person"


def annexes(c: Content, s: Spoken, accent: str, own_words: Sequence[str]) -> list[Block]:
    """Every annex in order; the official's own words last of all, apart from what is computed."""
    found = [_figures(c, s), _estimates(c, s), _map(c, s, accent), _timeline(c, s, accent), *_open(c, s), _decisions(c, s)]
    found += [_other_side(c, s), _bound(c, s)]
    if own_words:
        found.append(block(s.of(w.LINES), [s.of(w.OWN_WORDS), *own_words]))
    return [each for each in found if each]


def block(heading: str, paragraphs: Sequence[str] = (), tables: Sequence[Block] = (), picture: Block | None = None) -> Block:
    """A block of a document."""
    return {"heading": heading, "paragraphs": list(paragraphs), "tables": list(tables), "picture": picture}


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

FIGURE_COLUMNS = {"code": 17, "figure": 34, "value": 9, "unit": 18, "change": 11, "why": 24}


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
    return block(s.of(w.FIGURES), [s.of(MAY_REPEAT)], tables)


def _figure(row: Mapping[str, Any], c: Content, s: Spoken) -> list[str]:
    name = s.of(FIGURES[row["code"]]) if row["code"] in FIGURES else s.pick(row)
    if row["value"] is None:
        told = s.of(w.WITHHELD) if row["size"] is None else s.of(w.WITHHELD_SIZE, size=row["size"])
        return [row["code"], name, "—", s.unit(row["unit"]), "", told]
    remarks = [why(row, s)] if row["change"] else []
    remarks += [s.of(w.HELD_BACK)] if row["withheld"] else []
    remarks += [s.of(w.OF_SEALED, size=row["size"])] if row["size"] else []
    disputed = c["disputed"]["figures"].get(row["code"])
    remarks += [s.of(w.DISPUTED, count=disputed)] if disputed else []
    change = "" if row["change"] is None else s.signed(row["change"])
    return [row["code"], name, s.number(row["value"]), s.unit(row["unit"]), change, "; ".join(remarks)]


def _estimates(c: Content, s: Spoken) -> Block:
    rows = [[row["label"], s.instant(row["occurred_at"]), s.of(w.BETWEEN, **_range(row))] for row in c["estimates"]]
    if not rows:
        return {}
    return block(s.of(w.ESTIMATES), [], [_table(s, {"event": 15, "when": 40, "value": 45}, rows)])


def _range(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: "?" if row[name] is None else row[name] for name in ("min", "max")}


# -- the night ---------------------------------------------------------------------------------------------------------------


def _map(c: Content, s: Spoken, accent: str) -> Block:
    places = ", ".join(f"{row['place']} {row['events']}" for row in c["places"])
    if not c["places"]:
        return {}
    alt = s.of(w.MAP_ALT, count=len(c["places"]), places=places)
    return block(
        s.of(w.MAP),
        [],
        [],
        {"svg": strait(c["places"], accent, (s.of(w.COASTS["GB"]), s.of(w.COASTS["FR"]))), "alt": alt, "width": 62},
    )


def _timeline(c: Content, s: Spoken, accent: str) -> Block:
    rows = [
        [s.clock(row["occurred_at"]), row["label"], s.pick(row, "what", "quoi"), row["place"] or "", row["authority"]]
        for row in c["timeline"]
    ]
    if not rows:
        return block(s.of(w.TIMELINE), [s.of(w.NOTHING)])
    left_out = [s.of(w.LEFT_OUT, count=c["timeline_left_out"])] if c["timeline_left_out"] else []
    picture = {
        "svg": timeline(c["timeline"], c["window"], s, accent),
        "alt": s.of(w.TIMELINE_ALT, count=len(rows)),
        "width": 100,
    }
    table = _table(s, {"when": 11, "event": 11, "what": 46, "where": 16, "who": 16}, rows)
    return block(s.of(w.TIMELINE), left_out, [table], picture)


def _open(c: Content, s: Spoken) -> list[Block]:
    told = []
    for name in ("open_distress", "unconfirmed_distress"):
        rows = [[row["stream"], s.instant(row["since"]) if row["since"] else ""] for row in c["open"][name]]
        if rows:
            told.append(_table(s, {"event": 40, "when": 60}, rows, (), s.of(OPEN_HEADINGS[name])))
    for name in ("contradictions", "obligations", "unanswered", "unacknowledged"):
        rows = [[_named(row), _told(row, s)] for row in c["open"][name]]
        if rows:
            told.append(_table(s, {"event": 25, "what": 75}, rows, (), s.of(OPEN_HEADINGS[name])))
    return [block(s.of(w.OPEN), [] if told else [s.of(w.NOTHING)], told)]


def _named(row: Mapping[str, Any]) -> str:
    return str(row.get("label") or row.get("stream") or ", ".join(row.get("streams", ())))


def _told(row: Mapping[str, Any], s: Spoken) -> str:
    if "what" in row:
        return s.pick(row, "what", "quoi")
    told = [str(row[name]) for name in ("stream", "asset", "to") if row.get(name)]
    return " · ".join([*told, s.instant(row["since"])] if row.get("since") else told)


def _decisions(c: Content, s: Spoken) -> Block:
    rows = [
        [
            s.clock(row["occurred_at"]), row["label"], s.pick(row, "what", "quoi"), row["authority"],
            f"{s.of(w.TO_ACT[row['not_to_act']])}; {s.of(w.GIVEN[row['has_rationale']])}",
        ]
        for row in c["decisions"]
    ]  # fmt: skip
    if not rows:
        return block(s.of(w.DECISIONS), [s.of(w.NOTHING)])
    return block(
        s.of(w.DECISIONS), [], [_table(s, {"when": 11, "event": 11, "what": 42, "who": 18, "reason": 18}, rows)]
    )  # fmt: skip


# -- the other side, and the log ---------------------------------------------------------------------------------------------


def _other_side(c: Content, s: Spoken) -> Block:
    told = [
        f"{row['pair']} · {title(row['pair'], s.language)} · {' '.join(sentences(row, s.language, labels=True))}"
        for row in c["differences"]
    ]
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
