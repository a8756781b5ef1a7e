"""The sites' services as processes on loopback, and links between them that can be cut."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS_MAX = 20
CALL = "import sys; from api.cli import main; sys.exit(main(sys.argv[1:]))"
LOOPBACK = "127.0.0.1"


class Process:
    """One `entente` command that goes on until it is ended. `url` is what it printed, where it serves.

    `plant` is run first, in the same process: a defect that a test has to find.
    """

    def __init__(self, *words: Any, plant: str = "") -> None:
        self.words = [str(word) for word in words]
        self.plant = plant
        self.log = subprocess.PIPE
        self.start()

    def start(self) -> None:
        """Start it and return once it answers."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ENTENTE_")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"{self.plant}\n{CALL}", *self.words, "--json"], cwd=ROOT, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.said: list[str] = []
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        assert self.process.stdout is not None
        document = ""
        while True:
            line = self.process.stdout.readline()
            assert line, f"{self.words[0]} did not start: {''.join(self.said)}"
            document += line
            with suppress(json.JSONDecodeError):
                self.url: str = json.loads(document).get("url", "")
                return

    def _listen(self) -> None:
        assert self.process.stderr is not None
        self.said.extend(self.process.stderr)

    def kill(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, by its own id, and wait."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(STOP_SECONDS_MAX)
        self.listener.join(STOP_SECONDS_MAX)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


@contextmanager
def running(*words: Any) -> Iterator[Process]:
    """A serving command for as long as the block lasts."""
    process = Process(*words)
    try:
        yield process
    finally:
        process.kill()


class Link:
    """A way from one site to another, which can be cut: bytes are handed on, or connections broken and refused."""

    def __init__(self, to: str) -> None:
        self.to = to
        self.is_cut = False
        self._open: set[socket.socket] = set()
        self._listening = socket.create_server((LOOPBACK, 0))
        self.url = f"http://{LOOPBACK}:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        self.is_cut = True
        for end in list(self._open):
            _shut(end)

    def heal(self) -> None:
        """Let connections through again."""
        self.is_cut = False

    def close(self) -> None:
        """Stop listening."""
        self.cut()
        _shut(self._listening)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            if self.is_cut or not self.to:
                near.close()
                continue
            try:
                host, port = self.to.removeprefix("http://").split(":")
                far = socket.create_connection((host, int(port)), timeout=5)
                far.settimeout(None)
            except OSError:
                near.close()
                continue
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                other.sendall(data)
        for end in (one, other):
            _shut(end)
        self._open.discard(one)
        one.close()


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
