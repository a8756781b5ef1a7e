"""The witness protocol (C2SP tlog-witness) as a mirror answers it: what a submitted checkpoint must pass before it is cosigned.

The order of the checks is the specification's. What is cosigned is held: entries that are missing are pulled first, within a
few seconds, or the log is asked to come again. The size cosigned last is compared once more in the transaction that stores the
new one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import NamedTuple

from ledger import errors
from ledger.evidence.mirror import Mirror
from ledger.evidence.source import Source
from ledger.formats import merkle, note, submission
from ledger.formats.submission import Submission

PULL_SECONDS_MAX = 5.0
RETRY_AFTER_SECONDS = 2
TEXT = "text/plain; charset=utf-8"


class Answer(NamedTuple):
    """A status, a body and its media type; `retry_after` in seconds where it is not 0."""

    status: HTTPStatus
    body: bytes
    media_type: str = TEXT
    retry_after: int = 0


class Witness:
    """One mirror as a witness of its log; `source` is where what is missing is pulled from, `now` this site's clock."""

    def __init__(self, mirror: Mirror, source: Source, now: Callable[[], int]) -> None:
        self.mirror = mirror
        self.source = source
        self.now = now

    def answer(self, body: bytes) -> Answer:
        """Answer one request; raises nothing for what a caller sends."""
        deadline = time.monotonic() + PULL_SECONDS_MAX
        try:
            asked = submission.parse_submission(body)
            checkpoint = note.parse_checkpoint(note.split_note(asked.checkpoint)[0])
        except errors.EntenteError as wrong:
            return Answer(HTTPStatus.BAD_REQUEST, _said(wrong))
        try:
            with self.mirror.turn(deadline):
                refusal = self._refuse(asked, checkpoint)
                return refusal or self._cosign(asked, deadline)
        except errors.CosignerMoved as moved:
            return _moved(moved.size)
        except errors.Unavailable as wrong:
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE, _said(wrong), retry_after=RETRY_AFTER_SECONDS)
        except errors.EntenteError as wrong:
            return Answer(HTTPStatus.UNPROCESSABLE_ENTITY, _said(wrong))

    def _refuse(self, asked: Submission, checkpoint: note.Checkpoint) -> Answer | None:
        """What needs no entries: who signed it, and whether it follows from what was cosigned last."""
        policy = self.mirror.policy
        if not any(log.key.name == checkpoint.origin for log in policy.logs):
            return Answer(HTTPStatus.NOT_FOUND, b"this log is not known here\n")
        try:
            policy.verify(asked.checkpoint)
        except errors.BadNote as wrong:
            return Answer(HTTPStatus.FORBIDDEN, _said(wrong))
        if asked.old_size > checkpoint.size:
            return Answer(HTTPStatus.BAD_REQUEST, b"the old size is larger than the checkpoint's\n")
        size, root = self.mirror.cosigner.newest()
        if asked.old_size != size:
            return _moved(size)
        try:
            merkle.verify_consistency(size, root, checkpoint.size, checkpoint.root, asked.proof)
        except errors.BadProof as wrong:
            with suppress(errors.Unavailable):  # a checkpoint that contradicts what is held is kept as proof
                self.mirror.examine(asked.checkpoint)
            return Answer(HTTPStatus.UNPROCESSABLE_ENTITY, _said(wrong))
        return None

    def _cosign(self, asked: Submission, deadline: float) -> Answer:
        lines = self.mirror.cosign(self.source, asked.checkpoint, self.now(), asked.old_size, deadline)
        return Answer(HTTPStatus.OK, "".join([f"{line}\n" for line in lines]).encode())

    def checkpoint(self) -> bytes | None:
        """The newest checkpoint this witness cosigned, with its lines and the log's, or None."""
        newest_first = reversed(self.mirror.cosigner.signers.values())
        found = (self.mirror.held.newest_cosigned(signer.name) for signer in newest_first)
        return next((signed for signed in found if signed is not None), None)


def _moved(size: int) -> Answer:
    return Answer(HTTPStatus.CONFLICT, b"%d\n" % size, submission.SIZE_TYPE)


def _said(wrong: errors.EntenteError) -> bytes:
    return f"{' '.join(str(wrong).split())}\n".encode()
