"""A table as GeoJSON (RFC 7946): a feature a row, where it says it is, or at its registered place; else nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from api.exports.table import Table

MILLIONTHS = 1_000_000


def as_geojson(table: Table, provenance: Mapping[str, Any]) -> bytes:
    """Longitude before latitude, in degrees of WGS 84. A shelter has no place in the log, and no point here."""
    features = [
        {"type": "Feature", "geometry": _point(row, table), "properties": _properties(row, table)} for row in table.rows
    ]
    return msgspec.json.encode({"type": "FeatureCollection", "features": features, "provenance": provenance})


def _properties(row: Mapping[str, Any], table: Table) -> dict[str, Any]:
    return {column.code: row.get(column.code) for column in table.columns if column.code not in ("longitude", "latitude")}


def _point(row: Mapping[str, Any], table: Table) -> dict[str, Any] | None:
    if row.get("longitude") is not None and row.get("latitude") is not None:
        return {"type": "Point", "coordinates": [float(row["longitude"]), float(row["latitude"])]}
    where = table.places.get(row.get("place") or "")
    return None if where is None else {"type": "Point", "coordinates": [n / MILLIONTHS for n in where]}
