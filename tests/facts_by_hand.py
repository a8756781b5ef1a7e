"""Facts made by hand, so that a story of the situation needs no log: who says what, when, on which stream."""

import json

import msgspec

from ledger.formats.entry import parse_instant
from projections.fact import Fact
from projections.situation import pending, situation

NATION = {
    **dict.fromkeys(("CROSS", "PAF", "PREF62", "SNSM", "PARQUET-BLM"), "FR"),
    **dict.fromkeys(("DOVER", "BF", "KENTPOL", "CORONER-KENT"), "GB"),
    "ET": "OPERATOR",
}
UNITS = {"rescued": "person", "disembarked": "person", "casualty": "person", "attempt": "person-attempt"}
DISTRESS = "small_boat_distress"


def instant(clock: str) -> int:
    """A time of the night of 27 August 2015 (or a whole instant) as microseconds."""
    return parse_instant(clock if "T" in clock else f"2015-08-27T{clock}:00.000000Z")


class Story:
    """Facts in the order they were recorded. The clock stands still until `at` moves it."""

    def __init__(self):
        self.facts = []
        self.position = 0
        self.clock = instant("01:00")

    def at(self, clock):
        self.clock = instant(clock)
        return self

    def says(self, authority, kind, stream, code="", quantity=1, *, detail=None, label=None, occurred=None, **columns):
        """One event with one fact; the fact."""
        self.position += 1
        event = f"event-{self.position}"
        fact = Fact(
            kind=kind,
            stream=stream,
            event=event,
            label=label or event,
            origin=self.position,
            stated=self.position,
            ordinal=0,
            occurred_at=instant(occurred) if occurred else self.clock,
            recorded_at=self.clock,
            authority=authority,
            nation=NATION[authority],
            authority_path=f"|{authority}|",
            code=code,
            quantity=quantity,
            unit=UNITS.get(kind, "event"),
            detail=json.dumps(detail, separators=(",", ":"), sort_keys=True) if detail else "",
            party_path=f"|{columns['party']}|" if columns.get("party") else "",
            **columns,
        )
        self.facts.append(fact)
        return fact

    def ends(self, fact):
        """The last event ended this fact."""
        self.facts[self.facts.index(fact)] = msgspec.structs.replace(fact, ended=self.position)

    def corrects(self, fact, kind="amend", **columns):
        """A correction by whoever made the statement; with no columns it is retracted. The restated fact, or None."""
        self.says(fact.authority, "correction", fact.stream, kind if columns else "retract", subject=fact.event, about="x")
        self.ends(fact)
        if not columns:
            return None
        restated = msgspec.structs.replace(fact, stated=self.position, **columns)
        self.facts.append(restated)
        return restated

    def withdraws(self, authority, link):
        """A link is withdrawn."""
        self.says(authority, "link_withdrawn", link.stream, subject=link.event)
        self.ends(link)

    def distress(self, stream, authority, aboard=None, **columns):
        """A boat in distress is reported."""
        detail = {"persons_on_board": {"min": aboard, "max": aboard}} if aboard is not None else None
        return self.says(authority, "incident", stream, DISTRESS, detail=detail, **columns)

    def links(self, authority, stream, to, code="duplicate_of", basis="fact", has_text=True):
        """Two incidents are said to be one, or perhaps one."""
        detail = {"basis": basis, "confidence": "high", **({"has_text": True} if has_text else {})}
        return self.says(authority, "link", stream, code, subject=to, detail=detail)

    def live(self, position=None):
        """Facts live at a position, or now."""
        at = self.position if position is None else position
        return [f for f in self.facts if f.stated <= at < f.ended]

    def now(self, clock=None, view="GB"):
        """The situation, now or at a later time of the night."""
        return situation(self.live(), instant(clock) if clock else self.clock, view)

    def codes(self, clock=None):
        """The codes of contradictions open now."""
        return [row["code"] for row in self.now(clock)["contradictions"]]

    def pending(self, stream):
        """Whether a stream may show something without a new event."""
        return pending([f for f in self.live() if f.stream == stream])
