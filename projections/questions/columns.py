"""Which columns a question's rows are shown in, and in which order. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

FIRST = ("label", "position", "recorded_at", "occurred_at", "stream", "authority")
"""What every reader asks for first."""
LEFT_TO_DATA = ("event", "key_id", "kind", "changed_by", "streams", "events")
"""Identifiers and lists that only a program reads: they are in the data, not on a page."""
OTHER_LANGUAGE = {"en": "quoi", "fr": "what"}


def columns_of(rows: Sequence[Mapping[str, Any]], language: str) -> list[str]:
    """The columns in which any row says something, those that every reader asks for first."""
    known = dict.fromkeys(name for row in rows for name, value in row.items() if value is not None)
    hidden = {*LEFT_TO_DATA, OTHER_LANGUAGE[language]}
    return [c for c in FIRST if c in known] + [c for c in known if c not in FIRST and c not in hidden]
