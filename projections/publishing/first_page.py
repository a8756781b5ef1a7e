"""The first page of a report, for the minister's office: three sentences, people, what lies outside the day, seven figures, and
what must be decided. Words alone; how it is set is the document's matter. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from projections.publishing.differences import difference
from projections.publishing.spoken import Spoken
from projections.wording import reports as w
from projections.wording.names import PEOPLE

FIGURES_TOLD = 3
CHANGES_TOLD = 3
EVENTS_NAMED = 2
ROWS_MAX = 3
GRAVEST_FIRST = ("fatal", "missing")

Content = Mapping[str, Any]


def sentences(c: Content, s: Spoken) -> list[dict[str, str]]:
    """What happened; what changed since the last report; where the other side's number differs and why: {"label", "text"}."""
    told = ((w.HAPPENED, _happened), (w.CHANGED, _changed), (w.DIFFERENT, _different))
    return [{"label": s.of(label), "text": sentence(c, s)} for label, sentence in told]


def _happened(c: Content, s: Spoken) -> str:
    people = c["people"]
    counts = {"dead": people["dead"]["total"], "missing": people["missing"]["total"], "rescued": people["rescued"]}
    harmed = ", ".join(s.counted(w.HARMED[name], count) for name, count in counts.items())
    told = [row for row in headline(c) if row["value"]][:FIGURES_TOLD]
    parts = [s.of(w.NAMED, name=_within(name_of(row, c, s)), value=s.number(row["value"])) for row in told]
    return s.of(w.TOLD, told="; ".join([harmed, *parts]))


def _changed(c: Content, s: Spoken) -> str:
    if c["previous"] is None:
        return s.of(w.FIRST_REPORT)
    changed = [row for row in c["figures"] if row["change"]]
    if not changed:
        return s.of(w.UNCHANGED, revision=c["previous"]["revision"])
    parts = [
        s.of(
            w.ONE_CHANGE,
            name=_within(name_of(row, c, s)),
            before=s.number(row["previous"]),
            after=s.number(row["value"]),
            why=why(row, s, EVENTS_NAMED),
        )
        for row in changed[:CHANGES_TOLD]
    ]
    if len(changed) > CHANGES_TOLD:
        parts.append(s.counted(w.AND_MORE, len(changed) - CHANGES_TOLD))
    return s.of(w.SINCE, revision=c["previous"]["revision"], told="; ".join(parts))


def name_of(row: Mapping[str, Any], c: Content, s: Spoken) -> str:
    """A figure's name; that of a part of another is told with the whole's."""
    name = s.pick(row)
    whole = row["code"].partition(".")[0]
    found = [s.pick(other) for other in c["figures"] if other["code"] == whole != row["code"]]
    return s.of(w.PART_OF, whole=found[0], part=name) if found and name[:1].islower() else name


def _within(name: str) -> str:
    """A name inside a sentence; one that begins with an abbreviation stays as it is."""
    return name[:1].lower() + name[1:] if not name[1:2].isupper() else name


def why(row: Mapping[str, Any], s: Spoken, most: int = 10_000) -> str:
    """The events behind a change, each recorded later or corrected; what one nation sealed is not named to the other."""
    shown = row["reasons"][:most]
    told = [s.of(w.CORRECTED if each["corrected"] else w.RECORDED_LATE, label=each["label"]) for each in shown]
    if len(shown) < len(row["reasons"]):
        told.append(s.counted(w.AND_MORE, len(row["reasons"]) - len(shown)))
    return ", ".join(told) or s.of(w.NOT_TOLD)


def _different(c: Content, s: Spoken) -> str:
    """What nobody can explain comes first; then the pair that ministers are asked about first: people found and taken over."""
    apart = sorted(
        (row for row in c["differences"] if row["from"] != row["to"] or row["unexplained"]),
        key=lambda r: (not r["unexplained"], r["pair"] != "P2", -abs(r["to"] - r["from"])),
    )
    silent = sorted({nation for row in c["differences"] for nation in row.get("not_stated", ())})
    if not apart:
        return s.of(w.TOLD, told=s.of(w.NOT_STATED[silent[0]])) if silent else s.of(w.SAME)
    told = difference(apart[0], s, is_first_page=True).rstrip(".")
    if silent:
        told = s.of(w.BY_ITS_RULES, silent=s.of(w.NOT_STATED[silent[0]]), told=_within(told))
    if len(apart) > 1:
        told += "; " + s.counted(w.AND_MORE, len(apart) - 1)
    return s.of(w.TOLD, told=told)


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
            "unit": s.of(w.WITHHELD) if row["value"] is None else s.unit(row["unit"], row["value"]),
            "change": "" if row["change"] is None else s.signed(row["change"]),
        }
        for row in headline(c)
    ]


def people_notes(c: Content, s: Spoken) -> list[str]:
    """What is to be known of the numbers of people: that they tell what both may see alone, that some are disputed."""
    disputed = [
        s.of(w.NAMED, name=s.of(PEOPLE[k]), value=s.number(n)) for k, n in c["disputed"]["people"].items() if k in PEOPLE
    ]
    notes = [s.of(w.PEOPLE_SHARED)] if c["people_withheld"] else []
    return notes + ([s.of(w.PEOPLE_DISPUTED, told=", ".join(disputed))] if disputed else [])


def outside(c: Content, s: Spoken) -> list[str]:
    """Known at signature, outside the reporting day: deaths first, then boats whose people are not accounted for.

    However many there are of the one, the other is told.
    """
    rows = []
    dead = sum(row["count"] for row in c["outside"] if row["code"] == "fatal")
    if dead:
        rows.append(s.of(w.DEAD_IN_THE_DAY, inside=s.number(c["people"]["dead"]["total"]), outside=s.number(dead)))
    rank = {code: n for n, code in enumerate(GRAVEST_FIRST)}
    grave = sorted(c["outside"], key=lambda row: rank.get(row["code"], len(rank)))
    found = [s.of(w.OUTSIDE_ROW, at=s.instant(row["occurred_at"]), what=s.pick(row, "what", "quoi")) for row in grave]
    still_open = {row["stream"] for row in c["open"]["open_distress"]}
    boats = [
        s.of(words, stream=row["stream"], since=s.instant(row["since"]) if row["since"] else "?")
        for name, words in (("open_distress", w.OPEN_BOAT), ("unconfirmed_distress", w.UNCONFIRMED_BOAT))
        for row in c["open"][name]
        if name == "open_distress" or row["stream"] not in still_open
    ]
    return rows + limited(found, s) + limited(boats, s)


def decisions(c: Content, s: Spoken) -> list[str]:
    """What somebody must decide or do: contradictions with who can end them, obligations, requests without an answer."""
    opened = c["open"]
    rows = [
        s.of(w.TO_SETTLE, what=s.pick(row, "what", "quoi"), who=", ".join(row["who_can_end"]))
        for row in opened["contradictions"]
    ]
    rows += [s.of(w.NAMED, name=row["stream"], value=s.pick(row, "what", "quoi")) for row in opened["obligations"]]
    rows += [
        s.of(w.UNANSWERED, stream=row["stream"], asset=row["asset"], since=s.instant(row["since"]))
        for row in opened["unanswered"]
    ]
    return limited(rows, s)


def limited(rows: Sequence[str], s: Spoken) -> list[str]:
    """As many rows as a page takes, and how many more there are."""
    if len(rows) <= ROWS_MAX:
        return list(rows)
    return [*rows[: ROWS_MAX - 1], s.of(w.MORE_ROWS, count=s.number(len(rows) - ROWS_MAX + 1))]
