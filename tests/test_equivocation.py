"""The log tells two histories: whoever sees both keeps a proof, signs nothing any more, and anybody can check it alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from api.app import log_parts
from api.cli import main
from api.readiness import document_of, standing_of
from ledger import errors
from ledger.evidence.gossip import Gossip
from ledger.evidence.source import Source
from ledger.formats import equivocation
from tests.forks import Forked, kept_in, require_refused_everywhere
from tests.playing import load
from tests.processes import CALL
from tests.sites import NIGHT, Sites
from tests.test_links import until

LATER = 40


@pytest.fixture
def fork_at(sites: Sites) -> Iterator[Any]:
    """A function that forks the log at a size."""
    made: list[Forked] = []

    def fork(size: int) -> Forked:
        made.append(Forked(sites, size))
        return made[-1]

    yield fork
    for each in made:
        each.close()


def proven(home: Any) -> equivocation.Proven:
    """What the proof kept in a home proves, by the policy alone."""
    return equivocation.verify(equivocation.parse_equivocation(kept_in(home.path).read_bytes()), home.policy())


def require_stopped(sites: Sites, site: str) -> equivocation.Proven:
    """A site keeps a proof, has an alarm on record, and signs nothing any more, not even what continues its own history."""
    home = sites.homes[site]
    cosigner = home.cosigner(site)
    assert "two histories" in str(cosigner.stopped())
    assert any("two histories" in what for _, what in cosigner.alarms())
    before = cosigner.cosigned()
    sites.tell()
    with pytest.raises(errors.VerificationFailed):
        sites.mirror(site)
    assert cosigner.cosigned() == before
    return proven(home)


@pytest.mark.parametrize(("behind", "more"), [(1, 0), (7, -3), (7, 0), (LATER, 5)])
def test_a_fork_is_proven_by_whoever_holds_the_other_history(sites: Sites, fork_at: Any, behind: int, more: int) -> None:
    """Forked just before the end or long before it, shorter than what was cosigned, as long, or longer."""
    sites.tell(LATER)
    size = sites.mirror("london")
    forked = fork_at(size - behind)
    forked.tell(max(1, behind + more))
    if forked.home.held.head() < size:
        with pytest.raises(errors.Equivocation):
            sites.london.mirror().follow(forked.export("london"), sites.london.now(), cosign=True)
    else:
        with pytest.raises(errors.Equivocation):
            sites.mirror("london", forked.export("london"))
    found = require_stopped(sites, "london")
    assert {found.first.size, found.second.size} == {size, forked.home.held.head()}
    assert sites.london.held.entries(0, size) == sites.calais.ledger.entries(0, size)


@pytest.mark.parametrize("size", [1, 2, 29, 64, 255, 256, 257])
def test_whoever_has_the_logs_key_tells_nobody_another_history(told: Sites, size: int, tmp_path: Path) -> None:
    """A slice of the campaign's forks at every size: shorter, as long and longer than what both hold."""
    head = told.calais.ledger.head()
    for length in (size + 1, head, head + 30):
        assert require_refused_everywhere(told, size, length, tmp_path) == 2


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def told(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Sites]:
    """Three hundred entries that both sites hold and have cosigned, on each store."""
    with ExitStack() as kept:
        server = None if request.param == "sqlite" else request.getfixturevalue("postgres_server")
        new_database = (lambda: "") if server is None else (lambda: kept.enter_context(server.database()))
        made = kept.enter_context(closing(Sites(tmp_path_factory.mktemp("told"), new_database, load(NIGHT), server)))
        made.tell(270)
        for site in made.homes:
            made.mirror(site)
        yield made


def test_two_sites_told_different_histories_find_out_when_they_meet(sites: Sites, fork_at: Any) -> None:
    sites.tell(10)
    size = sites.calais.ledger.head()
    forked = fork_at(size - 4)
    forked.tell(9)
    sites.mirror("london")
    sites.homes["paris"].mirror().follow(forked.export("paris"), sites.paris.now(), cosign=True)
    for site, other in (("london", "paris"), ("paris", "london")):
        mirror = sites.homes[site].mirror()
        gossip = Gossip({other: Shown(sites.homes[other].held.signed_checkpoint())}, mirror.meet)
        gossip.round()
        if site == "london":  # Paris's is the larger: London cannot compare it before it holds as much
            assert gossip.problems() == []
            continue
        assert "two histories" in gossip.problems()[0]
    require_stopped(sites, "paris")
    proof = kept_in(sites.paris.path).read_bytes()
    assert equivocation.verify(equivocation.parse_equivocation(proof), sites.london.policy())


def test_what_is_beyond_what_is_held_is_compared_once_it_is_held(sites: Sites, fork_at: Any) -> None:
    size = sites.mirror("london")
    sites.tell(10)
    forked = fork_at(size + 3)
    forked.tell(2)
    mirror = sites.london.mirror()
    gossip = Gossip({"paris": Shown(forked.note())}, mirror.meet)
    gossip.round()
    assert gossip.problems() == [] and sites.london.cosigner("london").stopped() is None
    sites.mirror("london")
    gossip.peers = {}
    gossip.round()
    assert "two histories" in gossip.problems()[0]
    require_stopped(sites, "london")


