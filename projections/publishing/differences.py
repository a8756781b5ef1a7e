"""A difference between the two capitals in one sentence of a report. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from projections.publishing.spoken import Spoken
from projections.wording import reports as w
from projections.wording.names import DIMENSIONS, REASONS


def difference(row: Mapping[str, Any], s: Spoken) -> str:
    """London's figure, Paris's, and each event between them."""
    ends = s.of(w.ENDS, gb=s.number(row["from"]), gb_code=row["gb"]["code"], fr=s.number(row["to"]), fr_code=row["fr"]["code"])
    parts = [f"{s.signed(each['net'])} {_why(each, s)} ({each['label']})" for each in row["told"]["counted"]]
    parts += [f"{s.signed(step['delta'])} {s.of(DIMENSIONS[step['dimension']])}" for step in row["steps"] if not step["items"]]
    if row["unexplained"]:
        parts.append(s.of(w.UNEXPLAINED, count=s.signed(row["unexplained"])))
    return s.of(w.NAMED, name=ends, value="; ".join(parts)) if parts else ends


def _why(each: Mapping[str, Any], s: Spoken) -> str:
    return ", ".join(dict.fromkeys(s.of(REASONS[step["reason"]]) for step in each["steps"]))
