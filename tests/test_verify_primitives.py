"""What verify.html computes with its own hands, against the standards' answers and against libraries that are not ours.

Hashes, both signatures and AES-GCM are written anew in its JavaScript. Each is asked here as it is shipped, under Node; Ed25519
and AES-GCM twice: with the cryptography of the browser, and without.
"""

from __future__ import annotations

import hashlib
import subprocess
import zlib
from contextlib import ExitStack
from random import Random

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, mldsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from dilithium_py.ml_dsa.default_parameters import DEFAULT_PARAMETERS
from dilithium_py.ml_dsa.ml_dsa import ML_DSA

from ledger import errors
from ledger.formats import keys, note, sealing
from ledger.formats.cosignature import Cosigner, LatticeKey, ml_dsa_message
from ledger.formats.note import Checkpoint
from tests import curve
from tests.agreeing import Node
from tests.bundles import sealing_key
from tests.curve import BASE, ORDER, TORSION, P
from tests.test_keys import KEY, RFC_8032, SCALAR, small_order_encodings, verdict

pytestmark = pytest.mark.foreign

SEED = 20_150_827
ONE_BLOCK_AND_AROUND = (0, 1, 3, 55, 56, 63, 64, 65, 111, 112, 119, 120, 127, 128, 129, 135, 136, 137, 167, 168, 169, 1_000)
WITHOUT_CRYPTOGRAPHY = "Object.defineProperty(globalThis, 'crypto', { value: undefined, configurable: true });\n"


class Parts:
    """Asks single functions of the page's script; bytes go and come as bytes."""

    def __init__(self, node: Node) -> None:
        self.node = node

    def __call__(self, module: str, name: str, *given):
        told = self.node.ask([module, name, *({"hex": one.hex()} if isinstance(one, bytes) else one for one in given)])
        return bytes.fromhex(told["hex"]) if isinstance(told, dict) and "hex" in told else told


@pytest.fixture(scope="module")
def both_parts(tmp_path_factory):
    """The page's parts where the browser has cryptography, and where it has none."""
    with ExitStack() as stack:
        made = []
        for name, script in (("with", ""), ("without", WITHOUT_CRYPTOGRAPHY)):
            folder = tmp_path_factory.mktemp(name)
            (folder / "before.cjs").write_text(script)
            node = Node("parts.mjs", folder, "--require", str(folder / "before.cjs"))
            stack.callback(node.close)
            made.append(Parts(node))
        yield made


@pytest.fixture(scope="module")
def parts(both_parts):
    return both_parts[0]


# -- hashes -------------------------------------------------------------------------------------------------------------------


