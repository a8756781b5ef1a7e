"""What stands around every answer: that an exercise is one, whose reading, as of when, at which position, final or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from api.cli.rendering import Cell, sides, table
from api.cli.words import Words
from ledger.formats.entry import format_instant

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home
    from projections.view import Moment


def moment(session: Session, home: Home, nation: str, as_of: int | None) -> Moment:
    """A nation's view at an instant; says on standard error where the view is behind the log."""
    found = home.view(nation).at(as_of)
    head, at = home.ledger.head(), home.view(nation).at(None).position if as_of is not None else found.position
    if at < head:
        remedy = f"bring it up to date: entente project {nation.lower()}"
        session.remark(f"the {nation} view is {head - at} entries behind the log; {remedy}")
    return found


def exercised(home: Home) -> dict[str, Any]:
    """What a document says of the ledger it comes from."""
    if not home.settings.exercise:
        return {"exercise": False}
    return {"exercise": True, "title": home.settings.title}


def document(home: Home, answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer as it is printed in JSON: said to be an exercise where it is one."""
    return {**answer, **exercised(home)}


def frame_of(found: Moment) -> dict[str, Any]:
    """Where an answer stands that is not one of the view's own."""
    return {
        "view": found.nation,
        "as_of": format_instant(found.instant),
        "position": found.position,
        "checkpoint": found.view.covering(found.position) if found.position else None,
        "settled": found.settled,
    }


def banner(words: Words, home: Home, marking: str = "") -> list[str]:
    """The first line of every screen of an exercise, and the protective marking of a view."""
    if not home.settings.exercise:
        return [sides("", marking)] if marking else []
    title = f" · {home.settings.title}" if home.settings.title else ""
    return ["* " + sides(words("exercise") + title, marking)]


def standing(words: Words, answer: Mapping[str, Any], nation: str) -> list[str]:
    """As of when, at which position, under which checkpoint, settled or not; then what is not final yet, and who is missing."""
    checkpoint = answer["checkpoint"]
    signed = words("co-signed" if checkpoint["final"] else "not co-signed", size=checkpoint["size"])
    root = f"{checkpoint['root'][:16]}…"
    parts = [words("position", position=answer["position"]), f"{signed}, {root}"]
    parts.append(words("settled" if answer["settled"] else "not settled"))
    known = words("as known", at=words.instant(answer["as_of"], nation))
    return [capitalised(known), " · ".join(parts), *not_final(words, checkpoint, nation)]


def not_final(words: Words, checkpoint: Mapping[str, Any], nation: str) -> list[str]:
    """What no final checkpoint covers yet, since when, and who is missing; nothing where all is final."""
    tail, behind = checkpoint["tail"], checkpoint["behind"]
    if not tail["entries"]:
        return []
    waiting = [words("waiting for", who=who, since=words.instant(at["since"], nation)) for who, at in behind.items()]
    row = "tail of one" if tail["entries"] == 1 else "tail"
    return [" · ".join([words(row, count=tail["entries"], since=words.instant(tail["since"], nation)), *waiting])]


def under(found: Moment) -> dict[str, Any]:
    """The checkpoint over a moment, with what is not final yet; nothing where the view holds nothing."""
    checkpoint = frame_of(found)["checkpoint"]
    return {"checkpoint": checkpoint} if checkpoint else {}


def below(words: Words, answer: Mapping[str, Any], nation: str) -> list[str]:
    """The same under a list: a line, and an empty one before it."""
    told = not_final(words, answer["checkpoint"], nation) if "checkpoint" in answer else []
    return ["", *told] if told else []


def headed(title: str, rows: Sequence[Sequence[Cell]], head: tuple[str, ...] = (), align: str = "") -> list[str]:
    """A heading and its table, with an empty line before; nothing where there are no rows."""
    return ["", "* " + title, *table(rows, head, align)] if rows else []


def capitalised(text: str) -> str:
    """A phrase as it begins a line: its first letter large, the others as they are."""
    return text[:1].upper() + text[1:]
