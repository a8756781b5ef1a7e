"""A folder of time-stamped checkpoints: each note as it was stamped, and each authority's responses beside it.

    <size>.checkpoint               the signed note, exactly as it was first stamped
    <size>.<authority>.<n>.tsr      an authority's n-th response, from 1: the first over the note, the others renew it

A file is written whole and never again. Tokens are their holder's: they stand beside the log, not in it, and every site keeps
its own. One that is deleted is not missed; one that does not hold is found.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ledger import errors
from ledger.evidence.checks import Problem
from ledger.evidence.timestamping import MICROSECONDS, RENEWALS_MAX, RESPONSE_BYTES_MAX, Roots, Token, verify_chain
from ledger.formats.entry import format_instant
from ledger.formats.note import NOTE_BYTES_MAX
from ledger.formats.policy import Policy, Verified

FOLDER = "timestamps"
CLOCKS_APART_SECONDS_MAX = 120
"""How far an authority's clock may be behind a cosigner's, or away from that of the machine that asks it."""

is_authority = re.compile(r"[a-z0-9-]{1,24}").fullmatch
_NOTE = re.compile(r"([1-9][0-9]{0,15})\.checkpoint").fullmatch
_RESPONSE = re.compile(r"([1-9][0-9]{0,15})\.([a-z0-9-]{1,24})\.([1-9][0-9]{0,3})\.tsr").fullmatch


class Tree(Protocol):
    """What stamped checkpoints are held against."""

    def head(self) -> int:
        """The last position."""

    def root(self, size: int) -> bytes:
        """The root over the first `size` entries."""


@dataclass(frozen=True)
class Chain:
    """One authority's word on one checkpoint, verified: its tokens, oldest first; none where it cannot be checked here."""

    size: int
    authority: str
    responses: int
    tokens: tuple[Token, ...]

    def state(self, now: int) -> str:
        """`good`; `lapsed` once the newest certificate has ended; `unchecked` without the authority's certificates."""
        if not self.tokens:
            return "unchecked"
        return "good" if now <= self.tokens[-1].expires_at else "lapsed"

    def as_dict(self, now: int) -> dict[str, Any]:
        """{"size", "authority", "at", "tokens", "expires_at", "signer", "state"}; instants, null where it was not checked."""
        first, last = (self.tokens[0], self.tokens[-1]) if self.tokens else (None, None)
        return {
            "size": self.size,
            "authority": self.authority,
            "at": format_instant(first.at) if first else None,
            "tokens": self.responses,
            "expires_at": format_instant(last.expires_at) if last else None,
            "signer": last.signer if last else None,
            "state": self.state(now),
        }


