"""What the signature of a document is worth: verified from its bytes, authorities' certificates and revocation lists alone.

The library validates as ETSI EN 319 102-1 says (5.6.3, with long-term availability). It asks whether a signature may be relied
on; whether every byte is as it was left is asked here beside it, of every signature and time-stamp and of what lies after them.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from asn1crypto import cms, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate, AdESStatus, AdESSubIndic
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel, SuspiciousModification
from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter, validate_sig_integrity
from pyhanko.sign.validation.status import SignatureCoverageLevel

from projections.publishing import oneform
from projections.publishing.trust import LEVELS, Level, Trust, name_of, plain
from projections.publishing.validation import Outcome, validate
from projections.wording.documents import KINDS, PROBLEMS, WHY
from projections.wording.typography import Words

FIELD = "Official"
PDF_BYTES_MAX = 64 * 1024 * 1024
REVISIONS_MAX = 100
TELLING_MAX = 12
"""How many objects of a later revision are told by name."""
NAME_CHARACTERS_MAX = 24

# What the standard calls what went wrong, and what is said of it.
ROWS: dict[str, tuple[AdESSubIndic, ...]] = {
    "revoked": (AdESFailure.REVOKED, AdESIndeterminate.REVOKED_NO_POE, AdESIndeterminate.REVOKED_CA_NO_POE),
    "other-authority": (AdESIndeterminate.NO_CERTIFICATE_CHAIN_FOUND,),
    "ended": (
        *(AdESIndeterminate.OUT_OF_BOUNDS_NO_POE, AdESIndeterminate.OUT_OF_BOUNDS_NOT_REVOKED),
        *(AdESFailure.NOT_YET_VALID, AdESIndeterminate.NOT_YET_VALID, AdESIndeterminate.EXPIRED),
    ),
    "no-lists": (AdESIndeterminate.TRY_LATER, AdESIndeterminate.REVOCATION_OUT_OF_BOUNDS_NO_POE),
}

Status = Literal["passed", "indeterminate", "failed"]
STATUSES: dict[AdESStatus, Status] = {
    AdESStatus.PASSED: "passed",
    AdESStatus.INDETERMINATE: "indeterminate",
    AdESStatus.FAILED: "failed",
}


@dataclass(frozen=True)
class Verdict:
    """What verifying a document found.

    `ok` is the answer: valid at the level asked for, every byte as it was left. `status` is the library's own word, in the
    standard's sense: indeterminate is what a newer revocation list or another certificate might settle. `level` is what was
    reached, `signed_at` the time that a time-stamp proves, `claimed_at` what the signer's machine said. `signer` is the whole
    subject of the certificate, `signer_key` the 65 bytes of its P-256 point (empty for a key of another kind), `problems` what
    is wrong in both languages. `lasts_until` is when the certificate of its newest time-stamp ends: before that it is renewed.
    """

    ok: bool
    status: Status
    level: Level | None = None
    signer: str | None = None
    signer_serial: str | None = None
    signer_key: bytes = b""
    signed_at: datetime | None = None
    claimed_at: datetime | None = None
    stamped_at: tuple[datetime, ...] = ()
    lasts_until: datetime | None = None
    covers_whole_file: bool = False
    problems: tuple[Words, ...] = field(default=())

    def as_dict(self, language: Literal["en", "fr"] = "en") -> dict[str, object]:
        """As JSON has it."""
        moments = {name: getattr(self, name) for name in ("signed_at", "claimed_at")}
        return {
            "ok": self.ok,
            "status": self.status,
            "level": self.level,
            "signer": self.signer,
            "signer_serial": self.signer_serial,
            **{name: _written(at) if at else None for name, at in moments.items()},
            "stamped_at": [_written(at) for at in self.stamped_at],
            "lasts_until": _written(self.lasts_until) if self.lasts_until else None,
            "covers_whole_file": self.covers_whole_file,
            "problems": [getattr(text, language) for text in self.problems],
        }


def verify(pdf: bytes, trust: Trust, *, at: datetime | None = None, least: Level = "B-LTA") -> Verdict:
    """Verify the official's signature of a document, as of an instant (now unless given), at this level or a higher one.

    Never raises for what is in the bytes: whatever is wrong is told.
    """
    at = at or datetime.now(UTC)
    if len(pdf) > PDF_BYTES_MAX:
        return _refused("too-large", bytes=len(pdf))
    try:
        reader = PdfFileReader(io.BytesIO(pdf), strict=True)
        embedded = list(reader.embedded_signatures)
    except Exception as wrong:  # noqa: BLE001  (a reader of PDF fails at a stranger's bytes in as many ways as there are)
        return _refused("not-read", why=_said(wrong))
    signatures = [each for each in embedded if not _is_stamp(each)]
    official = next((each for each in signatures if each.field_name == FIELD), None)
    if official is None:
        return _refused("not-signed")
    problems = [_told("other-signature", field=each.field_name) for each in signatures if each is not official]
    try:
        for each in embedded:
            problems += _of_one(pdf, each, trust)
        problems += _of_the_rest(pdf, reader, official, embedded)
        stamps = [each for each in embedded if _is_stamp(each)]
        return _validated(official, stamps, trust, at, least, problems, covers=_covers(embedded))
    except Exception as wrong:  # noqa: BLE001  (the same)
        return _refused("not-read", why=_said(wrong))


def lasts_until(pdf: bytes) -> datetime | None:
    """When the certificate of a document's newest time-stamp ends, by what stands in it; nothing is verified.

    None where there is no time-stamp, or where it cannot be read.
    """
    if len(pdf) > PDF_BYTES_MAX:
        return None
    try:
        stamps = PdfFileReader(io.BytesIO(pdf), strict=True).embedded_timestamp_signatures
        return stamps[-1].signer_cert.not_valid_after if stamps else None
    except Exception:  # noqa: BLE001  (the same)
        return None


def is_signed_form_of(pdf: bytes, unsigned_sha256: str) -> bool:
    """Whether these bytes begin with a whole document of this digest: signing adds after it and changes nothing in it."""
    for found in itertools.islice(re.finditer(rb"%%EOF(\r\n|\r|\n|)", pdf), REVISIONS_MAX):
        ends = {found.start(1), found.end(1), found.start(1) + 1}
        if any(hashlib.sha256(pdf[:end]).hexdigest() == unsigned_sha256 for end in ends):
            return True
    return False


# -- every signature and time-stamp -------------------------------------------------------------------------------------------


def _of_one(pdf: bytes, each: EmbeddedPdfSignature, trust: Trust) -> Iterator[Words]:
    """What was changed since it was made: in what it covers, in itself, in where it stands."""
    what = _named(each)
    each.compute_integrity_info()  # type: ignore[no-untyped-call]
    intact, valid = _mathematics(each)
    if not intact:
        yield _told("changed", what=what)
    if not valid:
        yield _told("broken", what=what, why=WHY["mathematics"])
    known = (*trust.roots, *trust.timestamp_roots, *trust.between)
    message = cms.ContentInfo.load(each.pkcs7_content)
    fault = oneform.fault_of_place(pdf, [int(n) for n in each.byte_range]) or oneform.fault_of(message, known)
    if fault:
        yield _told("not-one-form", what=what, why=WHY[fault])
    coverage: SignatureCoverageLevel = each.coverage  # type: ignore[assignment]  # the library gives it no type
    if coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        yield _told("not-covered", what=what)


def _mathematics(each: EmbeddedPdfSignature) -> tuple[bool, bool]:
    """Whether its digest is of what it covers, and whether its signature is of its certificate's key."""
    covered = each.compute_digest()
    if not _is_stamp(each):
        return validate_sig_integrity(each.signer_info, each.signer_cert, "data", covered)
    token = each.signed_data["encap_content_info"]["content"]
    inner = hashlib.new(each.md_algorithm, bytes(token)).digest()
    intact, valid = validate_sig_integrity(each.signer_info, each.signer_cert, "tst_info", inner)
    return intact and token.parsed["message_imprint"]["hashed_message"].native == covered, valid


