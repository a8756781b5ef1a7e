"""That the parts of a signature which nothing signs are spelt as they were made: one byte changed anywhere must be found.

A time-stamp over a whole file cannot cover the place that it stands in itself. Of what is there the library verifies what
carries meaning; the rest (versions, sets that repeat what is said elsewhere, certificates along for the way, padding, the case
of hexadecimal digits) could be changed without its noticing. Here it is made anew from its parts, and must come out the same.
"""

from __future__ import annotations

import binascii

from asn1crypto import cms, core, x509
from cryptography import x509 as pyca
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

STAMP_ATTRIBUTE = "signature_time_stamp_token"
UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)


def fault_of_place(pdf: bytes, byte_range: list[int]) -> str:
    """What is wrong with the gap of a signature's byte range, which holds its bytes in hexadecimal: a key of WHY, or none."""
    if len(byte_range) != 4 or byte_range[0] != 0 or not 0 < byte_range[1] < byte_range[2] <= sum(byte_range[2:]) <= len(pdf):
        return "place"
    gap = pdf[byte_range[1] : byte_range[2]]
    if gap[:1] != b"<" or gap[-1:] != b">":
        return "place"
    try:
        contents = binascii.unhexlify(gap[1:-1])
        length = len(cms.ContentInfo.load(contents).dump())
    except UNREADABLE:
        return "spelling"
    spelt = contents.hex().encode()
    return "" if gap[1:-1] in (spelt, spelt.upper()) and not any(contents[length:]) else "spelling"


def fault_of(message: cms.ContentInfo, known: tuple[x509.Certificate, ...]) -> str:
    """What is wrong with what no signature covers of a signature or time-stamp: a key of WHY, or none.

    `known` are the certificates that those in it may lead to.
    """
    try:
        return _fault(message, known)
    except UNREADABLE:
        return "spelling"


def _fault(message: cms.ContentInfo, known: tuple[x509.Certificate, ...]) -> str:
    found: cms.SignedData = message["content"]
    (signer,) = found["signer_infos"]
    certificates = [each.chosen for each in found["certificates"]]
    is_stamp = found["encap_content_info"]["content_type"].native == "tst_info"
    stamps = [] if is_stamp or not signer["unsigned_attrs"] else list(signer["unsigned_attrs"])
    if isinstance(found["crls"], cms.RevocationInfoChoices) or (is_stamp and signer["unsigned_attrs"]):
        return "surplus"
    if any(each["type"].native != STAMP_ATTRIBUTE for each in stamps) or len(stamps) > 1:
        return "surplus"
    if _again(found, signer, is_stamp=is_stamp) != message.dump() or not _algorithms_plain(signer):
        return "spelling"
    # The signer's own certificate is named by its digest in what is signed; those along for the way are not.
    along = [each for each in certificates if not _is_named(signer, each)]
    if len({each.dump() for each in certificates if _is_named(signer, each)}) != 1:  # the same one twice is what cards give
        return "spelling"
    if not all(_leads(each, certificates, known) for each in along):
        return "certificates"
    for attribute in stamps:
        (inner,) = attribute["values"]
        if fault := _fault(inner, known):
            return fault
    return ""


def _again(found: cms.SignedData, signer: cms.SignerInfo, *, is_stamp: bool) -> bytes:
    """The same message put together from its parts (RFC 5652, section 5)."""
    parts = {name: signer[name] for name in ("sid", "digest_algorithm", "signed_attrs", "signature_algorithm", "signature")}
    if signer["unsigned_attrs"]:
        parts["unsigned_attrs"] = signer["unsigned_attrs"]
    version = "v1" if signer["sid"].name == "issuer_and_serial_number" else "v3"
    inside = found["encap_content_info"]
    content = {"content_type": inside["content_type"].native}
    if is_stamp:
        content["content"] = core.ParsableOctetString(bytes(inside["content"]))
    made = {
        "version": "v3" if is_stamp or version == "v3" else "v1",
        "digest_algorithms": [signer["digest_algorithm"]],
        "encap_content_info": content,
        "certificates": found["certificates"],
        "signer_infos": [cms.SignerInfo({"version": version, **parts})],
    }
    whole: bytes = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(made)}).dump(force=False)
    return whole


def _algorithms_plain(signer: cms.SignerInfo) -> bool:
    """Whether the parameters of both algorithms are those that algorithms without parameters have: none, or NULL."""
    named = signer["digest_algorithm"], signer["signature_algorithm"]
    plain = [each["parameters"].dump() in (b"", b"\x05\x00") for each in named]
    return plain[0] and (plain[1] or named[1]["algorithm"].native == "rsassa_pss")


def _is_named(signer: cms.SignerInfo, certificate: x509.Certificate) -> bool:
    """Whether this certificate is the one a signature names: by issuer and number, byte for byte, or by its key."""
    named, body = signer["sid"], certificate["tbs_certificate"]
    if named.name != "issuer_and_serial_number":
        return bool(named.chosen.native == certificate.key_identifier)
    parts = ("issuer", "serial_number")
    return all(named.chosen[part].dump() == body[part].dump() for part in parts)


def _leads(certificate: x509.Certificate, beside: list[x509.Certificate], known: tuple[x509.Certificate, ...]) -> bool:
    """Whether a certificate is one of those known, or was signed by one of them or by one beside it, byte for byte."""
    der = certificate.dump()
    if any(der == each.dump() for each in known):
        return True
    if certificate["signature_algorithm"].dump() != certificate["tbs_certificate"]["signature"].dump():
        return False
    child = pyca.load_der_x509_certificate(der)
    return any(_issued(child, each) for each in (*beside, *known) if each.subject == certificate.issuer)


def _issued(child: pyca.Certificate, issuer: x509.Certificate) -> bool:
    try:
        child.verify_directly_issued_by(pyca.load_der_x509_certificate(issuer.dump()))
    except (*UNREADABLE, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
