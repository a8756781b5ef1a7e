"""The generated documentation: docs/events.md and docs/lives.md, made from the declarations.

`python -m ledger.events.tables events` and `… lives` print them; a test fails when the files in docs/ say anything else.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping

import msgspec
from msgspec import inspect

from ledger.events.base import CATALOGUE, NEWEST, SIGNERS, TEXT_EVERYWHERE, EventType, Marking, StatedTime
from ledger.events.lives import FINISHED, STATES, UNOPENED
from ledger.events.values import Estimate, Law, Money, Period, Position, Scope

FAMILIES: Mapping[str, str] = {
    "incident": "Incident / Incident",
    "interception": "Detection / Découverte",
    "case": "Case / Dossier",
    "correction": "Correction / Rectification",
    "annotation": "Annotation / Observation",
    "report": "Report / Bulletin",
    "reconciliation": "Reconciliation / Rapprochement des chiffres",
    "authority": "Registry / Référentiel: authorities",
    "place": "Registry / Référentiel: places",
    "role": "Registry / Référentiel: roles",
    "rules": "Registry / Référentiel: admission rules",
    "ruleset": "Registry / Référentiel: rulesets",
    "policy": "Registry / Référentiel: witness policy",
    "watch": "Watch / Relève",
    "clock": "Clock / Horloge",
    "service": "Control totals / Totaux de contrôle",
    "head": "Heads of other logs / Têtes d'autres journaux",
    "index": "Stream index / Index des fils",
    "ledger": "Ledger / Journal commun",
    "key": "Keys / Clés",
    "sealed": "Sealed events / Événements scellés",
    "release": "Release / Communication",
    "marking": "Marking / Marquage",
    "sharing": "Sharing / Communication entre les parties",
    "mandate": "Mandates / Mandats",
    "hold": "Hold / Gel (interdiction de détruire)",
    "restriction": "Restriction / Limitation",
    "rights": "Rights / Droits",
    "erasure": "Erasure / Effacement",
    "retention": "Retention / Conservation",
    "access": "Access log / Journal des accès",
}
SHARED_VALUES: tuple[type[msgspec.Struct], ...] = (Position, Estimate, Money, Law, Period, Scope, Marking, StatedTime)
EVENTS_PREAMBLE = """\
# Event types

Generated from the declarations in `ledger/events/` by `python -m ledger.events.tables events`; a test keeps it so.

A field without "?" must be given. Text fields never stand in `data`: they go to the section `text`, and any type accepts {}.
"""
LIVES_PREAMBLE = """\
# Lives

Generated from the declarations in `ledger/events/` by `python -m ledger.events.tables lives`; a test keeps it so.

