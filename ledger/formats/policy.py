"""Policies (C2SP tlog-policy): which log keys and cosigners are trusted, and whose cosignatures make a checkpoint final.

The policy file alone decides. A checkpoint holds when a listed log signed it; it is final when the quorum cosigned it.
Names are opaque octets: they are kept as text in which undecodable bytes survive.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from ledger import errors
from ledger.formats import note
from ledger.formats.cosignature import ED25519_COSIGNATURE, ML_DSA_COSIGNATURE, verifier
from ledger.formats.note import Checkpoint, Verifier, VerifierKey

POLICY_BYTES_MAX = 262_144
MEMBERS_MAX = 64
NO_QUORUM = "none"

_BARRED = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]").search
_THRESHOLD = re.compile(r"[1-9][0-9]{0,3}").fullmatch


@dataclass(frozen=True)
class Group:
    """A group witnesses what at least `threshold` of its members (witnesses or groups) witness."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Log:
    """A log whose checkpoints are accepted; its key is named after its origin."""

    key: VerifierKey
    url: str = ""


@dataclass(frozen=True)
class Witness:
    """A cosigner's key."""

    key: VerifierKey
    url: str = ""


@dataclass(frozen=True)
class Verified:
    """A checkpoint that a log of the policy signed; `cosigned` maps the policy's witness names to Unix times in seconds."""

    checkpoint: Checkpoint
    log: VerifierKey
    cosigned: dict[str, int]
    final: bool


@dataclass(frozen=True)
class Policy:
    """A parsed policy file. Groups are in the order defined, so that each refers to earlier names only."""

    logs: tuple[Log, ...]
    witnesses: dict[str, Witness]
    groups: dict[str, Group]
    quorum: str
    _verifiers: dict[VerifierKey, Verifier] = field(default_factory=dict, compare=False, repr=False)

    def at(self, size: int) -> Policy:
        """The policy that governs a checkpoint of this size: this one, unless there were others before it (policies.py)."""
        return self

    def periods(self) -> list[tuple[int, Policy]]:
        """(first size, policy) of all that governed, in order."""
        return [(0, self)]

    def is_final(self, verified_names: Collection[str]) -> bool:
        """Whether these witnesses, by their names in the policy, make up the quorum."""
        return self.has_witnessed(self.quorum, verified_names)

    def has_witnessed(self, name: str, verified_names: Collection[str]) -> bool:
        """Whether these witnesses make up a group, or include a witness, of this name."""
        if name == NO_QUORUM:
            return True
        # What a group has as members is defined before it: one walk in order decides all, however deep they nest.
        having = set(verified_names)
        for group_name, group in self.groups.items():
            if sum(member in having for member in group.members) >= group.threshold:
                having.add(group_name)
        return name in having

    def parties(self) -> dict[str, frozenset[str]]:
        """Who makes up the quorum: each of its members (London, Paris) with the names of the witnesses beneath it."""
        if self.quorum == NO_QUORUM:
            return {}
        group = self.groups.get(self.quorum)
        members = group.members if group is not None else (self.quorum,)
        return {member: frozenset(self._beneath(member)) for member in members}

    def _beneath(self, name: str) -> set[str]:
        found, left = set[str](), [name]
        while left:
            group = self.groups.get(named := left.pop())
            if group is None:
                found.add(named)
            else:
                left += group.members
        return found

    def verify(self, signed: bytes) -> Verified:
        """Verify a checkpoint note: signed by a log of this policy whose key is named after its origin. Raises BadNote.

        Cosignatures count under the policy's names; unknown ones are ignored, a wrong one by a known key condemns the note.
        """
        opened = note.open_note(signed, self._all_verifiers())
        checkpoint = note.parse_checkpoint(opened.text)
        logs = [log.key for log in self.logs if log.key in opened.signed and log.key.name == checkpoint.origin]
        if not logs:
            raise errors.BadNote("the checkpoint is not signed by a log of this policy")
        cosigned = {name: opened.signed[w.key] for name, w in self.witnesses.items() if w.key in opened.signed}
        return Verified(checkpoint, logs[0], cosigned, self.is_final(cosigned))

    def _all_verifiers(self) -> Iterable[Verifier]:
        if not self._verifiers:
            listed = [log.key for log in self.logs] + [w.key for w in self.witnesses.values()]
            self._verifiers.update({key: verifier(key) for key in listed})
        return self._verifiers.values()


