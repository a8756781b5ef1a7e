"""Notes and checkpoints: the published form to the byte, unknown signatures ignored, wrong ones fatal."""

from __future__ import annotations

import base64

import pytest

from ledger import errors
from ledger.formats import cosignature, note
from ledger.formats.keys import SigningKey
from ledger.formats.note import Checkpoint

LOG = SigningKey(bytes(range(32)))
LONDON = SigningKey(bytes(range(32, 64)))
ROOT_8 = bytes.fromhex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
CHECKPOINT = Checkpoint("ledger.example/joint", 8, ROOT_8)
LOG_KEY = "ledger.example/joint+5a81061c+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
LONDON_KEY = "london.example/cosigner+8fe2db6e+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"
TEXT = b"ledger.example/joint\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"
LOG_LINE = (
    "— ledger.example/joint WoEGHGl8d3GGem9hHDELu+/q/sHnJ7j+2B1F/lX5g1JN+yMFXsVbWPA0LJLur0ZVML6ub9US89NyIZS98q1/qpX5zQk=\n"
)
LONDON_LINE = (
    "— london.example/cosigner j+LbbgAAAABWIPNA4KzKzmUc3roflYPHR2DWjrI9xmdawxYxp7++j6"
    "+ow4n9qbniaaaWOKRw8zLxuJH1d59BvRYTVSMbXnT3K4h2Cw==\n"
)
NOTE = TEXT + b"\n" + LOG_LINE.encode() + LONDON_LINE.encode()


def verifiers(*texts):
    return [cosignature.verifier(note.parse_verifier_key(text)) for text in texts]


def test_the_known_note_is_written_and_read():
    signed = note.sign_checkpoint(CHECKPOINT, LOG)
    assert signed == TEXT + b"\n" + LOG_LINE.encode()
    cosigner = cosignature.Cosigner("london.example/cosigner", LONDON)
    assert str(cosigner.key) == LONDON_KEY
    assert note.add_lines(signed, [cosigner.cosign(TEXT, 1_445_000_000)]) == NOTE
    opened = note.open_note(NOTE, verifiers(LOG_KEY, LONDON_KEY))
    assert note.parse_checkpoint(opened.text) == CHECKPOINT
    assert {str(key): time for key, time in opened.signed.items()} == {LOG_KEY: 0, LONDON_KEY: 1_445_000_000}


def test_the_example_of_the_signed_note_specification():
    key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    signed = (
        "This is an example message.\n\n"
        "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
    )
    assert note.open_note(signed.encode(), verifiers(key)).text == b"This is an example message.\n"


def test_a_signature_by_an_unknown_key_is_ignored():
    assert set(map(str, note.open_note(NOTE, verifiers(LOG_KEY)).signed)) == {LOG_KEY}
    garbage = "— ledger.example/joint " + base64.b64encode(b"\x00\x01\x02\x03" + bytes(64)).decode() + "\n"
    other = "— elsewhere " + base64.b64encode(bytes.fromhex("5a81061c") + bytes(64)).decode() + "\n"
    assert note.open_note(NOTE + garbage.encode() + other.encode(), verifiers(LOG_KEY)).text == TEXT


def test_a_note_that_nobody_known_signed_is_refused():
    for known in ([], verifiers("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")):
        with pytest.raises(errors.BadNote, match="no known key"):
            note.open_note(NOTE, known)


def test_one_wrong_signature_by_a_known_key_condemns_the_note():
    wrong = LONDON_LINE.replace("K4h2Cw==", "K4h2Cg==")
    assert wrong != LONDON_LINE
    spoiled = TEXT + b"\n" + LOG_LINE.encode() + wrong.encode()
    note.open_note(spoiled, verifiers(LOG_KEY))
    for lines in (spoiled, NOTE + wrong.encode(), TEXT + b"\n" + wrong.encode() + NOTE[len(TEXT) + 1 :]):
        with pytest.raises(errors.BadNote, match="does not verify"):
            note.open_note(lines, verifiers(LOG_KEY, LONDON_KEY))


