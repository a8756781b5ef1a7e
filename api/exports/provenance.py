"""Where the rows of a file come from: enough to ask the same again, and to check that nobody changed them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.exports.table import Table
from api.home import Home
from projections.reports.issued import code_version
from projections.ruleset import tzdata_version
from projections.view import Moment

DIGEST = "SHA-256 over the rows, each as RFC 8785 JSON with all columns by their codes, followed by a line feed"


def provenance_of(home: Home, moment: Moment, table: Table, path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """The document that comes with a table. `path` is the answer's in JSON; `query` what was asked, the position added."""
    checkpoint = table.frame["checkpoint"]
    return {
        "view": moment.nation,
        "path": path,
        "query": dict(sorted({**query, "position": str(moment.position)}.items())),
        "as_of": table.frame["as_of"],
        "position": moment.position,
        "checkpoint": {name: checkpoint[name] for name in ("size", "root", "final")},
        "origin": home.settings.origin,
        "ruleset": moment.ruleset().name,
        "marking": moment.ruleset().marking,
        "tzdata": tzdata_version(),
        "code": f"entente/{code_version()}",
        "exercise": home.settings.exercise,
        "columns": [column.code for column in table.columns],
        "rows": len(table.rows),
        "covered": table.covered,
        "digest": {"sha256": table.digest(), "of": DIGEST},
    }
