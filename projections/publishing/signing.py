"""A document's signature: PAdES, so that any PDF reader can check it, up to B-LTA, so that it can be checked in thirty years.

B-LTA is a signature with a time-stamp on it, then all that verifying it takes (certificates and revocation lists), then a
time-stamp over everything. Each is an incremental update: the bytes that were to be signed stand unchanged in front. The
signature certifies: whatever is added later, but further time-stamps, breaks it in the eyes of every reader.

Pure of the network: who asks an authority for a token is given. Clauses: ETSI EN 319 142-1, ISO 32000-1 12.8, RFC 3161.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import tsp, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import InvisSigSettings, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError, UnacceptableSignerError
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
from pyhanko.sign.signers.pdf_signer import PdfSigningSession, PdfTimeStamper
from pyhanko.sign.timestamps import TimeStamper, TimestampRequestError
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator.path import ValidationPath

from ledger import errors
from projections.publishing.paths import TOLERANCE, official_path, stamping_path
from projections.publishing.trust import LEVELS, Level, Trust, plain
from projections.publishing.verdict import FIELD, PDF_BYTES_MAX, Verdict, verify

STAMP_FIELD = "Timestamp"
DIGEST = "sha256"
SECONDS = "%Y-%m-%dT%H:%M:%SZ"
LEVELS_MADE: tuple[Level, ...] = ("B-B", "B-T", "B-LTA")

Request = Callable[[bytes], bytes]
"""Takes a time-stamp request to an authority and brings back its whole response, both as RFC 3161 has them."""

# What is outside the page need not stand in its structure (PDF/UA-1, 7.18.1), and must print all the same (PDF/A-3, 6.3.2).
UNSEEN = InvisSigSettings(set_print_flag=True, box_out_of_bounds=True)


@dataclass(frozen=True)
class Signed:
    """A signed document, the level it reached, and what verifying it at once said."""

    pdf: bytes
    level: Level
    verdict: Verdict


@dataclass(frozen=True)
class Shown:
    """What readers of PDF show beside a signature."""

    reason: str
    location: str
    name: str


class Stamper(TimeStamper):
    """pyHanko's side of a time-stamping authority that somebody else asks."""

    def __init__(self, request: Request) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._request = request

    @property
    def certificates(self) -> list[x509.Certificate]:
        """Those that the authority has signed with so far."""
        return list(self._certs.values())

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        response = self._request(req.dump())
        try:
            found = tsp.TimeStampResp.load(response, strict=True)
            _ = found.native
        except (ValueError, TypeError, KeyError) as wrong:
            raise errors.Unavailable("the time-stamping authority sent something that is no time-stamp response") from wrong
        return found


class _Adding(IncrementalPdfFileWriter):
    """As the library's, but that it leaves what the document says of itself (XMP, Info) as it was set."""

    def _update_meta(self) -> None:
        pass


