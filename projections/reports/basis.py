"""What a figure rests on that the other nation does not see: told to the official before issuing, and to nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from projections import figures as figure
from projections.fact import Fact
from projections.figures import Group, groups_of, kinds_of
from projections.ruleset import Indicator, Ruleset
from projections.view import OWN, SHARED, Moment


class Basis:
    """The facts of one reporting day, as their nation sees them and as both may see them."""

    def __init__(self, moment: Moment, ruleset: Ruleset, window: tuple[int, int]) -> None:
        kinds = kinds_of(ruleset)
        self.ruleset = ruleset
        self._stored = (moment, kinds, window)
        self.facts: dict[str, Sequence[Fact]] = {
            "national": moment.store.of_kinds(moment.generation, kinds, window, moment.position, OWN),
            "shared": moment.store.of_kinds(moment.generation, kinds, window, moment.position, SHARED),
        }
        self.groups: dict[str, Sequence[Group]] = {edition: groups_of(facts) for edition, facts in self.facts.items()}

    def value(self, indicator: Indicator, edition: str = "national") -> int:
        """A figure over what an edition's readers see."""
        return figure.value(indicator, self.groups[edition])

    def people(self, edition: str) -> dict[str, Any]:
        """People protected and harmed, over what an edition's readers see."""
        return figure.people(self.groups[edition])

    def stored_groups(self) -> Sequence[Group]:
        """The same facts of the nation's own, added up by the store."""
        moment, kinds, window = self._stored
        return moment.store.groups(moment.generation, kinds, window, moment.position)

    def sealed(self) -> dict[str, dict[str, Any]]:
        """By code, each figure that rests on what was sealed: {"value", "communicated", "events": [ids of sealed events]}.

        A figure whose value is the same either way is named too where sealed facts are among its lines. `people` likewise.
        """
        found = {}
        for indicator in self.ruleset.indicators:
            own, both = self.value(indicator), self.value(indicator, "shared")
            events = [f.event for f in self.facts["national"] if f.reading == "own" and indicator.admits(f)]
            if own != both or events:
                found[indicator.code] = {"value": own, "communicated": both, "events": sorted(set(events))}
        return found


def revealing(ruleset: Ruleset, withheld: frozenset[str]) -> dict[str, list[str]]:
    """Withheld figures that others, left standing, give away: by code, the figures that add up to it or that it adds up with.

    A figure and its parts (F1 and F1.repelled …) are one sum: with all but one of them known, so is that one.
    """
    families: dict[str, list[str]] = {}
    for indicator in (i for i in ruleset.indicators if not i.beside):
        families.setdefault(indicator.code.split(".")[0], []).append(indicator.code)
    found = {}
    for family in families.values():
        hidden = [code for code in family if code in withheld]
        if len(family) > 2 and len(hidden) == 1:
            found[hidden[0]] = [code for code in family if code not in withheld]
    return found
