"""Whatever is done to a bundle, by whomever, is found: by the first check that can know of it, under the name the format gives.

Bytes, files, archives, manifests and checkpoints here; entries, sections and claims in test_bundle_forgeries.py. The whole
(every bit of a small bundle, thousands of content changes) is a row of tests/campaign.py.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ledger.evidence.bundle_names import FILES_MAX, MANIFEST, REQUIRED
from ledger.evidence.bundle_zip import Member, end_record
from ledger.formats import note
from projections.wording.bundles import PROBLEMS
from tests.bundle_forging import checkpoint_of
from tests.bundles import (
    FIGURE,
    ORIGIN,
    STREAM,
    Files,
    assert_refused,
    code_of,
    files_of,
    flipped,
    golden_policy,
    key,
    manifested,
    mended,
    packed,
    replaced,
    setting,
    verdict_of,
)  # fmt: skip

ROOT = Path(__file__).parent.parent
UNREAD = ("RECIPE.txt", "verify.html")
"""Files on which nothing rests: whatever stands in them changes no verdict."""
SEED = 20150826

# -- bits and files ----------------------------------------------------------------------------------------------------------


def headers_of(content: bytes) -> Iterator[range]:
    """Where the archive's own bytes are: local headers, central records, end."""
    at, sizes = 0, []
    for name, body in files_of(content):
        yield range(at, at + 30 + len(name))
        at += 30 + len(name) + len(body)
        sizes.append(len(name))
    yield range(at, len(content))


@pytest.mark.parametrize("content", [STREAM, FIGURE], ids=["stream", "figure"])
def test_a_flipped_bit_is_found_wherever_it_is(content: bytes) -> None:
    rng = Random(SEED)
    everywhere = [rng.randrange(8 * len(content)) for _ in range(600)]
    in_headers = [8 * at + rng.randrange(8) for span in headers_of(content) for at in rng.sample(span, min(len(span), 10))]
    unfound = [bit for bit in everywhere + in_headers if verdict_of(flipped(content, bit))["verdict"] != "refused"]
    assert not unfound and len(in_headers) > 400


@pytest.mark.parametrize("content", [STREAM, FIGURE], ids=["stream", "figure"])
def test_a_flipped_bit_under_a_mended_manifest_is_found_or_means_nothing(content: bytes) -> None:
    files, rng = files_of(content), Random(SEED)
    sound = verdict_of(content, golden_policy())
    for _ in range(120):
        name, body = files[rng.randrange(1, len(files))]
        answer = verdict_of(mended(replaced(files, name, flipped(body, rng.randrange(8 * len(body))))), golden_policy())
        assert answer["verdict"] == "refused" or (name in UNREAD and answer == sound), name


def test_a_file_that_is_gone_twice_there_or_out_of_place_is_found() -> None:
    files = files_of(STREAM)
    for at, (name, body) in enumerate(files):
        without = files[:at] + files[at + 1 :]
        assert code_of(packed(without)) in ("file-missing", "file-list", "withheld-list")
        assert_refused(packed([*files[: at + 1], (name, body), *files[at + 1 :]]), "file-order")
        if at:
            assert_refused(packed([*files[: at - 1], files[at], files[at - 1], *files[at + 1 :]]), "file-order")
    assert_refused(packed(files[:1]), "file-missing")


def test_a_file_left_out_with_its_line_in_the_manifest_is_found() -> None:
    files = files_of(STREAM)
    for name, _ in files[1:]:
        without = mended([(n, b) for n, b in files if n != name])
        if name.startswith("index/"):
            assert "last-version" in verdict_of(without)["not_proven"], "the bundle proves less, and says so"
        elif name.endswith((".tlog-proof", ".sealed", ".key")) or name in REQUIRED:
            assert_refused(without, "file-missing")
        else:
            assert code_of(without) in ("withheld-list", "file-missing")
    assert_refused(mended([(n, b) for n, b in files if n != "entries/15" and not n.startswith("sections/")]), "withheld-list")