def test_the_published_answers_of_the_hashes(parts):
    """FIPS 180-4 and FIPS 202, on "abc" and on nothing."""
    assert parts("sha2", "sha256", b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert parts("sha2", "sha512", b"abc").hex() == (
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    )
    assert parts("keccak", "shake128:read", b"", 16).hex() == "7f9c2ba4e88f827d616045507605853e"
    assert parts("keccak", "shake256:read", b"", 16).hex() == "46b9dd2b0ba88d13233b3feb743eeb24"


@pytest.mark.parametrize("length", [*ONE_BLOCK_AND_AROUND, 100_003])
def test_hashes_are_those_of_every_library_whatever_the_length(parts, length):
    body = Random(length).randbytes(length)
    cut = length // 3
    for pieces in ((body,), (body[:cut], b"", body[cut:])):
        assert parts("sha2", "sha256", *pieces) == hashlib.sha256(body).digest()
        assert parts("sha2", "sha512", *pieces) == hashlib.sha512(body).digest()
        assert parts("keccak", "shake128:read", *pieces, 500) == hashlib.shake_128(body).digest(500)
        assert parts("keccak", "shake256:read", *pieces, 500) == hashlib.shake_256(body).digest(500)
    assert parts("container", "crc32", body) == zlib.crc32(body)


# -- ML-DSA-44 ----------------------------------------------------------------------------------------------------------------


def scheme(beta: int) -> ML_DSA:
    """ML-DSA-44 by another implementation; with another `beta` it bounds z, and what is dropped, otherwise."""
    made = ML_DSA(DEFAULT_PARAMETERS["ML_DSA_44"])
    made.beta = beta
    return made


BETA = 78
STRICT, BY_ONE, AT_ALL, INSIDE = scheme(BETA), scheme(BETA - 1), scheme(0), scheme(BETA + 1)
PUBLIC, SECRET = STRICT.key_derive(bytes(range(32)))
# Found by trying: under the key above, z of the one reaches the bound exactly, z of the other the last number below it.
AT_THE_BOUND, JUST_INSIDE = b"z 69", b"z 277"
HINTS, ROWS, OMEGA = 32 + 4 * 576, 4, 80


def library_verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """What the library says that Python's verifier asks."""
    try:
        mldsa.MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def say(parts: Parts, public: bytes, message: bytes, signature: bytes) -> bool:
    """What all three say; they must say the same."""
    said = parts("mldsa", "verifyMlDsa44", public, message, signature)
    assert said == library_verifies(public, message, signature)
    if len(public) == 1_312 and len(signature) == 2_420:
        assert said == STRICT.verify(public, message, signature)
    return bool(said)


def test_ml_dsa_signatures_of_two_libraries_verify(parts):
    """Random keys and messages: one signed by the library, one by another implementation, and neither for another message."""
    rng = Random(SEED)
    for _ in range(12):
        key, message = LatticeKey(rng.randbytes(32)), rng.randbytes(rng.randrange(300))
        made = key._private.sign(message)
        assert say(parts, key.public, message, made)
        assert not say(parts, key.public, message + b"x", made)
        public, secret = STRICT.key_derive(key.seed)
        assert public == key.public and say(parts, public, message, STRICT.sign(secret, message))
        assert not parts("mldsa", "verifyMlDsa44", public, message, STRICT.sign(secret, message, ctx=b"x"))


def test_every_byte_of_an_ml_dsa_signature_and_key_counts(parts):
    """One bit turned, all along: in the challenge, z, the hints, their counts; and in the key."""
    message = b"one bit"
    made, rng = STRICT.sign(SECRET, message, deterministic=True), Random(SEED)
    assert say(parts, PUBLIC, message, made)
    for at in [
        *range(0, 32, 4),
        *range(32, HINTS, 96),
        *range(HINTS, HINTS + OMEGA + ROWS, 4),
        HINTS + OMEGA,
        HINTS + OMEGA + 3,
    ]:
        assert not say(parts, PUBLIC, message, turned(made, at, rng)), f"byte {at} of the signature"
    for at in range(0, len(PUBLIC), 48):
        assert not say(parts, turned(PUBLIC, at, rng), message, made), f"byte {at} of the key"


def turned(body: bytes, at: int, rng: Random) -> bytes:
    return body[:at] + bytes([body[at] ^ 1 << rng.randrange(8)]) + body[at + 1 :]


def hostile_hints() -> dict[str, bytes]:
    """Signatures whose hints mean what they meant, in another spelling: a lenient reader of hints would take each."""
    made = STRICT.sign(SECRET, b"hints", deterministic=True)
    places, counts = bytearray(made[HINTS : HINTS + OMEGA]), bytearray(made[HINTS + OMEGA :])
    used = counts[-1]
    assert counts[0] >= 2 and used < OMEGA - 1, "this signature serves the cases below"

    def spelled(places: bytes, counts: bytes) -> bytes:
        return made[:HINTS] + bytes(places) + bytes(counts)

    swapped = bytes([places[1], places[0], *places[2:]])
    repeated, more = bytes([places[0], *places[:-1]]), bytes(count + 1 for count in counts)
    return {
        "two places swapped": spelled(swapped, counts),
        "a place twice": spelled(repeated, more),
        "something behind the last": spelled(places[:-1] + b"\1", counts),
        "a nought counted as a place": spelled(places, counts[:-1] + bytes([used + 1])),
        "counts that run backwards": spelled(places, bytes([counts[1], counts[0], *counts[2:]])),
        "more than omega": spelled(places, counts[:-1] + bytes([OMEGA + 1])),
        "far more than omega": spelled(places, b"\xff" * ROWS),
    }


@pytest.mark.parametrize("name", hostile_hints())
def test_hints_have_one_spelling(parts, name):
    assert not say(parts, PUBLIC, b"hints", hostile_hints()[name])


def test_z_beyond_its_bound_is_refused_though_the_equation_holds(parts):
    """A signer with the secret key can leave the bound out; who verifies must not."""
    beyond = 0
    for n in range(8):
        message = b"beyond %d" % n
        made = AT_ALL.sign(SECRET, message, deterministic=True)
        if AT_ALL.verify(PUBLIC, message, made) and not STRICT.verify(PUBLIC, message, made):
            assert not say(parts, PUBLIC, message, made)
            beyond += 1
    assert beyond >= 1, "none was made whose z alone is wrong"


def test_z_may_come_up_to_its_bound_and_not_reach_it(parts):
    at = BY_ONE.sign(SECRET, AT_THE_BOUND, deterministic=True)
    assert BY_ONE.verify(PUBLIC, AT_THE_BOUND, at) and not say(parts, PUBLIC, AT_THE_BOUND, at)
    inside = STRICT.sign(SECRET, JUST_INSIDE, deterministic=True)
    assert not INSIDE.verify(PUBLIC, JUST_INSIDE, inside) and say(parts, PUBLIC, JUST_INSIDE, inside)


@pytest.mark.parametrize("length", [0, 1, 2_419, 2_421])
def test_what_is_not_as_long_as_an_ml_dsa_signature_is_none(parts, length):
    made = STRICT.sign(SECRET, b"", deterministic=True)
    assert not say(parts, PUBLIC, b"", (made + bytes(8))[:length])
    assert not parts("mldsa", "verifyMlDsa44", PUBLIC[:-1], b"", made)
    assert not parts("mldsa", "verifyMlDsa44", PUBLIC + b"\0", b"", made)


def test_a_cosignature_is_over_the_message_that_python_makes(parts):
    """What a cosigner of ours signs verifies as a bare message of ML-DSA too."""
    key = LatticeKey(bytes(32))
    cosigner, checkpoint = Cosigner("london.example/pq", key), Checkpoint("ledger.example/joint", 8, bytes(32))
    text = note.format_checkpoint(checkpoint)
    line = cosigner.cosign(text, 1_445_000_000)
    assert say(parts, key.public, ml_dsa_message("london.example/pq", 1_445_000_000, checkpoint), line.signature[8:])


# -- Ed25519 ------------------------------------------------------------------------------------------------------------------


def ed25519_says(both_parts, public: bytes, message: bytes, signature: bytes) -> bool:
    """What the page says with the browser's Ed25519, with its own, and Python's verifier; they must say the same."""
    ours = verdict(keys.verify, public, message, signature) == "good"
    for parts in both_parts:
        assert parts("ed25519", "verifyEd25519", public, message, signature) == ours
    return ours


def test_the_second_page_has_no_cryptography_of_its_browser(tmp_path):
    """Else everything below would be asked of the browser's twice."""
    (tmp_path / "before.cjs").write_text(WITHOUT_CRYPTOGRAPHY)
    for options, kind in (([], "object"), (["--require", str(tmp_path / "before.cjs")], "undefined")):
        command = ["node", *options, "-p", "typeof globalThis.crypto"]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == kind


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_the_known_answers_of_rfc_8032(both_parts, seed, public, message, signature):
    assert ed25519_says(both_parts, bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))


