"""What a bundle claims beyond its single entries: that a range or a stream is whole, that its answer rests on what is shown.

Each check raises BadBundle with the code of docs/format.md, section 12.9, in the order of its table.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from itertools import count, takewhile
from typing import Any

from ledger import errors
from ledger.errors import BadBundle
from ledger.events.keys import KeyRing
from ledger.evidence.bundle_entries import Entries, Seen
from ledger.evidence.bundle_manifest import (
    FUTURE_TOLERANCE_SECONDS,
    Answer,
    FigureAnswer,
    Manifest,
    OfFigure,
    OfPeriod,
    OfReport,
    Positions,
    ReportAnswer,
    Versions,
    answer_of,
)
from ledger.evidence.bundle_names import (
    CHECKPOINT,
    INDEX,
    KEYS,
    POLICY,
    REPORT_KINDS,
    TIMESTAMPS,
    entry_name,
    report_name,
    response_name,
    response_of,
)
from ledger.evidence.sealed import SEALED
from ledger.formats import policies, strict
from ledger.formats.entry import parse_entry, parse_instant
from ledger.formats.streamindex import Leaf
from ledger.formats.streamproof import StreamProof, parse_stream_proof, verify_stream

MICROSECONDS = 1_000_000
RESTATING = frozenset(
    {"correction.recorded", "incident.confirmed", "incident.declared_unfounded", "incident.link_withdrawn"}
    | {"case.decision_withdrawn", "case.decision_appealed", "case.decision_substituted"}
)
"""Types that change what earlier events of their stream say: those are shown with them."""
BASES = frozenset({"access.combined", "mandate.granted"})
REPORT = "report.issued"
DIGESTS = dict(zip(REPORT_KINDS, ("content_sha256", "unsigned_pdf_sha256", "signed_pdf_sha256"), strict=True))


def keys_file(ring: KeyRing) -> bytes:
    """The ring as it stands after the last entry, one line a key in the order registered."""
    lines = [
        {
            "key_id": key.key_id,
            "nation": key.nation,
            "owner": key.owner,
            "public_key": base64.b64encode(key.public).decode(),
            "role": key.role,
            "since": key.since,
            "suspect_from": key.suspect_from,
            "suspended": key.suspended,
            "type_code": key.type_code,
            "until": key.until,
        }
        for key in ring.keys.values()
    ]
    return b"".join([strict.format(line) + b"\n" for line in lines])


class Claims:
    """One bundle's claims, over what its entries were found to say."""

    def __init__(self, manifest: Manifest, entries: Entries) -> None:
        self.manifest = manifest
        self.entries = entries
        self.seen: Mapping[int, Seen] = entries.seen
        self.withheld = {row.position for row in manifest.withheld}
        self.first, self.last = _range(manifest)
        self.answer: Answer | None = None
        self.has_last_version = False

    def check(self) -> None:
        """Everything but the index, the timestamps and what only the rules of the figures can tell. Raises BadBundle."""
        if self.entries.archive.read(KEYS) != keys_file(self.entries.keys):
            raise BadBundle("keys-differ", "not the keys that the entries register")
        self._check_policy()
        self._check_complete()
        self._check_purpose()
        self.answer = answer_of(self.manifest)
        self._check_bounds()
        if self.answer is not None:
            self._check_originals()
            self._check_answer(self.answer)
        self._check_reports()
        self._check_index()
        self._check_responses()

    def in_range(self) -> Iterable[Seen]:
        """Full entries from first to last, in order."""
        return (seen for position, seen in self.seen.items() if self.first <= position <= self.last)

    def _check_policy(self) -> None:
        """The policy that came with it is the one that the entries say governs this checkpoint, where they say of any."""
        adopted = [(policy.sha256, policy.from_size) for policy in self.entries.registry.policies]
        governing = policies.adopted_at(adopted, self.entries.checkpoint.size)
        if governing not in (None, policies.digest(self.entries.archive.read(POLICY))):
            raise BadBundle("policy-differs", "both nations adopted another for this size", file=POLICY)

    # -- whole ---------------------------------------------------------------------------------------------------------------

    def _check_complete(self) -> None:
        if isinstance(self.manifest.complete, Versions):
            self._check_versions(self.manifest.complete)
            return
        if not self.first - 1 <= self.last <= self.entries.checkpoint.size:
            raise BadBundle("claim-gap", "the range is none of this log")
        produced = sum(1 for _ in self.in_range()) + self.withheld_in_range()
        if produced != self.last - self.first + 1:
            raise BadBundle("claim-gap", "a position of the range is not produced")

    def _check_versions(self, complete: Versions) -> None:
        named = [(row.position, row.version) for row in self.manifest.withheld if row.version is not None]
        shown = [(seen.position, seen.version) for seen in self.seen.values() if seen.stream == complete.stream]
        found = [version for _, version in sorted(named + shown)]
        first = self.entries.registry.carried(complete.stream) + 1
        # What the manifest claims may be astronomical: it is counted before it is laid out.
        if first + len(found) != complete.versions + 1 or found != list(range(first, complete.versions + 1)):
            raise BadBundle("claim-stream", f"not every version up to {complete.versions}")

    def _check_purpose(self) -> None:
        """Rescue is not evidence-gathering. Clause: domain.md section 4."""
        basis = self.manifest.basis
        named = [seen for seen in self.seen.values() if seen.id == basis]
        if basis is not None and not (named and named[0].type in BASES):
            raise BadBundle("purpose", "the basis named is not shown, or is none")
        has_case = any(seen.type.startswith("case.") for seen in self.seen.values())
        has_rescue = any(seen.regime == "GENERAL" for seen in self.seen.values())
        if has_case and has_rescue and basis is None:
            raise BadBundle("purpose", "rescues beside law-enforcement cases, and no legal basis named")

    # -- where it begins and ends ----------------------------------------------------------------------------------------------

    def _check_bounds(self) -> None:
        question, answer = self.manifest.question, self.answer
        if isinstance(question, OfPeriod):
            begin, end = parse_instant(question.from_), parse_instant(question.to)
            if not all(begin <= seen.recorded_at < end for seen in self.in_range()):
                raise BadBundle("claim-bounds", "an entry of the range was recorded outside the period")
            self._require_before(begin)
            self._require_after(end)
        elif answer is not None:
            if self.last != answer.position:
                raise BadBundle("claim-bounds", "the range does not end where the answer stands")
            self._require_before(parse_instant(answer.window.from_) - FUTURE_TOLERANCE_SECONDS * MICROSECONDS)
            if isinstance(question, OfFigure):
                as_of = parse_instant(question.as_of)
                if any(seen.recorded_at > as_of for position, seen in self.seen.items() if position <= self.last):
                    raise BadBundle("claim-bounds", "an entry of the range was recorded after the instant asked for")
                self._require_after(as_of + 1)
            elif isinstance(question, OfReport) and self._report_at() <= self.last:
                raise BadBundle("claim-bounds", "the report is not shown behind what it rests on")

    def _require_before(self, begin: int) -> None:
        """The entry in front of the range was recorded before an instant; so was every one in front of it."""
        if self.first > 1 and not (self.first - 1 in self.seen and self.seen[self.first - 1].recorded_at < begin):
            raise BadBundle("claim-bounds", "it is not shown that the range begins where it must")

    def _require_after(self, end: int) -> None:
        """The entry behind the range was recorded at or after an instant, where the log goes on."""
        if self.last < self.entries.checkpoint.size:
            following = self.seen.get(self.last + 1)
            if following is None or following.recorded_at < end:
                raise BadBundle("claim-bounds", "it is not shown that the range ends where it must")

    def _check_originals(self) -> None:
        """An entry that changes what earlier ones say is shown with all of them."""
        shown: dict[str, set[int]] = {}
        for seen in self.seen.values():
            shown.setdefault(seen.stream, set()).add(seen.version)
        for seen in self.in_range():
            if seen.type in RESTATING:
                earlier = sum(1 for version in shown[seen.stream] if version < seen.version)
                missing = seen.version - 1 - self.entries.registry.carried(seen.stream) - earlier
                if missing > sum(1 for position in self.withheld if position < seen.position):
                    raise BadBundle("original-missing", f"what entry {seen.position} corrects is not shown")

    # -- the answer ------------------------------------------------------------------------------------------------------------

    def not_opened(self) -> dict[str, int]:
        """Full sealed entries of the range that are not opened here, by nation."""
        sealed = [seen for seen in self.in_range() if seen.type == SEALED and not seen.is_opened]
        return {nation: sum(1 for seen in sealed if seen.nation == nation) for nation in ("FR", "GB")}

    def withheld_in_range(self) -> int:
        """How many entries of the range are withheld."""
        return sum(1 for position in self.withheld if self.first <= position <= self.last)

    def _check_answer(self, answer: Answer) -> None:
        counted = self.not_opened()
        if (counted["FR"], counted["GB"]) != (answer.not_opened.FR, answer.not_opened.GB):
            raise BadBundle("answer-lines", "the sealed entries not opened are not counted right")
        if isinstance(answer, FigureAnswer):
            self._check_lines(answer)
        else:
            self._check_figures(answer)

    def _check_lines(self, answer: FigureAnswer) -> None:
        for line in answer.lines:
            seen = self.seen.get(line.position)
            stated = seen and (seen.inner_id if seen.type == SEALED else seen.id)
            if line.position > self.last or stated != line.event:
                raise BadBundle("answer-lines", f"line {line.event} is not an event shown at {line.position}")
        if sum(line.quantity for line in answer.lines) != answer.value:
            raise BadBundle("answer-lines", "the lines do not add up to the figure")

    def _check_figures(self, answer: ReportAnswer) -> None:
        data = self.report_data()
        said = tuple(data.get(name) for name in ("figures", "position", "ruleset"))
        if said != (answer.figures, answer.position, answer.ruleset):
            raise BadBundle("answer-lines", "the figures are not those of the report")

    def _report_at(self) -> int:
        """The position of the report asked for, 0 where it is not shown."""
        asked = getattr(self.manifest.question, "report", "")
        return next((seen.position for seen in self.seen.values() if (seen.id, seen.type) == (asked, REPORT)), 0)

    def report_data(self) -> dict[str, Any]:
        """What the report asked for says: the `data` of its payload. For questions whose bounds were checked."""
        body = self.entries.archive.read(entry_name(self._report_at()))
        data: dict[str, Any] = strict.parse(parse_entry(body).payload)["data"]
        return data

    def _check_reports(self) -> None:
        """Files under reports/ are what the event of the report asked for commits to."""
        question = self.manifest.question
        names = [name for name in self.entries.archive.members if name.startswith("reports/")]
        wanted: dict[str, Any] = {}
        figures = ""
        if names and isinstance(question, OfReport):
            data = self.report_data()
            wanted = {report_name(question.report, kind): data.get(field) for kind, field in DIGESTS.items()}
            figures = hashlib.sha256(strict.format(data["figures"])).hexdigest()  # the answer was held to them
        for name in names:
            digest = hashlib.sha256(self.entries.archive.read(name)).hexdigest()
            if digest != wanted.get(name) or (name.endswith(REPORT_KINDS[0]) and digest != figures):
                raise BadBundle("report-digest", "not what the report commits to", file=name)

    # -- the end of a stream -------------------------------------------------------------------------------------------------

    def _check_index(self) -> None:
        """Each proof from an index of streams leads to the root of one that is shown. Codes of docs/format.md, section 8.4."""
        committed = self.entries.indexes
        for name in self.entries.archive.members:
            if name.startswith(INDEX):
                proof = _index_proof(name, self.entries.archive.read(name))
                if proof.size not in committed:
                    raise BadBundle("index-unknown", f"no index of size {proof.size} is shown", file=name)
                try:
                    leaf = verify_stream(proof, proof.size, committed[proof.size])
                except errors.BadProof as wrong:
                    raise BadBundle("index-wrong", wrong.message, file=name) from None
                self.has_last_version |= self._is_last(proof.stream, leaf)

    def _is_last(self, stream: str, leaf: Leaf | None) -> bool:
        """Whether the last version shown of the stream asked for is the one that the index knows."""
        complete = self.manifest.complete
        if not isinstance(complete, Versions) or leaf is None:
            return False
        shown = [s.position for s in self.seen.values() if (s.stream, s.version) == (stream, complete.versions)]
        return stream == complete.stream and leaf.version == complete.versions and shown in ([], [leaf.position])

    # -- time stamps ---------------------------------------------------------------------------------------------------------

    def _check_responses(self) -> None:
        """Each response is over the checkpoint and those before it: that much shows without certificates. Codes of 8.5."""
        archive = self.entries.archive
        names = [name for name in archive.members if name.startswith(TIMESTAMPS)]
        digests = self._stamped_digests()
        for name in names:
            if name not in digests:
                raise BadBundle("timestamp-form", "no name of a response, or one before it is missing", file=name)
            if digests[name] not in archive.read(name):
                raise BadBundle("timestamp-other", "the response is over something else", file=name)

    def authorities(self) -> set[str]:
        """The time-stamping authorities whose responses came with it."""
        return {found[0] for name in self.entries.archive.members if (found := response_of(name))}

    def _stamped_digests(self) -> dict[str, bytes]:
        """What each response must be over, by its name: SHA-256 of the checkpoint and the responses before it."""
        archive = self.entries.archive
        found: dict[str, bytes] = {}
        for authority in self.authorities():
            hasher, number = hashlib.sha256(archive.read(CHECKPOINT)), 1
            while (name := response_name(authority, number)) in archive.members and response_of(name):
                found[name] = hasher.digest()
                hasher.update(archive.read(name))
                number += 1
        return found

    def responses(self, authority: str) -> list[bytes]:
        """An authority's responses on the checkpoint, oldest first."""
        members, read = self.entries.archive.members, self.entries.archive.read
        numbers = takewhile(lambda number: response_name(authority, number) in members, count(1))
        return [read(response_name(authority, number)) for number in numbers]


def _index_proof(name: str, body: bytes) -> StreamProof:
    try:
        return parse_stream_proof(body)
    except errors.BadProof as wrong:
        raise BadBundle("index-form", wrong.message, file=name) from None


def _range(manifest: Manifest) -> tuple[int, int]:
    """First and last position claimed; none for a stream."""
    complete = manifest.complete
    return (complete.first, complete.last) if isinstance(complete, Positions) else (1, 0)
