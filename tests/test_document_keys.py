"""An official's key for documents: in a file or on a card, and an exercise's own authorities."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pkcs11
import pytest
import typst
from asn1crypto import pem
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from api import document_keys, documents, exercise_documents
from api.home import Home
from api.settings import Settings
from ledger import errors
from ledger.evidence.timestamping import make_request, read_roots, verify_response
from ledger.formats.keys import write_secret
from projections.publishing.verdict import verify
from tests import pki
from tests.authority import Tsa, serving
from tests.test_pades import SHOWN, SOURCE

PIN, TOKEN, LABEL = "1234", "official", "document"


@pytest.fixture(scope="module")
def document() -> bytes:
    made: bytes = typst.compile(SOURCE.encode(), pdf_standards=["a-3a", "ua-1"])
    return made


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """An exercise's."""
    with Home.create(tmp_path / "home", Settings("exercise.example/joint", exercise=True)) as made:
        yield made


def private(name: str) -> bytes:
    der: bytes = pki.signer(name).signing_key.dump()
    return der


def files(folder: Path, name: str = "official", password: bytes | None = None) -> tuple[Path, Path]:
    """Somebody's key and certificate, as a ministry hands them out."""
    key, certificate = folder / f"{name}.pem", folder / f"{name}.crt"
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    loaded = serialization.load_der_private_key(private(name), None)
    write_secret(key, loaded.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how))
    chain = [pki.certificate(name), pki.certificate("home-office")]
    certificate.write_bytes(b"".join(pem.armor("CERTIFICATE", each.dump()) for each in chain))
    return key, certificate


def means() -> documents.Means:
    return documents.Means(pki.trust(), pki.clock())


# -- files --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("password", (None, b"correct horse"))
def test_a_key_in_a_file_signs(document, tmp_path, password):
    key, certificate = files(tmp_path, password=password)
    if password:
        write_secret(tmp_path / "passphrase", password + b"\n")
    signer = document_keys.in_file(key, certificate, tmp_path / "passphrase" if password else None)
    assert means().sign(document, signer, SHOWN).level == "B-LTA"


def test_a_key_file_that_cannot_sign_is_refused_saying_why(tmp_path):
    key, certificate = files(tmp_path)
    (tmp_path / "locked").mkdir()
    locked, _ = files(tmp_path / "locked", password=b"correct horse")
    write_secret(tmp_path / "wrong", b"other")
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    for name, made in {
        "ed25519": ed25519.Ed25519PrivateKey.generate(),
        "p384": ec.generate_private_key(ec.SECP384R1()),
    }.items():
        write_secret(tmp_path / name, made.private_bytes(*form))
        with pytest.raises(errors.Malformed, match="not a P-256 private key"):
            document_keys.in_file(tmp_path / name, certificate)
    other = tmp_path / "other.crt"
    other.write_bytes(pem.armor("CERTIFICATE", pki.certificate("short").dump()))
    for arguments, why in {
        (key, other, None): "of another key",
        (locked, certificate, None): "is encrypted",
        (locked, certificate, tmp_path / "wrong"): "the passphrase is another",
        (key, certificate, tmp_path / "wrong"): "is not encrypted",
        (certificate, certificate, None): "others than its owner may read",
        (key, key, None): "there is no CERTIFICATE",
    }.items():
        with pytest.raises(errors.Malformed, match=why):
            document_keys.in_file(*arguments)
    with pytest.raises(errors.NotFound):
        document_keys.in_file(tmp_path / "nowhere", certificate)
    key.chmod(0o644)
    with pytest.raises(errors.Malformed, match="others than its owner may read"):
        document_keys.in_file(key, certificate)


# -- cards --------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card with an official's key on it: SoftHSM's library, which a process initialises once, with its cards in one place."""
    folder = tmp_path_factory.mktemp("cards")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    _softhsm("--init-token", "--free", "--label", TOKEN, "--so-pin", PIN, "--pin", PIN)
    (folder / "key.p8").write_bytes(pem.armor("PRIVATE KEY", private("official")))
    _softhsm("--import", str(folder / "key.p8"), "--token", TOKEN, "--label", LABEL, "--id", "01", "--pin", PIN)
    return next(path for path in map(Path, LIBRARIES) if path.is_file())


LIBRARIES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/libsofthsm2.so")


def _softhsm(*words: str) -> None:
    subprocess.run(["softhsm2-util", *words], check=True, capture_output=True, timeout=60)


def write_pin(folder: Path, pin: str = PIN) -> Path:
    path = folder / f"pin-{pin}"
    write_secret(path, f"{pin}\n".encode())
    return path


@pytest.mark.foreign
def test_a_key_on_a_card_signs(document, card, tmp_path):
    _, certificate = files(tmp_path)
    with document_keys.on_card(card, TOKEN, LABEL, write_pin(tmp_path), certificate) as signer:
        signed = means().sign(document, signer, SHOWN)
    assert verify(signed.pdf, pki.trust()).ok


