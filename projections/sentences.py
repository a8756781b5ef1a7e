"""A difference between the two capitals in words that a minister's office understands, in either language.

Told by event and not by step: an event whose steps cancel is told once. What is explained, what one side does not communicate
and what nobody can explain stand in sentences of their own and are never added together (figures, section 3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from projections.nations import RULESETS
from projections.reconciliation import PAIRS
from projections.ruleset import Ruleset
from projections.wording import differences as said
from projections.wording.typography import LANGUAGES, Language, Words, format_number, french

TOLD_MAX = 12
"""So many events are told one by one; of more, those alike are added up."""
NATION_OF = {"withheld_by_gb": "GB", "withheld_by_fr": "FR"}
ENDS = {"GB": "gb", "FR": "fr"}

Answer = Mapping[str, Any]


def sentences(answer: Answer, language: Language, *, labels: bool = False) -> list[str]:
    """Why Paris's figure is not London's: one sentence with each event, then one for each part that is not explained by any.

    `answer` is one of `projections.differences`. With `labels` each event is named by its reference too.
    """
    return [_explained(answer, language, labels), *_residues(answer, language)]


def closing(answer: Answer, language: Language) -> str:
    """What is said at the end where nothing is unexplained: that all is explained, or that the rest is not communicated."""
    is_whole = len(_residues(answer, language)) == 0
    return _in(said.ALL_EXPLAINED if is_whole else said.NOTHING_UNEXPLAINED, language)


def title(pair: str, language: Language) -> str:
    """What a pair of figures is about."""
    return _in(said.TITLES[pair], language)


def phrase(answer: Answer, step: Answer, item: Answer, language: Language) -> str:
    """Why one step changes what one event counts: completes "+11 …"."""
    about = _abouts(answer).get((step["dimension"], item["key"]), {})
    found = _phrase(answer, {**item, "dimension": step["dimension"], "about": about}, language)
    return _numbered(found, abs(item["delta"]), language)


def signed(value: int, language: Language) -> str:
    """+11, −1, 0."""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return sign + format_number(abs(value), language)


# -- the sentences -----------------------------------------------------------------------------------------------------------


def _explained(answer: Answer, language: Language, labels: bool) -> str:
    counted, about = answer["told"]["counted"], _abouts(answer)
    alike: dict[str, list[Answer]] = {}
    for entry in counted:
        alike.setdefault(_cause(answer, entry, about, language), []).append(entry)
    ordered = sorted(alike.items(), key=lambda each: -abs(sum(e["net"] for e in each[1])))
    many = len(counted) > TOLD_MAX
    clauses = [_clause(answer, what, entries, language, labels, many) for what, entries in ordered]
    if language == "fr":
        clauses = _elided(clauses)
    if not clauses:
        clauses = [_in(said.NOTHING_ELSE if answer["from"] != answer["to"] else said.SAME, language)]
    joint = "; " if language == "fr" or any("," in clause for clause in clauses) else ", "
    apart = [
        _in(words, language).format(what=_passed_by(answer, answer["told"][name], about, language, labels))
        for name, words in (("neither", said.NEITHER), ("both", said.BY_BOTH))
        if answer["told"].get(name)
    ]
    parts = "; ".join([joint.join(clauses), *apart])
    ends = {"london": format_number(answer["from"], language), "paris": format_number(answer["to"], language)}
    return _spaced(_in(said.SAYS, language).format(parts=parts, **ends), language)


def _clause(answer: Answer, what: str, entries: Sequence[Answer], language: Language, labels: bool, many: bool) -> str:
    """What is alike is said once, behind each event's own size: "+80, +60 repelled, which London does not count"."""
    total = sum(e["net"] for e in entries)
    if many and len(entries) > 1:
        key = PAIRS[answer["pair"]].key
        sizes = signed(total, language)
        what = _in(said.IN_EVENTS[key], language).format(what=what, count=format_number(len(entries), language))
    else:
        sizes = ", ".join(signed(e["net"], language) for e in entries)
        what += f" ({', '.join(e['label'] for e in entries)})" if labels else ""
    return _numbered(f"{sizes} {what}", max(abs(total), len(entries)), language)


def _passed_by(answer: Answer, entries: Sequence[Answer], about: Mapping[Any, Answer], language: Language, labels: bool) -> str:
    """What neither side counts, or both by another route, with where it was."""
    if len(entries) > TOLD_MAX:
        total = format_number(sum(e["size"] for e in entries), language)
        return _in(said.IN_EVENTS[PAIRS[answer["pair"]].key], language).format(what=total, count=len(entries))
    told = []
    for entry in entries:
        place = next((p for s in entry["steps"] for p in about[s["dimension"], entry["key"]].get("at", ())), "")
        count = format_number(entry["size"], language)
        text = _in(said.AT, language).format(count=count, place=_name(answer, place)) if place else count
        told.append(f"{text} ({entry['label']})" if labels else text)
    return ", ".join(told)


