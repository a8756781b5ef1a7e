"""An exported folder, file by file: what is missing, torn, too long, too much or out of order is named at its place."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.evidence import folder as folders
from ledger.formats import companions, tiles
from ledger.formats.companions import Companions
from ledger.formats.sealing import SealedSection
from ledger.formats.tiles import ENTRIES, Tile
from tests.playing import load
from tests.sites import NIGHT, Sites


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """London's export of a short night, and its size."""
    made = Sites(tmp_path_factory.mktemp("night"), lambda: "", load(NIGHT))
    made.tell(3)
    yield made.export("london").folder, made.calais.ledger.head()
    made.close()


@pytest.fixture
def copy(exported: tuple[Path, int], tmp_path: Path) -> Path:
    """A copy of it to change."""
    return Path(shutil.copytree(exported[0], tmp_path / "copy"))


@pytest.fixture
def size(exported: tuple[Path, int]) -> int:
    return exported[1]


def entry_tile(size: int) -> Tile:
    (tile,) = tiles.entry_tiles(size)
    return tile


def test_what_was_exported_is_readable(copy: Path, size: int) -> None:
    assert folders.unreadable(copy, size) == []


def test_a_policy_that_is_gone_and_a_file_too_many_concern_the_whole(copy: Path, size: int) -> None:
    (copy / "policy.txt").unlink()
    (copy / "tile" / "notes.txt").write_text("?")
    assert folders.unreadable(copy, size) == [
        (0, "policy.txt is missing"),
        (0, f"tile/notes.txt is no file of an export of {size} entries"),
    ]


def test_a_tile_of_another_length_is_named_with_both(copy: Path, size: int) -> None:
    path = copy / Tile(0, 0, size).path
    path.write_bytes(path.read_bytes()[:-1])
    assert folders.unreadable(copy, size) == [(1, f"tile/0/000.p/{size} has {size * 32 - 1} bytes, not {size * 32}")]


@pytest.mark.parametrize(("tile", "first"), [(Tile(0, 0), 1), (Tile(0, 1), 257), (Tile(1, 1), 65_537), (Tile(ENTRIES, 2), 513)])
def test_a_tile_begins_at_the_first_position_under_it(tile: Tile, first: int) -> None:
    assert folders.first_position(tile) == first


def test_a_tile_of_entries_may_be_as_long_as_any_and_no_longer(copy: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    length = (copy / entry_tile(size).path).stat().st_size
    monkeypatch.setattr(tiles, "BUNDLE_BYTES_MAX", length)
    assert folders.unreadable(copy, size) == []
    monkeypatch.setattr(tiles, "BUNDLE_BYTES_MAX", length - 1)
    assert folders.unreadable(copy, size) == [(1, f"{entry_tile(size).path} has {length} bytes, more than {length - 1}")]


# -- what stands beside entries -----------------------------------------------------------------------------------------------


def beside(copy: Path, size: int, *lines: bytes) -> list[tuple[int, str]]:
    """What is said of a folder with these lines beside its entries."""
    tile = entry_tile(size)
    path = copy / companions.path(tile)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines))
    return folders.unreadable(copy, size)


def line(position: int, sections: dict[str, SealedSection] | None = None) -> bytes:
    return companions.format_line(Companions(position, b"", sections or {}))


def test_lines_stand_in_order_and_within_their_tile(copy: Path, size: int) -> None:
    name = companions.path(entry_tile(size))
    assert beside(copy, size, line(1), line(2), line(size)) == []
    assert beside(copy, size, line(0)) == [(1, f"{name} has a line of position 0 after that of 0")]
    assert beside(copy, size, line(size + 1)) == [(1, f"{name} has a line of position {size + 1} after that of 0")]
    assert beside(copy, size, line(2), line(2)) == [(1, f"{name} has a line of position 2 after that of 2")]
    assert beside(copy, size, line(3), line(2)) == [(1, f"{name} has a line of position 2 after that of 3")]


def test_a_torn_line_is_named_after_the_last_one_that_was_whole(copy: Path, size: int) -> None:
    name = companions.path(entry_tile(size))
    assert beside(copy, size, line(4), line(5)[:-1]) == [(5, f"{name}, after position 4: the last line is torn")]
    ((position, said),) = beside(copy, size, line(4), b"{}\n")
    assert position == 5 and said.startswith(f"{name}, after position 4: ")


def test_a_line_may_be_as_long_as_any_and_is_not_read_further(copy: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(companions, "LINE_BYTES_MAX", len(line(7)))
    assert beside(copy, size, line(7)) == []
    monkeypatch.setattr(companions, "LINE_BYTES_MAX", len(line(7)) - 1)
    ((position, said),) = beside(copy, size, line(7))
    assert position == 1 and "more than" in said
    monkeypatch.setattr(companions, "LINE_BYTES_MAX", len(line(7)) - 2)
    ((position, said),) = beside(copy, size, line(7))
    assert position == 1 and "the last line is torn" in said


def test_every_section_beside_an_entry_is_looked_at(copy: Path, size: int) -> None:
    """One that the entry knows nothing of does not end the search."""
    tile = entry_tile(size)
    entries = tiles.parse_bundle((copy / tile.path).read_bytes(), tile.width)
    found = next(each for each in folders.read_companions(copy, tile) if "text" in each.sections)
    text = found.sections["text"]
    spoilt = SealedSection(bytes([text.ciphertext[0] ^ 1]) + text.ciphertext[1:], {**text.wraps, "XX": b"wrap"})
    assert beside(copy, size, line(found.position, {"fr": text, "gb": text, "text": spoilt})) == []
    told = folders.check_sections(copy, tile, entries)
    assert [position for position, _ in told] == [found.position] * 4
    assert sorted(said.split(":")[0].split(" is ")[0] for _, said in told) == [
        "section fr",
        "section gb",
        "section text",
        "section text",
    ]
