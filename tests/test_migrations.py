"""The schema: what the migrations make is what the code expects, on both stores, and it is append-only by itself."""

from __future__ import annotations

import ast
import inspect as python_inspect
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import exc, inspect, text
from sqlalchemy.engine import Engine

import migrations
from api.cli import main
from ledger.events import keys, registry
from ledger.events.base import Data
from ledger.store import tables
from ledger.store.engines import is_sqlite, open_engine
from migrations.ledger.versions import r0002_policies_govern as newest
from migrations.view.versions import r0001_a_view as first_view
from projections import tables as view_tables
from projections import viewstore
from tests.playing import ROOT
from tests.story import DETECTION, told_in

ROW = {
    "entries": {"position": 1, "event_id": "e", "stream": "s", "version": 1, "type": "t", "entry": b"x"},
    "sections": {"position": 1, "name": "text", "ciphertext": b"x"},
    "wraps": {"position": 1, "name": "text", "recipient": "GB", "wrap": b"x"},
    "checkpoints": {"size": 1, "note": b"x"},
    "cosignatures": {"size": 1, "name": "london", "line": "x"},
    "tiles": {"level": 0, "tile_index": 0, "hashes": b"x", "root": b"x"},
}


def described(engine: Engine) -> dict[str, object]:
    """Everything a reader of the schema would compare, of the ledger's tables."""
    seen = inspect(engine)
    found: dict[str, object] = {}
    for name in tables.metadata.tables:
        columns = [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in seen.get_columns(name)]
        found[name] = {
            "columns": columns,
            "key": seen.get_pk_constraint(name)["constrained_columns"],
            "unique": sorted((u["name"], tuple(u["column_names"])) for u in seen.get_unique_constraints(name)),
            "checks": sorted(
                (c["name"], re.sub(r"[()\s:a-z]*integer|[()\s]", "", c["sqltext"])) for c in seen.get_check_constraints(name)
            ),
        }
    with engine.connect() as connection:
        if is_sqlite(engine):
            query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
        else:
            query = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname"
        indexes = [tuple(row) for row in connection.execute(text(query)) if not row[0].startswith("ledger_revision")]
    return {**found, "indexes": indexes}


def test_the_migrated_schema_is_the_one_the_code_reads(store_url, tmp_path, request):
    """Both ways: nothing is missing, nothing is more, and types, keys, checks and partial indexes agree."""
    migrations.upgrade(store_url)
    migrated = open_engine(store_url)
    if is_sqlite(migrated):
        outright = open_engine(f"sqlite:///{tmp_path / 'outright.sqlite'}")
    else:
        other = request.getfixturevalue("postgres_server").create_database()
        outright = open_engine(other)
    tables.metadata.create_all(outright)
    assert described(migrated) == described(outright)
    assert set(inspect(migrated).get_table_names()) == {*tables.metadata.tables, "ledger_revision"}
    migrated.dispose()
    outright.dispose()


def described_view(engine: Engine) -> dict[str, object]:
    """Columns (wherever they stand in their table), keys and indexes of a view's tables."""
    seen = inspect(engine)
    found: dict[str, object] = {}
    for name in view_tables.metadata.tables:
        columns = sorted((c["name"], str(c["type"]), c["nullable"], c["default"]) for c in seen.get_columns(name))
        indexes = {}
        for index in seen.get_indexes(name):
            of_some = [str(v).replace("!=", "<>") for k, v in index["dialect_options"].items() if k.endswith("_where")]
            indexes[index["name"]] = (index["column_names"], index["unique"], of_some)
        found[name] = {"columns": columns, "key": seen.get_pk_constraint(name)["constrained_columns"], "indexes": indexes}
    return found


def test_the_migrated_view_is_the_one_the_code_reads(store_url, tmp_path, request):
    migrations.upgrade(store_url, "view", namespace=None if store_url.startswith("sqlite") else "view_gb")
    if store_url.startswith("sqlite"):
        other = f"sqlite:///{tmp_path / 'outright.sqlite'}"
    else:
        other = request.getfixturevalue("postgres_server").create_database()
        migrations.upgrade(other, "ledger", namespace="view_gb")  # makes the schema to work in, and nothing of a view
    migrated, outright = (viewstore.open_engine(url, "GB") for url in (store_url, other))
    viewstore.create(outright)
    assert described_view(migrated) == described_view(outright)
    migrated.dispose()
    outright.dispose()


