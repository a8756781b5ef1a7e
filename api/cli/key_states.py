"""`entente key suspend, reinstate, compromise, reaffirm, disputed`: a key in doubt, and what it said meanwhile."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from api.cli.arguments import NATIONS, Commands, Parser, add_command, count
from api.cli.key_names import named, recorded
from api.cli.rendering import table
from ledger import errors

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home
    from ledger.events.keys import Key, KeyRing

ENTRIES_AT_ONCE = 2_000
REAFFIRMED_AT_ONCE = 512


def add_to_keys(group: Commands[Parser]) -> None:
    """Add suspend, reinstate, compromise, reaffirm, disputed."""
    suspend = add_command(group, "suspend", run_suspend, "stop a key until both nations reinstate it; either nation may")
    _add_key(suspend)
    suspend.add_argument("--nation", choices=NATIONS, required=True, help="which nation says so")
    reinstate = add_command(group, "reinstate", run_reinstate, "end a suspension, signed by both nations")
    _add_key(reinstate)
    compromise = add_command(
        group, "compromise", run_compromise, "say from which position on a key is in doubt; it ends if it has not yet",
        "What it said from there on stays, counts and is shown as disputed until reaffirmed or retracted.",
    )  # fmt: skip
    _add_key(compromise)
    compromise.add_argument("--from", dest="suspect_from", type=count, required=True, metavar="POSITION")
    reaffirm = add_command(
        group, "reaffirm", run_reaffirm, "stand by events of a compromised key, which are disputed no longer"
    )
    _add_key(reaffirm)
    reaffirm.add_argument("events", metavar="EVENT", nargs="*", help="event ids")
    reaffirm.add_argument("--all", action="store_true", help="all that is disputed now")
    disputed = add_command(group, "disputed", run_disputed, "the events that rest on a key in doubt; 1 where there are any")
    disputed.add_argument("key", metavar="KEY", nargs="?", help="of this key alone: its name, file or key id")
    for parser in (suspend, reinstate, compromise, reaffirm):
        parser.add_argument("--reason", required=True, metavar="TEXT", help="why; kept sealed to both nations")


def _add_key(parser: Parser) -> None:
    parser.add_argument("key", metavar="KEY", help="its name, file or key id")


def run_suspend(session: Session, arguments: argparse.Namespace) -> int:
    """Suspend a key."""
    from api.registrar import KEYS, Registrar

    with session.home() as home:
        registrar = Registrar(home)
        key = named(home, registrar.keys, arguments.key)
        data = {"key": key.key_id, "reason": arguments.reason}
        return recorded(
            session, home, "suspended", key.key_id, registrar.state("key.suspended", KEYS, data, (NATIONS[arguments.nation],))
        )


def run_reinstate(session: Session, arguments: argparse.Namespace) -> int:
    """Reinstate a key."""
    from api.registrar import KEYS, Registrar

    with session.home() as home:
        registrar = Registrar(home)
        key = named(home, registrar.keys, arguments.key)
        data = {"key": key.key_id, "reason": arguments.reason}
        receipt = registrar.state("key.reinstated", KEYS, data, tuple(NATIONS.values()))
        return recorded(session, home, "reinstated", key.key_id, receipt)


def run_compromise(session: Session, arguments: argparse.Namespace) -> int:
    """Report a key compromised."""
    from api.registrar import KEYS, Registrar, signing_nations

    with session.home() as home:
        registrar = Registrar(home)
        key = named(home, registrar.keys, arguments.key)
        data = {"key": key.key_id, "suspect_from_position": arguments.suspect_from, "reason": arguments.reason}
        receipt = registrar.state("key.compromised", KEYS, data, signing_nations(key.nation))
        return recorded(session, home, f"in doubt from position {arguments.suspect_from} on:", key.key_id, receipt)


def run_reaffirm(session: Session, arguments: argparse.Namespace) -> int:
    """Stand by events."""
    from api.registrar import KEYS, Registrar, signing_nations

    with session.home() as home:
        registrar = Registrar(home)
        key = named(home, registrar.keys, arguments.key)
        events = [row["event"] for row in disputed_rows(home, registrar.keys, [key])] if arguments.all else arguments.events
        if not events:
            raise errors.BadQuestion(
                "no event to stand by", field="EVENT", remedy="name event ids, or --all where any is disputed"
            )
        receipts = []
        for at in range(0, len(events), REAFFIRMED_AT_ONCE):
            data = {"key": key.key_id, "events": events[at : at + REAFFIRMED_AT_ONCE], "reason": arguments.reason}
            receipts.append(registrar.state("key.reaffirmed", KEYS, data, signing_nations(key.nation)))
        return recorded(session, home, f"{len(events)} events reaffirmed of", key.key_id, receipts[-1])


def run_disputed(session: Session, arguments: argparse.Namespace) -> int:
    """List what is disputed."""
    with session.home() as home:
        ring, _ = home.reader.standing_at(home.reader.head())
        keys = [named(home, ring, arguments.key)] if arguments.key else list(ring.keys.values())
        rows = list(disputed_rows(home, ring, keys))
        document = {"position": home.reader.head(), "disputed": rows, "exercise": home.settings.exercise}
        head = ("No.", "Event", "Type", "Stream", "Authority", "Key")
        cells = [[r["position"], r["event"], r["type"], r["stream"], r["authority"], f"{r['key_id'][:16]}…"] for r in rows]
        session.answer(document, lambda: table(cells, head, "r") or ["Nothing is disputed."])
    return 1 if rows else 0


def disputed_rows(home: Home, ring: KeyRing, keys: list[Key]) -> Iterator[dict[str, Any]]:
    """Every entry that rests on one of these keys and is disputed at the head, in log order; sealed ones by their outside."""
    from ledger import events
    from ledger.formats.entry import split_entry

    suspects = {key.key_id for key in keys if key.suspect_from}
    after = min((ring.keys[key_id].suspect_from for key_id in suspects), default=home.reader.head() + 1) - 1
    while entries := home.reader.entries(after, ENTRIES_AT_ONCE) if suspects else ():
        for position, entry in entries:
            header = events.decode_header(split_entry(entry)[3])
            if header.key_id in suspects and ring.is_disputed(header.key_id, header.id, position):
                yield {
                    "position": position, "event": header.id, "type": header.type, "stream": header.stream,
                    "authority": header.authority, "key_id": header.key_id,
                }  # fmt: skip
        after = entries[-1][0]
