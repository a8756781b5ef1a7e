"""What docs/operations.md says of backup and restore, done as it says, on both stores."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from ledger import errors
from tests.coast import AT, Coast, attempt
from tests.postgres import Postgres

SECONDS = 20


def backed_up(coast: Coast, target: Path, server: Postgres | None) -> None:
    """A copy of the log while it is served: `sqlite3 .backup`, or `pg_dump`."""
    if server is None:
        import sqlite3

        with sqlite3.connect(coast.home.path / "ledger.sqlite") as source, sqlite3.connect(target) as copy:
            source.backup(copy)
        return
    _postgres(server, "pg_dump", "--format=custom", "--file", str(target), url=coast.home.ledger_url)


def restored(coast: Coast, backup: Path, server: Postgres | None) -> None:
    """The copy in the place of what was lost; the service is not running."""
    coast.home.close()
    if server is None:
        for suffix in ("", "-wal", "-shm"):
            (coast.home.path / f"ledger.sqlite{suffix}").unlink(missing_ok=True)
        shutil.copy(backup, coast.home.path / "ledger.sqlite")
        return
    _postgres(server, "pg_restore", "--clean", "--if-exists", "--dbname", "", str(backup), url=coast.home.ledger_url)


def _postgres(server: Postgres, tool: str, *words: str, url: str) -> None:
    assert server.cluster is not None, "the tools of a server that is not ours are not known"
    parsed = make_url(url).set(drivername="postgresql")
    at = parsed.render_as_string(hide_password=False)
    command = [str(server.cluster.binaries / tool), *(at if word == "" else word for word in words)]
    command += [at] if tool == "pg_dump" else []
    subprocess.run(command, check=True, capture_output=True, text=True)


@pytest.fixture
def server(request: pytest.FixtureRequest, store_url: str) -> Postgres | None:
    """The PostgreSQL server, where the store is one."""
    if store_url.startswith("sqlite"):
        return None
    found: Postgres = request.getfixturevalue("postgres_server")
    return found


def test_a_restored_ledger_verifies_and_its_services_go_on(
    coast: Coast, server: Postgres | None, tmp_path: Path, run: Any
) -> None:
    """The newest backup has everything that anybody saw: nobody notices but the operator."""
    with coast.ledger() as ledger:
        ledger.append(attempt(1), stream="INC-1", occurred_at=AT).wait("recorded", SECONDS)
        coast.cosign()
        backed_up(coast, tmp_path / "backup", server)
        coast.stop()
        restored(coast, tmp_path / "backup", server)
        coast.serve()
        ledger.append(attempt(2), stream="INC-1", occurred_at=AT).wait("recorded", SECONDS)
        coast.cosign()
    assert len(coast.entries("INC-1")) == 2
    coast.home.close()
    assert run("--home", coast.home.path, "project", "all", "--rebuild")[0] == 0
    code, out, _ = run("--home", coast.home.path, "verify", "--json")
    assert code == 0, json.loads(out)["problems"]


def test_a_ledger_restored_from_too_old_a_backup_is_found_out_by_cosigners_and_services(
    coast: Coast, server: Postgres | None, tmp_path: Path
) -> None:
    """What both had cosigned is not in it. Neither of them signs it, and no service takes its word once it goes on."""
    backed_up(coast, tmp_path / "backup", server)
    with coast.ledger() as ledger:
        for number in range(3):
            ledger.append(attempt(number), stream="INC-1", occurred_at=AT).wait("recorded", SECONDS)
        coast.cosign()
    coast.stop()
    restored(coast, tmp_path / "backup", server)
    with pytest.raises(errors.EntenteError):
        coast.cosign()
    coast.serve()
    with coast.ledger(spool="innocent.sqlite", code="CROSS") as other:
        for number in range(5):
            other.append(attempt(number), stream="INC-2", occurred_at=AT).wait("recorded", SECONDS)
    with pytest.raises(errors.VerificationFailed):
        coast.cosign()
    late = coast.ledger().begin()
    late.append(attempt(9), stream="INC-1", occurred_at=AT)
    with pytest.raises(errors.Equivocation):
        late.drain(SECONDS)
    late.close()


def test_the_chapters_are_numbered_as_the_contents_say() -> None:
    """Two that were written at one time had one number."""
    text = (Path(__file__).parent.parent / "docs" / "operations.md").read_text(encoding="utf-8")
    listed = re.findall(r"^([0-9]+)\. \[(.+?)\]\(#", text, re.MULTILINE)
    assert listed == re.findall(r"^## ([0-9]+)\. (.+)$", text, re.MULTILINE)
    assert [int(number) for number, _ in listed] == list(range(1, len(listed) + 1))
