"""Reports on their way from a view to the log: what one is bound to is taken from the home; what was signed is held to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from api.home import Home
from api.renewing import newest_form, renewed_kind
from api.report_files import document_of, signature_of
from api.texts import opened_section
from ledger import errors, events
from ledger.events.keys import DOCUMENT_KEY
from ledger.events.report import ReportIssued
from ledger.formats import envelope
from ledger.formats.entry import format_instant, parse_entry, split_entry
from projections.reports import verifying
from projections.reports.bound import Edition, Log
from projections.reports.draft import Draft, Wanted
from projections.reports.draft import draft as drafted
from projections.reports.issued import Issued, issued, of_day, stream_of
from projections.reports.verifying import Check, State
from projections.view import Moment
from projections.wording import verifying as wording
from projections.wording.typography import Words

ISSUED = "report.issued"


Documents = Mapping[str, Mapping[str, str]]


class _Marked(msgspec.Struct):
    marking: events.base.Marking


def log_of(home: Home) -> Log:
    """What a report asks of the log that a home holds."""

    def places(position: int) -> dict[str, tuple[int, int]]:
        _, registry = home.reader.standing_at(position)
        return {
            code: (place.longitude_e6, place.latitude_e6)
            for code, place in registry.places.items()
            if place.longitude_e6 is not None and place.latitude_e6 is not None
        }

    def markings(positions: Iterable[int]) -> set[tuple[str, str]]:
        found = home.reader.entries_at(sorted(positions))
        marked = (msgspec.json.decode(split_entry(entry)[3], type=_Marked).marking for _, entry in found)
        return {(each.gb, each.fr) for each in marked}

    settings = home.settings
    return Log(settings.origin, settings.exercise, settings.title, lambda size: home.held.root(size).hex(), places, markings)


def draft(home: Home, nation: str, wanted: Wanted, as_of: int | None = None) -> Draft:
    """What a nation's official would issue now. Raises BadQuestion naming the field."""
    now = home.view(nation).at(home.now() if as_of is None else as_of)
    final = home.finality().newest_final()
    return drafted(now, log_of(home), wanted, final.checkpoint.size if final is not None else 0)


def unsigned(home: Home, made: Draft, documents: Documents, at: str) -> dict[str, Any]:
    """The event that issues a draft, before it is sealed and signed; `documents` as in `Draft.data`."""
    t = made.terms
    event: dict[str, Any] = {
        "type": ISSUED,
        "stream": stream_of(t.nation, t.day.isoformat()),
        "occurred_at": at,
        # Whoever issues on top of a report that somebody else has followed already is told so.
        "expected_version": len(home.reader.stream(stream_of(t.nation, t.day.isoformat()))),
        "marking": made.marking,
        "data": made.data(documents),
    }
    own = made.national(documents)
    return {**event, "national": {t.nation: own}} if own is not None else event


def find(moment: Moment, name: str, field: str = "REPORT") -> Issued:
    """A report by the id of its event, or the newest of the view's own day. Raises NotFound."""
    for report in reversed(issued(moment)):
        if report.event == name or (report.nation, report.day) == (moment.nation, name):
            return report
    raise errors.NotFound(
        f"there is no report {name} in the {moment.nation} view", field=field, remedy="the list of reports has their ids"
    )


def find_of(moment: Moment, nation: str, day: str) -> Issued:
    """The newest report of a nation's day. Raises NotFound."""
    found = of_day(moment, nation, day)
    if not found:
        raise errors.NotFound(f"{nation} has issued no report of {day}", field="day")
    return found[-1]


def steps(moment: Moment, report: Issued) -> list[dict[str, Any]]:
    """What followed a report: received and observed upon, by whom, when, of which figure."""
    facts = moment.store.of_kind(moment.generation, "report_step", moment.position)
    return [
        {
            "step": fact.code,
            "event": fact.event,
            "position": fact.origin,
            "authority": fact.authority,
            "nation": fact.nation,
            "at": format_instant(fact.recorded_at),
            "figure": fact.about or None,
        }
        for fact in facts
        if fact.subject == report.event
    ]


def said_by(home: Home, report: Issued) -> ReportIssued:
    """What a report's event says."""
    _, _, _, payload = split_entry(home.reader.entry(report.fact.origin))
    found = events.decode(payload).data
    assert isinstance(found, ReportIssued), "a report's fact comes from such an event"
    return found


