"""Whoever has the log's key and its whole database makes it anew, one event left out and everything after it re-dated.

The cosigners refuse each such history and keep the proof (test_equivocation.py, the campaign of forks). Here: who else notices,
with what they hold, and that a log restored from an old backup and gone on with is such a history too.
"""

from __future__ import annotations

import base64
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import make_url

from api import bundling
from api.bundling import Asked
from api.home import Home
from api.receipts import receipt_now
from api.verifying import verify_export, verify_home
from ledger import errors
from ledger.evidence.bundle_manifest import OfStream
from ledger.evidence.export import export_tiles
from ledger.evidence.verify import verify
from ledger.formats import merkle, proof
from ledger.formats.entry import parse_entry
from ledger.formats.envelope import EVENT_TYPE, Submitted
from ledger.store.audit import StoredRows
from tests.forks import Forked, refusal
from tests.postgres import Postgres
from tests.sites import Sites
from tests.test_cosigner import backed_up

TOLD = 12
LEFT_OUT = 3


class Rebuilt:
    """Three sites of one mind, the receipts they gave out, and the log made anew behind their backs."""

    def __init__(self, sites: Sites, url: str) -> None:
        self.sites = sites
        self.agreed = sites.calais.ledger.head() + LEFT_OUT - 1
        told = [receipt.event_id for receipt in sites.tell(TOLD)]
        for site in sites.homes:
            sites.mirror(site)
        self.size = sites.calais.ledger.head()
        self.receipts = [receipt_now(sites.calais, event) for event in told]
        assert {receipt["status"] for receipt in self.receipts} == {"final"}
        self.forked = Forked(sites, self.agreed, url)
        self.home = self.forked.home
        for position, entry in sites.calais.ledger.entries(self.agreed + 1, TOLD):
            parsed = parse_entry(entry)
            sections = sites.calais.ledger.sections(position)
            self.home.ledger.append(Submitted(parsed.payload, EVENT_TYPE, parsed.signatures, sections))

    def root(self, size: int) -> bytes:
        """The root that the rebuilt log has at a size."""
        return self.home.held.root(size)


@pytest.fixture
def rebuilt(sites: Sites, request: pytest.FixtureRequest) -> Iterator[Rebuilt]:
    """The same kind of store for both histories."""
    with ExitStack() as stack:
        url = ""
        if sites.calais.settings.database:
            url = stack.enter_context(request.getfixturevalue("postgres_server").database())
        made = Rebuilt(sites, url)
        yield made
        made.forked.close()


def test_whoever_holds_a_receipt_proves_that_the_rebuilt_log_is_another(rebuilt: Rebuilt) -> None:
    """Every receipt given out since has a checkpoint that both nations cosigned, and the rebuilt log leads to none of them."""
    for receipt in rebuilt.receipts:
        held = proof.parse_proof(base64.b64decode(receipt["proof"]))
        final = rebuilt.sites.calais.policy().verify(held.checkpoint)
        size, root = final.checkpoint.size, final.checkpoint.root
        assert final.final and root == rebuilt.sites.calais.held.root(size)
        grown = rebuilt.home.held.head()
        if size <= grown:
            consistency = rebuilt.home.held.prove_consistency(size, grown)
            with pytest.raises(errors.BadProof):
                merkle.verify_consistency(size, grown, consistency, root, rebuilt.root(grown))
        else:
            with pytest.raises(errors.NotFound):
                rebuilt.home.reader.signed_checkpoint(size)


def test_what_both_nations_signed_of_the_old_history_does_not_verify_on_the_new(rebuilt: Rebuilt) -> None:
    """The rebuilt database is given the nations' own signatures: they are over other roots, and each is named."""
    calais, home = rebuilt.sites.calais, rebuilt.home
    rebuilt.forked.tell(1)
    sizes = {size for size, _ in home.held.checkpoints_between(rebuilt.agreed, home.held.head())}
    moved = 0
    for site in rebuilt.sites.homes:
        for size in sizes:
            lines = rebuilt.sites.lines(site, size)
            home.held.cosignatures.add(size, lines)
            moved += len(lines)
    problems = verify(StoredRows(home.reader.engine), calais.policy(), {}, workers=1)["problems"]
    named = [problem for problem in problems if problem["what"].startswith("cosignature ")]
    assert moved and len(named) == moved and calais.held.head() == rebuilt.size