def test_a_view_of_facts_without_keys_is_emptied_to_be_read_again(store_url):
    """Rows of the first revision cannot say whose key they rest on: a view that kept them would show nothing as disputed."""
    namespace = None if store_url.startswith("sqlite") else "view_gb"
    engine = migrations._engine(store_url, namespace)
    config = migrations.config_of("view")
    with engine.begin() as connection:
        config.attributes |= {"connection": connection, "version_table": "view_revision"}
        command.upgrade(config, "0001")
        values = ", ".join("'x'" if kind is first_view.TEXT else "1" for _, kind in first_view.FACT_COLUMNS)
        names = ", ".join(name for name, _ in first_view.FACT_COLUMNS)
        connection.execute(text(f"INSERT INTO facts_a ({names}) VALUES ({values})"))
        connection.execute(text("INSERT INTO parked_b (position, stream, event, reason) VALUES (1, 'S', 'x', 'no')"))
    engine.dispose()
    migrations.upgrade(store_url, "view", namespace=namespace)
    engine = viewstore.open_engine(store_url, "GB")
    with engine.connect() as connection:
        left = [name for name, table in view_tables.metadata.tables.items() if connection.execute(table.select()).first()]
    engine.dispose()
    assert left == []


def test_the_migrations_may_be_run_again(store_url):
    migrations.upgrade(store_url)
    migrations.upgrade(store_url)
    engine = open_engine(store_url)
    assert migrations.revision(engine) == migrations.newest()
    engine.dispose()


def test_the_newest_revision_is_the_one_that_alembic_comes_to():
    """It is told from the names of the files, without importing Alembic."""
    for schema in ("ledger", "view"):
        assert migrations.newest(schema) == ScriptDirectory.from_config(migrations.config_of(schema)).get_current_head()


@pytest.mark.parametrize("said", [None, b"0003", 3, "0003, 0004"])
def test_a_revision_of_another_type_is_told_as_another(tmp_path, said):
    """Whoever bends the table that says how far a store has come is found out by what it says, not by a failure."""
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    migrations.upgrade(url)
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE bent (version_num)"))
        connection.execute(text("INSERT INTO bent VALUES (:said)"), {"said": said})
        connection.execute(text("DROP TABLE ledger_revision"))
        connection.execute(text("ALTER TABLE bent RENAME TO ledger_revision"))
    assert migrations.revision(engine) not in (None, migrations.newest())
    engine.dispose()


def test_a_store_that_is_up_to_date_is_opened_without_alembic(tmp_path):
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    migrations.upgrade(url)
    asks = f"import sys, migrations; migrations.upgrade({url!r}); sys.exit('alembic' in sys.modules)"
    subprocess.run([sys.executable, "-c", asks], cwd=ROOT, check=True, timeout=60)


def test_there_is_no_way_back(tmp_path):
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    migrations.upgrade(url)
    engine = open_engine(url)
    config = migrations.config_of("ledger")
    with engine.begin() as connection:
        config.attributes |= {"connection": connection, "version_table": "ledger_revision"}
        with pytest.raises(migrations.ForwardOnly, match="could only lose"):
            command.downgrade(config, "base")
    engine.dispose()


@pytest.mark.parametrize("schema", ["ledger", "view"])
def test_every_migration_refuses_to_be_undone(schema):
    for path in (Path(migrations.__file__).parent / schema / "versions").glob("r*.py"):
        tree = ast.parse(path.read_text())
        (downgrade,) = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "downgrade"]
        assert "refuse_downgrade()" in ast.unparse(downgrade), path.name


def refused(engine: Engine, statement: str) -> str:
    with pytest.raises(exc.DBAPIError) as caught, engine.begin() as connection:
        connection.execute(text(statement))
    return str(caught.value.orig)