def parse_policy(content: bytes) -> Policy:
    """Read a policy file. Raises BadNote naming the line."""
    if len(content) > POLICY_BYTES_MAX:
        raise errors.BadNote(f"the policy has {len(content)} bytes, more than {POLICY_BYTES_MAX}")
    if _BARRED(content) or (content and not content.endswith(b"\n")):
        raise errors.BadNote("a policy is lines, each ended by a newline, without other control characters than tabs")
    reading = _Reading()
    for number, line in enumerate(content.decode("utf-8", "surrogateescape").split("\n"), start=1):
        words = re.split(r"[ \t]+", line.strip(" \t"))
        if words[0] and not words[0].startswith("#"):
            try:
                reading.take(words)
            except errors.BadNote as wrong:
                raise errors.BadNote(wrong.message, field=f"policy line {number}") from None
    if reading.quorum is None:
        raise errors.BadNote("the policy has no quorum line")
    return Policy(tuple(reading.logs), reading.witnesses, reading.groups, reading.quorum)


class _Reading:
    """What the lines read so far have defined."""

    def __init__(self) -> None:
        self.logs: list[Log] = []
        self.witnesses: dict[str, Witness] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._in_a_group: set[str] = set()

    def take(self, words: list[str]) -> None:
        """Read one line, already split. Raises BadNote."""
        match words:
            case ["log", text, *url] if len(url) <= 1:
                self._log(text, url)
            case ["witness", name, text, *url] if len(url) <= 1:
                self._witness(name, text, url)
            case ["group", name, threshold, *members] if members:
                self._group(name, threshold, members)
            case ["quorum", name]:
                if self.quorum is not None:
                    raise errors.BadNote("a second quorum line")
                if name != NO_QUORUM:
                    self._require_defined(name)
                self.quorum = name
            case _:
                raise errors.BadNote(f"not a line of a policy: {words[0]!r} with {len(words) - 1} words")

    def _log(self, text: str, url: list[str]) -> None:
        key = note.parse_verifier_key(text)
        if key.type_code != note.ED25519_NOTE:
            raise errors.BadNote("a log's key has signature type 0x01")
        self._require_new_key(key, [log.key for log in self.logs])
        self.logs.append(Log(key, *url))

    def _witness(self, name: str, text: str, url: list[str]) -> None:
        key = note.parse_verifier_key(text)
        if key.type_code not in (ED25519_COSIGNATURE, ML_DSA_COSIGNATURE):
            raise errors.BadNote("a witness's key has signature type 0x04 or 0x06")
        self._require_new_name(name)
        self._require_new_key(key, [w.key for w in self.witnesses.values()])
        self.witnesses[name] = Witness(key, *url)

    def _group(self, name: str, threshold: str, members: list[str]) -> None:
        self._require_new_name(name)
        if len(members) > MEMBERS_MAX:
            raise errors.BadNote(f"a group has at most {MEMBERS_MAX} members")
        for member in members:
            self._require_defined(member)
            if member in self._in_a_group:
                raise errors.BadNote(f"{member!r} is already a member of a group")
            self._in_a_group.add(member)
        worded = {"any": 1, "all": len(members)}.get(threshold)
        if worded is None and not _THRESHOLD(threshold):
            raise errors.BadNote("a group's threshold is any, all or a number")
        needed = worded or int(threshold)
        if needed > len(members):
            raise errors.BadNote(f"{needed} of {len(members)} members can never be reached")
        self.groups[name] = Group(needed, tuple(members))

    def _require_new_name(self, name: str) -> None:
        if name == NO_QUORUM or name in self.witnesses or name in self.groups:
            raise errors.BadNote(f"the name {name!r} is taken")

    def _require_defined(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise errors.BadNote(f"{name!r} is not defined on an earlier line")

    def _require_new_key(self, key: VerifierKey, others: list[VerifierKey]) -> None:
        if any(key.public == other.public for other in others):
            raise errors.BadNote("the same public key is listed twice")
        verifier(key)


def format_witnesses(witnesses: Mapping[str, Witness]) -> bytes:
    """The lines of a policy that name these witnesses: what a site hands to whoever writes the policy."""
    return _joined(_witness_lines(witnesses))


def format_policy(policy: Policy) -> bytes:
    """A policy file that parses to this policy."""
    lines = [f"log {log.key} {log.url}".rstrip() for log in policy.logs] + _witness_lines(policy.witnesses)
    for name, group in policy.groups.items():
        threshold = "all" if group.threshold == len(group.members) else str(group.threshold)
        lines.append(f"group {name} {threshold} {' '.join(group.members)}")
    return _joined([*lines, f"quorum {policy.quorum}"])


def _witness_lines(witnesses: Mapping[str, Witness]) -> list[str]:
    return [f"witness {name} {w.key} {w.url}".rstrip() for name, w in witnesses.items()]


def _joined(lines: Iterable[str]) -> bytes:
    return "".join([f"{line}\n" for line in lines]).encode("utf-8", "surrogateescape")
