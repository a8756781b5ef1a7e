"""An event's receipt as it stands now: recorded, under a checkpoint, or final, with the proof that leads there."""

from __future__ import annotations

import base64
from typing import Any

from api.home import Home
from ledger.formats import merkle, proof


def receipt_now(home: Home, event_id: str) -> dict[str, Any]:
    """The receipt of a recorded event against the first final checkpoint that covers it, else the first that covers it at all.

    The fields of a receipt, its `status` (recorded, checkpointed, final), and where a checkpoint covers it `checkpoint` (with
    what is not final yet) and `proof` (a tlog-proof, base64). Raises NotFound.
    """
    receipt = home.reader.receipt(event_id)
    if not receipt.size:
        return {**receipt.as_dict(), "status": "recorded"}
    checkpoint, carried = proven(home, receipt.position)
    return {
        **receipt.as_dict(),
        "status": "final" if checkpoint["final"] else "checkpointed",
        "checkpoint": checkpoint,
        "proof": base64.b64encode(carried).decode(),
    }


def proven(home: Home, position: int) -> tuple[dict[str, Any], bytes]:
    """The first final checkpoint that covers a position, else the first that covers it at all, and the tlog-proof under it."""
    checkpoint, held = home.covering(position), home.held
    path = merkle.prove_inclusion(position - 1, checkpoint["size"], held.tree.read_hashes)
    return checkpoint, proof.format_proof(position - 1, path, held.signed_checkpoint(checkpoint["size"]))