class _Signing(signers.PdfSigner):
    """As the library's, but for the clock: the instant of signing is given."""

    def __init__(self, at: datetime, metadata: signers.PdfSignatureMetadata, signer: signers.Signer, **more: object) -> None:
        super().__init__(metadata, signer, **more)  # type: ignore[arg-type]
        self._at = at

    def register_extensions(self, pdf_out: BasePdfFileWriter, *, md_algorithm: str) -> None:
        # The library would call the file PDF 2.0, for ECDSA is registered there; PDF/A-3 is of PDF 1.7.
        pdf_out.register_extension(ESIC_EXTENSION_1)

    def init_signing_session(self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._at
        return session


def sign(
    pdf: bytes,
    signer: signers.Signer,
    *,
    timestamper: Request | None,
    trust: Trust,
    reason: str,
    location: str,
    name: str,
    at: datetime,
    level: Level = "B-LTA",
) -> Signed:
    """Sign a document that is not signed yet, and verify the outcome before it is handed out.

    `at` is the world's time, also in an exercise: certificates and time-stamps know no other. Of lesser levels B-T takes a
    time-stamping authority alone and B-B nothing; neither can be verified once the certificate has ended, so they must be
    asked for. `reason`, `location` and `name` are shown by readers of PDF beside the signature.

    Raises BadQuestion naming what is missing, NotAllowed where the signer's certificate is revoked, has ended or is another
    authority's, Unavailable where the time-stamping authority is, Malformed for what is no unsigned PDF.
    """
    if len(pdf) > PDF_BYTES_MAX:
        raise errors.TooLarge(f"the document has {len(pdf)} bytes, more than {PDF_BYTES_MAX}")
    if level not in LEVELS_MADE:
        raise errors.BadQuestion(f"a document is signed at level B-LTA, B-T or B-B, not {level}", field="level")
    _require_given(signer, trust, timestamper, level)
    stamper = Stamper(timestamper) if timestamper is not None and level != "B-B" else None
    shown = Shown(plain(reason), plain(location), plain(name))
    signed = asyncio.run(_sign(pdf, signer, stamper, trust, shown, at, level))
    # A token is of the moment it was made, which is after `at`.
    found = verify(signed, trust, at=at + TOLERANCE, least=level)
    if not found.ok:
        raise errors.BadDocument("; ".join(["what was just signed does not verify", *(text.en for text in found.problems)]))
    if found.signed_at is not None and abs(found.signed_at - at) > TOLERANCE:
        raise errors.Unavailable(
            f"the time-stamping authority's clock says {found.signed_at:{SECONDS}}, this machine's {at:{SECONDS}}"
        )
    assert signed.startswith(pdf), "signing adds to a document and changes nothing in it"
    return Signed(signed, found.level or level, found)


def renew(pdf: bytes, *, timestamper: Request, trust: Trust, at: datetime) -> Signed:
    """Put a further time-stamp over a document, with the lists of today, before the certificate of the last one ends.

    Raises BadDocument where it does not verify any more, and as `sign` does.
    """
    before = verify(pdf, trust, at=at)
    if not before.ok:
        raise errors.BadDocument("; ".join(["it cannot be renewed", *(text.en for text in before.problems)]))
    signed = asyncio.run(_renew(pdf, Stamper(timestamper), trust, at))
    found = verify(signed, trust, at=at + TOLERANCE)
    if not found.ok:
        raise errors.BadDocument("; ".join(["the renewal does not verify", *(text.en for text in found.problems)]))
    return Signed(signed, found.level or "B-LTA", found)


async def _renew(pdf: bytes, stamper: Stamper, trust: Trust, at: datetime) -> bytes:
    try:
        paths = await _stamping_paths(stamper, trust, at, lasting=True)
        return await _made_to_last(pdf, stamper, trust, paths)
    except TimestampRequestError as wrong:
        raise errors.Unavailable(f"the time-stamping authority refused: {wrong}") from None


async def _sign(
    pdf: bytes,
    signer: signers.Signer,
    stamper: Stamper | None,
    trust: Trust,
    shown: Shown,
    at: datetime,
    level: Level,
) -> bytes:
    try:
        paths = await _paths(signer, stamper, trust, at, lasting=_lasts(level))
        writer = _Adding(io.BytesIO(pdf), strict=True)
        if writer.prev.embedded_signatures:
            raise errors.BadQuestion("the document is signed already", field="pdf")
        metadata = signers.PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm=DIGEST,
            subfilter=SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
            reason=shown.reason,
            location=shown.location,
            name=shown.name,
        )
        field = SigFieldSpec(FIELD, readable_field_name="Signature", invis_sig_settings=UNSEEN)
        signing = _Signing(at, metadata, signer, timestamper=stamper, new_field_spec=field)
        out: io.BytesIO = await signing.async_sign_pdf(writer)
        if stamper is not None and _lasts(level):
            return await _made_to_last(out.getvalue(), stamper, trust, paths)
        return out.getvalue()
    except TimestampRequestError as wrong:
        raise errors.Unavailable(f"the time-stamping authority refused: {wrong}") from None
    except UnacceptableSignerError as wrong:
        raise errors.NotAllowed(f"the signer's certificate may not sign documents: {wrong}") from None
    except SigningError as wrong:
        raise errors.BadDocument(f"the document could not be signed: {wrong}") from wrong
    except PdfError as wrong:
        raise errors.Malformed(f"no PDF that can be signed: {wrong}", field="pdf") from None


async def _made_to_last(pdf: bytes, stamper: Stamper, trust: Trust, paths: Sequence[ValidationPath]) -> bytes:
    """One revision more, with all that verifying takes and a time-stamp over it; nothing after it, so that it covers all."""
    writer = _Adding(io.BytesIO(pdf), strict=True)
    names = {field.field_name for field in writer.prev.embedded_timestamp_signatures}
    field = f"{STAMP_FIELD}{len(names) + 1 if names else ''}"
    DocumentSecurityStore.supply_dss_in_writer(writer, None, crls=trust.crls, paths=paths)
    out: io.BytesIO = await PdfTimeStamper(stamper, field, UNSEEN).async_timestamp_pdf(writer, DIGEST)
    return out.getvalue()


def _lasts(level: Level) -> bool:
    return LEVELS.index(level) > LEVELS.index("B-T")


# -- what must be there first -------------------------------------------------------------------------------------------------


def _require_given(signer: signers.Signer, trust: Trust, timestamper: Request | None, level: Level) -> None:
    if signer.signing_cert is None:
        raise errors.BadQuestion("there is no certificate of the signer", field="certificate")
    wanting = []
    if not trust.roots:
        wanting.append("the certificate of the authority that certifies officials")
    if level != "B-B" and timestamper is None:
        wanting.append("a time-stamping authority")
    if level != "B-B" and not trust.timestamp_roots:
        wanting.append("the certificate that the time-stamping authority leads to")
    if _lasts(level) and not trust.crls:
        wanting.append("revocation lists (CRL)")
    if wanting:
        raise errors.BadQuestion(
            f"level {level} takes {' and '.join(wanting)}: not given here",
            field="trust",
            remedy="give it, or ask for a lesser level: B-T without revocation lists, B-B without time-stamps",
        )


async def _paths(
    signer: signers.Signer, stamper: Stamper | None, trust: Trust, at: datetime, *, lasting: bool
) -> list[ValidationPath]:
    """The signer's certificate and the authority's, before anything is signed. A first token shows the authority's."""
    assert signer.signing_cert is not None
    found = [await official_path(signer.signing_cert, signer.cert_registry, trust, at, revocation=lasting)]
    return found + (await _stamping_paths(stamper, trust, at, lasting=lasting) if stamper is not None else [])


async def _stamping_paths(stamper: Stamper, trust: Trust, at: datetime, *, lasting: bool) -> list[ValidationPath]:
    await stamper.async_dummy_response(DIGEST)
    each = stamper.certificates
    return [await stamping_path(found, stamper.cert_registry, trust, at, revocation=lasting) for found in each]
