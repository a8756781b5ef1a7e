"""What figures count is not moved by what groups incidents, nor by what takes names away (docs/decisions/0020)."""

from __future__ import annotations

import pytest

from ledger.events import NEWEST
from projections.figures import kinds_of
from projections.nations import RULESETS
from projections.reconciliation import KEYS, PAIRS

LINKS = {"link", "link_withdrawn"}
FAMILIES = ("hold.", "restriction.", "erasure.", "rights.", "retention.")


@pytest.mark.parametrize("ruleset", RULESETS.values(), ids=lambda r: r.name)
def test_linking_two_boats_takes_nobody_out_of_a_figure(ruleset) -> None:  # type: ignore[no-untyped-def]
    assert not LINKS & kinds_of(ruleset)
    assert {indicator.counting for indicator in ruleset.indicators} <= {"sum", "facts", "distinct", "pounds"}


def test_no_pair_is_reconciled_by_groups_of_incidents() -> None:
    """Were one, a step could be owed to a link, and would need its reason."""
    assert {pair.key for pair in PAIRS.values()} <= KEYS.keys() == {"event", "stream", "subject"}


def test_what_is_kept_restricted_or_erased_makes_no_fact() -> None:
    found = [row for name, row in NEWEST.items() if name.startswith(FAMILIES)]
    assert len(found) > 5 and not [row.name for row in found if row.makes_facts]
