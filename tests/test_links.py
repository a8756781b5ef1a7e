"""Calais, London and Paris as processes of their own; links cut in every combination, and healed.

No append is ever refused for it, finality waits and everybody sees since when, and within thirty seconds of healing all is
final.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx2
import pytest

from api.cli import main
from api.tokens import Holder, issue
from api.verifying import verify_home
from tests.processes import Link, Process, running
from tests.sites import Sites

HEALED_SECONDS_MAX = 30
ROUND_TRIP_SECONDS_MAX = 20
SITES = ("london", "paris")


class Running:
    """Three processes on loopback. `links[a, b]` is the way from a to b, through which alone a reaches b."""

    def __init__(self, sites: Sites, stack: ExitStack) -> None:
        self.sites = sites
        self.links = {pair: Link("") for pair in (("calais", "london"), ("calais", "paris"), ("london", "calais"))}
        self.links |= {pair: Link("") for pair in (("paris", "calais"), ("london", "paris"), ("paris", "london"))}
        for link in self.links.values():
            stack.callback(link.close)
        homes = {"calais": sites.calais, **sites.homes}
        self.tokens = {name: issue(home.path, Holder("administrator", "ops")) for name, home in homes.items()}
        self.processes: dict[str, Process] = {}
        witnesses = [word for site in SITES for word in ("--witness", f"{site}={self.links['calais', site].url}")]
        peers = [word for site in SITES for word in ("--peer", f"{site}={self.links['calais', site].url}")]
        serve = ("serve", "--port", "0", *witnesses, *peers, "--home", sites.calais.path)
        self._start(stack, "calais", *serve)
        for site, other in (("london", "paris"), ("paris", "london")):
            token = sites.folder / f"token-{site}"
            token.write_text(issue(sites.calais.path, Holder("mirror", site)))
            source = ("--from", self.links[site, "calais"].url, "--token-file", token)
            peer = ("--peer", f"{other}={self.links[site, other].url}")
            self._start(
                stack, site, "mirror", site, *source, *peer, "--listen", "127.0.0.1:0", "--home", sites.homes[site].path
            )

    def _start(self, stack: ExitStack, name: str, *words: Any) -> None:
        self.processes[name] = stack.enter_context(running(*words))
        for (_, to), link in self.links.items():
            if to == name:
                link.to = self.processes[name].url

    def cut(self, *names: str) -> None:
        """Cut these sites off from everybody."""
        for pair, link in self.links.items():
            if set(pair) & set(names):
                link.cut()

    def heal(self) -> None:
        """Let everything through."""
        for link in self.links.values():
            link.heal()

    def readiness(self, name: str) -> dict[str, Any]:
        """What a site says of itself."""
        headers = {"Authorization": f"Bearer {self.tokens[name]}"}
        found: dict[str, Any] = httpx2.get(f"{self.processes[name].url}/readyz", headers=headers).json()
        return found


@pytest.fixture
def three(sites: Sites) -> Iterator[Running]:
    """Three sites running, everything so far final."""
    with ExitStack() as stack:
        made = Running(sites, stack)
        final(made, sites.calais.ledger.head())
        yield made


def until(what: Callable[[], bool], seconds: float) -> float:
    """Wait until something is so; returns how long that took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - began


def final(three: Running, position: int, seconds: float = ROUND_TRIP_SECONDS_MAX) -> float:
    """Wait until a position is final at Calais; returns how long that took."""
    return until(lambda: three.sites.calais.finality().first_final(position) is not None, seconds)


