"""The library's own validation of a signature: whose certificates are believed for what, and that nothing is fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from asn1crypto import x509
from pyhanko.sign.ades.report import AdESPassed, AdESStatus, AdESSubIndic
from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko.sign.validation.ades import (
    AdESBasicValidationResult,
    ades_basic_validation,
    ades_lta_validation,
    ades_with_time_validation,
)
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko.sign.validation.policy_decl import (
    CertificateFetchingRule,
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import NO_REVOCATION, REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer

from projections.publishing.paths import TOLERANCE
from projections.publishing.trust import LEVELS, Level, Trust

Kind = Literal["B-B", "B-T", "B-LTA"]


@dataclass(frozen=True)
class Outcome:
    """What the library said: its code, in words if it gave any; whether time-stamps prove the signature's time and the rest."""

    code: AdESSubIndic
    why: str
    stamped: bool
    archived: bool
    kind: Kind

    @property
    def passed(self) -> bool:
        """Whether the signature is valid."""
        return self.code.status == AdESStatus.PASSED

    @property
    def level(self) -> Level:
        """What of PAdES was reached, where it passed."""
        if not self.stamped:
            return "B-B"
        if self.kind != "B-LTA":
            return "B-T"
        return "B-LTA" if self.archived else "B-LT"


def validate(official: EmbeddedPdfSignature, trust: Trust, at: datetime, least: Level) -> Outcome:
    """Validate a signature at an instant by what came with it; where that will do, one made to last as one that was not."""
    kind = _kind_of(official)
    outcome = _validate(kind, official, trust, at)
    if not outcome.passed and kind == "B-LTA" and LEVELS.index(least) < LEVELS.index("B-LT"):
        return _validate("B-T", official, trust, at)
    return outcome


def _kind_of(official: EmbeddedPdfSignature) -> Kind:
    try:
        DocumentSecurityStore.read_dss(official.reader)
    except NoDSSFoundError:
        return "B-T" if any(extract_tst_data_iter(official.signer_info, signed=False)) else "B-B"
    return "B-LTA"


def _validate(kind: Kind, official: EmbeddedPdfSignature, trust: Trust, at: datetime) -> Outcome:
    timing = ValidationTimingInfo(validation_time=at, best_signature_time=at, point_in_time_validation=True)
    # Of what was not made to last revocation is asked where there are lists to ask.
    asked = _asked(trust, revocation=kind == "B-LTA" or bool(trust.crls))
    if kind == "B-LTA":
        lasting = asyncio.run(ades_lta_validation(official, asked, timing_info=timing))
        stamp = lasting.signature_timestamp_status
        stamped = stamp is not None and stamp.ades_subindic == AdESPassed.OK
        return _outcome(kind, lasting, stamped=stamped, archived=lasting.oldest_evidence_record_timestamp is not None)
    validating: Any = ades_with_time_validation if kind == "B-T" else ades_basic_validation
    spec, digest = asked.signature_validation_spec, official.compute_digest()
    result = asyncio.run(validating(official.signed_data, spec, timing_info=timing, raw_digest=digest))
    stamped = kind == "B-T" and result.ades_subindic == AdESPassed.OK
    return _outcome(kind, result, stamped=stamped, archived=False)


def _outcome(kind: Kind, result: AdESBasicValidationResult[Any], *, stamped: bool, archived: bool) -> Outcome:
    return Outcome(result.ades_subindic, result.failure_msg or "", stamped, archived, kind)


def _asked(trust: Trust, *, revocation: bool) -> PdfSignatureValidationSpec:
    """Officials' authorities for the signature and time-stamping ones for time-stamps, neither for the other's.

    Without `revocation` lists are not asked for: of a signature that was never meant to last.
    """
    return PdfSignatureValidationSpec(
        SignatureValidationSpec(
            cert_validation_policy=_policy(trust.roots, revocation=revocation),
            ts_cert_validation_policy=_policy(trust.timestamp_roots, revocation=revocation),
            revinfo_gathering_policy=RevocationInfoGatheringSpec(
                RevinfoOnlineFetchingRule.LOCAL_ONLY, certificate_fetching_rule=CertificateFetchingRule.NEVER_FETCH
            ),
            local_knowledge=LocalKnowledge(
                known_crls=[CRLContainer(crl) for crl in trust.crls], known_certs=list(trust.between)
            ),
            key_usage_settings=KeyUsageConstraints(key_usage={"non_repudiation"}),
        )
    )


def _policy(roots: Iterable[x509.Certificate], *, revocation: bool) -> CertValidationPolicySpec:
    return CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=roots),
        revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO if revocation else NO_REVOCATION),
        time_tolerance=TOLERANCE,
    )
