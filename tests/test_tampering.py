"""Somebody with every database right changes one stored value: verification finds it and names the place.

Every column of every table of the log and of both views is changed, one at a time, on both stores.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DatabaseError

from api.cli import main
from api.home import Home
from api.verifying import verify_export, verify_home
from ledger.errors import EntenteError
from ledger.evidence.export import export_tiles
from tests.playing import OWN_NIGHTS, load, play

NIGHT = OWN_NIGHTS / "national-only.json"
KEYS = {
    "entries": ("position",),
    "sections": ("position", "name"),
    "wraps": ("position", "name", "recipient"),
    "checkpoints": ("size",),
    "cosignatures": ("size", "name"),
}

CUT_ON_POSTGRESQL = ["checkpoints_append_only", "entries_append_only"]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A night on one store, long enough for full tiles."""
    folder = tmp_path_factory.mktemp("tampering")
    scenario = lengthened(load(NIGHT))
    if request.param == "sqlite":
        yield from _closing(play(folder / "home", scenario, f"sqlite:///{folder}/unused"))
    else:
        with request.getfixturevalue("postgres_server").database() as url:
            yield from _closing(play(folder / "home", scenario, url))


def _closing(home: Home) -> Iterator[Home]:
    disarm(home.ledger.engine)
    yield home
    home.close()


def lengthened(scenario: dict[str, Any]) -> dict[str, Any]:
    """The night with 260 more searches before it, so that the log has a full tile."""
    first = scenario["events"][0]
    border_force = next(a["code"] for a in scenario["authorities"] if a["nation"] == "GB")
    searches = [
        {
            "ref": f"S{n}",
            "recorded_at": first["recorded_at"],
            "occurred_at": first["occurred_at"],
            "stream": f"SEARCH-{n}",
            "type": "interception.search_recorded",
            "authority": border_force,
            "releasable_to": ["GB", "FR"],
            "data": {"vehicle": f"V{n}", "method": "co2_probe", "result": "negative"},
        }
        for n in range(260)
    ]
    return {**scenario, "events": [*searches, *scenario["events"]]}


