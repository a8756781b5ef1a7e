"""Cosignatures: both kinds to the byte, a foreign ML-DSA beside ours, and nothing that can be moved to another checkpoint."""

from __future__ import annotations

import hashlib
import stat
import struct

import pytest
from dilithium_py.ml_dsa import ML_DSA_44

from ledger import errors
from ledger.formats import cosignature, keys, note
from ledger.formats.cosignature import Cosigner, LatticeKey
from ledger.formats.keys import SigningKey
from ledger.formats.note import Checkpoint, SignatureLine

TEXT = b"ledger.example/joint\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"
OTHERS = {
    "another origin": TEXT.replace(b"joint", b"other"),
    "another size": TEXT.replace(b"\n8\n", b"\n9\n"),
    "another root": TEXT.replace(b"Xcna", b"Ycna"),
}
TIME = 1_445_000_000
SEED = bytes(range(64, 96))
LATTICE = LatticeKey(SEED)
COSIGNERS = {
    "Ed25519": Cosigner("london.example/cosigner", SigningKey(bytes(range(32, 64)))),
    "ML-DSA-44": Cosigner("london.example/cosigner-pq", LATTICE),
}


def lattice_message(name, time, origin, size, root):
    """The signed message, put together a second time."""
    return (
        b"subtree/v1\n\x00"
        + struct.pack(f">B{len(name)}sQ", len(name), name, time)
        + struct.pack(f">B{len(origin)}sQQ", len(origin), origin, 0, size)
        + root
    )


def test_the_message_of_ml_dsa_is_the_published_structure():
    checkpoint = note.parse_checkpoint(TEXT)
    made = cosignature.ml_dsa_message("london.example/cosigner-pq", TIME, checkpoint)
    assert made == lattice_message(b"london.example/cosigner-pq", TIME, b"ledger.example/joint", 8, checkpoint.root)
    assert cosignature.ed25519_message(TEXT, TIME) == b"cosignature/v1\ntime 1445000000\n" + TEXT


def test_a_foreign_ml_dsa_verifies_ours():
    line = COSIGNERS["ML-DSA-44"].cosign(TEXT, TIME)
    message = lattice_message(b"london.example/cosigner-pq", TIME, b"ledger.example/joint", 8, note.parse_checkpoint(TEXT).root)
    assert line.signature[:8] == TIME.to_bytes(8, "big")
    assert ML_DSA_44.verify(LATTICE.public, message, line.signature[8:], ctx=b"")
    assert not ML_DSA_44.verify(LATTICE.public, message + b"x", line.signature[8:], ctx=b"")
    assert not ML_DSA_44.verify(LATTICE.public, message, line.signature[8:], ctx=b"x")


def test_we_verify_a_foreign_ml_dsa():
    public, secret = ML_DSA_44.key_derive(SEED)
    assert public == LATTICE.public
    key = COSIGNERS["ML-DSA-44"].key
    message = lattice_message(b"london.example/cosigner-pq", TIME, b"ledger.example/joint", 8, note.parse_checkpoint(TEXT).root)
    made = ML_DSA_44.sign(secret, message, deterministic=True)
    line = SignatureLine(key.name, key.key_id, TIME.to_bytes(8, "big") + made)
    assert cosignature.verify(TEXT, line, key) == TIME
    with_context = ML_DSA_44.sign(secret, message, ctx=b"x")
    with pytest.raises(errors.BadNote):
        cosignature.verify(TEXT, SignatureLine(key.name, key.key_id, TIME.to_bytes(8, "big") + with_context), key)


def test_the_known_ml_dsa_cosignature():
    """A foreign signer's deterministic signature from a fixed seed; ours are randomised, so only what is signed is compared."""
    key = COSIGNERS["ML-DSA-44"].key
    assert hashlib.sha256(key.public).hexdigest() == "6c1c65071979225a139b3ec84688e2688ec30fabe8cc510cb688bc435f2d3cb9"
    assert key.key_id.hex() == "a1d3846b"
    message = cosignature.ml_dsa_message(key.name, TIME, note.parse_checkpoint(TEXT))
    assert hashlib.sha256(message).hexdigest() == "ea57a3fa23b2def57cb58313d4ab5bb76c2c8f0ba8a5baf598cfa19954005a23"
    made = ML_DSA_44.sign(ML_DSA_44.key_derive(SEED)[1], message, deterministic=True)
    assert hashlib.sha256(made).hexdigest() == "a6297dfd47d5bdc1ffb209b53e3f1b715505b3254347515bb09da74584eb369f"


@pytest.mark.parametrize("cosigner", COSIGNERS.values(), ids=COSIGNERS.keys())
def test_a_cosignature_cannot_be_moved_to_another_checkpoint_or_time(cosigner):
    line = cosigner.cosign(TEXT, TIME)
    assert cosignature.verify(TEXT, line, cosigner.key) == TIME
    for other in OTHERS.values():
        with pytest.raises(errors.BadNote, match="does not verify"):
            cosignature.verify(other, line, cosigner.key)
    later = SignatureLine(line.name, line.key_id, (TIME + 1).to_bytes(8, "big") + line.signature[8:])
    with pytest.raises(errors.BadNote, match="does not verify"):
        cosignature.verify(TEXT, later, cosigner.key)


