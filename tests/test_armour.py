"""Base64 and PEM have one spelling each."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import errors
from ledger.formats import armour


@given(st.binary(max_size=200))
def test_bytes_come_back_as_they_were(data):
    assert armour.decode64(armour.encode64(data)) == data
    assert armour.encode64(data) == base64.b64encode(data).decode()
    assert armour.parse_pem(armour.format_pem(data, "X"), "X") == data


@pytest.mark.parametrize(
    "text", ["AA", "AA=", "AB==", "AAB=", "A A=", "AA==\n", "\nAA==", "AA==AA==", "====", "A-_=", "é", "AAA=A", "=AAA"]
)
def test_a_second_spelling_of_base64_is_refused(text):
    with pytest.raises(errors.Malformed):
        armour.decode64(text)


@pytest.mark.parametrize(
    "spoil", [str.strip, str.lower, lambda t: t.replace("\n", "\r\n"), lambda t: t + "x", lambda t: "", lambda t: t * 2]
)
def test_a_pem_file_written_otherwise_is_refused(spoil):
    with pytest.raises(errors.Malformed):
        armour.parse_pem(spoil(armour.format_pem(bytes(range(96)), "X")), "X")