def test_of_two_cosignatures_by_one_key_the_first_counts():
    cosigner = cosignature.Cosigner("london.example/cosigner", LONDON)
    twice = note.add_lines(NOTE, [cosigner.cosign(TEXT, 1_500_000_000)])
    assert list(note.open_note(twice, verifiers(LOG_KEY, LONDON_KEY)).signed.values()) == [0, 1_445_000_000]


def test_every_flipped_bit_of_a_note_is_refused():
    """All but those that make a cosignature unknown, which then only no longer counts."""
    known = verifiers(LOG_KEY, LONDON_KEY)
    for bit in range(8 * len(NOTE)):
        flipped = bytearray(NOTE)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            opened = note.open_note(bytes(flipped), known)
        except errors.BadNote:
            continue
        assert opened.text == TEXT
        assert len(opened.signed) == 1
        assert bit // 8 > len(TEXT)


NOTHING = "AAAAAAAA"
MALFORMED = {
    "empty": b"",
    "text only": TEXT,
    "no signature": TEXT + b"\n",
    "no last newline": NOTE[:-1],
    "carriage returns": NOTE.replace(b"\n", b"\r\n"),
    "a NUL": NOTE.replace(b"8", b"\x00", 1),
    "a tab": NOTE.replace(b"8", b"\t", 1),
    "not UTF-8": NOTE.replace(b"8", b"\xff", 1),
    "a hyphen for the dash": NOTE.replace("—".encode(), b"-"),
    "no name": TEXT + f"\n—  {NOTHING}\n".encode(),
    "a plus in the name": TEXT + f"\n— a+b {NOTHING}\n".encode(),
    "a Unicode space in the name": TEXT + f"\n— a\u00a0b {NOTHING}\n".encode(),
    "three words": TEXT + f"\n— a {NOTHING} {NOTHING}\n".encode(),
    "no base64": TEXT + b"\n\xe2\x80\x94 a !!!!\n",
    "stray bits in base64": NOTE.replace(b"qpX5zQk=", b"qpX5zQl="),
    "a key id alone": TEXT + "\n— a AAAAAA==\n".encode(),
    "an empty line among signatures": NOTE + b"\n" + LOG_LINE.encode()[:10],
    "too long": b"x" * note.NOTE_BYTES_MAX + NOTE,
    "too many signatures": TEXT + b"\n" + f"— a {NOTHING}\n".encode() * (note.SIGNATURE_LINES_MAX + 1),
}


@pytest.mark.parametrize("signed", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_note_is_refused(signed):
    with pytest.raises(errors.BadNote):
        note.split_note(signed)
    with pytest.raises(errors.BadNote):
        note.open_note(signed, verifiers(LOG_KEY, LONDON_KEY))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+5a81061c",
        LOG_KEY.replace("5a81061c", "5A81061C"),
        LOG_KEY.replace("5a81061c", "5a81061d"),
        LOG_KEY.replace("ledger", "Ledger"),
        LOG_KEY + "=",
        LOG_KEY[:-1],
        "+5a81061c+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "a b+5a81061c+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        f"a+{note.note_key_id('a', 1, b'').hex()}+AQ==",
    ],
)
def test_a_malformed_verifier_key_is_refused(text):
    with pytest.raises(errors.BadNote):
        note.parse_verifier_key(text)


def test_a_key_whose_base64_has_a_plus_is_read():
    """The third part may hold pluses: it is split at the first two only."""
    key = note.parse_verifier_key(LOG_KEY)
    assert "+" in LOG_KEY.split("+", 2)[2]
    assert (key.name, key.type_code, key.public, str(key)) == ("ledger.example/joint", 1, LOG.public, LOG_KEY)


