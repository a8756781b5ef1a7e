"""Where random nights take place: dates, authorities, places, and the instants at which figures change hands."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

UTC = ZoneInfo("UTC")

# First days of nights: the 2015 crisis, clocks going back (25 h) and forward (23 h), a year's end, an ordinary winter.
FIRST_DAYS = (
    date(2015, 8, 26),
    date(2015, 10, 24),
    date(2015, 10, 23),
    date(2015, 3, 28),
    date(2015, 3, 27),
    date(2016, 10, 29),
    date(2016, 3, 26),
    date(2015, 12, 30),
)

AUTHORITIES: list[dict[str, Any]] = [
    {"code": "PAF", "nation": "FR", "name": "Police aux frontières"},
    {"code": "PAF-CLS", "nation": "FR", "name": "Police aux frontières, Calais", "part_of": "PAF"},
    {"code": "CRS", "nation": "FR", "name": "Compagnies républicaines de sécurité"},
    {"code": "OCRIEST", "nation": "FR", "name": "OCRIEST"},
    {"code": "PREF62", "nation": "FR", "name": "Préfecture du Pas-de-Calais"},
    {"code": "SDIS62", "nation": "FR", "name": "Service départemental d'incendie et de secours du Pas-de-Calais"},
    {"code": "CROSS-GN", "nation": "FR", "name": "CROSS Gris-Nez"},
    {"code": "BF", "nation": "GB", "name": "Border Force"},
    {"code": "BF-FREIGHT", "nation": "GB", "name": "Border Force, freight lanes", "part_of": "BF"},
    {"code": "HO-CEIT", "nation": "GB", "name": "Border Force, Clandestine Entrant Civil Penalty Team"},
    {"code": "KENTPOL", "nation": "GB", "name": "Kent Police"},
    {"code": "NCA", "nation": "GB", "name": "National Crime Agency"},
    {"code": "HMCG-DOVER", "nation": "GB", "name": "HM Coastguard Dover"},
    {"code": "ET", "nation": "OPERATOR", "name": "Eurotunnel"},
    {"code": "PORT-CAL", "nation": "OPERATOR", "name": "Port of Calais"},
    {"code": "GB-SRO", "nation": "GB", "name": "British senior official"},
    {"code": "FR-SRO", "nation": "FR", "name": "Haut responsable français"},
]


def _place(code: str, name: str, territory: str, zone: str, longitude: int, latitude: int) -> dict[str, Any]:
    return {
        "code": code,
        "name": name,
        "territory": territory,
        "control_zone": zone,
        "longitude_e6": longitude,
        "latitude_e6": latitude,
    }


PLACES = [
    _place("ET-FENCE-N", "Eurotunnel fence, north", "FR", "none", 1803000, 50944000),
    _place("ET-PLATFORM", "Eurotunnel platforms, Coquelles", "FR", "none", 1811000, 50933000),
    _place("CZ-COQ", "UK control zone, Coquelles", "FR", "GB", 1812000, 50929000),
    _place("CZ-CALP", "UK control zone, port of Calais", "FR", "GB", 1869000, 50968000),
    _place("PORT-ROCADE", "Port ring road (rocade)", "FR", "none", 1896000, 50958000),
    _place("FOLK", "Folkestone terminal", "GB", "none", 1142000, 51097000),
    _place("DOVER", "Port of Dover", "GB", "none", 1333000, 51126000),
    _place("DOVER-FR", "French control zone, port of Dover", "GB", "FR", 1333500, 51126500),
    _place("ZEEB", "Port of Zeebrugge", "BE", "none", 3200000, 51330000),
    _place("SEA-FR", "Dover Strait, French search and rescue region", "FR", "none", 1620000, 51010000),
    _place("SEA-UNKNOWN", "Dover Strait, position uncertain", "UNKNOWN", "none", 1530000, 51040000),
]

NATION = {row["code"]: row["nation"] for row in AUTHORITIES}
POLICE_FR = ("PAF", "PAF-CLS", "CRS", "OCRIEST")
POLICE_GB = ("BF", "BF-FREIGHT", "KENTPOL", "NCA")
COASTGUARDS = ("CROSS-GN", "HMCG-DOVER")
OPERATORS = ("ET", "PORT-CAL")
ON_LAND = ("ET-FENCE-N", "ET-PLATFORM", "CZ-COQ", "CZ-CALP", "PORT-ROCADE", "FOLK", "DOVER", "DOVER-FR", "ZEEB")
AT_SEA = ("SEA-FR", "SEA-UNKNOWN")


def written(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def written_exactly(when: datetime) -> str:
    """As the wire has instants inside `data` (formats.md, the head): six digits of microseconds."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read(text: str) -> datetime:
    return datetime.fromisoformat(text)


def boundaries(first: date) -> list[datetime]:
    """Around a night: each London midnight, each 08:00 in Paris, each provisional cut-off, clock changes at 01:00 UTC."""
    found = []
    for offset in range(-1, 6):
        day = first + timedelta(days=offset)
        found.append(datetime.combine(day, time(0), ZoneInfo("Europe/London")).astimezone(UTC))
        found.append(datetime.combine(day, time(6), ZoneInfo("Europe/London")).astimezone(UTC))
        found.append(datetime.combine(day, time(8), ZoneInfo("Europe/Paris")).astimezone(UTC))
        found.append(datetime.combine(day, time(9), ZoneInfo("Europe/Paris")).astimezone(UTC))
        found.append(datetime.combine(day, time(1), UTC))
    return sorted(set(found))


def scenario_of(title: str, events: list[dict[str, Any]], note: str = "") -> dict[str, Any]:
    """A whole scenario file's worth, with nothing asked and nothing expected."""
    return {
        "title": title,
        "exercise": True,
        "origin": "exercise.entente.example/random",
        "authorities": AUTHORITIES,
        "places": PLACES,
        "events": events,
        "directives": [],
        "questions": {"figures": [], "situation": [], "reconciliations": []},
        "expected": {"figures": [], "situation": [], "reconciliations": []},
        "note": note,
    }


# Questions worth asking of any night


def days_of(scenario: dict[str, Any]) -> list[str]:
    """Every date a figure can fall on: the UTC date of each occurrence, stated or retimed, one day before to two after."""
    times = [event["occurred_at"] for event in scenario["events"]]
    for event in scenario["events"]:
        patch = event["data"].get("patch") or {}
        inner = patch.get("patch") or {}
        times += [p["occurred_at"] for p in (patch, inner) if isinstance(p, dict) and "occurred_at" in p]
    return sorted({(read(text) + timedelta(days=n)).date().isoformat() for text in times for n in (-1, 0, 1, 2)})


def instants_of(scenario: dict[str, Any]) -> list[str]:
    """Every recording instant, the second before each, and one long after everything."""
    recorded = [read(event["recorded_at"]) for event in scenario["events"]]
    every = {when - timedelta(seconds=n) for when in recorded for n in (0, 1)} | {max(recorded) + timedelta(days=40)}
    return [written(when) for when in sorted(every)]
