"""How a log ends and another goes on from it: what the new one says of the old, and what of the old is stated anew in it.

The successor's first entry names the closed log, its size, its root and the streams still open there with their versions, which
go on from there. What is known of a stream is the old log's: its opening is stated again in the new one before the next
administrative step, in the name of whoever knows it, so that nothing is thought over only because a log has ended.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from api import policies
from api.exercise import REGISTRY
from api.home import NATIONS, Home
from api.registrar import Registrar, signing_nations
from api.settings import Settings
from ledger import errors
from ledger.events import decode
from ledger.events.key_types import LedgerClosed, LedgerOpened, Predecessor
from ledger.events.keys import NATIONAL_AUTHORITY, Key, KeyRing
from ledger.evidence.walk import Walk
from ledger.formats import merkle
from ledger.formats.entry import split_entry
from ledger.formats.keys import SigningKey, load_private

ENTRIES_AT_ONCE = 2_000
OPEN_STREAMS_BYTES_MAX = 24_000
"""Of the first entry's payload, which also holds two keys and has 32,768 bytes in all."""
SPEAKING = ("service", "officer", "official")


@dataclass(frozen=True)
class Ended:
    """A closed log as its successor names it, and its keys at the end; `successor` is the origin it names itself, if any."""

    predecessor: Predecessor
    successor: str | None
    keys: KeyRing


def ended(old: Home) -> Ended:
    """Read a closed log from its first entry to its last.

    Raises VerificationFailed where it does not hold, NotInThisState where it is not closed or its end is not final.
    """
    walk, frontier, names, closed = Walk(old.reader), merkle.Frontier(), dict[str, None](), None
    for position, entry in _entries(old):
        for found in walk.take(position, entry):
            if found.blocking:
                raise errors.VerificationFailed(f"entry {found.position}: {found.what}", remedy="run entente verify there")
        frontier.append(merkle.hash_leaf(entry))
        _, stream, _, payload = split_entry(entry)
        names[stream] = None
        closed = payload
    if closed is None or not walk.keys.closed:
        raise errors.NotInThisState(f"{old.settings.origin} is not closed", remedy="entente ledger close")
    verified = old.policy().verify(old.reader.signed_checkpoint())
    if (verified.checkpoint.size, verified.checkpoint.root) != (walk.position, frontier.root()):
        raise errors.VerificationFailed("the entries do not lead to the newest checkpoint", remedy="run entente verify there")
    if not verified.final:
        raise errors.NotInThisState("the end of the log is not final", remedy="let both nations cosign its newest checkpoint")
    last = decode(closed).data
    assert isinstance(last, LedgerClosed), "nothing follows the closing"
    states = {name: walk.stream(name) for name in names}
    still_open = {name: state.version for name, state in states.items() if state.life.family and not state.life.finished}
    _require_room(still_open)
    return Ended(Predecessor(walk.keys.origin, walk.position, frontier.root().hex(), still_open), last.successor, walk.keys)


def _entries(old: Home) -> Iterator[tuple[int, bytes]]:
    after = 0
    while entries := old.reader.entries(after, ENTRIES_AT_ONCE):
        yield from entries
        after = entries[-1][0]


def _require_room(still_open: Mapping[str, int]) -> None:
    size = len(msgspec.json.encode(still_open))
    if size > OPEN_STREAMS_BYTES_MAX:
        raise errors.TooLarge(
            f"{len(still_open)} streams are still open, {size} bytes of names; {OPEN_STREAMS_BYTES_MAX} fit the first entry",
            remedy="in the log that ends, close what is over before closing it",
        )


# -- opening -----------------------------------------------------------------------------------------------------------------


