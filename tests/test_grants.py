"""What the database lets each role do, tried table by table and verb by verb, is what the service lets its callers do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg2
import psycopg2.errors
import pytest
from sqlalchemy import make_url
from sqlalchemy.engine import URL

import migrations
from api.exercise import Clock
from api.home import SITES, Home
from api.settings import Settings, save
from ledger.evidence.offering import Offering
from ledger.formats.companions import parse_line
from ledger.formats.tiles import ENTRIES, Tile
from ledger.store import safety, tables
from ledger.store.engines import open_engine
from projections.tables import GENERATION
from projections.viewstore import namespace
from tests.canaries import NATIONS, Marked
from tests.postgres import Postgres, connection_string
from tests.served import Service, item, serving
from tests.story import ORIGIN, Story
from tests.unpacked import unpacked

GRANTS = Path(migrations.__file__).parent / "grants.sql"
ROLES = (
    "writer", "eraser", "cosigner", "reader_gb", "reader_fr", "follower_gb", "follower_fr", "auditor", "administrator",
)  # fmt: skip
VERBS = {
    "SELECT": "SELECT * FROM {table} LIMIT 1",
    "INSERT": "INSERT INTO {table} SELECT * FROM {table} WHERE false",
    "UPDATE": "UPDATE {table} SET {column} = {column} WHERE false",
    "DELETE": "DELETE FROM {table} WHERE false",
    "TRUNCATE": "TRUNCATE {table}",
}
WHY = {"Entente-Purpose": "audit", "Entente-Motif": "the night"}


class Guarded(NamedTuple):
    """A night of canaries on PostgreSQL under the grants: its home as its owner has it, and a URL for each role."""

    home: Home
    night: Marked
    urls: dict[str, str]

    @contextmanager
    def connected(self, role: str) -> Iterator[Any]:
        """A cursor of somebody who has this role, in a transaction that is taken back."""
        connection = psycopg2.connect(connection_string(self.urls[role]))
        try:
            yield connection.cursor()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def guarded(postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """The night as its owner told it, then the grants, and a login in each role."""
    with ExitStack() as stack:
        url = make_url(stack.enter_context(postgres_server.database()))
        clock, text = Clock(), url.render_as_string(hide_password=False)
        home = Home.create(tmp_path_factory.mktemp("grants") / "home", Settings(ORIGIN, True, text, text, text), clock)
        stack.enter_context(home)
        night = Marked(Story(home, clock))
        night.tell()
        for nation in NATIONS:
            home.projector(nation).follow()
        for site in SITES:
            home.cosign(site)
        execute(url, GRANTS.read_text(), GRANTS.read_text())
        yield Guarded(home, night, {role: stack.enter_context(login(url, role)) for role in ROLES})


def execute(url: URL, *statements: str) -> None:
    """As the owner."""
    connection = psycopg2.connect(connection_string(url))
    connection.autocommit = True
    for statement in statements:
        connection.cursor().execute(statement)
    connection.close()


@contextmanager
def login(url: URL, role: str) -> Iterator[str]:
    """The URL of somebody who signs in and has this role, and is gone afterwards."""
    name = f"{role}_{url.database}"
    past = "BYPASSRLS" if role == "writer" else ""
    execute(url, f"CREATE ROLE \"{name}\" LOGIN {past} PASSWORD 'x' IN ROLE entente_{role}")
    try:
        yield url.set(username=name, password="x").render_as_string(hide_password=False)
    finally:
        execute(url, f'DROP OWNED BY "{name}" CASCADE', f'DROP ROLE "{name}"')


# -- table by verb by role -----------------------------------------------------------------------------------------------------


def allowed() -> set[tuple[str, str, str]]:
    """(role, table, verb) as the code has them: the log's tables from its own list, a view's from the view's own."""
    log = [f"public.{name}" for name in tables.metadata.tables]
    found = {(role, t, "SELECT") for role in ROLES if role not in ("eraser", "administrator") for t in log}
    found |= {("writer", table, "INSERT") for table in log} | {("cosigner", "public.cosignatures", "INSERT")}
    found |= {("eraser", f"public.{table}", "DELETE") for table in tables.ERASABLE}
    readers = ("writer", "cosigner", "auditor", "administrator", *(r for r in ROLES if r.startswith(("reader", "follower"))))
    found |= {(role, "public.ledger_revision", "SELECT") for role in readers}
    for nation in NATIONS:
        own = namespace(nation)
        view = [f"{own}.{table.name}" for g in GENERATION.values() for table in g.all]
        view += [f"{own}.view_head", f"{own}.view_revision"]
        found |= {(f"reader_{nation.lower()}", table, "SELECT") for table in view}
        found |= {(f"follower_{nation.lower()}", table, verb) for table in view for verb in VERBS}
        found |= {("administrator", f"{own}.{table}", "SELECT") for table in ("view_head", "view_revision")}
    return found


def test_each_role_may_do_what_the_code_lets_it_do_and_nothing_else(guarded: Guarded) -> None:
    """Every table that there is, every verb, every role: what is carried out, and what is granted where a trigger refuses."""
    done, granted = set(), set()
    with guarded.connected("auditor") as cursor:
        cursor.execute(
            "SELECT n.nspname || '.' || c.relname, a.attname, c.oid"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = 1 WHERE c.relkind IN ('r', 'p', 'v', 'm')"
            " AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
        )
        there = cursor.fetchall()
    assert {table for table, *_ in there} >= {table for _, table, _ in allowed()}
    for role in ROLES:
        with guarded.connected(role) as cursor:
            for table, column, number in there:
                tried = {verb: statement.format(table=table, column=column) for verb, statement in VERBS.items()}
                done |= {(role, table, verb) for verb, statement in tried.items() if is_done(cursor, statement)}
                granted |= {(role, table, verb) for verb in VERBS if is_granted(cursor, number, verb)}
    assert done == granted == allowed()


