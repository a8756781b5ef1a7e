"""`entente reconciliation`: two reports reconciled on record, each item agreed or disputed, signed off by both."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli import reconciliation_screen as screen
from api.cli.arguments import Commands, Parser, add_command, add_group, add_view, day, instant
from api.cli.frame import below, document, moment, under
from api.cli.report_issue import add_key, author, opened, receipt_row, text_of
from api.cli.words import Words
from ledger import errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.cli.session import Session
    from api.home import Home

DIMENSIONS = ("withheld_by_gb", "as_of", "window", "scope", "category", "withheld_by_fr")


def add_to(commands: Commands[Parser]) -> None:
    """Add reconciliation and all that it does."""
    group = add_group(commands, "reconciliation", "two reports reconciled: recorded, agreed or disputed, signed off by both")
    listed = add_command(group, "list", run_list, "every reconciliation on record, and whether a new one is due")
    show = add_command(group, "show", run_show, "one reconciliation: its sentences, its items, and who agreed to what")
    record = add_command(
        group, "record", run_record, "reconcile the newest reports of two days, and put it on record",
        "The view is that of whoever records it; the other nation's end is what its report communicates.",
    )  # fmt: skip
    agree = add_command(group, "agree", run_position, "agree to an item, as an official")
    dispute = add_command(group, "dispute", run_position, "dispute an item, as an official")
    declare = add_command(group, "declare", run_declare, "say that a figure rests on what is not communicated, and how much")
    off = add_command(
        group, "sign-off", run_sign_off, "sign a reconciliation off, as both nations",
        "In a home that has both national keys; else it is a draft (--out), which each nation signs with entente draft sign.",
    )  # fmt: skip
    for parser in (listed, show, record, agree, dispute, declare, off):
        add_view(parser)
    for parser in (show, agree, dispute, declare, off):
        parser.add_argument("reconciliation", metavar="RECONCILIATION", help="the id of its event")
    for nation, what in (("gb", "London's reporting day"), ("fr", "Paris's bulletin")):
        listed.add_argument(f"--{nation}-day", type=day, metavar="DAY", help=what)
        end = record.add_mutually_exclusive_group(required=True)
        end.add_argument(f"--{nation}-day", type=day, metavar="DAY", help=f"{what}: the newest report of it")
        end.add_argument(f"--{nation}-report", metavar="REPORT", help="or a report by the id of its event")
    record.add_argument("--pair", action="append", metavar="PAIR", help="P1 to P5; may be repeated (default: all)")
    record.add_argument("--jointly", action="store_true", help="hold the other's figure against its own view, if kept here")
    for parser in (agree, dispute):
        parser.add_argument("item", metavar="ITEM", help="its key: an event, a stream, a suspect, a step without items, or R00")
        parser.add_argument("--dimension", choices=DIMENSIONS, help="one step alone (default: the item in all its steps)")
        parser.add_argument("--comment", metavar="FILE|-", help="in words; it is sealed to both nations")
        parser.set_defaults(what=f"item_{'agreed' if parser is agree else 'disputed'}")
    declare.add_argument("--size", type=int, metavar="N", help="how much, with its sign; left out, the size is not stated")
    off.add_argument(
        "--as-it-stands", action="store_true", help="although items are open or disputed, or something unexplained"
    )
    for parser in (record, agree, dispute, declare, off):
        parser.add_argument("--at", type=instant, metavar="INSTANT", help="the time it is, in an exercise")
        parser.add_argument("--out", type=Path, metavar="DRAFT", help="a draft for entente draft, instead of recording it here")
        add_key(parser)


def run_list(session: Session, arguments: argparse.Namespace) -> int:
    """List; 1 where one is red."""
    from projections.reports import agreed

    with session.home() as home:
        at = moment(session, home, arguments.view, None)
        days = tuple(None if each is None else each.isoformat() for each in (arguments.gb_day, arguments.fr_day))
        rows = agreed.rows(at, (days[0], days[1]))
        words = Words(session.language(arguments.view))
        answer = {"view": at.nation, "position": at.position, **under(at), "reconciliations": rows}
        session.answer(document(home, answer), lambda: [*screen.listed(words, home, rows), *below(words, answer, at.nation)])
    return int(any(row["red"] for row in rows))


def run_show(session: Session, arguments: argparse.Namespace) -> int:
    """Show; 1 where something is unexplained."""
    from projections.reports import agreed

    with session.home() as home:
        at = moment(session, home, arguments.view, None)
        found = agreed.state(at, agreed.find(at, arguments.reconciliation))
        found = screen.with_comments(home, at.nation, found)
        words = Words(session.language(arguments.view))
        session.answer(document(home, {"view": at.nation, **found}), lambda: screen.shown(words, home, found))
    return int(found["red"])


def run_record(session: Session, arguments: argparse.Namespace) -> int:
    """Record; 1 where something is unexplained."""
    from api import reconciling
    from ledger.formats.entry import format_instant
    from projections.reconciliation import PAIRS

    with opened(session, arguments) as home:
        _require_up_to_date(home, arguments.view)
        ends = arguments.gb_report or arguments.gb_day, arguments.fr_report or arguments.fr_day
        found = reconciling.compute(home, arguments.view, ends, arguments.pair or tuple(PAIRS), jointly=arguments.jointly)
        at = format_instant(home.now())
        receipts = _say(home, arguments, [each.unsigned(at) for each in found])
        rows = [{**each.answer, **({"event": r["event_id"]} if r else {})} for each, r in _beside(found, receipts)]
        words = Words(session.language(arguments.view))
        answer = {"view": arguments.view, "receipts": receipts, "reconciliations": rows}
        session.answer(document(home, answer), lambda: screen.computed(words, home, rows, receipts))
    return int(any(each.answer["unexplained"] for each in found))


def _beside(found: Sequence[Any], receipts: Sequence[Any]) -> list[tuple[Any, Any]]:
    return list(zip(found, receipts or [None] * len(found), strict=True))


def run_position(session: Session, arguments: argparse.Namespace) -> int:
    """Agree or dispute; what is agreed to is the item as it stands here."""
    from projections.reports import agreed

    with opened(session, arguments) as home:
        at = home.view(arguments.view).at(None)
        found = agreed.state(at, agreed.find(at, arguments.reconciliation))
        item = _item(found, arguments.item)
        data: dict[str, Any] = {"key": item["key"], "delta": item["net"]}
        if arguments.dimension is not None:
            step = next((s for s in item["steps"] if s["dimension"] == arguments.dimension), None)
            if step is None:
                raise errors.BadQuestion(f"{item['key']} has no step {arguments.dimension}", field="--dimension")
            data |= {"dimension": step["dimension"], "delta": step["delta"], "reason_code": step.get("reason")}
        data |= {"comment": text_of(arguments.comment).strip()} if arguments.comment else {}
        return _said(session, arguments, home, {name: value for name, value in data.items() if value is not None})


def _item(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    for item in found["items"]:
        if name in (item["key"], item["label"]):
            return dict(item)
    known = ", ".join(item["label"] for item in found["items"])
    raise errors.NotFound(f"this reconciliation has no item {name}", field="ITEM", remedy=f"one of {known}" if known else None)


def run_declare(session: Session, arguments: argparse.Namespace) -> int:
    """Declare."""
    arguments.what = "withheld_declared"
    with opened(session, arguments) as home:
        size = {} if arguments.size is None else {"size": arguments.size}
        return _said(session, arguments, home, {"nation": arguments.view, **size})


def run_sign_off(session: Session, arguments: argparse.Namespace) -> int:
    """Sign off. What is open, disputed or unexplained is signed as what it is, and asked for by name."""
    from api.registrar import Registrar
    from ledger.formats.entry import format_instant
    from projections.reports import agreed, reconciled

    with opened(session, arguments) as home:
        at = home.view(arguments.view).at(None)
        record = agreed.find(at, arguments.reconciliation)
        found = agreed.state(at, record)
        counts = found["counts"]
        if not arguments.as_it_stands and (found["red"] or counts["open"] or counts["disputed"]):
            raise errors.BadQuestion(
                f"{counts['open']} open, {counts['disputed']} disputed, {found['unexplained']} unexplained",
                field="--as-it-stands", remedy="agree first, or sign it off as it stands: it is shown so for ever",
            )  # fmt: skip
        stream = reconciled.stream_of(record.pair, *record.days)
        data = {"reconciliation": record.fact.event}
        if arguments.out is not None:
            unsigned = {"type": SIGNED_OFF, "stream": stream, "occurred_at": format_instant(home.now()), "data": data}
            return _drafted(session, arguments, home, [unsigned])
        receipt = Registrar(home, home.now).state(SIGNED_OFF, stream, data, ("GB", "FR"))
        for nation in home.nations:
            home.projector(nation).follow()
        session.answer(document(home, {"receipt": receipt_row(receipt)}), lambda: [receipt.event_id])
    return 0


SIGNED_OFF = "reconciliation.signed_off"

# -- said by an official -----------------------------------------------------------------------------------------------------


def _said(session: Session, arguments: argparse.Namespace, home: Home, data: Mapping[str, Any]) -> int:
    from api import reconciling
    from ledger.formats.entry import format_instant
    from projections.reports import agreed

    record = agreed.find(home.view(arguments.view).at(None), arguments.reconciliation)
    unsigned = reconciling.said(record, arguments.what, data, format_instant(home.now()))
    if arguments.out is not None:
        return _drafted(session, arguments, home, [unsigned])
    (receipt,) = _say(home, arguments, [unsigned])
    session.answer(document(home, {"receipt": receipt}), lambda: [receipt["event_id"]])
    return 0


def _say(home: Home, arguments: argparse.Namespace, unsigned: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Record what an official says, all or nothing; or write it as a draft: no receipts then."""
    from api import authoring, drafts
    from api.registrar import sealers

    speaker = author(home, arguments, f"service-{arguments.view}-SRO")
    if arguments.out is not None:
        drafts.write(_new(arguments.out), [drafts.state(home, each, speaker.key) for each in unsigned])
        return []
    if home.settings.site:
        raise errors.BadQuestion("nothing is recorded in a nation's own home", field="--out", remedy="write a draft with --out")
    held = sealers(home)
    items = [authoring.compose(each, speaker, home.settings.origin, held, home.now()) for each in unsigned]
    answers = home.ledger.append_many(items, atomic=True)
    refused = [each for each in answers if isinstance(each, errors.EntenteError)]
    if refused:
        raise next((each for each in refused if type(each) is not errors.Refused), refused[0])
    for nation in home.nations:
        home.projector(nation).follow()
    return [receipt_row(each) for each in answers if not isinstance(each, errors.EntenteError)]


def _drafted(session: Session, arguments: argparse.Namespace, home: Home, unsigned: Sequence[Mapping[str, Any]]) -> int:
    from api import drafts
    from api.cli.append import find_key

    key = find_key(home, arguments.key or f"service-{arguments.view}-SRO")
    drafts.write(_new(arguments.out), [drafts.state(home, each, key) for each in unsigned])
    session.answer(document(home, {"file": str(arguments.out)}), lambda: [f"{arguments.out} is for whoever signs next"])
    return 0


def _new(path: Path) -> Path:
    if path.exists():
        raise errors.BadQuestion(f"{path} is there already", field="--out", remedy="name another file")
    return path


def _require_up_to_date(home: Home, nation: str) -> None:
    behind = home.reader.head() - home.view(nation).at(None).position
    if behind:
        raise errors.BadQuestion(
            f"the {nation} view is {behind} entries behind the log", field="view",
            remedy=f"bring it up to date: entente project {nation.lower()}",
        )  # fmt: skip