def test_nothing_verifies_under_a_weak_key(both_parts):
    """All fourteen of small order, all whose y is not reduced, and what is no point."""
    unreduced = [(y | sign << 255).to_bytes(32, "little") for y in range(P, 2**255) for sign in (0, 1)]
    weak = [*sorted(small_order_encodings()), *unreduced]
    weak += [b"", bytes(31), bytes(33), (2).to_bytes(32, "little"), (7).to_bytes(32, "little")]
    identity = curve.encode((0, 1))
    for public in weak:
        assert not both_parts[0]("ed25519", "isSoundKey", public)
        for made in (identity + bytes(32), curve.encode(curve.multiply(7, BASE)) + (7).to_bytes(32, "little"), KEY.sign(b"x")):
            assert not ed25519_says(both_parts, public, b"x", made)


def test_points_are_told_from_what_is_none(both_parts):
    for y in range(2, 60):
        sound = both_parts[0]("ed25519", "isSoundKey", y.to_bytes(32, "little"))
        assert sound == (curve.recover_x(y, 0) is not None), y


def test_s_has_one_spelling(both_parts):
    made = KEY.sign(b"x")
    s = int.from_bytes(made[32:], "little")
    assert ed25519_says(both_parts, KEY.public, b"x", made)
    spelled = [s + again * ORDER for again in range(1, 16) if s + again * ORDER < 2**256]
    for value in [*spelled, ORDER, ORDER + 1, ORDER - 1, 2**252, 2**253, 2**256 - 1]:
        assert not ed25519_says(both_parts, KEY.public, b"x", made[:32] + value.to_bytes(32, "little"))


@pytest.mark.parametrize("n", range(8))
def test_r_of_small_order_is_refused_though_the_equation_holds(both_parts, n):
    public, r = curve.encode(curve.multiply(SCALAR, BASE)), curve.encode(curve.multiply(n, TORSION))
    s = curve.challenge(r, public, b"x") * SCALAR % ORDER
    assert not ed25519_says(both_parts, public, b"x", r + s.to_bytes(32, "little"))


