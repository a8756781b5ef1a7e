"""What any statement must be before its content matters: the rules of its header, its marking and its sections. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import NoReturn

from ledger import errors
from ledger.events import decode_data
from ledger.events.base import INTEGER_MAX, Header, Marking
from ledger.events.national import nation_of_log
from ledger.formats import entry, envelope

_UUID7, _IDENTIFIER, _SALT = (
    r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    r"[A-Za-z0-9._:-]{1,128}",
    r"[0-9a-f]{32}",
)
UUID7, IDENTIFIER, SALT = (re.compile(pattern).fullmatch for pattern in (_UUID7, _IDENTIFIER, _SALT))
# One search is quicker than five; none of the parts can hold the blank between them.
ALL_NAMES = re.compile(f"{_UUID7} {_IDENTIFIER} {_IDENTIFIER} {_IDENTIFIER} {_SALT}").fullmatch
GB_MARKINGS = ("OFFICIAL", "OFFICIAL-SENSITIVE")
FR_MARKINGS = ("non protégé", "DIFFUSION RESTREINTE")
NATIONAL_CAVEATS = ("UKEYESONLY", "SPECIALFRANCE")
BOTH_NATIONS = (("GB", "FR"), ("FR", "GB"))
SECTIONS_MAX = 16
# Header fields that would tell of a sealed event who said it, when or after what.
TELLING = (
    *("officer", "role", "grading", "author_seq", "causation_id", "correlation_id", "expected_version"),
    *("occurred_until", "stated_time", "late_reason_given"),
)
TELLING_SOURCE = ("ref", "record_id")


def require_header(header: Header) -> int:
    """Refuse a header whose fields are not what domain.md section 2 says; returns occurred_at in microseconds."""
    if not ALL_NAMES(f"{header.id} {header.stream} {header.authority} {header.key_id} {header.salt}"):
        _name_what_is_not_one(header)
    if header.expected_version is not None and not 0 <= header.expected_version <= INTEGER_MAX:
        raise errors.Malformed("a version is 0 or more", field="expected_version")
    occurred_at = _instant(header.occurred_at, "occurred_at")
    if header.occurred_until is not None and _instant(header.occurred_until, "occurred_until") < occurred_at:
        raise errors.Malformed("ends before it begins", field="occurred_until")
    if _is_too_high(header.marking):
        raise errors.MarkingTooHigh(field="marking", remedy="record it in the national annex log")
    if header.type == "sealed.recorded":
        if len(header.releasable_to) != 1 or [s.name for s in header.sections] != ["inner"]:
            raise errors.Malformed("a sealed event is for one nation and has the one section `inner`", field="releasable_to")
        _require_outer(header)
    elif alone := nation_of_log(header.origin):
        if header.releasable_to != (alone,):
            raise errors.Malformed(f"this log is for {alone} alone", field="releasable_to", remedy=f'write ["{alone}"]')
    elif header.releasable_to not in BOTH_NATIONS:
        raise errors.Malformed(
            "an event not for both nations must be sealed",
            field="releasable_to",
            remedy="seal it to its nation (sealed.recorded)",
        )
    return occurred_at


def _require_outer(header: Header) -> None:
    """The outside of a sealed event tells nothing of the inside: what api/authoring.seal_to fills in, and no more."""
    if not UUID7(header.stream):
        raise errors.Malformed("a sealed event stands on a new stream of its own, a UUID version 7", field="stream")
    if header.releasable_to != (decode_data(header).nation,):  # type: ignore[attr-defined]
        raise errors.Malformed("a sealed event is released to the nation it names", field="releasable_to")
    told = [name for name in TELLING if getattr(header, name) is not None]
    told += [f"source.{name}" for name in TELLING_SOURCE if getattr(header.source, name) is not None]
    if told:
        raise errors.Malformed("is not said outside a seal", field=told[0], remedy="say it in the sealed event")


def _name_what_is_not_one(header: Header) -> NoReturn:
    if not UUID7(header.id):
        raise errors.Malformed("an event id is a lower-case UUID version 7", field="id")
    for name in ("stream", "authority", "key_id"):
        if not IDENTIFIER(getattr(header, name)):
            raise errors.Malformed("allowed are 1 to 128 of A-Z a-z 0-9 . _ : -", field=name)
    raise errors.Malformed("the salt is 16 random bytes in lower-case hex", field="salt")


def _instant(text: str, field: str) -> int:
    try:
        return entry.parse_instant(text)
    except errors.EntenteError as wrong:
        raise errors.Malformed("an instant is written 2015-08-27T03:12:00.000000Z", field=field) from wrong


@lru_cache(maxsize=4_096)
def _is_too_high(marking: Marking) -> bool:
    # Letters alone are compared, of all caveats together: neither an accent, a dash nor a second line hides one.
    letters = "".join(c for c in unicodedata.normalize("NFKD", "".join(marking.caveats)) if c.isalpha()).upper()
    return marking.gb not in GB_MARKINGS or marking.fr not in FR_MARKINGS or any(c in letters for c in NATIONAL_CAVEATS)


def require_sections(header: Header, submitted: envelope.Submitted) -> None:
    """Every section the payload commits to is there, and is what it commits to; nothing else is."""
    committed = {s.name: s for s in header.sections}
    if len(header.sections) > SECTIONS_MAX or len(committed) != len(header.sections):
        raise errors.Malformed(f"at most {SECTIONS_MAX} sections, each name once", field="sections")
    if committed.keys() != submitted.sections.keys():
        raise errors.Malformed("the sections sent are not those the payload commits to", field="sections")
    for name, commitment in committed.items():
        sealed = submitted.sections[name]
        if len(sealed.ciphertext) != commitment.bytes or hashlib.sha256(sealed.ciphertext).hexdigest() != commitment.sha256:
            raise errors.Malformed("the ciphertext is not the one the payload commits to", field=f"sections.{name}")
        if not sealed.wraps or not sealed.wraps.keys() <= set(header.releasable_to):
            raise errors.Malformed("a section is wrapped to nations it is releasable to", field=f"sections.{name}.wraps")
