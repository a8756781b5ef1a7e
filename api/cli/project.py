"""`entente project`: bring the views up to date, follow the log, rebuild beside the live view, print digests."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from api.cli.arguments import NATIONS, Commands, Parser, add_command
from api.cli.rendering import table
from ledger import errors

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home
    from projections.projector import Projector

POLL_SECONDS = 0.05
"""How long what is acknowledged may wait before a follower looks."""
RETRY_SECONDS = 1.0


def add_to(commands: Commands[Parser]) -> None:
    """Add project."""
    parser = add_command(commands, "project", run, "bring views up to date with the log")
    parser.add_argument("views", choices=(*NATIONS, "all"), metavar="{gb|fr|all}")
    parser.add_argument(
        "--rebuild", action="store_true", help="read the whole log again beside the live view, then switch to it"
    )
    parser.add_argument("--follow", action="store_true", help="go on until interrupted (Ctrl-C)")
    parser.add_argument("--digest", action="store_true", help="print each view's digest: two copies of one view have the same")


def run(session: Session, arguments: argparse.Namespace) -> int:
    """Project once, or until interrupted."""
    with session.home() as home:
        nations = home.nations if arguments.views == "all" else (NATIONS[arguments.views],)
        done = [project(session, home, nation, rebuild=arguments.rebuild) for nation in nations]
        if arguments.digest:
            for row in done:
                row["digest"] = home.projector(row["view"]).digest()
        rows = [[row["view"], row["position"], row["parked"], row["breaches"], row.get("digest", "")] for row in done]
        head = ("View", "Position", "Parked", "Breaches", "Digest" if arguments.digest else "")
        session.answer({"views": done, "head": home.ledger.head()}, lambda: table(rows, head, "lrrrl"))
        session.out.flush()  # whoever started this in a pipe waits for it
        if arguments.follow:
            follow(session, [home.projector(nation) for nation in nations])
    return 0


def follow(session: Session, projectors: Sequence[Projector]) -> NoReturn:
    """Keep views up with the log until interrupted; while a database does not answer, say so once and try again."""
    from ledger.store.engines import answering

    is_waiting = False
    while True:
        began = time.monotonic()
        try:
            for projector in projectors:
                with answering():
                    projector.follow()
        except errors.Unavailable as wrong:
            if not is_waiting:
                session.remark(f"the views wait: {wrong}")
            is_waiting = True
            time.sleep(RETRY_SECONDS)
        else:
            if is_waiting:
                session.remark("the views follow again")
            is_waiting = False
            time.sleep(max(0.0, began + POLL_SECONDS - time.monotonic()))


def project(session: Session, home: Home, nation: str, *, rebuild: bool) -> dict[str, Any]:
    """One view brought to the newest checkpoint; returns where it stands now."""
    projector = home.projector(nation)
    head = home.ledger.head()
    with session.progress(f"{nation} view at") as progress:
        position = (projector.rebuild if rebuild else projector.follow)(lambda at: progress(at, head))
    view = home.view(nation)
    return {"view": nation, "position": position, "parked": len(view.parked()), "breaches": len(view.breaches())}
