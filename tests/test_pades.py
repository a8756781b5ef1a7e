"""The signature of a report's document: sound by other programs too, for decades, and found out wherever a byte is changed."""

from __future__ import annotations

import hashlib
import io
import random
import re
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typst
from asn1crypto import cms, pem, tsp
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers

from ledger import errors
from projections.publishing import oneform
from projections.publishing.signing import Signed, renew, sign
from projections.publishing.trust import TEXT_CHARACTERS_MAX, Trust, plain, read_trust
from projections.publishing.verdict import Verdict, is_signed_form_of, verify
from projections.wording.documents import PROBLEMS
from tests import pki

SOURCE = '#set document(title: "Daily report")\n#set text(lang: "en")\n= Report\nTen people.\n'
SHOWN = {"reason": "Daily report", "location": "Calais", "name": "Alexandra O'Neill"}


def utc(year: int, month: int = 1, day: int = 1) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def document() -> bytes:
    """What is set: tagged, PDF/A-3 and PDF/UA."""
    made: bytes = typst.compile(SOURCE.encode(), pdf_standards=["a-3a", "ua-1"])
    return made


def signed_by(document: bytes, who: str = "official", at: datetime | None = None, **more: Any) -> Signed:
    given = {"timestamper": pki.clock(at), "trust": pki.trust(at=at), **SHOWN, **more}
    return sign(document, pki.signer(who), at=at or datetime.now(UTC), **given)


@pytest.fixture(scope="module")
def signed(document: bytes) -> bytes:
    return signed_by(document).pdf


def refused(verdict: Verdict, *keys: str) -> None:
    """Not ok, and for these reasons among others; each said in both languages."""
    assert not verdict.ok and verdict.problems
    for key in keys:
        pattern = re.compile(re.sub(r"\\{\w+\\}", ".*", re.escape(PROBLEMS[key].en)), re.DOTALL)
        assert any(pattern.fullmatch(told.en) for told in verdict.problems), (key, verdict.problems)
    assert all(told.en and told.fr and "{" not in told.en for told in verdict.problems)


# -- sound ------------------------------------------------------------------------------------------------------------------


def test_a_signature_changes_nothing_in_the_document(document, signed):
    assert signed.startswith(document)
    assert is_signed_form_of(signed, hashlib.sha256(document).hexdigest())
    assert not is_signed_form_of(signed, hashlib.sha256(document + b" ").hexdigest())
    added = signed[len(document) :]
    # What the document says of itself stands as it was set: neither its version, nor its claim to be PDF/A and PDF/UA.
    assert b"pdfaid" not in added and b"ModDate" not in added and b"/Version" not in added
    # ISO 19005-3, 6.1.12: a reference dictionary of a certified document names no digest.
    assert not re.search(rb"/Digest(Method|Value|Location)", added)


def test_a_signed_document_is_one_that_lasts(signed):
    before = datetime.now(UTC)
    verdict = verify(signed, pki.trust())
    assert verdict.ok and verdict.status == "passed" and verdict.level == "B-LTA" and verdict.covers_whole_file
    assert "Alexandra O'Neill (official)" in str(verdict.signer) and not verdict.problems
    assert verdict.signed_at is not None and abs(verdict.signed_at - before) < timedelta(minutes=5)
    assert len(verdict.stamped_at) == 1 and verdict.stamped_at[0] >= verdict.signed_at
    told = verdict.as_dict("fr")
    assert told["ok"] is True and str(told["signed_at"]).endswith("Z")


def pdfsig(file: Path) -> str:
    return subprocess.run(["pdfsig", str(file)], capture_output=True, text=True, check=False, timeout=60).stdout


@pytest.mark.foreign
def test_poppler_finds_the_signature_valid(signed, tmp_path):
    (tmp_path / "signed.pdf").write_bytes(signed)
    first = pdfsig(tmp_path / "signed.pdf").split("Signature #2")[0]
    assert "Signature Field Name: Official" in first and "Signature is Valid" in first and "ETSI.CAdES.detached" in first
    broken = bytearray(signed)
    broken[signed.index(b"/Marked true") + 9] ^= 1
    (tmp_path / "broken.pdf").write_bytes(broken)
    assert "Signature is Valid" not in pdfsig(tmp_path / "broken.pdf")


