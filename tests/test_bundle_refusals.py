"""A refusal names the file it is about: an auditor with a thousand of them must not have to search."""

from __future__ import annotations

import pytest

from ledger.errors import BadBundle
from ledger.evidence.bundle_names import BUNDLE_BYTES_MAX, FILES_MAX
from ledger.evidence.bundle_zip import Archive, end_record
from ledger.formats import note
from tests.bundles import STREAM, code_of, files_of, packed, refused, replaced, verdict_of
from tests.test_bundle_tampering import FIELDS, patched, raw


def test_a_content_that_its_crc_does_not_fit_is_named() -> None:
    body = dict(files_of(STREAM))["policy.txt"]
    at = STREAM.index(body)
    spoilt = STREAM[:at] + b"x" + STREAM[at + 1 :]
    assert verdict_of(spoilt)["problem"] == {"code": "crc", "file": "policy.txt"}


def test_a_file_that_is_too_large_is_named_and_one_at_its_limit_is_not() -> None:
    files = files_of(STREAM)
    large = packed(replaced(files, "checkpoint", bytes(note.NOTE_BYTES_MAX + 1)))
    assert verdict_of(large)["problem"] == {"code": "file-too-large", "file": "checkpoint"}
    assert code_of(packed(replaced(files, "checkpoint", bytes(note.NOTE_BYTES_MAX)))) == "file-list"


# -- the archive -------------------------------------------------------------------------------------------------------------


def nowhere(at: int, count: int) -> bytes:
    """An archive of noughts, however large, that is never read before its beginning."""
    assert at >= 0
    return bytes(count)


def test_a_bundle_of_as_many_bytes_and_files_as_may_be_is_looked_into() -> None:
    for size, code in ((21, "not-a-bundle"), (BUNDLE_BYTES_MAX, "not-a-bundle"), (BUNDLE_BYTES_MAX + 1, "too-large")):
        with pytest.raises(BadBundle) as wrong:
            Archive(nowhere, size)
        assert wrong.value.problem == code
    refused(end_record(FILES_MAX, 0, 0), "zip-form")
    refused(end_record(FILES_MAX + 1, 0, 0), "too-many-files")


@pytest.mark.parametrize("length", [1, 128])
def test_a_name_as_short_or_long_as_may_be_is_told_for_what_it_is(length: int) -> None:
    refused(raw([(b"a" * length, b"")]), "bad-name")


@pytest.mark.parametrize("spoilt", [name for name, field in FIELDS.items() if not field[-1]])
def test_a_header_that_is_not_what_the_records_say_is_named(spoilt: str) -> None:
    offset, form, value, central = FIELDS[spoilt]
    second = files_of(STREAM)[1][0]
    content = patched(STREAM, offset, form, value, central=central)
    assert verdict_of(content)["problem"] == {"code": "zip-form", "file": second}
