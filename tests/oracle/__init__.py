"""A second calculation of everything in figures.md, written from the design texts alone and deliberately naive.

Plain lists, no indexes, no state carried from one question to the next: every answer starts again from the first event. It
shares no code with `ledger` or `projections`, so that an agreement between the two means something.
"""

from tests.oracle.contradictions import contradictions
from tests.oracle.figures import beside, figures, people
from tests.oracle.model import Night, night_of
from tests.oracle.nights import nights, random_night
from tests.oracle.reconcile import reconcile
from tests.oracle.situation import situation

__all__ = [
    "Night",
    "beside",
    "contradictions",
    "figures",
    "night_of",
    "nights",
    "people",
    "random_night",
    "reconcile",
    "situation",
]
