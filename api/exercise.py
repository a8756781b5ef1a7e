"""Play a scenario into a new exercise ledger: registry and keys first, then the night, event by event on the scenario's clock,
through to co-signed and projected. Free text standing in `data` moves to its section, `@REF` becomes the id of that event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from api import authoring, issuing, policies
from api.authoring import Author, Sealers
from api.home import NATIONS, SITES, Home
from api.registrar import Registrar, sealers, signing_nations
from api.settings import Settings
from ledger import errors
from ledger.formats import envelope
from ledger.formats.entry import format_instant, parse_instant
from projections.reports.draft import Wanted

MINUTE = 60_000_000
SET_UP_BEFORE = 60 * MINUTE
REGISTRY = "REGISTRY"
EVENT_FIELDS = (
    *("type", "stream", "occurred_at", "occurred_until", "releasable_to", "stated_time", "late_reason", "regime", "officer"),
    *("role", "basis", "grading", "marking", "lang", "expected_version", "author_seq", "causation_id", "correlation_id"),
)

Progress = Callable[[int, int], None]


class Clock:
    """An exercise's clock: stands where the scenario puts it."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        """Microseconds since 1970 UTC."""
        return self.now

    def tick(self) -> int:
        """One microsecond on: entries of the registry each have an instant of their own."""
        self.now += 1
        return self.now


def run(
    path: Path, scenario: Mapping[str, Any], settings: Settings | None = None, until: int | None = None,
    progress: Progress = lambda done, of: None, *, documents: bool = False,
) -> Home:  # fmt: skip
    """A new exercise ledger in an empty home, from a scenario; stops before what is recorded after `until` (microseconds).

    With `documents` each report is set and signed as well. Raises Malformed naming what is wrong with the scenario, or the
    ledger's refusal of an event, naming its ref.
    """
    if not scenario.get("exercise"):
        raise errors.Malformed("only an exercise may be played", field="exercise", remedy='say "exercise": true')
    clock = Clock()
    origin = str(scenario["origin"])
    wanted = settings or Settings(origin=origin)
    home = Home.create(
        path,
        Settings(origin, True, wanted.database, wanted.gb_database, wanted.fr_database, str(scenario.get("title", ""))),
        clock,
    )
    player = Player(home, scenario, clock, documents=documents)
    player.set_up()
    policies.adopt_first(home, player.registrar)
    steps = [s for s in player.timeline() if until is None or s[0] <= until]
    for done, (at, step) in enumerate(steps):
        clock.now = max(clock.now, at)
        step()
        progress(done + 1, len(steps))
    for nation in NATIONS:
        home.projector(nation).follow()
    for site in SITES:
        home.cosign(site)
    return home


