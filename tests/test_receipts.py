"""A receipt moves from checkpointed to final, and its proof convinces whoever holds the policy alone."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from api.cli import main
from api.receipts import receipt_now
from ledger import errors
from ledger.formats import merkle, proof
from tests.sites import Sites


def test_a_receipt_becomes_final_with_the_second_nation_and_not_before(sites: Sites) -> None:
    (receipt,) = sites.tell()
    leaf_hash, policy = merkle.hash_leaf(sites.calais.ledger.entry(receipt.position)), sites.calais.policy()
    for site, status in ((None, "checkpointed"), ("london", "checkpointed"), ("paris", "final")):
        if site is not None:
            sites.mirror(site)
        now = receipt_now(sites.calais, receipt.event_id)
        assert now["status"] == status
        verified = proof.verify_proof(proof.parse_proof(base64.b64decode(now["proof"])), leaf_hash, policy)
        assert verified.final is (status == "final")
        assert {name: now[name] for name in ("position", "stream", "version", "leaf_hash")} == {
            "position": receipt.position, "stream": receipt.stream, "version": receipt.version, "leaf_hash": leaf_hash.hex(),
        }  # fmt: skip
    sites.tell(3)
    assert receipt_now(sites.calais, receipt.event_id)["status"] == "final"
    assert receipt_now(sites.calais, receipt.event_id)["checkpoint"]["tail"]["entries"] == 3


def test_final_means_both_nations_with_both_their_keys(sites: Sites) -> None:
    """One kind of signature by each is not enough, and neither are both kinds by one."""
    (receipt,) = sites.tell()
    for site in ("london", "paris"):
        home = sites.homes[site]
        home.mirror().follow(sites.export(site), home.now(), cosign=True)
    size = sites.calais.ledger.head()
    lines = [*sites.lines("london", size), *sites.lines("paris", size)]
    assert len(lines) == 4
    for number, line in enumerate(lines):
        assert receipt_now(sites.calais, receipt.event_id)["status"] == "checkpointed", number
        sites.calais.held.add_cosignatures(size, [line])
    assert receipt_now(sites.calais, receipt.event_id)["status"] == "final"


def test_each_sites_own_copy_gives_the_same_receipt(sites: Sites) -> None:
    (receipt,) = sites.tell()
    for site in ("london", "paris", "london"):
        sites.mirror(site)
    at_london = receipt_now(sites.london, receipt.event_id)
    assert at_london["status"] == "final" and at_london["leaf_hash"] == receipt.leaf_hash.hex()


def test_the_command_prints_the_receipt_and_writes_its_proof(
    sites: Sites, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (receipt,) = sites.tell()
    home, file = str(sites.calais.path), tmp_path / "event.tlog-proof"
    assert main(["receipt", receipt.event_id, "--proof", str(file), "--home", home]) == 0
    said = capsys.readouterr().out
    assert "checkpointed" in said and "london has not co-signed since" in said
    leaf_hash = merkle.hash_leaf(sites.calais.ledger.entry(receipt.position))
    assert not proof.verify_proof(proof.parse_proof(file.read_bytes()), leaf_hash, sites.calais.policy()).final
    assert main(["receipt", "nothing", "--home", home]) == 2
    with pytest.raises(errors.NotFound):
        receipt_now(sites.calais, "nothing")
    assert main(["receipt", receipt.event_id, "--home", home, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "checkpointed"
