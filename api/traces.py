"""What a service writes about its own running: one JSON line a request, and one for whatever goes wrong.

A line says who in the sense of which role, what in the sense of which kind of request, and how it ended. It never has a token,
an address, a query, an identifier, or anything that was sent: not even where a program fails whose message would quote it.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import re
import secrets
import sys
import threading
import time
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType
from typing import Any

from ledger.formats.entry import format_instant

HEADER = "X-Request-Id"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
OWN_ROOMS = ("api", "ledger", "projections", "uvicorn")
"""Whose messages are ours to vouch for; of anybody else's only who, how grave and where is written."""

requests = logging.getLogger(f"{__name__}.requests")

# Hexadecimal, as UUIDs and trace ids are: nobody's name can be sent into the log as one.
_WELL_FORMED = re.compile(r"[0-9A-Fa-f][0-9A-Fa-f-]{7,63}").fullmatch
_current: ContextVar[str] = ContextVar("request_id", default="")


def begin(given: str) -> str:
    """Take up a request under the id that it came with, where that is well-formed, else under a new one; returns the id."""
    found = given if _WELL_FORMED(given) else secrets.token_hex(16)
    _current.set(found)
    return found


def current() -> str:
    """The id of the request that is being answered; empty outside of one."""
    return _current.get()


def place_of(trace: TracebackType | None) -> str:
    """Where in the code something was raised, `module:line`: no folder of this machine, and no value."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}" if trace is not None else "nowhere"


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """At, level, who writes; then the fields of a request, or a message."""
        line: dict[str, Any] = {
            "at": format_instant(time.time_ns() // 1_000),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        fields = getattr(record, "fields", None)
        if fields is not None:
            return json.dumps(line | fields)
        if record.name.split(".")[0] in OWN_ROOMS:
            line["message"] = record.getMessage().strip()
        if request := current():
            line["request"] = request
        if record.exc_info and record.exc_info[0] is not None:
            line |= {"raised": record.exc_info[0].__name__, "place": place_of(record.exc_info[2])}
        return json.dumps(line)


def start(path: Path | None) -> None:
    """Write to a file (made anew where somebody has moved it away), or to standard error; for the rest of this process."""
    handler = logging.StreamHandler(sys.stderr) if path is None else logging.handlers.WatchedFileHandler(path, encoding="utf-8")
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    requests.setLevel(logging.INFO)
    crash = logging.getLogger(__name__)

    def in_a_thread(how: threading.ExceptHookArgs) -> None:
        crash.critical("a thread ended", exc_info=(how.exc_type, how.exc_value or how.exc_type(), how.exc_traceback))

    def at_the_end(kind: type[BaseException], wrong: BaseException, trace: TracebackType | None) -> None:
        crash.critical("the service ended", exc_info=(kind, wrong, trace))

    # What Python itself would print has the message of the error in it, and that may quote what was sent.
    threading.excepthook = in_a_thread
    sys.excepthook = at_the_end
