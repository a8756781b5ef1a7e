"""A report as an official is about to sign it: its terms chosen, both editions computed, what it rests on told. It is unsigned
data; nothing is on record before the official's own key has signed (ledger/events/report.py, `report.issued`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from ledger import errors
from ledger.events.report import Withheld
from ledger.formats import strict
from projections.reports import content as contents
from projections.reports.basis import Basis, revealing
from projections.reports.bound import PEOPLE, Edition, Log, Terms
from projections.reports.issued import FIRST_STATUS, LAST_STATUS, code_version, of_day
from projections.ruleset import Ruleset, tzdata_version
from projections.view import Moment

STATUSES = (FIRST_STATUS, "revised", LAST_STATUS)
DECLARED = "size"


class Wanted(msgspec.Struct, frozen=True):
    """What an official asks for. `withhold`: by code, whether the size of what is withheld is declared."""

    day: date
    status: str
    withhold: Mapping[str, bool] = {}
    lines_to_take: tuple[str, ...] = ()


class Draft(msgspec.Struct, frozen=True):
    """Terms, the content of each edition there is, and what rests on sealed facts (told to its own nation before issuing).

    `national` is missing from `editions` where it would tell nothing that the shared one does not.
    """

    terms: Terms
    editions: Mapping[Edition, dict[str, Any]]
    sealed: Mapping[str, dict[str, Any]]
    lines_to_take: tuple[str, ...]

    @property
    def marking(self) -> dict[str, str]:
        """The markings its event must carry at least."""
        found: dict[str, str] = self.editions["shared"]["marking"]
        return found

    def data(self, documents: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
        """The data of `report.issued`; `documents` by edition: digests of documents, under the names of its fields."""
        t, shared = self.terms, self.editions["shared"]
        figures = _figures(shared)
        found = {
            "nation": t.nation,
            "day": t.day.isoformat(),
            "status": t.status,
            "revision": t.revision,
            "position": t.position,
            "as_of": shared["bound"]["as_of"],
            "final_size": t.final_size,
            "ruleset": t.ruleset,
            "tzdata": t.tzdata,
            "code": t.code,
            "figures": figures,
            "people": shared["people"],
            "withheld": [msgspec.to_builtins(each) for each in t.withheld],
            "checkpoint_root": shared["bound"]["root"],
            "facts_sha256": shared["bound"]["facts_sha256"],
            "content_sha256": figures_digest(figures),
            "document_sha256": contents.digest(shared),
            **documents.get("shared", {}),
        }
        if not t.withheld:
            del found["withheld"]
        return {**found, "supersedes": t.supersedes} if t.supersedes else found

    def national(self, documents: Mapping[str, Mapping[str, str]]) -> dict[str, Any] | None:
        """The national edition, for its nation's own section of the event; None where there is none."""
        made = self.editions.get("national")
        if made is None:
            return None
        return {
            "format": contents.FORMAT,
            "figures": _figures(made),
            "people": made["people"],
            "facts_sha256": made["bound"]["facts_sha256"],
            "document_sha256": contents.digest(made),
            "lines_to_take": list(self.lines_to_take),
            **documents.get("national", {}),
        }


def draft(now: Moment, log: Log, wanted: Wanted, final_size: int) -> Draft:
    """What would be issued now. Raises BadQuestion naming the field."""
    day = wanted.day.isoformat()
    earlier = of_day(now, now.nation, day)
    _require_status(wanted.status, bool(earlier))
    ruleset = now.ruleset()
    _require_codes(ruleset, frozenset(wanted.withhold))
    sealed = Basis(now, ruleset, ruleset.window(wanted.day)).sealed()
    for code in sorted(wanted.withhold.keys() - sealed.keys() - {PEOPLE}):
        raise errors.BadQuestion(
            f"{code} rests on nothing that is sealed: the other nation computes it itself",
            field="withhold",
            remedy="withhold what rests on sealed facts" + (f": {', '.join(sealed)}" if sealed else ""),
        )
    terms = Terms(
        now.nation, wanted.day, wanted.status, len(earlier), now.position, now.instant, ruleset.name, tzdata_version(),
        f"entente/{code_version()}", min(final_size, now.position), _withheld(wanted.withhold, sealed),
        earlier[-1].event if earlier else None,
    )  # fmt: skip
    return Draft(terms, editions(terms, now, log, bool(wanted.lines_to_take)), sealed, wanted.lines_to_take)


def editions(terms: Terms, now: Moment, log: Log, has_own_words: bool) -> dict[Edition, dict[str, Any]]:
    """Both editions; the shared one alone where the national one would tell nothing more."""
    shared = contents.content(terms, now, log, "shared")
    national = contents.content(terms, now, log, "national")
    alike = _told(shared) == _told(national)
    return {"shared": shared} if alike and not has_own_words else {"shared": shared, "national": national}


def figures_digest(figures: Mapping[str, int]) -> str:
    """SHA-256 of the RFC 8785 form of the figures object, hex."""
    return hashlib.sha256(strict.format(figures)).hexdigest()


def _told(made: Mapping[str, Any]) -> dict[str, Any]:
    """What an edition tells, without its name and what a nation's own edition says of sizes that are nothing."""
    figures = [{**row, "size": row["size"] or None} for row in made["figures"]]
    return {**made, "edition": "", "figures": figures}


def _figures(made: Mapping[str, Any]) -> dict[str, int]:
    return {row["code"]: row["value"] for row in made["figures"] if row["value"] is not None and not row["beside"]}


def _withheld(wanted: Mapping[str, bool], sealed: Mapping[str, dict[str, Any]]) -> tuple[Withheld, ...]:
    """`size` is how much of the figure rests on what was sealed."""
    found = []
    for code, is_declared in sorted(wanted.items()):
        row = sealed.get(code, {"value": 0, "communicated": 0})
        found.append(Withheld(code=code, size=abs(row["value"] - row["communicated"]) if is_declared else None))
    return tuple(found)


def _require_status(status: str, is_reported: bool) -> None:
    if status not in STATUSES:
        raise errors.BadQuestion(f"there is no status {status}", field="status", remedy=", ".join(STATUSES))
    if (status == FIRST_STATUS) == is_reported:
        raise errors.BadQuestion(
            "a first report of this day was issued" if is_reported else "the first report of a day is provisional",
            field="status",
            remedy="revised, or settled" if is_reported else FIRST_STATUS,
        )


def _require_codes(ruleset: Ruleset, withheld: Sequence[str] | frozenset[str]) -> None:
    for code in sorted(withheld):
        if ruleset.indicator(code) is None and code != PEOPLE:
            known = ", ".join(i.code for i in ruleset.indicators)
            raise errors.BadQuestion(f"{ruleset.name} has no figure {code}", field="withhold", remedy=f"{PEOPLE}, or {known}")
    for code, others in revealing(ruleset, frozenset(withheld)).items():
        raise errors.BadQuestion(
            f"{code} would show from {', '.join(others)}", field="withhold", remedy="withhold another of them too, or all"
        )
