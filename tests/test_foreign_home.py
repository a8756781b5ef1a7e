"""A whole night, exported by the ledger itself, in front of programs that are not ours; and what they must refuse.

Go's transparency-log packages read checkpoint, co-signatures, tiles, entries, event signatures and proofs; a pure-Python ML-DSA
that shares no code with ours verifies both nations' post-quantum lines.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from dilithium_py.ml_dsa import ML_DSA_44

from ledger.evidence.export import export_tiles
from ledger.formats import armour, cosignature, note, proof
from projections.projector import Run
from tests.playing import load
from tests.test_foreign import flip, program  # noqa: F401 - `program` is a fixture
from tests.test_tampering import NIGHT, lengthened

pytestmark = pytest.mark.foreign


@pytest.fixture
def exported(home_of: Any, tmp_path: Path) -> tuple[Any, Path]:
    """A home and what it exports, with an old checkpoint, proofs and the events' public keys beside the tiles."""
    home = home_of(lengthened(load(NIGHT)))
    ledger, folder = home.ledger, tmp_path / "exported"
    size = export_tiles(ledger, folder, home.policy_path.read_bytes())
    old = size - 7
    (folder / "old").write_bytes(ledger.signed_checkpoint(old))
    growth = ledger.prove_consistency(old, size)
    (folder / "growth").write_text("".join(f"{armour.encode64(part)}\n" for part in growth))
    for index in (0, 255, size - 1):
        path = ledger.prove(index + 1, size)
        body = proof.format_proof(index, path, (folder / "checkpoint").read_bytes())
        (folder / f"{index}.tlog-proof").write_bytes(body)
    run = Run(home.projector("GB"), home.view_store("GB").live())
    publics = [key for key in run.keys.keys.values() if key.type_code == "01"]
    (folder / "keys").write_text("".join(f"{key.key_id} {armour.encode64(key.public)}\n" for key in publics))
    return home, folder


def asked(home: Any, folder: Path) -> list[str]:
    """The foreign program's arguments: only keys from the policy file, and files of the export."""
    policy = home.policy()
    given = [f"-log={policy.logs[0].key}"]
    given += [f"-cosigner={policy.witnesses[f'{site}-ed'].key}" for site in ("london", "paris")]
    given += [f"-proof={path}" for path in sorted(folder.glob("*.tlog-proof"))]
    return [*given, f"-keys={folder / 'keys'}", f"-old={folder / 'old'}", f"-consistency={folder / 'growth'}", str(folder)]


def verdict(program: Path, home: Any, folder: Path) -> tuple[int, str]:  # noqa: F811
    """(exit status, last words)."""
    ran = subprocess.run([str(program), *asked(home, folder)], capture_output=True, text=True, timeout=60, check=False)
    return ran.returncode, (ran.stdout + ran.stderr).strip()


def test_go_accepts_what_the_ledger_exports_and_refuses_it_changed(program: Path, exported: Any) -> None:  # noqa: F811
    home, folder = exported
    status, said = verdict(program, home, folder)
    assert status == 0, said
    flip(folder / "tile" / "entries" / "000", 700)
    status, said = verdict(program, home, folder)
    assert status != 0
    assert said


def test_a_foreign_ml_dsa_verifies_both_nations_lines(exported: Any) -> None:
    home, folder = exported
    text, lines = note.split_note((folder / "checkpoint").read_bytes())
    policy = home.policy()
    checked = 0
    for site in ("london", "paris"):
        key = policy.witnesses[f"{site}-pq"].key
        line = next(line for line in lines if line.name == key.name)
        time, signature = int.from_bytes(line.signature[:8], "big"), line.signature[8:]
        message = cosignature.ml_dsa_message(key.name, time, note.parse_checkpoint(text))
        assert ML_DSA_44.verify(key.public, message, signature)
        assert not ML_DSA_44.verify(key.public, message + b"x", signature)
        checked += 1
    assert checked == 2
