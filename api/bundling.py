"""Evidence bundles of a home: what a question needs is picked, withheld or opened as asked, written, and verified before it is
handed over. Whoever verifies one needs no home: see `verify_file`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

import msgspec

from api.indexing import Committed, newest_index, prove
from api.policies import governing
from api.purpose import Shown, basis_at, require_purpose
from api.stamping import kept
from ledger import errors, events
from ledger.events.base import Header
from ledger.evidence import loadfile
from ledger.evidence.browserpage import verifier_page
from ledger.evidence.bundle import REFUSED, Verdict, verify
from ledger.evidence.bundle_claims import DIGESTS, Claims
from ledger.evidence.bundle_manifest import Answer, NotOpened, OfFigure, OfReport, OfStream, Positions, Question
from ledger.evidence.bundle_names import CHECKPOINT, RECIPE, VERIFIER, index_name, report_name, response_name
from ledger.evidence.bundle_write import RECIPE_FILE, Draft, Opened, ReadAhead, write_bundle
from ledger.evidence.bundle_zip import Archive, ReadAt
from ledger.evidence.sealed import SEALED
from ledger.evidence.timestamping import Roots, verify_chain
from ledger.formats import sealing, strict
from ledger.formats.entry import format_instant, split_entry
from ledger.formats.policy import Policy
from ledger.formats.streamproof import format_stream_proof
from projections import picking
from projections.attest import answer_again
from projections.picking import Picked

if TYPE_CHECKING:
    from api.home import Home

KINDS: Mapping[str, Callable[[Header], bool]] = {
    "cases": lambda header: header.type.startswith("case."),
    "rescues": lambda header: header.regime == "GENERAL",
}
"""Kinds of entries that may be withheld as a whole: the two that stand together on a legal basis only."""


class Asked(NamedTuple):
    """How a bundle is to be made: what is withheld on which ground, sections opened, the legal basis where one is due.

    `withhold` has positions, `withhold_kinds` names of KINDS. `has_verifier`: with the browser's verifier beside the rest.
    """

    withhold: Mapping[int, str] = {}
    withhold_kinds: Mapping[str, str] = {}
    open_sections: Sequence[tuple[int, str]] = ()
    basis: str | None = None
    has_verifier: bool = True


def create(home: Home, question: Question, out: Path, asked: Asked, size: int) -> Verdict:
    """Write the bundle that answers a question under the checkpoint of `size`; returns its verdict under the home's own policy.

    Nothing stands at `out` unless it verifies. Raises BadQuestion, NotFound, NotAllowed (purpose), BadSection.
    """
    if out.exists():
        raise errors.BadQuestion(f"{out} exists", field="--out", remedy="name a new file")
    log = ReadAhead(home.ledger)
    draft = _draft(home, log, question, asked, size)
    unnamed = out.with_name(out.name + ".partial")
    try:
        with unnamed.open("xb") as file:
            write_bundle(file, log, draft)
            file.flush()
            os.fsync(file.fileno())
        verdict = verify_file(unnamed, home.policy())
        if verdict.word == REFUSED:
            raise errors.VerificationFailed(f"the bundle would not verify: {verdict.detail}", remedy="run entente verify")
        unnamed.replace(out)
    finally:
        with suppress(FileNotFoundError):
            unnamed.unlink()
    return verdict


def verify_file(
    path: Path,
    elsewhere: Policy | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
    roots: Mapping[str, Roots] | None = None,
) -> Verdict:
    """Verify a bundle in a file, figures included. Offline; reads the file and writes nothing.

    `roots` are certificates of time-stamping authorities from elsewhere, by their names in the bundle.
    """
    with path.open("rb") as file:
        stamped = None if roots is None else partial(_stamped, roots)
        return verify(_reader(file), file.seek(0, os.SEEK_END), elsewhere, answer_again, stamped, progress)


def _stamped(roots: Mapping[str, Roots], claims: Claims) -> list[dict[str, str]]:
    """The first time of each authority's chain that verifies under its certificates."""
    note, found = claims.entries.archive.read(CHECKPOINT), []
    for authority, certificates in sorted(roots.items()):
        try:
            tokens = verify_chain(note, claims.responses(authority), certificates)
        except errors.BadTimestamp:
            continue  # what does not hold proves nothing, and spoils nothing else
        found += [{"authority": authority, "at": format_instant(token.at)} for token in tokens[:1]]
    return found


