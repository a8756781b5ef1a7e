"""An exported folder as verification reads it: every row from its file, and all that stands beside the entries held to them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ledger import errors
from ledger.evidence import exported as exporting
from ledger.evidence.checks import Problem, row_of
from ledger.evidence.export import export_tiles
from ledger.evidence.exported import ExportedLog
from ledger.formats import companions, merkle, note, policy, tiles
from ledger.formats.companions import Companions
from ledger.formats.entry import split_entry
from ledger.formats.note import Checkpoint
from ledger.formats.policies import Span, succession
from ledger.formats.sealing import SealedSection
from ledger.formats.tiles import ENTRIES as OF_ENTRIES
from ledger.formats.tiles import Tile
from tests.bundle_forging import following
from tests.bundles import COSIGNED_AT, ORIGIN, SITES, cosigners, golden_policy, key
from tests.test_bundle_forgeries import ENTRIES, SEARCH

SIZE = 300
POLICY = policy.format_policy(golden_policy())
ADOPTED = b"# as both nations adopted it\n" + POLICY
ALL = [hand.key.name for site in SITES for hand in cosigners(site)]


@cache
def told() -> list[bytes]:
    """The golden log and many searches behind it, on three streams; both nations adopt a policy on the way."""
    entries = list(ENTRIES)
    while len(entries) < SIZE:
        entries.append(following(entries, "interception.search_recorded", SEARCH, ["BF"], stream=f"SEARCH-{len(entries) % 3}"))
        if len(entries) == 270:
            adopted = {"sha256": hashlib.sha256(ADOPTED).hexdigest(), "from_size": 280}
            entries.append(following(entries, "policy.adopted", adopted, ["GB", "FR"]))
    return entries


def signed(size: int, cosigned: Sequence[str] = tuple(ALL), *, root: bytes = b"", origin: str = ORIGIN) -> bytes:
    """The checkpoint of so many of these entries, with the lines of these cosigners."""
    checkpoint = Checkpoint(origin, size, root or merkle.root(map(merkle.hash_leaf, told()[:size])))
    made = note.sign_checkpoint(checkpoint, key("log"))
    text, _ = note.split_note(made)
    hands = [hand for site in SITES for hand in cosigners(site) if hand.key.name in cosigned]
    return note.add_lines(made, [hand.cosign(text, COSIGNED_AT) for hand in hands])


class Told:
    """What an export reads of a log."""

    def newest_checkpoint(self) -> tuple[int, bytes] | None:
        """See export.Log."""
        return SIZE, self.signed_checkpoint(SIZE)

    def signed_checkpoint(self, size: int) -> bytes:
        """See export.Log."""
        return signed(size)

    def entries(self, after: int, limit: int) -> Sequence[tuple[int, bytes]]:
        """See export.Log."""
        return list(enumerate(told(), start=1))[after : after + limit]


@cache
def kept() -> tuple[TemporaryDirectory[str], Path]:
    """The export, made once."""
    place = TemporaryDirectory()
    export_tiles(Told(), Path(place.name) / "tiles", POLICY)
    return place, Path(place.name) / "tiles"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the export, to change."""
    return Path(shutil.copytree(kept()[1], tmp_path / "tiles"))


@pytest.fixture
def log(folder: Path) -> ExportedLog:
    """The copy as it is read."""
    return ExportedLog(folder)


def beside(folder: Path, given: bytes = POLICY, by: policy.Policy | None = None) -> list[Problem]:
    """What is wrong beside the entries, under the policy given."""
    return ExportedLog(folder).beside(by or golden_policy(), given)


def stands(folder: Path, name: str, content: bytes) -> str:
    """Put a checkpoint there by name."""
    path = folder / "checkpoints" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return f"checkpoints/{name}"


def companion(folder: Path, *lines: Companions) -> None:
    """Put lines beside entries, each in the file of its tile."""
    for line in lines:
        index = (line.position - 1) // 256
        path = folder / companions.path(Tile(OF_ENTRIES, index, tiles.width(OF_ENTRIES, index, SIZE)))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(companions.format_line(line))


# -- the checkpoint ----------------------------------------------------------------------------------------------------------


def test_a_sound_folder_has_nothing_wrong_beside_its_entries(log: ExportedLog) -> None:
    assert log.unreadable() == [] and log.beside(golden_policy(), POLICY) == []
    assert not log.has_store


