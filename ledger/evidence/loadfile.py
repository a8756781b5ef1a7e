"""A bundle laid out for a review platform: Concordance DAT and Opticon OPT, and one native, text and page image an entry.

The DAT is UTF-8 with a byte order mark, one line a document: every value between thorns (U+00FE), U+0014 between values, a
line feed inside a value written as U+00AE, lines ended by CR LF. The OPT has seven fields a line: image key, volume, path, Y
where a document begins, two that nobody uses, pages. Paths have backslashes, as those platforms ask.

Document numbers are positions in the log: the same entry has the same number in every bundle. Pure; the caller writes files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

import msgspec

from ledger import errors, events
from ledger.events.base import Header
from ledger.evidence.bundle_entries import is_of_registry
from ledger.evidence.bundle_manifest import Manifest, Positions, parse_manifest
from ledger.evidence.bundle_names import MANIFEST, entry_name, is_proof, position_of, section_names
from ledger.evidence.bundle_zip import Archive
from ledger.evidence.pages import paged
from ledger.formats import envelope, sealing
from ledger.formats.entry import Entry, parse_entry

VOLUME = "ENTENTE001"
EXERCISE = "EXERCISE – invented / EXERCICE – fictif"
COLUMNS = (
    *(
        "DOCID",
        "BEGBATES",
        "ENDBATES",
        "PAGECOUNT",
        "FAMILY",
        "FAMILYSEQ",
        "PARENTID",
        "CUSTODIAN",
        "SCOPE",
        "DOCTYPE",
        "TITLE",
    ),
    *("DATEOCCURRED", "DATESTATED", "DATERECORDED", "TIMEZONE", "HASHSHA256", "LEAFHASH", "CONFIDENTIALITY", "RELEASABLETO"),
    *("WITHHELD", "EXERCISE", "ORIGIN", "POSITION", "EVENTID", "LABEL", "NATIVELINK", "TEXTLINK"),
)
_THORN, _FIELD, _LINE = "\u00fe", "\u0014", "\u00ae"
_MILLISECONDS_BITS = 80
"""How far the milliseconds of a UUID version 7 stand above its end."""


class Document(NamedTuple):
    """One entry: its number, what the DAT says of it, its native (nothing where it is withheld), its text, its pages as PDF."""

    number: str
    values: dict[str, str]
    native: bytes
    text: str
    pages: bytes
    page_count: int


def number_of(position: int) -> str:
    """The document number of an entry."""
    return f"ENTENTE-{position:010d}"


def dat_head() -> bytes:
    """The first line of a DAT, with its byte order mark."""
    return "\ufeff".encode() + _dat(COLUMNS)


def dat_line(document: Document) -> bytes:
    """One document's line in the DAT."""
    return _dat([document.values.get(column, "") for column in COLUMNS])


def opt_line(document: Document) -> bytes:
    """One document's line in the OPT: its pages are one PDF."""
    return f"{document.number},{VOLUME},IMAGES\\{document.number}.pdf,Y,,,{document.page_count}\r\n".encode("ascii")


def _dat(values: Any) -> bytes:
    line = _FIELD.join(f"{_THORN}{_clean(value)}{_THORN}" for value in values)
    return f"{line}\r\n".encode()


def _clean(value: str) -> str:
    """A value in which nothing is a delimiter: the native keeps every character as it was."""
    return value.replace(_THORN, "th").replace(_FIELD, " ").replace("\r\n", _LINE).replace("\n", _LINE)


def documents(archive: Archive) -> Iterator[Document]:
    """The entries of a bundle that was verified before, in order of position."""
    manifest = parse_manifest(archive.read(MANIFEST))
    is_exercise = json.loads(parse_entry(archive.read(entry_name(1))).payload)["data"]["exercise"]
    about = {"ORIGIN": manifest.log.origin, "TIMEZONE": "UTC", "EXERCISE": EXERCISE if is_exercise else ""}
    grounds = {row.position: row for row in manifest.withheld}
    parents: dict[str, int] = {}
    for name in archive.members:
        if not is_proof(name):
            continue
        position = position_of(name)
        if position in grounds:
            yield _withheld(position, grounds[position].leaf_hash, grounds[position].ground, about)
            continue
        body = archive.read(entry_name(position))
        entry = parse_entry(body)
        header = events.decode_header(entry.payload)
        parents.setdefault(header.id, position)
        told = _told(manifest, position, body, entry, header) | about
        target = json.loads(bytes(header.data)).get("target", "")
        told["PARENTID"] = number_of(parents[target]) if isinstance(target, str) and target in parents else ""
        text = _rendered(number_of(position), told, entry, opened(archive, position, header))
        yield _document(position, told, entry.payload, text)


