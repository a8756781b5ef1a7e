"""`entente receipt`: how far an event has come, with the proof to carry away."""

from __future__ import annotations

import argparse
import base64
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, add_command

if TYPE_CHECKING:
    from api.cli.session import Session


def add_to(commands: Commands[Parser]) -> None:
    """Add receipt."""
    parser = add_command(commands, "receipt", run, "an event's receipt as it stands now: recorded, checkpointed or final")
    parser.add_argument("event", metavar="EVENT", help="the event's id")
    parser.add_argument("--proof", type=Path, metavar="FILE", help="write its proof here (C2SP tlog-proof)")


def run(session: Session, arguments: argparse.Namespace) -> int:
    """Print the receipt."""
    from api.receipts import receipt_now

    with session.home() as home:
        document = {**receipt_now(home, arguments.event), "exercise": home.settings.exercise}
    if arguments.proof is not None and "proof" in document:
        arguments.proof.write_bytes(base64.b64decode(document["proof"]))
    session.answer(document, lambda: lines(document))
    return 0


def lines(document: dict[str, Any]) -> Iterable[str]:
    """The same in words."""
    place = f"no. {document['position']}, version {document['version']} of {document['stream']}"
    relayed = ", relayed by its national authority" if document.get("relayed") else ""
    yield f"{document['event_id']}: {document['status']}, {place}, recorded {document['recorded_at']}{relayed}"
    checkpoint = document.get("checkpoint")
    if checkpoint is None:
        return
    yield f"  under the checkpoint of {checkpoint['size']} entries, root {checkpoint['root']}"
    if document["status"] != "final":
        yield from (f"  {who} has not co-signed since {at['since']}" for who, at in checkpoint["behind"].items())
