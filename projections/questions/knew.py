"""Who knew, who was told, who decided: questions 3, 7, 8 and 9."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.formats.entry import format_instant
from projections.fact import Fact
from projections.incidents import Incident, Scene, details
from projections.questions.inquiry import Inquiry, Row, row_of_fact
from projections.situation import acknowledges, is_unconfirmed, unanswered_requests

MINUTE = 60_000_000
NOT_TO_ACT = frozenset({"no_action", "no_further_action"})
RELATIONS = frozenset({"duplicate_of", "part_of", "possibly_same_as"})


def who_knew(inquiry: Inquiry) -> list[Row]:
    """3: what one desk knew that another did not: each notification, when it was sent, and when the recipient acknowledged it.

    `known_since` is when the first entry of the stream was recorded, `minutes` from there to the acknowledgement (None: never).
    """
    facts = [f for f in _live(inquiry, ("notified", "acknowledged", *_ANY)) if inquiry.text("stream") in (None, f.stream)]
    rows: list[Row] = []
    for incident in Scene(facts).incidents.values():
        first = min(f.recorded_at for f in incident.facts)
        for told in incident.of("notified"):
            answer = next((f for f in incident.of("acknowledged") if acknowledges(f, told)), None)
            if _within(inquiry, told):
                rows.append(_told_row(told, answer, first))
    return sorted(rows, key=lambda row: row["position"])


_ANY = ("incident", "update", "rescued", "disembarked", "casualty", "attempt", "link")


def _told_row(told: Fact, answer: Fact | None, known_since: int) -> Row:
    return row_of_fact(
        told,
        to=told.party,
        known_since=format_instant(known_since),
        claimed=bool(details(told).get("acknowledged")),
        acknowledged_by=None if answer is None else row_of_fact(answer),
        minutes=None if answer is None else (answer.recorded_at - known_since) // MINUTE,
    )


def decisions_without_rationale(inquiry: Inquiry) -> list[Row]:
    """7: decisions with no text of reasons, and every decision not to act, with or without."""
    rows = []
    for fact in _live(inquiry, ("decision",)):
        has_rationale, is_not_to_act = bool(details(fact).get("has_text")), fact.code in NOT_TO_ACT
        if (is_not_to_act or not has_rationale) and _within(inquiry, fact):
            decided_by = details(fact).get("decided_by")
            rows.append(row_of_fact(fact, has_rationale=has_rationale, not_to_act=is_not_to_act, decided_by=decided_by))
    return rows


def treated_as_one(inquiry: Inquiry) -> list[Row]:
    """8: when two incidents were treated as one or as perhaps one, on what, by whom, who acknowledged, and whether undone."""
    upto = inquiry.asked.position_at(inquiry.instant("to"))
    facts = [f for f in inquiry.asked.changed(0, upto) if f.reading != "shared"]
    withdrawn = {f.subject: f for f in facts if f.kind == "link_withdrawn" and f.stated <= upto < f.ended}
    corrected = {f.origin: f for f in facts if f.kind == "correction"}
    scene = Scene([f for f in facts if f.stated <= upto < f.ended])
    stream = inquiry.text("stream")
    rows = []
    for link in sorted((f for f in facts if f.kind == "link" and f.code in RELATIONS), key=lambda f: (f.stated, f.ordinal)):
        if stream in (None, link.stream, link.subject) and _within(inquiry, link):
            said = details(link)
            undone = withdrawn.get(link.event) or corrected.get(link.ended)
            rows.append(
                row_of_fact(
                    link,
                    stated=link.stated,
                    to=link.subject,
                    basis=said.get("basis"),
                    confidence=said.get("confidence"),
                    has_evidence=bool(said.get("has_text")),
                    stands=link.ended > upto,
                    undone_by=row_of_fact(undone) if undone is not None and link.ended <= upto else None,
                    unconfirmed=_is_unconfirmed(link.stream, scene),
                )
            )
    return rows


def _is_unconfirmed(stream: str, scene: Scene) -> bool:
    incident = scene.incidents.get(stream)
    return incident is not None and is_unconfirmed(incident, scene)


def unanswered(inquiry: Inquiry) -> list[Row]:
    """9: requests unanswered, whether or not they set a limit, and notifications not acknowledged by the recipient itself."""
    rows: list[Row] = []
    facts = _live(inquiry, ("notified", "acknowledged", "assistance"))
    for incident in Scene(facts).incidents.values():
        rows += [row_of_fact(f, waits_for=f.party, claimed=bool(details(f).get("acknowledged"))) for f in _unheard(incident)]
        for request in unanswered_requests(incident):
            rows.append(row_of_fact(request, waits_for=request.subject, expires_at=details(request).get("expires_at")))
    return sorted(rows, key=lambda row: row["position"])


def _unheard(incident: Incident) -> list[Fact]:
    heard = incident.of("acknowledged")
    return [told for told in incident.of("notified") if not any(acknowledges(f, told) for f in heard)]


def _live(inquiry: Inquiry, kinds: Sequence[str]) -> list[Fact]:
    """Facts of these kinds as known at `at` or `to`, or now, in log order."""
    as_of = inquiry.instant("at") if inquiry.instant("at") is not None else inquiry.instant("to")
    facts = inquiry.asked.live(inquiry.asked.position_at(as_of), frozenset(kinds))
    return sorted((f for f in facts if f.reading != "shared"), key=lambda f: (f.origin, f.ordinal))


def _within(inquiry: Inquiry, fact: Fact) -> bool:
    begin, end = inquiry.instant("from"), inquiry.instant("to")
    return (begin is None or fact.recorded_at >= begin) and (end is None or fact.recorded_at <= end)
