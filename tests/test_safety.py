"""Settings that would break a promise are named with their remedy, and the ledger does not run with them."""

from __future__ import annotations

import pytest
from sqlalchemy import text

import migrations
from ledger import errors
from ledger.store import engines, safety
from ledger.store.application import Ledger
from tests.postgres import URL_VARIABLE, running_postgres
from tests.scribe import LOG_KEY


def opened_anyway(url: str) -> None:
    Ledger.open(url, log_key=LOG_KEY).close()


def test_a_store_as_it_should_be_is_opened(store_url):
    migrations.upgrade(store_url)
    opened_anyway(store_url)
    engine = engines.open_engine(store_url)
    found = {finding.setting: finding for finding in safety.findings(engine)}
    engine.dispose()
    assert {name for name, finding in found.items() if not finding.is_safe} <= {"grants"}
    assert found["append-only triggers"].value == "in place"
    assert all(finding.remedy for finding in found.values())


@pytest.mark.parametrize(
    ("pragma", "setting"),
    [
        ("PRAGMA synchronous=NORMAL", "synchronous"),
        ("PRAGMA synchronous=OFF", "synchronous"),
        ("PRAGMA journal_mode=DELETE", "journal_mode"),
    ],
)
def test_sqlite_that_does_not_wait_for_the_disk_is_refused(tmp_path, monkeypatch, pragma, setting):
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    migrations.upgrade(url)
    monkeypatch.setattr(engines, "SQLITE_PRAGMAS", (*engines.SQLITE_PRAGMAS, pragma))
    with pytest.raises(errors.UnsafeSetting) as refused:
        opened_anyway(url)
    assert refused.value.field == setting
    assert refused.value.remedy


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "postgresql://localhost/x", "mysql://localhost/x"])
def test_a_store_that_cannot_keep_the_promises_is_refused(url):
    with pytest.raises(errors.UnsafeSetting, match="database"):
        engines.open_engine(url)


def test_a_server_that_does_not_wait_for_the_disk_is_refused(monkeypatch):
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    with running_postgres({"fsync": "off"}) as server, server.database() as url:
        migrations.upgrade(url)
        with pytest.raises(errors.UnsafeSetting, match="fsync: is off") as refused:
            opened_anyway(url)
        assert "fsync = on" in str(refused.value)
        engine = engines.open_engine(url)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ALTER SYSTEM SET full_page_writes = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
            connection.execute(text("SELECT pg_sleep(0.2)"))
        unsafe = [finding.setting for finding in safety.findings(engine) if finding.is_fatal and not finding.is_safe]
        engine.dispose()
        assert unsafe == ["fsync", "full_page_writes"]


def test_a_session_waits_for_the_disk_whatever_the_databases_default(postgres_url):
    migrations.upgrade(postgres_url)
    engine = engines.open_engine(postgres_url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f'ALTER DATABASE "{engine.url.database}" SET synchronous_commit = off'))
    engine.dispose()
    opened_anyway(postgres_url)
    with engine.connect() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
        connection.execute(text("SET synchronous_commit TO off"))
        (finding,) = safety._synchronous_commit(connection)
    engine.dispose()
    assert not finding.is_safe


@pytest.mark.parametrize("table", ["entries", "checkpoints", "cosignatures", "tiles", "sections", "wraps"])
def test_a_ledger_whose_triggers_are_gone_is_refused(store_url, table):
    migrations.upgrade(store_url)
    engine = engines.open_engine(store_url)
    with engine.begin() as connection:
        if engines.is_sqlite(engine):
            names = connection.execute(text(f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'"))
            for name in names.scalars().all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
    engine.dispose()
    with pytest.raises(errors.UnsafeSetting, match=table):
        opened_anyway(store_url)


def test_a_server_that_is_not_there_is_unavailable():
    with pytest.raises(errors.Unavailable):
        opened_anyway("postgresql+psycopg2://nobody@/nothing?host=/nonexistent")