@pytest.mark.slow
def test_appends_go_on_while_sites_are_away_and_all_is_final_soon_after(
    three: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """One capital away, then the other, then both: each time healed before the next."""
    for away in (("london",), ("paris",), SITES):
        require_going_on(three, away, capsys)


def require_going_on(three: Running, away: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    sites = three.sites
    assert sites.tell(2)[0].status == "checkpointed"
    covered = sites.calais.ledger.head()
    final(three, covered)
    three.cut(*away)
    receipts = [receipt for _ in range(20) for receipt in (time.sleep(0.1), *sites.tell()) if receipt]
    assert [receipt.position for receipt in receipts] == list(range(covered + 1, covered + 21))
    waiting = sites.calais.covering(receipts[-1].position)
    assert waiting["final"] is False and waiting["tail"] == {"entries": 20, "since": receipts[0].recorded_at}
    assert set(waiting["behind"]) >= set(away)
    assert all(waiting["behind"][site] == {"size": covered, "since": receipts[0].recorded_at} for site in away)
    until(lambda: len(three.readiness("calais")["away"]) >= len(away), ROUND_TRIP_SECONDS_MAX)
    told = " ".join(three.readiness("calais")["away"])
    assert all(f"{site} is away since" in told for site in away) and three.readiness("calais")["ready"] is True
    require_said(sites, away, receipts[0].recorded_at, capsys)
    present = [site for site in SITES if site not in away]
    for site in present:
        until(lambda site=site: sites.homes[site].cosigner(site).newest()[0] == receipts[-1].position, ROUND_TRIP_SECONDS_MAX)
    three.heal()
    assert final(three, receipts[-1].position, HEALED_SECONDS_MAX) < HEALED_SECONDS_MAX
    until(lambda: three.readiness("calais")["away"] == [], HEALED_SECONDS_MAX)
    require_sound(three)


def require_said(sites: Sites, away: tuple[str, ...], since: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The command line says what is not final, since when, and who is missing."""
    capsys.readouterr()
    assert main(["checkpoint", "--home", str(sites.calais.path)]) == 0
    said = capsys.readouterr().out
    assert "not final" in said and since in said and all(f"{site} has co-signed" in said for site in away)
    assert main(["checkpoint", "--json", "--home", str(sites.calais.path)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["tail"]["since"] == since and set(document["behind"]) >= set(away)


def require_sound(three: Running) -> None:
    """Soon after healing nobody called anybody a liar, everybody holds the same and knows it final, and every home verifies."""
    sites = three.sites
    head = sites.calais.ledger.head()
    settled = {"tail": {"entries": 0, "since": None}, "behind": {}}
    for name, home in (("calais", sites.calais), *sites.homes.items()):
        until(lambda home=home: home.held.head() == head, HEALED_SECONDS_MAX)
        until(lambda home=home: home.finality().standing() == settled, HEALED_SECONDS_MAX)
        until(lambda name=name: three.readiness(name)["reasons"] == [], HEALED_SECONDS_MAX)
        assert not (home.path / "equivocation").exists()
        assert home.held.entries(0, head) == sites.calais.ledger.entries(0, head)
        for nation in home.nations:
            home.projector(nation).follow()
        assert verify_home(home, workers=1)["problems"] == []


@pytest.mark.slow
def test_calais_cut_off_from_both_and_killed_loses_nothing(three: Running) -> None:
    """Its own links gone, then its process: what was recorded is there when it comes back, and becomes final."""
    sites = three.sites
    three.cut("calais")
    receipts = sites.tell(5)
    three.processes["calais"].kill()
    until(lambda: "the log is away since" in " ".join(three.readiness("london")["reasons"]), ROUND_TRIP_SECONDS_MAX)
    assert not (sites.london.path / "equivocation").exists()
    receipts += sites.tell(5)
    three.processes["calais"].start()
    for (_, to), link in three.links.items():
        if to == "calais":
            link.to = three.processes["calais"].url
    three.heal()
    assert final(three, receipts[-1].position, HEALED_SECONDS_MAX) < HEALED_SECONDS_MAX
    require_sound(three)


@pytest.mark.slow
def test_a_site_killed_in_the_middle_of_everything_comes_back_where_it_was(three: Running) -> None:
    import signal

    sites = three.sites
    for _ in range(3):
        sites.tell(10)
        three.processes["london"].kill(signal.SIGKILL)
        sites.tell(10)
        three.processes["london"].start()
        three.links["calais", "london"].to = three.links["paris", "london"].to = three.processes["london"].url
    assert final(three, sites.calais.ledger.head(), HEALED_SECONDS_MAX) < HEALED_SECONDS_MAX
    assert sites.london.cosigner("london").stopped() is None
    require_sound(three)


@pytest.mark.slow
def test_one_way_between_two_sites_cut_alone_holds_up_what_needs_it_and_nothing_else(three: Running) -> None:
    """Calais cannot ask London, London cannot pull from Calais, the capitals cannot see each other."""
    sites = three.sites

    def away(site: str, kind: str, told: str) -> None:
        until(lambda: told in " ".join(three.readiness(site)[kind]), ROUND_TRIP_SECONDS_MAX)

    for cut, site, kind, told in (
        (("calais", "london"), "calais", "away", "london is away since"),
        (("london", "calais"), "london", "reasons", "the log is away since"),
    ):
        covered = sites.calais.ledger.head()
        three.links[cut].cut()
        (receipt,) = sites.tell()
        away(site, kind, told)
        until(lambda at=receipt.position: sites.paris.cosigner("paris").newest()[0] == at, ROUND_TRIP_SECONDS_MAX)
        waiting = sites.calais.covering(receipt.position)
        assert waiting["final"] is False and waiting["tail"] == {"entries": 1, "since": receipt.recorded_at}
        assert waiting["behind"]["london"] == {"size": covered, "since": receipt.recorded_at}
        three.heal()
        final(three, receipt.position, HEALED_SECONDS_MAX)
    three.links["london", "paris"].cut()
    three.links["paris", "london"].cut()
    final(three, sites.tell()[0].position)
    away("london", "away", "paris is away since")
    away("paris", "away", "london is away since")
    assert three.readiness("london")["ready"] is True and three.readiness("calais")["away"] == []
    three.heal()
    until(lambda: three.readiness("london")["away"] == three.readiness("paris")["away"] == [], HEALED_SECONDS_MAX)
    require_sound(three)
