"""Random lawful nights in scenario form: `random_night(seed, size)` for campaigns, `nights()` for hypothesis.

Both tell their events through the same acts, so a seed and a shrunk example read alike. `lives.breaches` says whether a night
is lawful, independently of how it was told.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.oracle import amendments
from tests.oracle import incident_acts as incident
from tests.oracle import other_acts as other
from tests.oracle.scene import FIRST_DAYS, scenario_of
from tests.oracle.teller import Teller


def random_night(seed: int, size: int = 30) -> dict[str, Any]:
    """The same night for the same seed and size, on any machine: a scenario dict of `size` events over two to three days."""
    rng = Random(seed)
    return tell_a_night(rng, size, f"random night, seed {seed}, {size} events")


@st.composite
def nights(draw: st.DrawFn, min_size: int = 10, max_size: int = 60) -> dict[str, Any]:
    """Lawful nights; hypothesis owns the randomness, so a failing one shrinks. See also shrink.py."""
    size = draw(st.integers(min_size, max_size))
    return tell_a_night(draw(st.randoms(use_true_random=False)), size, "a night drawn by hypothesis")


def tell_a_night(rng: Random, size: int, title: str) -> dict[str, Any]:
    teller = Teller(rng, size, rng.choice(FIRST_DAYS), rng.uniform(2.0, 3.0))
    acts, weights = [act for act, _ in ACTS], [weight for _, weight in ACTS]
    tries = 0
    while len(teller.events) < size:
        act = rng.choices(acts, weights)[0] if tries < 40 else incident.open_incident  # an opening is always possible
        before = len(teller.events)
        act(teller)
        tries = tries + 1 if len(teller.events) == before else 0
    return scenario_of(title, teller.events)


ACTS: tuple[tuple[Callable[[Teller], object], float], ...] = (
    (incident.open_incident, 6),
    (incident.attempt, 9),
    (incident.rescued, 4),
    (incident.disembarked, 6),
    (incident.casualty, 5),
    (incident.sheltered, 2),
    (incident.updated, 2),
    (incident.notified, 2),
    (incident.acknowledged, 2),
    (incident.requested, 2),
    (incident.granted, 1),
    (incident.declined, 1),
    (incident.prevented, 4),
    (incident.disruption, 1),
    (incident.step("incident.confirmed", ("reported", "unfounded")), 3),
    (incident.step("incident.declared_unfounded", ("reported", "confirmed")), 4),
    (incident.step("incident.resolved", ("reported", "confirmed", "reopened")), 3),
    (incident.step("incident.closed", ("resolved",)), 7),
    (incident.step("incident.reopened", ("closed",)), 5),
    (incident.link, 9),
    (incident.withdraw_link, 4),
    (other.search, 4),
    (other.detect, 8),
    (other.hand_over, 7),
    (other.protection_need, 2),
    (other.open_case, 4),
    (other.arrest, 6),
    (other.heard_or_retained, 3),
    (other.decide, 4),
    (other.withdraw_decision, 6),
    (other.dismantled, 1),
    (amendments.correct, 22),
    (amendments.correct_a_correction, 9),
    (amendments.propose, 1.5),
)