def open_successor(path: Path, old: Home, settings: Settings) -> tuple[Home, Ended, list[Key]]:
    """A new home whose log continues a closed one: registry and keys are stated anew, as far as the old home holds them.

    Returns the home, open; what its first entry says of the old log; and the keys that their holders must register themselves.
    Raises as `ended` does, and NotAllowed where the closed log names another successor.
    """
    end = ended(old)
    if end.successor is not None and end.successor != settings.origin:
        raise errors.NotAllowed(
            f"{end.predecessor.origin} is continued by {end.successor}", field="--origin", remedy=f"--origin {end.successor}"
        )
    home = Home.create(path, settings)
    try:
        held = _held(old)
        for nation in NATIONS:
            key_id = end.keys.authority_key[nation]
            if key_id in held:
                shutil.copy2(held[key_id][0], home.key_path(f"authority-{nation}"))
        registrar = Registrar(home)
        registrar.open_log(exercise=settings.exercise, predecessor=end.predecessor)
        policies.adopt_first(home, registrar)
        _state_registry(registrar, old)
        return home, end, _register_keys(registrar, end.keys, held)
    except BaseException:
        home.close()
        raise


def _held(old: Home) -> dict[str, tuple[Path, SigningKey]]:
    """The private signing keys in a home by their key ids."""
    found: dict[str, tuple[Path, SigningKey]] = {}
    for path in sorted((old.path / "keys").glob("*.pem")):
        try:
            key = load_private(path)
        except errors.Malformed:
            continue  # of another type
        found[key.key_id] = (path, key)
    return found


def _state_registry(registrar: Registrar, old: Home) -> None:
    """Authorities and places as they were registered last, in the order in which they first were."""
    stated: dict[tuple[str, str], dict[str, Any]] = {}
    for _, entry in old.reader.governing(old.reader.head()):
        event = decode(split_entry(entry)[3])
        if event.header.type in ("authority.registered", "place.registered"):
            data: dict[str, Any] = msgspec.to_builtins(event.data)
            stated[event.header.type, data["code"]] = data
    for (type_name, _), data in stated.items():
        # An authority that changed hands, or a place, is for both to state.
        nations = signing_nations(data["nation"]) if type_name == "authority.registered" and "part_of" not in data else NATIONS
        registrar.state(type_name, REGISTRY, data, nations)


def _register_keys(registrar: Registrar, ring: KeyRing, held: Mapping[str, tuple[Path, SigningKey]]) -> list[Key]:
    """Register those keys anew that spoke at the end and are held; returns the others."""
    speaking = [key for key in ring.keys.values() if key.role in SPEAKING and key.type_code == "01" and key.in_force]
    others = []
    for key in speaking:
        if key.key_id not in held:
            others.append(key)
            continue
        path, private = held[key.key_id]
        shutil.copy2(path, registrar.home.key_path(path.stem))
        registrar.register(key.owner, key.nation, key.role, private, key.may_append, key.next_key_digest)
    return others


# -- checking ----------------------------------------------------------------------------------------------------------------


def check_predecessor(home: Home, old: Home) -> list[dict[str, Any]]:
    """What a log says of the one it continues, held against that one: problems as `entente verify` names them."""
    opened = decode(split_entry(home.reader.entry(1))[3]).data
    assert isinstance(opened, LedgerOpened), "the first entry opens the log"
    if opened.predecessor is None:
        return [{"position": 1, "what": "this log continues no other"}]
    try:
        end = ended(old)
    except errors.EntenteError as wrong:
        return [{"position": 1, "what": f"its predecessor: {wrong}"}]
    said, found = msgspec.to_builtins(opened.predecessor), msgspec.to_builtins(end.predecessor)
    wrong_in = [name for name in found if said.get(name) != found[name]]
    problems = [{"position": 1, "what": f"{name} of the predecessor is not what it says"} for name in wrong_in]
    if end.successor not in (None, opened.origin):
        problems.append({"position": 1, "what": f"its predecessor names another successor: {end.successor}"})
    known = {key.key_id for key in end.keys.keys.values() if key.role == NATIONAL_AUTHORITY and key.in_force}
    for key in opened.authority_keys:
        if key.key_id not in known:
            what = f"the authority key of {key.nation} is not the one that its predecessor ended with"
            problems.append({"position": 1, "what": what})
    return problems
