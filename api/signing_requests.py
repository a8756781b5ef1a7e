"""A report on its way to the official's own machine and back: what is to be read and signed in one file, then all of it signed.

A request is a zip: `request.json` (whose log, whose key, to whom is sealed), `draft.json` (the event, unsigned), and for each
edition its document and its content, whose digests the draft has. The signer signs the documents, puts their digests into the
event, seals what is its own nation's and signs the event. Neither private key has left it; the home records what comes back.
Clause: docs/format.md, 4; ledger/events/report.py, `report.issued`.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from api import authoring, issuing
from api.authoring import Author, AuthorElsewhere, Sealers
from api.home import NATIONS, Home
from api.issuing import Prepared
from api.registrar import sealing_keys
from api.report_files import DOCUMENT_BYTES_MAX, NATIONAL, file_kind, kept
from ledger import errors, events
from ledger.events.report import ReportIssued
from ledger.formats import envelope, strict
from ledger.formats.armour import decode64, encode64
from ledger.formats.entry import parse_instant
from ledger.formats.envelope import Submitted
from ledger.formats.keys import ML_KEM_SEALING, SigningKey, key_id
from ledger.store.receipt import Receipt

REQUEST, DRAFT, EVENT, PREPARED = "request.json", "draft.json", "event.json", "prepared.json"
UNSIGNED, SIGNED, CONTENT = "unsigned.pdf", "signed.pdf", "content.json"
EDITIONS = ("shared", NATIONAL)
JSON_BYTES_MAX = 16 << 20
FIELDS = {UNSIGNED: "unsigned_pdf_sha256", SIGNED: "signed_pdf_sha256", CONTENT: "document_sha256"}
DRAFT_FIELDS = frozenset(("type", "stream", "occurred_at", "expected_version", "marking", "data", "national"))
NOBODYS = {"keyid": "0" * 64, "sig": encode64(bytes(64))}
EPOCH = (1980, 1, 1, 0, 0, 0)
"""What a zip says of when its files were written: nothing."""

Sign = Callable[[bytes], bytes]


class Shown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What readers of PDF show beside a signature."""

    reason: str = ""
    location: str = ""
    name: str = ""

    def as_dict(self) -> dict[str, str]:
        """As `Means.sign` takes it."""
        found: dict[str, str] = msgspec.to_builtins(self)
        return found


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`request.json`: whose log this is for, who is to sign with which registered key, and the nations' public sealing keys."""

    origin: str
    authority: str
    nation: Literal["GB", "FR"]
    key_id: str
    sealing: dict[str, str]
    exercise: bool = False
    shown: Shown = Shown()
    format: Literal["entente/signing-request/1"] = "entente/signing-request/1"


class Request(msgspec.Struct, frozen=True):
    """A report to be signed: terms, the unsigned event, and its files by kind (`unsigned.pdf`, `national.content.json`, …)."""

    terms: Terms
    unsigned: dict[str, Any]
    files: dict[str, bytes]

    @property
    def documents(self) -> dict[str, bytes]:
        """The document of each edition."""
        kinds = {edition: file_kind(edition, UNSIGNED) for edition in EDITIONS}
        return {edition: self.files[kind] for edition, kind in kinds.items() if kind in self.files}


class Completed(msgspec.Struct, frozen=True):
    """A report that its official has signed: the event as it will be recorded, and every file that it commits to."""

    item: Submitted
    files: dict[str, bytes]


# -- asked --------------------------------------------------------------------------------------------------------------------


def of(home: Home, prepared: Prepared, official: str, at: str, shown: Mapping[str, str] | None = None) -> Request:
    """What the holder of a registered key (its id) is asked to sign. Raises KeyNotInForce."""
    ring = home.ledger.keys
    key = ring.keys.get(official)
    if key is None or key.nation not in NATIONS:
        raise errors.KeyNotInForce(f"the key {official[:16]}… is not registered in this log to an official", field="--official")
    unsigned, files = issuing.signed_by(home, prepared, None, at)
    terms = Terms(
        origin=ring.origin,
        authority=key.owner,
        nation="GB" if key.nation == "GB" else "FR",
        key_id=official,
        sealing={nation: encode64(public) for nation, public in sealing_keys(ring).items()},
        exercise=home.settings.exercise,
        shown=Shown(**dict(shown or {})),
    )
    return Request(terms, unsigned, files)


def of_answer(terms: Terms, answer: Mapping[str, Any]) -> Request:
    """The same from what `POST /v1/views/{view}/reports/drafts` answered. Raises BadQuestion for a covered draft."""
    if answer.get("unsigned") is None:
        raise errors.BadQuestion("this draft is covered", remedy="ask for it with a purpose and a motif")
    files = {}
    for row in answer["documents"]:
        files[file_kind(row["edition"], UNSIGNED)] = decode64(row["pdf"])
        files[file_kind(row["edition"], CONTENT)] = strict.format(row["content"])
    return Request(terms, dict(answer["unsigned"]), files)