def test_a_site_that_only_has_less_or_is_away_has_told_no_lie(sites: Sites) -> None:
    sites.mirror("london")
    older = sites.london.held.signed_checkpoint()
    sites.tell(30)
    sites.mirror("paris")
    gossip = Gossip({"london": Shown(older), "calais": Shown(None)}, sites.paris.mirror().meet)
    gossip.round()
    assert gossip.problems() == [] and len(gossip.away()) == 1 and "calais is away since" in gossip.away()[0]
    assert sites.paris.cosigner("paris").stopped() is None
    assert not (sites.paris.path / "equivocation").exists()


def test_the_logs_own_site_keeps_a_proof_against_itself(sites: Sites, fork_at: Any) -> None:
    """Somebody has the log's key: Calais finds out from what London was told."""
    sites.tell(10)
    forked = fork_at(sites.calais.ledger.head() - 5)
    forked.tell(3)
    sites.london.mirror().follow(forked.export("london"), sites.london.now(), cosign=True)
    parts = log_parts(sites.calais, {}, {"london": str(sites.folder)})
    parts.gossip.peers = {"london": Shown(sites.london.held.signed_checkpoint())}
    parts.gossip.round()
    assert "two histories" in parts.gossip.problems()[0]
    assert proven(sites.calais)
    assert document_of(standing_of(parts.home), parts.reasons(), parts.away())["ready"] is False


def test_a_log_that_lost_entries_it_had_signed_learns_so_from_a_site(sites: Sites, fork_at: Any) -> None:
    """Restored from an old backup, the log would sign a second history: what London has says so before that."""
    size = sites.mirror("london")
    restored = fork_at(size - 6)
    parts = log_parts(restored.home, {}, {"london": str(sites.folder)})
    parts.gossip.peers = {"london": Shown(sites.london.held.signed_checkpoint())}
    parts.gossip.round()
    assert f"signed size {size} and has {size - 6} entries" in parts.gossip.problems()[0]


class Shown(Source):
    """A peer that shows one checkpoint, or does not answer."""

    def __init__(self, signed: bytes | None) -> None:
        self.signed = signed

    def checkpoint(self, which: str = "") -> bytes | None:
        if self.signed is None:
            raise errors.Unavailable("nobody is there")
        return self.signed


# -- a third party ------------------------------------------------------------------------------------------------------------


def test_a_third_party_checks_the_proof_with_the_policy_alone(
    sites: Sites, fork_at: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size = sites.mirror("london")
    forked = fork_at(size - 2)
    forked.tell(4)
    with pytest.raises(errors.Equivocation):
        sites.mirror("london", forked.export("london"))
    file, policy = tmp_path / "proof.json", tmp_path / "known.txt"
    file.write_bytes(kept_in(sites.london.path).read_bytes())
    policy.write_bytes(sites.calais.policy_path.read_bytes())
    assert main(["equivocation", "verify", str(file), "--policy", str(policy)]) == 0
    assert "has signed two histories" in capsys.readouterr().out
    assert main(["equivocation", "list", "--home", str(sites.london.path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["proofs"][0]["origin"] == sites.origin
    body = json.loads(file.read_text())
    body["notes"].reverse()
    file.write_text(json.dumps(body))
    assert main(["equivocation", "verify", str(file), "--policy", str(policy)]) == 1


def test_a_mirror_that_nobody_asks_compares_with_its_peers_too(
    sites: Sites, fork_at: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files alone go between the sites: what Paris cosigned makes London's copy final, and another history is found out."""

    def mirrored(*peer: str, code: int = 0) -> Any:
        capsys.readouterr()
        words = ("mirror", "london", "--from", str(sites.export("london").folder), "--home", str(sites.london.path))
        assert main([*words, *(f"--peer={name}" for name in peer), "--json"]) == code, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    size = sites.homes["paris"].mirror().follow(sites.export("paris"), sites.paris.now(), cosign=True)
    assert mirrored()["final"] is False
    away = mirrored("paris=/nowhere")
    assert "paris is away since" in away["away"][0] and away["final"] is False
    found = mirrored(f"paris={sites.export('paris', sites.paris).folder}")
    assert found["final"] is True and found["size"] == size and found["problems"] == [] == found["away"]
    forked = fork_at(size - 3)
    forked.tell(2)
    other = mirrored(f"paris={forked.export('paris').folder}", code=1)
    assert "two histories" in other["problems"][0]
    assert sites.london.cosigner("london").stopped()


@pytest.mark.slow
def test_a_mirror_that_follows_and_is_not_asked_compares_with_its_peers_too(sites: Sites, fork_at: Any) -> None:
    size = sites.calais.ledger.head()
    forked = fork_at(size - 3)
    forked.tell(2)
    shown, told = forked.export("paris").folder, sites.export("london").folder
    words = [
        sys.executable,
        "-c",
        CALL,
        "mirror",
        "london",
        "--follow",
        "--from",
        str(told),
        f"--peer=paris={shown}",
        "--home",
        str(sites.london.path),
    ]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: sites.london.cosigner("london").stopped() is not None, 60)
        finally:
            process.terminate()
    assert list((sites.london.path / "equivocation").glob("*.json"))
