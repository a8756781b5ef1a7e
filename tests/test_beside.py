"""What stands beside the entries is held to them: cosignatures to what their cosigners remember, tiles to the leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from ledger.events.registry import Adopted, Registry
from ledger.evidence.beside import FullTiles, Vouched, check_adopted, check_cosignatures
from ledger.formats import merkle, note
from ledger.formats.note import Checkpoint
from ledger.formats.policies import Span, succession
from tests.bundles import COSIGNED_AT, ORIGIN, SITES, cosigned, golden_policy, key

# -- tiles ---------------------------------------------------------------------------------------------------------------------

COUNT = 2 * 65_536 + 2 * 256 + 3
LEAVES = [n.to_bytes(32, "big") for n in range(COUNT)]
Row = tuple[int, int, bytes, bytes]


def tiles_by_hand() -> dict[tuple[int, int], tuple[bytes, bytes]]:
    """Content and root of every full tile: 256 hashes of the level below side by side."""
    made, hashes = {}, LEAVES
    for level in range(3):
        above = []
        for index in range(len(hashes) // 256):
            wide = hashes[256 * index : 256 * index + 256]
            above.append(merkle.root(wide))
            made[level, index] = (b"".join(wide), above[-1])
        hashes = above
    return made


@pytest.fixture(scope="module")
def kept() -> dict[tuple[int, int], tuple[bytes, bytes]]:
    return tiles_by_hand()


@pytest.fixture(scope="module")
def full() -> FullTiles:
    made = FullTiles()
    made.extend(LEAVES)
    return made


def rows(kept: dict[tuple[int, int], tuple[bytes, bytes]]) -> list[Row]:
    return [(level, index, content, root) for (level, index), (content, root) in kept.items()]


def test_every_full_tile_is_the_one_that_the_leaves_make(kept: dict[tuple[int, int], tuple[bytes, bytes]]) -> None:
    made = FullTiles()
    made.extend(LEAVES[:700])
    made.extend(LEAVES[700:])
    assert made.compare(rows(kept), COUNT) == (516, set())
    assert [at for at in kept if at[0] == 1] == [(1, 0), (1, 1)]


def spoilt(body: bytes, at: int) -> bytes:
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


def test_a_tile_that_is_not_the_logs_is_found_at_its_place(
    kept: dict[tuple[int, int], tuple[bytes, bytes]], full: FullTiles
) -> None:
    zero, one = kept[0, 1], kept[1, 0]
    for at, row, position, said in (
        ((0, 1), (0, 1, spoilt(zero[0], 32 * 5 + 31), zero[1]), 262, "tile 0/1 differs from what the entries hash to"),
        ((0, 1), (0, 1, zero[0][:-32], zero[1]), 512, "tile 0/1 differs from what the entries hash to"),
        ((0, 1), (0, 1, zero[0] + bytes(32), zero[1]), 257, "tile 0/1 differs from what the entries hash to"),
        ((1, 0), (1, 0, spoilt(one[0], 32), one[1]), 512, "tile 1/0 differs from what the entries hash to"),
        ((0, 1), (0, 1, zero[0], spoilt(zero[1], 0)), 512, "the root kept with tile 0/1 is not its root"),
        ((1, 0), (1, 0, one[0], spoilt(one[1], 0)), 65_536, "the root kept with tile 1/0 is not its root"),
        ((0, 1), None, 512, "tile 0/1 is missing"),
        ((1, 1), None, 131_072, "tile 1/1 is missing"),
    ):
        others = rows({tile: content for tile, content in kept.items() if tile != at})
        assert full.compare([*others, row] if row else others, COUNT) == (515, {(position, said)})


@pytest.mark.parametrize(
    ("level", "index", "position"),
    [(0, 514, COUNT), (1, 2, COUNT), (2, 0, COUNT), (0, -1, COUNT), (-1, 0, COUNT), (8, 0, COUNT)],
)
def test_a_tile_that_no_log_of_this_size_has_is_found(
    kept: dict[tuple[int, int], tuple[bytes, bytes]], full: FullTiles, level: int, index: int, position: int
) -> None:
    found = full.compare([*rows(kept), (level, index, b"", b"")], COUNT)
    assert found == (516, {(position, f"tile {level}/{index} is not one of this log")})
    small = FullTiles()
    assert small.compare([(0, 0, b"", b"")], 300) == (0, {(256, "tile 0/0 is not one of this log")})


def test_the_last_tiles_are_compared_as_far_as_they_go(
    kept: dict[tuple[int, int], tuple[bytes, bytes]], full: FullTiles
) -> None:
    last = {0: b"".join(LEAVES[-3:]), 1: kept[0, 512][1] + kept[0, 513][1], 2: kept[1, 0][1] + kept[1, 1][1]}
    assert full.compare_partial(last, COUNT) == set()
    wrong = {(COUNT, "the last tile of level 1 differs from what the entries hash to")}
    assert full.compare_partial({**last, 1: last[1][:32]}, COUNT) == wrong
    assert full.compare_partial({level: body for level, body in last.items() if level != 1}, COUNT) == wrong
    more = {(COUNT, "the last tile of level 3 differs from what the entries hash to")}
    assert full.compare_partial({**last, 3: b""}, COUNT) == more


# -- cosignatures --------------------------------------------------------------------------------------------------------------

LONDON, PARIS = (f"{ORIGIN}/{site}" for site in SITES)
NOTES = {size: note.sign_checkpoint(Checkpoint(ORIGIN, size, bytes([size]) * 32), key("log")) for size in (7, 9)}
SPANS = [Span(1, "a" * 64, golden_policy()), Span(9, "b" * 64, golden_policy())]
POLICY = succession(SPANS)
CosignatureRow = tuple[int, str, str]


class Kept:
    """The rows that a store keeps."""

    def __init__(self, lines: Iterable[CosignatureRow], notes: dict[int, bytes] = NOTES) -> None:
        self.lines, self.notes = list(lines), notes

    def cosignature_rows(self) -> list[CosignatureRow]:
        return self.lines

    def checkpoint_rows(self, after: int, upto: int | None) -> Sequence[tuple[int, bytes]]:
        return [(size, body) for size, body in sorted(self.notes.items()) if after < size and (upto is None or size <= upto)]


def lines_of(size: int, *sites: str) -> list[CosignatureRow]:
    text = note.split_note(NOTES[size])[0]
    lines = [line for site in sites or SITES for line in cosigned(site, text)]
    return [(size, line.name, note.format_note(text, [line]).decode().splitlines()[-1]) for line in lines]


ROWS = lines_of(7) + lines_of(9)
REMEMBERED: dict[str, Vouched] = {
    site: [(size, bytes([size]) * 32, COSIGNED_AT) for size in (7, 9)] for site in (LONDON, PARIS)
}


def problems(
    lines: Iterable[CosignatureRow] = ROWS, remembered: dict[str, Vouched] | None = None, notes: dict[int, bytes] = NOTES
) -> list[tuple[int, str]]:
    return sorted(check_cosignatures(Kept(lines, notes), POLICY, 9, REMEMBERED | (remembered or {}))[2])


def test_cosignatures_that_are_remembered_are_sound() -> None:
    names, times, wrong = check_cosignatures(Kept(ROWS), POLICY, 9, REMEMBERED)
    assert (sorted(names), wrong) == (sorted(SITES), set())
    assert times == {(size, name): COSIGNED_AT for size, name, _ in ROWS}


def test_a_site_counts_where_both_its_keys_have_signed_one_checkpoint() -> None:
    london = lines_of(7, "london")
    assert check_cosignatures(Kept(london), POLICY, 9, {})[0] == ["london"]
    assert check_cosignatures(Kept(london[:1]), POLICY, 9, {})[0] == ["london-ed"]
    assert check_cosignatures(Kept([]), POLICY, 9, {})[0] == []
    spoilt = [london[0], (7, london[1][1], lines_of(9, "london")[1][2])]
    assert check_cosignatures(Kept(spoilt), POLICY, 9, {})[0] == ["london-ed"], "a line that does not verify counts for nothing"
    each = [*london, *lines_of(9, "paris")]
    assert check_cosignatures(Kept(each), POLICY, 9, {})[0] == ["london", "paris"], "each on a checkpoint of its own"
    apart = [london[0], lines_of(9, "london")[1]]
    assert check_cosignatures(Kept(apart), POLICY, 9, {})[0] == ["london-ed", "london-pq"], "on two checkpoints"


def test_a_cosignature_that_does_not_hold_or_has_nothing_to_stand_on_is_found() -> None:
    size, name, line = ROWS[0]
    swapped = [(size, ROWS[2][1], line), *ROWS[1:2], *ROWS[3:], (size, name, ROWS[2][2])]
    assert [what for _, what in problems(swapped)] == [
        f"cosignature {row[1]} of size 7: the line kept as {row[1]} is not by that cosigner of the policy"
        for row in (ROWS[0], ROWS[2])
    ]
    ((at, what),) = problems([(size, name, ROWS[4][2]), *ROWS[1:]])
    assert at == 7 and what.startswith(f"cosignature {name} of size 7: ")
    assert problems([*ROWS, (5, name, line)]) == [
        (5, f"{LONDON} does not remember having cosigned size 5"),
        (5, f"the cosignature {name} stands on a checkpoint of size 5 that is not there"),
    ]


def test_what_a_cosigner_remembers_otherwise_is_found() -> None:
    both = REMEMBERED[LONDON]
    assert problems(remembered={LONDON: [*both, (12, bytes(32), COSIGNED_AT)]}) == [
        (9, f"{LONDON} cosigned size 12: entries 10 to 12 are gone")
    ]
    found = problems(remembered={LONDON: [(12, bytes(32), COSIGNED_AT), both[0], (9, bytes(32), COSIGNED_AT)]})
    assert len(found) == 2, "what is gone does not hide what is wrong"
    assert problems(remembered={LONDON: both[:1]}) == [(9, f"{LONDON} does not remember having cosigned size 9")]
    assert problems(remembered={LONDON: [both[0], (9, bytes(32), COSIGNED_AT)]}) == [
        (9, f"{LONDON} cosigned another checkpoint of size 9 than the one kept here")
    ]
    assert problems(remembered={LONDON: [both[0], (9, both[1][1], COSIGNED_AT + 1)]}) == [
        (9, f"{LONDON} remembers another time for its cosignature {LONDON}-{kind} of size 9") for kind in ("ed", "pq")
    ]
    without = [row for row in ROWS if row[:2] != (9, f"{LONDON}-ed")]
    assert problems(without) == [(9, f"the cosignature {LONDON}-ed of size 9 is missing")]
    gone = [row for row in ROWS if row[0] == 7]
    assert (9, f"{PARIS} cosigned another checkpoint of size 9 than the one kept here") in problems(gone, notes={7: NOTES[7]})
    other = note.sign_checkpoint(Checkpoint(ORIGIN, 9, bytes([9]) * 32), key("stranger"))
    assert (9, f"{PARIS} cosigned another checkpoint of size 9 than the one kept here") in problems(
        gone, notes={7: NOTES[7], 9: other}
    )


# -- policies ------------------------------------------------------------------------------------------------------------------


def adopted(*policies: Adopted) -> Registry:
    registry = Registry()
    registry.policies = policies
    return registry


def test_the_policies_held_are_those_that_the_log_adopted() -> None:
    first, second = Adopted("a" * 64, 1, 3), Adopted("b" * 64, 9, 8)
    assert check_adopted(POLICY, adopted(first, second)) == set()
    assert check_adopted(POLICY, adopted(first)) == {(9, "no entry adopts the policy bbbbbbbbbbbbbbbb… from size 9")}
    another = Adopted("c" * 64, 9, 12)
    assert check_adopted(POLICY, adopted(first, second, another)) == {
        (12, "the policy cccccccccccccccc… adopted from size 9 is not held here")
    }
    assert check_adopted(POLICY, adopted(first, Adopted("b" * 64, 10, 8))) == {
        (8, "the policy bbbbbbbbbbbbbbbb… adopted from size 10 is not held here"),
        (9, "no entry adopts the policy bbbbbbbbbbbbbbbb… from size 9"),
    }
    assert check_adopted(golden_policy(), adopted(another)) == set(), "a policy that was given alone decides alone"