class Player:
    """Speaks for everybody in a scenario."""

    def __init__(self, home: Home, scenario: Mapping[str, Any], clock: Clock, *, documents: bool = False) -> None:
        self.home, self.scenario, self.clock, self.documents = home, scenario, clock, documents
        self.origin = str(scenario["origin"])
        self.authors: dict[str, Author] = {}
        self.ids: dict[str, str] = {}
        self.sealers = Sealers({}, {})
        self.registrar = Registrar(home, clock.tick)

    # -- the registry ------------------------------------------------------------------------------------------------------

    def set_up(self) -> None:
        """Genesis, both nations' keys, authorities with a key each, places; an hour before the night begins."""
        first = min((parse_instant(authoring.instant(e["recorded_at"])) for e in self.scenario["events"]), default=0)
        self.clock.now = first - SET_UP_BEFORE
        self.registrar.open_log(exercise=True)
        for nation in NATIONS:
            self.authors[nation] = Author(nation, nation, self.home.key(f"authority-{nation}"))
        self.sealers = sealers(self.home)
        for row in self.scenario["authorities"]:
            self._authority(row)
        for row in self.scenario["places"]:
            data = {
                name: row[name]
                for name in ("code", "name", "territory", "control_zone", "srr", "longitude_e6", "latitude_e6")
                if name in row
            }
            self.registrar.state("place.registered", REGISTRY, {"control_zone": "none", **data}, NATIONS)

    def _authority(self, row: Mapping[str, Any]) -> None:
        code, nation = row["code"], row["nation"]
        data = {name: row[name] for name in ("code", "nation", "name", "part_of", "functions") if row.get(name)}
        self.registrar.state("authority.registered", REGISTRY, data, signing_nations(nation))
        self.authors[code] = Author(code, nation, self.home.new_key(f"service-{code}"))
        role = "official" if code in (f"{n}-SRO" for n in NATIONS) else "service"
        self.registrar.register(code, nation, role, self.authors[code].key)

    def _official(self, nation: str) -> Author:
        """The nation's senior official: the scenario's own, else one appointed when a report is first due."""
        code = f"{nation}-SRO"
        if code not in self.authors:
            self._authority({"code": code, "nation": nation, "name": f"Senior official ({nation})"})
        return self.authors[code]

    # -- the night ---------------------------------------------------------------------------------------------------------

    def timeline(self) -> list[tuple[int, Callable[[], None]]]:
        """Everything that happens, by the instant it is recorded; ties in file order, directives after events."""
        steps: list[tuple[int, int, Callable[[], None]]] = []
        for row in self.scenario["events"]:
            at = parse_instant(authoring.instant(row["recorded_at"], "recorded_at"))
            steps.append((at, 0, partial(self.record, row)))
        for row in self.scenario.get("directives", ()):
            at = parse_instant(authoring.instant(row["at"], "at"))
            steps.append((at, 1, partial(self.direct, row)))
        return [(at, step) for at, _, step in sorted(steps, key=lambda s: s[:2])]

    def record(self, row: Mapping[str, Any]) -> None:
        """Append one event of the scenario in its author's name."""
        ref = row.get("ref")
        try:
            self.home.ledger.append(self.event(row))
        except errors.EntenteError as wrong:
            wrong.field = f"{ref}: {wrong.field}" if wrong.field else ref
            raise

    def event(self, row: Mapping[str, Any]) -> envelope.Submitted:
        """The signed (and, for one nation, sealed) form of a scenario event."""
        ref = row.get("ref")
        author = self.authors.get(row["authority"])
        if author is None:
            raise errors.Malformed(f"{row['authority']} is not among the scenario's authorities", field="authority")
        event_id = authoring.new_id(self.clock.now // 1_000)
        if ref:
            self.ids[ref] = event_id
        unsigned = {name: row[name] for name in EVENT_FIELDS if name in row}
        unsigned |= {
            "id": event_id,
            "data": self._references(row["data"]),
            "source": {"kind": "system", **({"ref": ref} if ref else {})},
        }
        return authoring.compose(unsigned, author, self.origin, self.sealers, self.clock.now)

    def _references(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith("@"):
            if value[1:] not in self.ids:
                raise errors.Malformed(f"{value} refers to no earlier event", field="data")
            return self.ids[value[1:]]
        if isinstance(value, Mapping):
            return {name: self._references(inner) for name, inner in value.items()}
        return [self._references(inner) for inner in value] if isinstance(value, list) else value

    def direct(self, row: Mapping[str, Any]) -> None:
        """Carry out a directive. `issue_report` computes the nation's figures at its instant and appends them, signed."""
        if row["do"] != "issue_report":
            raise errors.Malformed(f"there is no directive {row['do']}", field="do", remedy="issue_report")
        nation = row["nation"]
        self.home.projector(nation).follow()
        for site in self.home.sites:
            self.home.cosign(site)
        official = self._official(nation)
        wanted = Wanted(date.fromisoformat(row["day"]), row["status"])
        at = parse_instant(authoring.instant(row["at"], "at"))
        prepared = issuing.prepare(self.home, nation, wanted, at, with_documents=self.documents)
        sign = issuing.signer_of(self.home, official.authority, None, None) if self.documents else None
        issuing.issue(self.home, prepared, official, sign, _now(self.clock))


def _now(clock: Clock) -> str:
    return format_instant(clock.now)