def test_files_of_the_rebuilt_log_are_not_final_to_anybody(rebuilt: Rebuilt, tmp_path: Path) -> None:
    folder = tmp_path / "rebuilt"
    size = export_tiles(rebuilt.home.ledger, folder, rebuilt.home.policy_path.read_bytes())
    problems = verify_export(folder, rebuilt.sites.calais.policy_path)["problems"]
    assert {"position": size, "what": "not final under this policy: no cosignature by london, paris"} in problems


def test_a_bundle_handed_out_before_stands_beside_no_files_of_the_rebuilt_log(rebuilt: Rebuilt, tmp_path: Path) -> None:
    """An inquiry lays its bundle's checkpoint into the folder it is given: shorter than that, or as long, it is told so."""
    calais, bundle = rebuilt.sites.calais, tmp_path / "bundle.zip"
    asked = Asked(has_verifier=False)
    assert bundling.create(calais, OfStream("INC-LATER"), bundle, asked, rebuilt.size).word == "proven"
    with zipfile.ZipFile(bundle) as files:
        checkpoint = files.read("checkpoint")
    told = {}
    for _ in range(2):
        folder = tmp_path / f"rebuilt-{len(told)}"
        size = export_tiles(rebuilt.home.ledger, folder, calais.policy_path.read_bytes())
        (folder / "checkpoints").mkdir()
        (folder / "checkpoints" / "final").write_bytes(checkpoint)
        says = [problem["what"] for problem in verify_export(folder, calais.policy_path)["problems"]]
        told[size] = [what for what in says if what.startswith("checkpoints/final")]
        rebuilt.forked.tell(2)
    assert list(told.values()) == [
        [f"checkpoints/final is of size {rebuilt.size}, beyond this folder's log"],
        [f"checkpoints/final has another root than the entries up to {rebuilt.size}"],
    ]


def test_a_log_restored_from_an_old_backup_cannot_be_gone_on_with(rebuilt: Rebuilt) -> None:
    """Shorter, as long and longer than what the nations hold: neither site takes it over, whichever it is."""
    for appended in (0, 1, LEFT_OUT):
        if appended:
            rebuilt.forked.tell(appended)
        for site, home in rebuilt.sites.homes.items():
            before = home.held.head()
            assert isinstance(refusal(home, rebuilt.forked.export(site)), errors.VerificationFailed), (site, appended)
            assert home.held.head() == before == rebuilt.size


def test_a_mirrors_database_restored_without_its_cosigner_is_named_and_filled_up_again(
    sites: Sites, request: pytest.FixtureRequest
) -> None:
    """What the cosigner remembers is beyond what is held: nothing is lost but the copy, and Calais still has it."""
    before = sites.mirror("london")
    backup = _backed_up(sites.london, request)
    sites.tell(3)
    size = sites.mirror("london")
    sites.london.projector("GB").follow()
    assert size == before + 3 and verify_home(sites.london, workers=1)["ok"]
    sites.london.close()
    with Home(sites.london.path, msgspec.structs.replace(sites.london.settings, database=backup)) as restored:
        problems = verify_home(restored, workers=1)["problems"]
        gone = f"cosigned size {size}: entries {before + 1} to {size} are gone"
        assert any(problem["position"] == before and gone in problem["what"] for problem in problems), problems
        assert restored.mirror().follow(sites.export("london"), restored.now(), cosign=True) == size
        assert restored.held.root(size) == sites.calais.held.root(size) and verify_home(restored, workers=1)["problems"] == []


def _backed_up(home: Home, request: pytest.FixtureRequest) -> str:
    """The URL of a copy of a home's log, as it stands."""
    home.close()
    if home.settings.database:
        server: Postgres = request.getfixturevalue("postgres_server")
        copy = server.create_database(str(make_url(home.ledger_url).database))
        request.addfinalizer(lambda: server.drop_database(copy))
        return copy
    copied = home.path / "backup.sqlite"
    copied.write_bytes(backed_up(home.path / "ledger.sqlite"))
    return f"sqlite:///{copied}"
