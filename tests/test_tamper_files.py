"""A folder of exported tiles in the hands of a stranger: whatever was changed in it on the way is found and named."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from api.home import Home
from api.verifying import verify_export
from ledger.evidence.export import export_tiles
from tests.tamper_files import INVENTED, KIND_MIN, KINDS, tampering_with_files
from tests.tamper_home import cosign, played, tell

CHANGES = 20


def test_whatever_is_changed_in_a_file_is_found_and_named(tmp_path: Path, store_url: str) -> None:
    told = tampering_with_files(2015, tmp_path, store_url if store_url.startswith("postgresql") else "", CHANGES)
    assert all(told["found"][kind] >= KIND_MIN for kind in (*KINDS, INVENTED)), told


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A small ledger, cosigned by both."""
    return played(tmp_path / "home", "", 9, Random(1))


def test_what_not_both_have_cosigned_is_not_final_and_is_said_to_be_so(home: Home, tmp_path: Path) -> None:
    tell(home, 1, Random(2))
    home.cosign("london")
    size = export_tiles(home.ledger, tmp_path / "tiles", home.policy_path.read_bytes())
    (problem,) = verify_export(tmp_path / "tiles", home.policy_path)["problems"]
    assert problem == {"position": size, "what": "not final under this policy: no cosignature by paris"}
    home.cosign("paris")
    export_tiles(home.ledger, tmp_path / "again", home.policy_path.read_bytes())
    assert verify_export(tmp_path / "again", home.policy_path)["ok"]
    home.close()


def test_a_policy_put_into_the_folder_on_the_way_is_told_from_one_that_was_adopted(home: Home, tmp_path: Path) -> None:
    """A reader who trusts the folder's own policy would trust a forger's keys; whoever brings his own policy is told so."""
    folder = tmp_path / "tiles"
    cosign(home)
    export_tiles(home.ledger, folder, home.policy_path.read_bytes())
    given = tmp_path / "policy.txt"
    given.write_bytes(b"# as handed to us by both ministries\n" + home.policy_path.read_bytes())
    assert verify_export(folder, given)["ok"]  # the folder's is another file than ours, and the log says it was adopted
    (folder / "policy.txt").write_bytes(b"# the forger's\n" + home.policy_path.read_bytes())
    assert [problem["what"] for problem in verify_export(folder, given)["problems"]] == [
        "policy.txt is neither the policy given nor one that the log says both nations adopted"
    ]
    home.close()


def test_a_file_that_is_no_file_or_endless_is_named_and_not_read(home: Home, tmp_path: Path) -> None:
    """A pipe in a tile's place would be waited for, a file as large as the disk would be read."""
    folder = tmp_path / "tiles"
    size = export_tiles(home.ledger, folder, home.policy_path.read_bytes())
    home.close()
    for level in ("entries", "0"):
        tile = folder / f"tile/{level}/000.p/{size}"
        kept = tile.read_bytes()
        with tile.open("r+b") as file:
            file.truncate(1 << 40)
        assert f"tile/{level}/000.p/{size} has {1 << 40} bytes" in _first(folder, home)
        tile.unlink()
        os.mkfifo(tile)
        assert f"tile/{level}/000.p/{size} is missing" in _first(folder, home)
        tile.unlink()
        tile.write_bytes(kept)
    assert verify_export(folder, home.policy_path)["ok"]


def _first(folder: Path, home: Home) -> str:
    return " ".join(problem["what"] for problem in verify_export(folder, home.policy_path)["problems"])