def disarm(engine: Engine) -> None:
    """What an attacker with every right does first: take the triggers away."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            for name in names:
                connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        else:
            for table in (*KEYS, "tiles"):
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")


def verify_disarmed(home: Home) -> dict[str, Any]:
    """Verify a home whose triggers `disarm` took away: what is found must not be just that."""
    return verify_home(home, workers=1, check_triggers=False)


def tables_of(engine: Engine, schema: str | None = None) -> dict[str, tuple[list[str], list[str]]]:
    """Every table with its primary key and all its columns, as the database itself lists them."""
    found = inspect(engine)
    return {
        name: (
            found.get_pk_constraint(name, schema)["constrained_columns"],
            [column["name"] for column in found.get_columns(name, schema)],
        )
        for name in found.get_table_names(schema)
    }


def changed(value: Any) -> Any:
    """Another value of the same type: one bit of bytes, one more of a number, another letter of a text."""
    if isinstance(value, bytes | memoryview):
        body = bytearray(value)
        body[len(body) // 2] ^= 1
        return bytes(body)
    if isinstance(value, int):
        return value + 1_000_003
    return value[:-1] + ("Z" if value[-1:] != "Z" else "Y")


def each_column(engine: Engine, schema: str | None = None) -> Iterator[tuple[str, str]]:
    """(table, column) of a database."""
    for table, (_, columns) in sorted(tables_of(engine, schema).items()):
        for column in columns:
            yield table, column


def change_one(engine: Engine, table: str, column: str) -> Any:
    """Change one value behind the ledger's back; returns what undoes it, or None where the table is empty."""
    pk, columns = tables_of(engine, None if engine.dialect.name == "sqlite" else _schema(engine))[table]
    key = pk or columns
    with engine.begin() as connection:
        rows = connection.execute(text(f"SELECT * FROM {table} ORDER BY {', '.join(key)}")).mappings().all()
        if not rows:
            return None
        row = dict(rows[len(rows) // 2])
        new = {**row, column: changed(row[column])}
        _update(connection, table, key, row, column, new[column])

    def undo() -> None:
        with engine.begin() as connection:
            _update(connection, table, key, new, column, row[column])

    return undo


def _schema(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT current_schema()")).scalar())


def _update(connection: Any, table: str, key: list[str], row: dict[str, Any], column: str, value: Any) -> None:
    where = " AND ".join(f"{name} = :k_{name}" for name in key)
    result = connection.execute(
        text(f"UPDATE {table} SET {column} = :value WHERE {where}"), {"value": value, **{f"k_{n}": row[n] for n in key}}
    )
    assert result.rowcount == 1, (table, column)


def engines(home: Home) -> list[Engine]:
    """The log's database and both views'."""
    return [home.ledger.engine, home.view_store("GB").engine, home.view_store("FR").engine]


def test_a_sound_home_verifies(home: Home) -> None:
    answer = verify_disarmed(home)
    assert answer["problems"] == []
    assert answer["ok"]
    assert answer["checked"]["tiles"] == 1
    assert answer["checked"]["views"] == ["GB", "FR"]
    assert answer["checked"]["cosignatures"] == ["london", "paris"]


def test_every_column_of_every_table_changed_behind_the_ledgers_back_is_found(home: Home) -> None:
    tried = 0
    for engine in engines(home):
        for table, column in each_column(engine, None if engine.dialect.name == "sqlite" else _schema(engine)):
            undo = change_one(engine, table, column)
            if undo is None:
                continue
            answer = verify_disarmed(home)
            undo()
            assert not answer["ok"], f"{table}.{column} was changed and nobody noticed"
            assert answer["problems"][0]["what"], (table, column)
            tried += 1
    assert tried > 60, "the campaign must have changed something"
    assert verify_disarmed(home)["ok"]


@pytest.mark.parametrize("table", [*KEYS, "tiles"])
def test_a_row_deleted_behind_the_ledgers_back_is_missed(home: Home, table: str) -> None:
    engine = home.ledger.engine
    with engine.begin() as connection:
        key = KEYS.get(table, ("level", "tile_index"))
        rows = connection.execute(text(f"SELECT * FROM {table} ORDER BY {', '.join(key)}")).mappings().all()
        row = dict(rows[-2] if len(rows) > 1 else rows[0])
        where = " AND ".join(f"{name} = :{name}" for name in key)
        connection.execute(text(f"DELETE FROM {table} WHERE {where}"), {name: row[name] for name in key})
    answer = verify_disarmed(home)
    with engine.begin() as connection:
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), row)
    assert not answer["ok"], f"a row of {table} was deleted and nobody noticed"
    assert verify_disarmed(home)["ok"]


def test_a_tail_cut_off_with_its_checkpoints_is_missed_by_the_cosigners(home: Home) -> None:
    places = {"wraps": "position", "sections": "position", "cosignatures": "size", "checkpoints": "size", "entries": "position"}
    taken: dict[str, list[dict[str, Any]]] = {}
    with home.ledger.engine.begin() as connection:
        for table, column in places.items():
            rows = connection.execute(text(f"SELECT * FROM {table} WHERE {column} > 280")).mappings().all()
            taken[table] = [dict(row) for row in rows]
            connection.execute(text(f"DELETE FROM {table} WHERE {column} > 280"))
    answer = verify_disarmed(home)
    with home.ledger.engine.begin() as connection:
        for table, rows in taken.items():
            for row in rows:
                marks = ", ".join(f":{name}" for name in row)
                connection.execute(text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"), row)
    assert any("are gone" in problem["what"] for problem in answer["problems"])
    assert verify_disarmed(home)["ok"]


@pytest.mark.parametrize("statement", ["UPDATE entries SET type = 'x'", "DELETE FROM entries", "DELETE FROM checkpoints"])
def test_the_database_itself_refuses_to_change_what_is_recorded(home_of: Any, statement: str) -> None:
    home = home_of(load(NIGHT))
    with pytest.raises(DatabaseError, match=r"(?i)append-only"), home.ledger.engine.begin() as connection:
        connection.execute(text(statement))


def test_a_trigger_taken_away_is_found(home_of: Any) -> None:
    home = home_of(load(NIGHT))
    assert verify_home(home, workers=1)["problems"] == []
    with home.ledger.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER checkpoints_no_delete")
        else:
            connection.exec_driver_sql("DROP TRIGGER checkpoints_append_only ON checkpoints")
            connection.exec_driver_sql("ALTER TABLE entries DISABLE TRIGGER ALL")
    answer = verify_home(home, workers=1)
    found = ["checkpoints_no_delete"] if home.ledger.engine.dialect.name == "sqlite" else CUT_ON_POSTGRESQL
    assert not answer["ok"] and [problem["position"] for problem in answer["problems"]] == [0] * len(found)
    assert [problem["what"].split()[1] for problem in answer["problems"]] == found


GUARD = "CREATE TRIGGER entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entries FOR EACH STATEMENT EXECUTE FUNCTION"
HARMLESS = "refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"
GUARDS_REPLACED = {
    "sqlite": [
        ("DROP TRIGGER entries_no_update", "CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries BEGIN SELECT 1; END")
    ],
    "postgresql": [
        ("DROP TRIGGER entries_append_only ON entries", f"{GUARD} refuse_change()".replace("UPDATE", "UPDATE OF type")),
        (
            "CREATE SCHEMA elsewhere",
            f"CREATE FUNCTION elsewhere.{HARMLESS}",
            "DROP TRIGGER entries_append_only ON entries",
            f"{GUARD} elsewhere.refuse_change()",
        ),
        (
            "DROP TRIGGER entries_append_only ON entries",
            f"{GUARD} refuse_change()",
            f"CREATE OR REPLACE FUNCTION {HARMLESS}",
        ),
    ],
}


def test_a_guard_that_still_stands_but_refuses_nothing_is_found(home_of: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The columns a trigger looks at, the schema its function is in, the body of that function: each alone disarms it."""
    home = home_of(load(NIGHT))
    assert main(["doctor", "--home", str(home.path)]) == 0
    for attack in GUARDS_REPLACED[home.ledger.engine.dialect.name]:
        with home.ledger.engine.begin() as connection:
            for statement in attack:
                connection.exec_driver_sql(statement)
        answer = verify_home(home, workers=1)
        assert any(" on entries is missing, disabled or changed" in problem["what"] for problem in answer["problems"]), attack
        capsys.readouterr()
        assert main(["doctor", "--home", str(home.path)]) == 1
        assert "entries was not append-only" in capsys.readouterr().out


def test_every_trigger_taken_away_is_found(home_of: Any) -> None:
    home = home_of(load(NIGHT))
    disarm(home.ledger.engine)
    said = " ".join(problem["what"] for problem in verify_home(home, workers=1)["problems"])
    assert all(f" on {table} " in said for table in (*KEYS, "tiles"))


@pytest.fixture
def exported(home: Home, tmp_path: Path) -> Path:
    """The log as files."""
    folder = tmp_path / "tiles"
    export_tiles(home.ledger, folder, home.policy_path.read_bytes())
    return folder


def test_an_exported_log_verifies_with_a_policy_from_elsewhere(home: Home, exported: Path) -> None:
    answer = verify_export(exported, home.policy_path)
    assert answer["problems"] == []
    assert answer["checked"]["cosignatures"] == ["london", "paris"]
    assert answer["entries"] == home.ledger.head()


@pytest.mark.parametrize("name", ["tile/entries/000", "tile/0/000", "checkpoint"])
def test_one_bit_changed_in_an_exported_file_is_found(home: Home, exported: Path, name: str) -> None:
    body = bytearray((exported / name).read_bytes())
    body[len(body) // 2] ^= 1
    (exported / name).write_bytes(body)
    assert not is_accepted(exported, home)


def is_accepted(exported: Path, home: Home) -> bool:
    """Whether an exported folder verifies; a checkpoint that cannot be read at all is refused outright."""
    try:
        return bool(verify_export(exported, home.policy_path)["ok"])
    except EntenteError:
        return False


def test_the_last_tiles_of_an_export_are_compared_too(home: Home, exported: Path) -> None:
    last = next(iter((exported / "tile" / "0").glob("*.p/*")))
    last.write_bytes(bytes(32) + last.read_bytes()[32:])
    answer = verify_export(exported, home.policy_path)
    assert any("last tile of level 0" in problem["what"] for problem in answer["problems"])
