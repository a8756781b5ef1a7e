"""A log's operator who tells two histories: the same log copied, and from some position on other events, validly signed."""

from __future__ import annotations

import shutil
from pathlib import Path

from api.exercise import Clock
from api.home import Home
from api.settings import Settings
from ledger.evidence.source import FolderSource
from ledger.store.held import HeldLog
from migrations import upgrade
from tests.sites import Sites


class Forked:
    """Calais with a second ledger: what stood up to `size` is the same in both, under the same key."""

    def __init__(self, sites: Sites, size: int, url: str = "") -> None:
        self.sites = sites
        calais = sites.calais
        path = sites.folder / f"forked-{size}"
        path.mkdir()
        for name in ("keys", "policy.txt"):
            of, to = calais.path / name, path / name
            shutil.copytree(of, to) if of.is_dir() else shutil.copy(of, to)
        settings = calais.settings
        clock = Clock()
        clock.now = calais.clock() if calais.clock else calais.now()
        self.home = Home(path, Settings(settings.origin, settings.exercise, url, url, url), clock)
        upgrade(self.home.ledger_url)
        _copy(calais.held, self.home.held, size)

    def tell(self, events: int) -> None:
        """Record what the other history does not have."""
        told, self.sites.calais = self.sites.calais, self.home
        try:
            self.sites.tell(events, stream="INC-FORKED", data={"outcomes": {"repelled": 7}})
        finally:
            self.sites.calais = told

    def export(self, site: str) -> FolderSource:
        """The second history as files for one site's mirror."""
        return self.sites.export(site, self.home)

    def note(self, size: int | None = None) -> bytes:
        """The second history's checkpoint of a size (the newest)."""
        return self.home.held.signed_checkpoint(size)

    def close(self) -> None:
        """Close its database."""
        self.home.close()


def _copy(of: HeldLog, to: HeldLog, size: int) -> None:
    """Take over the first entries with everything beside them."""
    from ledger.evidence.checks import row_of
    from ledger.formats import merkle
    from ledger.store.writer import Row

    entries = of.entries(0, size)
    rows = [Row(*row_of(position, entry)) for position, entry in entries]
    kept = of.sections_of([position for position, _ in entries])
    sections = [(p, name, s.ciphertext) for p, found in kept.items() for name, s in found.items()]
    wraps = [(p, name, r, wrap) for p, found in kept.items() for name, s in found.items() for r, wrap in s.wraps.items()]
    to.extend([merkle.hash_leaf(entry) for _, entry in entries], rows, sections, wraps, of.checkpoints_between(0, size))


def kept_in(path: Path) -> Path:
    """A proof kept in a home: the first that was found."""
    return min((path / "equivocation").glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
