"""Free text is taken out of what is said before it is signed, and nothing else passes as text."""

from __future__ import annotations

import msgspec
import pytest

from ledger import errors
from ledger.events.base import NEWEST
from ledger.events.text import check_text, split_text, text_names


def test_text_is_taken_out_of_what_was_said_and_everything_else_stays():
    said = {"relation": "duplicate_of", "to": "INC-A3", "evidence": ["caller", "photograph"], "late_reason": "no signal"}
    data, text = split_text("incident.linked", said)
    assert data == {"relation": "duplicate_of", "to": "INC-A3"}
    assert text == {"evidence": ["caller", "photograph"], "late_reason": "no signal"}
    assert said["evidence"], "the author's own values are left alone"


def test_instants_are_written_as_the_format_has_them():
    data, _ = split_text("correction.recorded", {"kind": "retime", "patch": {
        "occurred_at": "2015-08-27T03:12:00Z", "stated_time": {"text": "2015-08-27T03:12:00Z"}}})  # fmt: skip
    assert data["patch"]["occurred_at"] == "2015-08-27T03:12:00.000000Z"
    assert data["patch"]["stated_time"] == {"text": "2015-08-27T03:12:00Z"}, "an author's own words stay"
    for said in ("2015-08-27T03:12:00Z", "2015-08-27T03:12Z", "2015-08-27T03:12:00.0+00:00"):
        data, _ = split_text("incident.assistance_requested", {"expires_at": said})
        assert data == {"expires_at": "2015-08-27T03:12:00.000000Z"}


@pytest.mark.parametrize(
    "text",
    [{"evidence": 5}, {"evidence": ["a", 5]}, {"evidence": "a" * 9000}, {"place": "x"}, {"note": "a\u202eb"}, {"note": "\x00"}],
)
def test_a_text_section_holding_anything_else_is_refused(text):
    with pytest.raises(errors.Malformed) as caught:
        check_text("incident.linked", text)
    assert (caught.value.field or "").startswith("text.")


def test_no_field_of_data_has_the_name_of_a_text_field():
    """The client moves such a field away: a data field of that name could never arrive."""
    for name, row in NEWEST.items():
        assert not {f.encode_name for f in msgspec.structs.fields(row.data_class)} & set(text_names(name)), name
