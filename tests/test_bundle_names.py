"""A file of a bundle has one name, one place among the others and a size: nothing else is asked of a path."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ledger.evidence import bundle_names
from ledger.evidence.bundle_names import place_of, position_of, section_index_of
from ledger.formats import entry, note, policy, proof, sealing

ONE, OTHER = "01900000-0000-7000-8000-00000000000a", "f1900000-0000-7000-8000-00000000000a"
MEGABYTE = 1 << 20
# docs/format.md, sections 12.1 and 12.2: the name, and the fewest and most bytes.
IN_ORDER: dict[str, tuple[int, int]] = {
    "manifest.json": (0, 16 * MEGABYTE),
    "RECIPE.txt": (0, 65_536),
    "verify.html": (0, 8 * MEGABYTE),
    "checkpoint": (0, note.NOTE_BYTES_MAX),
    "policy.txt": (0, policy.POLICY_BYTES_MAX),
    "keys.jsonl": (0, 16 * MEGABYTE),
    "entries/1": (0, entry.ENTRY_BYTES_MAX),
    "entries/1.tlog-proof": (0, proof.PROOF_BYTES_MAX),
    "entries/2": (0, entry.ENTRY_BYTES_MAX),
    "entries/10": (0, entry.ENTRY_BYTES_MAX),
    "entries/9007199254740991": (0, entry.ENTRY_BYTES_MAX),
    "entries/9007199254740991.tlog-proof": (0, proof.PROOF_BYTES_MAX),
    "sections/1-0.sealed": (0, sealing.SECTION_BYTES_MAX),
    "sections/1-0.key": (32, 32),
    "sections/1-1.sealed": (0, sealing.SECTION_BYTES_MAX),
    "sections/1-15.key": (32, 32),
    "sections/2-0.sealed": (0, sealing.SECTION_BYTES_MAX),
    "sections/10-0.sealed": (0, sealing.SECTION_BYTES_MAX),
    f"reports/{ONE}.figures.json": (0, 64 * MEGABYTE),
    f"reports/{ONE}.unsigned.pdf": (0, 64 * MEGABYTE),
    f"reports/{ONE}.signed.pdf": (0, 64 * MEGABYTE),
    f"reports/{OTHER}.figures.json": (0, 64 * MEGABYTE),
    "index/23.json": (0, MEGABYTE),
    "index/9.json": (0, MEGABYTE),
    "timestamps/dfn.1.tsr": (0, MEGABYTE),
    "timestamps/other.1.tsr": (0, MEGABYTE),
}


def test_every_file_has_its_size_and_stands_behind_those_in_front() -> None:
    places = {name: place_of(name) for name in IN_ORDER}
    assert {name: place and (place.bytes_min, place.bytes_max) for name, place in places.items()} == IN_ORDER
    for first, second in pairwise(places.values()):
        assert first and second and first.order < second.order


@pytest.mark.parametrize("name", ["entries/9007199254740992", "sections/9007199254740992-0.key", "sections/1-16.sealed"])
def test_a_position_or_a_section_beyond_what_there_can_be_names_no_file(name: str) -> None:
    assert place_of(name) is None


def test_a_name_says_what_it_is_of_and_nothing_where_it_is_of_none() -> None:
    assert [position_of(name) for name in ("entries/7", "entries/8.tlog-proof", "sections/9-3.key", "index/7.json")] == [
        7,
        8,
        9,
        0,
    ]
    assert [section_index_of(name) for name in ("sections/9-0.sealed", "sections/9-15.key", "entries/7")] == [0, 15, -1]
    assert bundle_names.response_of("timestamps/dfn.12.tsr") == ("dfn", 12)
    assert bundle_names.response_of("timestamps/dfn.012.tsr") is None