class Stamps:
    """One folder; it need not be there yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def chains(self) -> dict[tuple[int, str], list[int]]:
        """The numbers of the responses there are, in order, by (size, authority), in that order."""
        found: dict[tuple[int, str], list[int]] = {}
        for name in self._names():
            if match := _RESPONSE(name):
                found.setdefault((int(match[1]), match[2]), []).append(int(match[3]))
        return {key: sorted(numbers) for key, numbers in sorted(found.items())}

    def sizes(self) -> list[int]:
        """The sizes of the checkpoints there are."""
        return sorted(int(match[1]) for name in self._names() if (match := _NOTE(name)))

    def _names(self) -> list[str]:
        return [path.name for path in self.folder.iterdir()] if self.folder.is_dir() else []

    def note(self, size: int) -> bytes | None:
        """The note of a size as it was stamped, or None."""
        return self._read(f"{size}.checkpoint", NOTE_BYTES_MAX)

    def responses(self, size: int, authority: str, upto: int) -> list[bytes]:
        """An authority's responses on a checkpoint, the first to the last. Raises BadTimestamp where one is missing."""
        found = []
        for number in range(1, upto + 1):
            response = self._read(f"{size}.{authority}.{number}.tsr", RESPONSE_BYTES_MAX)
            if response is None:
                raise errors.BadTimestamp(f"token {number} is missing")
            found.append(response)
        return found

    def keep(self, size: int, note: bytes, authority: str, number: int, response: bytes) -> None:
        """Put a response on disk, and the note with the first one. Nothing that is there is replaced; Conflict is raised."""
        assert is_authority(authority), f"{authority!r} cannot name an authority"
        if number > RENEWALS_MAX:
            raise errors.TooLarge(f"more than {RENEWALS_MAX} renewals")
        self.folder.mkdir(exist_ok=True)
        kept = self.note(size)
        if kept is None:
            self._write(f"{size}.checkpoint", note)
        elif kept != note:
            raise errors.Conflict(f"another note of size {size} was stamped first")
        self._write(f"{size}.{authority}.{number}.tsr", response)

    def _read(self, name: str, bytes_max: int) -> bytes | None:
        path = self.folder / name
        if not path.is_file():
            return None
        if path.stat().st_size > bytes_max:
            raise errors.BadTimestamp(f"{name} has more than {bytes_max} bytes")
        return path.read_bytes()

    def _write(self, name: str, content: bytes) -> None:
        """Under its own name a file is there whole, or not at all."""
        partial = self.folder / f".{name}.{os.getpid()}"
        with open(partial, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(partial, self.folder / name)
        except FileExistsError:
            raise errors.Conflict(f"{name} is there already") from None
        finally:
            partial.unlink()


# -- verifying ------------------------------------------------------------------------------------------------------------


def verify_stamps(
    stamps: Stamps,
    tree: Tree,
    policy: Policy,
    roots: Mapping[str, Roots],
    *,
    exercise: bool,
    only: Collection[tuple[int, str]] | None = None,
) -> tuple[list[Chain], list[Problem]]:
    """Verify every checkpoint and every chain in a folder, or `only` some (size, authority): against the log, the policy and
    the authorities' certificates.

    In an exercise co-signatures bear times that were told, and are not held against the authorities'. Returns the chains that
    hold, or that cannot be checked for want of certificates, and what is wrong, by the size it is about.
    """
    chains: list[Chain] = []
    problems: list[Problem] = []
    notes: dict[int, tuple[bytes, int]] = {}
    for size in stamps.sizes() if only is None else sorted({size for size, _ in only}):
        try:
            note = stamps.note(size) or b""
            cosigned_at = last_cosigned(require_stampable(note, size, tree, policy))
            notes[size] = note, 0 if exercise else cosigned_at
        except errors.EntenteError as wrong:
            problems.append((size, f"the stamped checkpoint of size {size}: {wrong}"))
    for (size, authority), numbers in stamps.chains().items():
        if only is not None and (size, authority) not in only:
            continue
        try:
            if size not in notes:
                raise errors.BadTimestamp("the checkpoint it is over is missing, or is wrong")
            chains.append(verify_stamp(stamps, size, authority, numbers[-1], *notes[size], roots.get(authority)))
        except errors.EntenteError as wrong:
            problems.append((size, f"time stamp of {authority} on the checkpoint of size {size}: {wrong}"))
    return chains, problems


def verify_stamp(
    stamps: Stamps, size: int, authority: str, responses: int, note: bytes, cosigned_at: int, roots: Roots | None
) -> Chain:
    """One chain over a note that was cosigned last at `cosigned_at` (Unix seconds). Raises BadTimestamp."""
    kept = stamps.responses(size, authority, responses)
    tokens = verify_chain(note, kept, roots) if roots else []
    if tokens:
        require_after(tokens[0], cosigned_at)
    return Chain(size, authority, responses, tuple(tokens))


def require_stampable(note: bytes, size: int, tree: Tree, policy: Policy) -> Verified:
    """A stamped note is a final checkpoint of this size of the log kept here. Raises BadNote or VerificationFailed."""
    verified = policy.verify(note)
    if verified.checkpoint.size != size:
        raise errors.BadNote(f"it is for size {verified.checkpoint.size}")
    if not verified.final:
        raise errors.BadNote("it is not final")
    if size > tree.head():
        raise errors.VerificationFailed(f"the log has {tree.head()} entries: those after are gone")
    if tree.root(size) != verified.checkpoint.root:
        raise errors.VerificationFailed("it is of another history than the log kept here")
    return verified


def last_cosigned(verified: Verified) -> int:
    """The newest time on a checkpoint, in Unix seconds."""
    return max(verified.cosigned.values(), default=0)


def require_after(token: Token, cosigned_at: int) -> None:
    """Raise BadTimestamp for a token older than the co-signatures it is over: one of the clocks is wrong, or somebody lies."""
    if token.at < (cosigned_at - CLOCKS_APART_SECONDS_MAX) * MICROSECONDS:
        before = format_instant(cosigned_at * MICROSECONDS)
        raise errors.BadTimestamp(f"the token is of {format_instant(token.at)}, and over a co-signature of {before}")
