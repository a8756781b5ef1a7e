"""A child process that does nothing but verify signatures, so that a busy ledger verifies on a core of its own.

libsodium lets go of the interpreter lock while it verifies, so threads would do; but after every signature a thread has to wait
for that lock again, and sixty callers keep it busy. One message with many signatures out, one byte for each of them back.
A prover that cannot be started, or dies, costs speed only: what it did not vouch for is verified where it is needed.
"""

from __future__ import annotations

import logging
import select
import signal
import struct
import subprocess
import sys
from collections.abc import Sequence
from typing import IO

from ledger import errors
from ledger.formats import keys
from ledger.formats.proven import Signed

READY = b"ready"
YES, NO = 1, 0
_COUNT = struct.Struct(">I")
_LENGTHS = struct.Struct(">III")
STOP_SECONDS_MAX = 5.0

log = logging.getLogger(__name__)


class Prover:
    """One child process. Started when it is first asked, and of use from the moment it is ready. For one thread at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = False
        self._is_given_up = False
        self._asked: Sequence[Signed] = ()

    def ask(self, signed: Sequence[Signed]) -> bool:
        """Have signatures verified; False where the child is not there to do so. `answer` has to follow."""
        if not self._has_begun():
            return False
        assert self._process is not None, "a prover that has begun is a process"
        assert self._process.stdin is not None, "with a pipe to it"
        try:
            _send(self._process.stdin, signed)
        except (OSError, ValueError):
            self._give_up("died")
            return False
        self._asked = signed
        return True

    def answer(self) -> list[Signed]:
        """Those of the signatures asked about that verify; none where the child died over them."""
        asked, self._asked = self._asked, ()
        verdicts = self._read(len(asked))
        if len(verdicts) != len(asked):
            self._give_up("died")
            return []
        return [one for one, verdict in zip(asked, verdicts, strict=True) if verdict == YES]

    def _read(self, count: int) -> bytes:
        """So many bytes from the child; fewer where it died."""
        assert self._process is not None, "a prover that was asked is a process"
        assert self._process.stdout is not None, "with a pipe from it"
        found = b""
        try:
            while len(found) < count and (part := self._process.stdout.read(count - len(found))):
                found += part
        except (OSError, ValueError):
            pass
        return found

    def _has_begun(self) -> bool:
        if self._is_ready:
            return True
        if self._process is None and not self._is_given_up:
            self._start()
        if self._process is None or self._process.stdout is None:
            return False
        # Whoever comes first does not wait for it: a Python takes a tenth of a second to start.
        if select.select([self._process.stdout], [], [], 0)[0]:
            self._is_ready = self._read(len(READY)) == READY
            if not self._is_ready:
                self._give_up("did not start")
        return self._is_ready

    def _start(self) -> None:
        if not sys.executable:
            self._is_given_up = True
            return
        code = f"import sys; sys.path[:] = {sys.path!r}; from ledger.store.prover import serve; serve()"
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
        except OSError:
            self._give_up("could not be started")

    def _give_up(self, why: str) -> None:
        self._is_given_up = True
        log.warning("a process that verifies signatures %s; they are verified without it", why)
        self.close()

    def close(self) -> None:
        """Let the child end."""
        process, self._process, self._is_ready = self._process, None, False
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _send(pipe: IO[bytes], signed: Sequence[Signed]) -> None:
    parts = [_COUNT.pack(len(signed))]
    for public, message, signature in signed:
        parts += (_LENGTHS.pack(len(public), len(message), len(signature)), public, message, signature)
    rest = memoryview(b"".join(parts))
    while rest:
        rest = rest[pipe.write(rest) :]


# -- in the child -------------------------------------------------------------------------------------------------------------


def serve() -> None:
    """Answer until the parent closes its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the parent, which ends us in its own time
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(READY)
    answers.flush()
    while head := requests.read(_COUNT.size):
        verdicts = bytearray()
        for _ in range(_COUNT.unpack(head)[0]):
            lengths = _LENGTHS.unpack(requests.read(_LENGTHS.size))
            verdicts.append(_verdict(*(requests.read(length) for length in lengths)))
        answers.write(verdicts)
        answers.flush()


def _verdict(public: bytes, message: bytes, signature: bytes) -> int:
    try:
        keys.verify(public, message, signature)
    except errors.EntenteError:
        return NO
    return YES