def _residues(answer: Answer, language: Language) -> list[str]:
    found = []
    declared = answer.get("declared", {})
    for step in answer["steps"]:
        if not step["items"]:
            nation = NATION_OF[step["dimension"]]
            is_sized = declared.get(nation, True)
            told = said.SIZE_DECLARED if is_sized else said.SIZE_NOT_STATED
            found.append(_in(told, language).format(size=signed(step["delta"], language), capital=_capital(nation, language)))
    for nation, size in answer.get("declared_later", {}).items():
        text = _in(said.SIZE_DECLARED, language)
        found.append(text.format(size=signed(size, language), capital=_capital(nation, language)))
    silent = (_capital(nation, language) for nation in answer.get("not_stated", ()))
    found += [_in(said.NOT_STATED, language).format(capital=capital) for capital in silent]
    few = (_capital(nation, language) for nation in answer.get("fewer_than_five", ()))
    found += [_in(said.FEWER_THAN_FIVE, language).format(capital=capital) for capital in few]
    if answer["unexplained"]:
        found.append(_in(said.UNEXPLAINED, language).format(size=signed(answer["unexplained"], language)))
    return [_spaced(text, language) for text in found]


# -- what became of an event -------------------------------------------------------------------------------------------------


def _abouts(answer: Answer) -> dict[Any, Answer]:
    return {(row["dimension"], row["key"]): row for row in answer["about"]}


def _cause(answer: Answer, entry: Answer, about: Mapping[Any, Answer], language: Language) -> str:
    """Why an event counts otherwise in Paris; where it takes several steps, each with its own size."""
    steps = [{**s, "about": about[s["dimension"], entry["key"]]} for s in entry["steps"]]
    told = [_phrase(answer, step, language) for step in steps]
    if len(steps) == 1:
        return told[0]
    each = (
        f"{signed(s['delta'], language)} {_numbered(t, abs(s['delta']), language)}" for s, t in zip(steps, told, strict=True)
    )
    return f"({'; '.join(each)})"


def _phrase(answer: Answer, step: Answer, language: Language) -> str:
    """Why one step changes what an event counts, plurals still open."""
    reason, sign = step["reason"], "+" if step["delta"] > 0 else "-"
    about: Answer = step.get("about", {})
    fields = {
        "did": _any_of((said.DID.get(did, said.COUNTED) for did in about.get("did", ())), language)
        or _in(said.COUNTED, language),
        "who": ", ".join(_name(answer, by) for by in about.get("by", ())),
        "capital": _capital(NATION_OF.get(step["dimension"], ""), language),
    }
    if reason == "R01":
        return _outside(answer, sign, about.get("when", ""), fields["did"], language)
    if reason in ("R04", "R05"):
        words = said.SCOPES.get(answer["pair"] + sign, said.SCOPES[sign])
    elif reason == "R12" and sign == "-" and (refused := _refused(about, step["delta"], language)):
        return refused
    else:
        words = said.ONE_WAY.get(reason + sign) or said.BOTH_WAYS[reason]
    return _in(words, language).format(**fields)


def _outside(answer: Answer, sign: str, when: str, did: str, language: Language) -> str:
    """R01: what Paris gains lies outside London's day, and the other way round."""
    nation = "GB" if sign == "+" else "FR"
    capital = _capital(nation, language)
    ruleset: Ruleset = RULESETS[answer[ENDS[nation]]["ruleset"]]
    if ruleset.begins.hour or ruleset.begins.minute:
        hour, minute = ruleset.begins.hour, ruleset.begins.minute
        time = f"{hour} h {minute:02d}" if language == "fr" else f"{hour:02d}:{minute:02d}"
        edge = _in(said.HOUR, language).format(time=time, capital=capital)
    else:
        edge = _in(said.MIDNIGHT, language).format(capital=capital)
    return _in(said.WHERE[when], language).format(did=did, hour=edge, capital=capital)


def _refused(about: Answer, delta: int, language: Language) -> str:
    """What became of those who were found and not taken over; nothing where what is stated does not add up to them."""
    refused = [(code, count) for code, count in about.get("refused", ()) if count]
    left = -delta - sum(count for _, count in refused)
    if not refused or left < 0:
        return ""
    parts = [(_in(said.REFUSED[code], language) if code in said.REFUSED else code, count) for code, count in refused]
    if left:
        parts.append((_in(said.ONE_WAY["R12-"], language), left))
    if len(parts) == 1:
        return parts[0][0]
    return ", ".join(f"{format_number(n, language)} {_numbered(what, n, language)}" for what, n in parts)


# -- words -------------------------------------------------------------------------------------------------------------------


def _in(words: Words, language: Language) -> str:
    return str(words[LANGUAGES.index(language)])


def _any_of(words: Iterable[Words], language: Language) -> str:
    return (" ou " if language == "fr" else " or ").join(dict.fromkeys(_in(each, language) for each in words))


def _capital(nation: str, language: Language) -> str:
    return _in(said.CAPITALS[nation], language) if nation else ""


def _name(answer: Answer, code: str) -> str:
    """What an authority or a place is registered as; its code where that is not at hand."""
    return str(answer.get("names", {}).get(code, code))


def _numbered(text: str, count: int, language: Language) -> str:
    """The French mark of the plural, set or left out."""
    return text.replace("(s)", "s" if count > 1 else "") if language == "fr" else text


def _elided(clauses: list[str]) -> list[str]:
    """« +11 découvertes après minuit ; +9 par Eurotunnel »: what was said in the clause before is not said again."""
    told, before = [], ""
    for clause in clauses:
        found = re.match(r"([+−]\S+) (\S+) (par .*)", clause)
        told.append(f"{found[1]} {found[3]}" if found and found[2] == before else clause)
        words = clause.split(" ")
        before = words[1] if len(words) > 1 else ""
    return told


def _spaced(text: str, language: Language) -> str:
    return french(text) if language == "fr" else text
