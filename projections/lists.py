"""The lists of a view: incidents, detections and cases as live facts show them, one row a stream.

Pure. A row is flat, its names are those of exports too, and people are in it as counts only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.formats.entry import format_instant
from projections.fact import Fact
from projections.incidents import INCIDENT_KINDS, Incident, Scene, details, number_aboard, persons

Row = dict[str, Any]
STATES = ("open", "closed", "unfounded")


@dataclass(frozen=True)
class Listing:
    """One list: the kinds of facts that bring a stream on it, whether a stream belongs there, and what its row says."""

    name: str
    kinds: frozenset[str]
    belongs: Callable[[Incident], bool]
    row: Callable[[Incident], Row]
    head: tuple[str, ...]


def rows_of(listing: Listing, streams: Sequence[str], facts: Sequence[Fact]) -> list[Row]:
    """A row for each of these streams that belongs on the list, in their order.

    `facts` are the live facts, in the view's own reading, of these streams and of all that their links lead to.
    """
    scene = Scene(facts)
    found = (scene.incidents[stream] for stream in streams if stream in scene.incidents)
    return [{**_common(one, listing, scene), **listing.row(one)} for one in found if listing.belongs(one)]


def _common(one: Incident, listing: Listing, scene: Scene) -> Row:
    """What a row of any list says first: the event that stands for the stream, and how far the stream is."""
    first = next((f for f in one.facts if f.kind in listing.head), one.facts[0])
    placed = next((f for f in [first, *one.facts] if f.place and f.kind != "sheltered"), first)
    return {
        "stream": one.stream,
        "root": scene.root_of[one.stream],
        "event": first.event,
        "label": first.label,
        "position": first.origin,
        "authority": first.authority,
        "state": one.state,
        "occurred_at": format_instant(first.occurred_at),
        "recorded_at": format_instant(first.recorded_at),
        "last_recorded_at": format_instant(max(f.recorded_at for f in one.facts)),
        "place": placed.place or None,
        "territory": placed.territory or None,
        "zone": placed.zone or None,
        "entries": len({f.origin for f in one.facts}),
        "sealed": any(f.reading == "own" for f in one.facts),
    }


def _total(one: Incident, kind: str, *codes: str) -> int:
    return persons(f for f in one.of(kind) if not codes or f.code in codes)


# -- incidents ---------------------------------------------------------------------------------------------------------------


def _is_incident(one: Incident) -> bool:
    return one.is_incident or one.state == "unfounded"


def _incident(one: Incident) -> Row:
    where = details(one.positions[-1])["position"] if one.positions else {}
    return {
        "kind": one.opening.code if one.opening is not None else None,
        "opening_on_record": one.opening is not None,
        "distress": one.is_distress,
        "aboard": number_aboard(one.aboard) if one.aboard is not None else None,
        "rescued": _total(one, "rescued"),
        "disembarked": _total(one, "disembarked"),
        "unaccounted": _total(one, "unaccounted"),
        "dead": _total(one, "casualty", "fatal"),
        "missing": _total(one, "casualty", "missing"),
        "injured": _total(one, "casualty", "serious", "slight"),
        "sheltered": _total(one, "sheltered"),
        "prevented": _total(one, "departure_prevented"),
        "attempts": _total(one, "attempt"),
        "protection_needs": _total(one, "protection_need"),
        "longitude_e6": where.get("lon_e6"),
        "latitude_e6": where.get("lat_e6"),
    }


# -- detections --------------------------------------------------------------------------------------------------------------

_DETECTING = frozenset(
    {"detection", "minors_found", "search", "handover", "not_accepted", "minors_received", "handover_disputed"}
    | {"person_registered", "care"}
)


def _detection(one: Incident) -> Row:
    first = next(iter(one.of("detection")), None)
    return {
        "route": (first.about if first else "") or None,
        "method": (first.code if first else "") or None,
        "opening_on_record": first is not None,
        "found": _total(one, "detection"),
        "minors_found": _total(one, "minors_found"),
        "accepted": _total(one, "handover"),
        "not_accepted": _total(one, "not_accepted"),
        "minors_received": _total(one, "minors_received"),
        "protection_needs": _total(one, "protection_need"),
        "searches": len(one.of("search")),
        "disputed_handovers": len(one.of("handover_disputed")),
    }


# -- cases -------------------------------------------------------------------------------------------------------------------

_OF_CASES = frozenset({"case", "arrest", "measure", "proceeding", "decision", "decision_step", "network"})


def _case(one: Incident) -> Row:
    first = next(iter(one.of("case")), None)
    return {
        "kind": first.code if first else None,
        "opening_on_record": first is not None,
        "suspects": len({f.subject for f in one.of("arrest") if f.subject}),
        "arrests": _total(one, "arrest"),
        "heard_or_held": len(one.of("measure")),
        "charged": sum(f.code == "charged" for f in one.of("proceeding")),
        "brought_before_prosecutor": sum(f.code == "deferred" for f in one.of("proceeding")),
        "decisions": _total(one, "decision"),
        "decisions_withdrawn": sum(f.code == "withdrawn" for f in one.of("decision_step")),
        "penalties_pence": sum(f.quantity for f in one.of("amount") if (f.about, f.code) == ("civil_penalty", "GBP")),
        "networks": len(one.of("network")),
    }


LISTINGS: Mapping[str, Listing] = {
    listing.name: listing
    for listing in (
        Listing("incidents", INCIDENT_KINDS | {"incident", "step"}, _is_incident, _incident, ("incident",)),
        Listing("interceptions", _DETECTING, lambda one: bool(_DETECTING & one.by_kind.keys()), _detection, ("detection",)),
        Listing("cases", _OF_CASES, lambda one: bool(_OF_CASES & one.by_kind.keys()), _case, ("case",)),
    )
}
