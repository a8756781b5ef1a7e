"""The service of one site, put together: what is served, and what works beside it as long as it runs.

Calais takes events in, serves the log and asks the witnesses; London and Paris serve their copies, answer as witnesses and
follow Calais; each serves the views that are kept there, and all compare checkpoints with each other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from api import (
    appending,
    bundles,
    changes,
    completeness,
    differences,
    health,
    inquiry,
    introductions,
    lists,
    log,
    looking,
    openapi,
    problems,
    records,
    reports,
    standing,
    views,
    witnessing,
)
from api.counts import Counts
from api.daily import Daily
from api.exports import routes as exports
from api.following import Follower
from api.grants import Grants
from api.home import SITES, Home
from api.providers import Providers
from api.tokens import Holder, Tokens
from api.walls import Walls
from api.workers import Run, Workers
from ledger.evidence.collecting import Collector
from ledger.evidence.equivocation import FOLDER
from ledger.evidence.gossip import Gossip, meet_at_the_log
from ledger.evidence.offering import Offering
from ledger.evidence.remote import RemoteSource, RemoteWitness
from ledger.evidence.source import FolderSource, Source
from ledger.evidence.witness import Witness

# FastAPI would send traces, and with them paths and errors, wherever the environment says.
NO_TELEMETRY: TelemetryConfig = {
    "tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False,
}  # fmt: skip


@dataclass(frozen=True)
class Parts:
    """What one site's service is made of. `follower` is a mirror's, `collector` that of the log's own site."""

    home: Home
    gossip: Gossip
    follower: Follower | None = None
    collector: Collector | None = None
    daily: Daily | None = None

    def workers(self) -> dict[str, Run]:
        """What runs beside the answering, by name."""
        named = {"collector": self.collector, "follower": self.follower, "daily": self.daily}
        found: dict[str, Run] = {"gossip": self.gossip.run} if self.gossip.peers else {}
        return found | {name: part.run for name, part in named.items() if part is not None}

    def reasons(self) -> list[str]:
        """Why this site is not ready."""
        return [*self.gossip.problems(), *(self.follower.problems() if self.follower else [])]

    def away(self) -> list[str]:
        """Which other sites do not answer, and since when: this one goes on without them."""
        return [*self.gossip.away(), *(self.collector.away() if self.collector else [])]


def log_parts(home: Home, witnesses: Mapping[str, str], peers: Mapping[str, str]) -> Parts:
    """The parts of the site where the log is made, with the addresses of its witnesses and of whom it compares with."""
    held, policy = home.held, home.policy()
    collector = Collector(held, policy, {name: RemoteWitness(url, home.tls_roots) for name, url in witnesses.items()})
    meet = partial(meet_at_the_log, held, policy, home.path / FOLDER)
    return Parts(home, Gossip(_peers(home, peers), meet), collector=collector, daily=Daily(home))


def mirror_parts(home: Home, follower: Follower, peers: Mapping[str, str]) -> Parts:
    """The parts of a nation's site."""

    def meet(signed: bytes) -> bool:
        with follower.mirror.turn():
            return follower.mirror.meet(signed)

    return Parts(home, Gossip(_peers(home, peers), meet), follower=follower, daily=Daily(home))


def _peers(home: Home, peers: Mapping[str, str]) -> dict[str, Source]:
    return {name: _peer(home, name, where) for name, where in peers.items()}


def _peer(home: Home, name: str, where: str) -> Source:
    if "://" not in where:
        return FolderSource(Path(where))
    # A site shows what it cosigned as a witness does; anybody else serves a log.
    prefix = f"/{witnessing.prefix_of(home.settings.origin)}" if name in SITES else ""
    return RemoteSource(f"{where.rstrip('/')}{prefix}", roots=home.tls_roots)


def _known_at(home: Home, tokens: Tokens) -> Callable[[str], Holder | None]:
    """Who holds a token: somebody of a provider, or somebody it was made for here."""
    providers = Providers(home.settings.providers, home.path)
    return lambda token: providers.holder_of(token) or tokens.holder_of(token)


def create_app(parts: Parts) -> Walls:
    """The service, within its walls. No page of it loads anything from elsewhere, and it tells nobody about itself."""

    @asynccontextmanager
    async def working(_: FastAPI) -> AsyncIterator[None]:
        app.state.workers.start()
        yield
        app.state.workers.stop()
        for kept in app.state.access.values():
            kept.close()

    app = FastAPI(
        title="Entente",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
        lifespan=working,
    )
    home, held, policy = parts.home, parts.home.held, parts.home.policy()
    app.state.offer = lambda nation: Offering(held, policy, nation)
    app.state.tokens = Tokens(home.path)
    app.state.known = _known_at(home, app.state.tokens)
    app.state.grants = Grants(home)
    app.state.home = home
    app.state.access = looking.logs_of(home)
    app.state.changes = changes.Changes()
    app.state.completeness = completeness.Following(home)
    app.state.limits = home.settings.limits
    app.state.parts = parts
    app.state.workers = Workers(parts.workers())
    app.state.counts = counts = Counts()
    problems.add_to(app)
    if parts.collector is not None:
        app.state.appender = appending.Appender(home.ledger, counts)
    if parts.follower is not None:
        app.state.witness = Witness(parts.follower.mirror, parts.follower.source, parts.follower.now)
    for part in _served_by(parts):
        app.include_router(part.routes)
    return Walls(app, home.settings.limits, home.settings.trusted_proxies, counts)


def _served_by(parts: Parts) -> list[Any]:
    """The modules whose routes this site has. They are tried in this order: appends, of which there are most, come first."""
    common = [log, records, views, looking, reports, standing, inquiry, changes, completeness, lists, differences, exports]
    of_the_log = [introductions, bundles] if parts.collector is not None else []
    of_a_mirror = [witnessing] if parts.follower is not None else []
    return [*([appending] if of_the_log else []), *common, *of_the_log, health, openapi, *of_a_mirror]
