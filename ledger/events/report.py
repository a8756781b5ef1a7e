"""Reports and reconciliations. What was issued never changes; that a revision is due is derived by the view, not an event."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ledger.errors import Malformed
from ledger.events.base import Data, Nation, event_type
from ledger.events.values import (
    AtPosition,
    Code,
    Day,
    Delta,
    FigureCode,
    Instant,
    Quantity,
    Reference,
    Sha256,
    Size,
    Value,
)

Figures = Annotated[dict[FigureCode, Quantity], Meta(max_length=512, description="figure → value")]
Breakdown = Annotated[dict[FigureCode, Quantity], Meta(max_length=64)]
People = Annotated[dict[FigureCode, Quantity | Breakdown], Meta(max_length=128, description="persons, some by who they are")]
Pair = Annotated[str, Meta(pattern=r"^P[1-9][0-9]?$(?!\n)", description="pair of figures")]
DifferenceReason = Annotated[str, Meta(pattern=r"^R[0-9]{2}$(?!\n)", description="reason of a difference")]
Dimension = Literal["withheld_by_gb", "as_of", "window", "scope", "category", "withheld_by_fr"]


class Withheld(Value, frozen=True):
    """A figure its nation does not communicate; with `size` it is declared how much."""

    code: FigureCode
    size: Quantity | None = None


@event_type("report.issued", en="Report issued", fr="Bulletin diffusé", signers="official", makes_facts=True)
class ReportIssued(Data, frozen=True):
    """Signed by the nation's official, bound to a position and to the rules and code that make it recomputable.

    `figures` are those communicated to both nations, `code` is the version of the software, `as_of` the instant it was drawn at
    and `final_size` how much of the log both nations had co-signed by then; `checkpoint_root` is the root over `position`
    entries, hexadecimal. `document_sha256` is the digest of the document's content, `facts_sha256` of the facts under it.
    The national edition is in its nation's own section, `gb` or `fr`.
    """

    nation: Nation
    day: Day
    status: Literal["provisional", "revised", "settled"]
    revision: Annotated[int, Meta(ge=0, le=100_000)]
    position: Annotated[int, Meta(ge=0, le=2**53 - 1, description="the report's as-of: 0 for an empty log")]
    ruleset: Code
    tzdata: Code
    code: Code
    figures: Figures
    people: People | None = None
    withheld: Annotated[tuple[Withheld, ...], Meta(max_length=256)] = ()
    checkpoint_root: Code | None = None
    as_of: Instant | None = None
    final_size: Size | None = None
    facts_sha256: Sha256 | None = None
    document_sha256: Sha256 | None = None
    renderer: Code | None = None
    content_sha256: Sha256 | None = None
    unsigned_pdf_sha256: Sha256 | None = None
    signed_pdf_sha256: Sha256 | None = None
    supersedes: Reference | None = None

    def check(self) -> None:
        for n, withheld in enumerate(self.withheld):
            if withheld.code in self.figures:
                raise Malformed(f"{withheld.code} is both communicated and withheld", field=f"data.withheld.{n}.code")


@event_type("report.received", en="Report received", fr="Bulletin reçu", makes_facts=True)
class ReportReceived(Data, frozen=True):
    """The recipient says that it has the report, and the digest of what it has."""

    report: Reference
    sha256: Sha256 | None = None


@event_type(
    "report.observation",
    en="Observation on a report",
    fr="Observation sur un bulletin",
    text=("observation",),
    signers="official",
    makes_facts=True,
)
class ReportObservation(Data, frozen=True):
    """The other official comments; it never blocks anything."""

    report: Reference
    figure: FigureCode | None = None


class ReconciledEnd(Value, frozen=True):
    """One end of a reconciliation: whose reporting day, as known when, by which report.

    `value` is the report's figure; where the report withholds it, what both nations may see, and the size declared with it.
    """

    day: Day
    as_of: Instant
    value: Quantity
    report: Reference | None = None


class ReconciledStep(Value, frozen=True):
    """What one dimension changes, in total."""

    dimension: Dimension
    delta: Delta


@event_type(
    "reconciliation.recorded",
    en="Reconciliation of figures",
    fr="Rapprochement des chiffres",
    makes_facts=True,
)
class ReconciliationRecorded(Data, frozen=True):
    """London's figure and Paris's, and the steps between them. The steps sum exactly; what is left is `unexplained`.

    `position` is where it was computed; `content_sha256` is of all that both nations compute alike: the ends, the steps between
    them by event, and what either side does not communicate (projections/reports/reconciled.py).
    """

    pair: Pair
    gb: ReconciledEnd
    fr: ReconciledEnd
    steps: Annotated[tuple[ReconciledStep, ...], Meta(max_length=16)] = ()
    unexplained: Delta = 0
    position: AtPosition | None = None
    content_sha256: Sha256 | None = None

    def check(self) -> None:
        told = self.gb.value + sum(step.delta for step in self.steps) + self.unexplained
        if told != self.fr.value:
            raise Malformed(
                f"{self.gb.value} and the steps make {told}, not {self.fr.value}",
                field="data.steps",
                remedy="what no step explains is `unexplained`",
            )


@event_type(
    "reconciliation.item_agreed",
    en="Difference agreed",
    fr="Écart accepté",
    text=("comment",),
    signers="official",
    makes_facts=True,
)
class ReconciliationItemAgreed(Data, frozen=True):
    """One key (an event, a stream or a suspect) is agreed, in one step or in all; `delta` is what is agreed to."""

    reconciliation: Reference
    key: Code
    dimension: Dimension | None = None
    delta: Delta | None = None
    reason_code: DifferenceReason | None = None


@event_type(
    "reconciliation.item_disputed",
    en="Difference disputed",
    fr="Écart contesté",
    text=("comment",),
    signers="official",
    makes_facts=True,
)
class ReconciliationItemDisputed(Data, frozen=True):
    """One key is disputed, in one step or in all."""

    reconciliation: Reference
    key: Code
    dimension: Dimension | None = None
    delta: Delta | None = None
    reason_code: DifferenceReason | None = None


@event_type(
    "reconciliation.withheld_declared",
    en="Withheld quantity declared",
    fr="Part non communiquée déclarée",
    signers="official",
    makes_facts=True,
)
class ReconciliationWithheldDeclared(Data, frozen=True):
    """A nation says that its end rests on what it does not communicate, and how much if it wishes."""

    reconciliation: Reference
    nation: Nation
    size: Delta | None = None


@event_type(
    "reconciliation.signed_off",
    en="Signed off by both parties",
    fr="Visé par les deux parties",
    signers="both_nations",
    makes_facts=True,
)
class ReconciliationSignedOff(Data, frozen=True):
    """Both nations sign one event: this is how they read the difference, what is disputed or unexplained in it included."""

    reconciliation: Reference
