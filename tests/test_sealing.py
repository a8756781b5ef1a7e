"""Sections: opened only by whom they are wrapped to, one text for all readers, nothing told but a class of sizes."""

from __future__ import annotations

import hashlib
import secrets
import stat

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from ledger import errors
from ledger.formats import keys, sealing
from ledger.formats.sealing import SealedSection, SealingKey

GB = SealingKey(bytes(range(96)))
FR = SealingKey(bytes(range(96, 192)))
PUBLICS = {"GB": GB.public, "FR": FR.public}
ORIGIN = "ledger.example/joint"
EVENT = "0190163d-8694-739b-aea5-966c26f8ad91"
TEXT = b'{"note":"deux adultes, un enfant"}'
SECTION_KEY = bytes(range(32))
COMMITMENT, SECTION = sealing.seal("text", TEXT, ORIGIN, EVENT, PUBLICS, SECTION_KEY)


def opened(commitment=COMMITMENT, section=SECTION, origin=ORIGIN, event=EVENT, recipient="GB", key=GB):
    return sealing.open_section(commitment, section, origin, event, recipient, key)


def test_the_known_section():
    assert COMMITMENT == {
        "name": "text",
        "sha256": "c7431cb0918cd7082f77bf3b30b8654ce98b3091090f4d440eba848acfa0f543",
        "bytes": 272,
        "key_sha256": "7c54bc02fc6e011f261e31823ed3096fce83d3e9fcc1e30fb7b7f18883a1b64f",
    }
    assert hashlib.sha256(b"entente.key.v1\n" + SECTION_KEY).hexdigest() == COMMITMENT["key_sha256"]
    padded = AESGCM(SECTION_KEY).decrypt(bytes(12), SECTION.ciphertext, None)
    assert padded == TEXT + b"\x80" + bytes(255 - len(TEXT))
    assert GB.key_id == "e41afc39ecb0a54400b13936985e5710896f583a211f89762319c2e5466b8a11"


def test_what_is_sealed_now_is_what_the_known_section_was():
    """Made afresh: its commitment to the last byte, and wraps that each recipient opens."""
    commitment, section = sealing.seal("text", TEXT, ORIGIN, EVENT, PUBLICS, SECTION_KEY)
    assert (commitment, section.ciphertext) == (COMMITMENT, SECTION.ciphertext)
    for recipient, key in (("GB", GB), ("FR", FR)):
        assert sealing.open_section(commitment, section, ORIGIN, EVENT, recipient, key) == TEXT
    made = SealingKey(bytes(range(96)))
    assert (made.seed, made.public, made.key_id) == (bytes(range(96)), GB.public, GB.key_id)


def test_a_refusal_names_the_section():
    torn = SealedSection(SECTION.ciphertext[:-1] + b"x", SECTION.wraps)
    other = bytes(32)
    lying = {**COMMITMENT, "key_sha256": sealing.key_digest(other)}
    refusals = [
        lambda: opened(recipient="BE"),
        lambda: opened(section=torn),
        lambda: sealing.reveal(COMMITMENT, SECTION, ORIGIN, EVENT, "BE", FR),
        lambda: sealing.open_with_key(COMMITMENT, SECTION.ciphertext, other),
        lambda: sealing.open_with_key(lying, SECTION.ciphertext, other),
        lambda: sealing.seal("text", bytes(sealing.SECTION_BYTES_MAX), ORIGIN, EVENT, {}),
    ]
    for refuse in refusals:
        with pytest.raises((errors.BadSection, errors.TooLarge)) as refused:
            refuse()
        assert refused.value.field == "sections.text"


def test_each_recipient_reads_the_same_text():
    assert opened() == opened(recipient="FR", key=FR) == TEXT
    assert {len(wrap) for wrap in SECTION.wraps.values()} == {sealing.WRAP_BYTES}
    assert sealing.open_with_key(COMMITMENT, SECTION.ciphertext, SECTION_KEY) == TEXT
    assert sealing.reveal(COMMITMENT, SECTION, ORIGIN, EVENT, "FR", FR) == SECTION_KEY


def test_nobody_else_reads_it():
    with pytest.raises(errors.BadSection, match="not wrapped"):
        opened(recipient="BE")
    with pytest.raises(errors.BadSection, match="does not open"):
        opened(key=FR)
    with pytest.raises(errors.BadSection, match="not wrapped"):
        sealing.reveal(COMMITMENT, SECTION, ORIGIN, EVENT, "BE", FR)
    assert SECTION_KEY not in b"".join(SECTION.wraps.values())


@pytest.mark.parametrize("moved", [{"origin": "other"}, {"event": "other"}, {"commitment": {**COMMITMENT, "name": "gb"}}])
def test_a_wrap_cannot_be_moved_to_another_log_event_or_section(moved):
    with pytest.raises(errors.BadSection, match="does not open"):
        opened(**moved)


def test_two_sections_never_share_a_key():
    """The nonce is zero because the key is used once; a key used twice would undo both texts."""
    sealed = [sealing.seal("text", TEXT, ORIGIN, EVENT, PUBLICS) for _ in range(20)]
    assert len({commitment["key_sha256"] for commitment, _ in sealed}) == 20
    assert len({section.ciphertext for _, section in sealed}) == 20