def parts(signed: bytes) -> list[tuple[bytes, bytes]]:
    """Each signature and time-stamp in a file, and the bytes it covers."""
    found = []
    for each in PdfFileReader(io.BytesIO(signed)).embedded_signatures:
        one, two, three, four = (int(n) for n in each.byte_range)
        found.append((each.pkcs7_content, signed[one : one + two] + signed[three : three + four]))
    return found


@pytest.mark.foreign
def test_openssl_finds_signature_and_time_stamp_valid(signed, tmp_path):
    (cms_der, covered), (token, stamped) = parts(signed)
    files = {"signature": cms_der, "covered": covered, "token": cms.ContentInfo.load(token).dump(), "stamped": stamped}
    files |= {f"{name}.pem": pem.armor("CERTIFICATE", pki.certificate(name).dump()) for name in ("home-office", "clock")}
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
    verifying = {
        "cms": [
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-in",
            "signature",
            "-content",
            "covered",
            "-CAfile",
            "home-office.pem",
        ],
        "ts": ["-verify", "-token_in", "-in", "token", "-data", "stamped", "-CAfile", "clock.pem"],
    }
    for command, options in verifying.items():
        more = ["-purpose", "any", "-out", "out"] if command == "cms" else []
        done = subprocess.run(["openssl", command, *options, *more], cwd=tmp_path, capture_output=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr


def test_a_signature_outlives_the_signers_certificate(document):
    signed = signed_by(document, "short")
    later = utc(2045)
    assert verify(signed.pdf, pki.trust(at=later), at=later).ok
    # Of what was not made to last nothing is left by then.
    short_lived = signed_by(document, "short", level="B-B").pdf
    assert verify(short_lived, pki.trust(), least="B-B").ok
    refused(verify(short_lived, pki.trust(at=later), at=later, least="B-B"))


def test_a_time_stamp_is_renewed_before_its_certificate_ends(document, signed):
    later = utc(2045)
    renewed = renew(signed, timestamper=pki.clock(later), trust=pki.trust(at=later), at=later)
    assert renewed.pdf.startswith(signed) and renewed.verdict.ok and len(renewed.verdict.stamped_at) == 2
    assert verify(renewed.pdf, pki.trust(at=utc(2060)), at=utc(2060)).ok
    broken = bytearray(signed)
    broken[-1000] ^= 1
    with pytest.raises(errors.BadDocument):
        renew(bytes(broken), timestamper=pki.clock(later), trust=pki.trust(at=later), at=later)


def test_nothing_is_fetched(document, monkeypatch):
    """The certificates say where their lists are; nobody asks there, neither to sign nor to verify."""

    def connect(*arguments: object) -> None:
        raise AssertionError(f"the network was asked: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", connect)
    made = signed_by(document).pdf
    assert verify(made, pki.trust()).ok and not verify(made, pki.trust("clock", clocks=("interieur",))).ok


@pytest.mark.parametrize("level", ("B-B", "B-T"))
def test_a_lesser_level_must_be_asked_for_and_is_told(document, level):
    trust = Trust(pki.trust().roots, pki.trust().timestamp_roots)  # no lists
    made = signed_by(document, level=level, trust=trust)
    assert made.level == level and verify(made.pdf, trust, least=level).ok
    refused(verify(made.pdf, pki.trust()), "level")


# -- changed ----------------------------------------------------------------------------------------------------------------


def regions(signed: bytes) -> dict[str, tuple[int, int]]:
    """Where in the file what stands."""
    first, last = (match.end() for match in re.finditer(rb"/Contents ?<", signed))
    gaps = {"signature": (first, signed.index(b">", first)), "time-stamp": (last, signed.index(b">", last))}
    crl = signed.index(b"/CRLs") if b"/CRLs" in signed else signed.index(b"/DSS")
    return {
        "document": (0, first - 1),
        "its end": (gaps["signature"][1], signed.index(b"%%EOF", first) + 5),
        "material": (crl - 400, crl + 400),
        **gaps,
        "end of file": (gaps["time-stamp"][1], len(signed)),
    }


@pytest.mark.parametrize("region", ("document", "its end", "material", "signature", "time-stamp", "end of file"))
def test_one_byte_changed_anywhere_is_found(signed, region):
    start, end = regions(signed)[region]
    drawn = random.Random(region)
    trust = pki.trust()
    for at in drawn.sample(range(start, end), 24):
        broken = bytearray(signed)
        broken[at] ^= 1 << drawn.randrange(8)
        assert not verify(bytes(broken), trust).ok, f"byte {at}"


def test_what_no_signature_covers_is_held_to_its_spelling(signed):
    """Versions, sets and padding inside the last time-stamp, the case of its digits: nothing signs them."""
    start, end = regions(signed)["time-stamp"]
    trust = pki.trust()
    token = cms.ContentInfo.load(bytes.fromhex(signed[start:end].decode()))
    version = token.dump().index(b"\x02\x01\x03", 10) + 2  # the version of SignedData
    letters = next(n for n in range(start, end) if chr(signed[n]).isalpha())
    broken = bytearray(signed)
    broken[start + 2 * version + 1 : start + 2 * version + 2] = b"1"
    refused(verify(bytes(broken), trust))
    for at, body in {
        end - 1: b"1",
        end - 40: b"a",
        letters: bytes([signed[letters] ^ 0x20]),
    }.items():
        broken = bytearray(signed)
        broken[at : at + 1] = body
        refused(verify(bytes(broken), trust), "not-one-form")


def test_what_a_time_stamp_repeats_is_held_to_what_it_says_elsewhere(signed):
    """A set of the digests used, versions, who signed: said twice in it, and verified once."""
    (_, _), (token, _) = parts(signed)
    der, known = cms.ContentInfo.load(token).dump(), pki.trust().timestamp_roots
    assert oneform.fault_of(cms.ContentInfo.load(der), known) == ""
    sha256 = bytes.fromhex("0609608648016503040201")
    changes = {
        der.index(b"\x02\x01\x03", 10) + 2: 4,  # SignedData is of version 3
        der.index(sha256) + len(sha256) - 1: 3,  # SHA-512 among the digests used
        der.rindex(b"\x02\x01\x01\x30") + 2: 3,  # SignerInfo is of version 1
        der.rindex(b"Clock Authority"): ord("c"),  # names are compared without regard to case
    }
    for at, byte in changes.items():
        changed = der[:at] + bytes([byte]) + der[at + 1 :]
        assert oneform.fault_of(cms.ContentInfo.load(changed), known) == "spelling", at


def test_a_certificate_that_leads_nowhere_is_no_part_of_a_time_stamp(signed):
    """Whoever could slip one in could change it, and nobody would know."""
    (_, _), (token, _) = parts(signed)
    message = cms.ContentInfo.load(token).copy()
    message["content"]["certificates"].append(pki.certificate("stranger"))
    known = (*pki.trust().roots, *pki.trust().timestamp_roots)
    assert oneform.fault_of(cms.ContentInfo.load(cms.ContentInfo.load(token).dump()), known) == ""
    again = cms.ContentInfo.load(message.dump(force=True))
    assert oneform.fault_of(again, known) in ("", "certificates")  # a root that is its own issuer leads to itself
    message["content"]["certificates"].append(pki.certificate("imposter"))
    message["content"]["certificates"].append(pki.certificate("short"))
    assert oneform.fault_of(cms.ContentInfo.load(message.dump(force=True)), pki.trust().timestamp_roots) == "certificates"


def edited(signed: bytes) -> bytes:
    """A later revision in which the page shows something else."""
    writer = IncrementalPdfFileWriter(io.BytesIO(signed))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
    writer.mark_update(writer.root["/Pages"]["/Kids"].raw_get(0))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_later_revision_is_told_with_what_it_brings(signed):
    verdict = verify(edited(signed), pki.trust())
    refused(verdict, "added", "altering")
    assert not verdict.covers_whole_file
    assert any("Page " in told.en and "1 later revision" in told.en for told in verdict.problems)


def test_bytes_after_the_end_are_told(signed):
    refused(verify(signed + b"\n% a remark\n", pki.trust()))
    refused(verify(signed + signed, pki.trust()))


def test_a_file_cut_back_to_an_earlier_revision_is_not_what_was_issued(document, signed):
    """Every revision is a sound file of its own; the last alone was made to last."""
    ends = [match.end() for match in re.finditer(rb"%%EOF\n?", signed)]
    refused(verify(signed[: ends[-2]], pki.trust()), "level")
    refused(verify(document, pki.trust()), "not-signed")


def test_a_signature_put_on_another_document_is_found(document, signed):
    other = typst.compile(SOURCE.replace("Ten", "Two").encode(), pdf_standards=["a-3a", "ua-1"])
    refused(verify(other + signed[len(document) :], pki.trust()))


def test_somebody_elses_further_signature_is_told(signed):
    writer = IncrementalPdfFileWriter(io.BytesIO(signed))
    meta = signers.PdfSignatureMetadata(field_name="Visa", md_algorithm="sha256")
    with pytest.raises(Exception, match="forbids all changes"):  # the library itself refuses: the document is certified
        signers.sign_pdf(writer, meta, pki.signer("short"))
    two = signers.sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(approved())), meta, pki.signer("imposter"), existing_fields_only=False
    ).getvalue()
    refused(verify(two, pki.trust(), least="B-B"), "other-signature", "altering")