A cell is the state after the step, "refused" where an administrative step is not possible, "flagged" where the event is
admitted, marked out of order and leaves the state alone, and "·" where it is admitted and changes nothing.
"""


# -- docs/events.md -------------------------------------------------------------------------------------------------------


def event_catalogue() -> str:
    """The whole of docs/events.md."""
    parts = [EVENTS_PREAMBLE.format(", ".join(f"`{name}`" for name in TEXT_EVERYWHERE))]
    parts.append("Whose signatures a type needs:\n\n" + "\n".join(f"- *{name}*: {who}" for name, who in SIGNERS.items()) + "\n")
    parts.append("Values that several types share:\n\n| value | is | fields |\n|---|---|---|")
    parts += [f"| {value.__name__} | {_sentence(value.__doc__)} | {_spelled_out(value)} |" for value in SHARED_VALUES]
    for family, title in FAMILIES.items():
        parts.append(f"{'' if parts[-1].endswith(chr(10)) else chr(10)}## {title}\n")
        rows = [row for row in CATALOGUE.values() if row.family == family]
        parts += [_described(row) for row in sorted(rows, key=lambda row: (_order(row.name), row.schema))]
    return "\n".join(parts)


def _order(name: str) -> int:
    return list(dict.fromkeys(known for known, _ in CATALOGUE)).index(name)


def _described(row: EventType) -> str:
    old = row is not NEWEST[row.name]
    lines = [f"### `{row.name}`" + (f", schema {row.schema}" if old or row.schema > 1 else ""), ""]
    lines += [f"**{row.en}** / **{row.fr}**. {_sentence(row.data_class.__doc__)}", ""]
    if old:
        lines += ["Still read, upgraded to the newest schema; no longer written.", ""]
    fields = list(_fields(row.data_class))
    if fields:
        lines += ["| field | is |", "|---|---|", *(f"| `{name}` | {what} |" for name, what in fields), ""]
    text = ", ".join(f"`{name}`" for name in row.text)
    facts = "Makes facts" if row.makes_facts else f"Makes no facts: {row.exempt}"
    also = f"; also on streams of the family {', '.join(row.also_on)}" if row.also_on else ""
    lines.append(f"Text: {text or 'none of its own'}. Regime {row.regime}. Signed by: *{row.signers}*. {facts}{also}.")
    return "\n".join(lines) + "\n"


def _sentence(doc: str | None) -> str:
    return " ".join((doc or "").split())


def _fields(struct: type[msgspec.Struct]) -> Iterator[tuple[str, str]]:
    described = inspect.type_info(struct)
    assert isinstance(described, inspect.StructType)
    for field in described.fields:
        yield field.encode_name + ("" if field.required else "?"), _kind(field.type)


def _kind(described: inspect.Type) -> str:
    """A type in words: its values, its unit, its limits."""
    match described:
        case inspect.Metadata():
            schema, extra = described.extra_json_schema or {}, described.extra or {}
            said = schema.get("description") or extra.get("unit")
            return _kind(described.type) + (f" ({said})" if said else "")
        case inspect.UnionType():
            return " or ".join(_kind(inner) for inner in described.types if not isinstance(inner, inspect.NoneType))
        case inspect.LiteralType():
            return ", ".join(f"`{value}`" if isinstance(value, str) else str(value).lower() for value in described.values)
        case inspect.StructType():
            return described.cls.__name__ if described.cls in SHARED_VALUES else _spelled_out(described.cls)
        case inspect.VarTupleType() | inspect.ListType():
            return f"list of {_kind(described.item_type)}"
        case inspect.DictType():
            return (
                f"map to {_kind(described.value_type)}" if not isinstance(described.value_type, inspect.AnyType) else "object"
            )
        case inspect.IntType():
            return f"integer {described.ge:,} … {described.le:,}" if None not in (described.ge, described.le) else "integer"
        case inspect.StrType():
            return "string" if described.max_length is None else f"printable string of up to {described.max_length}"
        case inspect.BoolType():
            return "true or false"
        case _:
            return type(described).__name__.removesuffix("Type").lower()


def _spelled_out(struct: type[msgspec.Struct]) -> str:
    return "{" + "; ".join(f"`{name}` {what}" for name, what in _fields(struct)) + "}"


# -- docs/lives.md --------------------------------------------------------------------------------------------------------


def transition_table(family: str) -> str:
    """The life of one family as a Markdown table: types down, states across."""
    states = STATES[family]
    lines = ["| type | " + " | ".join(states) + " |", "|---" * (len(states) + 1) + "|"]
    for row in NEWEST.values():
        if row.family == family or family in row.also_on:
            cells = (_cell(row, family, state) for state in states)
            lines.append(f"| `{row.name}` | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(row: EventType, family: str, state: str) -> str:
    after = row.steps.moves.get(state)
    if after in STATES[family] and after != state:
        return f"**{after}**"
    if after is None and row.steps.refused_elsewhere:
        return "refused"
    unusual = after is None and (state == UNOPENED or state in FINISHED[family])
    return "flagged" if unusual or (state in FINISHED[family] and not row.steps.refused_elsewhere) else "·"


def life_tables() -> str:
    """The whole of docs/lives.md."""
    parts = [LIVES_PREAMBLE]
    for family, states in STATES.items():
        parts.append(f"## {FAMILIES[family]}\n\nStates: {', '.join(states)}.\n")
        parts.append(transition_table(family))
        parts.append(NOTES[family])
    return "\n".join(parts)


NOTES: Mapping[str, str] = {
    "incident": """\
A fact about people in a closed incident reopens it and is flagged. A distress closes only with outcome `accounted`, or with
`closed_without_confirmation` and `decided_by`. Opening a stream that is opened already is refused: two services never open one
stream, they link.
""",
    "interception": """\
`interception.recorded` may be repeated by the authority that opened the stream, and is refused to any other.
""",
    "case": """\
Each track becomes final once, on its own.
""",
}


DOCUMENTS: Mapping[str, Callable[[], str]] = {"events": event_catalogue, "lives": life_tables}


def main(arguments: list[str] | None = None) -> None:
    """Print one of the two documents; leaves with exit code 2 where neither is named."""
    parser = argparse.ArgumentParser(prog="python -m ledger.events.tables", description="Print docs/<document>.md.")
    parser.add_argument("document", choices=DOCUMENTS)
    print(DOCUMENTS[parser.parse_args(arguments).document](), end="")


if __name__ == "__main__":
    main()
