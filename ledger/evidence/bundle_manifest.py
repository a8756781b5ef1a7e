"""What a bundle says of itself: the question, what is claimed complete, what is withheld, every file with its digest.

Nothing in a manifest is believed: each member is held to the files, to the checkpoint or to the entries. docs/format.md, 12.3.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from ledger import errors
from ledger.errors import BadBundle
from ledger.events.base import PRINTABLE
from ledger.events.values import Day, FigureCode, Identifier, Instant, Origin, Sha256
from ledger.evidence.bundle_names import MANIFEST_BYTES_MAX, POSITION_MAX
from ledger.formats import strict
from ledger.formats.entry import parse_instant

FORMAT: Final = "entente.bundle.v1"
FUTURE_TOLERANCE_SECONDS = 120
"""No event is recorded longer than this before it says it happened: admission refuses it, under whatever rules."""

EventId = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$(?!\n)")]
Position = Annotated[int, Meta(ge=1, le=POSITION_MAX)]
Count = Annotated[int, Meta(ge=0, le=POSITION_MAX)]
Quantity = Annotated[int, Meta(ge=-POSITION_MAX, le=POSITION_MAX)]
Ground = Annotated[str, Meta(min_length=1, max_length=128, pattern=PRINTABLE)]
View = Literal["GB", "FR"]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """Base of what a manifest is made of."""


class File(Part, frozen=True):
    """One file: its name, its size, its SHA-256 in hex."""

    bytes: Count
    name: str
    sha256: Sha256


class Head(Part, frozen=True):
    """What the checkpoint says: origin, root in base64, size."""

    origin: Origin
    root: str
    size: Position


class Withheld(Part, frozen=True):
    """An entry of which only position and leaf hash are shown, and on what ground; `version` is what the maker says it is."""

    ground: Ground
    leaf_hash: Sha256
    position: Position
    version: Position | None = None


class Positions(Part, frozen=True, tag_field="kind", tag="positions"):
    """Every entry from first to last is produced; last = first − 1 where there is none."""

    first: Position
    last: Count


class Versions(Part, frozen=True, tag_field="kind", tag="stream"):
    """Every version of a stream up to `versions` is produced, from the first that this log has of it."""

    stream: Identifier
    versions: Position


class OfStream(Part, frozen=True, tag_field="kind", tag="stream"):
    """Everything recorded of one stream."""

    stream: Identifier


class OfPeriod(Part, frozen=True, tag_field="kind", tag="period"):
    """Everything recorded in [from, to)."""

    from_: Instant = msgspec.field(name="from")
    to: Instant


class OfFigure(Part, frozen=True, tag_field="kind", tag="figure"):
    """One figure of a nation's reporting day, as known at an instant."""

    view: View
    code: FigureCode
    day: Day
    as_of: Instant


class OfReport(Part, frozen=True, tag_field="kind", tag="report"):
    """The figures of a report that was issued."""

    report: EventId


class Line(Part, frozen=True):
    """One line behind a figure: the event that makes it, and how much."""

    event: EventId
    position: Position
    quantity: Quantity


class Window(Part, frozen=True):
    """[from, to) of a reporting day."""

    from_: Instant = msgspec.field(name="from")
    to: Instant


class NotOpened(Part, frozen=True):
    """How many sealed entries of each nation stand in the range and are not opened here."""

    FR: Count
    GB: Count


class FigureAnswer(Part, frozen=True):
    """A figure, and the lines that add up to it."""

    lines: tuple[Line, ...]
    not_opened: NotOpened
    position: Count
    ruleset: Ground
    unit: Ground
    value: Quantity
    window: Window


class ReportAnswer(Part, frozen=True):
    """The figures of a report, as issued."""

    figures: dict[FigureCode, Quantity]
    not_opened: NotOpened
    position: Count
    ruleset: Ground
    window: Window


Question = OfStream | OfPeriod | OfFigure | OfReport
Answer = FigureAnswer | ReportAnswer


class Manifest(Part, frozen=True):
    """A manifest. `answer` is decoded by `answer_of`: whether one belongs is asked later than the rest."""

    complete: Positions | Versions
    files: tuple[File, ...]
    format: Literal["entente.bundle.v1"]
    log: Head
    question: Question
    withheld: tuple[Withheld, ...]
    answer: dict[str, Any] | None = None
    basis: EventId | None = None


def format_manifest(manifest: Manifest) -> bytes:
    """The manifest's bytes. Raises TooLarge."""
    body = strict.format(msgspec.to_builtins(manifest))
    if len(body) > MANIFEST_BYTES_MAX:
        raise errors.TooLarge(f"the manifest would have {len(body)} bytes, more than {MANIFEST_BYTES_MAX}")
    return body


def parse_manifest(body: bytes) -> Manifest:
    """Read a manifest. Raises BadBundle (manifest-form)."""
    try:
        plain = msgspec.json.decode(body)
        if strict.format(plain) != body:
            raise errors.Malformed("not in RFC 8785 form")
        manifest = msgspec.convert(plain, Manifest)
        _require_coherent(manifest, plain)
    except (msgspec.DecodeError, RecursionError, ValueError, errors.Malformed) as wrong:
        raise BadBundle("manifest-form", str(wrong)) from None
    return manifest


def _require_coherent(manifest: Manifest, plain: dict[str, Any]) -> None:
    """What types cannot say. Raises Malformed."""
    question, complete = manifest.question, manifest.complete
    if any(name in plain and plain[name] is None for name in ("answer", "basis")):
        raise errors.Malformed("what is absent is left out")
    if isinstance(question, OfStream) != isinstance(complete, Versions):
        raise errors.Malformed("versions are claimed of a stream, positions of everything else", field="complete")
    if isinstance(question, OfStream) and isinstance(complete, Versions) and question.stream != complete.stream:
        raise errors.Malformed("claims another stream than was asked for", field="complete")
    if isinstance(question, OfPeriod) and _at(question.from_) > _at(question.to):
        raise errors.Malformed("the period ends before it begins", field="question")
    if isinstance(question, OfFigure):
        _at(question.as_of)
    positions = [row.position for row in manifest.withheld]
    if positions != sorted(set(positions)):
        raise errors.Malformed("by position, each once", field="withheld")
    if isinstance(complete, Positions) and any(row.version is not None for row in manifest.withheld):
        raise errors.Malformed("versions are named of a stream asked for only", field="withheld")


def _at(text: str) -> int:
    return parse_instant(text)


def answer_of(manifest: Manifest) -> Answer | None:
    """The answer in its form, None where the question has none. Raises BadBundle (answer-form)."""
    question, plain = manifest.question, manifest.answer
    if isinstance(question, OfFigure | OfReport) != (plain is not None):
        raise BadBundle("answer-form", "an answer stands with a figure or a report, and with nothing else")
    if plain is None:
        return None
    try:
        answer: Answer
        answer = (
            msgspec.convert(plain, FigureAnswer) if isinstance(question, OfFigure) else msgspec.convert(plain, ReportAnswer)
        )
        if _at(answer.window.from_) >= _at(answer.window.to):
            raise errors.Malformed("the window ends before it begins", field="answer.window")
    except (msgspec.ValidationError, errors.Malformed) as wrong:
        raise BadBundle("answer-form", str(wrong)) from None
    return answer
