"""`entente bundle`: evidence that leaves the house, verified offline, and laid out for a review platform."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, Usage, add_command, add_group, instant
from api.cli.rendering import paragraph, table
from api.cli.words import Words
from ledger import errors

if TYPE_CHECKING:
    from api.bundling import Asked
    from api.cli.session import Session
    from api.home import Home
    from ledger.evidence.bundle import Verdict
    from ledger.evidence.bundle_manifest import Question

NO = 1
QUESTIONS = ("stream", "begin", "figure", "report")


def add_to(commands: Commands[Parser]) -> None:
    """Add bundle create, verify, page, loadfile."""
    group = add_group(commands, "bundle", "evidence bundles: answers that carry everything needed to check them, offline")
    create = add_command(
        group, "create", run_create, "write one file that answers a question and proves the answer",
        "It rests on the newest checkpoint that both nations co-signed, and is verified before it gets its name.",
    )  # fmt: skip
    create.add_argument("--out", metavar="FILE.zip", type=Path, required=True, help="the bundle, a new file")
    create.add_argument("--stream", metavar="S", help="every entry of a stream")
    create.add_argument("--from", type=instant, dest="begin", metavar="INSTANT", help="every entry recorded from then on …")
    create.add_argument("--to", type=instant, dest="end", metavar="INSTANT", help="… and before then")
    create.add_argument("--figure", metavar="VIEW:CODE:DAY[:AS_OF]", help="a figure and its lines, e.g. gb:G1:2015-08-26")
    create.add_argument("--report", metavar="ID", help="the figures of a report that was issued, by its event id")
    create.add_argument(
        "--withhold", metavar="WHAT=GROUND", action="append", default=[],
        help="show of an entry only that it is there; WHAT is a position, or `cases`, or `rescues`; may be repeated",
    )  # fmt: skip
    create.add_argument(
        "--open", metavar="POSITION:SECTION", action="append", default=[],
        help="hand over the key of a section that this home can open, e.g. 77:text or 80:inner; may be repeated",
    )  # fmt: skip
    create.add_argument(
        "--basis", metavar="EVENT", help="the recorded access.combined or mandate.granted that allows rescues beside cases"
    )
    create.add_argument(
        "--without-verifier", action="store_true", help="leave verify.html out: whoever gets the bundle has one from elsewhere"
    )
    verify = add_command(
        group, "verify", run_verify, "check everything in a bundle, offline; say what is proven, assumed and not proven"
    )
    verify.add_argument("file", metavar="FILE.zip", type=Path)
    verify.add_argument("--policy", metavar="FILE", type=Path, help="whom you trust: a policy file that did not come with it")
    verify.add_argument(
        "--authority", metavar="NAME=FILE", action="append", default=[],
        help="certificates (PEM) of a time-stamping authority, from elsewhere; may be repeated",
    )  # fmt: skip
    page = add_command(
        group, "page", run_page, "the browser's verifier, verify.html, and its SHA-256",
        "A second implementation, in one file, that checks bundles in a browser without a network.",
    )  # fmt: skip
    page.add_argument("--out", metavar="FILE.html", type=Path, help="write it there; without it only its digest is told")
    load = add_command(
        group, "loadfile", run_loadfile, "lay a bundle out for a review platform: Concordance DAT, OPT, natives, text, pages",
        "The bundle is verified first; document numbers are positions in the log, the same in every bundle.",
    )  # fmt: skip
    load.add_argument("file", metavar="FILE.zip", type=Path)
    load.add_argument("--out", metavar="DIR", type=Path, required=True, help="a new or empty folder")
    load.add_argument("--policy", metavar="FILE", type=Path, help="as for verify")


# -- create -------------------------------------------------------------------------------------------------------------------


def run_create(session: Session, arguments: argparse.Namespace) -> int:
    """Write a bundle."""
    from api import bundling

    asked = _asked(arguments)
    with session.home() as home:
        size = bundling.size_for(home)
        question = _question(arguments, home, size)
        verdict = bundling.create(home, question, arguments.out, asked, size)
        words = Words(session.language())
        document = {"file": str(arguments.out), "bytes": arguments.out.stat().st_size, **verdict.document}
        session.answer(document, lambda: created_lines(words, document))
    return 0


def created_lines(words: Words, document: Mapping[str, Any]) -> list[str]:
    """What was written: the question and its answer, how many entries, how large; and how whoever gets it checks it."""
    from projections.wording import bundles

    entries = document["entries"]
    told = {"file": document["file"], "bytes": words.number(document["bytes"]), **entries}
    lines = [words("exercise")] if document["exercise"] else []
    lines += [words.spaced(words.of(bundles.WRITTEN).format(**told)), *_asked_lines(words, document)]
    if "answer-whole" in document["not_proven"]:
        lines += _point(words.spaced(words.of(bundles.NOT_WHOLE)))
    return [*lines, words.spaced(words.of(bundles.CHECK_IT).format(**told))]


def _asked(arguments: argparse.Namespace) -> Asked:
    from api.bundling import KINDS, Asked

    withhold: dict[int, str] = {}
    kinds: dict[str, str] = {}
    for text in arguments.withhold:
        what, _, ground = text.partition("=")
        if not ground.strip() or not (what in KINDS or _is_position(what)):
            known = ", ".join(KINDS)
            raise Usage(arguments.command, f"--withhold {text!r}: write POSITION=GROUND, or one of {known} for the position")
        if what in KINDS:
            kinds[what] = ground
        else:
            withhold[int(what)] = ground
    sections = []
    for text in arguments.open:
        position, _, name = text.partition(":")
        if not _is_position(position) or not name:
            raise Usage(arguments.command, f"--open {text!r}: write POSITION:SECTION, e.g. 77:text")
        sections.append((int(position), name))
    return Asked(withhold, kinds, sections, arguments.basis, not arguments.without_verifier)


def _is_position(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < len(text) < 16 and int(text) > 0


def _question(arguments: argparse.Namespace, home: Home, size: int) -> Question:
    from ledger.evidence.bundle_manifest import OfPeriod, OfReport, OfStream
    from ledger.formats.entry import format_instant

    given = [name for name in QUESTIONS if getattr(arguments, name) is not None]
    if len(given) != 1 or (arguments.begin is None) != (arguments.end is None):
        raise Usage(arguments.command, "ask one question: --stream, --from with --to, --figure or --report")
    if arguments.stream is not None:
        return OfStream(arguments.stream)
    if arguments.begin is not None:
        return OfPeriod(format_instant(arguments.begin), format_instant(arguments.end))
    if arguments.report is not None:
        return OfReport(arguments.report)
    return _figure(arguments, home, size)


def _figure(arguments: argparse.Namespace, home: Home, size: int) -> Question:
    from api.bundling import newest_instant
    from api.cli.arguments import day, nation
    from ledger.evidence.bundle_manifest import OfFigure
    from ledger.formats.entry import format_instant

    parts = arguments.figure.split(":", 3)
    try:
        view, code, on = nation(parts[0]), parts[1], day(parts[2])
        as_of = format_instant(instant(parts[3])) if len(parts) > 3 else newest_instant(home, size)
    except (IndexError, argparse.ArgumentTypeError) as wrong:
        raise Usage(arguments.command, f"--figure {arguments.figure!r}: write VIEW:CODE:DAY[:AS_OF]") from wrong
    return OfFigure("GB" if view == "GB" else "FR", code, on.isoformat(), as_of)


# -- verify -------------------------------------------------------------------------------------------------------------------


def run_verify(session: Session, arguments: argparse.Namespace) -> int:
    """Verify a bundle; 1 where it is refused, or not final by the policy given."""
    from api.bundling import strangers
    from ledger.evidence.bundle import NOT_FINAL, REFUSED
    from projections.wording import bundles

    verdict = _verified(session, arguments)
    words = Words(session.language())
    for name in strangers(arguments.file) if verdict.word != REFUSED else ():
        session.remark(words.of(bundles.STRANGER).format(name=name))
    session.answer(verdict.document, lambda: verdict_lines(words, verdict, str(arguments.file)))
    return NO if verdict.word in (REFUSED, NOT_FINAL) else 0


def _verified(session: Session, arguments: argparse.Namespace) -> Verdict:
    from api.bundling import verify_file
    from ledger.formats.policy import parse_policy

    policy = None
    if arguments.policy is not None:
        if not arguments.policy.is_file():
            raise errors.NotFound(f"there is no policy file {arguments.policy}", field="--policy")
        policy = parse_policy(arguments.policy.read_bytes())
    roots = _roots(arguments)
    with session.progress("entries") as progress:
        return verify_file(arguments.file, policy, progress, roots)


def _roots(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """The certificates of time-stamping authorities, by the names they have in the bundle."""
    from ledger.evidence.timestamping import read_roots

    found = {}
    for text in getattr(arguments, "authority", ()):
        name, _, file = text.partition("=")
        if not name or not Path(file).is_file():
            raise Usage(arguments.command, f"--authority {text!r}: write NAME=FILE")
        found[name] = read_roots(Path(file).read_bytes())
    return found or None


def run_page(session: Session, arguments: argparse.Namespace) -> int:
    """Write the browser's verifier, and tell its digest, which must be the one published with the release."""
    from ledger.evidence.browserpage import verifier_page, verifier_sha256

    page = verifier_page()
    if arguments.out is not None:
        arguments.out.write_bytes(page)
    name = None if arguments.out is None else str(arguments.out)
    document = {"bytes": len(page), "file": name, "sha256": verifier_sha256()}
    session.answer(document, lambda: [f"{document['sha256']}  {name or 'verify.html'}"])
    return 0