def strangers(path: Path) -> list[str]:
    """Of the files for people in a sound bundle, on which no verdict rests, those that are not this version's own."""
    own = {RECIPE: RECIPE_FILE.read_bytes(), VERIFIER: verifier_page()}
    with path.open("rb") as file:
        archive = Archive(_reader(file), file.seek(0, os.SEEK_END))
        return [name for name, body in own.items() if name in archive.members and archive.read(name) != body]


def write_load_file(path: Path, folder: Path) -> int:
    """Lay a bundle that was verified out for a review platform, in a new or empty folder; returns how many documents.

    DATA holds the DAT and the OPT, NATIVES the payloads as signed, TEXT and IMAGES each entry to be read. Raises BadQuestion.
    """
    if folder.exists() and any(folder.iterdir()):
        raise errors.BadQuestion(f"{folder} is not empty", field="--out", remedy="name an empty or a new folder")
    for name in ("DATA", "NATIVES", "TEXT", "IMAGES"):
        (folder / name).mkdir(parents=True)
    count = 0
    data = folder / "DATA" / loadfile.VOLUME
    with path.open("rb") as file, data.with_suffix(".dat").open("wb") as dat, data.with_suffix(".opt").open("wb") as opt:
        dat.write(loadfile.dat_head())
        for document in loadfile.documents(Archive(_reader(file), file.seek(0, os.SEEK_END))):
            dat.write(loadfile.dat_line(document))
            opt.write(loadfile.opt_line(document))
            if document.native:
                (folder / "NATIVES" / f"{document.number}.json").write_bytes(document.native)
            (folder / "TEXT" / f"{document.number}.txt").write_text(document.text, encoding="utf-8")
            (folder / "IMAGES" / f"{document.number}.pdf").write_bytes(document.pages)
            count += 1
    return count


def _reader(file: BinaryIO) -> ReadAt:
    def read_at(at: int, count: int) -> bytes:
        file.seek(at)
        return file.read(count)

    return read_at


# -- drafting -----------------------------------------------------------------------------------------------------------------


def _draft(home: Home, log: Any, question: Question, asked: Asked, size: int) -> Draft:
    kinds = {kind: KINDS[kind] for kind in asked.withhold_kinds}
    picked = picking.pick(question, log, size, lambda header: any(is_of(header) for is_of in kinds.values()))
    if asked.basis is not None:
        picked.needed.add(basis_at(home, asked.basis, size))
    index = newest_index(home.reader, size) if isinstance(question, OfStream) else None
    if index is not None:
        picked.needed.add(index.position)
    _require_withholdable(picked, asked.withhold)
    all_shown = [Shown(p, _header(log.entry(p))) for p in picked.in_order]
    withheld = {
        s.position: ground
        for kind, ground in asked.withhold_kinds.items()
        for s in all_shown
        if kinds[kind](s.header) and s.position not in picked.needed
    } | dict(asked.withhold)
    shown = [s for s in all_shown if s.position not in withheld]
    require_purpose(home, shown, asked.basis)
    opened = [_opened(home, position, name, shown) for position, name in asked.open_sections]
    versions: dict[int, int] = {}
    if isinstance(question, OfStream):
        versions = {p: split_entry(log.entry(p))[2] for p in withheld}
    return Draft(
        question=question,
        complete=picked.complete,
        positions=picked.in_order,
        checkpoint=kept(home).note(size) or log.signed_checkpoint(size),
        policy=governing(home, size),
        withheld=withheld,
        versions=versions,
        opened=opened,
        answer=_answer(log, question, picked, shown, opened, size),
        basis=asked.basis,
        beside=_beside(home, question, index, size) | _verifier(asked),
    )


def _header(entry: bytes) -> Header:
    return events.decode_header(split_entry(entry)[3])


def _require_withholdable(picked: Picked, withhold: Mapping[int, str]) -> None:
    """What the checks need is shown: the registry, the neighbours of a range, a report, the legal basis."""
    for position in withhold:
        if position not in picked.in_order:
            raise errors.BadQuestion(f"entry {position} is not among those the question needs", field="--withhold")
        if position in picked.needed:
            raise errors.BadQuestion(f"entry {position} cannot be withheld: what is checked rests on it", field="--withhold")


