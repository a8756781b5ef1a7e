"""A log's operator who tells two histories: the same log copied, and from some position on other events, validly signed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from api.exercise import Clock
from api.home import Home
from api.settings import Settings
from ledger import errors
from ledger.evidence.checks import row_of
from ledger.evidence.offering import Offering
from ledger.evidence.source import FolderSource, Source
from ledger.formats import equivocation, merkle, note, tiles
from ledger.formats.keys import SigningKey
from ledger.formats.tiles import ENTRIES, TILE_WIDTH, Tile
from ledger.store.held import HeldLog
from ledger.store.writer import Row
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
    entries = of.entries(0, size)
    rows = [Row(*row_of(position, entry)) for position, entry in entries]
    kept = of.sections_of([position for position, _ in entries])
    sections = [(p, name, s.ciphertext) for p, found in kept.items() for name, s in found.items()]
    wraps = [(p, name, r, wrap) for p, found in kept.items() for name, s in found.items() for r, wrap in s.wraps.items()]
    to.extend([merkle.hash_leaf(entry) for _, entry in entries], rows, sections, wraps, of.checkpoints_between(0, size))


def kept_in(path: Path) -> Path:
    """A proof kept in a home: the first that was found."""
    return min((path / "equivocation").glob("*.json"), key=lambda file: file.stat().st_mtime_ns)


class Listed(Source):
    """A history made of entries alone, signed with the log's key, as whoever holds that key would serve it."""

    def __init__(self, origin: str, entries: list[bytes], key: SigningKey) -> None:
        leaves = [merkle.hash_leaf(entry) for entry in entries]
        self.entries = entries
        self.signed = note.sign_checkpoint(note.Checkpoint(origin, len(entries), merkle.root(leaves)), key)
        self._read = merkle.hash_reader(leaves)

    def checkpoint(self, which: str = "") -> bytes | None:
        return None if which else self.signed

    def tile(self, tile: Tile) -> bytes:
        if tile.level != ENTRIES:
            return tiles.tile_hashes(tile, self._read)
        first = tile.index * TILE_WIDTH
        return tiles.format_bundle(self.entries[first : first + tile.width])

    def companions(self, tile: Tile, after: int) -> Iterator[bytes]:
        return iter(())


def forked_entries(entries: list[bytes], size: int, length: int) -> list[bytes]:
    """Another history: the first `size` entries, then others, `length` in all."""
    others = [entry.replace(b"version: ", b"version: 1", 1) for entry in (entries * 2)[size:length]]
    return [*entries[:size], *others]


def require_refused_everywhere(sites: Sites, size: int, length: int, folder: Path) -> int:
    """Both sites, as they stand, are shown a history forked after `size`; returns how many refused it and keep a proof."""
    held = [entry for _, entry in sites.calais.ledger.entries(0, sites.calais.ledger.head())]
    source = Listed(sites.origin, forked_entries(held, size, length), sites.calais.key("log"))
    for site in sites.homes:
        with sites.copied(site, folder / f"{site}-{size}-{length}") as shown:
            before = shown.cosigner(site).cosigned()
            assert isinstance(refusal(shown, source), errors.Equivocation), (site, size, length)
            found = equivocation.parse_equivocation(kept_in(shown.path).read_bytes())
            proven = equivocation.verify(found, sites.calais.policy())
            assert {proven.first.size, proven.second.size} == {len(held), length}, (site, size, length)
            assert shown.cosigner(site).stopped() and shown.cosigner(site).cosigned() == before, (site, size, length)
            honest = Offering(sites.calais.held, sites.calais.policy(), shown.nations[0])
            assert isinstance(refusal(shown, honest), errors.VerificationFailed), (site, size, length)
    return len(sites.homes)


def refusal(home: Home, source: Source) -> errors.EntenteError | None:
    """How a site's mirror refuses what a source serves; None where it cosigns it."""
    try:
        home.mirror().follow(source, home.now(), cosign=True)
    except errors.EntenteError as refused:
        return refused
    return None
