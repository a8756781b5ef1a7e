"""Ed25519 with one verdict everywhere: known answers, weak keys, and the corners in which libraries differ."""

from __future__ import annotations

import hashlib
import stat

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger import errors
from ledger.formats import keys
from tests.curve import BASE, ORDER, TORSION, P, add, challenge, encode, multiply

# RFC 8032 section 7.1, TEST 1, 2, 3 and SHA(abc): seed, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").hexdigest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]
VERIFIERS = [keys.verify, keys.verify_with_openssl]
KEY = keys.SigningKey(bytes(range(32)))


def verdict(verify, public, message, signature):
    try:
        verify(public, message, signature)
    except errors.WeakKey:
        return "weak"
    except errors.BadSignature:
        return "bad"
    return "good"


def verdicts(public, message, signature):
    """What both libraries say; they must say the same."""
    first, second = (verdict(verify, public, message, signature) for verify in VERIFIERS)
    assert first == second
    return first


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_the_known_answers_of_rfc_8032(seed, public, message, signature):
    key = keys.SigningKey(bytes.fromhex(seed))
    assert key.public.hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    assert verdicts(key.public, bytes.fromhex(message), bytes.fromhex(signature)) == "good"


def small_order_encodings():
    """Every 32-byte string that decodes to a point of small order when y is not required to be reduced."""
    points = [multiply(n, TORSION) for n in range(8)]
    found = set()
    for x, y in points:
        for spelled in (y, y + P):
            if spelled < 2**255:
                found.add((spelled | (x & 1) << 255).to_bytes(32, "little"))
                if x == 0:
                    found.add((spelled | 1 << 255).to_bytes(32, "little"))
    return found


def test_the_table_of_small_order_keys_is_complete():
    assert small_order_encodings() == keys.SMALL_ORDER
    assert len(keys.SMALL_ORDER) == 14


@pytest.mark.parametrize("public", sorted(keys.SMALL_ORDER), ids=lambda key: key.hex()[:8])
def test_nothing_verifies_under_a_key_of_small_order(public):
    """Under such a key S = 0 and R = the identity is a signature of one message in eight at least."""
    identity = encode((0, 1))
    for n in range(16):
        message = b"forged %d" % n
        assert verdicts(public, message, identity + bytes(32)) == "weak"
        scalar = 7
        assert verdicts(public, message, encode(multiply(scalar, BASE)) + scalar.to_bytes(32, "little")) == "weak"
    with pytest.raises(errors.WeakKey):
        keys.require_strong(public)


@pytest.mark.parametrize("y", range(P, 2**255))
@pytest.mark.parametrize("sign", [0, 1])
def test_nothing_verifies_under_a_key_not_in_canonical_form(y, sign):
    public = (y | sign << 255).to_bytes(32, "little")
    assert verdicts(public, b"x", KEY.sign(b"x")) == "weak"


@pytest.mark.parametrize("public", [b"", bytes(31), bytes(33), (2).to_bytes(32, "little"), (7).to_bytes(32, "little")])
def test_nothing_verifies_under_what_is_not_a_point(public):
    assert verdicts(public, b"x", KEY.sign(b"x")) == "weak"


def test_points_are_told_from_what_is_not_one():
    """About half of all y are coordinates of a point; each answer is that of the curve's equation."""
    from tests.curve import recover_x

    for y in range(2, 200):
        fault = keys._weakness(y.to_bytes(32, "little"))
        assert (fault == "") == (recover_x(y, 0) is not None), y


def test_s_beyond_the_group_order_is_refused():
    """S and S + L satisfy the same equation: without this a signature has a second form."""
    signature = KEY.sign(b"x")
    s = int.from_bytes(signature[32:], "little")
    assert verdicts(KEY.public, b"x", signature) == "good"
    for again in range(1, 16):
        if s + again * ORDER < 2**256:
            assert verdicts(KEY.public, b"x", signature[:32] + (s + again * ORDER).to_bytes(32, "little")) == "bad"
    for value in (ORDER, ORDER + 1, ORDER - 1, 2**252, 2**253, 2**256 - 1):
        assert verdicts(KEY.public, b"x", signature[:32] + value.to_bytes(32, "little")) == "bad"


