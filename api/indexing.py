"""The daily index of streams: made from the log, committed to in the joint centre's own name, and proven from.

The centre is an authority of neither nation, so both have signed its registration. A home that holds both nations' keys
registers it when it first needs it; anywhere else the nations do that once, and the centre's key is given.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from api import authoring
from api.authoring import Author, Sealers
from api.registrar import Registrar
from ledger import errors, events
from ledger.events.approvals import NATIONS
from ledger.events.keys import JOINT
from ledger.events.registry_types import IndexCommitted
from ledger.formats.entry import format_instant, parse_instant, split_entry
from ledger.formats.keys import SigningKey
from ledger.formats.streamindex import root
from ledger.formats.streamproof import StreamProof, prove_stream, verify_stream
from ledger.store.streams import commit_index, read_streams

if TYPE_CHECKING:
    from api.home import Home
    from ledger.store.reader import LogReader
    from ledger.store.receipt import Receipt

CENTRE = "CENTRE"
CENTRE_KEY = f"service-{CENTRE}"
STREAM = "INDEX"
"""The stream on which the centre commits to its indexes, so that the newest is found without reading the log."""
DAY_MICROSECONDS = 86_400_000_000
REGISTRY = "REGISTRY"


@dataclass(frozen=True)
class Committed:
    """An index on record: where it stands, when it was recorded (microseconds), the size it speaks of, its root."""

    position: int
    recorded_at: int
    size: int
    root: bytes


def newest_index(log: LogReader, upto: int | None = None) -> Committed | None:
    """The newest index the centre committed to (at most at a position), or None. Nothing is verified here."""
    for position, entry in reversed(log.stream_entries(STREAM)):
        if upto is not None and position > upto:
            continue
        recorded_at, _, _, payload = split_entry(entry)
        data = events.decode(payload).data
        if isinstance(data, IndexCommitted):
            return Committed(position, parse_instant(recorded_at), data.size, bytes.fromhex(data.root))
    return None


def is_due(home: Home) -> bool:
    """Whether no index was committed to yet on this UTC day."""
    newest = newest_index(home.reader)
    return newest is None or newest.recorded_at // DAY_MICROSECONDS < home.now() // DAY_MICROSECONDS


def commit(home: Home, key: SigningKey | None = None) -> Receipt:
    """Make the index of everything recorded so far and commit to it; returns the event's receipt.

    `key` is the centre's, by default the one in this home. Raises NotFound, Refused or Unavailable.
    """
    author = _centre(home, key)

    def compose(size: int, index_root: str) -> Any:
        now = home.clock() if home.clock else time.time_ns() // 1_000
        data = {"size": size, "root": index_root}
        unsigned = {"type": "index.committed", "stream": STREAM, "occurred_at": format_instant(now), "data": data}
        return authoring.compose(unsigned, author, home.settings.origin, Sealers({}, {}), now)

    return commit_index(home.ledger, compose)


def _centre(home: Home, key: SigningKey | None) -> Author:
    """Who commits: the centre, registered here and now where this home holds both nations' keys and it was not."""
    if key is None and home.key_path(CENTRE_KEY).exists():
        key = home.key(CENTRE_KEY)
    if key is None:
        key = _registered_now(home)
    found = home.ledger.keys.keys.get(key.key_id)
    if found is None:
        raise errors.KeyNotInForce(
            f"the key {key.key_id[:16]}… is not registered in this log", field="--key", remedy="entente key register"
        )
    return Author(found.owner, found.nation, key)


def _registered_now(home: Home) -> SigningKey:
    if not all(home.key_path(f"authority-{nation}").exists() for nation in NATIONS):
        raise errors.NotFound(
            f"there is no key {CENTRE_KEY} in this home, nor both nations' keys to register one",
            field="--key",
            remedy="have both nations register the centre (nation JOINT) and give its key",
        )
    registrar = Registrar(home)
    if home.ledger.sequencer.head.registry.nation_of(CENTRE) is None:
        data = {"code": CENTRE, "nation": JOINT, "name": "Joint centre", "functions": ["centre"]}
        registrar.state("authority.registered", REGISTRY, data, NATIONS)
    key = home.new_key(CENTRE_KEY)
    registrar.register(CENTRE, JOINT, "service", key, ("index.committed",))
    return key


def prove(home: Home, stream: str, upto: int | None = None) -> tuple[Committed, StreamProof]:
    """The proof for a stream from the newest index (committed to at most at a position), verified before it is handed out.

    Raises NotFound where no index was committed to, VerificationFailed where the store does not lead to the newest one.
    """
    newest = newest_index(home.reader, upto)
    if newest is None:
        raise errors.NotFound("no index of streams is on record", remedy="entente index commit")
    leaves = read_streams(home.reader.engine, newest.size)
    if root(leaves) != newest.root:
        raise errors.VerificationFailed(
            f"the store does not lead to the index that entry {newest.position} commits to", remedy="run `entente verify`"
        )
    proof = prove_stream(leaves, newest.size, stream)
    verify_stream(proof, newest.size, newest.root)
    return newest, proof