def approved() -> bytes:
    """Signed by the official without certifying, as another program might."""
    made = typst.compile(SOURCE.encode())
    meta = signers.PdfSignatureMetadata(field_name="Official", md_algorithm="sha256")
    return signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(made)), meta, pki.signer()).getvalue()


def test_what_is_no_pdf_is_told_and_never_raises():
    drawn = random.Random(5)
    for body in (b"", b"%PDF-1.7", b"%PDF-1.7\n%%EOF", drawn.randbytes(2_000), b"<" * 5_000, b"[" * 100_000):
        refused(verify(body, pki.trust()))


# -- by whom ----------------------------------------------------------------------------------------------------------------


def test_an_official_of_another_authority_is_refused(document):
    of_stranger = {"roots": ("stranger",), "clocks": ("clock",)}
    made = signed_by(document, "imposter", trust=pki.trust("stranger", "clock", **of_stranger)).pdf
    refused(verify(made, pki.trust()), "other-authority")
    with pytest.raises(errors.NotAllowed, match="leads to none of the authorities"):
        signed_by(document, "imposter")


def test_the_clocks_authority_certifies_no_official_and_the_officials_no_clock(signed):
    swapped = pki.trust(roots=("clock",), clocks=("home-office",))
    refused(verify(signed, swapped), "other-authority")
    refused(verify(signed, pki.trust(clocks=("interieur",))), "stamp-not-valid")


