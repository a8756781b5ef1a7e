"""What a log asks of a witness (C2SP tlog-witness, add-checkpoint): an old size, a consistency proof from it, a checkpoint."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ledger import errors
from ledger.formats import merkle, note
from ledger.formats.armour import decode64, encode64
from ledger.formats.note import SignatureLine, VerifierKey

PROOF_LINES_MAX = 63
SUBMISSION_BYTES_MAX = note.NOTE_BYTES_MAX + 16 + PROOF_LINES_MAX * 45 + 2
ANSWER_BYTES_MAX = note.NOTE_BYTES_MAX
SIZE_TYPE = "text/x.tlog.size"
"""Media type of a witness's answer that names the size it cosigned last."""

_OLD = re.compile(r"old (0|[1-9][0-9]{0,15})").fullmatch
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,15})\n").fullmatch


@dataclass(frozen=True)
class Submission:
    """One request. `checkpoint` is the signed note's exact bytes; nothing is verified."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: bytes


def format_submission(submission: Submission) -> bytes:
    """The body of a request."""
    lines = [f"old {submission.old_size}", *(encode64(part) for part in submission.proof)]
    return "".join([f"{line}\n" for line in lines]).encode() + b"\n" + submission.checkpoint


def parse_submission(body: bytes) -> Submission:
    """Read a request. Raises Malformed naming the line, TooLarge, or BadNote where what follows is no signed note."""
    if len(body) > SUBMISSION_BYTES_MAX:
        raise errors.TooLarge(f"the body has more than {SUBMISSION_BYTES_MAX} bytes")
    head, gap, checkpoint = body.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise errors.Malformed("the lines above the checkpoint are ASCII") from None
    old = _OLD(first)
    if not gap or old is None:
        raise errors.Malformed("a submission begins with `old <size>`", field="line 1")
    if len(lines) > PROOF_LINES_MAX:
        raise errors.Malformed(f"more than {PROOF_LINES_MAX} hashes", field="proof")
    proof = tuple(decode64(line) for line in lines)
    if any(len(part) != merkle.HASH_BYTES for part in proof):
        raise errors.Malformed("a line of the proof is not a hash", field="proof")
    note.split_note(checkpoint)
    return Submission(int(old[1]), proof, checkpoint)


def parse_size(body: bytes) -> int:
    """The size that a witness which refuses with 409 cosigned last. Raises Malformed."""
    found = _SIZE(body)
    if found is None:
        raise errors.Malformed("a size is a decimal number and a newline", field="witness")
    return int(found[1])


def parse_lines(body: bytes, known: Sequence[VerifierKey]) -> list[SignatureLine]:
    """The lines of a witness's answer that name one of these keys; others are ignored. Raises BadNote, or Malformed.

    Whether they verify is for whoever puts them under the checkpoint to find out.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise errors.Malformed("the answer is not UTF-8", field="witness") from None
    if len(body) > ANSWER_BYTES_MAX or not text.endswith("\n"):
        raise errors.Malformed("the answer is not lines", field="witness")
    names = {(key.name, key.key_id) for key in known}
    lines = [note.parse_signature_line(line) for line in text[:-1].split("\n")]
    return [line for line in lines if (line.name, line.key_id) in names]
