"""A difference between the two capitals as a report tells it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from projections.publishing.spoken import Spoken
from projections.sentences import sentences, title
from projections.wording import reports as w


def difference(row: Mapping[str, Any], s: Spoken, *, is_first_page: bool = False) -> str:
    """What a pair of figures is about, and why Paris's is not London's: events named, and what is not told, in the annexes.

    On the first page a nation's silence is told once, before it.
    """
    shown = {**row, "not_stated": []} if is_first_page else row
    told = " ".join(sentences(shown, s.language, labels=not is_first_page))
    return s.of(w.ON, title=title(row["pair"], s.language), told=told.rstrip("."))