def test_the_checkpoint_is_read_with_the_logs_line_and_everybody_elses_apart(log: ExportedLog) -> None:
    assert log.checkpoint.size == SIZE and log.signed == (log.folder / "checkpoint").read_bytes()
    text, lines = note.split_note(log.signed)
    assert note.split_note(log.note) == (text, [lines[0]]) and lines[0].name == ORIGIN
    assert log.cosigned == lines[1:] and [line.name for line in log.cosigned] == ALL
    assert log.cosignature_rows() == [(SIZE, line.name, str(line)) for line in lines[1:]]


def test_a_folder_without_a_checkpoint_is_no_export(folder: Path) -> None:
    (folder / "checkpoint").unlink()
    with pytest.raises(errors.NotFound, match="checkpoint is not in "):
        ExportedLog(folder)
    (folder / "checkpoint").mkdir()
    with pytest.raises(errors.NotFound):
        ExportedLog(folder)


def test_a_checkpoint_as_long_as_any_is_read_and_no_longer_one(folder: Path) -> None:
    (folder / "checkpoint").write_bytes(b"x" * note.NOTE_BYTES_MAX)
    with pytest.raises(errors.BadNote) as wrong:
        ExportedLog(folder)
    assert wrong.value.field == "checkpoint"
    (folder / "checkpoint").write_bytes(b"x" * (note.NOTE_BYTES_MAX + 1))
    with pytest.raises(errors.TooLarge, match="checkpoint has more than"):
        ExportedLog(folder)


def test_a_line_that_stands_there_twice_makes_a_checkpoint_none(folder: Path) -> None:
    path = folder / "checkpoint"
    body = path.read_bytes()
    path.write_bytes(body + body.splitlines(keepends=True)[-1])
    with pytest.raises(errors.BadNote, match="a signature line stands there twice") as wrong:
        ExportedLog(folder)
    assert wrong.value.field == "checkpoint"


def test_a_checkpoint_that_stands_there_by_name_and_is_none_is_unreadable(folder: Path) -> None:
    stands(folder, "final", b"nothing")
    stands(folder, "london-ed", b"nothing either")
    stands(folder, "paris-ed", signed(256))
    (folder / "checkpoints" / "deeper").mkdir()
    (folder / "policy.txt").unlink()
    (first, second, third) = ExportedLog(folder).unreadable()
    assert first == (0, "policy.txt is missing")
    assert (second[0], third[0]) == (0, 0)
    assert "checkpoints/final" in second[1] and "checkpoints/london-ed" in third[1]


# -- rows --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "limit", "first", "last"),
    [(0, SIZE, 1, SIZE), (0, 5, 1, 5), (255, 3, 256, 258), (256, 1, 257, 257), (298, 10, 299, 300), (3, 256, 4, 259)],
)
def test_entries_are_read_across_their_tiles(log: ExportedLog, after: int, limit: int, first: int, last: int) -> None:
    assert log.rows(after, limit) == [row_of(at, told()[at - 1]) for at in range(first, last + 1)]


def test_no_entries_are_behind_the_last(log: ExportedLog) -> None:
    assert log.rows(SIZE, 5) == [] and log.rows(7, 0) == []


