"""A table as Parquet, typed, with its provenance in the file's own metadata. Needs the extra `reports`."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

from api.exports.table import Table
from ledger.formats.entry import parse_instant

METADATA = "entente.provenance"


def as_parquet(table: Table, provenance: Mapping[str, Any]) -> bytes:
    """Every column may be null; instants are microseconds in UTC. Raises ImportError where the extra is not installed."""
    from arro3.core import Array, DataType
    from arro3.core import Table as Columnar
    from arro3.io import write_parquet

    by_column = list(zip(*table.values(), strict=True)) or [()] * len(table.columns)
    arrays = []
    for column, values in zip(table.columns, by_column, strict=True):
        match column.kind:
            case "integer":
                made = Array(list(values), type=DataType.int64())
            case "flag":
                made = Array(list(values), type=DataType.bool())
            case "decimal":
                made = Array([None if v is None else float(v) for v in values], type=DataType.float64())
            case "instant":
                instants = Array([None if v is None else parse_instant(v) for v in values], type=DataType.int64())
                made = instants.cast(DataType.timestamp("us", tz="UTC"))
            case _:
                made = Array(list(values), type=DataType.utf8())
        arrays.append(made)
    out = io.BytesIO()
    columnar = Columnar.from_arrays(arrays, names=[column.code for column in table.columns])
    write_parquet(columnar, out, compression="snappy", key_value_metadata={METADATA: json.dumps(provenance, sort_keys=True)})
    return out.getvalue()