def _is_stamp(each: EmbeddedPdfSignature) -> bool:
    return bool(each.sig_object_type == "/DocTimeStamp")


def _named(each: EmbeddedPdfSignature) -> Words:
    return KINDS["stamp" if _is_stamp(each) else "signature"].format(name=plain(each.field_name))


# -- what came after ----------------------------------------------------------------------------------------------------------


def _covers(embedded: Sequence[EmbeddedPdfSignature]) -> bool:
    return any(each.coverage == SignatureCoverageLevel.ENTIRE_FILE for each in embedded)


def _of_the_rest(pdf: bytes, reader: PdfFileReader, official: EmbeddedPdfSignature, embedded: Sequence[Any]) -> Iterator[Words]:
    """What was added: anything after the last signature, and anything that later revisions do to the document itself."""
    if not _covers(embedded):
        end = max(int(each.byte_range[2]) + int(each.byte_range[3]) for each in embedded)
        last = max(each.signed_revision for each in embedded)
        revisions = range(last + 1, reader.xrefs.total_revisions)
        what = _contents(reader, revisions)
        yield _told("added", bytes=max(0, len(pdf) - end), revisions=len(revisions), what=what)
    result: DiffResult | SuspiciousModification = official.diff_result  # type: ignore[assignment]  # as above
    if not isinstance(result, DiffResult) or result.modification_level > ModificationLevel.LTA_UPDATES:
        revisions = range(official.signed_revision + 1, reader.xrefs.total_revisions)
        yield _told("altering", what=_contents(reader, revisions))