def test_a_tile_of_entries_may_be_as_long_as_any(log: ExportedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    length = (log.folder / Tile(OF_ENTRIES, 0).path).stat().st_size
    monkeypatch.setattr(tiles, "BUNDLE_BYTES_MAX", length)
    assert len(log.rows(0, 256)) == 256
    monkeypatch.setattr(tiles, "BUNDLE_BYTES_MAX", length - 1)
    with pytest.raises(errors.TooLarge, match="tile/entries/000 has more than"):
        log.rows(0, 256)


def test_checkpoints_are_the_folders_own_and_those_beside_entries(folder: Path) -> None:
    sizes = (10, 256, 257, 299)
    companion(folder, *(Companions(size, signed(size, ())) for size in sizes), Companions(SIZE, signed(20, ())))
    log = ExportedLog(folder)
    assert log.checkpoint_rows(0, None) == [*((size, signed(size, ())) for size in sizes), (SIZE, log.note)]
    for after, upto, found in (
        (0, SIZE, [10, 256, 257, 299, 300]),
        (0, SIZE + 50, [10, 256, 257, 299, 300]),
        (9, 10, [10]),
        (10, 256, [256]),
        (0, 256, [10, 256]),
        (256, 257, [257]),
        (255, 299, [256, 257, 299]),
        (0, 9, []),
        (299, None, [300]),
        (299, 300, [300]),
        (300, None, []),
    ):
        assert [size for size, _ in log.checkpoint_rows(after, upto)] == found, (after, upto)


def test_what_stands_beside_an_entry_need_be_no_checkpoint(folder: Path) -> None:
    companion(folder, Companions(5, b"", {}), Companions(6, signed(6, ())))
    assert [size for size, _ in ExportedLog(folder).checkpoint_rows(0, 200)] == [6]


def test_only_full_tiles_are_rows_and_the_others_are_partial(log: ExportedLog) -> None:
    leaves = [merkle.hash_leaf(entry) for entry in told()]
    full = b"".join(leaves[:256])
    assert list(log.tile_rows()) == [(0, 0, full, merkle.root(leaves[:256]))]
    assert log.partial_tiles() == {0: b"".join(leaves[256:]), 1: merkle.root(leaves[:256])}


def test_a_tile_of_hashes_that_is_too_long_is_not_read(log: ExportedLog) -> None:
    for tile, read in ((Tile(0, 0), lambda: list(log.tile_rows())), (Tile(1, 0, 1), log.partial_tiles)):
        path = log.folder / tile.path
        path.write_bytes(bytes(256 * 32))
        assert read()
        path.write_bytes(bytes(256 * 32 + 1))
        with pytest.raises(errors.TooLarge):
            read()


def test_a_folder_has_no_rows_of_sections_and_none_that_stray(log: ExportedLog) -> None:
    assert log.section_rows(0, None) == log.wrap_rows(0, None) == log.stray_rows() == []


def test_a_streams_entries_and_an_events_are_found(log: ExportedLog) -> None:
    placed = [(at, entry) for at, entry in enumerate(told(), start=1) if split_entry(entry)[1] == "SEARCH-1"]
    assert placed[0][0] == 16 and placed[-1][0] == 299
    assert log.stream_entries("SEARCH-1") == log.stream_entries("SEARCH-1") == placed
    assert log.stream_entries("LEDGER") == [(1, told()[0])] and log.stream_entries("SEARCH-9") == []
    for at in (1, 256, 257, SIZE):
        assert log.entry_by_event(row_of(at, told()[at - 1])[1]) == (at, told()[at - 1])
    assert log.entry_by_event("01900000-0000-7000-8000-000000000099") is None


def test_a_folder_is_gone_through_once_to_know_where_streams_are(log: ExportedLog) -> None:
    before = log.stream_entries("IC-1")
    (log.folder / Tile(OF_ENTRIES, 1, SIZE - 256).path).unlink()
    assert log.stream_entries("IC-1") == before != []


# -- the policy --------------------------------------------------------------------------------------------------------------


def test_the_folders_policy_is_the_one_given_or_one_that_was_adopted(folder: Path) -> None:
    theirs = b"# the forger's\n" + POLICY
    assert beside(folder, theirs) == [
        (0, "policy.txt is neither the policy given nor one that the log says both nations adopted")
    ]
    (folder / "policy.txt").write_bytes(theirs)
    assert beside(folder, theirs) == []
    (folder / "policy.txt").write_bytes(ADOPTED)
    assert beside(folder) == []


def test_a_policy_that_an_unreadable_entry_may_have_adopted_is_not_taken_for_it(folder: Path) -> None:
    """That entry is told elsewhere; what stands behind it counts."""
    path = folder / Tile(OF_ENTRIES, 1, SIZE - 256).path
    entries = tiles.parse_bundle(path.read_bytes(), SIZE - 256)
    at = next(at for at, entry in enumerate(entries) if b"policy.adopted" in entry)
    (folder / "policy.txt").write_bytes(ADOPTED)
    path.write_bytes(tiles.format_bundle([b"nothing", *entries[1:]]))
    assert beside(folder) == []
    unread = entries[at].replace(b'"from_size":280', b'"from_size":"x"')
    path.write_bytes(tiles.format_bundle([*entries[:at], unread, *entries[at + 1 :]]))
    assert [position for position, _ in beside(folder)] == [0]


def test_a_policy_as_long_as_any_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "POLICY_BYTES_MAX", len(POLICY))
    assert beside(folder) == []
    monkeypatch.setattr(exporting, "POLICY_BYTES_MAX", len(POLICY) - 1)
    with pytest.raises(errors.TooLarge):
        beside(folder)


# -- who cosigned ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cosigned", "who"),
    [
        ([name for name in ALL if "paris" not in name], "paris"),
        ([name for name in ALL if name.endswith("-ed")], "london, paris"),
        ([name for name in ALL if name != f"{ORIGIN}/london-pq"], "london"),
        ([], "london, paris"),
    ],
)
def test_what_not_all_have_cosigned_is_not_final(folder: Path, cosigned: list[str], who: str) -> None:
    (folder / "checkpoint").write_bytes(signed(SIZE, cosigned))
    assert beside(folder) == [(SIZE, f"not final under this policy: no cosignature by {who}")]


