"""What a view's projector carries from one batch to the next, and over a restart, as bytes beside how far it went."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ledger.events.key_types import Predecessor
from ledger.events.keys import Key, KeyRing
from ledger.events.registry import Authority, Place, Registry
from projections.disputed import Turn


class State(msgspec.Struct):
    """The registry and the key ring as data, the turns of disputes so far, and which sealed statements speak elsewhere now."""

    authorities: dict[str, Authority]
    places: dict[str, Place]
    rules: int
    keys: dict[str, Key]
    authority_key: dict[str, str]
    origin: str
    frozen: bool
    closed: bool
    turns: tuple[Turn, ...]
    moved: tuple[int, ...]
    predecessor: Predecessor | None = None


class _Turns(msgspec.Struct):
    turns: tuple[Turn, ...]


def save(keys: KeyRing, registry: Registry, turns: Sequence[Turn], moved: set[int]) -> bytes:
    """The state as it is stored."""
    ring = (keys.keys, keys.authority_key, keys.origin, keys.frozen, keys.closed)
    state = State(
        registry.authorities, registry.places, registry.rules, *ring, tuple(turns), tuple(sorted(moved)), registry.predecessor
    )
    return msgspec.msgpack.encode(state)


def restore(saved: bytes) -> tuple[KeyRing, Registry, list[Turn], set[int]]:
    """The state as it was stored."""
    state = msgspec.msgpack.decode(saved, type=State)
    keys, registry = KeyRing(), Registry()
    keys.keys, keys.authority_key, keys.origin = state.keys, state.authority_key, state.origin
    keys.frozen, keys.closed = state.frozen, state.closed
    keys.reaffirmed = {(turn.key, event) for turn in state.turns for event in turn.events}
    registry.authorities, registry.places, registry.rules = state.authorities, state.places, state.rules
    registry.predecessor = state.predecessor
    return keys, registry, list(state.turns), set(state.moved)


def turns_in(saved: bytes) -> tuple[Turn, ...]:
    """The turns of disputes alone: what a question asks for, without reading the rest."""
    return msgspec.msgpack.decode(saved, type=_Turns).turns