@pytest.mark.parametrize("name", [
    *("../a", "/etc/passwd", "entries/../../a", "..\\a", "C:a", "Entries/1", "entries/01", "entries/1/", "entries/", "con"),
    *("entries/1.txt", "manifest.json ", "MANIFEST.JSON", "keys.jsonl\x00", "a" * 128, "entries/9999999999999999", "\u00e9"),
    *("entries/1.tlog-proof\n", "sections/15-16.key", "index/.a", "index/A", "index/a/b", "timestamps/../a", "reports/x.pdf"),
])  # fmt: skip
def test_a_name_that_no_file_of_a_bundle_has_is_refused(name: str) -> None:
    assert_refused(raw([*files_of(STREAM), (name.encode("utf-8"), b"x")]), "bad-name")


@pytest.mark.parametrize("name", [b"", b"a" * 129])
def test_a_name_of_no_or_too_many_bytes_is_refused(name: bytes) -> None:
    assert_refused(raw([*files_of(STREAM), (name, b"x")]), "zip-form")


def test_a_file_larger_than_it_may_be_is_refused_before_it_is_read() -> None:
    files = files_of(STREAM)
    for name, size in (("checkpoint", 262_145), ("entries/15", 65_536), ("sections/15-0.key", 31), ("sections/15-0.key", 33)):
        assert_refused(packed(replaced(files, name, bytes(size))), "file-too-large")


# -- archives of other kinds -------------------------------------------------------------------------------------------------


def raw(files: Iterable[tuple[str | bytes, bytes]]) -> bytes:
    """An archive in our form but with any names at all."""
    parts, central, at = [], [], 0
    for name, content in files:
        named = name if isinstance(name, bytes) else name.encode()
        stand_in = Member("?" * len(named), len(content), zlib.crc32(content), at)
        parts += [stand_in.local()[:30], named, content]
        central += [stand_in.central()[:46], named]
        at += 30 + len(named) + len(content)
    records = b"".join(central)
    return b"".join(parts) + records + end_record(len(central) // 2, len(records), at)


def zipped(files: Files, **how: Any) -> bytes:
    """The same files as another program zips them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **how) as archive:
        for name, body in files:
            archive.writestr(zipfile.ZipInfo(name), body, compress_type=how.get("compression"))
    return out.getvalue()


def patched(content: bytes, offset: int, form: str, value: int, *, central: bool) -> bytes:
    """One field of the second member's header, local or central, set to something else."""
    name, body = files_of(content)[0]
    at = 30 + len(name) + len(body)
    if central:
        at = len(content) - 22 - central_bytes(content) + 46 + len(name)
    spoilt = bytearray(content)
    struct.pack_into(form, spoilt, at + offset, value)
    return bytes(spoilt)


FIELDS = {
    "a symbolic link": (38, "<L", (stat.S_IFLNK | 0o777) << 16, True),
    "a folder": (38, "<L", 0x10, True),
    "an executable": (38, "<L", (stat.S_IFREG | 0o755) << 16, True),
    "from another system": (4, "<H", 3 << 8 | 20, True),
    "a later version needed": (6, "<H", 45, True),
    "encrypted": (8, "<H", 1, True),
    "encrypted, says its own header": (6, "<H", 1, False),
    "with a data descriptor": (6, "<H", 8, False),
    "deflated": (10, "<H", 8, True),
    "deflated, says its own header": (8, "<H", 8, False),
    "from another day": (14, "<H", 0x5D77, True),
    "from another hour, says its own header": (10, "<H", 1, False),
    "with an extra field": (30, "<H", 4, True),
    "with an extra field, says its own header": (28, "<H", 4, False),
    "with a comment": (32, "<H", 5, True),
    "on another disk": (34, "<H", 1, True),
    "a text": (36, "<H", 1, True),
    "elsewhere": (42, "<L", 0, True),
    "another compressed size": (20, "<L", 1, True),
    "another size, says its own header": (22, "<L", 1, False),
    "another crc, says its own header": (14, "<L", 1, False),
}


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS.keys())
def test_only_one_spelling_of_an_archive_is_taken(field: tuple[int, str, int, bool]) -> None:
    offset, form, value, central = field
    assert_refused(patched(STREAM, offset, form, value, central=central), "zip-form")