def test_a_revoked_official_signs_nothing(document):
    with pytest.raises(errors.NotAllowed, match="was revoked at 2015-08-20"):
        signed_by(document, "former")


def test_a_signature_of_before_the_revocation_stays_and_one_of_after_does_not(document):
    """The lists of ten years: that of 2009 knows nothing of 2015, which whoever signs with it may well not either."""
    before = signed_by(document, "former", at=utc(2014)).pdf
    after = signed_by(document, "former", at=utc(2016)).pdf
    assert verify(after, pki.trust(at=utc(2016)), at=utc(2016, 1, 2)).ok
    assert verify(before, pki.trust(at=utc(2021)), at=utc(2021)).ok
    refused(verify(after, pki.trust(at=utc(2021)), at=utc(2021)), "revoked")


def test_a_certificate_that_is_not_for_signing_documents_signs_none(document):
    with pytest.raises(errors.NotAllowed, match="may not be used for this"):
        signed_by(document, "auditor")


def test_a_certificate_that_has_ended_signs_nothing(document):
    with pytest.raises(errors.NotAllowed, match="ended at 2040-01-01"):
        signed_by(document, "short", at=utc(2041))


# -- what is missing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "named"),
    (
        ({"trust": Trust(pki.trust().roots, pki.trust().timestamp_roots)}, "revocation lists"),
        ({"trust": Trust((), pki.trust().timestamp_roots)}, "the certificate of the authority that certifies officials"),
        ({"trust": Trust(pki.trust().roots)}, "the certificate that the time-stamping authority leads to"),
        ({"timestamper": None}, "a time-stamping authority"),
        ({"trust": pki.trust("clock")}, "the revocation list of Home Office Documents is missing"),
        ({"trust": pki.trust("home-office")}, "the revocation list of Clock Authority is missing"),
        ({"trust": pki.trust(at=utc(2012))}, "the revocation list of Home Office Documents is not of this time"),
    ),
)
def test_what_lasting_takes_and_is_missing_is_named(document, given, named):
    with pytest.raises(errors.BadQuestion, match=re.escape(named)) as told:
        signed_by(document, **given)
    assert told.value.remedy


