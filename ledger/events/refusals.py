"""Turns what msgspec says of bytes it cannot decode into a refusal that names the field and what to do."""

from __future__ import annotations

import difflib
import re

import msgspec

from ledger.errors import Malformed
from ledger.events.base import TEXT_EVERYWHERE, EventType

_WHERE = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>[^`]*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"^Object contains unknown field `(?P<name>.*)`$", re.DOTALL)
_MISSING = re.compile(r"^Object missing required field `(?P<name>.*)`$", re.DOTALL)
_INDEX = re.compile(r"\[(\d+)\]")
_PATTERN = re.compile(r"^Expected `str` matching regex .*$", re.DOTALL)
NAME_SHOWN_MAX_CHARACTERS = 64


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for bytes that are no JSON of the form asked for, no UTF-8, or nested too deeply to be read."""


def malformed(error: Exception, inside: str, row: EventType | None = None) -> Malformed:
    """The refusal for a decoding error inside the payload (`""`) or inside its `data`; `row` knows the type's field names."""
    if not isinstance(error, msgspec.DecodeError):
        return Malformed("not UTF-8" if isinstance(error, UnicodeDecodeError) else "nested too deeply", field=inside or None)
    found = _WHERE.match(str(error))
    assert found is not None
    what, path = found["what"], inside + _INDEX.sub(r".\1", (found["path"] or "").replace("[...]", ""))
    if unknown := _UNKNOWN.match(what):
        return _unknown_field(unknown["name"][:NAME_SHOWN_MAX_CHARACTERS], path, row)
    if missing := _MISSING.match(what):
        return Malformed("is missing", field=_join(path, missing["name"]))
    if _PATTERN.match(what):
        what = "not written as it must be, or holds characters that are not printable"
    return Malformed(what, field=path.lstrip(".") or None)


def _unknown_field(name: str, path: str, row: EventType | None) -> Malformed:
    field = _join(path, name)
    if row is None or path != "data":
        return Malformed("there is no such field here", field=field)
    if name in TEXT_EVERYWHERE or name in row.text:
        return Malformed("free text does not stand in data", field=field, remedy="move it to the `text` section")
    known = [known.encode_name for known in msgspec.structs.fields(row.data_class)]
    near = difflib.get_close_matches(name, known, n=1)
    remedy = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}" if known else "its data is empty"
    return Malformed(f"{row.name} has no such field", field=field, remedy=remedy)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}".lstrip(".")
