"""Whether a certificate leads to an authority, now and not revoked: asked before anything is signed, to answer plainly.

The library that signs asks the same again, and says less clearly what was wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from asn1crypto import x509
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator import errors as wrongs
from pyhanko_certvalidator.path import ValidationPath

from ledger import errors
from ledger.evidence.stamps import CLOCKS_APART_SECONDS_MAX
from projections.publishing.trust import Trust, name_of

TOLERANCE = timedelta(seconds=CLOCKS_APART_SECONDS_MAX)


async def official_path(
    certificate: x509.Certificate, beside: Iterable[x509.Certificate], trust: Trust, at: datetime, *, revocation: bool
) -> ValidationPath:
    """From this certificate, which may sign documents at an instant, to an authority of officials; raises as `_path`."""
    return await _path(certificate, beside, trust, _context(trust, trust.roots, at, revocation=revocation), {"non_repudiation"})


async def stamping_path(
    certificate: x509.Certificate, beside: Iterable[x509.Certificate], trust: Trust, at: datetime, *, revocation: bool
) -> ValidationPath:
    """From this certificate, which may make time-stamps at an instant, to an authority of these; raises as `_path`."""
    asked = _context(trust, trust.timestamp_roots, at, revocation=revocation)
    return await _path(certificate, beside, trust, asked, set(), {"time_stamping"})


def _context(trust: Trust, roots: Iterable[x509.Certificate], at: datetime, *, revocation: bool) -> ValidationContext:
    """Nothing is fetched; with `revocation` a list is required of every authority on the way."""
    return ValidationContext(
        trust_roots=list(roots),
        other_certs=list(trust.between),
        crls=[crl.dump() for crl in trust.crls],
        allow_fetching=False,
        revocation_mode="require" if revocation else "none",
        moment=at,
        time_tolerance=TOLERANCE,
    )


async def _path(
    certificate: x509.Certificate,
    beside: Iterable[x509.Certificate],
    trust: Trust,
    asked: ValidationContext,
    usage: set[str],
    purpose: set[str] | None = None,
) -> ValidationPath:
    """Raises BadQuestion where a revocation list is missing or has ended, NotAllowed where the certificate is not good."""
    validator = CertificateValidator(certificate, intermediate_certs=list(beside), validation_context=asked)
    whose = f"the certificate of {name_of(certificate.subject)}"
    try:
        found: ValidationPath = await validator.async_validate_usage(usage, purpose)  # type: ignore[no-untyped-call]
        return found
    except wrongs.RevokedError as wrong:
        raise errors.NotAllowed(f"{whose} was revoked at {wrong.revocation_dt:%Y-%m-%dT%H:%M:%SZ}") from None
    except wrongs.ExpiredError as wrong:
        raise errors.NotAllowed(f"{whose} ended at {wrong.expired_dt:%Y-%m-%dT%H:%M:%SZ}") from None
    except wrongs.NotYetValidError as wrong:
        raise errors.NotAllowed(f"{whose} begins at {wrong.valid_from:%Y-%m-%dT%H:%M:%SZ}") from None
    except wrongs.InsufficientRevinfoError as wrong:
        issuer = wrong.current_path.leaf.issuer if wrong.current_path.leaf else certificate.issuer
        has = any(crl.issuer == issuer for crl in trust.crls)
        raise errors.BadQuestion(
            f"the revocation list of {name_of(issuer)} {'is not of this time' if has else 'is missing'}, "
            f"without which {whose} cannot be relied on for long",
            field="crls",
            remedy=f"fetch the newest list (CRL) of {name_of(issuer)} and give its file",
        ) from None
    except wrongs.PathBuildingError:
        raise errors.NotAllowed(f"{whose} leads to none of the authorities given") from None
    except wrongs.ValidationError as wrong:
        raise errors.NotAllowed(f"{whose} may not be used for this: {wrong.failure_msg}") from None