def test_another_programs_archive_of_the_same_files_is_not_the_bundle() -> None:
    assert_refused(zipped(files_of(STREAM)), "zip-form")
    assert_refused(zipped(files_of(STREAM), compression=zipfile.ZIP_DEFLATED), "zip-form")


def test_a_bomb_is_not_unpacked() -> None:
    bomb = zipped([("RECIPE.txt", bytes(200_000_000))], compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 1_000_000
    assert_refused(bomb, "zip-form")


def test_nothing_stands_before_between_or_behind() -> None:
    assert_refused(b"#!/bin/sh\n" + STREAM, "not-a-bundle")
    assert_refused(STREAM + b"\n", "not-a-bundle")
    assert_refused(STREAM[:-1], "not-a-bundle")
    assert_refused(STREAM[:21], "not-a-bundle")
    assert_refused(b"", "not-a-bundle")
    body, central = STREAM[: -22 - central_bytes(STREAM)], STREAM[-22 - central_bytes(STREAM) : -22]
    assert_refused(body + b"gap" + central + end_record(len(files_of(STREAM)), len(central), len(body) + 3), "zip-form")
    assert_refused(body + central + b"gap" + end_record(len(files_of(STREAM)), len(central) + 3, len(body)), "zip-form")
    assert_refused(body + central + end_record(len(files_of(STREAM)) - 1, len(central), len(body)), "zip-form")
    assert_refused(body + central + end_record(len(files_of(STREAM)) + 1, len(central), len(body)), "zip-form")
    assert_refused(end_record(0, 0, 0), "too-many-files")
    assert_refused(end_record(0xFFFF, 0, 0), "too-many-files")
    assert_refused(bytes(200) + end_record(1, 200, 0), "zip-form")


def central_bytes(content: bytes) -> int:
    size: int = struct.unpack("<L", content[-10:-6])[0]
    return size


# VmHWM is of this program alone; getrusage also counts what stood in memory before it was started.
MEASURED = """
import re, sys, time
from pathlib import Path
from api.bundling import verify_file
began = time.monotonic()
told = verify_file(Path(sys.argv[1])).document
taken = time.monotonic() - began
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024
print(told["problem"]["code"] if told["problem"] else told["verdict"], taken, peak)
"""
COUNT = 1_000_000


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, int]:
    """A million empty members, canonical but for their number: the file without an end record, where its records begin."""
    path = tmp_path_factory.mktemp("million") / "million.zip"
    head, tail = Member("", 0, 0, 0).local()[:26], Member("", 0, 0, 0).central()
    pack = struct.Struct("<H").pack
    parts, central, at = [], [], 0
    for number in range(1, COUNT + 1):
        name = b"entries/%d" % number
        length = pack(len(name))
        parts += [head, length, b"\0\0", name]
        central += [tail[:28], length, tail[30:42], at.to_bytes(4, "little"), name]
        at += 30 + len(name)
    records = b"".join(central)
    with path.open("wb") as out:
        out.write(b"".join(parts))
        out.write(records)
    return path, len(records), at


@pytest.mark.slow
@pytest.mark.parametrize("form", ["counted modulo 65,536", "counted in zip64"])
def test_a_million_entries_are_refused_at_once_and_in_little_memory(million: tuple[Path, int, int], form: str) -> None:
    path, length, at = million
    with path.open("r+b") as out:
        out.truncate(at + length)
        out.seek(0, 2)
        if form == "counted in zip64":
            out.write(struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, COUNT, COUNT, length, at))
            out.write(struct.pack("<4sLQL", b"PK\x06\x07", 0, at + length, 1))
            out.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))
        else:
            out.write(end_record(COUNT % 65_536, length, at))
    code, seconds, megabytes = measured(path)
    assert code == {"counted modulo 65,536": "zip-form", "counted in zip64": "not-a-bundle"}[form]
    assert seconds < 10 and megabytes < 200


