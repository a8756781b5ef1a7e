"""A refusal names the file it is about: an auditor with a thousand of them must not have to search."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import pytest

from ledger.errors import BadBundle
from ledger.evidence.bundle_names import BUNDLE_BYTES_MAX, FILES_MAX
from ledger.evidence.bundle_zip import Archive, end_record
from ledger.formats import note, sealing
from tests.bundle_forging import following, forged
from tests.bundles import STREAM, assert_refused, code_of, files_of, mended, packed, replaced, verdict_of
from tests.test_bundle_forgeries import BAD_ENTRIES, ENTRIES, stated
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
    assert_refused(end_record(FILES_MAX, 0, 0), "zip-form")
    assert_refused(end_record(FILES_MAX + 1, 0, 0), "too-many-files")


@pytest.mark.parametrize("length", [1, 128])
def test_a_name_as_short_or_long_as_may_be_is_told_for_what_it_is(length: int) -> None:
    assert_refused(raw([(b"a" * length, b"")]), "bad-name")


@pytest.mark.parametrize("spoilt", [name for name, field in FIELDS.items() if not field[-1]])
def test_a_header_that_is_not_what_the_records_say_is_named(spoilt: str) -> None:
    offset, form, value, central = FIELDS[spoilt]
    second = files_of(STREAM)[1][0]
    content = patched(STREAM, offset, form, value, central=central)
    assert verdict_of(content)["problem"] == {"code": "zip-form", "file": second}


# -- what stands in it -------------------------------------------------------------------------------------------------------

ONE_OF_EACH = {code: entries for code, entries in BAD_ENTRIES.values() if code != "genesis"}


@pytest.mark.parametrize("code", ONE_OF_EACH)
def test_an_entry_that_no_ledger_should_hold_is_named(code: str) -> None:
    entries = ONE_OF_EACH[code]
    position = next(at for at, entry in enumerate(entries, start=1) if [entry] != ENTRIES[at - 1 : at])
    assert verdict_of(forged(entries))["problem"] == {"code": code, "file": f"entries/{position}"}


def spoilt() -> Iterator[tuple[str, str, bytes]]:
    """Of the checks on other files one each: its code, the file it names, and a bundle that fails it."""
    files = files_of(STREAM)
    content = dict(files)
    index = next(name for name, _ in files if name.startswith("index/"))

    def other(name: str, body: bytes) -> bytes:
        return mended(replaced(files, name, body))

    yield "file-missing", "policy.txt", mended([(n, b) for n, b in files if n != "policy.txt"])
    yield "file-digest", "policy.txt", packed(replaced(files, "policy.txt", content["policy.txt"][::-1]))
    path = "entries/15.tlog-proof"
    yield "proof-form", path, other(path, content["entries/23.tlog-proof"])
    yield "proof-wrong", path, other("entries/15", content["entries/23"])
    yield "section-unknown", "sections/15-1.sealed", mended([(n.replace("15-0.", "15-1."), b) for n, b in files])
    yield "section-ciphertext", "sections/15-0.sealed", other("sections/15-0.sealed", content["sections/15-0.sealed"] + b"x")
    yield "section-key", "sections/15-0.key", other("sections/15-0.key", bytes(32))
    yield "index-form", index, other(index, content[index] + b" ")
    yield "index-unknown", index, other(index, content[index].replace(b'"size":23', b'"size":22'))
    yield "index-wrong", index, other(index, content[index].replace(b'"version":2', b'"version":3'))
    yield "timestamp-form", "timestamps/dfn.2.tsr", mended([*files, ("timestamps/dfn.2.tsr", b"x")])
    yield "timestamp-other", "timestamps/dfn.1.tsr", mended([*files, ("timestamps/dfn.1.tsr", b"x")])
    report = "reports/01900000-0000-7000-8000-000000000015.figures.json"
    yield "report-digest", report, mended([*files[:-1], (report, b"{}"), files[-1]])
    nothing = {
        "bytes": 272,
        "key_sha256": sealing.key_digest(bytes(32)),
        "name": "text",
        "sha256": sha256(bytes(272)).hexdigest(),
    }
    opened = [("sections/15-0.sealed", bytes(272)), ("sections/15-0.key", bytes(32))]
    yield "section-open", "sections/15-0.sealed", forged(stated(sections=[nothing]), opened)


@pytest.mark.parametrize(("code", "file", "content"), [pytest.param(*each, id=each[0]) for each in spoilt()])
def test_a_file_that_is_not_what_it_must_be_is_named(code: str, file: str, content: bytes) -> None:
    assert verdict_of(content)["problem"] == {"code": code, "file": file}


def test_a_version_rises_no_faster_than_positions_do() -> None:
    """What stands between two entries of a stream may be withheld, and is then at most as many versions as positions."""
    again = following(ENTRIES, "interception.search_recorded", {}, ["BF"], stream="IC-1")
    for version, found in ((7, None), (8, {"code": "entry-order", "file": "entries/21"})):
        risen = again.replace(b"version: 1", b"version: %d" % version, 1)
        assert verdict_of(forged([*ENTRIES, risen]))["problem"] == found
