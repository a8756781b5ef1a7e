"""Three sites: Calais where the log is made, London and Paris with homes, databases and keys of their own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy.engine import make_url

from api import settings as settings_file
from api.authoring import Author, compose
from api.exercise import Clock, Player
from api.home import SITES, WITNESSES, Home
from api.registrar import sealers
from api.settings import Settings
from ledger.evidence.export import export_checkpoints, export_companions, export_tiles
from ledger.evidence.offering import Offering
from ledger.evidence.source import FolderSource
from ledger.formats.entry import format_instant
from ledger.formats.policy import parse_policy
from ledger.store.receipt import Receipt
from tests.playing import OWN_NIGHTS, load
from tests.postgres import Postgres

NIGHT = OWN_NIGHTS / "national-only.json"


class Sites:
    """The three homes. `new_database` gives the URL of an empty database, or "" for a SQLite file in the home.

    `server` is where those databases are, if a site with a database is to be copied.
    """

    def __init__(
        self, folder: Path, new_database: Callable[[], str], scenario: dict[str, Any], server: Postgres | None = None
    ) -> None:
        self.folder = folder
        self.server = server
        self.exports = 0
        self.origin = str(scenario["origin"])
        self.homes = {site: self._made(site, new_database(), site) for site in SITES}
        self.london, self.paris = self.homes["london"], self.homes["paris"]
        lines = b"".join((home.path / site / WITNESSES).read_bytes() for site, home in self.homes.items())
        witnesses = parse_policy(lines + b"quorum none\n").witnesses
        self.calais = self._made("calais", new_database(), "", witnesses)
        self._play(scenario)
        for site, home in self.homes.items():
            home.policy_path.write_bytes(self.calais.policy_path.read_bytes())
            name = f"sealing-{SITES[site]}"
            shutil.copy(self.calais.key_path(name), home.key_path(name))

    def _made(self, name: str, url: str, site: Any, witnesses: Any = None) -> Home:
        clock = None if site else Clock()
        return Home.create(self.folder / name, Settings(self.origin, True, url, url, url, site=site), clock, witnesses)

    def _play(self, scenario: dict[str, Any]) -> None:
        clock = self.calais.clock
        assert isinstance(clock, Clock)
        player = Player(self.calais, scenario, clock)
        player.set_up()
        for at, step in player.timeline():
            clock.now = max(clock.now, at)
            step()

    def adopt(self, policy: bytes) -> None:
        """Give all three the same policy file."""
        for home in (self.calais, *self.homes.values()):
            home.policy_path.write_bytes(policy)

    def tell(self, events: int = 1, stream: str = "INC-LATER", **header: Any) -> list[Receipt]:
        """Append attempts at the fence, one after the other, each in a commit of its own."""
        calais = self.calais
        author = Author("BF", "GB", calais.key("service-BF"))
        receipts = []
        for _ in range(events):
            now = calais.clock.tick() if isinstance(calais.clock, Clock) else calais.now()
            unsigned = {
                "type": "incident.attempt_recorded",
                "stream": stream,
                "occurred_at": format_instant(now),
                "data": {"outcomes": {"repelled": 3}, "note": "three at the fence"},
                **header,
            }
            receipts.append(calais.ledger.append(compose(unsigned, author, calais.settings.origin, sealers(calais), now)))
        return receipts

    def export(self, site: str, of: Home | None = None) -> FolderSource:
        """The log as files for one site's mirror, as `entente export tiles --for` writes them."""
        home = of or self.calais
        self.exports += 1
        folder = self.folder / f"export-{self.exports}"
        size = export_tiles(home.ledger, folder, home.policy_path.read_bytes())
        offering = Offering(home.held, home.policy(), SITES[site])
        export_companions(offering, folder, size)
        export_checkpoints(offering, folder)
        return FolderSource(folder)

    def mirror(self, site: str, source: Any = None) -> int:
        """Let one site mirror and cosign what Calais has; its lines go back to Calais as the witness protocol takes them."""
        home = self.homes[site]
        size = home.mirror().follow(source or self.export(site), home.now(), cosign=True)
        self.calais.held.add_cosignatures(size, self.lines(site, size))
        return size

    @contextmanager
    def copied(self, site: str, path: Path) -> Iterator[Home]:
        """A site as it stands, its database included, to be misled without harm to the real one."""
        home = self.homes[site]
        home.close()
        with ExitStack() as stack:
            shutil.copytree(home.path, path)
            stack.callback(shutil.rmtree, path)
            if self.server is not None:
                name = make_url(home.ledger_url).database
                assert name
                url = stack.enter_context(self.server.database(name))
                settings_file.save(path, msgspec.structs.replace(home.settings, database=url, gb_database=url, fr_database=url))
            yield stack.enter_context(Home.open(path))

    def lines(self, site: str, size: int) -> list[Any]:
        """What a site signed at a size."""
        cosignatures = self.homes[site].held.cosignatures
        names = [signer.name for signer in self.homes[site].cosigner(site).signers.values()]
        return [line for name in names if (line := cosignatures.line(size, name)) is not None]

    def close(self) -> None:
        """Close everything."""
        for home in (self.calais, *self.homes.values()):
            home.close()


@pytest.fixture
def sites(tmp_path: Path, store_url: str, request: pytest.FixtureRequest) -> Iterator[Sites]:
    """A night at Calais and two sites that hold nothing yet, on SQLite or on PostgreSQL, each with a database of its own."""
    with ExitStack() as stack:
        is_sqlite = store_url.startswith("sqlite")
        server = None if is_sqlite else request.getfixturevalue("postgres_server")
        made = Sites(tmp_path, lambda: "" if server is None else stack.enter_context(server.database()), load(NIGHT))
        stack.callback(made.close)
        yield made
