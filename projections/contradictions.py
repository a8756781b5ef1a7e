"""Contradictions C1 to C8: statements on record that cannot all be so; shown with both events and who can end them.

Pure. A sum is a contradiction once both its sides were stated. With `instant` None a time limit counts as passed, which is what
the projector asks: may this ever show?
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from projections.fact import Fact
from projections.incidents import LOST, Group, Incident, detail

UNDECIDED_MICROSECONDS = 30 * 60_000_000
APART_METRES_MAX = 18_520
EARTH_METRES = 6_371_008.8

WHAT = {
    "C1": ("a distress is open for one nation and over for the other", "détresse en cours pour l'une, terminée pour l'autre"),
    "C2": (
        "rescued is not disembarked + unaccounted + dead + missing",
        "secourus ≠ débarqués + non comptés + morts + disparus",
    ),
    "C3": ("more persons stated aboard than accounted for", "plus de personnes annoncées à bord que retrouvées"),
    "C4": ("found is not accepted + not accepted at hand-over", "découverts ≠ acceptés + non acceptés à la remise"),
    "C5": ("“possibly the same as” on a distress, undecided", "« peut-être le même » sur une détresse, non tranché"),
    "C6": ("positions of one incident are too far apart", "positions trop éloignées pour un même incident"),
    "C7": ("a proposed correction is unanswered", "rectification proposée restée sans réponse"),
    "C8": ("two authorities state different counts of one thing", "deux autorités donnent des nombres différents"),
}


def contradictions(streams: Mapping[str, Incident], grouped: Mapping[str, Group], instant: int | None) -> list[dict[str, Any]]:
    """Every contradiction among these facts, by code, then by the position of its last event."""
    found = [
        *(row for i in streams.values() for row in _over_for_one_nation(i)),
        *(row for g in grouped.values() for row in _rescued_against_landed(g)),
        *(row for i in streams.values() for row in _aboard_against_accounted(i)),
        *(row for i in streams.values() for row in _found_against_handed_over(i)),
        *_undecided_links(streams, instant),
        *(row for i in streams.values() for row in _positions_apart(i)),
        *(row for i in streams.values() for row in _proposals_unanswered(i)),
        *(row for i in streams.values() for row in _two_counts(i)),
    ]
    return sorted(found, key=lambda row: (row["code"], row["events"][-1]["position"]))


def _row(code: str, facts: Iterable[Fact], who_can_end: Iterable[str]) -> dict[str, Any]:
    ordered = sorted({(f.origin, f.event, f.label, f.stream) for f in facts})
    en, fr = WHAT[code]
    return {
        "code": code,
        "what": en,
        "quoi": fr,
        "streams": sorted({stream for _, _, _, stream in ordered}),
        "events": [{"event": event, "label": label, "position": origin} for origin, event, label, _ in ordered],
        "who_can_end": sorted(set(who_can_end)),
    }


def _authorities(facts: Iterable[Fact]) -> set[str]:
    return {f.authority for f in facts}


def _over_for_one_nation(incident: Incident) -> list[dict[str, Any]]:
    """C1: the nation that opened a distress has neither ended it nor acknowledged that the other nation did."""
    opening = incident.opening
    if opening is None or not incident.is_distress:
        return []
    endings = [f for f in incident.of("step") if f.code == "closed"]
    endings += [f for f in incident.of("link") if f.code == "duplicate_of"]
    other = [f for f in endings if f.nation != opening.nation]
    agreed = [f for f in [*endings, *incident.of("acknowledged")] if f.nation == opening.nation]
    last = max(other, key=lambda f: f.origin, default=None)
    if last is None or any(f.origin > last.origin for f in agreed):
        return []
    return [_row("C1", [opening, last], [opening.authority, last.authority])]


def _rescued_against_landed(group: Group) -> list[dict[str, Any]]:
    """C2: over all streams of a root, once somebody was rescued and somebody landed."""
    rescued, landed = group.of("rescued"), group.of("disembarked")
    if not rescued or not landed or sum(m.rescued() for m in group.members) == sum(m.safe_or_lost() for m in group.members):
        return []
    facts = [*rescued, *landed, *(f for f in group.of("casualty") if f.code in LOST)]
    return [_row("C2", facts, _authorities(facts))]


def _aboard_against_accounted(incident: Incident) -> list[dict[str, Any]]:
    """C3: each distress for itself, once somebody landed."""
    aboard = incident.aboard()
    landed = incident.of("disembarked")
    if not incident.is_distress or aboard is None or not landed or aboard[0] <= incident.accounted_for():
        return []
    facts = [aboard[1], *landed, *(f for f in incident.of("casualty") if f.code in LOST)]
    return [_row("C3", facts, _authorities(facts))]


def _found_against_handed_over(incident: Incident) -> list[dict[str, Any]]:
    """C4: a detection and its hand-overs, once there is one of each."""
    found, handed = incident.of("detection"), incident.of("handover")
    answered = sum(f.quantity for f in [*handed, *incident.of("not_accepted")])
    if not found or not handed or sum(f.quantity for f in found) == answered:
        return []
    return [_row("C4", [*found, *handed], _authorities([*found, *handed]))]


def _undecided_links(streams: Mapping[str, Incident], instant: int | None) -> list[dict[str, Any]]:
    """C5: a possibly_same_as touching a distress, half an hour old, with no later link between the two."""
    links = [f for i in streams.values() for f in i.of("link") if f.code != "case"]
    rows = []
    for link in links:
        if link.code != "possibly_same_as":
            continue
        pair = {link.stream, link.subject}
        known = [streams[s] for s in pair if s in streams]
        touches = any(i.is_distress for i in known) or (instant is None and len(known) < len(pair))
        is_old = instant is None or instant - link.recorded_at >= UNDECIDED_MICROSECONDS
        decided = any(f.origin > link.origin and f.code != "possibly_same_as" and {f.stream, f.subject} == pair for f in links)
        if touches and is_old and not decided:
            openings = [i.opening for i in known if i.opening is not None]
            rows.append(_row("C5", [link], _authorities([link, *openings])))
    return rows


def _positions_apart(incident: Incident) -> list[dict[str, Any]]:
    """C6: two positions of one incident that cannot both be right, whatever their stated radius."""
    placed = [(f, at) for f in incident.of("incident", "update", "rescued") if (at := detail(f).get("position"))]
    for (one, a), (other, b) in pairwise(placed):
        apart = _metres(a, b) - (a.get("radius_m") or 0) - (b.get("radius_m") or 0)
        if apart > APART_METRES_MAX:
            return [_row("C6", [one, other], _authorities([one, other]))]
    return []


def _metres(a: Mapping[str, int], b: Mapping[str, int]) -> float:
    """Great-circle distance between two positions."""
    lat_a, lat_b = math.radians(a["lat_e6"] / 1e6), math.radians(b["lat_e6"] / 1e6)
    across = math.radians((b["lon_e6"] - a["lon_e6"]) / 1e6)
    h = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(across / 2) ** 2
    return 2 * EARTH_METRES * math.asin(math.sqrt(h))


def _proposals_unanswered(incident: Incident) -> list[dict[str, Any]]:
    """C7: from the moment a correction is proposed until the originator accepts or rejects it."""
    proposals = incident.of("correction_proposal")
    answered = {f.subject for f in proposals if f.code != "proposed"}
    rows = []
    for proposal in proposals:
        if proposal.code == "proposed" and proposal.event not in answered:
            target = [f for f in incident.facts if f.event == proposal.subject]
            row = _row("C7", [proposal, *target[:1]], _authorities(target) or {proposal.authority})
            if not target:  # it makes no fact any more, and is still what the proposal speaks of
                label = detail(proposal).get("target_label", proposal.subject)
                row["events"].insert(0, {"event": proposal.subject, "label": label, "position": None})
            rows.append(row)
    return rows


def _two_counts(incident: Incident) -> list[dict[str, Any]]:
    """C8: two authorities rescue, or land, one craft in one incident, and their numbers differ."""
    rows: list[dict[str, Any]] = []
    for kind in ("rescued", "disembarked"):
        named: Sequence[Fact] = [f for f in incident.of(kind) if f.subject]
        for n, one in enumerate(named):
            rows += [
                _row("C8", [one, other], [one.authority, other.authority])
                for other in named[n + 1 :]
                if one.subject == other.subject and one.authority != other.authority and one.quantity != other.quantity
            ]
    return rows