def test_two_readers_cannot_be_given_two_texts():
    """Another key that decrypts to something is not the key committed to."""
    other = secrets.token_bytes(32)
    wraps = {**SECTION.wraps, "FR": sealing.wrap(other, FR.public, sealing.section_info("text", ORIGIN, EVENT))}
    with pytest.raises(errors.BadSection, match="committed"):
        opened(section=SealedSection(SECTION.ciphertext, wraps), recipient="FR", key=FR)
    with pytest.raises(errors.BadSection, match="committed"):
        sealing.open_with_key(COMMITMENT, SECTION.ciphertext, other)
    with pytest.raises(errors.BadSection, match="committed"):
        sealing.open_with_key(COMMITMENT, SECTION.ciphertext, SECTION_KEY + b"\x00")


def test_a_key_committed_to_that_does_not_open_is_refused():
    other = secrets.token_bytes(32)
    lying = {**COMMITMENT, "key_sha256": sealing.key_digest(other)}
    with pytest.raises(errors.BadSection, match="does not open under its key"):
        sealing.open_with_key(lying, SECTION.ciphertext, other)


def test_every_flipped_bit_of_a_ciphertext_is_refused():
    for bit in range(8 * len(SECTION.ciphertext)):
        flipped = bytearray(SECTION.ciphertext)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(errors.BadSection):
            sealing.open_with_key(COMMITMENT, bytes(flipped), SECTION_KEY)
        lying = {**COMMITMENT, "sha256": hashlib.sha256(flipped).hexdigest()}
        with pytest.raises(errors.BadSection):
            sealing.open_with_key(lying, bytes(flipped), SECTION_KEY)


def test_a_flipped_or_torn_wrap_is_refused():
    wrap = SECTION.wraps["GB"]
    for wrong in (
        b"",
        wrap[:-1],
        wrap + b"\x00",
        *(wrap[:i] + bytes([wrap[i] ^ 1]) + wrap[i + 1 :] for i in range(0, len(wrap), 97)),
    ):
        with pytest.raises(errors.BadSection):
            opened(section=SealedSection(SECTION.ciphertext, {"GB": wrong}))


@pytest.mark.parametrize("change", [{"bytes": 273}, {"sha256": "00" * 32}, {"key_sha256": "00" * 32}])
def test_a_section_not_as_committed_is_refused(change):
    with pytest.raises(errors.BadSection):
        opened(commitment={**COMMITMENT, **change})


def test_a_later_recipient_is_given_a_wrap_by_one_who_can_open():
    section_key = sealing.reveal(COMMITMENT, SECTION, ORIGIN, EVENT, "GB", GB)
    court = SealingKey.generate()
    wraps = {"court": sealing.wrap(section_key, court.public, sealing.section_info("text", ORIGIN, EVENT))}
    assert opened(section=SealedSection(SECTION.ciphertext, wraps), recipient="court", key=court) == TEXT


# -- padding ----------------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=600) | st.integers(0, 1024).map(lambda n: b"\x80" * n) | st.integers(0, 1024).map(bytes))
def test_padding_comes_off_as_it_went_on(plaintext):
    padded = sealing.pad256(plaintext)
    assert len(padded) % 256 == 0
    assert 0 < len(padded) - len(plaintext) <= 256
    assert sealing.unpad256(padded) == plaintext


@pytest.mark.parametrize(
    "padded",
    [
        b"",
        bytes(256),
        b"x" * 256,
        b"\x80",
        b"\x80" + bytes(254),
        b"\x80" + bytes(256),
        b"\x80" + bytes(511),
        b"\x80" + bytes(254) + b"\x01",
    ],
)
def test_padding_in_another_form_is_refused(padded):
    with pytest.raises(errors.BadSection):
        sealing.unpad256(padded)


def test_texts_of_one_class_of_sizes_look_the_same():
    assert {sealing.seal("text", b"x" * n, ORIGIN, EVENT, {})[0]["bytes"] for n in range(256)} == {272}
    assert sealing.seal("text", b"x" * 256, ORIGIN, EVENT, {})[0]["bytes"] == 528


def test_a_section_beyond_the_limit_is_not_made():
    most = sealing.SECTION_BYTES_MAX - sealing.GCM_TAG_BYTES - 256
    sealing.seal("text", bytes(most - most % 256), ORIGIN, EVENT, {})
    with pytest.raises(errors.TooLarge):
        sealing.seal("text", bytes(sealing.SECTION_BYTES_MAX), ORIGIN, EVENT, {})


# -- keys -------------------------------------------------------------------------------------------------------------------


def test_a_sealing_key_is_kept_to_its_owner(tmp_path):
    path = tmp_path / "gb-sealing.pem"
    GB.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SealingKey.load(path).public == GB.public
    assert SealingKey.generate().key_id != GB.key_id
    assert GB.seed.hex() not in repr(GB)
    with pytest.raises(FileExistsError):
        FR.save(path)
    for name, body in {"text": b"hello", "short": b"", "bytes": b"\xff\xfe"}.items():
        keys.write_secret(tmp_path / name, body)
        with pytest.raises(errors.Malformed):
            SealingKey.load(tmp_path / name)
    from ledger.formats import armour

    keys.write_secret(tmp_path / "torn", armour.format_pem(bytes(95), sealing.PEM_LABEL).encode())
    with pytest.raises(errors.Malformed, match="96") as refused:
        SealingKey.load(tmp_path / "torn")
    assert refused.value.field == "torn"
    assert repr(GB) == f"SealingKey({GB.key_id[:16]}…)"
    assert SealingKey.load(path).seed == GB.seed


@pytest.mark.parametrize("public", [b"", bytes(1_215), GB.public + b"\x00", b"\xff" * 1_216, GB.public[:1_184] + bytes(32)])
def test_nothing_is_sealed_to_what_is_no_key(public):
    with pytest.raises(errors.WeakKey) as refused:
        sealing.seal("text", TEXT, ORIGIN, EVENT, {"GB": public})
    assert refused.value.field == "public_key"