def other_policy(log: str = "log", quorum: str = "both") -> policy.Policy:
    """The same sites under another log's key, or another quorum."""
    own = golden_policy()
    logs = (policy.Log(note.VerifierKey(ORIGIN, note.ED25519_NOTE, key(log).public)),)
    return policy.Policy(logs, own.witnesses, own.groups, quorum)


def test_a_checkpoint_that_the_policy_does_not_know_is_told_elsewhere(folder: Path) -> None:
    assert beside(folder, by=other_policy("another log")) == []


def test_each_checkpoint_is_judged_by_the_policy_of_its_size(folder: Path) -> None:
    """What was final when London alone was asked stays so, and the newest is asked of both."""
    first, later = other_policy(quorum="london"), golden_policy()
    both = succession([Span(0, "a" * 64, first), Span(SIZE, "b" * 64, later)])
    stands(folder, "final", signed(299, ALL[:2]))
    assert beside(folder, by=both) == []
    stands(folder, "final", signed(299, ALL[2:]))
    assert beside(folder, by=both) == [(299, "checkpoints/final is not cosigned as its name says")]
    (folder / "checkpoints" / "final").unlink()
    (folder / "checkpoint").write_bytes(signed(SIZE, ALL[:2]))
    assert beside(folder, by=both) == [(SIZE, "not final under this policy: no cosignature by paris")]


# -- checkpoints by name -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 20, 255, 256, 257, 299])
def test_an_older_checkpoint_cosigned_as_its_name_says_is_sound(folder: Path, size: int) -> None:
    stands(folder, "final", signed(size))
    stands(folder, "london-ed", signed(size, [f"{ORIGIN}/london-ed"]))
    stands(folder, "paris-pq", signed(size, ALL))
    assert beside(folder) == []


def test_the_newest_checkpoint_may_stand_there_by_name(folder: Path) -> None:
    stands(folder, "final", (folder / "checkpoint").read_bytes())
    assert beside(folder) == []
    stands(folder, "final", signed(SIZE, ALL[:3]))
    assert beside(folder) == [(SIZE, "checkpoints/final and checkpoint are of one size and differ")]


@pytest.mark.parametrize("size", [0, SIZE + 1])
def test_a_checkpoint_of_entries_that_are_not_here_is_named(folder: Path, size: int) -> None:
    stands(folder, "final", signed(size, root=merkle.EMPTY_ROOT))
    assert beside(folder) == [(SIZE, f"checkpoints/final is of size {size}, beyond this folder's log")]


def test_a_checkpoint_of_another_tree_is_named(folder: Path) -> None:
    stands(folder, "final", signed(299, root=bytes(32)))
    assert beside(folder) == [(299, "checkpoints/final has another root than the entries up to 299")]


def test_a_checkpoint_of_another_log_is_named(folder: Path) -> None:
    stands(folder, "final", signed(299, (), origin="elsewhere.example/log"))
    ((position, said),) = beside(folder)
    assert position == 299 and said.startswith("checkpoints/final: ")


@pytest.mark.parametrize(
    ("name", "cosigned"),
    [("final", ALL[:3]), ("london-ed", ALL[1:]), ("paris-pq", []), ("nobody", ALL), ("london", ALL), ("both", ALL)],
)
def test_a_checkpoint_not_cosigned_by_whom_its_name_says_is_named(folder: Path, name: str, cosigned: list[str]) -> None:
    stands(folder, name, signed(299, cosigned))
    assert beside(folder) == [(299, f"checkpoints/{name} is not cosigned as its name says")]


def test_a_line_by_nobody_whom_the_policy_knows_is_named(folder: Path) -> None:
    stranger = note.sign_line("stranger.example/w", key("stranger"), b"x\n")
    stands(folder, "final", note.add_lines(signed(299), [stranger]))
    assert beside(folder) == [(299, "checkpoints/final has a line by nobody whom the policy knows")]


def test_everything_that_is_wrong_beside_the_entries_is_told(folder: Path) -> None:
    (folder / "policy.txt").write_bytes(b"# another\n" + POLICY)
    (folder / "checkpoint").write_bytes(signed(SIZE, ALL[:2]))
    stands(folder, "final", signed(299, ALL[:3]))
    stands(folder, "london-ed", signed(298, []))
    section = SealedSection(b"x", {})
    companion(folder, Companions(16, b"", {"text": section}), Companions(290, b"", {"gb": section}))
    assert [position for position, _ in beside(folder)] == [0, SIZE, 299, 298, 16, 290]
    assert beside(folder)[-2:] == [
        (16, "section text is not one that the entry commits to"),
        (290, "section gb is not one that the entry commits to"),
    ]