@pytest.mark.parametrize("table", [*tables.APPEND_ONLY, *tables.ERASABLE])
def test_the_database_itself_refuses_to_change_what_is_recorded(store_url, table):
    """UPDATE, DELETE, TRUNCATE and every way of replacing a row; erasure may delete sections and wraps, and only them."""
    migrations.upgrade(store_url)
    engine = open_engine(store_url)
    columns = ", ".join(ROW[table])
    with engine.begin() as connection:
        connection.execute(tables.metadata.tables[table].insert(), [ROW[table]])
    column = list(ROW[table])[-1]
    key = ", ".join(c.name for c in tables.metadata.tables[table].primary_key)
    upsert = f"ON CONFLICT ({key}) DO UPDATE SET {column} = excluded.{column}"
    attacks = [
        f"UPDATE {table} SET {column} = {column}",
        f"UPDATE {table} SET {column} = NULL WHERE false",
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table} WHERE true {upsert}",
    ]
    if is_sqlite(engine):
        attacks[1:2] = [f"INSERT OR REPLACE INTO {table} ({columns}) SELECT {columns} FROM {table}"]
    else:
        attacks.append(f"TRUNCATE {table}")
    if table in tables.APPEND_ONLY:
        attacks.append(f"DELETE FROM {table}")
    for attack in attacks:
        assert re.search("append-only", refused(engine, attack)), attack
    with engine.begin() as connection:
        assert connection.execute(tables.metadata.tables[table].select()).one()._asdict() == ROW[table]
        if table in tables.ERASABLE:
            assert connection.execute(text(f"DELETE FROM {table}")).rowcount == 1
    engine.dispose()


def test_a_row_is_not_replaced_through_its_other_keys(tmp_path):
    """SQLite's REPLACE would silently delete whichever row has the same event id, or the same version of a stream."""
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    migrations.upgrade(url)
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(tables.entries.insert(), [ROW["entries"]])
    for values in ("2, 'e', 's', 2, 't', 'x'", "2, 'f', 's', 1, 't', 'x'"):
        statement = f"INSERT OR REPLACE INTO entries (position, event_id, stream, version, type, entry) VALUES ({values})"
        assert "append-only" in refused(engine, statement)
    engine.dispose()


def test_a_writer_reads_every_type_that_governs_admission():
    """A type that changes the key ring or the registry and were not in GOVERNING would be forgotten at the next start."""
    assert newest.GOVERNING == tables.GOVERNING
    changing = set()
    for module, state in ((keys, keys.KeyRing), (registry, registry.Registry)):
        tree = ast.parse(textwrap.dedent(python_inspect.getsource(state.apply)))
        for node in ast.walk(tree):
            named = getattr(module, node.id, None) if isinstance(node, ast.Name) else None
            if isinstance(named, type) and issubclass(named, Data):
                changing.add(named.kind_of_event.name)
    assert changing == set(tables.GOVERNING)


def test_a_home_of_an_older_version_is_not_opened_and_an_upgrade_opens_it(tmp_path, store_url, capsys):
    """From the first schema, with what was recorded under it, to the one of this version."""
    with told_in(tmp_path, store_url) as story:
        story.add("interception.recorded", "IC-1", DETECTION)
        home, size = story.home.path, story.home.reader.head()
    url = "" if store_url.startswith("sqlite") else store_url
    engine = migrations._engine(url or f"sqlite:///{home / 'ledger.sqlite'}", None)
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX entries_granting"))
        connection.execute(text("UPDATE ledger_revision SET version_num = '0002'"))
    engine.dispose()
    assert main(["checkpoint", "--home", str(home)]) == 0, "reading alone needs no more than the tables"
    assert main(["verify", "--home", str(home)]) == 1
    assert main(["project", "all", "--home", str(home)]) == 4 and "entente upgrade" in capsys.readouterr().err
    assert main(["upgrade", "--home", str(home), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["from"]["log"] == "0002" and told["to"]["log"] == migrations.newest()
    assert main(["verify", "--home", str(home), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["entries"] == size
