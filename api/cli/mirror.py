"""`entente mirror`: a nation's own copy of the log, taken over from Calais, checked, and cosigned."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, Usage, add_command

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.following import Follower
    from api.home import Home
    from ledger.evidence.gossip import Gossip
    from ledger.evidence.source import Source

NO = 1
SITES = ("london", "paris")


def add_to(commands: Commands[Parser]) -> None:
    """Add mirror."""
    parser = add_command(
        commands, "mirror", run, "take over the log into this nation's own home, check every entry, and cosign",
        "The home is made with `entente init --site`; it needs the policy file that both nations approved, and the nation's "
        "own private sealing key to read what is sealed to it.",
    )  # fmt: skip
    parser.add_argument("site", choices=SITES, metavar="{london|paris}")
    parser.add_argument("--from", dest="source", required=True, metavar="URL|DIR", help="the log's URL, or an exported folder")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--once", action="store_true", help="take over what there is, then stop (unless told otherwise)")
    how.add_argument("--follow", action="store_true", help="go on until interrupted (Ctrl-C)")
    parser.add_argument("--listen", metavar="HOST:PORT", help="be asked for cosignatures here (tlog-witness); implies --follow")
    parser.add_argument(
        "--peer", dest="peers", action="append", default=[], metavar="NAME=URL",
        help="whose checkpoints are compared with this site's (URL, or a folder), beside those in entente.toml",
    )  # fmt: skip
    parser.add_argument("--token-file", type=Path, metavar="F", help="the bearer token that the log gave this mirror")


def run(session: Session, arguments: argparse.Namespace) -> int:
    """Mirror once, or until interrupted."""
    from api.cli.serve import named
    from api.following import Follower

    if arguments.once and arguments.listen:
        raise Usage(arguments.command, "--once and --listen exclude each other")
    with session.home() as home:
        _require_site(home, arguments)
        source = source_of(arguments.source, arguments.token_file, home.tls_roots)
        follower = Follower(home.mirror(), source, home.now, cosign=not arguments.listen)
        peers = home.settings.peers | named(arguments.peers, arguments.command)
        if arguments.follow or arguments.listen:
            return _follow(session, home, follower, peers, arguments.listen)
        size = follower.mirror.follow(source, home.now(), cosign=True)
        met = gossip_of(home, follower, peers)
        if met is not None:
            met.round()
        document = standing(home, arguments.site, size, met)
        session.answer(document, lambda: lines(document))
    return NO if document["problems"] else 0


def gossip_of(home: Home, follower: Follower, peers: Mapping[str, str]) -> Gossip | None:
    """The comparing of checkpoints with others; None where nobody is named."""
    if not peers:
        return None
    from api.app import mirror_parts

    return mirror_parts(home, follower, peers).gossip


def _require_site(home: Home, arguments: argparse.Namespace) -> None:
    if home.settings.site != arguments.site:
        whose = f"{home.settings.site}'s" if home.settings.site else "no site's own"
        raise Usage(arguments.command, f"{home.path} is {whose} home, not {arguments.site}'s")


def source_of(where: str, token_file: Path | None, roots: Path | None) -> Source:
    """A URL or a folder as a source."""
    from ledger.evidence.source import FolderSource

    if "://" not in where:
        return FolderSource(Path(where))
    from ledger.evidence.remote import RemoteSource

    return RemoteSource(where, token_file.read_text(encoding="utf-8").strip() if token_file else "", roots)


def standing(home: Home, site: str, size: int, met: Gossip | None = None) -> dict[str, Any]:
    """Where a mirror stands after a round: who did not answer of those it compares with, and what contradicts it."""
    final = home.policy().verify(home.held.signed_checkpoint(size)).final
    alarms = [{"position": position, "what": what} for position, what in home.cosigner(site).alarms()]
    compared = {"away": met.away() if met else [], "problems": met.problems() if met else []}
    return {"site": site, "size": size, "final": final, "alarms": alarms, **compared, "exercise": home.settings.exercise}


def lines(document: dict[str, Any]) -> Iterable[str]:
    """The same in words."""
    yield f"{document['site']} holds {document['size']} entries, checked each of them and cosigned" + (
        ": final" if document["final"] else ""
    )
    for alarm in document["alarms"]:
        yield f"  alarm, no. {alarm['position']}: {alarm['what']}"
    for what in (*document["away"], *document["problems"]):
        yield f"  {what}"


def _follow(session: Session, home: Home, follower: Follower, peers: Mapping[str, str], address: str | None) -> int:
    import threading

    if not address:
        stop, met = threading.Event(), gossip_of(home, follower, peers)
        if met is not None:
            threading.Thread(target=met.run, args=(stop,), daemon=True).start()
        follower.run(stop)
        return 0
    from api.app import mirror_parts
    from api.cli.serve import answer

    return answer(session, mirror_parts(home, follower, peers), address)
