"""A log in memory, admitted by the real admission, for properties that play hundreds of nights; stores are tested elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from api.exercise import Clock, Player
from api.settings import Settings
from ledger import admission
from ledger.events.correction import Statement
from ledger.events.keys import KeyRing
from ledger.events.lives import UNBORN
from ledger.events.registry import Registry
from ledger.formats import envelope, merkle, sealing
from ledger.formats.keys import SigningKey, save_private
from projections.projector import Projector
from projections.view import View
from projections.viewstore import ViewStore, create


class MemoryLog:
    """One log: what admission reads, what a projector reads."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.keys, self.registry, self.position = KeyRing(), Registry(), 0
        self.admitted: list[admission.Admitted] = []
        self.by_stream: dict[str, list[admission.Admitted]] = {}
        self.by_event: dict[str, admission.Admitted] = {}
        self.frontier = merkle.Frontier()
        self.roots: list[bytes] = [merkle.EMPTY_ROOT]

    def append(self, submitted: envelope.Submitted) -> admission.Admitted:
        """Check, admit, keep."""
        checked = admission.check(submitted, self.keys.public)
        admitted = admission.admit(checked, self, self.clock.now)
        assert isinstance(admitted, admission.Admitted)
        self.keys.apply(checked.event, admitted.position)
        self.registry.apply(checked.event, admitted.position)
        self.position = admitted.position
        self.admitted.append(admitted)
        self.by_stream.setdefault(admitted.stream, []).append(admitted)
        self.by_event[checked.header.id] = admitted
        self.frontier.append(admitted.leaf_hash)
        self.roots.append(self.frontier.root())
        return admitted

    def known(self, event_id: str) -> bytes | None:
        """See admission.LedgerState."""
        found = self.by_event.get(event_id)
        return found.checked.payload_sha256 if found else None

    def stream(self, name: str) -> admission.StreamState:
        """See admission.LedgerState."""
        last = self.by_stream.get(name)
        if not last:
            return admission.StreamState(self.registry.carried(name), UNBORN)
        return admission.StreamState(last[-1].version, last[-1].life)

    def statements(self, name: str) -> list[Statement]:
        """See admission.LedgerState."""
        return [a.statement for a in self.by_stream.get(name, ())]

    def by_id(self, event_id: str) -> Statement | None:
        """See admission.LedgerState."""
        found = self.by_event.get(event_id)
        return found.statement if found else None

    def entries(self, after: int, limit: int) -> Sequence[tuple[int, bytes]]:
        """See projector.Log."""
        return [(a.position, a.entry) for a in self.admitted[after : after + limit]]

    def entry(self, position: int) -> bytes:
        """See projector.Log."""
        return self.admitted[position - 1].entry

    def stream_entries(self, stream: str) -> Sequence[tuple[int, bytes]]:
        """See projector.Log."""
        return [(a.position, a.entry) for a in self.by_stream.get(stream, ())]

    def entry_by_event(self, event_id: str) -> tuple[int, bytes] | None:
        """See projector.Log."""
        found = self.by_event.get(event_id)
        return (found.position, found.entry) if found else None

    def sections(self, position: int) -> dict[str, sealing.SealedSection]:
        """See projector.Log."""
        return dict(self.admitted[position - 1].checked.submitted.sections)

    def checkpoint_upto(self, size: int) -> tuple[int, bytes] | None:
        """See projector.Log."""
        return (size, self.roots[size]) if size else None


class MemoryHome:
    """What a Player needs of a home, with the log in memory and the views on SQLite in a folder."""

    def __init__(self, folder: Path, clock: Clock, origin: str) -> None:
        self.folder = folder
        self.settings = Settings(origin, True)
        self.clock = clock
        self.keys: dict[str, SigningKey] = {}
        self.ledger = MemoryLog(clock)
        self.stores: dict[str, ViewStore] = {}
        for nation in ("GB", "FR"):
            self.stores[nation] = ViewStore(f"sqlite:///{folder / nation}.sqlite", nation)
            create(self.stores[nation].engine)

    def new_key(self, name: str) -> SigningKey:
        """A key for somebody in the scenario."""
        self.keys[name] = SigningKey.generate()
        save_private(self.key_path(name), self.keys[name])
        return self.keys[name]

    def key(self, name: str) -> SigningKey:
        """A key made before."""
        return self.keys[name]

    def key_path(self, name: str) -> Path:
        """Where a sealing key is kept."""
        return self.folder / f"{name}.pem"

    def projector(self, nation: str) -> Projector:
        """A nation's projector."""
        path = self.key_path(f"sealing-{nation}")
        return Projector(self.stores[nation], self.ledger, sealing.SealingKey.load(path) if path.exists() else None)

    def view(self, nation: str) -> View:
        """A nation's view."""
        root = self.ledger.roots
        return View(self.stores[nation], lambda position: {"size": position, "root": root[position].hex(), "final": False})

    def close(self) -> None:
        """Close the views."""
        for store in self.stores.values():
            store.close()


def play_in_memory(folder: Path, scenario: dict) -> MemoryHome:  # type: ignore[type-arg]
    """Play a scenario with the log in memory."""
    clock = Clock()
    home = MemoryHome(folder, clock, str(scenario["origin"]))
    player = Player(home, scenario, clock)  # type: ignore[arg-type]
    player.set_up()
    for at, step in player.timeline():
        clock.now = max(clock.now, at)
        step()
    for nation in ("GB", "FR"):
        home.projector(nation).follow()
    return home
