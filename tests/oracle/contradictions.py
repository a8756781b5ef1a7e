"""C2, C3, C4, C5, C7 and C8 (figures.md, section 2). C1 and C6 need what the text does not give: another view, a distance.

Each is (code, refs of the statements that disagree, sorted), within what one view holds. A sum across events is a contradiction
only once both of its sides have been stated, because each "names both events".
"""

from __future__ import annotations

from datetime import timedelta

from tests.oracle.model import Event, Log, Night, counted, instant, live_links, reference, root_of, seen
from tests.oracle.situation import accounted_for, distress, in_group, safe_or_lost, stated_aboard, statements_aboard

Contradiction = tuple[str, list[str]]
UNDECIDED_FOR = timedelta(minutes=30)


def contradictions(night: Night, view: str, as_of: str) -> list[Contradiction]:
    log = seen(night, view, as_of)
    return sorted(
        rescued_against_landed(log)
        + aboard_against_accounted(log)
        + found_against_handed_over(log)
        + undecided_links(log, as_of)
        + proposals_unanswered(log)
        + two_counts_of_one_thing(log)
    )


def refs(events: list[Event]) -> list[str]:
    return sorted(e["ref"] for e in events)


def lost_of(events: list[Event]) -> list[Event]:
    return [e for e in events if e["data"]["severity"] in ("fatal", "missing")]


def rescued_against_landed(log: Log) -> list[Contradiction]:
    """C2, by root: Σ rescued ≠ Σ disembarked + unaccounted + dead + missing."""
    result = []
    for root in sorted({root_of(log, e["stream"]) for _, e in counted(log, "incident.persons_rescued")}):
        rescued = in_group(log, root, "incident.persons_rescued")
        landed = in_group(log, root, "incident.persons_disembarked")
        lost = lost_of(in_group(log, root, "incident.casualty_recorded"))
        if landed and sum(e["data"]["persons"] for e in rescued) != safe_or_lost(log, root):
            result.append(("C2", refs(rescued + landed + lost)))
    return result


def aboard_against_accounted(log: Log) -> list[Contradiction]:
    """C3, each distress incident for itself: the latest stated persons on board > landed + dead + missing."""
    result = []
    for stream in distress(log):
        statements, aboard = statements_aboard(log, stream), stated_aboard(log, stream)
        landed = [e for _, e in counted(log, "incident.persons_disembarked") if e["stream"] == stream]
        lost = lost_of([e for _, e in counted(log, "incident.casualty_recorded") if e["stream"] == stream])
        if aboard is not None and landed and aboard > accounted_for(log, stream):
            result.append(("C3", refs([statements[-1], *landed, *lost])))
    return result


def found_against_handed_over(log: Log) -> list[Contradiction]:
    """C4, by interception stream: Σ found ≠ Σ accepted + Σ not accepted."""
    result = []
    for stream in sorted({e["stream"] for _, e in counted(log, "interception.recorded")}):
        found = [e for _, e in counted(log, "interception.recorded") if e["stream"] == stream]
        handed = [e for _, e in counted(log, "interception.handed_over") if e["stream"] == stream]
        answered = sum(e["data"]["accepted"] + sum(n["count"] for n in e["data"].get("not_accepted", [])) for e in handed)
        if handed and sum(e["data"]["persons"] for e in found) != answered:
            result.append(("C4", refs(found + handed)))
    return result


def undecided_links(log: Log, as_of: str) -> list[Contradiction]:
    """C5: a possibly_same_as touching a distress, recorded 30 minutes ago or longer, with no later link between the two."""
    result = []
    for position, link in live_links(log):
        pair = {link["stream"], link["data"]["to"]}
        decided = [
            e
            for later, e in live_links(log)
            if later > position and e["data"]["relation"] != "possibly_same_as" and {e["stream"], e["data"]["to"]} == pair
        ]
        long_ago = instant(as_of) - instant(link["recorded_at"]) >= UNDECIDED_FOR
        if link["data"]["relation"] == "possibly_same_as" and long_ago and not decided and pair & set(distress(log)):
            result.append(("C5", [link["ref"]]))
    return result


def proposals_unanswered(log: Log) -> list[Contradiction]:
    """C7: a correction.proposed that no correction.accepted or correction.rejected names."""
    answers = counted(log, "correction.accepted") + counted(log, "correction.rejected")
    answered = [reference(e["data"]["proposal"]) for _, e in answers]
    open_ = [e for _, e in counted(log, "correction.proposed") if e["ref"] not in answered]
    return [("C7", sorted([e["ref"], reference(e["data"]["target"])])) for e in open_]


def two_counts_of_one_thing(log: Log) -> list[Contradiction]:
    """C8, the narrow reading: two authorities rescue, or land, one craft in one incident, and their numbers differ."""
    result = []
    for kind in ("incident.persons_rescued", "incident.persons_disembarked"):
        every = [e for _, e in counted(log, kind) if e["data"].get("craft")]
        for number, one in enumerate(every):
            for other in every[number + 1 :]:
                same = one["stream"] == other["stream"] and one["data"]["craft"] == other["data"]["craft"]
                if same and one["authority"] != other["authority"] and one["data"]["persons"] != other["data"]["persons"]:
                    result.append(("C8", refs([one, other])))
    return result