def write(path: Path, request: Request) -> None:
    """Write a request, all of it or nothing."""
    _write(path, {REQUEST: msgspec.json.encode(request.terms), DRAFT: msgspec.json.encode(request.unsigned), **request.files})


def read(path: Path) -> Request:
    """A request whose parts fit each other. Raises NotFound, TooLarge or Malformed naming the part."""
    files = _read(path)
    try:
        terms = msgspec.json.decode(files.pop(REQUEST), type=Terms)
        unsigned = strict.read_request(files.pop(DRAFT), JSON_BYTES_MAX)
    except KeyError as missing:
        raise errors.Malformed(f"there is no {missing.args[0]} in it: not a signing request", field=path.name) from None
    except msgspec.MsgspecError as wrong:
        raise errors.Malformed(f"{REQUEST} is not understood: {wrong}", field=path.name) from None
    _require_report(unsigned, terms.nation)
    request = Request(terms, unsigned, files)
    for edition in EDITIONS:
        _require_digests(edition, _committed(unsigned, terms.nation, edition), files, (UNSIGNED, CONTENT))
    if not request.documents:
        raise errors.Malformed("there is no document in it", field=path.name)
    return request


# -- signed -------------------------------------------------------------------------------------------------------------------


def complete(request: Request, key: SigningKey | None, sign: Sign | None) -> Completed:
    """Sign every document, then the event that commits to them. Without `sign` the documents stay unsigned.

    Without `key` the event is left to be signed where its key is: see `join`.
    Raises KeyNotInForce where another key is asked for, and whatever `sign` raises; nothing is half signed.
    """
    terms = request.terms
    if key is not None and key.key_id != terms.key_id:
        raise errors.KeyNotInForce(
            f"this is the key {key.key_id[:16]}…; the log knows {terms.authority} by {terms.key_id[:16]}…", field="--key"
        )
    files, unsigned = dict(request.files), msgspec.json.decode(msgspec.json.encode(request.unsigned))
    for edition, body in request.documents.items() if sign is not None else ():
        assert sign is not None
        files[file_kind(edition, SIGNED)] = signed = sign(body)
        _committed(unsigned, terms.nation, edition)[FIELDS[SIGNED]] = _digest(signed)
    who = terms.authority, terms.nation
    author = Author(*who, key) if key is not None else AuthorElsewhere(*who, terms.key_id)
    sealers = Sealers({nation: decode64(public) for nation, public in terms.sealing.items()}, {})
    return Completed(authoring.compose(unsigned, author, terms.origin, sealers, _now(unsigned)), files)


def join(prepared: Completed, signed: Submitted) -> Completed:
    """What was prepared, with the event as it came back signed. Raises Malformed where it is another, or is not signed."""
    if signed.payload != prepared.item.payload:
        raise errors.Malformed(
            "this is not the event that was prepared", field="DRAFT", remedy="sign the draft that came with it"
        )
    named = events.decode_header(signed.payload).key_id
    if named not in {each.keyid for each in signed.signatures}:
        raise errors.Malformed(f"the key {named[:16]}… has not signed it", field="DRAFT")
    return Completed(msgspec.structs.replace(prepared.item, signatures=signed.signatures), prepared.files)


def write_completed(path: Path, completed: Completed) -> None:
    """Write what was signed, all of it or nothing; where the event is yet to be signed elsewhere, what was prepared."""
    name = EVENT if completed.item.signatures else PREPARED
    _write(path, {name: msgspec.json.encode(envelope.format_item(completed.item)), **completed.files})


def read_completed(path: Path) -> Completed:
    """What an official has signed, whose documents are those that the event commits to. Raises as `read`.

    What its nation's own edition commits to is sealed; those who may open it check it.
    """
    files = _read(path)
    if EVENT not in files:
        raise errors.Malformed(
            f"there is no {EVENT} in it: it is not signed yet", field=path.name, remedy="entente signer sign"
        )
    return _fitting(envelope.parse_item(files.pop(EVENT)), files)


def read_prepared(path: Path) -> Completed:
    """What waits for the event to be signed elsewhere, its documents signed already. Raises as `read`."""
    files = _read(path)
    if PREPARED not in files:
        raise errors.Malformed(f"there is no {PREPARED} in it", field=path.name, remedy="entente signer sign --browser")
    plain = strict.read_request(files.pop(PREPARED), JSON_BYTES_MAX)
    inside = plain.get("envelope")
    if not isinstance(inside, dict) or inside.get("signatures") != []:
        raise errors.Malformed(f"{PREPARED} is signed, or no event", field=path.name)
    # Everything else is read as the wire has it, where no event is without a signature.
    item = envelope.parse_item({**plain, "envelope": {**inside, "signatures": [NOBODYS]}})
    return _fitting(msgspec.structs.replace(item, signatures=()), files)


