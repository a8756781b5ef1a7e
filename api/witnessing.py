"""A mirror as a witness over HTTP (C2SP tlog-witness): asked for cosignatures, and shown to monitors.

No token is asked for: a submission bears the log's signature, and what is shown is what was cosigned here. `app.state.witness`
answers.
"""

from __future__ import annotations

import hashlib

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from api.bodies import read_body
from api.log import as_note
from ledger import errors
from ledger.evidence.witness import Witness
from ledger.formats.submission import SUBMISSION_BYTES_MAX

routes = APIRouter()


@routes.post("/add-checkpoint")
async def add_checkpoint(request: Request) -> Response:
    """Cosign a checkpoint of the log, or say why not."""
    witness: Witness = request.app.state.witness
    answer = await run_in_threadpool(witness.answer, await read_body(request, SUBMISSION_BYTES_MAX))
    headers = {"Retry-After": str(answer.retry_after)} if answer.retry_after else {}
    # Not as `media_type`, to which a charset would be added.
    return Response(answer.body, answer.status, {**headers, "Content-Type": answer.media_type})


@routes.get("/{origin_hash}/checkpoint")
def cosigned_checkpoint(request: Request, origin_hash: str) -> Response:
    """The newest checkpoint cosigned here, under the SHA-256 of the log's origin."""
    witness: Witness = request.app.state.witness
    if origin_hash not in {prefix_of(log.key.name) for log in witness.mirror.policy.logs}:
        raise errors.NotFound("this log is not known here", field="path")
    return as_note(witness.checkpoint())


def prefix_of(origin: str) -> str:
    """Under which path a witness shows what it cosigned of a log."""
    return hashlib.sha256(origin.encode()).hexdigest()
