"""Contradictions C1 to C8: two statements that cannot both be right, each naming both events and who can end it.

Pure. Sums across events are contradictions to show and never reasons to refuse (figures, section 2). A rule yields `Clash`es;
what they say in each language stands in `wording`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from projections.apart import furthest_apart
from projections.fact import Fact
from projections.incidents import LOST, NATIONS, Group, Incident, Scene, details, in_log_order, lost, number_aboard, persons
from projections.wording.situations import CONTRADICTIONS, STANCES, THINGS

MINUTE = 60_000_000
UNDECIDED_MINUTES = 30
"""C5: how long a `possibly_same_as` on a distress may stay undecided, from when it was recorded."""


class Clash(msgspec.Struct, frozen=True):
    """A contradiction before it is put into words: the facts of both sides, and by their id the events that make none here.

    `who` are the authorities whose next event can end it, where those are not simply the authors of both sides.
    """

    code: str
    facts: Sequence[Fact]
    values: dict[str, Any]
    unspoken: tuple[dict[str, Any], ...] = ()
    who: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()


Rule = Callable[[Scene, int], Iterator[Clash]]


def contradictions(scene: Scene, instant: int) -> list[dict[str, Any]]:
    """Every contradiction open at an instant (microseconds), by code, streams and positions.

    Rows: {code, streams, events: [{event, label, position, authority}] of both sides in log order, what (English),
    quoi (French), who_can_end: [authority]}.
    """
    rows = [row(clash) for rule in RULES.values() for clash in rule(scene, instant)]
    return sorted(rows, key=lambda r: (r["code"], r["streams"], [e["position"] or 0 for e in r["events"]]))


def named(fact: Fact) -> dict[str, Any]:
    """The event a fact comes from, as rows name it."""
    return {"event": fact.event, "label": fact.label, "position": fact.origin, "authority": fact.authority}


def row(clash: Clash) -> dict[str, Any]:
    """A clash in words."""
    streams = sorted(set(clash.streams) or {f.stream for f in clash.facts})
    said = CONTRADICTIONS[clash.code].format(streams=", ".join(streams), **clash.values)
    events = {f.event: named(f) for f in in_log_order(clash.facts)}
    return {
        "code": clash.code,
        "streams": streams,
        "events": [*clash.unspoken, *events.values()],
        "what": said.en,
        "quoi": said.fr,
        "who_can_end": sorted(set(clash.who) or {f.authority for f in clash.facts}),
    }


# -- C1: open for one nation, over for the other -----------------------------------------------------------------------------


def stances(incident: Incident, scene: Scene) -> dict[str, tuple[str, Fact]]:
    """What each nation last said of a distress: open, closed, merged or safe, and in which event.

    A nation speaks by opening, confirming or reopening it, by coordinating it, by closing it, by making it a duplicate, by
    landing everybody; acknowledging after the other said that it is over is agreeing. A nation that never
    spoke has none.
    """
    said: dict[str, tuple[str, Fact]] = {}
    rescued = explained = 0
    for fact in incident.facts:
        if fact.kind == "rescued":
            rescued += fact.quantity
        elif fact.kind in ("disembarked", "unaccounted") or (fact.kind == "casualty" and fact.code in LOST):
            explained += fact.quantity
        if fact.nation not in NATIONS:
            continue
        stance = _stance(fact, scene, is_landed=explained >= rescued)
        if fact.kind == "acknowledged":
            other = said.get(NATIONS[1 - NATIONS.index(fact.nation)])
            stance = other[0] if other is not None and other[0] != "open" else None
        if stance is not None:
            said[fact.nation] = (stance, fact)
    return said


def _stance(fact: Fact, scene: Scene, *, is_landed: bool) -> str | None:
    match fact.kind, fact.code:
        case ("incident", _) | ("rescued", _) | ("step", "confirmed" | "reopened") | ("coordination", "assumed" | "accepted"):
            return "open"
        case "step", "closed":
            return "closed"
        case "link", "duplicate_of":
            return "merged" if scene.absorbed.get(fact.stream) is fact else None
        case "disembarked", _:
            return "safe" if is_landed else None
    return None


def _open_and_over(scene: Scene, instant: int) -> Iterator[Clash]:
    known = {i.stream: stances(i, scene) for i in scene.incidents.values() if i.is_distress}
    for said in known.values():
        for nation, other in (NATIONS, NATIONS[::-1]):
            over, still = said.get(nation), said.get(other)
            if over and still and over[0] != "open" and still[0] == "open":
                yield _one_nation_only(over[0], over[1], nation, still[1], other)
    for link in _links(scene):
        pair = (link.stream, link.subject)
        for one, another in (pair, pair[::-1]):
            if one in known and another in known and scene.incidents[another].is_open:
                yield from _over_here_open_there(known[one], known[another])


def _over_here_open_there(here: dict[str, tuple[str, Fact]], there: dict[str, tuple[str, Fact]]) -> Iterator[Clash]:
    """Two incidents linked as the same, or perhaps the same: one nation has its own over, the other holds its own open.

    A stream merged into another is not over: what became of its people is said on the other.
    """
    for nation, (stance, over) in here.items():
        for other, (still, fact) in there.items():
            if nation != other and stance in ("closed", "safe") and still == "open" and here.get(other, ("",))[0] != "merged":
                yield _one_nation_only(stance, over, nation, fact, other)


def _one_nation_only(stance: str, over: Fact, nation: str, still: Fact, other: str) -> Clash:
    return Clash("C1", [over, still], {"stance": STANCES[stance], "over": nation, "open": other})


def _links(scene: Scene) -> Iterator[Fact]:
    """Links that say two streams are, or may be, the same."""
    for incident in scene.incidents.values():
        for link in incident.of("link"):
            if link.code == "possibly_same_as" or scene.absorbed.get(incident.stream) is link:
                yield link


# -- C2, C3, C4: sums ----------------------------------------------------------------------------------------------------------


def _rescued_and_landed(scene: Scene, instant: int) -> Iterator[Clash]:
    for group in scene.groups.values():
        rescued, ends = group.of("rescued"), _ends(group)
        if rescued and ends and group.rescued != group.explained:
            sides = [*rescued, *ends, *lost(group.of("casualty"))]
            yield Clash("C2", sides, {"rescued": group.rescued, "explained": group.explained})


def _aboard_and_accounted(scene: Scene, instant: int) -> Iterator[Clash]:
    for group in scene.groups.values():
        stated, ends = [m.aboard for m in group.members if m.aboard is not None], _ends(group)
        if stated and ends:
            # Incidents merged into one are one boat: its number is the highest stated, not the sum.
            most = max(stated, key=number_aboard)
            accounted = sum(m.accounted for m in group.members)
            if number_aboard(most) > accounted:
                sides = [most, *ends, *lost(group.of("casualty"))]
                yield Clash("C3", sides, {"aboard": number_aboard(most), "accounted": accounted})


def _ends(group: Group) -> list[Fact]:
    """The landings, or else the closing of an incident: before either, nobody has said that it is all over."""
    landed = group.of("disembarked")
    if landed or group.is_open:
        return landed
    return [m.closing for m in group.members if m.closing is not None]


def _found_and_handed_over(scene: Scene, instant: int) -> Iterator[Clash]:
    for incident in scene.incidents.values():
        found, handed = incident.of("detection"), incident.of("handover")
        if found and handed:
            counts = {"found": persons(found), "accepted": persons(handed), "refused": persons(incident.of("not_accepted"))}
            if counts["found"] != counts["accepted"] + counts["refused"]:
                yield Clash("C4", [*found, *handed], counts)


# -- C5, C7: questions left open ---------------------------------------------------------------------------------------------


def _undecided(scene: Scene, instant: int) -> Iterator[Clash]:
    for incident in scene.incidents.values():
        for link in incident.of("link"):
            minutes = (instant - link.recorded_at) // MINUTE
            if link.code == "possibly_same_as" and minutes >= UNDECIDED_MINUTES and not _is_decided(link, scene):
                other = scene.incidents.get(link.subject)
                openings = [i.opening for i in (incident, other) if i is not None and i.opening is not None]
                yield Clash("C5", [link, *openings], {"minutes": minutes}, streams=(link.stream, link.subject))


def _is_decided(link: Fact, scene: Scene) -> bool:
    """Whether the two were made one, or one a part of the other; or neither is a distress at all."""
    pair = {link.stream, link.subject}
    known = [i for i in (scene.incidents.get(stream) for stream in sorted(pair)) if i is not None]
    if not any(i.is_distress for i in known):
        return True
    if any(f.code == "part_of" and {f.stream, f.subject} == pair for i in known for f in i.of("link")):
        return True
    return scene.root_of[link.stream] == scene.root_of.get(link.subject, link.subject)


def _unanswered_proposals(scene: Scene, instant: int) -> Iterator[Clash]:
    for incident in scene.incidents.values():
        proposals = incident.of("correction_proposal")
        answered = {f.subject for f in proposals if f.code != "proposed"}
        for proposal in proposals:
            if proposal.code == "proposed" and proposal.event not in answered:
                yield _unanswered_proposal(proposal, [f for f in incident.facts if f.event == proposal.subject])


def _unanswered_proposal(proposal: Fact, target: list[Fact]) -> Clash:
    """Only whoever made a statement corrects it; where it makes no fact now, the other nation's authorities are meant."""
    if target:
        return Clash("C7", [proposal, target[0]], {}, who=(target[0].authority,), streams=(proposal.stream,))
    label = details(proposal).get("target_label", proposal.subject)
    unspoken = {"event": proposal.subject, "label": label, "position": None, "authority": None}
    other = tuple(n for n in NATIONS if n != proposal.nation)
    return Clash("C7", [proposal], {}, unspoken=(unspoken,), who=other, streams=(proposal.stream,))