def test_without_a_list_of_today_it_is_not_said_to_be_valid(signed):
    """The last time-stamp's own certificate may have been revoked since: a list of then does not say."""
    later = utc(2045)
    verdict = verify(signed, pki.trust(at=datetime.now(UTC)), at=later)
    refused(verdict)
    assert verdict.status != "passed"


@pytest.mark.parametrize(
    "ask",
    (
        lambda query: b"",
        lambda query: b"<html>try later</html>",
        lambda query: pki.clock()(query)[:-1],
        lambda query: bytes.fromhex("30053003020102"),  # status: rejection
        lambda query: pki.clock(datetime.now(UTC) + timedelta(hours=1))(query),
    ),
)
def test_a_time_stamping_authority_that_fails_is_said_to(document, ask):
    with pytest.raises((errors.Unavailable, errors.BadDocument)):
        signed_by(document, timestamper=ask)


def test_a_time_stamp_over_something_else_is_not_taken(document):
    def ask(query: bytes) -> bytes:
        asked = tsp.TimeStampReq.load(query)
        asked["message_imprint"]["hashed_message"] = hashlib.sha256(b"else").digest()
        return pki.clock()(asked.dump(force=True))

    with pytest.raises(errors.EntenteError):
        signed_by(document, timestamper=ask)


def test_what_is_signed_already_or_no_pdf_is_not_signed(signed):
    with pytest.raises(errors.BadQuestion, match="signed already"):
        signed_by(signed)
    with pytest.raises(errors.Malformed):
        signed_by(b"no PDF at all")


def test_hostile_text_beside_a_signature_is_inert(document):
    hostile = "a) /Type /Catalog >> endobj (\x00\x1b[2J\u202egnp.\r\n<script>alert(1)</script>" + "é" * 400
    made = signed_by(document, reason=hostile, name=hostile, location=hostile)
    (found,) = PdfFileReader(io.BytesIO(made.pdf)).embedded_regular_signatures
    for field in ("/Reason", "/Name", "/Location"):
        text = str(found.sig_object[field])
        assert text == plain(hostile) and len(text) == TEXT_CHARACTERS_MAX
        assert text.isprintable() and text.startswith("a) /Type /Catalog >> endobj (")
    assert plain("le\u00a0bulletin\u202f: n°\u00a03") == "le bulletin : n° 3"


def test_trust_is_read_from_pem_and_der_and_nothing_else():
    der = pki.certificate("home-office").dump()
    both = pem.armor("CERTIFICATE", der) + pem.armor("CERTIFICATE", pki.certificate("interieur").dump())
    read = read_trust([both], [pki.certificate("clock").dump()], crls=[pki.crl("clock").dump()])
    assert read.roots[0].dump() == der and len(read.roots) == 2 and len(read.crls) == 1
    for wrong in (b"", b"nothing", der[:-1], pem.armor("PRIVATE KEY", b"\x30\x00"), pki.crl("clock").dump()):
        with pytest.raises(errors.Malformed):
            read_trust([wrong])