def own_edition(home: Home, report: Issued) -> dict[str, Any] | None:
    """The national edition in a report's own section; None where there is none or its key is not held here."""
    return opened_section(home, report.fact.origin, report.nation, report.nation.lower()) or None


def verify(home: Home, now: Moment, report: Issued) -> dict[str, Any]:
    """A report held against the log and against the documents kept here, as a view sees it: {"ok", "checks", …}."""
    said = said_by(home, report)
    own = own_edition(home, report) if now.nation == report.nation else None
    checks = [*recompute(home, now, report)[0], _signed(home, report)]
    checks += _documents(home, report, "", msgspec.to_builtins(said)) + _documents(home, report, "national.", own or {})
    is_sound = all(check.state != "wrong" for check in checks)
    return {**report.head(), "ok": is_sound, "checks": [check.as_dict() for check in checks]}


def recompute(home: Home, now: Moment, report: Issued) -> tuple[list[Check], dict[Edition, dict[str, Any]]]:
    """(a report's checks, its content by edition as computed here)."""
    own = own_edition(home, report) if now.nation == report.nation else None
    return verifying.verify(now, said_by(home, report), own, log_of(home))


def _documents(home: Home, report: Issued, prefix: str, promised: Mapping[str, Any]) -> list[Check]:
    """The documents of one edition that are kept here, against the digests promised; and what their signature is worth."""
    checks = []
    for kind in ("unsigned.pdf", "signed.pdf"):
        wanted = promised.get(kind.replace(".", "_") + "_sha256")
        if wanted is None:
            continue
        body = document_of(home, report.event, prefix + kind)
        checks.append(verifying.document_check(prefix + kind, wanted, body))
        if body is not None and kind == "signed.pdf":
            judged = signature_of(home, newest_form(home, report.event, prefix + kind) or body)
            state: State = "not_here" if judged is None else "ok" if judged.ok else "wrong"
            told = wording.NOTHING if judged is None else judged.told
            checks.append(Check(f"{prefix}signature of the document", state, told))
            if judged is not None:
                checks.append(_document_key(home, report, f"{prefix}key of the document", judged.key_id))
            checks += _renewed(home, report, prefix + kind, body)
    return checks


def _renewed(home: Home, report: Issued, kind: str, signed: bytes) -> list[Check]:
    """Whether what was renewed begins with what was signed; nothing where nothing was."""
    renewed = document_of(home, report.event, renewed_kind(kind))
    if renewed is None:
        return []
    is_same = renewed.startswith(signed)
    return [Check(renewed_kind(kind), "ok" if is_same else "wrong", wording.NOTHING if is_same else wording.NOT_AS_SIGNED)]


def _document_key(home: Home, report: Issued, what: str, key_id: str) -> Check:
    """Whether a document's signature was made by a key that stood in the log as an official's of that nation.

    The certificate is the ministry's word on whose key it is; this is the log's, and nobody can take it back unseen.
    """
    position = report.fact.origin
    ring, _ = home.reader.standing_at(position - 1)
    officials = [
        key
        for key in ring.keys.values()
        if (key.type_code, key.role, key.nation) == (DOCUMENT_KEY, "official", report.nation) and key.in_force
    ]
    found = next((key for key in officials if key.key_id == key_id), None)
    if found is not None:
        return Check(what, "ok", wording.KEY_OF.format(owner=found.owner, position=found.since))
    if not officials:
        return Check(what, "not_here", wording.NO_KEY_ON_RECORD.format(nation=report.nation))
    return Check(what, "wrong", wording.OTHER_KEY.format(nation=report.nation))


def _signed(home: Home, report: Issued) -> Check:
    """Whether the key of the nation's official signed the event, as the keys stood there."""
    entry = parse_entry(home.reader.entry(report.fact.origin))
    ring, _ = home.reader.standing_at(report.fact.origin - 1)
    for signature in entry.signatures:
        key = ring.keys.get(signature.keyid)
        if key is not None and (key.role, key.nation) == ("official", report.nation):
            try:
                envelope.verify_signature(envelope.EVENT_TYPE, entry.payload, signature, key.public)
            except (errors.BadSignature, errors.WeakKey):
                return Check("signature", "wrong", wording.DOES_NOT_VERIFY)
            return Check("signature", "ok", Words(key.owner, key.owner))
    return Check("signature", "wrong", wording.NOBODY_SIGNED.format(nation=report.nation))
