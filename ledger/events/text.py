"""Free text: which fields are text, taken out of what a person or a service says before it is signed.

No free text ever stands in `data`. The author's side splits what was said into data and text; the text becomes the section
`text`, which can be erased without touching a proof. Whoever opens that section checks it with `check_text`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ledger.errors import Malformed
from ledger.events.base import NEWEST, TEXT_EVERYWHERE

TEXT_MAX_CHARACTERS = 8_192
TEXT_ITEMS_MAX = 64
Text = str | list[str]

_UNHEARD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_UTC = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,6}))?(?:Z|\+00:00)").fullmatch


def text_names(name: str) -> tuple[str, ...]:
    """The text fields of a type: its own, and those that any type accepts."""
    row = NEWEST.get(name)
    own = row.text if row is not None else ()
    return (*own, *(common for common in TEXT_EVERYWHERE if common not in own))


def split_text(name: str, said: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Text]]:
    """What an author said of one event, as (data, text): text fields apart, UTC instants in canonical form.

    Raises Malformed where a text field is not a string or a list of strings, or is too long.
    """
    names = text_names(name)
    text = {field: value for field, value in said.items() if field in names}
    check_text(name, text)
    return {field: _canonical(value) for field, value in said.items() if field not in names}, text


def canonical_instant(value: str) -> str | None:
    """Any usual way of writing a UTC instant as the ledger's own, `2015-08-27T03:12:00.000000Z`; None where it is none."""
    found = _UTC(value)
    if found is None:
        return None
    whole, fraction = found[1], found[2] or ""
    return f"{whole if whole.count(':') == 2 else whole + ':00'}.{fraction:0<6}Z"


def _canonical(value: Any) -> Any:
    """Instants in canonical form wherever they stand; the author's own words stay as they are."""
    if isinstance(value, str):
        return canonical_instant(value) or value
    if isinstance(value, Mapping):
        return {name: inner if name == "stated_time" else _canonical(inner) for name, inner in value.items()}
    return [_canonical(inner) for inner in value] if isinstance(value, list) else value


def check_text(name: str, text: Mapping[str, Any]) -> None:
    """Raise Malformed where an opened `text` section of this type holds anything but its text fields, as readable text."""
    for field, value in text.items():
        if field not in text_names(name):
            raise Malformed(f"{name} has no such text field", field=f"text.{field}")
        lines = value if isinstance(value, list) else [value]
        if len(lines) > TEXT_ITEMS_MAX or not all(isinstance(line, str) for line in lines):
            raise Malformed(f"a text is a string or a list of up to {TEXT_ITEMS_MAX} strings", field=f"text.{field}")
        if sum(len(line) for line in lines) > TEXT_MAX_CHARACTERS:
            raise Malformed(f"longer than {TEXT_MAX_CHARACTERS} characters", field=f"text.{field}")
        if any(_UNHEARD.search(line) for line in lines):
            raise Malformed("holds control or direction-changing characters", field=f"text.{field}")