def is_done(cursor: Any, statement: str) -> bool:
    """Whether a statement is carried out; it is taken back."""
    cursor.execute("SAVEPOINT before")
    try:
        cursor.execute(statement)
        return True
    except psycopg2.errors.InsufficientPrivilege:
        return False
    finally:
        cursor.execute("ROLLBACK TO SAVEPOINT before")


def is_granted(cursor: Any, number: int, verb: str) -> bool:
    """Whether whoever asks has the privilege on a table, by its number."""
    cursor.execute("SELECT has_table_privilege(%s::oid, %s)", (number, verb))
    return bool(cursor.fetchone()[0])


# -- rows ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nation", NATIONS)
@pytest.mark.parametrize("role", ["reader", "follower"])
def test_a_nation_reads_the_sections_that_its_mirror_is_given_and_its_own_wraps(
    guarded: Guarded, nation: str, role: str
) -> None:
    offering, size = Offering(guarded.home.held, guarded.home.policy(), nation), guarded.home.ledger.head()
    held = set()
    for index in range(size // 256 + 1):
        tile = Tile(ENTRIES, index, min(256, size - index * 256))
        for line in offering.companions(tile, 0):
            found = parse_line(line)
            held |= {(found.position, name) for name in found.sections}
    with guarded.connected(f"{role}_{nation.lower()}") as cursor:
        cursor.execute("SELECT position, name FROM sections")
        assert set(cursor.fetchall()) == held
        cursor.execute("SELECT DISTINCT recipient FROM wraps")
        assert cursor.fetchall() == [(nation,)]
        cursor.execute("SELECT position, name FROM wraps")
        assert set(cursor.fetchall()) == held


@pytest.mark.parametrize("role", ROLES)
def test_no_role_reads_by_plain_sql_what_was_sealed_to_the_other_nation(guarded: Guarded, role: str) -> None:
    """All that a role can select, column by column, searched for canaries."""
    marks, said = guarded.night.canaries, []
    with guarded.connected(role) as cursor:
        cursor.execute("SELECT table_schema, table_name, column_name FROM information_schema.columns")
        columns = [row for row in cursor.fetchall() if row[0] not in ("pg_catalog", "information_schema")]
        for schema, table, column in columns:
            cursor.execute("SAVEPOINT before")
            try:
                cursor.execute(f'SELECT "{column}" FROM "{schema}"."{table}"')
                values = [bytes(v) if isinstance(v, memoryview) else str(v).encode() for (v,) in cursor]
                said += unpacked(b"\n".join(values))
            except psycopg2.errors.InsufficientPrivilege:
                cursor.execute("ROLLBACK TO SAVEPOINT before")
    found = {marks.of[mark] for mark in marks.found_in("\n".join(said))}
    own = role[-2:].upper() if role.startswith(("reader", "follower")) else ""
    secret = {kind for kind in found if kind.startswith(("sealed", "number", "id", "text", "personal"))}
    assert secret == ({f"sealed {own}", f"number {own}", f"id {own}"} if own else set())
    assert ("shared BF" in found) == (role != "administrator"), "who erases reads names of sections, and tokens are in them"


# -- the service under them ----------------------------------------------------------------------------------------------------


def test_the_service_appends_follows_and_logs_looks_under_the_roles(guarded: Guarded) -> None:
    """Three logins, none of which owns the log: events come in, views are rebuilt, a look is put on record."""
    urls = (guarded.urls["writer"], guarded.urls["follower_gb"], guarded.urls["follower_fr"])
    story, kept = guarded.night.story, guarded.home.settings
    save(guarded.home.path, Settings(ORIGIN, True, *urls))
    try:
        with Home.open(guarded.home.path, story.clock) as home, serving(home) as service:
            appended_and_read(service, guarded.night)
    finally:
        save(guarded.home.path, kept)


def appended_and_read(service: Service, night: Marked) -> None:
    home = service.home
    assert service.post(item(night.story)).status_code == 201
    assert service.post({"items": [item(night.story, personal={"P1": {"name": "said"}}) for _ in range(8)]}).status_code == 201
    for nation in NATIONS:
        home.projector(nation).follow()
        home.projector(nation).rebuild()
    look = service.get("/v1/views/gb/timeline", "GB auditor", **WHY)
    assert look.status_code == 200 and night.streams["GB"]["incident.opened"] in look.text
    assert len(service.get("/v1/views/gb/access", "GB dpo").json()["rows"]) == 1
    found = {finding.setting: finding for finding in safety.findings(home.ledger.engine)}
    assert found["grants"].is_safe and found["row security"].is_safe


def test_a_login_that_row_security_would_keep_from_appending_is_told_so(guarded: Guarded) -> None:
    name = make_url(guarded.urls["writer"]).username
    owner = make_url(guarded.home.settings.database)
    execute(owner, f'ALTER ROLE "{name}" NOBYPASSRLS')
    engine = open_engine(guarded.urls["writer"])
    found = {finding.setting: finding for finding in safety.findings(engine)}
    engine.dispose()
    execute(owner, f'ALTER ROLE "{name}" BYPASSRLS')
    assert found["row security"].is_fatal and not found["row security"].is_safe and "BYPASSRLS" in found["row security"].remedy