# -- C6: positions too far apart ---------------------------------------------------------------------------------------------


def _too_far_apart(scene: Scene, instant: int) -> Iterator[Clash]:
    for group in scene.groups.values():
        found = furthest_apart([f for m in group.members for f in m.positions])
        if found is not None:
            yield Clash("C6", [found.first, found.second], {"metres": found.metres, "minutes": found.minutes})


# -- C8: two authorities, two counts of one thing ----------------------------------------------------------------------------


def _different_counts(scene: Scene, instant: int) -> Iterator[Clash]:
    for group in scene.groups.values():
        yield from _of_one_craft(group)
        yield from _of_those_aboard(group)
    for incident in scene.incidents.values():
        handed = incident.of("handover")
        for disputed in incident.of("handover_disputed"):
            said = [f for f in handed if f.authority != disputed.authority and f.origin < disputed.origin]
            if said and said[-1].quantity != disputed.quantity:
                yield _two_counts("handover", said[-1], said[-1].quantity, disputed, disputed.quantity)


def _of_one_craft(group: Group) -> Iterator[Clash]:
    """People taken from one craft by one rescuer, or landed from it at one place, counted by two authorities."""
    things: dict[tuple[str, str, str, str, str], dict[str, list[Fact]]] = {}
    for fact in group.of("rescued", "disembarked"):
        if fact.subject:
            thing = (fact.kind, fact.subject, fact.about, fact.side, str(details(fact).get("landed_at", "")))
            things.setdefault(thing, {}).setdefault(fact.authority, []).append(fact)
    for thing, by_authority in things.items():
        first, *others = by_authority.values()
        for other in others:
            if persons(first) != persons(other):
                yield _two_counts(thing[0], first[-1], persons(first), other[-1], persons(other))


