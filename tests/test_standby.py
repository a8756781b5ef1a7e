"""What docs/operations.md says of a standby, done as it says: no acknowledged event is lost with the primary, nothing forks."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psycopg2
import pytest
from sqlalchemy.engine import make_url

from api import settings as settings_file
from api.home import Home
from api.tokens import Holder, issue
from ledger import errors
from ledger.store.engines import TO_POSTGRESQL
from tests.coast import Coast
from tests.postgres import URL_VARIABLE, Postgres, connection_string, running_postgres, running_standby
from tests.processes import Process
from tests.scribe import opened
from tests.several import Clients, Watcher, assert_as_told

STANDBY = "calais_2"
CANCEL = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
SECONDS_MAX = 30
LOAD_SECONDS = 2.0
SILENT_SECONDS = 1.0
ACKNOWLEDGED_MIN, CHECKPOINTS_MIN, IN_DOUBT_MIN = 100, 10, 3


def ask(server: Postgres, statement: str) -> list[Any]:
    """The rows of one statement, in a transaction of its own."""
    connection = psycopg2.connect(connection_string(server.url))
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def until(holds: Callable[[], Any], what: str) -> None:
    """Wait until it is so."""
    ends_at = time.monotonic() + SECONDS_MAX
    while not holds():
        assert time.monotonic() < ends_at, f"it did not come to this: {what}"
        time.sleep(0.02)


def wait_for_the_standby(primary: Postgres) -> None:
    """Let every commit wait until the standby has it."""
    ask(primary, f"ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 ({STANDBY})'")
    ask(primary, "SELECT pg_reload_conf()")
    until(lambda: ask(primary, "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"), "a synchronous standby")


@contextmanager
def silent(standby: Postgres) -> Iterator[None]:
    """The standby hears nothing and says nothing meanwhile."""
    assert standby.cluster is not None
    (receiver,) = [process for process, name in standby.cluster.processes().items() if "walreceiver" in name]
    os.kill(receiver, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(receiver, signal.SIGCONT)


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Postgres, Postgres]]:
    """A primary and its standby."""
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    with running_postgres(loopback=True) as primary:
        assert primary.cluster is not None
        with running_standby(primary.cluster, STANDBY) as standby:
            yield primary, standby


def promote(standby: Postgres) -> None:
    """Make it the primary."""
    ask(standby, "SELECT pg_promote()")
    until(lambda: ask(standby, "SELECT pg_is_in_recovery()") == [(False,)], "the standby takes writes")


def pointed_to(home: Home, server: Postgres) -> Home:
    """The home with the same databases on another server."""
    moved = {
        name: make_url(getattr(home.settings, name)).set(port=server.url.port).render_as_string(hide_password=False)
        for name in ("database", "gb_database", "fr_database")
    }
    settings_file.save(home.path, msgspec.structs.replace(home.settings, **moved))
    home.close()
    return Home.open(home.path)


def lose_the_primary(folder: Path, primary: Postgres, standby: Postgres, stack: ExitStack) -> tuple[Clients, Watcher]:
    """Load; the standby falls silent, the primary dies, the standby is promoted, services are pointed to it; load goes on."""
    coast = Coast(folder, primary.create_database())
    stack.callback(coast.close)
    home, words = coast.home, ("--home", coast.home.path)
    processes = [Process("serve", "--port", 0, *words), Process("project", "all", "--follow", *words)]
    for process in processes:
        stack.callback(process.kill)
    clients = Clients(home, coast.tokens["BF"], [processes[0].url])
    watcher = Watcher(home, issue(home.path, Holder("reader", "monitor")), clients.urls)
    clients.start()
    time.sleep(LOAD_SECONDS)
    coast.cosign()
    assert primary.cluster is not None
    with silent(standby):
        time.sleep(SILENT_SECONDS)
        primary.cluster.crash()
    promote(standby)
    for process in processes:
        process.kill()
    clients.home = watcher.home = coast.home = pointed_to(home, standby)
    for process in processes:
        process.start()
    clients.urls[0] = processes[0].url
    time.sleep(LOAD_SECONDS)
    clients.stop()
    watcher.stop()
    coast.cosign()
    return clients, watcher


@pytest.mark.crash
@pytest.mark.slow
def test_with_the_primary_no_acknowledged_event_is_lost_and_no_checkpoint_that_left_the_house(
    pair: tuple[Postgres, Postgres], tmp_path: Path, run: Callable[..., Any]
) -> None:
    """The cosigners, who signed what the primary showed, sign what the standby shows; services find what they were told."""
    wait_for_the_standby(pair[0])
    with ExitStack() as stack:
        clients, watcher = lose_the_primary(tmp_path, *pair, stack)
        size = assert_as_told(clients, watcher.checkpoints)
        home = clients.home
        until(lambda: all(home.view_store(n).position_as_of(home.view_store(n).live(), None) == size for n in home.nations), "")
        code, said, _ = run("--home", home.path, "verify", "--json")
        assert code == 0, said
        assert len(clients.told) >= ACKNOWLEDGED_MIN and len(set(watcher.checkpoints)) >= CHECKPOINTS_MIN
        assert clients.broken + clients.unavailable >= IN_DOUBT_MIN, "nobody was in doubt: it was no loss"


@pytest.mark.crash
@pytest.mark.slow
def test_services_and_followers_go_on_by_themselves_once_their_database_is_back(
    pair: tuple[Postgres, Postgres], tmp_path: Path
) -> None:
    """It crashed and was started again; nobody else is."""
    with ExitStack() as stack:
        coast = Coast(tmp_path, pair[0].create_database())
        stack.callback(coast.close)
        home, cluster = coast.home, pair[0].cluster
        service = Process("serve", "--port", 0, "--home", home.path)
        follower = Process("project", "all", "--follow", "--home", home.path)
        for process in (service, follower):
            stack.callback(process.kill)
        clients = Clients(home, coast.tokens["BF"], [service.url])
        clients.start()
        time.sleep(LOAD_SECONDS)
        assert cluster is not None
        cluster.crash()
        time.sleep(SILENT_SECONDS)
        before = len(clients.told)
        cluster.start()
        until(lambda: len(clients.told) > before + ACKNOWLEDGED_MIN, "appends go on")
        clients.stop()
        home.close()  # its own connections are dead
        size = assert_as_told(clients, [])
        until(lambda: all(home.view_store(n).position_as_of(home.view_store(n).live(), None) == size for n in home.nations), "")
        assert clients.unavailable >= 1
        until(lambda: len(follower.said) == 2, "the follower says that it waits, and that it goes on, once each")
        assert follower.process.poll() is None


@pytest.mark.crash
def test_an_event_that_the_standby_may_not_have_is_not_acknowledged_whoever_cancels_the_wait(
    pair: tuple[Postgres, Postgres],
) -> None:
    """PostgreSQL calls a commit whose wait was cancelled a commit, with a warning; so does one that is asked for again."""
    primary, standby = pair
    with primary.database() as url, opened(url) as (ledger, scribe):
        wait_for_the_standby(primary)
        event = scribe.attempt("INC-1")
        with silent(standby):
            for _ in range(2):
                answers: list[Any] = []
                appending = threading.Thread(target=lambda answers=answers: answers.append(_answer(ledger, event)))
                appending.start()
                until(lambda: ask(primary, CANCEL), "a commit that waits for the standby")
                appending.join(SECONDS_MAX)
                assert isinstance(answers[0], errors.StoreFailed), answers
        receipt = ledger.append(event)
        assert not receipt.is_new and receipt.position == ledger.head()


def _answer(ledger: Any, event: Any) -> Any:
    try:
        return ledger.append(event)
    except errors.EntenteError as wrong:
        return wrong


def test_a_server_whose_machine_is_gone_is_given_up(pair: tuple[Postgres, Postgres]) -> None:
    """No answer ever comes from there, not even that there is none: the connection itself has to look."""
    with pair[0].database() as url, opened(url) as (ledger, _):
        connection = ledger.engine.raw_connection()
        with socket.socket(fileno=os.dup(connection.driver_connection.fileno())) as used:
            assert used.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == TO_POSTGRESQL["tcp_user_timeout"]
            assert used.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == TO_POSTGRESQL["keepalives_idle"]
        connection.close()
