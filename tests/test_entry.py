"""Entries: golden bytes, one spelling each, instants without surprises."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import errors
from ledger.formats import entry, envelope, merkle, strict
from ledger.formats.envelope import BatchPath, Signature
from ledger.formats.keys import SigningKey

KEY = SigningKey(bytes(range(32)))
OTHER = SigningKey(bytes(range(32, 64)))
INSTANT = "2015-08-27T01:16:00.000000Z"
PAYLOAD = b'{"seq":1}'
BATCHED = envelope.batch_sign([b'{"seq":0}', PAYLOAD, b'{"seq":2}'], OTHER)[1]
ENTRY = entry.format_entry(INSTANT, "CASE-A3", 2, [envelope.sign(PAYLOAD, KEY), BATCHED], PAYLOAD)
GOLDEN = (
    "entente.entry.v1\n"
    "recorded_at: 2015-08-27T01:16:00.000000Z\n"
    "stream: CASE-A3\n"
    "version: 2\n"
    "signature: cb39f0f6d246b033068073b728cf5b70a204cda3b1ccb17d8160d12dcd1a5ae3 zpYbCDgLnxe3Y9KMNyTRW3X5"
    "rGIDXVP8gBkexZkX6h8DVQFB5G9ri7GGC9+OMLLDr6ssmZV88z3uajdnjuqZDQ==\n"
    "signature: b44f3af856a894a22e362af353d7915a65e28a6ca4de6dda7475812e9bb341dc eNhYGK7z6qbmqZuNcVhgqnA9"
    "HUXPEzYNmBp3n43w0Hg3MjJNA53jxQQnjANktxnJQCCb8fXosXBbNXtaVkTJCg== batch 3 1 IqSaKON2fV3jRG6t6pdwTw/Hl"
    "XNZEzELZ9OI+0w25SqY2KrrEUduldJGvOLrURjef/ppube06vp6351Tce916g==\n"
    "\n"
    '{"seq":1}'
)
GOLDEN_LEAF_HASH = "ca7c47096d1772da4cf1c35d1e5b4fde4b2be0ac7240937d27fb49df47c68b39"


def test_the_entry_to_the_byte():
    assert GOLDEN.encode() == ENTRY
    assert merkle.hash_leaf(ENTRY).hex() == GOLDEN_LEAF_HASH


def test_an_entry_comes_back_as_it_was():
    parsed = entry.parse_entry(ENTRY)
    assert (parsed.recorded_at, parsed.stream, parsed.version, parsed.payload) == (INSTANT, "CASE-A3", 2, PAYLOAD)
    assert parsed.signatures == (envelope.sign(PAYLOAD, KEY), BATCHED)
    envelope.verify_signature(envelope.EVENT_TYPE, PAYLOAD, parsed.signatures[0], KEY.public)
    envelope.verify_signature(envelope.EVENT_TYPE, PAYLOAD, parsed.signatures[1], OTHER.public)
    assert entry.split_entry(ENTRY) == (INSTANT, "CASE-A3", 2, PAYLOAD)


SIGNATURES = st.builds(
    Signature,
    st.binary(min_size=32, max_size=32).map(bytes.hex),
    st.binary(min_size=1, max_size=70),
    st.none()
    | st.integers(1, 50).flatmap(
        lambda n: st.builds(
            BatchPath, st.just(n), st.integers(0, n - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=6).map(tuple)
        )
    ),
)


@settings(max_examples=150, deadline=None)
@given(
    st.datetimes().map(lambda t: t.isoformat(timespec="microseconds") + "Z"),
    st.from_regex(r"[A-Za-z0-9._:-]{1,128}", fullmatch=True),
    st.integers(1, 10**15),
    st.lists(SIGNATURES, min_size=1, max_size=3),
    st.binary(min_size=1, max_size=300),
)
def test_every_entry_comes_back_as_it_was(recorded_at, stream, version, signatures, payload):
    body = entry.format_entry(recorded_at, stream, version, signatures, payload)
    parsed = entry.parse_entry(body)
    assert parsed == entry.Entry(recorded_at, stream, version, tuple(signatures), payload)
    assert entry.split_entry(body) == (recorded_at, stream, version, payload)


def rewritten(body):
    parsed = entry.parse_entry(body)
    return entry.format_entry(parsed.recorded_at, parsed.stream, parsed.version, parsed.signatures, parsed.payload)


def test_no_changed_byte_of_an_entry_is_silently_mended():
    """Every byte set to several others: refused, or written again exactly as it was."""
    accepted = 0
    for at in range(len(ENTRY)):
        for byte in {*b"\x00\n\r :=0A/+\xff", ENTRY[at] ^ 1, ENTRY[at] ^ 0x20}:
            changed = ENTRY[:at] + bytes([byte]) + ENTRY[at + 1 :]
            try:
                assert rewritten(changed) == changed
                accepted += 1
            except errors.BadEntry:
                pass
    assert accepted > 500


def test_no_byte_dropped_or_doubled_is_silently_mended():
    for at in range(len(ENTRY)):
        for changed in (ENTRY[:at] + ENTRY[at + 1 :], ENTRY[: at + 1] + ENTRY[at:], ENTRY[:at]):
            try:
                assert rewritten(changed) == changed
            except errors.BadEntry:
                continue


LINE = b"signature: "
MALFORMED = {
    "empty": b"",
    "another version of the format": ENTRY.replace(b"v1", b"v2", 1),
    "carriage returns": ENTRY.replace(b"\n", b"\r\n"),
    "lines in another order": ENTRY.replace(b"stream: CASE-A3\nversion: 2\n", b"version: 2\nstream: CASE-A3\n"),
    "a line too many": ENTRY.replace(b"version: 2\n", b"version: 2\nnote: x\n"),
    "no signature": re.sub(rb"signature: [^\n]*\n", b"", ENTRY),
    "no payload": ENTRY[: -len(PAYLOAD)],
    "no empty line": ENTRY.replace(b"\n\n", b"\n"),
    "a payload too long": ENTRY + b"x" * 32_768,
    "version 0": ENTRY.replace(b"version: 2", b"version: 0"),
    "a version with a leading zero": ENTRY.replace(b"version: 2", b"version: 02"),
    "a version with a sign": ENTRY.replace(b"version: 2", b"version: +2"),
    "a version in other digits": ENTRY.replace(b"version: 2", "version: \u0662".encode()),
    "a stream with a space": ENTRY.replace(b"CASE-A3", b"CASE A3"),
    "a stream with a newline": ENTRY.replace(b"CASE-A3", b"CASE\nA3"),
    "no stream": ENTRY.replace(b"CASE-A3", b""),
    "a stream too long": ENTRY.replace(b"CASE-A3", b"x" * 129),
    "a day that is none": ENTRY.replace(b"2015-08-27", b"2015-02-29"),
    "an hour that is none": ENTRY.replace(b"T01:16", b"T24:00"),
    "an instant without microseconds": ENTRY.replace(b".000000Z", b"Z"),
    "an instant of another zone": ENTRY.replace(b"000000Z", b"000000+00:00"),
    "two spaces": ENTRY.replace(b"version: 2", b"version:  2"),
    "a trailing space": ENTRY.replace(b"version: 2", b"version: 2 "),
    "a key id in upper case": ENTRY.replace(KEY.key_id.encode(), KEY.key_id.upper().encode()),
    "stray bits in base64": ENTRY.replace(b"== batch", b"=  batch"),
    "a batch of none": ENTRY.replace(b"batch 3 1", b"batch 0 0"),
    "an index beyond the batch": ENTRY.replace(b"batch 3 1", b"batch 3 3"),
    "an index with a leading zero": ENTRY.replace(b"batch 3 1", b"batch 3 01"),
    "a torn path": re.sub(rb"(batch 3 1 )[^\n]*", rb"\1AAAA", ENTRY),
    "a batch without its path": re.sub(rb"(batch 3 1) [^\n]*", rb"\1", ENTRY),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_entry_is_refused(body):
    with pytest.raises(errors.BadEntry):
        entry.parse_entry(body)


@pytest.mark.parametrize(
    "body",
    [b"", ENTRY[:20], ENTRY[:60], ENTRY.replace(b"\n\n", b"\n"), ENTRY.replace(b"version: 2", b"version: x"), b"\xff" * 99],
)
def test_even_the_hot_path_refuses_what_has_no_fields(body):
    with pytest.raises(errors.BadEntry):
        entry.split_entry(body)


def of_length(length):
    """What makes an entry so long: a payload as long as may be, a signature that fills the rest, a stream to make it exact."""
    payload = b"x" * strict.PAYLOAD_BYTES_MAX
    bare = len(entry.format_entry(INSTANT, "", 1, [Signature(KEY.key_id, b"")], payload))
    quads = (length - bare - 1) // 4
    return INSTANT, "S" * (length - bare - 4 * quads), 1, [Signature(KEY.key_id, bytes(3 * quads))], payload


def test_an_entry_is_at_most_65535_bytes_and_a_payload_32768():
    body = entry.format_entry(*of_length(entry.ENTRY_BYTES_MAX))
    assert len(body) == entry.ENTRY_BYTES_MAX
    assert len(entry.parse_entry(body).payload) == strict.PAYLOAD_BYTES_MAX
    with pytest.raises(errors.TooLarge):
        entry.format_entry(*of_length(entry.ENTRY_BYTES_MAX + 1))
    with pytest.raises(errors.BadEntry, match="65536"):
        entry.parse_entry(body + b"x")


def test_an_empty_line_in_a_payload_does_not_end_the_head():
    payload = b"{}\n\nsignature: x"
    body = entry.format_entry(INSTANT, "CASE-A3", 2, [envelope.sign(PAYLOAD, KEY), BATCHED], payload)
    assert entry.parse_entry(body).payload == entry.split_entry(body)[3] == payload
    assert entry.signer_ids(body) == [KEY.key_id, OTHER.key_id]


def test_who_signed_is_read_even_where_the_head_is_not_ascii():
    """Whoever asks this checks the signatures elsewhere; nothing hostile may stop it."""
    assert entry.signer_ids(ENTRY.replace(b"CASE-A3", b"\xff")) == [KEY.key_id, OTHER.key_id]
    assert entry.signer_ids(b"") == []


# -- instants ---------------------------------------------------------------------------------------------------------------


@given(st.datetimes())
def test_instants_come_back_as_they_were(moment):
    text = moment.isoformat(timespec="microseconds") + "Z"
    microseconds = entry.parse_instant(text)
    assert microseconds == (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert entry.format_instant(microseconds) == text


def test_the_known_instant():
    assert entry.parse_instant(INSTANT) == 1_440_638_160_000_000
    assert entry.format_instant(0) == "1970-01-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2015-08-27",
        "2015-08-27T01:16:00Z",
        "2015-08-27T01:16:00.000Z",
        "2015-08-27T01:16:00.0000000Z",
        "2015-08-27T01:16:00.000000",
        "2015-08-27T01:16:00.000000z",
        "2015-08-27t01:16:00.000000Z",
        "2015-08-27 01:16:00.000000Z",
        "2015-08-27T01:16:00,000000Z",
        "2015-08-27T01:16:00.000000+00:00",
        "2015-08-27T24:00:00.000000Z",
        "2015-08-27T23:60:00.000000Z",
        "2015-08-27T23:59:60.000000Z",
        "2015-13-27T01:16:00.000000Z",
        "2015-02-29T01:16:00.000000Z",
        "0000-01-01T00:00:00.000000Z",
        "2015-W35-4T01:16:00.000000Z",
        "2015-08-27T01:16:00.000000Z\n",
        "\u0662015-08-27T01:16:00.000000Z",
        "+2015-08-27T01:16:00.00000Z",
    ],
)
def test_an_instant_in_another_spelling_is_refused(text):
    with pytest.raises(errors.Malformed):
        entry.parse_instant(text)
