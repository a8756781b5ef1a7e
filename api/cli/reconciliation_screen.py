"""How a reconciliation on record is told on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from api.cli.frame import banner
from api.cli.rendering import Cell, paragraph, table
from api.cli.words import Words
from projections.sentences import closing, sentences, signed, title
from projections.wording import reconciliations as said
from projections.wording.differences import CAPITALS
from projections.wording.names import DIMENSIONS
from projections.wording.typography import Words as Row

if TYPE_CHECKING:
    from api.home import Home

Found = Mapping[str, Any]
NATIONS = ("GB", "FR")


def with_comments(home: Home, nation: str, found: Found) -> dict[str, Any]:
    """What the officials wrote beside their positions, where this home's key opens it."""
    from api.texts import text_of

    def opened(statement: Found) -> dict[str, Any]:
        text = text_of(home, statement["position"], nation) if statement["has_comment"] else {}
        return {**statement, **({"comment": str(text["comment"])} if "comment" in text else {})}

    items = [
        {**item, **{of: {**item[of], "said": [opened(each) for each in item[of]["said"]]} for of in NATIONS}}
        for item in found["items"]
    ]
    return {**found, "items": items}


def listed(words: Words, home: Home, rows: Sequence[Found]) -> list[str]:
    """One line a reconciliation."""
    told: list[list[Cell]] = [
        [
            row["pair"], f"{row['gb']['day']}, {row['fr']['day']}", f"{words.number(row['from'])} → {words.number(row['to'])}",
            ", ".join(_states(words, row)), row["event"],
        ]
        for row in rows
    ]  # fmt: skip
    head = tuple(words.of(said.HEADS[name]) for name in ("pair", "days", "from_to", "state", "event"))
    return [*banner(words, home), *(table(told, head) or [words.of(said.NONE)])]


def _states(words: Words, row: Found) -> list[str]:
    found = [words.of(said.RED).upper()] if row["red"] else []
    return found + [f"{words.number(n)} {words.of(said.STATES[name])}" for name, n in row["counts"].items() if n]


def computed(words: Words, home: Home, rows: Sequence[Found], receipts: Sequence[Found]) -> list[str]:
    """What was reconciled just now, in sentences."""
    lines = banner(words, home)
    for row in rows:
        lines += ["", f"* {row['pair']} · {title(row['pair'], words.language)}"]
        for text in sentences(row, words.language, labels=True):
            lines += paragraph(text, 0)
        lines += [f"  {row['event']}"] if "event" in row else []
    return lines


def shown(words: Words, home: Home, found: Found) -> list[str]:
    """Everything that is on record of one reconciliation."""
    lines = [*banner(words, home), f"* {found['pair']} · {title(found['pair'], words.language)}"]
    ends = {"london": words.number(found["from"]), "paris": words.number(found["to"])}
    lines.append(_of(words, said.RECORDED, pair=found["pair"], who=found["by"], position=found["position"], **ends))
    lines += [words.of(said.STANDS if found["stands"] else said.STANDS_NOT), ""]
    for text in sentences(found, words.language, labels=True) if found["items"] else ():
        lines += paragraph(text, 0)
    for nation, size in found["beyond_declared"].items():
        capital = words.of(CAPITALS[nation])
        lines += paragraph(_of(words, said.BEYOND, size=signed(size, words.language), capital=capital), 0)
    if not found["red"]:
        lines.append(closing(found, words.language))
    lines += _items(words, found["items"])
    return [*lines, "", *_standing(words, found)]


def _items(words: Words, items: Sequence[Found]) -> list[str]:
    rows: list[list[Cell]] = []
    for item in items:
        label = words.of(DIMENSIONS[item["label"]]) if item["label"] in DIMENSIONS else item["label"]
        rows.append([label, signed(item["net"], words.language), words.of(said.STATES[item["state"]]), _stances(words, item)])
        spoken = [each for nation in NATIONS for each in item[nation]["said"] if "comment" in each]
        rows += [["", "", "", _of(words, said.COMMENT, who=each["by"], comment=each["comment"])] for each in spoken]
    head = tuple(words.of(said.HEADS[name]) for name in ("item", "size", "state"))
    return ["", *table(rows, (*head, ""), align="lrll")]


def _stances(words: Words, item: Found) -> str:
    stance = {nation: words.of(said.STATES[item[nation]["stance"]]) for nation in NATIONS}
    return " · ".join(_of(words, said.SAID, nation=words.of(CAPITALS[n]), stance=stance[n]) for n in NATIONS)


def _standing(words: Words, found: Found) -> list[str]:
    lines = []
    for each in found["signed_off"]:
        told = said.SIGNED_OFF if each["whole"] else said.SIGNED_OFF_AS_IT_STOOD
        names = ("position", "agreed", "disputed", "open", "unexplained")
        lines += paragraph(_of(words, told, **{name: each[name] for name in names}), 0)
    lines += [] if lines else [words.of(said.NOT_SIGNED_OFF)]
    for each in found["due"]:
        fields = {**each, "begins": each.get("from"), "capital": words.of(CAPITALS[each["nation"]])}
        fields["events"] = ", ".join(event["label"] for event in each.get("events", ()))
        lines += paragraph(_of(words, said.DUE[each["why"]], **fields), 0)
    return lines + ([_of(words, said.FOLLOWED, event=found["followed_by"])] if found["followed_by"] else [])


def _of(words: Words, row: Row, **fields: Any) -> str:
    return words.of(row).format(**fields)