@pytest.mark.slow
def test_as_many_files_as_fit_cost_little(tmp_path: Path) -> None:
    path = tmp_path / "full.zip"
    path.write_bytes(raw([(f"entries/{number}", b"") for number in range(1, FILES_MAX + 1)]))
    code, seconds, megabytes = measured(path)
    assert code == "file-missing"
    assert seconds < 10 and megabytes < 200


def measured(path: Path) -> tuple[str, float, int]:
    """Verify in a process of its own: (code, seconds, megabytes at most)."""
    command = [sys.executable, "-c", MEASURED, str(path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    code, seconds, megabytes = ran.stdout.split()
    return code, float(seconds), int(megabytes)


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    from api.bundling import verify_file

    path = tmp_path / "huge.zip"
    with path.open("wb") as out:
        out.truncate((1 << 30) + 1)
    assert verify_file(path).document["problem"]["code"] == "too-large"


def test_more_files_than_a_bundle_holds_are_refused() -> None:
    content = raw([(f"entries/{n}", b"") for n in range(1, FILES_MAX + 2)])
    assert_refused(content, "too-many-files")


# -- the manifest ------------------------------------------------------------------------------------------------------------


MANIFESTS = {
    "a member too many": setting(note="hello"),
    "another format": setting(format="entente.bundle.v2"),
    "an absent answer said to be null": setting(answer=None),
    "a stream claimed that was not asked for": setting(question={"kind": "stream", "stream": "IC-2"}),
    "positions claimed of a stream": setting(complete={"kind": "positions", "first": 1, "last": 2}),
    "no versions": setting(complete={"kind": "stream", "stream": "IC-1", "versions": 0}),
    "a question of no kind": setting(question={"kind": "guess"}),
    "an instant of another spelling": setting(
        question={"kind": "period", "from": "2015-08-26", "to": "2015-08-27"},
        complete={"kind": "positions", "first": 1, "last": 1},
    ),
    "a day that never was": setting(
        question={"kind": "period", "from": "2015-02-30T00:00:00.000000Z", "to": "2015-08-27T00:00:00.000000Z"},
        complete={"kind": "positions", "first": 1, "last": 1},
    ),
    "a period that ends before it begins": setting(
        question={"kind": "period", "from": "2015-08-27T00:00:00.000000Z", "to": "2015-08-26T00:00:00.000000Z"},
        complete={"kind": "positions", "first": 1, "last": 1},
    ),
    "a ground that reorders the line": setting(withheld=[{"ground": "a\u202eb", "leaf_hash": "0" * 64, "position": 15}]),
    "withheld out of order": setting(
        withheld=[{"ground": "a", "leaf_hash": "0" * 64, "position": p} for p in (16, 15)]
    ),
    "withheld twice": setting(withheld=[{"ground": "a", "leaf_hash": "0" * 64, "position": 15}] * 2),
}  # fmt: skip


@pytest.mark.parametrize("change", MANIFESTS.values(), ids=MANIFESTS.keys())
def test_a_manifest_has_one_form(change: Callable[[dict[str, Any]], None]) -> None:
    assert_refused(manifested(STREAM, change), "manifest-form")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: b" " + body,
        lambda body: body.replace(b'"withheld":[]', b'"withheld":[ ]'),
        lambda body: body.replace(b'"size":24', b'"size":24.0'),
        lambda body: body.replace(b'"size":24', b'"size":24,"size":24'),
        lambda body: body.replace(b'"versions":2', b'"versions":2e0'),
        lambda body: body[:-1],
        lambda body: b"[" * 100_000,
        lambda body: b'{"a":' * 50_000,
        lambda body: b"null",
        lambda body: b"\xff",
        lambda body: body.replace(b"IC-1", b"IC-\\u0031"),
    ],
    ids=range(11),
)
def test_a_manifest_in_another_spelling_is_refused(spoil: Callable[[bytes], bytes]) -> None:
    files = files_of(STREAM)
    assert_refused(packed(replaced(files, MANIFEST, spoil(files[0][1]))), "manifest-form")