SCALAR = 0x1234567890ABCDEF1234567890ABCDEF


@pytest.mark.parametrize("n", range(8))
def test_r_of_small_order_is_refused_though_the_equation_holds(n):
    """The signer alone could make these, but libraries differ about them."""
    public = encode(multiply(SCALAR, BASE))
    r = encode(multiply(n, TORSION))
    s = challenge(r, public, b"x") * SCALAR % ORDER
    assert verdicts(public, b"x", r + s.to_bytes(32, "little")) == "bad"


@pytest.mark.parametrize("of_key", range(8))
def test_both_libraries_agree_where_key_or_r_has_a_part_of_small_order(of_key):
    """Verifiers that multiply by the cofactor accept all of these; ours must not start to when a library changes its mind."""
    accepted = 0
    public = encode(add(multiply(SCALAR, BASE), multiply(of_key, TORSION)))
    for of_r in range(8):
        for n in range(4):
            message = b"%d" % n
            r = encode(add(multiply(99 + n, BASE), multiply(of_r, TORSION)))
            h = challenge(r, public, message)
            s = (99 + n + h * SCALAR) % ORDER
            said = verdicts(public, message, r + s.to_bytes(32, "little"))
            assert said == ("good" if (of_r + h * of_key) % 8 == 0 else "bad")
            accepted += said == "good"
    assert of_key or accepted == 4


@pytest.mark.parametrize("signature", [b"", bytes(63), bytes(64), bytes(65), b"\xff" * 64])
def test_what_is_no_signature_is_refused(signature):
    assert verdicts(KEY.public, b"x", signature) == "bad"


def test_what_libraries_differ_about_is_refused_before_one_is_asked():
    """Both libraries of today refuse S >= L themselves. Another might not, and S < L has no other bound."""
    r = KEY.sign(b"x")[:32]
    for s in (0, 2**252 - 1, 2**252, ORDER - 1):
        keys._require_signature(r + s.to_bytes(32, "little"))
    for s in (ORDER, ORDER + 1, 2**253, 2**256 - 1):
        with pytest.raises(errors.BadSignature):
            keys._require_signature(r + s.to_bytes(32, "little"))


