"""One run of a command: where its home is, in which language and form it answers, and how it says what it is doing."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from api.cli.arguments import LANGUAGES
from api.cli.rendering import json_document, plain

if TYPE_CHECKING:
    from api.home import Home
    from projections.wording.typography import Language

PROGRESS_EVERY_SECONDS = 0.1
CLEAR_LINE = "\r\x1b[K"
BOLD, NORMAL = "\x1b[1m", "\x1b[0m"

Progress = Callable[..., None]


class Session:
    """What a command works with. Data goes to standard output, everything else to standard error."""

    def __init__(self, arguments: argparse.Namespace, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.arguments = arguments
        self.is_json: bool = arguments.json
        self.out = out or sys.stdout
        self.err = err or sys.stderr

    @property
    def path(self) -> Path:
        """The home folder: --home, else $ENTENTE_HOME, else ./entente-home."""
        from api.home import default_path

        return Path(self.arguments.home) if self.arguments.home else default_path()

    def language(self, nation: str = "GB") -> Language:
        """--lang, else the language of the view asked."""
        chosen: Language = self.arguments.lang or LANGUAGES[nation]
        return chosen

    @contextmanager
    def home(self) -> Iterator[Home]:
        """The home, open for the length of a block. Raises NotFound with the remedy."""
        from api.home import Home

        with Home.open(self.path) as home:
            yield home

    # -- answering -----------------------------------------------------------------------------------------------------------

    def answer(self, document: dict[str, Any], lines: Callable[[], Iterable[str]]) -> None:
        """Print the document, or the lines that tell it."""
        if self.is_json:
            self.out.write(json_document(document) + "\n")
        else:
            self.tell(lines())

    def tell(self, lines: Iterable[str]) -> None:
        """Print lines on standard output; one that begins with an asterisk and a space is a heading."""
        for line in lines:
            is_heading = line.startswith("* ")
            text = plain(line[2:] if is_heading else line)
            self.out.write(f"{BOLD}{text}{NORMAL}\n" if is_heading and self.out.isatty() else text + "\n")
        self.out.flush()

    def remark(self, line: str) -> None:
        """Say something on standard error."""
        self.err.write(plain(line) + "\n")
        self.err.flush()

    @contextmanager
    def progress(self, what: str) -> Iterator[Progress]:
        """A line on the terminal that counts along and goes away at the end; nothing in a pipe. Call it (done[, of])."""
        last = 0.0

        def report(done: int, of: int | None = None) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= PROGRESS_EVERY_SECONDS:
                last = now
                self.err.write(f"{CLEAR_LINE}{plain(what)} {done:,}" + (f" of {of:,}" if of else ""))
                self.err.flush()

        is_shown = self.err.isatty()
        try:
            yield report if is_shown else lambda done, of=None: None
        finally:
            if is_shown:
                self.err.write(CLEAR_LINE)
                self.err.flush()