def _withheld(position: int, leaf_hash: str, ground: str, about: dict[str, str]) -> Document:
    """A slip sheet: that there is an entry, and why it is not shown."""
    title = "Withheld / Non communiqué"
    head = [number_of(position), about["EXERCISE"], "", title, ground, "", f"leaf hash {leaf_hash}", ""]
    values = {"SCOPE": "asked", "WITHHELD": ground, "LEAFHASH": leaf_hash, "TITLE": title} | about
    return _document(position, values, b"", "\n".join(head))


def _told(manifest: Manifest, position: int, body: bytes, entry: Entry, header: Header) -> dict[str, str]:
    """What the DAT says of a full entry."""
    row = events.CATALOGUE.get((header.type, header.schema))
    title = f"{row.en} / {row.fr}" if row is not None else header.type
    marking = " / ".join([header.marking.gb, header.marking.fr, *header.marking.caveats])
    return {
        "FAMILY": header.stream,
        "FAMILYSEQ": str(entry.version),
        "CUSTODIAN": header.authority,
        "SCOPE": _scope(manifest, position, header),
        "DOCTYPE": header.type,
        "TITLE": title,
        "DATEOCCURRED": header.occurred_at,
        "DATESTATED": _stated_at(header.id),
        "DATERECORDED": entry.recorded_at,
        "HASHSHA256": hashlib.sha256(entry.payload).hexdigest(),
        "LEAFHASH": hashlib.sha256(b"\x00" + body).hexdigest(),
        "CONFIDENTIALITY": marking,
        "RELEASABLETO": ";".join(header.releasable_to),
        "EVENTID": header.id,
        "LABEL": header.source.ref or "",
        "NATIVELINK": f"NATIVES\\{number_of(position)}.json",
    }


def _document(position: int, values: dict[str, str], native: bytes, text: str) -> Document:
    number = number_of(position)
    pages, count = paged(text)
    counted = {
        "DOCID": number, "BEGBATES": number, "ENDBATES": number, "PAGECOUNT": str(count), "POSITION": str(position),
        "TEXTLINK": f"TEXT\\{number}.txt",
    }  # fmt: skip
    return Document(number, counted | values, native, text, pages, count)


def _scope(manifest: Manifest, position: int, header: Header) -> str:
    """Why the entry is in the bundle: asked for, of the registry, or needed to check the rest."""
    complete = manifest.complete
    is_asked = (
        complete.first <= position <= complete.last if isinstance(complete, Positions) else header.stream == complete.stream
    )
    return "asked" if is_asked else "registry" if is_of_registry(header.type) else "context"


def _stated_at(event_id: str) -> str:
    """The author's clock when the event was made: the first 48 bits of its id."""
    milliseconds = int(event_id.replace("-", ""), 16) >> _MILLISECONDS_BITS
    try:
        at = datetime.fromtimestamp(milliseconds / 1_000, UTC)
    except (OverflowError, ValueError, OSError):
        return ""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def opened(archive: Archive, position: int, header: Header) -> dict[str, str]:
    """What the opened sections of an entry say, by name; of a sealed event, the payload inside."""
    said: dict[str, str] = {}
    for index, committed in enumerate(header.sections):
        sealed, key = section_names(position, index)
        if sealed in archive.members:
            commitment = cast(sealing.Commitment, msgspec.to_builtins(committed))
            plaintext = sealing.open_with_key(commitment, archive.read(sealed), archive.read(key))
            said[committed.name] = _indented(_inside(plaintext) if committed.name == "inner" else plaintext)
    return said


def _inside(plaintext: bytes) -> bytes:
    try:
        return envelope.parse_item(plaintext).payload
    except errors.EntenteError:
        return plaintext


def _indented(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=1)
    except ValueError:
        return body.decode("utf-8", "replace")


def _rendered(number: str, values: dict[str, str], entry: Entry, said: dict[str, str]) -> str:
    """An entry as a page one can read: what it is, the three times, what it says."""
    named = [(column, values[column]) for column in COLUMNS if values.get(column) and not column.endswith("LINK")]
    lines = [number, values["EXERCISE"], "", *(f"{column:<16}{value}" for column, value in named)]
    lines += [f"SIGNED BY       {signature.keyid}" for signature in entry.signatures]
    lines += ["", _indented(entry.payload)]
    for name, text in said.items():
        lines += ["", f"[{name}]", text]
    return "\n".join(lines) + "\n"
