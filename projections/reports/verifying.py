"""A report held against the log: everything it says computed again, from its own nation's view or from the other's alone.

Pure but for the view it asks. The other nation cannot compute what rests on facts it does not see: the difference is then told
as what is not communicated, never as a fault.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from ledger import errors
from ledger.events.report import ReportIssued
from projections.reports import content as contents
from projections.reports.basis import Basis
from projections.reports.bound import Edition, Log, Terms, facts_digest
from projections.reports.draft import figures_digest
from projections.view import Moment
from projections.wording import verifying as wording
from projections.wording.typography import Words

GRACE = 5_000_000
"""How long, in microseconds, an entry may have been on its way to the log when a report was drawn."""

State = Literal["ok", "wrong", "not_communicated", "not_here"]


class Check(msgspec.Struct, frozen=True):
    """One thing held against the log. `state`: not_communicated and not_here are no faults; the first says what the other
    nation's figure has beyond what is seen here, the second why something cannot be checked here. `told` says it in both
    languages, and nothing where there is nothing to say.
    """

    what: str
    state: State
    told: Words = wording.NOTHING

    def as_dict(self) -> dict[str, Any]:
        """{"what", "state", "told": {"en", "fr"}}."""
        return {"what": self.what, "state": self.state, "told": self.told._asdict()}


def verify(
    now: Moment, said: ReportIssued, own: Mapping[str, Any] | None, log: Log
) -> tuple[list[Check], dict[Edition, dict[str, Any]]]:
    """(each check, the content of each edition as computed here). `own` is the national edition's section, where it opens.

    Raises BadQuestion where the view has not come as far as the report.
    """
    try:
        terms = Terms.of(said)
    except errors.BadQuestion:
        return _figures_alone(said, wording.NOT_BOUND), {}
    try:
        moment = terms.moment(now)
    except errors.BadQuestion:
        return _figures_alone(said, wording.NOT_REACHED), {}
    ruleset = moment.ruleset(said.nation)
    if (unknown := terms.unknown_here(ruleset)) is not None:
        return _figures_alone(said, unknown), {}
    found = [_root(said, log), _instant(terms, moment), _digest("content_sha256", said.content_sha256, said)]
    basis = Basis(moment, ruleset, ruleset.window(terms.day))
    found.append(_same("facts_sha256", said.facts_sha256, facts_digest(basis.facts["shared"])))
    if now.nation != said.nation:
        return found + _from_the_other_side(said, basis), {}
    return found + _from_its_own(said, own, basis, made := _made(terms, now, log, own)), made


def _made(terms: Terms, now: Moment, log: Log, own: Mapping[str, Any] | None) -> dict[Edition, dict[str, Any]]:
    made: dict[Edition, dict[str, Any]] = {"shared": contents.content(terms, now, log, "shared")}
    return {**made, "national": contents.content(terms, now, log, "national")} if own is not None else made


def _from_its_own(
    said: ReportIssued, own: Mapping[str, Any] | None, basis: Basis, made: Mapping[Edition, dict[str, Any]]
) -> list[Check]:
    """What its own nation can hold it to: every figure, the sizes it declares, both contents."""
    values = {i.code: basis.value(i) for i in basis.ruleset.indicators}
    found = [_figure(f"figure {code}", value, values.get(code)) for code, value in said.figures.items()]
    for withheld in said.withheld:
        indicator = basis.ruleset.indicator(withheld.code)
        if withheld.size is not None and indicator is not None:
            size = abs(basis.value(indicator) - basis.value(indicator, "shared"))
            found.append(_same(f"withheld {withheld.code}", str(withheld.size), str(size)))
    is_told = said.people is None or dict(said.people) == made["shared"]["people"]
    found.append(Check("people", "ok" if is_told else "wrong", wording.NOTHING if is_told else wording.NOT_AS_THE_LOG))
    found.append(_same("document_sha256", said.document_sha256, contents.digest(made["shared"])))
    if own is None:
        return found
    found += [_figure(f"national figure {code}", value, values.get(code)) for code, value in own["figures"].items()]
    found.append(_same("national facts_sha256", own["facts_sha256"], facts_digest(basis.facts["national"])))
    return [*found, _same("national document_sha256", own["document_sha256"], contents.digest(made["national"]))]


def _from_the_other_side(said: ReportIssued, basis: Basis) -> list[Check]:
    """Each figure beside what both may see; what is left over is not communicated, and how much that is."""
    found = []
    for code, value in said.figures.items():
        indicator = basis.ruleset.indicator(code)
        seen = basis.value(indicator, "shared") if indicator is not None else 0
        if seen == value:
            found.append(Check(f"figure {code}", "ok"))
            continue
        told = wording.NOT_COMMUNICATED.format(said=value, seen=seen, more=f"{value - seen:+d}")
        found.append(Check(f"figure {code}", "not_communicated", told))
    found += [Check(f"figure {each.code}", "not_communicated", _declared(each.size)) for each in said.withheld]
    return [*found, Check("document_sha256", "not_here", wording.OWN_VIEW)]


def _declared(size: int | None) -> Words:
    return wording.WITHHELD if size is None else wording.WITHHELD_SIZE.format(size=size)


def _figure(name: str, value: int, computed: int | None) -> Check:
    if computed == value:
        return Check(name, "ok")
    return Check(name, "wrong", wording.IN_THE_REPORT.format(said=value, computed="–" if computed is None else computed))


def _figures_alone(said: ReportIssued, why: Words) -> list[Check]:
    return [_digest("content_sha256", said.content_sha256, said), Check("terms", "not_here", why)]


def _digest(what: str, promised: str | None, said: ReportIssued) -> Check:
    return _same(what, promised, figures_digest(dict(said.figures)))


def _same(what: str, promised: str | None, computed: str) -> Check:
    if promised is None:
        return Check(what, "not_here", wording.NOT_COMMITTED)
    if promised == computed:
        return Check(what, "ok")
    return Check(what, "wrong", wording.IN_THE_REPORT.format(said=promised, computed=computed))


def _root(said: ReportIssued, log: Log) -> Check:
    return _same("checkpoint_root", said.checkpoint_root, log.root(said.position))


def _instant(terms: Terms, moment: Moment) -> Check:
    """A report that names a later instant than the last entry it read leaves out what was recorded in between."""
    latest = moment.store.position_as_of(moment.generation, terms.as_of - GRACE)
    if latest > terms.position:
        return Check("as_of", "wrong", wording.BEHIND.format(entries=latest - terms.position))
    early = moment.store.recorded_at(moment.generation, terms.position) > terms.as_of
    return Check("as_of", "wrong" if early else "ok", wording.TOO_EARLY if early else wording.NOTHING)


def document_check(name: str, promised: str | None, body: bytes | None) -> Check:
    """A document beside the log, held against the digest in the report's event."""
    if promised is None or body is None:
        return Check(name, "not_here", wording.NO_DOCUMENT if promised is None else wording.NOT_KEPT)
    return _same(name, promised, hashlib.sha256(body).hexdigest())