@pytest.mark.foreign
def test_the_certificate_may_be_on_the_card_too(document, card, tmp_path):
    pin = write_pin(tmp_path)
    with pytest.raises(errors.NotFound, match="no certificate"), document_keys.on_card(card, TOKEN, LABEL, pin):
        pass
    with pkcs11.lib(str(card)).get_token(token_label=TOKEN).open(rw=True, user_pin=PIN) as session:
        values = {
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
            pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
            pkcs11.Attribute.LABEL: LABEL,
            pkcs11.Attribute.TOKEN: True,
            pkcs11.Attribute.VALUE: pki.certificate("official").dump(),
            pkcs11.Attribute.SUBJECT: pki.certificate("official").subject.dump(),
        }
        session.create_object(values)
    with document_keys.on_card(card, TOKEN, LABEL, pin) as signer:
        assert verify(means().sign(document, signer, SHOWN).pdf, pki.trust()).ok


@pytest.mark.foreign
def test_a_card_that_is_not_there_or_a_wrong_pin_is_said(card, tmp_path):
    _, certificate = files(tmp_path)
    pin = write_pin(tmp_path)
    for token, label, secret, kind, why in (
        ("nobody", LABEL, pin, errors.NotFound, "no card nobody"),
        (TOKEN, "nothing", pin, errors.NotFound, "no key nothing"),
        (TOKEN, LABEL, write_pin(tmp_path, "9999"), errors.NotAllowed, "refuses this PIN"),
    ):
        with pytest.raises(kind, match=why), document_keys.on_card(card, token, label, secret, certificate):
            pass
    with pytest.raises(errors.NotFound), document_keys.on_card(tmp_path / "lib.so", TOKEN, LABEL, pin, certificate):
        pass


# -- authorities --------------------------------------------------------------------------------------------------------------


def test_an_exercise_signs_with_authorities_of_its_own_and_says_so(document, home):
    means = documents.means_of(home)
    signed = means.sign(document, exercise_documents.signer(home, "GB-SRO"), SHOWN)
    assert signed.level == "B-LTA" and "EXERCISE – GB-SRO" in str(signed.verdict.signer)
    assert documents.verify(home, signed.pdf).ok and not verify(signed.pdf, pki.trust()).ok
    place = home.path / "keys" / "documents"
    for path in place.glob("*.crt"):
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        assert all("EXERCISE" in name.rfc4514_string() for name in (certificate.subject, certificate.issuer))
    assert all(path.stat().st_mode & 0o077 == 0 for path in place.glob("*.pem"))
    # The same official, the next day.
    again = means.sign(document, exercise_documents.signer(home, "GB-SRO"), SHOWN)
    assert again.verdict.signer_serial == signed.verdict.signer_serial


def test_a_live_ledger_has_no_authorities_of_its_own(tmp_path, document):
    with Home.create(tmp_path / "live", Settings("live.example/joint")) as live:
        for asked in (exercise_documents.trust, exercise_documents.clock, exercise_documents.folder):
            with pytest.raises(errors.BadQuestion, match="only an exercise"):
                asked(live)
        with pytest.raises(errors.BadQuestion, match="a time-stamping authority"):
            documents.means_of(live).sign(document, pki.signer(), SHOWN)
    assert not (tmp_path / "live" / "keys" / "documents").exists()


@pytest.mark.parametrize("name", ("../GB-SRO", "authority", "clock", "", "a/b"))
def test_no_name_of_an_official_reaches_another_file(home, name):
    with pytest.raises(errors.Malformed):
        exercise_documents.signer(home, name)


@pytest.mark.foreign
def test_the_exercises_clock_is_one_that_other_programs_take(home):
    stamped = b"anything"
    query = make_request(stamped)
    response = exercise_documents.clock(home)(query.as_bytes())
    roots = read_roots((home.path / "keys" / "documents" / "clock-authority.crt").read_bytes())
    assert verify_response(response, stamped, roots, query.nonce).signer.startswith("CN=EXERCISE")


@pytest.mark.foreign
def test_a_home_signs_with_the_authorities_its_settings_name_and_the_first_clock_that_answers(document, tmp_path):
    """`openssl ts` is the clock, over HTTP; another that is named before it is down."""
    place = tmp_path / "live"
    with serving(Tsa(tmp_path, "tsa")) as tsa, Home.create(place, Settings("live.example/joint")) as live:
        clocks_list = x509.CertificateRevocationListBuilder().issuer_name(tsa.root.subject)
        begins, ends = tsa.root.certificate.not_valid_before_utc, tsa.root.certificate.not_valid_after_utc
        made = clocks_list.last_update(begins).next_update(ends).sign(tsa.root.key, hashes.SHA256())
        (place / "clock.crl").write_bytes(made.public_bytes(serialization.Encoding.DER))
        (place / "ministry.pem").write_bytes(pem.armor("CERTIFICATE", pki.certificate("home-office").dump()))
        (place / "ministry.crl").write_bytes(pki.crl("home-office").dump())
        live.settings = msgspec.structs.replace(
            live.settings,
            timestamp_urls={"down": "http://127.0.0.1:9/", "tsa": tsa.url},
            timestamp_roots={"tsa": str(tsa.roots_file)},
            document_roots={"ministry": "ministry.pem"},
            revocation_lists={"ministry": "ministry.crl", "clock": "clock.crl"},
        )
        signed = documents.means_of(live).sign(document, pki.signer(), SHOWN)
        assert documents.verify(live, signed.pdf).ok and len(tsa.asked) == 3
        live.settings = msgspec.structs.replace(live.settings, document_roots={"ministry": "nowhere.pem"})
        with pytest.raises(errors.NotFound, match="nowhere"):
            documents.means_of(live)