def test_what_the_manifest_says_of_the_files_is_held_to_them() -> None:
    files = files_of(STREAM)
    assert_refused(packed(replaced(files, "entries/1", b"another")), "file-list")
    same_size = flipped(dict(files)["entries/1"], 3)
    assert_refused(packed(replaced(files, "entries/1", same_size)), "file-digest")
    assert_refused(flipped(STREAM, 8 * (STREAM.index(b"entente.entry.v1"))), "crc")
    assert_refused(mended(files, setting(withheld=[{"ground": "a", "leaf_hash": "0" * 64, "position": 20}])), "withheld-list")


# -- the checkpoint ----------------------------------------------------------------------------------------------------------


def test_two_roots_do_not_stand_in_one_bundle() -> None:
    files = files_of(STREAM)
    one, other = dict(files)["checkpoint"], checkpoint_of([b"another history"])
    assert_refused(mended(replaced(files, "checkpoint", other)), "log-differs")
    assert_refused(manifested(STREAM, lambda m: m["log"].update(root="A" * 43 + "=")), "log-differs")
    assert_refused(manifested(STREAM, lambda m: m["log"].update(size=25)), "log-differs")
    assert_refused(manifested(STREAM, lambda m: m["log"].update(origin="golden.example/other")), "log-differs")
    name = "entries/15.tlog-proof"
    assert_refused(mended(replaced(files, name, dict(files)[name].replace(one, other))), "proof-form")


def test_a_checkpoint_that_nobody_signed_is_no_checkpoint() -> None:
    files = files_of(STREAM)
    text, lines = note.split_note(dict(files)["checkpoint"])
    spoilt = [note.SignatureLine(line.name, line.key_id, line.signature[:-1] + b"\x00") for line in lines]
    for kept in (lines[1:], spoilt[:1] + lines[1:], lines[:1] + spoilt[1:2] + lines[2:], lines[:2] + spoilt[2:3] + lines[3:]):
        assert_refused(mended(replaced(files, "checkpoint", note.format_note(text, kept))), "checkpoint")
    assert_refused(mended(replaced(files, "checkpoint", b"no note\n")), "checkpoint")
    assert_refused(mended(replaced(files, "policy.txt", b"quorum nobody\n")), "policy-form")
    # The same log by name, another key: the bundle's own policy must hold too, whatever policy is given beside it.
    ours, other = (str(note.VerifierKey(ORIGIN, note.ED25519_NOTE, key(name).public)).encode() for name in ("log", "another"))
    assert_refused(mended(replaced(files, "policy.txt", dict(files)["policy.txt"].replace(ours, other))), "checkpoint")


def test_a_checkpoint_without_its_cosignatures_is_not_final() -> None:
    files = files_of(STREAM)
    before = dict(files)["checkpoint"]
    text, lines = note.split_note(before)
    for kept in (lines[:1], lines[:3], [*lines[:1], *lines[2:]]):
        after = note.format_note(text, kept)
        changed = [(n, b.replace(before, after)) for n, b in files]
        assert verdict_of(mended(changed), golden_policy())["verdict"] == "not-final"


# -- the words ---------------------------------------------------------------------------------------------------------------


def test_every_failure_is_named_in_the_format_and_in_both_languages_and_was_reached_by_a_test() -> None:
    document = (ROOT / "docs" / "format.md").read_text()
    section = document[document.index("### 12.9") : document.index("### 12.10")]
    named = {code for row in re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE) for code in re.findall(r"`([a-z-]+)`", row)}
    index = document[document.index("### 8.4") : document.index("## 9.")]
    named |= set(re.findall(r"^\| `((?:index|timestamp)-[a-z]+)`", index, re.MULTILINE))
    assert named == set(PROBLEMS)
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_bundle*.py"))
    assert set(PROBLEMS) <= set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', tests)), "each code is the outcome of some test"
