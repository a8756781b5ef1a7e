"""Checks by deriving again: a stored view from the log, row by row, and a bundle's answer from the entries it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Table, select

from ledger import errors, events
from ledger.events import Event
from ledger.events.report import ReportIssued
from ledger.evidence.bundle_claims import Claims
from ledger.evidence.bundle_manifest import Answer, OfFigure
from ledger.evidence.bundle_names import entry_name, section_names
from ledger.formats import sealing
from projections import picking
from projections.log import Log
from projections.projector import Projector
from projections.tables import GENERATIONS, view_head
from projections.viewstore import ViewStore, create

DIFFERENCES_MAX = 100

Problem = dict[str, Any]


class Upto:
    """A log cut off at a size: what a view that has followed so far has seen."""

    def __init__(self, log: Log, size: int) -> None:
        self.log, self.size = log, size

    def entries(self, after: int, limit: int) -> Any:
        """See Log.entries."""
        return self.log.entries(after, min(limit, self.size - after)) if after < self.size else []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)


def check_view(store: ViewStore, log: Log, key: sealing.SealingKey | None, head: int) -> tuple[dict[str, Any], list[Problem]]:
    """Derive one nation's view again, as far as it has followed, and compare; `head` is the log's last position.

    Returns ({"view", "position", "digest"}, problems). A view behind the head is not wrong, only behind.
    """
    problems: list[Problem] = []
    with store.engine.connect() as connection:
        heads = [tuple(row) for row in connection.execute(select(view_head.c.nation, view_head.c.live))]
    if heads not in ([], [(store.nation, GENERATIONS[0])], [(store.nation, GENERATIONS[1])]):
        return {"view": store.nation}, [{"position": 0, "what": f"view {store.nation}: view_head says {heads}"}]
    live, idle = store.live(), store.idle()
    for table in idle.all:
        with store.engine.connect() as connection:
            if connection.execute(select(table).limit(1)).first() is not None:
                problems.append(
                    {"position": 0, "what": f"view {store.nation}: {table.name} of the idle generation is not empty"}
                )
    if problems and not heads:
        problems.append({"position": 0, "what": f"view {store.nation}: view_head says nothing, as if never rebuilt"})
    progress = store.progress(live)
    position = progress.position if progress else 0
    if position > head or (position == 0 and head):
        problems.append({"position": position, "what": f"view {store.nation} is at position {position}, the log at {head}"})
        return {"view": store.nation, "position": position, "digest": ""}, problems
    with TemporaryDirectory(prefix="entente-verify-") as folder:
        again = ViewStore(f"sqlite:///{Path(folder) / 'view.sqlite'}", store.nation)
        create(again.engine)
        try:
            projector = Projector(again, Upto(log, position), key)
            projector.rebuild()
            derived = again.live()
            for ours, theirs in zip(live.all, derived.all, strict=True):
                problems += _compare(store, ours, again, theirs)
            digest = projector.digest()
        except errors.VerificationFailed as wrong:
            problems.append({"position": position, "what": f"view {store.nation} cannot be derived again: {wrong}"})
            digest = ""
        finally:
            again.close()
    return {"view": store.nation, "position": position, "digest": digest}, problems


def _compare(store: ViewStore, kept: Table, again: ViewStore, derived: Table) -> list[Problem]:
    """Rows of a kept table that differ from the derived one, by primary key; at most DIFFERENCES_MAX are named."""
    problems: list[Problem] = []
    keys = len(kept.primary_key.columns)
    ours, theirs = _rows(store, kept), _rows(again, derived)
    a, b = next(ours, None), next(theirs, None)
    while (a is not None or b is not None) and len(problems) < DIFFERENCES_MAX:
        if a == b:
            a, b = next(ours, None), next(theirs, None)
            continue
        if b is None or (a is not None and a[:keys] < b[:keys]):
            assert a is not None
            problems.append(_named(store, kept, a, "should not be there"))
            a = next(ours, None)
        elif a is None or b[:keys] < a[:keys]:
            problems.append(_named(store, kept, b, "is missing"))
            b = next(theirs, None)
        else:
            names = [c for c, x, y in zip(_columns(kept), a, b, strict=True) if x != y]
            problems.append(_named(store, kept, b, f"differs from the log in {', '.join(names)}"))
            a, b = next(ours, None), next(theirs, None)
    return problems


def _columns(table: Table) -> list[str]:
    """Primary key first, in its order, then the rest."""
    key = [c.name for c in table.primary_key.columns]
    return key + [c.name for c in table.columns if c.name not in key]


def _rows(store: ViewStore, table: Table) -> Iterator[tuple[Any, ...]]:
    columns = [table.c[name] for name in _columns(table)]
    key = columns[: len(table.primary_key.columns)]
    # Text is compared byte by byte on both stores: PostgreSQL would otherwise sort by the locale of its database.
    order = [c.collate("C") if store.is_postgresql and c.type.python_type is str else c for c in key]
    with store.engine.connect() as connection:
        for row in connection.execution_options(yield_per=10_000).execute(select(*columns).order_by(*order)):
            yield tuple(bytes(v) if isinstance(v, memoryview) else v for v in row)


def _named(store: ViewStore, table: Table, row: Iterable[Any], what: str) -> Problem:
    values = dict(zip(_columns(table), row, strict=True))
    position = next((values[n] for n in ("stated", "position", "since") if n in values), 0)
    key = ", ".join(f"{c.name} {values[c.name]}" for c in table.primary_key.columns)
    return {"position": position, "what": f"view {store.nation}: {table.name} ({key}) {what}"}


# -- bundles ------------------------------------------------------------------------------------------------------------------


def answer_again(claims: Claims) -> Answer | None:
    """A bundle's answer computed again from its entries by the rules of the figures; None where it has none.

    Raises BadQuestion where its rules, or the figure, are not known to this version.
    """
    answer, question = claims.answer, claims.manifest.question
    if answer is None:
        return None
    entries, archive = claims.entries, claims.entries.archive

    def inner(position: int, outer: Event) -> bytes:
        if section_names(position, 0)[0] not in archive.members:
            raise errors.BadSection("not opened here", field="sections.inner")
        return entries.read_section(position, 0, outer.header.sections)

    shown = ((p, archive.read(entry_name(p))) for p in claims.seen if p <= claims.last)
    if isinstance(question, OfFigure):
        return picking.figure(question, shown, claims.last, answer.not_opened, inner)
    issued = events.convert_data("report.issued", 1, claims.report_data())
    assert isinstance(issued, ReportIssued)
    return picking.report(issued, shown, answer.not_opened, inner)