def _answer(
    log: Any, question: Question, picked: Picked, shown: Sequence[Shown], opened: Sequence[Opened], size: int
) -> Answer | None:
    if not isinstance(question, OfFigure | OfReport):
        return None
    assert isinstance(picked.complete, Positions)
    first, last = picked.complete.first, picked.complete.last
    inside = {section.position: section for section in opened}
    closed = [s for s in shown if s.header.type == SEALED and first <= s.position <= last and s.position not in inside]
    counts = [s.header.releasable_to[0] for s in closed]
    not_opened = NotOpened(FR=counts.count("FR"), GB=counts.count("GB"))

    def inner(position: int, outer: events.Event) -> bytes:
        section = inside.get(position)
        if section is None:
            raise errors.BadSection("not opened", field="sections.inner")
        return sealing.open_with_key(_commitment(outer.header, 0), section.ciphertext, section.key)

    entries = ((s.position, log.entry(s.position)) for s in shown if s.position <= last)
    if isinstance(question, OfFigure):
        return picking.figure(question, entries, last, not_opened, inner)
    _, issued = picking.find_report(question, log, size)
    again = picking.report(issued, entries, not_opened, inner)
    return msgspec.structs.replace(again, figures=dict(issued.figures), ruleset=issued.ruleset)


def _opened(home: Home, position: int, name: str, shown: Sequence[Shown]) -> Opened:
    """A section with its own key, found with one of the sealing keys that this home holds. Raises BadQuestion, BadSection."""
    header = next((s.header for s in shown if s.position == position), None)
    names = [section.name for section in header.sections] if header is not None else []
    if header is None or name not in names:
        raise errors.BadQuestion(f"no section {name} of entry {position} would stand in the bundle", field="--open")
    section = home.ledger.sections(position).get(name)
    if section is None:
        raise errors.BadSection(f"section {name} of entry {position} is not here: it was erased", field="--open")
    commitment = _commitment(header, names.index(name))
    for nation in section.wraps:
        key = home.sealing_key(nation)
        if key is not None:
            revealed = sealing.reveal(commitment, section, header.origin, header.id, nation, key)
            return Opened(position, names.index(name), section.ciphertext, revealed)
    raise errors.BadSection(f"this home holds no key that opens section {name} of entry {position}", field="--open")


def _commitment(header: Header, index: int) -> sealing.Commitment:
    return cast(sealing.Commitment, msgspec.to_builtins(header.sections[index]))


def _beside(home: Home, question: Question, index: Committed | None, size: int) -> dict[str, bytes]:
    """The time stamps on the checkpoint, the proof of a stream's last version, the documents of a report."""
    stamps = kept(home)
    beside = {
        response_name(authority, number): response
        for (stamped, authority), numbers in stamps.chains().items()
        if stamped == size
        for number, response in enumerate(stamps.responses(size, authority, numbers[-1]), start=1)
    }
    if isinstance(question, OfStream) and index is not None:
        _, proof = prove(home, question.stream, size)
        beside[index_name(index.size)] = format_stream_proof(proof)
    if isinstance(question, OfReport):
        beside |= {report_name(question.report, kind): body for kind, body in _documents(home, question, size).items()}
    return beside


def _verifier(asked: Asked) -> dict[str, bytes]:
    """The browser's verifier, unless it is left out."""
    return {VERIFIER: verifier_page()} if asked.has_verifier else {}


def _documents(home: Home, question: OfReport, size: int) -> dict[str, bytes]:
    """What the report asked for commits to, by kind, as far as the home has it."""
    _, issued = picking.find_report(question, home.ledger, size)
    candidates = [strict.format(dict(issued.figures))]
    candidates += [path.read_bytes() for path in sorted((home.path / "reports").glob("*.pdf"))]
    by_digest = {hashlib.sha256(body).hexdigest(): body for body in candidates}
    wanted = {kind: getattr(issued, name) for kind, name in DIGESTS.items()}
    return {kind: by_digest[digest] for kind, digest in wanted.items() if digest in by_digest}


# -- questions ----------------------------------------------------------------------------------------------------------------


def size_for(home: Home) -> int:
    """The size of the newest checkpoint that both nations co-signed, else of the newest one there is. Raises NotFound."""
    final = home.finality().newest_final()
    if final is not None:
        return final.checkpoint.size
    newest = home.ledger.newest_checkpoint()
    if newest is None:
        raise errors.NotFound("the log has no checkpoint yet", remedy="append something first")
    return newest[0]


def newest_instant(home: Home, size: int) -> str:
    """The instant of the last entry under a checkpoint: what `now` means to a bundle."""
    return format_instant(home.ledger.recorded_at(size))
