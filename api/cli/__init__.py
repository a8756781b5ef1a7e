"""The command line: `main` reads it, runs one command and turns what goes wrong into one line and an exit code.

0 done · 1 a check failed or the answer is "no" · 2 wrong usage · 3 refused by the ledger · 4 unavailable.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from api.cli import (
    access,
    append,
    bracket,
    bundle,
    demo,
    doctor,
    drafts,
    equivocation,
    exercise,
    figures,
    index,
    keys,
    ledgers,
    log,
    mirror,
    project,
    receipt,
    reconcile,
    reconciliation,
    relay,
    replay,
    report,
    serve,
    signer,
    situation,
    timestamp,
    upgrade,
)
from api.cli.arguments import Parser, Usage, add_shared
from api.cli.rendering import plain
from api.cli.session import Session
from ledger import errors

DONE, NO, USAGE, REFUSED, UNAVAILABLE, INTERRUPTED = 0, 1, 2, 3, 4, 130
CODES: tuple[tuple[type[BaseException], int], ...] = (
    (errors.Refused, REFUSED),
    (errors.Unavailable, UNAVAILABLE),
    (errors.VerificationFailed, NO),
    (errors.EntenteError, USAGE),
)
# Named here so that whoever asks for one is told so, instead of being told that they cannot spell.
NOT_IN_THIS_RELEASE = ("hold", "erase")
MODULES = (
    *(demo, exercise, append, figures, situation, reconcile, reconciliation, replay, report, project),
    *(log, bracket, timestamp, index, bundle, mirror, serve, relay, receipt, equivocation),
    *(keys, drafts, signer, ledgers, access, doctor, upgrade),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code and never raises for what a caller did."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets its number instead of a traceback.
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    command = "entente"
    try:
        arguments = _read(list(sys.argv[1:] if argv is None else argv))
        command = arguments.command
        return _run(arguments)
    except SystemExit as asked:  # --help and --version have answered
        return int(asked.code or 0)
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python must not complain when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return _fail(command, "interrupted; what was answered with a receipt is recorded", INTERRUPTED)
    except Usage as wrong:
        return _fail(wrong.command, str(wrong), USAGE)
    except errors.EntenteError as wrong:
        return _fail(command, str(wrong), next(code for kind, code in CODES if isinstance(wrong, kind)))
    except OSError as wrong:
        return _fail(command, _of_a_file(wrong), UNAVAILABLE if wrong.filename is None else USAGE)


def _run(arguments: argparse.Namespace) -> int:
    from ledger.store.engines import answering

    with answering():  # a view's database that does not answer is Unavailable, as the log's is
        return int(arguments.run(Session(arguments), arguments))


def _read(argv: list[str]) -> argparse.Namespace:
    word = _first_word(argv)
    if word in NOT_IN_THIS_RELEASE:
        raise Usage("entente", f"{word} is not in this release, which ends at the command line of one home")
    parser = Parser(prog="entente", description="One signed history of the Strait, two national readings of it.")
    parser.add_argument("--version", action="version", version=f"entente {_version()}")
    add_shared(parser, is_first=True)
    commands = parser.add_subparsers(metavar="COMMAND", required=True, title="commands")
    for module in MODULES:
        module.add_to(commands)
    if word is not None and word not in commands.choices:
        raise Usage("entente", f"there is no command {word}")
    return parser.parse_args(argv)


def _first_word(argv: list[str]) -> str | None:
    """The command: the first word that is no option and not the value of one."""
    words = iter(argv)
    for word in words:
        if word in ("--home", "--lang"):
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("entente")
    except PackageNotFoundError:
        return "(not installed)"


def _of_a_file(wrong: OSError) -> str:
    what = (wrong.strerror or str(wrong)).lower()
    return f"{wrong.filename}: {what}" if wrong.filename is not None else f"the system says: {what}"


def _fail(command: str, message: str, code: int) -> int:
    line = " ".join(f"{command}: {message}".splitlines())
    sys.stderr.write(plain(line) + "\n")
    return code
