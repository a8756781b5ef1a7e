"""Our service in front of programs that are not ours: a reader of tiles over HTTP, and a witness that cosigns."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.tokens import Holder, issue
from ledger.formats import armour, note
from ledger.formats.policy import Witness, format_policy
from projections.projector import Run
from tests.processes import running
from tests.sites import Sites
from tests.test_foreign import PROGRAM, built, program  # noqa: F401 - `program` is a fixture
from tests.test_links import until

pytestmark = pytest.mark.foreign

WITNESS = PROGRAM.parent / "witness" / "main.go"


@pytest.fixture(scope="module")
def witness_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program that is a witness."""
    found: Path = built(WITNESS, tmp_path_factory.mktemp("go") / "witness")
    return found


@pytest.fixture
def foreign(witness_program: Path, sites: Sites) -> Iterator[tuple[note.VerifierKey, str]]:
    """A running witness of our log: its key, and where it is."""
    log_key = str(sites.calais.policy().logs[0].key)
    with subprocess.Popen([str(witness_program), "-log", log_key], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        key, url = process.stdout.readline().split()
        yield note.parse_verifier_key(key), url
        process.kill()


def read(program: Path, sites: Sites, url: str, *cosigners: note.VerifierKey) -> tuple[int, str]:  # noqa: F811
    """What the Go program says of the log at a URL: (exit status, its last words)."""
    run = Run(sites.calais.projector("GB"), sites.calais.view_store("GB").live())
    keys = [key for key in run.keys.keys.values() if key.type_code == "01"]
    (sites.folder / "keys").write_text("".join(f"{key.key_id} {armour.encode64(key.public)}\n" for key in keys))
    token = issue(sites.calais.path, Holder("mirror", "london"))
    given: list[Any] = [f"-log={sites.calais.policy().logs[0].key}", f"-keys={sites.folder / 'keys'}", f"-token={token}"]
    given += [f"-cosigner={key}" for key in cosigners]
    ran = subprocess.run([program, *given, url], capture_output=True, text=True, timeout=60, check=False)
    return ran.returncode, (ran.stdout + ran.stderr).strip()


def test_a_foreign_reader_checks_the_whole_log_over_http(program: Path, sites: Sites) -> None:  # noqa: F811
    sites.tell(260)
    for site in ("london", "paris"):
        sites.mirror(site)
    sites.calais.projector("GB").follow()
    witnesses = sites.calais.policy().witnesses
    with running("serve", "--port", "0", "--home", sites.calais.path) as service:
        status, said = read(program, sites, service.url, witnesses["london-ed"].key, witnesses["paris-ed"].key)
        assert status == 0, said
        assert said.startswith(f"accepted: {sites.calais.ledger.head()} entries, ")
        assert "3 tiles, 2 cosignatures" in said


def test_a_foreign_witness_cosigns_and_never_counts_towards_final(
    program: Path,  # noqa: F811
    foreign: tuple[note.VerifierKey, str],
    sites: Sites,
) -> None:
    key, url = foreign
    policy = sites.calais.policy()
    sites.adopt(format_policy(replace(policy, witnesses={**policy.witnesses, "foreign": Witness(key)})))
    sites.calais.projector("GB").follow()
    with running("serve", "--port", "0", "--witness", f"foreign={url}", "--home", sites.calais.path) as service:
        for events in (0, 1, 5):
            sites.tell(events)
            head = sites.calais.ledger.head()
            until(lambda head=head: sites.calais.held.cosignatures.newest_by([key.name]) == [head], 20)
            verified = sites.calais.policy().verify(sites.calais.held.signed_checkpoint())
            assert set(verified.cosigned) == {"foreign"} and not verified.final
            assert sites.calais.covering(head)["final"] is False
        for site in ("london", "paris"):
            sites.mirror(site)
        verified = sites.calais.policy().verify(sites.calais.held.signed_checkpoint())
        assert verified.final and len(verified.cosigned) == 5
        status, said = read(program, sites, service.url, key)
        assert status == 0, said
        assert "1 cosignatures" in said
