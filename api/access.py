"""Who looked at what: each nation's access log, a log of its own every month, made by the joint one's machinery.

An entry says which verb of the law, who in which role, which events (references only), for what purpose, and the motif in
words, sealed to that nation. Its entries, keys and checkpoints are the nation's own; the joint log holds its heads
(`head.committed`), so that nothing can be taken out of it afterwards. What cannot be logged is not shown.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy.engine import make_url

from api import authoring
from api.authoring import Author, Sealers
from api.grants import Grants
from api.home import Home
from api.registrar import in_base64
from api.tokens import MANDATED, Holder
from ledger import errors, events
from ledger.events.access import Access
from ledger.events.national import access_origin
from ledger.formats import sealing, strict
from ledger.formats.entry import format_instant, split_entry
from ledger.formats.keys import SigningKey
from ledger.formats.sealing import SealedSection
from ledger.store.application import Ledger
from ledger.store.engines import open_engine
from ledger.store.reader import LogReader
from migrations import upgrade

OBJECTS_MAX = 512
FOLDER = "access"
SCOPE = ("access.*",)
REVIEW = "review-of-emergency"
HEADS = "ACCESS-HEADS"


class Reason(NamedTuple):
    """Why somebody looks: a purpose by its code, the motif in words, and whether there was no time to give one."""

    purpose: str
    motif: str
    emergency: bool = False


class Looked(NamedTuple):
    """One entry of an access log as it is shown: `motif` is empty where the nation's key is not here to open it.

    `mandate` is the one it was disclosed under, empty where a nation's own people looked.
    """

    month: str
    position: int
    event_id: str
    recorded_at: str
    verb: str
    who: str
    role: str
    purpose: str
    motif: str
    objects: tuple[str, ...]
    emergency: bool
    mandate: str


class AccessLog:
    """One nation's access log as a home keeps it. Threads may share it."""

    def __init__(self, home: Home, nation: str) -> None:
        self.home = home
        self.nation = nation
        self._grants = Grants(home)
        self._turn = threading.Lock()
        self._open: tuple[str, Ledger] | None = None

    def close(self) -> None:
        """Close the month that is open."""
        with self._turn:
            if self._open is not None:
                self._open[1].close()
                self._open = None

    # -- writing ---------------------------------------------------------------------------------------------------------------

    def record(
        self, holder: Holder, objects: Sequence[str], reason: Reason, verb: str = "access.consulted", **more: Any
    ) -> list[str]:
        """Put a look on record before it is had; returns the ids of its entries. `more` are further fields of the event.

        Raises Malformed for a purpose that is no code, and Unavailable or NotFound where it cannot be put on record: then
        nothing may be shown.
        """
        now = self.home.now()
        with self._turn:
            ledger = self._ledger(_month(now))
            key = self.home.key(f"access-{self.nation}")
            sealers = self._sealers()
            ids = []
            for at in range(0, len(objects), OBJECTS_MAX):
                data = {"objects": list(objects[at : at + OBJECTS_MAX]), "purpose": reason.purpose, "who": holder.name, **more}
                data |= {"motif": reason.motif} if reason.motif else {}
                data |= {"emergency": True} if reason.emergency else {}
                unsigned = {
                    "type": verb, "stream": f"ACCESS-{holder.name}", "occurred_at": format_instant(now), "data": data,
                    "role": holder.role, "releasable_to": [self.nation],
                }  # fmt: skip
                author = Author(self.nation, self.nation, key)
                submitted = authoring.compose_alone(unsigned, author, self._origin(_month(now)), sealers, now)
                ids.append(ledger.append(submitted).event_id)
        return ids

    def _sealers(self) -> Sealers:
        held = self.home.sealing_key(self.nation)
        found = held or self.home.ledger.keys.sealing_key(self.nation)
        if found is None:
            raise errors.NotFound(f"{self.nation} has no sealing key in force", remedy="register one")
        return Sealers({self.nation: found.public}, {})

    def begin(self, month: str, authority: SigningKey | None = None) -> str:
        """Begin the log of a month; returns its origin. `authority` is the nation's authority key, by default the home's.

        Raises NotFound where that key is not here.
        """
        with self._turn:
            self._opened(month, authority).close()
        return self._origin(month)

    def _ledger(self, month: str) -> Ledger:
        """The log of a month, begun where it was not; the one before is closed."""
        if self._open is None or self._open[0] != month:
            if self._open is not None:
                self._open[1].close()
                self._open = None
            self._open = month, self._opened(month)
        return self._open[1]

    def _opened(self, month: str, authority: SigningKey | None = None) -> Ledger:
        url, namespace = self._place(month)
        upgrade(self._base(month), namespace=namespace)
        for name in (f"access-log-{self.nation}", f"access-{self.nation}"):
            if not self.home.key_path(name).exists():
                self.home.new_key(name)
        is_told = self.home.settings.exercise
        clock = (self.home.clock or self.home.now) if is_told else None
        ledger = Ledger.open(url, log_key=self.home.key(f"access-log-{self.nation}"), origin=self._origin(month), clock=clock)
        if not ledger.head():
            try:
                self._begin(ledger, month, authority or self.home.key(f"authority-{self.nation}"))
            except errors.EntenteError:
                ledger.close()
                raise
        return ledger

    def _begin(self, ledger: Ledger, month: str, authority: SigningKey) -> None:
        """The first two entries: the log, opened by its nation alone, and the key that states what is looked at."""
        key = self.home.key(f"access-{self.nation}")
        speaker, named = Author(self.nation, self.nation, authority), {"nation": self.nation, "key_id": authority.key_id}
        opened = {
            "origin": self._origin(month), "exercise": self.home.settings.exercise, "rules": 1,
            "authority_keys": [named | {"public_key": in_base64(authority.public)}],
        }  # fmt: skip
        registered = {
            "registered": key.key_id, "type_code": "01", "public_key": in_base64(key.public), "owner": self.nation,
            "role": "service", "nation": self.nation, "may_append": list(SCOPE),
        }  # fmt: skip
        self._state(ledger, month, "ledger.opened", opened, speaker, [])
        self._state(ledger, month, "key.registered", registered, speaker, [key])

    def _state(
        self, ledger: Ledger, month: str, name: str, data: dict[str, Any], speaker: Author, others: Sequence[SigningKey]
    ) -> None:
        now = self.home.now()
        unsigned = {
            "type": name, "stream": name.split(".", 1)[0].upper(), "occurred_at": format_instant(now), "data": data,
            "releasable_to": [self.nation],
        }  # fmt: skip
        submitted = authoring.compose_alone(unsigned, speaker, self._origin(month), Sealers({}, {}), now)
        ledger.append(authoring.countersign(submitted, others))

    # -- where it is -----------------------------------------------------------------------------------------------------------

    def _origin(self, month: str) -> str:
        return access_origin(self.home.settings.origin, self.nation, month)

    def _base(self, month: str) -> str:
        """The database beside the nation's view: a file of its own, or a schema of its own in the same database."""
        url = self.home.view_url(self.nation)
        if not url.startswith("sqlite"):
            return url
        folder = self.home.path / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        return f"sqlite:///{folder / self.nation.lower()}-{month}.sqlite"

    def _place(self, month: str) -> tuple[str, str | None]:
        base = self._base(month)
        if base.startswith("sqlite"):
            return base, None
        namespace = _namespace(self.nation, month)
        url = make_url(base).update_query_dict({"options": f"-csearch_path={namespace}"})
        return url.render_as_string(hide_password=False), namespace

    def months(self) -> list[str]:
        """The months there is a log of, in order."""
        prefix = f"{self.nation.lower()}-"
        url = self.home.view_url(self.nation)
        if url.startswith("sqlite"):
            return sorted(path.stem.removeprefix(prefix) for path in (self.home.path / FOLDER).glob(f"{prefix}*.sqlite"))
        engine = open_engine(url)
        try:
            with engine.connect() as connection:
                names = connection.exec_driver_sql("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'access\\_%%'")
                begin = _namespace(self.nation, "")
                return sorted(name[len(begin) :].replace("_", "-") for (name,) in names if name.startswith(begin))
        finally:
            engine.dispose()

    # -- reading ---------------------------------------------------------------------------------------------------------------

    def looked(self, *, who: str = "", event: str = "", months: Sequence[str] | None = None) -> Iterator[Looked]:
        """What was looked at, in order: by one person (`who`), at one event, or all.

        What is looked at under a mandate is not told as long as that runs.
        """
        for month in self.months() if months is None else months:
            with self.reading(month) as reader:
                for position, entry in _entries(reader, who):
                    row = self._row(month, position, entry, reader)
                    if row is not None and (not event or event in row.objects) and not self._is_undisclosed(row):
                        yield row

    def reading(self, month: str) -> _Reading:
        """The log of a month, to read in a `with` block."""
        return _Reading(self._place(month)[0])

    def _row(self, month: str, position: int, entry: bytes, reader: LogReader) -> Looked | None:
        recorded_at, _, _, payload = split_entry(entry)
        event = events.decode(payload)
        data, header = event.data, event.header
        if not isinstance(data, Access):
            return None
        sections = reader.sections(position)
        motif = self._motif(event, sections["text"]) if "text" in sections else ""
        return Looked(
            month, position, header.id, recorded_at, header.type.removeprefix("access."), data.who or "", header.role or "",
            data.purpose, motif, data.objects, bool(data.emergency), str(data.transfer_basis or ""),
        )  # fmt: skip

    def _is_undisclosed(self, row: Looked) -> bool:
        return row.role in MANDATED and self._grants.is_running(row.mandate, self.nation)

    def _motif(self, event: events.Event, section: SealedSection) -> str:
        key = self.home.sealing_key(self.nation)
        if key is None:
            return ""
        (commitment,) = event.header.sections
        said = sealing.Commitment(
            name=commitment.name, sha256=commitment.sha256, bytes=commitment.bytes, key_sha256=commitment.key_sha256
        )
        opened = sealing.open_section(said, section, event.header.origin, event.header.id, self.nation, key)
        return str(strict.parse(opened).get("motif", ""))

    def head(self, month: str) -> tuple[int, str]:
        """(size, root in hex) of a month's log as it stands."""
        with self.reading(month) as reader:
            found = reader.checkpoint_upto(reader.head())
        if found is None:
            raise errors.NotFound(f"there is no access log of {month}", field="month")
        return found[0], found[1].hex()