def run_loadfile(session: Session, arguments: argparse.Namespace) -> int:
    """Lay a bundle out for a review platform; 1 where it is refused."""
    from api.bundling import write_load_file
    from ledger.evidence.bundle import REFUSED

    verdict = _verified(session, arguments)
    words = Words(session.language())
    if verdict.word == REFUSED:
        session.answer(verdict.document, lambda: verdict_lines(words, verdict, str(arguments.file)))
        return NO
    count = write_load_file(arguments.file, arguments.out)
    document = {"documents": count, "folder": str(arguments.out), "exercise": verdict.document["exercise"]}
    lines = [words("exercise")] if document["exercise"] else []
    line = f"{count} documents in {arguments.out}; DATA holds the DAT and the OPT. Verdict of the bundle: {verdict.word}."
    session.answer({**document, "verdict": verdict.word}, lambda: [*lines, line])
    return 0


def verdict_lines(words: Words, verdict: Verdict, file: str) -> Iterable[str]:
    """The verdict in words: what is proven, by whose keys, what is assumed, what is not proven."""
    from projections.wording import bundles

    document = verdict.document
    if document["problem"] is not None:
        code, where = document["problem"]["code"], document["problem"]["file"]
        what = words.of(bundles.PROBLEMS[code]) + (f" ({where})" if where else "")
        refused = words.of(bundles.VERDICTS["refused"]).format(what=f"{what}; {verdict.detail}")
        return [f"* {file}", *paragraph(words.spaced(refused), 0)]
    lines = [words("exercise")] if document["exercise"] else []
    lines += [f"* {file}", *paragraph(words.of(bundles.VERDICTS[document["verdict"]]), 0), ""]
    lines += [f"* {words.of(bundles.HEADINGS['question'])}", *_asked_lines(words, document)]
    fields = _fields(document)
    for name, rows in (("proven", bundles.PROVEN), ("assumed", bundles.ASSUMED), ("not_proven", bundles.NOT_PROVEN)):
        lines += ["", f"* {words.of(bundles.HEADINGS[name])}"]
        for code in document[name]:
            lines += _point(words.spaced(words.of(rows[code]).format(**fields)))
        if name == "proven":
            lines += ["", f"* {words.of(bundles.HEADINGS['keys'])}", *_keys(words, document)]
    return lines