def _contents(reader: PdfFileReader, revisions: Iterable[int]) -> str:
    """The objects that revisions bring or replace, by their type: `Page 3, Annot (FreeText) 41`."""
    found: list[str] = []
    for revision in revisions:
        resolver = reader.get_historical_resolver(revision)
        references = sorted(reader.xrefs.explicit_refs_in_revision(revision), key=lambda each: each.idnum)
        found += [f"{_kind(resolver, each)} {each.idnum}" for each in references]
    more = len(found) - TELLING_MAX
    return ", ".join([*found[:TELLING_MAX], *([f"+{more}"] if more > 0 else [])]) or "–"


def _kind(resolver: HistoricalResolver, reference: generic.Reference) -> str:
    """What an object says it is; what it says is a stranger's."""
    try:
        item = resolver.get_object(reference)
        names = [item[name] for name in ("/Type", "/Subtype", "/S", "/FT") if name in item]
    except Exception:  # noqa: BLE001  (as in `verify`)
        names = []
    said = [plain(str(name).removeprefix("/"))[:NAME_CHARACTERS_MAX] for name in names[:2]]
    return " ".join([*said[:1], *(f"({name})" for name in said[1:])]) or "object"


# -- whether it may be relied on ----------------------------------------------------------------------------------------------


def _validated(
    official: EmbeddedPdfSignature,
    stamps: Sequence[EmbeddedPdfSignature],
    trust: Trust,
    at: datetime,
    least: Level,
    problems: list[Words],
    *,
    covers: bool,
) -> Verdict:
    found = validate(official, trust, at, least)
    signer = official.signer_cert
    if not found.passed:
        problems += [_of_outcome(found, name_of(signer.subject))] if not problems else []
    elif LEVELS.index(found.level) < LEVELS.index(least):
        problems.append(_told("level", found=found.level, least=least))
    if found.kind == "B-LTA" and (not found.stamped or (stamps and not found.archived)):
        problems.append(_told("stamp-not-valid"))
    status = STATUSES[found.code.status]
    return Verdict(
        ok=found.passed and not problems,
        status="failed" if status == "passed" and problems else status,
        level=found.level if found.passed else None,
        signer=plain(signer.subject.human_friendly),
        signer_serial=f"{signer.serial_number:x}",
        signer_key=_point(signer),
        signed_at=_time_of_stamp(official) if found.stamped else None,
        claimed_at=official.self_reported_timestamp,
        stamped_at=tuple(_gen_time(each.signed_data) for each in stamps),
        lasts_until=stamps[-1].signer_cert.not_valid_after if stamps else None,
        covers_whole_file=covers,
        problems=tuple(problems),
    )


def _point(certificate: x509.Certificate) -> bytes:
    key = certificate.public_key
    is_p256 = key.algorithm == "ec" and key.curve == ("named", "secp256r1")
    return bytes(key["public_key"].native) if is_p256 else b""


def _of_outcome(found: Outcome, signer: str) -> Words:
    row = next((row for row, codes in ROWS.items() if found.code in codes), "not-valid")
    return _told(row, signer=plain(signer), code=found.code.standard_name, why=plain(found.why) or "–")


def _time_of_stamp(official: EmbeddedPdfSignature) -> datetime:
    return min(_gen_time(token) for token in extract_tst_data_iter(official.signer_info, signed=False))


def _gen_time(token: cms.SignedData) -> datetime:
    at: datetime = token["encap_content_info"]["content"].parsed["gen_time"].native
    return at.astimezone(UTC)


# -- said ---------------------------------------------------------------------------------------------------------------------


def _refused(key: str, **values: object) -> Verdict:
    return Verdict(ok=False, status="failed", problems=(_told(key, **values),))


def _told(key: str, **values: object) -> Words:
    return PROBLEMS[key].format(**values)


def _said(wrong: BaseException) -> str:
    return plain(f"{type(wrong).__name__} {wrong}")


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
