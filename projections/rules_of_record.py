"""Which facts are made by types that speak of other events, of reports or of the centre itself: corrections, reports, what
differs between them, rulesets, watches. `RULES` has those of rules.py and these: whoever makes facts takes it from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ledger.events.base import Event
from projections.rules import EVENT, RULES, Part, detail, has_text, rule

__all__ = ["RULES"]


@rule("correction.recorded")
def _correction(e: Event, find: Any) -> Iterable[Part]:
    more = detail(reason_code=e.data.reason_code, has_text=has_text(e))
    target = find(e.data.target)
    about = target.header.type if target is not None else ""
    yield {
        "kind": "correction",
        "about": about,
        "code": e.data.kind,
        "quantity": 1,
        "unit": EVENT,
        "subject": e.data.target,
        "detail": more,
    }


@rule("correction.proposed", "correction.accepted", "correction.rejected")
def _proposal(e: Event, find: Any) -> Iterable[Part]:
    code = e.header.type.split(".")[1]
    subject = getattr(e.data, "proposal", None) or e.data.target
    target = find(subject)
    more = detail(target_label=target.header.source.ref) if target is not None else ""
    yield {"kind": "correction_proposal", "code": code, "quantity": 1, "unit": EVENT, "subject": subject, "detail": more}


@rule("report.issued")
def _report(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    more = detail(
        revision=d.revision, position=d.position, figures=d.figures, ruleset=d.ruleset, nation=d.nation, as_of=d.as_of,
        withheld=d.withheld or None, supersedes=d.supersedes,
    )  # fmt: skip
    yield {"kind": "report", "code": d.status, "quantity": 1, "unit": EVENT, "about": d.day, "party": d.nation, "detail": more}


@rule("report.received", "report.observation")
def _report_step(e: Event, find: Any) -> Iterable[Part]:
    code = "received" if e.header.type == "report.received" else "observed"
    about = getattr(e.data, "figure", None) or ""
    yield {
        "kind": "report_step",
        "code": code,
        "quantity": 1,
        "unit": EVENT,
        "subject": e.data.report,
        "about": about,
        "detail": detail(sha256=getattr(e.data, "sha256", None), has_text=has_text(e)),
    }


@rule("reconciliation.recorded")
def _reconciliation(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    more = detail(
        gb=d.gb, fr=d.fr, steps=d.steps or None, unexplained=d.unexplained, position=d.position, content_sha256=d.content_sha256
    )
    yield {"kind": "reconciliation", "code": d.pair, "quantity": 1, "unit": EVENT, "about": d.gb.day, "detail": more}


@rule("reconciliation.item_agreed", "reconciliation.item_disputed")
def _position_taken(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    more = detail(dimension=d.dimension, delta=d.delta, reason_code=d.reason_code, has_text=has_text(e))
    code = e.header.type.rsplit("_", 1)[1]
    yield {"kind": "reconciliation_step", "code": code, "quantity": 1, "unit": EVENT, "subject": d.reconciliation,
           "about": d.key, "detail": more}  # fmt: skip


@rule("reconciliation.withheld_declared", "reconciliation.signed_off")
def _reconciliation_step(e: Event, find: Any) -> Iterable[Part]:
    d = e.data
    code = e.header.type.rsplit(".", 1)[1].removeprefix("withheld_")
    yield {"kind": "reconciliation_step", "code": code, "quantity": 1, "unit": EVENT, "subject": d.reconciliation,
           "party": getattr(d, "nation", None) or "", "detail": detail(size=getattr(d, "size", None))}  # fmt: skip


@rule("ruleset.adopted")
def _ruleset(e: Event, find: Any) -> Iterable[Part]:
    yield {"kind": "ruleset", "code": e.data.ruleset, "quantity": 1, "unit": EVENT, "about": e.data.nation}


@rule("watch.opened", "watch.handed_over", "watch.closed")
def _watch(e: Event, find: Any) -> Iterable[Part]:
    yield {"kind": "watch", "code": e.header.type.split(".")[1], "quantity": 1, "unit": EVENT}