class _Reading:
    """A reader that is given back at the end of a block."""

    def __init__(self, url: str) -> None:
        self._reader = LogReader(open_engine(url))

    def __enter__(self) -> LogReader:
        return self._reader

    def __exit__(self, *exc: object) -> None:
        self._reader.engine.dispose()


def _entries(reader: LogReader, who: str) -> Iterator[tuple[int, bytes]]:
    """One person's entries, or all."""
    if who:
        yield from reader.stream_entries(f"ACCESS-{who}")
        return
    after, head = 0, reader.head()
    while after < head:
        for position, entry in reader.entries(after, 1_000):
            after = position
            yield position, entry


def _month(now: int) -> str:
    return datetime.fromtimestamp(now / 1_000_000, UTC).strftime("%Y-%m")


def _namespace(nation: str, month: str) -> str:
    return f"access_{nation.lower()}_{month.replace('-', '_')}"


def commit_heads(home: Home) -> list[str]:
    """Put the head of each nation's newest access log into the joint log where it moved; returns what was committed.

    The nation's own authority key says it, where this home holds it.
    """
    said = []
    for nation in home.nations:
        log = AccessLog(home, nation)
        months = log.months()
        if not months or not home.key_path(f"authority-{nation}").exists():
            continue
        size, root = log.head(months[-1])
        name = access_origin(home.settings.origin, nation, months[-1])
        if (name, size) in _committed(home):
            continue
        author = Author(nation, nation, home.key(f"authority-{nation}"))
        now = home.now()
        unsigned = {
            "type": "head.committed", "stream": f"{HEADS}-{nation}", "occurred_at": format_instant(now),
            "data": {"log": name, "size": size, "root": root},
        }  # fmt: skip
        home.ledger.append(authoring.compose(unsigned, author, home.settings.origin, Sealers({}, {}), now))
        said.append(name)
    return said


def _committed(home: Home) -> set[tuple[str, int]]:
    found = set()
    for nation in home.nations:
        for _, entry in home.reader.stream_entries(f"{HEADS}-{nation}"):
            data: Any = events.decode(split_entry(entry)[3]).data
            found.add((data.log, data.size))
    return found
