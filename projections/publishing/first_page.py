"""The first page of a report, for the minister's office: three sentences, people, what lies outside the day, seven figures, and
what must be decided. Words alone; how it is set is the document's matter. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from projections.publishing.spoken import Spoken
from projections.sentences import sentences as differing
from projections.wording import reports as w

FIGURES_TOLD = 3
CHANGES_TOLD = 3
EVENTS_NAMED = 2
PAIRS_TOLD = 1
ROWS_MAX = 4

Content = Mapping[str, Any]


def sentences(c: Content, s: Spoken) -> list[str]:
    """What happened; what changed since the last report; where the other side's number differs and why."""
    return [_happened(c, s), _changed(c, s), _different(c, s)]


def _happened(c: Content, s: Spoken) -> str:
    people = c["people"]
    harmed = s.of(
        w.HARMED,
        dead=s.number(people["dead"]["total"]),
        missing=s.number(people["missing"]["total"]),
        rescued=s.number(people["rescued"]),
    )
    told = [row for row in headline(c) if row["value"]][:FIGURES_TOLD]
    parts = [s.of(w.NAMED, name=s.pick(row), value=s.number(row["value"])) for row in told]
    return s.of(w.HAPPENED, told="; ".join([harmed, *parts]))


def _changed(c: Content, s: Spoken) -> str:
    if c["previous"] is None:
        return s.of(w.FIRST_REPORT)
    changed = [row for row in c["figures"] if row["change"]]
    if not changed:
        return s.of(w.UNCHANGED, revision=c["previous"]["revision"])
    parts = [
        s.of(
            w.ONE_CHANGE,
            code=row["code"],
            before=s.number(row["previous"]),
            after=s.number(row["value"]),
            why=why(row, s, EVENTS_NAMED),
        )
        for row in changed[:CHANGES_TOLD]
    ]
    if len(changed) > CHANGES_TOLD:
        parts.append(s.of(w.AND_MORE, count=len(changed) - CHANGES_TOLD))
    return s.of(w.CHANGED, revision=c["previous"]["revision"], told="; ".join(parts))


def why(row: Mapping[str, Any], s: Spoken, most: int = 10_000) -> str:
    """The events behind a change, each recorded later or corrected; what one nation sealed is not named to the other."""
    shown = row["reasons"][:most]
    told = [s.of(w.CORRECTED if each["corrected"] else w.RECORDED_LATE, label=each["label"]) for each in shown]
    if len(shown) < len(row["reasons"]):
        told.append(s.of(w.AND_MORE, count=len(row["reasons"]) - len(shown)))
    return ", ".join(told) or s.of(w.NOT_TOLD)


def _different(c: Content, s: Spoken) -> str:
    apart = sorted((row for row in c["differences"] if row["from"] != row["to"]), key=lambda r: -abs(r["to"] - r["from"]))
    silent = {nation for row in c["differences"] for nation in row.get("not_stated", ())}
    if silent:
        return s.of(w.DIFFERENT, told=s.of(w.NOT_STATED[min(silent)]))
    if not apart:
        return s.of(w.SAME)
    # The pair that this nation's ministers are asked about first: people found and taken over, then the largest.
    first = sorted(apart, key=lambda row: row["pair"] != "P2")[:PAIRS_TOLD]
    told = [differing(row, s.language)[0].rstrip(".") for row in first]
    if len(apart) > len(first):
        told.append(s.of(w.AND_MORE, count=len(apart) - len(first)))
    return s.of(w.DIFFERENT, told="; ".join(told))


def headline(c: Content) -> list[Mapping[str, Any]]:
    """The figures of the first page."""
    by_code = {row["code"]: row for row in c["figures"]}
    return [by_code[code] for code in c["headline"] if code in by_code]


def headline_rows(c: Content, s: Spoken) -> list[dict[str, str]]:
    """The same as words: {"code", "name", "value", "unit", "change"}."""
    return [
        {
            "code": row["code"],
            "name": s.pick(row),
            "value": "—" if row["value"] is None else s.number(row["value"]),
            "unit": s.of(w.WITHHELD) if row["value"] is None else s.unit(row["unit"]),
            "change": "" if row["change"] is None else s.signed(row["change"]),
        }
        for row in headline(c)
    ]


def outside(c: Content, s: Spoken) -> list[str]:
    """Known at signature, outside the reporting day: deaths first, then boats whose people are not accounted for."""
    rows = []
    dead = sum(row["count"] for row in c["outside"] if row["code"] == "fatal")
    if dead:
        rows.append(s.of(w.DEAD_IN_THE_DAY, inside=s.number(c["people"]["dead"]["total"]), outside=s.number(dead)))
    found = [s.of(w.OUTSIDE_ROW, at=s.instant(row["occurred_at"]), what=s.pick(row, "what", "quoi")) for row in c["outside"]]
    still_open = {row["stream"] for row in c["open"]["open_distress"]}
    for name, words in (("open_distress", w.OPEN_BOAT), ("unconfirmed_distress", w.UNCONFIRMED_BOAT)):
        found += [
            s.of(words, stream=row["stream"], since=s.instant(row["since"]) if row["since"] else "?")
            for row in c["open"][name]
            if name == "open_distress" or row["stream"] not in still_open
        ]
    return rows + limited(found, s)


def decisions(c: Content, s: Spoken) -> list[str]:
    """What somebody must decide or do: contradictions, obligations, requests without an answer."""
    rows = c["open"]["contradictions"] + c["open"]["obligations"]
    return limited([_to_do(row, s) for row in rows], s)


def _to_do(row: Mapping[str, Any], s: Spoken) -> str:
    told = s.pick(row, "what", "quoi")
    named = row.get("stream") or ", ".join(row.get("streams", ()))
    return told if not named or named in told else s.of(w.NAMED, name=named, value=told)


def limited(rows: Sequence[str], s: Spoken) -> list[str]:
    """As many rows as a page takes, and how many more there are."""
    if len(rows) <= ROWS_MAX:
        return list(rows)
    return [*rows[: ROWS_MAX - 1], s.of(w.MORE_ROWS, count=len(rows) - ROWS_MAX + 1)]