@pytest.mark.parametrize("type_code", [1, 4])
def test_a_weak_verifier_key_is_refused(type_code):
    with pytest.raises(errors.BadNote, match="small order"):
        cosignature.verifier(note.VerifierKey("a", type_code, bytes(32)))
    with pytest.raises(errors.BadNote, match="32 bytes"):
        cosignature.verifier(note.VerifierKey("a", type_code, bytes(31)))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        TEXT[:-1],
        TEXT + b"extension\n",
        TEXT + b"\n",
        TEXT.replace(b"\n8\n", b"\n08\n"),
        TEXT.replace(b"\n8\n", b"\n-8\n"),
        TEXT.replace(b"\n8\n", b"\n+8\n"),
        TEXT.replace(b"\n8\n", b"\n \n"),
        TEXT.replace(b"\n8\n", "\n\u0668\n".encode()),
        TEXT.replace(b"\n8\n", b"\n9007199254740992\n"),
        TEXT.replace(b"ledger.example/joint", b""),
        TEXT.replace(b"Qyg=", b"Qyh="),
        TEXT.replace(b"Qyg=", b""),
        TEXT.replace(b"ledger", b"\xff"),
    ],
)
def test_a_malformed_checkpoint_is_refused(text):
    with pytest.raises(errors.BadNote):
        note.parse_checkpoint(text)


# -- what a small change of the reader would let through -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["two words", "a\nb", ""])
def test_a_key_whose_id_fits_its_name_is_refused_where_no_line_could_name_it(name):
    with pytest.raises(errors.BadNote, match="is written"):
        note.parse_verifier_key(str(note.VerifierKey(name, note.ED25519_NOTE, LOG.public)))


def test_a_verifier_key_holds_at_least_one_byte():
    shortest = note.VerifierKey("k", 0xFA, b"x")
    assert note.parse_verifier_key(str(shortest)) == shortest
    with pytest.raises(errors.BadNote, match="no key"):
        note.parse_verifier_key(str(note.VerifierKey("k", 0xFA, b"")))


def test_a_signature_line_begins_with_its_dash():
    line = str(note.SignatureLine("london.example", bytes(4), b"x"))
    assert note.parse_signature_line(line) == note.SignatureLine("london.example", bytes(4), b"x")
    for bent in (line[2:], line[1:], "- " + line[2:]):
        with pytest.raises(errors.BadNote, match="a dash, a name"):
            note.parse_signature_line(bent)
    with pytest.raises(errors.BadNote, match="nothing after"):
        note.parse_signature_line(str(note.SignatureLine("london.example", bytes(4), b"")))


def test_the_largest_log_has_a_checkpoint_and_a_larger_one_none():
    largest = Checkpoint("ledger.example/joint", note.SIZE_MAX, bytes(32))
    text = note.format_checkpoint(largest)
    assert note.parse_checkpoint(text) == largest
    with pytest.raises(errors.BadNote):
        note.parse_checkpoint(text.replace(b"%d" % note.SIZE_MAX, b"%d" % (note.SIZE_MAX + 1)))


def test_a_note_at_its_limits_is_read_and_one_beyond_is_not():
    line = note.SignatureLine("w", bytes(4), b"x")
    full = note.format_note(b"text\n", [line] * note.SIGNATURE_LINES_MAX)
    assert note.split_note(full) == (b"text\n", [line] * note.SIGNATURE_LINES_MAX)
    with pytest.raises(errors.BadNote, match="signatures"):
        note.split_note(note.add_lines(full, [line]))
    tail = note.format_note(b"\n", [line])
    room = note.NOTE_BYTES_MAX - len(tail)
    assert note.split_note(b"t" * room + tail) == (b"t" * room + b"\n", [line])
    with pytest.raises(errors.BadNote, match="more than"):
        note.split_note(b"t" * (room + 1) + tail)


def test_lines_stand_directly_under_each_other():
    one, two = note.SignatureLine("a", bytes(4), b"x"), note.SignatureLine("b", bytes(4), b"y")
    written = b"text\n\n" + f"{one}\n{two}\n".encode()
    assert note.format_note(b"text\n", [one, two]) == written
    assert note.add_lines(b"text\n\n", [one, two]) == written


def test_only_the_last_empty_line_parts_a_text_from_its_signatures():
    line = note.SignatureLine("w", bytes(4), b"x")
    for text in (b"\n", b"one\n\ntwo\n"):
        assert note.split_note(note.format_note(text, [line])) == (text, [line])
    for bent in (note.format_note(b"text\n", [line])[:-1] + b"x", f"{line}\n".encode(), b"text\n\n"):
        with pytest.raises(errors.BadNote, match="an empty line and signature lines"):
            note.split_note(bent)
