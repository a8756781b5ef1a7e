"""The readings there are: a third nation or a joint view is one file beside british.py and french.py, and one line here."""

from __future__ import annotations

from collections.abc import Iterable

from ledger import errors
from projections.british import GB1
from projections.fact import Fact
from projections.french import FR1
from projections.ruleset import Ruleset

RULESETS: dict[str, Ruleset] = {r.name: r for r in (GB1, FR1)}
FIRST: dict[str, Ruleset] = {"GB": GB1, "FR": FR1}
NATIONS = tuple(FIRST)


def ruleset_in_force(nation: str, adopted: Iterable[Fact]) -> Ruleset:
    """The ruleset a nation reads by: the last one adopted among these facts (live at the instant asked for), else its first."""
    names = [f.code for f in adopted if f.about == nation]
    name = names[-1] if names else FIRST[nation].name
    if name not in RULESETS:
        raise errors.BadQuestion(
            f"the log adopts the ruleset {name}, which this version does not know", remedy="upgrade entente"
        )
    return RULESETS[name]
