"""What changed, what was late, what is missing: questions 4, 5, 6, 10, 11 and 12."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ledger import errors
from ledger.formats.entry import format_instant
from projections.contradictions import named
from projections.fact import Fact
from projections.incidents import DISTRESS, Scene
from projections.nations import FIRST
from projections.questions.inquiry import Inquiry, Row, row_of_entry
from projections.replay import changes_of, restated_by, row_of_change
from projections.situation import RELEVANT_KINDS

MINUTE = 60_000_000


def late_entries(inquiry: Inquiry) -> list[Row]:
    """4: every entry recorded long after it happened, by whom, and whether a reason was given; the latest of them first."""
    least = inquiry.number("minutes") * MINUTE
    late = [t for t in inquiry.told() if t.recorded_at - t.occurred_at > least]
    rows = [
        row_of_entry(
            t,
            minutes=(t.recorded_at - t.occurred_at) // MINUTE,
            officer=t.officer or None,
            role=t.role or None,
            key_id=t.key_id,
            reason_given=bool(t.late_reason_given),
        )
        for t in late
    ]
    return sorted(rows, key=lambda row: (-row["minutes"], row["position"]))


def changes(inquiry: Inquiry) -> list[Row]:
    """5: every change to what was stated, and to one figure where a code is named; lowered counts of people are marked.

    One row a change: the event changed, the event that changed it, from, to.
    """
    after, upto = inquiry.positions()
    admits = _of_figure(inquiry)
    stated: dict[int, list[Fact]] = {}
    ended: dict[int, list[Fact]] = {}
    for fact in inquiry.changed():
        if after < fact.stated <= upto:
            stated.setdefault(fact.stated, []).append(fact)
        if after < fact.ended <= upto:
            ended.setdefault(fact.ended, []).append(fact)
    rows: list[Row] = []
    for position in sorted(stated.keys() | ended.keys()):
        then, gone = stated.get(position, ()), ended.get(position, ())
        made = [f for f in then if f.origin == position]
        found = [c for c in changes_of(gone, restated_by(position, then, gone)) if admits(c.old) or admits(c.new)]
        rows += [_change_row(row_of_change(c), c.fact, made[0] if made else None, position) for c in found]
    only_lowered = inquiry.text("lowered") in ("yes", "true", "1", "oui")
    return [row for row in rows if row["lowered"] or not only_lowered]


def _change_row(row: Row, fact: Fact, by: Fact | None, position: int) -> Row:
    cause = {
        "changed_by": by.event if by else None,
        "changed_by_label": by.label if by else None,
        "changed_by_authority": by.authority if by else None,
        "recorded_at": format_instant(by.recorded_at) if by else None,
    }
    where = {"stream": fact.stream, "authority": fact.authority, "stated_at": fact.origin}
    return {**row, "position": position, **where, **cause}


def _of_figure(inquiry: Inquiry) -> Callable[[Fact | None], bool]:
    """Whether a fact counts for the figure that was named; any fact where none was."""
    code = inquiry.text("code")
    if code is None:
        return lambda fact: fact is not None
    found = [i for i in (ruleset.indicator(code) for ruleset in FIRST.values()) if i is not None]
    if not found:
        known = ", ".join(i.code for ruleset in FIRST.values() for i in ruleset.indicators)
        raise errors.BadQuestion(f"there is no figure {code}", field="code", remedy=f"one of {known}")
    return lambda fact: fact is not None and found[0].admits(fact)


def entries_by(inquiry: Inquiry) -> list[Row]:
    """6: all entries by an authority, officer, role or key, within a time of day or not."""
    wanted = {name: inquiry.text(name) for name in ("authority", "officer", "role", "key_id")}
    if not any(wanted.values()) and inquiry.instant("from") is None and inquiry.instant("to") is None:
        raise errors.BadQuestion(
            "say whose entries, or from when to when", remedy="give authority, officer, role, key_id, from or to"
        )
    return [
        row_of_entry(t, officer=t.officer or None, role=t.role or None, key_id=t.key_id, sealed=t.sealed, relayed=t.relayed)
        for t in inquiry.told()
        if all(value is None or getattr(t, name) == value for name, value in wanted.items())
    ]


def silent_intervals(inquiry: Inquiry) -> list[Row]:
    """10: intervals without any entry on a distress that was open, of at least so many minutes, the present one included.

    An interval ends with the next entry on the distress, or on one that was merged with it.
    """
    after, upto = inquiry.positions()
    least = inquiry.number("minutes")
    facts = _around_distress([f for f in inquiry.asked.changed(0, upto) if f.kind in RELEVANT_KINDS and f.reading != "shared"])
    rows = [row for row in _silences(facts) if row["minutes"] >= least and row["position"] > after]
    present = inquiry.asked.situation(inquiry.instant("to"))["silent"]
    rows += [
        {"stream": r["stream"], "from": r["since"], "to": None, "minutes": r["minutes"]}
        for r in present
        if r["minutes"] >= least
    ]
    return [row for row in rows if inquiry.text("stream") in (None, row["stream"])]


def _around_distress(facts: Sequence[Fact]) -> list[Fact]:
    """Facts of distress incidents and of the streams they are linked with, directly."""
    distress = {f.stream for f in facts if (f.kind, f.code) == ("incident", DISTRESS)}
    links = [f for f in facts if f.kind == "link"]
    related = distress | {f.subject for f in links if f.stream in distress} | {f.stream for f in links if f.subject in distress}
    return [f for f in facts if f.stream in related]


def _silences(facts: Sequence[Fact]) -> Iterator[Row]:
    """Every interval between two entries on a distress that was open after the first of them."""
    last: dict[str, tuple[Fact, str]] = {}
    for entry in sorted({f.stated: f for f in facts if f.stated == f.origin}.values(), key=lambda f: f.stated):
        group = Scene([f for f in facts if f.stated <= entry.stated < f.ended]).group_of(entry.stream)
        if group is None:
            continue
        before = {last[s][0].event: last[s] for s in group.streams if s in last}
        for earlier, root in before.values():
            yield _silence(root, earlier, entry)
        for stream in group.streams:
            last.pop(stream, None)
            if group.is_open and not group.has_landed:
                last[stream] = (entry, group.root)


def _silence(root: str, entry: Fact, following: Fact) -> Row:
    return {
        "stream": root,
        "from": format_instant(entry.recorded_at),
        "to": format_instant(following.recorded_at),
        "minutes": (following.recorded_at - entry.recorded_at) // MINUTE,
        "position": following.origin,
        "last_entry": named(entry),
        "next_entry": named(following),
    }


def who_read(inquiry: Inquiry) -> list[Row]:
    """11: each look at a record on this nation's access log, of `stream` alone where one was named, in order.

    What was looked at under a mandate is told once that has ended.
    """
    stream = inquiry.text("stream")
    looks = inquiry.asked.looks(inquiry.instant("from"), inquiry.instant("to"))
    return [
        {
            "event": look.event,
            "label": look.label or look.event,
            "position": look.position or None,
            "stream": look.stream or None,
            "looked_at": format_instant(look.at),
            "who": look.who,
            "role": look.role,
            "verb": look.verb,
            "purpose": look.purpose,
            "motif": look.motif or None,
            "emergency": look.emergency,
            "mandate": look.mandate or None,
        }
        for look in looks
        if stream in (None, look.stream)
    ]


def nothing_removed(inquiry: Inquiry) -> list[Row]:
    """12: proof that nothing in a range was removed or inserted: positions without a gap, leading to a checkpoint."""
    after, upto = inquiry.positions()
    return [dict(row) for row in inquiry.asked.prove(after + 1, upto)]