def _asked_lines(words: Words, document: Mapping[str, Any]) -> list[str]:
    from projections.wording import bundles

    question = document["question"]
    lines = _point(words.spaced(words.of(bundles.QUESTIONS[question["kind"]]).format(**question)))
    answer = document["answer"]
    if answer is not None and "lines" in answer:
        told = {"value": words.number(answer["value"]), "unit": answer["unit"], "lines": len(answer["lines"])}
        lines += _point(words.spaced(words.of(bundles.ANSWER).format(**told)))
    return lines


def _fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the phrases speak of, by the names they have there."""
    entries, answer = document["entries"], document["answer"] or {}
    unopened = sum(entries["sealed"].values()) - document["sections"]["inner_sound"] - document["sections"]["inner_unsound"]
    return {
        **entries["sealed"], **document["complete"], **document["log"],
        "full": entries["full"], "withheld": entries["withheld"], "sealed": unopened,
        "stamped": ", ".join(f"{row['authority']} {row['at']}" for row in document.get("stamped", ())),
        "signatures": document["signatures"], "opened": document["sections"]["opened"], "value": answer.get("value"),
    }  # fmt: skip


def _keys(words: Words, document: Mapping[str, Any]) -> list[str]:
    from datetime import UTC, datetime

    from projections.wording import bundles

    lines = []
    for row in document["cosigned"]:
        at = datetime.fromtimestamp(row["time"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines.append(f"  {row['name']}: {words.of(bundles.COSIGNED).format(time=at)}")
    names = tuple(bundles.COLUMNS)
    rows = [[f"{key[name][:16]}…" if name == "key_id" else key[name] for name in names] for key in document["keys"]]
    return [*map(words.spaced, lines), *table(rows, tuple(words.of(bundles.COLUMNS[name]) for name in names), "lllr")]


def _point(text: str) -> list[str]:
    """One point of a list."""
    first, *more = paragraph(text, 4)
    return [f"  – {first.lstrip()}", *more]
