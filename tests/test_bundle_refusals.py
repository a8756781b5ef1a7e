"""A refusal names the file it is about: an auditor with a thousand of them must not have to search."""

from __future__ import annotations

from ledger.formats import note
from tests.bundles import STREAM, code_of, files_of, packed, replaced, verdict_of


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