def test_nobody_multiplies_by_the_cofactor(both_parts):
    """Keys and R with a part of small order: what holds only times eight is refused, what holds as it stands is not."""
    accepted = 0
    for of_key in range(8):
        public = curve.encode(curve.add(curve.multiply(SCALAR, BASE), curve.multiply(of_key, TORSION)))
        for of_r in range(8):
            r = curve.encode(curve.add(curve.multiply(99, BASE), curve.multiply(of_r, TORSION)))
            h = curve.challenge(r, public, b"8")
            said = ed25519_says(both_parts, public, b"8", r + ((99 + h * SCALAR) % ORDER).to_bytes(32, "little"))
            assert said == ((of_r + h * of_key) % 8 == 0)
            accepted += said
    assert 1 <= accepted < 32


def test_every_flipped_bit_of_an_ed25519_signature_is_refused(both_parts):
    made, rng = KEY.sign(b"x"), Random(SEED)
    for at in range(64):
        assert not ed25519_says(both_parts, KEY.public, b"x", turned(made, at, rng))
    for wrong in (b"", made[:-1], made + b"\0", bytes(64), b"\xff" * 64):
        assert not ed25519_says(both_parts, KEY.public, b"x", wrong)
    assert not ed25519_says(both_parts, KEY.public, b"y", made)


# -- AES-256-GCM, and keys of which only the form is asked ---------------------------------------------------------------------


def test_the_published_answers_of_aes_gcm(both_parts):
    """Cases 13 and 14 of its submission to NIST: a key of noughts, nothing sealed, and one block of noughts sealed."""
    for parts in both_parts:
        for name in ("openGcm", "openHere"):
            assert parts("gcm", name, bytes(32), bytes.fromhex("530f8afbc74536b9a963b4f1c4cb738b")) == b""
            sealed = bytes.fromhex("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
            assert parts("gcm", name, bytes(32), sealed) == bytes(16)


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 31, 256, 272, 4_080, 4_112])
def test_aes_gcm_opens_what_a_library_sealed_and_nothing_else(both_parts, length):
    """Up to where the counter needs its second byte; one bit wrong in text, tag or key, and nothing is opened."""
    rng = Random(length)
    key, plaintext = rng.randbytes(32), rng.randbytes(length)
    sealed = AESGCM(key).encrypt(bytes(12), plaintext, None)
    for parts in both_parts:
        for name in ("openGcm", "openHere"):
            assert parts("gcm", name, key, sealed) == plaintext
            for at in {0, length // 2, length, length + 15}:
                assert parts("gcm", name, key, turned(sealed, at, rng)) is None
            assert parts("gcm", name, turned(key, 31, rng), sealed) is None
        assert parts("gcm", "openGcm", key, sealed[-15:]) is None


def test_keys_that_sign_no_event_are_told_from_what_is_none(parts):
    """P-256 points and sealing keys, as the libraries judge them whose keys they are."""
    point = keys.DocumentKey(ec.derive_private_key(7, ec.SECP256R1())).public
    rng, sealed_to = Random(SEED), sealing_key("GB").public
    spelled_beyond = b"\4" + (5 + P256).to_bytes(32, "big") + Y_OF_5.to_bytes(32, "big")
    wrongs = [turned(point, 20, rng), turned(point, 50, rng), point[:-1], b"\2" + point[1:], b"\4" + b"\xff" * 64, b""]
    assert parts("p256", "isP256Point", b"\4" + (5).to_bytes(32, "big") + Y_OF_5.to_bytes(32, "big"))
    for wrong in (*wrongs, spelled_beyond):
        assert not parts("p256", "isP256Point", wrong) and not is_key(keys.require_point, wrong)
    assert parts("p256", "isP256Point", point) and is_key(keys.require_point, point)
    q = 3_329
    for at in (0, 3, 1_149):
        for first, second in ((q - 1, q - 1), (q, 0), (0, q), (4_095, 4_095)):
            body = sealed_to[:at] + (first | second << 12).to_bytes(3, "little") + sealed_to[at + 3 :]
            assert parts("hybrid", "isHybridKey", body) == is_key(sealing.require_sealing_key, body) == (max(first, second) < q)
    assert parts("hybrid", "isHybridKey", sealed_to[:-32] + b"\xff" * 32) == is_key(
        sealing.require_sealing_key, sealed_to[:-32] + b"\xff" * 32
    )
    assert not parts("hybrid", "isHybridKey", sealed_to[:-1])


# A point of P-256 with so small an x that x + p, which no library takes, is still of 32 bytes: x = 5.
P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
Y_OF_5 = 0x459243B9AA581806FE913BCE99817ADE11CA503C64D9A3C533415C083248FBCC


def is_key(require, body: bytes) -> bool:
    try:
        require(body)
    except errors.WeakKey:
        return False
    return True