def test_every_flipped_bit_of_a_signature_is_refused():
    signature = KEY.sign(b"x")
    for bit in range(512):
        flipped = bytearray(signature)
        flipped[bit // 8] ^= 1 << bit % 8
        assert verdict(keys.verify, KEY.public, b"x", bytes(flipped)) == "bad"
    assert verdicts(KEY.public, b"y", signature) == "bad"


def test_a_key_id_covers_type_and_key():
    assert keys.SigningKey(KEY.seed).key_id == hashlib.sha256(b"\x01" + KEY.public).hexdigest()
    assert keys.key_id(keys.P256_DOCUMENT, bytes(65)) == hashlib.sha256(b"\x11" + bytes(65)).hexdigest()


SMALL = min(keys.SMALL_ORDER)
REFUSED = {
    "a type nobody knows": (errors.Malformed, "type_code", lambda: keys.key_id(0x02, KEY.public)),
    "a key too short for its type": (errors.Malformed, "public_key", lambda: keys.key_id(keys.ED25519_EVENT, bytes(31))),
    "a key of another type": (errors.Malformed, "public_key", lambda: keys.key_id(keys.ML_KEM_SEALING, bytes(32))),
    "a key of small order": (errors.WeakKey, "public_key", lambda: keys.require_strong(SMALL)),
    "a signature under such a key": (errors.WeakKey, "public_key", lambda: keys.verify(SMALL, b"x", KEY.sign(b"x"))),
    "a document key off the curve": (errors.WeakKey, "public_key", lambda: keys.require_point(b"\x04" + bytes(64))),
}


@pytest.mark.parametrize(("error", "field", "given"), REFUSED.values(), ids=REFUSED.keys())
def test_the_refusal_names_what_is_wrong(error, field, given):
    with pytest.raises(error) as wrong:
        given()
    assert wrong.value.field == field


# -- document keys ----------------------------------------------------------------------------------------------------------

# RFC 6979 appendix A.2.5, with SHA-256, message "sample": private key, public point, r and s.
RFC_6979 = (
    0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721,
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
)


def test_the_known_answer_of_rfc_6979():
    private, public, r, s = RFC_6979
    key = keys.DocumentKey(ec.derive_private_key(private, ec.SECP256R1()))
    assert key.public.hex() == public
    assert key.key_id == hashlib.sha256(b"\x11" + key.public).hexdigest()
    keys.verify_document(key.public, b"sample", bytes.fromhex(r + s))


def test_a_document_is_signed_under_its_key_alone():
    key = keys.DocumentKey.generate()
    signature = key.sign(b"the 06:00 report")
    keys.verify_document(key.public, b"the 06:00 report", signature)
    halves = signature[32:] + signature[:32]
    for public, document, claimed in [
        (keys.DocumentKey.generate().public, b"the 06:00 report", signature),
        (key.public, b"the 07:00 report", signature),
        *((key.public, b"the 06:00 report", wrong) for wrong in (b"", signature[:63], signature + b"\0", bytes(64), halves)),
    ]:
        with pytest.raises(errors.BadSignature):
            keys.verify_document(public, document, claimed)


def test_a_document_key_that_is_no_uncompressed_point_is_refused():
    """SEC 1 knows shorter and hybrid forms of the same point; a key with two spellings has two names."""
    point = keys.DocumentKey.generate().public
    keys.require_point(point)
    compressed = bytes([2 + point[64] % 2]) + point[1:33]
    hybrid = bytes([6 + point[64] % 2]) + point[1:]
    for public in (b"", point[:64], point + b"\0", compressed, hybrid, b"\0" * 65, point[:64] + bytes([point[64] ^ 1])):
        with pytest.raises(errors.WeakKey):
            keys.require_point(public)
        with pytest.raises(errors.WeakKey):
            keys.verify_document(public, b"x", bytes(64))


# -- files ------------------------------------------------------------------------------------------------------------------


KINDS = {
    "Ed25519": (keys.save_private, keys.load_private, keys.SigningKey),
    "P-256": (lambda path, key: key.save(path), keys.DocumentKey.load, keys.DocumentKey),
}


@pytest.mark.parametrize(("save", "load", "kind"), KINDS.values(), ids=KINDS.keys())
def test_a_private_key_is_kept_to_its_owner(save, load, kind, tmp_path):
    key = kind.generate()
    path = tmp_path / "service.pem"
    save(path, key)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        save(path, kind.generate())
    read = load(path)
    assert read.key_id == key.key_id
    (keys.verify if kind is keys.SigningKey else keys.verify_document)(key.public, b"x", read.sign(b"x"))
    path.chmod(0o640)
    with pytest.raises(errors.Malformed, match="chmod 600") as wrong:
        load(path)
    assert wrong.value.field == "service.pem"


def test_a_file_that_is_no_key_of_its_kind_is_refused_by_name(tmp_path):
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    plain, locked = serialization.NoEncryption(), serialization.BestAvailableEncryption(b"x")
    ed25519 = Ed25519PrivateKey.generate()
    p256, p384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
    nobody = {"empty": b"", "text": b"hello", "P-384": p384.private_bytes(*form, plain)}
    ours = {
        keys.load_private: {"P-256": p256.private_bytes(*form, plain), "locked": ed25519.private_bytes(*form, locked)},
        keys.DocumentKey.load: {
            "Ed25519": ed25519.private_bytes(*form, plain),
            "locked P-256": p256.private_bytes(*form, locked),
        },
    }
    for load, others in ours.items():
        for name, body in (nobody | others).items():
            path = tmp_path / name
            if not path.exists():
                keys.write_secret(path, body)
            with pytest.raises(errors.Malformed) as wrong:
                load(path)
            assert wrong.value.field == name


@pytest.mark.parametrize("key", [KEY, keys.DocumentKey.generate()], ids=["Ed25519", "P-256"])
def test_a_key_printed_by_mistake_does_not_show_its_secret(key):
    assert f"{key!r}" == f"{key}" == f"{type(key).__name__}({key.key_id[:16]}…)"