def _of_those_aboard(group: Group) -> Iterator[Clash]:
    """Two authorities' last words on how many are aboard, where no number fits both."""
    latest: dict[str, Fact] = {}
    for fact in group.of("incident", "update"):
        if "persons_on_board" in fact.detail:
            latest[fact.authority] = fact
    stated = sorted(latest.values(), key=lambda f: details(f)["persons_on_board"]["min"])
    if len(stated) > 1:
        low = min(stated, key=lambda f: details(f)["persons_on_board"]["max"])
        high = stated[-1]
        one, other = (details(f)["persons_on_board"] for f in (low, high))
        if one["max"] < other["min"]:
            yield _two_counts("aboard", low, one["max"], high, other["min"])


def _two_counts(thing: str, one: Fact, first: int, other: Fact, second: int) -> Clash:
    values = {"thing": THINGS[thing], "first": one.authority, "one": first, "second": other.authority, "other": second}
    return Clash("C8", [one, other], values)


RULES: dict[str, Rule] = {
    "C1": _open_and_over,
    "C2": _rescued_and_landed,
    "C3": _aboard_and_accounted,
    "C4": _found_and_handed_over,
    "C5": _undecided,
    "C6": _too_far_apart,
    "C7": _unanswered_proposals,
    "C8": _different_counts,
}
