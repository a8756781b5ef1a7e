"""Tiles: paths have one spelling, widths are those of the published example, proofs from tiles are those of the tree."""

from __future__ import annotations

import pytest

from ledger import errors
from ledger.formats import merkle, tiles
from ledger.formats.tiles import ENTRIES, Tile

SIZE = 70_000


def test_a_log_of_70000_has_the_tiles_of_the_published_example():
    found = list(tiles.hash_tiles(SIZE))
    by_level = [[t.width for t in found if t.level == level] for level in range(4)]
    assert by_level == [[256] * 273 + [112], [256, 17], [1], []]
    assert [t.width for t in tiles.entry_tiles(SIZE)] == by_level[0]
    assert [t.path for t in tiles.hash_tiles(256)] == ["tile/0/000", "tile/1/000.p/1"]
    assert list(tiles.hash_tiles(0)) == list(tiles.entry_tiles(0)) == []


@pytest.mark.parametrize(
    ("old_size", "size"), [(0, 1), (1, 2), (255, 256), (256, 256), (256, 257), (300, 70_000), (65_535, 65_536)]
)
def test_growth_writes_only_what_changed_and_all_of_it(old_size, size):
    whole, before, new = (list(tiles.hash_tiles(*sizes)) for sizes in ((size,), (old_size,), (size, old_size)))
    assert new == [t for t in whole if t not in before]
    assert set(new) | set(before) >= set(whole)


def test_the_first_entry_has_a_tile_and_growth_writes_no_entries_twice():
    assert list(tiles.entry_tiles(1)) == [Tile(ENTRIES, 0, 1)] and list(tiles.tiles_at(0, 1)) == [Tile(0, 0, 1)]
    assert list(tiles.entry_tiles(600, 300)) == [Tile(ENTRIES, 1, 256), Tile(ENTRIES, 2, 88)]


PATHS = {
    Tile(0, 0): "tile/0/000",
    Tile(0, 1067): "tile/0/x001/067",
    Tile(3, 1234067, 5): "tile/3/x001/x234/067.p/5",
    Tile(ENTRIES, 273, 112): "tile/entries/273.p/112",
    Tile(63, 999_999_999, 255): "tile/63/x999/x999/999.p/255",
}


@pytest.mark.parametrize(("tile", "path"), PATHS.items())
def test_a_tile_has_one_path(tile, path):
    assert tile.path == path
    assert tiles.parse_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/001/001",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/000\n",
        "tile/0/../000",
        "tile/data/000",
        "tile/0/\u0660\u0660\u0660",
    ],
)
def test_another_spelling_of_a_path_is_refused(path):
    with pytest.raises(errors.BadQuestion) as refused:
        tiles.parse_path(path)
    assert refused.value.field == "path"


@pytest.fixture(scope="module")
def tree():
    """70,000 leaf hashes, and every tile's content."""
    hashes = [merkle.hash_leaf(n.to_bytes(4, "big")) for n in range(SIZE)]
    read = merkle.hash_reader(hashes)
    return hashes, {tile: tiles.tile_hashes(tile, read) for tile in tiles.hash_tiles(SIZE)}


def test_proofs_from_tiles_are_those_of_the_tree(tree):
    hashes, content = tree
    reads = []

    def read_tile(tile):
        reads.append(tile)
        return content[tile]

    direct, tiled = merkle.hash_reader(hashes), tiles.hash_reader(read_tile, SIZE)
    root = merkle.root(hashes)
    for index in (0, 1, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999):
        proof = merkle.prove_inclusion(index, SIZE, tiled)
        assert proof == merkle.prove_inclusion(index, SIZE, direct)
        merkle.verify_inclusion(hashes[index], index, SIZE, proof, root)
    for old_size in (1, 255, 256, 257, 65_536, 69_999):
        assert merkle.prove_consistency(old_size, SIZE, tiled) == merkle.prove_consistency(old_size, SIZE, direct)
    reads.clear()
    assert merkle.range_roots([(0, SIZE)], tiled) == [root]
    assert len(reads) == len(set(reads)) <= 3


def test_a_tile_of_a_wrong_size_or_beyond_the_tree_is_refused(tree):
    _, content = tree
    short = tiles.hash_reader(lambda tile: content[tile][:-1], SIZE)
    with pytest.raises(errors.BadProof, match="bytes"):
        short([(0, 0)])
    whole = tiles.hash_reader(lambda tile: content[tile], SIZE)
    for beyond in [(0, SIZE), (17, 0), (1, SIZE // 2), (0, 2**40), (40, 0)]:
        with pytest.raises(errors.BadProof):
            whole([beyond])


# -- entries ----------------------------------------------------------------------------------------------------------------

ENTRIES_OF_A_BUNDLE = [b"", b"a", bytes(65_535), b"\x00\x01"]


def test_a_bundle_gives_back_its_entries():
    content = tiles.format_bundle(ENTRIES_OF_A_BUNDLE)
    assert content[:5] == b"\x00\x00\x00\x01a"
    assert tiles.parse_bundle(content, 4) == ENTRIES_OF_A_BUNDLE


@pytest.mark.parametrize(
    "spoil", [lambda c: c[:-1], lambda c: c + b"\x00", lambda c: c + b"\x00\x00", lambda c: c[2:], lambda c: b""]
)
def test_a_bundle_torn_or_too_long_is_refused(spoil):
    with pytest.raises(errors.BadEntry):
        tiles.parse_bundle(spoil(tiles.format_bundle(ENTRIES_OF_A_BUNDLE)), 4)
    for width in (3, 5):
        with pytest.raises(errors.BadEntry):
            tiles.parse_bundle(tiles.format_bundle(ENTRIES_OF_A_BUNDLE), width)