def _fitting(item: Submitted, files: dict[str, bytes]) -> Completed:
    data = events.decode(item.payload).data
    if not isinstance(data, ReportIssued):
        raise errors.Malformed("the event is not of a report", field=EVENT)
    _require_digests("shared", msgspec.to_builtins(data), files, (UNSIGNED, SIGNED, CONTENT))
    return Completed(item, files)


def record(home: Home, completed: Completed) -> Receipt:
    """Keep the files and record the event. Raises the ledger's refusal; nothing is kept then."""
    with kept(home, events.decode_header(completed.item.payload).id, completed.files):
        return home.ledger.append(completed.item)


def told_keys(terms: Terms) -> dict[str, str]:
    """The nations' sealing keys by their ids, to compare with those the log has registered."""
    return {nation: key_id(ML_KEM_SEALING, decode64(public)) for nation, public in terms.sealing.items()}


# -- parts --------------------------------------------------------------------------------------------------------------------


def _require_report(unsigned: Mapping[str, Any], nation: str) -> None:
    """Raise Malformed unless it is a report's event and nothing else: all that is signed is what is shown."""
    if surplus := unsigned.keys() - DRAFT_FIELDS:
        raise errors.Malformed(f"{min(surplus)[:64]!r} has no place in it", field=DRAFT)
    if unsigned.get("type") != "report.issued" or not isinstance(unsigned.get("data"), dict):
        raise errors.Malformed(f"{DRAFT} is not of a report", field=DRAFT)
    try:
        ReportIssued.kind_of_event.decode_data(strict.format(unsigned["data"])).check()
    except msgspec.ValidationError as wrong:
        raise errors.Malformed(str(wrong), field=DRAFT) from None
    own = unsigned.get("national", {})
    if unsigned["data"]["nation"] != nation or not isinstance(own, dict) or own.keys() - {nation}:
        raise errors.Malformed(f"it is not {nation}'s alone", field=DRAFT)
    said = own.get(nation, {})
    lines = said.get("lines_to_take", []) if isinstance(said, dict) else None
    if not isinstance(lines, list) or not all(isinstance(text, str) for text in lines):
        raise errors.Malformed("what is its nation's own is not understood", field=DRAFT)


def _committed(unsigned: dict[str, Any], nation: str, edition: str) -> dict[str, Any]:
    """Where an edition's digests stand in the draft: in the data, or in what is its nation's own."""
    if edition != NATIONAL:
        found: dict[str, Any] = unsigned["data"]
        return found
    own = unsigned.get("national", {})
    return own.get(nation, {}) if isinstance(own, dict) else {}


def _require_digests(edition: str, committed: Mapping[str, Any], files: Mapping[str, bytes], kinds: tuple[str, ...]) -> None:
    for kind in kinds:
        name = file_kind(edition, kind)
        promised, body = committed.get(FIELDS[kind]), files.get(name)
        if body is None and (promised is None or kind == CONTENT):
            continue
        if body is None or promised != _digest(body):
            what = "is missing" if body is None else "is not the one that the event commits to"
            raise errors.Malformed(f"{name} {what}", field=name)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _now(unsigned: Mapping[str, Any]) -> int:
    return parse_instant(authoring.instant(str(unsigned.get("occurred_at", ""))))


KINDS = frozenset(
    (
        REQUEST,
        DRAFT,
        EVENT,
        PREPARED,
        *(file_kind(edition, kind) for edition in EDITIONS for kind in (UNSIGNED, SIGNED, CONTENT)),
    )
)


def _write(path: Path, files: Mapping[str, bytes]) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), body, zipfile.ZIP_DEFLATED)
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(made.getvalue())
    beside.chmod(0o600)
    beside.replace(path)


def _read(path: Path) -> dict[str, bytes]:
    """The files of a zip, each of a name there is, and none larger than it may be whatever the zip says of it."""
    if not path.is_file():
        raise errors.NotFound(f"there is no file {path}", field="FILE")
    files: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename not in KINDS or info.filename in files:
                    raise errors.Malformed(f"{info.filename[:64]!r} has no place in it", field=path.name)
                bytes_max = DOCUMENT_BYTES_MAX if info.filename.endswith(".pdf") else JSON_BYTES_MAX
                with archive.open(info) as file:
                    body = file.read(bytes_max + 1)
                if len(body) > bytes_max:
                    raise errors.TooLarge(f"{info.filename} has more than {bytes_max} bytes", field=path.name)
                files[info.filename] = body
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as wrong:
        raise errors.Malformed(f"not a signing request: {wrong}", field=path.name) from None
    return files
