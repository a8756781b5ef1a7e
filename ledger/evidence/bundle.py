"""Verifying an evidence bundle: every check in its order, then the verdict. Offline, bounded, and nothing is written.

The answer has one shape in every implementation (docs/format.md, section 12.10), so that two of them can be compared by a
machine. Memory: the manifest, the ring, and a line for each entry; contents are read one at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from ledger import errors
from ledger.errors import BadBundle
from ledger.evidence.bundle_claims import Claims
from ledger.evidence.bundle_entries import Entries
from ledger.evidence.bundle_manifest import Answer, Manifest, OfReport, Versions, parse_manifest
from ledger.evidence.bundle_names import (
    CHECKPOINT,
    MANIFEST,
    POLICY,
    REQUIRED,
    entry_name,
    is_proof,
    position_of,
    proof_name,
    section_index_of,
    section_names,
)
from ledger.evidence.bundle_zip import Archive, ReadAt
from ledger.formats.armour import encode64
from ledger.formats.cosignature import is_late
from ledger.formats.policy import Policy, Verified, parse_policy

REFUSED, CONSISTENT, NOT_FINAL, PROVEN = "refused", "internally-consistent", "not-final", "proven"

Rederive = Callable[[Claims], Answer | None]
"""Computes the answer of a bundle again from its entries; None where it does not know the rules. Raises EntenteError."""

Stamped = Callable[[Claims], list[dict[str, str]]]
"""The time stamps on the checkpoint that hold under certificates from elsewhere: [{"authority", "at"}], by name."""


class Verdict(NamedTuple):
    """The answer in its documented shape, and in words what failed where something did."""

    document: dict[str, Any]
    detail: str = ""

    @property
    def word(self) -> str:
        """refused, internally-consistent, not-final or proven."""
        return str(self.document["verdict"])


def verify(
    read_at: ReadAt,
    size: int,
    elsewhere: Policy | None = None,
    rederive: Rederive | None = None,
    stamped: Stamped | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Verdict:
    """Verify the bundle of `size` bytes; `elsewhere` is a policy that did not come with it. Raises only what reading raises."""
    try:
        return Verdict(_Verification(Archive(read_at, size), elsewhere).run(rederive, stamped, progress))
    except BadBundle as wrong:
        return Verdict({"verdict": REFUSED, "problem": {"code": wrong.problem, "file": wrong.file}}, wrong.message)


class _Verification:
    """One run over one archive."""

    def __init__(self, archive: Archive, elsewhere: Policy | None) -> None:
        self.archive = archive
        self.elsewhere = elsewhere

    def run(self, rederive: Rederive | None, stamped: Stamped | None, progress: Callable[[int, int], None]) -> dict[str, Any]:
        """Everything in the order of docs/format.md, section 12.9. Raises BadBundle at the first failure."""
        _require_files(self.archive)
        manifest = parse_manifest(self.archive.read(MANIFEST))
        withheld = {row.position: bytes.fromhex(row.leaf_hash) for row in manifest.withheld}
        self._check_files(manifest, withheld)
        deciding, verified = self._check_checkpoint(manifest)
        entries = Entries(self.archive, verified.checkpoint, withheld)
        positions = [position_of(name) for name in self.archive.members if is_proof(name)]
        for done, position in enumerate(positions or [0]):
            entries.check(position)
            progress(done + 1, len(positions))
        _check_times(entries, deciding, verified)
        claims = Claims(manifest, entries)
        claims.check()
        rederived = _rederived(claims, rederive)
        stamps = None if stamped is None else stamped(claims)
        return _document(claims, verified, self.elsewhere is not None, rederived, stamps)

    def _check_files(self, manifest: Manifest, withheld: dict[int, bytes]) -> None:
        members = [m for m in self.archive.members.values() if m.name != MANIFEST]
        if [(m.name, m.size) for m in members] != [(file.name, file.bytes) for file in manifest.files]:
            raise BadBundle("file-list", "the manifest lists other files")
        alone = {
            position_of(name)
            for name in self.archive.members
            if is_proof(name) and entry_name(position_of(name)) not in self.archive.members
        }
        if alone != withheld.keys():
            raise BadBundle("withheld-list", "the manifest lists other entries as withheld")
        for file in manifest.files:
            if hashlib.sha256(self.archive.read(file.name)).hexdigest() != file.sha256:
                raise BadBundle("file-digest", "not the file that the manifest lists", file=file.name)

    def _check_checkpoint(self, manifest: Manifest) -> tuple[Policy, Verified]:
        """The policy that decides, which is the one from elsewhere where there is one, and what it makes of the checkpoint."""
        signed = self.archive.read(CHECKPOINT)
        try:
            own = parse_policy(self.archive.read(POLICY))
        except errors.BadNote as wrong:
            raise BadBundle("policy-form", str(wrong)) from None
        verified = _checked(own, signed, "checkpoint")
        if self.elsewhere is not None:
            verified = _checked(self.elsewhere, signed, "checkpoint-elsewhere")
        checkpoint = verified.checkpoint
        head = (checkpoint.origin, encode64(checkpoint.root), checkpoint.size)
        if head != (manifest.log.origin, manifest.log.root, manifest.log.size):
            raise BadBundle("log-differs", "the manifest speaks of another checkpoint")
        return self.elsewhere or own, verified


def _check_times(entries: Entries, deciding: Policy, verified: Verified) -> None:
    """No entry was recorded after one of the quorum had co-signed it. Of an exercise, whose clock is told, it is not asked."""
    parties = deciding.at(verified.checkpoint.size).parties().values()
    times = [verified.cosigned[name] for names in parties for name in names & verified.cosigned.keys()]
    if entries.exercise or not times:
        return
    for seen in entries.seen.values():
        if is_late(seen.recorded_at, min(times)):
            raise BadBundle("entry-late", "recorded after it was co-signed", file=entry_name(seen.position))


def _checked(policy: Policy, signed: bytes, problem: str) -> Verified:
    try:
        return policy.verify(signed)
    except errors.BadNote as wrong:
        raise BadBundle(problem, str(wrong)) from None


def _require_files(archive: Archive) -> None:
    """What must be there, and what goes together, by names alone."""
    for name in (*REQUIRED, *_companions(archive)):
        if name not in archive.members:
            raise BadBundle("file-missing", "is not there", file=name)


def _companions(archive: Archive) -> list[str]:
    wanted: list[str] = []
    for name in archive.members:
        position = position_of(name)
        if position and section_index_of(name) >= 0:
            wanted += [entry_name(position), *section_names(position, section_index_of(name))]
        elif position:
            wanted.append(proof_name(position))
    return wanted


def _rederived(claims: Claims, rederive: Rederive | None) -> bool | None:
    """Whether the answer was computed again; None where there is none. Raises BadBundle where it came out otherwise."""
    answer = claims.answer
    if answer is None:
        return None
    try:
        again = rederive(claims) if rederive is not None else None
    except errors.EntenteError as wrong:
        raise BadBundle("answer-wrong", str(wrong)) from None
    if again is None or again == answer:
        return again is not None
    if isinstance(claims.manifest.question, OfReport) and _is_partial(claims):
        return False
    raise BadBundle("answer-wrong", "the entries give another answer")


def _is_partial(claims: Claims) -> bool:
    """Whether something in the range may count and cannot be read here."""
    return bool(any(claims.not_opened().values()) or claims.withheld_in_range())


# -- the answer ---------------------------------------------------------------------------------------------------------------


def _document(
    claims: Claims, verified: Verified, is_elsewhere: bool, rederived: bool | None, stamps: list[dict[str, str]] | None
) -> dict[str, Any]:
    manifest, entries = claims.manifest, claims.entries
    final = verified.final
    verdict = CONSISTENT if not is_elsewhere else PROVEN if final else NOT_FINAL
    sealed = [seen.nation for seen in entries.seen.values() if seen.nation]
    ring = entries.keys.keys
    signers = {
        key_id: {"key_id": key_id, "nation": ring[key_id].nation, "owner": ring[key_id].owner, "role": ring[key_id].role}
        for key_id in sorted(entries.signed)
    }
    document: dict[str, Any] = {
        "verdict": verdict,
        "problem": None,
        "question": msgspec.to_builtins(manifest.question),
        "complete": msgspec.to_builtins(manifest.complete),
        "log": msgspec.to_builtins(manifest.log),
        "policy": "elsewhere" if is_elsewhere else "bundle",
        "final": final,
        "cosigned": [{"name": name, "time": time} for name, time in verified.cosigned.items()],
        "exercise": entries.exercise,
        "entries": {
            "full": len(entries.seen),
            "withheld": len(entries.withheld),
            "sealed": {nation: sealed.count(nation) for nation in ("FR", "GB")},
        },
        "signatures": entries.signatures,
        "keys": [{**named, "signed": entries.signed[key_id]} for key_id, named in signers.items()],
        "sections": {
            "opened": entries.opened,
            "inner_sound": entries.inner_sound,
            "inner_unsound": entries.inner_unsound,
        },
        "answer": manifest.answer,
        "rederived": rederived,
    }
    if stamps is not None:
        document["stamped"] = stamps
    return document | _said(claims, document)


def _said(claims: Claims, document: dict[str, Any]) -> dict[str, list[str]]:
    """What is proven, assumed and not proven, as codes. Tables of docs/format.md, section 12.10."""
    complete, entries = claims.manifest.complete, claims.entries
    is_elsewhere, final = document["policy"] == "elsewhere", document["final"]
    is_stream = isinstance(complete, Versions)
    has_claimed = any(row.version is not None for row in claims.manifest.withheld)
    unopened = sum(1 for seen in entries.seen.values() if seen.nation and not seen.is_opened)
    is_whole = len(entries.seen) == entries.checkpoint.size
    proven = {
        "bytes": True,
        "in-log": True,
        "signed": True,
        "final": is_elsewhere and final,
        "all-positions": not is_stream,
        "all-versions": is_stream and not has_claimed,
        "last-version": claims.has_last_version,
        "answer-sums": document["answer"] is not None and "lines" in document["answer"],
        "answer-rederived": document["rederived"] is True,
        "sections-opened": entries.opened > 0,
        "timestamps": bool(document.get("stamped")),
    }
    assumed = {
        "policy-keys": is_elsewhere,
        "bundle-keys": not is_elsewhere,
        "cosigners-checked": final,
        "algorithms": True,
    }
    not_proven = {
        "truth": True,
        "identity": not is_elsewhere,
        "not-final": not final,
        "registry-whole": not is_whole,
        "later": True,
        "last-version": is_stream and not claims.has_last_version,
        "withheld": bool(entries.withheld),
        "sealed": unopened > 0,
        "disputed": entries.has_disputed(),
        "answer-rederived": document["rederived"] is False,
        "answer-whole": document["answer"] is not None and _is_partial(claims),
        "timestamps": not claims.authorities() <= {row["authority"] for row in document.get("stamped", ())},
        "clock": True,
    }
    lists = {"proven": proven, "assumed": assumed, "not_proven": not_proven}
    return {name: [code for code, holds in codes.items() if holds] for name, codes in lists.items()}
