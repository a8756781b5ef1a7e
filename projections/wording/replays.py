"""How a replay tells what an event said, and what it changed."""

from __future__ import annotations

from collections.abc import Mapping

from projections.wording.typography import words

STATEMENT = words("{name}: {parts}", "{name} : {parts}")
CORRECTED = words("{label} corrected: {what}", "{label} rectifié : {what}")
WITHDRAWN = words("{label} no longer stands: {what}", "{label} ne vaut plus : {what}")
RESTORED = words("{label} stands again: {what}", "{label} est rétabli : {what}")
CHANGE = words("{name}, {column} {before} → {after}", "{name}, {column} {before} → {after}")
NAMED = words("{name} ({code})", "{name} ({code})")
NOTHING = words("nothing", "néant")
JOINED = words("; ", " ; ")

# Units whose number is said; of events, notices and cases there is one each, and "1" would tell nothing.
NUMBERED_UNITS = frozenset({"person", "person-attempt", "person-detection", "person × procedure"})

# Kinds whose number and category make one expression: 60 repelled, 1 dead.
COUNTED_AS = frozenset({"attempt", "casualty", "not_accepted", "detection", "protection_need"})

# Columns named after the phrase, by kind of fact.
EXTRAS: Mapping[str, tuple[str, ...]] = {
    "notified": ("party",),
    "assistance": ("subject",),
    "coordination": ("party",),
    "asset": ("subject",),
    "rescued": ("subject",),
    "disembarked": ("subject", "side"),
    "link": ("subject",),
    "link_withdrawn": ("subject",),
    "search": ("subject",),
    "handover": ("party",),
    "decision_step": ("about",),
    "correction": (),
    "report": ("party", "about"),
    "reconciliation": ("about",),
    "reconciliation_step": ("about", "party"),
    "ruleset": ("about",),
}