@pytest.mark.parametrize("cosigner", COSIGNERS.values(), ids=COSIGNERS.keys())
def test_a_cosignature_torn_extended_or_flipped_is_refused(cosigner):
    line = cosigner.cosign(TEXT, TIME)
    verifier = cosignature.verifier(cosigner.key)
    for wrong in (b"", line.signature[:8], line.signature[:-1], line.signature + b"\x00", b"\xff" * len(line.signature)):
        with pytest.raises(errors.BadNote):
            verifier.verify(TEXT, wrong)
    for at in range(0, len(line.signature), max(1, len(line.signature) // 150)):
        flipped = bytearray(line.signature)
        flipped[at] ^= 1
        with pytest.raises(errors.BadNote):
            verifier.verify(TEXT, bytes(flipped))


@pytest.mark.parametrize("cosigner", COSIGNERS.values(), ids=COSIGNERS.keys())
def test_a_time_beyond_63_bits_is_refused_though_it_is_signed(cosigner):
    """Whoever reads a time as a signed number would read one before 1970."""
    checkpoint = note.parse_checkpoint(TEXT)
    for time, good in ((cosignature.TIME_MAX, True), (cosignature.TIME_MAX + 1, False), (2**64 - 1, False)):
        if cosigner.private is LATTICE:
            message = cosignature.ml_dsa_message(cosigner.name, time, checkpoint)
        else:
            message = cosignature.ed25519_message(TEXT, time)
        signature = time.to_bytes(8, "big") + cosigner.private.sign(message)
        if good:
            assert cosignature.verifier(cosigner.key).verify(TEXT, signature) == time
        else:
            with pytest.raises(errors.BadNote, match="not a time and a signature"):
                cosignature.verifier(cosigner.key).verify(TEXT, signature)


def test_a_cosigner_cannot_speak_in_the_name_of_another():
    """ML-DSA signs the cosigner's name; the key id covers it for both."""
    for cosigner in COSIGNERS.values():
        line = cosigner.cosign(TEXT, TIME)
        posing = Cosigner("paris.example/cosigner", cosigner.private)
        with pytest.raises(errors.BadNote, match="not by"):
            cosignature.verify(TEXT, line, posing.key)
    line = COSIGNERS["ML-DSA-44"].cosign(TEXT, TIME)
    posing = Cosigner("paris.example/cosigner", LATTICE).key
    with pytest.raises(errors.BadNote, match="does not verify"):
        cosignature.verifier(posing).verify(TEXT, line.signature)


@pytest.mark.parametrize("cosigner", COSIGNERS.values(), ids=COSIGNERS.keys())
def test_what_is_no_checkpoint_is_not_cosigned(cosigner):
    for text in (b"", b"hello\n", TEXT + b"extension\n"):
        with pytest.raises(errors.BadNote):
            cosigner.cosign(text, TIME)
        with pytest.raises(errors.BadNote):
            cosignature.verifier(cosigner.key).verify(text, cosigner.cosign(TEXT, TIME).signature)
    with pytest.raises(AssertionError):
        cosigner.cosign(TEXT, 0)


def test_a_name_too_long_for_the_structure_is_refused():
    """One byte tells its length, and it counts bytes."""
    for name in ("x", "x" * 255, "é" * 127):
        made = cosignature.ml_dsa_message(name, TIME, Checkpoint(name, 1, bytes(32)))
        encoded = name.encode()
        assert made == lattice_message(encoded, TIME, encoded, 1, bytes(32))
    for name in ("", "x" * 256, "é" * 128):
        for cosigner, origin in ((name, "a"), ("a", name)):
            with pytest.raises(errors.BadNote, match="1 to 255"):
                cosignature.ml_dsa_message(cosigner, TIME, Checkpoint(origin, 1, bytes(32)))


def test_a_key_of_an_unknown_type_or_size_is_refused():
    for type_code, public in [
        (0x02, bytes(91)),
        (0x05, bytes(32)),
        (0xFF, bytes(9)),
        (0x06, bytes(1311)),
        (0x06, LATTICE.public + b"x"),
    ]:
        with pytest.raises(errors.BadNote):
            cosignature.verifier(note.VerifierKey("a", type_code, public))


def test_a_lattice_key_is_kept_to_its_owner(tmp_path):
    path = tmp_path / "london-pq.pem"
    LATTICE.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    read = LatticeKey.load(path)
    assert (read.seed, read.public) == (SEED, LATTICE.public)
    assert LatticeKey.generate().public != LATTICE.public
    assert repr(LATTICE) == "LatticeKey(…)"
    keys.save_private(tmp_path / "other.pem", SigningKey(bytes(32)))
    keys.write_secret(tmp_path / "text.pem", b"hello")
    for name in ("other.pem", "text.pem"):
        with pytest.raises(errors.Malformed) as wrong:
            LatticeKey.load(tmp_path / name)
        assert wrong.value.field == name
