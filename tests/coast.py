"""A live ledger, served, and the coast station that appends to it from afar."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from api import serving
from api.app import create_app, log_parts
from api.client import Ledger
from api.home import Home
from api.registrar import Registrar, signing_nations
from api.settings import Settings
from api.tokens import Holder, issue
from ledger.events.incident import IncidentAttemptRecorded
from tests.processes import Link, Process

ORIGIN = "live.example/log"
AUTHORITIES = {"BF": "GB", "CROSS": "FR", "ET": "OPERATOR"}
AT = "2026-01-05T03:12:00Z"


class Service:
    """Calais' service in a thread, on a home of its own."""

    def __init__(self, path: Path) -> None:
        self.home = Home.open(path)
        bound = serving.bind("127.0.0.1:0")
        self.url = serving.url_of(bound)
        self.server = uvicorn.Server(serving.configuration(create_app(log_parts(self.home, {}, {}))))
        self.thread = threading.Thread(target=self.server.run, args=([bound],), daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.005)

    def kill(self) -> None:
        """End it."""
        self.server.should_exit = True
        self.thread.join()
        self.home.close()


class Coast:
    """Calais, a link to it that can be cut, and what a service needs to know of it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.home = Home.create(folder / "calais", Settings(ORIGIN, False, *(("", "", "") if "sqlite" in url else (url,) * 3)))
        registrar = Registrar(self.home)
        registrar.open_log(exercise=False)
        for code, nation in AUTHORITIES.items():
            data = {"code": code, "nation": nation, "name": f"The authority {code}"}
            registrar.state("authority.registered", "REGISTRY", data, signing_nations(nation))
            registrar.register(code, nation, "service", self.home.new_key(f"service-{code}"))
        self.tokens = {code: issue(self.home.path, Holder("service", code)) for code in AUTHORITIES}
        self.cosign()
        self.home.reopen()
        self.service: Service | Process | None = None
        self.link = Link("")

    def cosign(self) -> None:
        """Both nations cosign what there is."""
        for site in ("london", "paris"):
            self.home.cosign(site)

    def serve(self, *, apart: bool = False) -> None:
        """Start the service, `apart` in a process of its own, and let the link lead there."""
        path = self.home.path
        self.service = Process("serve", "--home", path, "--port", 0) if apart else Service(path)
        self.link.to = self.service.url

    def stop(self) -> None:
        """Stop the service."""
        if self.service is not None:
            self.service.kill()
            self.service = None

    def ledger(self, code: str = "BF", spool: str = "spool.sqlite", **more: Any) -> Ledger:
        """The service of an authority, through the link; `more` replaces what it is made with."""
        given = {
            "url": self.link.url, "token": self.tokens[code], "key": self.home.key_path(f"service-{code}"),
            "policy": self.home.policy_path, "spool": self.folder / spool,
        }  # fmt: skip
        return Ledger(**(given | more))

    def entries(self, stream: str) -> list[bytes]:
        """What is on record of a stream, in order."""
        return [entry for _, entry in self.home.reader.stream_entries(stream)]

    def close(self) -> None:
        """End what was started."""
        self.link.close()
        self.stop()
        self.home.close()


def attempt(persons: int = 3) -> IncidentAttemptRecorded:
    """So many at the fence."""
    return IncidentAttemptRecorded(outcomes={"repelled": persons})


@contextmanager
def coast_at(folder: Path, url: str) -> Iterator[Coast]:
    """A coast for as long as the block lasts, served."""
    made = Coast(folder, url)
    try:
        made.serve()
        yield made
    finally:
        made.close()


@pytest.fixture
def coast(tmp_path: Path, store_url: str) -> Iterator[Coast]:
    """A live ledger on either store, served."""
    with coast_at(tmp_path, store_url) as made:
        yield made
