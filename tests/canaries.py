"""A night of which every word is marked: statements of every type there is, jointly and sealed to either nation, in canaries.

A canary says by its form that it is one, and `of` says whose knowledge it is. Whatever a type lets an author choose is one:
texts, persons, references, digests, fields of the header, and numbers where words cannot stand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from api.authoring import Author, compose, countersign, seal_to
from ledger import errors, events
from ledger.events import NEWEST
from ledger.events.examples import DATA
from ledger.events.text import text_names
from ledger.evidence.sealed import GOVERNING
from ledger.formats import envelope, sealing, strict
from ledger.formats.entry import format_instant
from tests.story import MARKING, ORIGIN, Story

NATIONS = ("GB", "FR")
TYPES = tuple(name for name in sorted(NEWEST) if not name.startswith(GOVERNING))
"""What may be said on any night; the others govern the log, jointly and for both."""
PLACE = "CZ"
OPENERS = {"incident": "incident.opened", "interception": "interception.recorded", "case": "case.opened"}
BEFORE: Mapping[str, tuple[str, ...]] = {
    "incident.reopened": ("incident.opened", "incident.resolved"),
    "incident.link_withdrawn": ("incident.linked",),
    **{f"case.decision_{how}": ("case.decision_recorded",) for how in ("appealed", "withdrawn")},
    "case.decision_substituted": ("case.decision_recorded", "case.decision_recorded"),
    **{f"correction.{how}": ("interception.recorded",) for how in ("recorded", "proposed")},
    **{f"correction.{how}": ("interception.recorded", "correction.proposed") for how in ("accepted", "rejected")},
}
"""What is said on the same stream before a statement of a type, where that is more than what opens it."""
REFERS: Mapping[str, tuple[str, ...]] = {
    "incident.link_withdrawn": ("withdraws",),
    **{f"case.decision_{how}": ("target",) for how in ("appealed", "withdrawn")},
    "case.decision_substituted": ("replacement", "target"),
    **{f"correction.{how}": ("target",) for how in ("recorded", "proposed")},
    **{f"correction.{how}": ("proposal",) for how in ("accepted", "rejected")},
}
"""The fields in which a statement refers to what was said before it, the last first."""
MARKED = re.compile(
    r"cnry[0-9]{6}|c0ffee[0-9]{58}|0198c0ff-eec0-7eee-8eee-[0-9]{12}"
    r"|(?<![\w.+/=-])(?:0\.)?9[0-9]{2}[,. \u00a0\u202f]?[0-9]{3}(?!\w)|(?<![\w.+/=-])9[0-9]{3}\.[0-9]{2}(?!\w)"
)
NUMBERS_FROM = 900_001


class Canaries:
    """The canaries there are, each with whose knowledge it is."""

    def __init__(self) -> None:
        self.of: dict[str, str] = {}
        self._count = 0

    def word(self, of: str) -> str:
        """One that may stand wherever a word may."""
        return self._new("cnry{:06d}", of)

    def event_id(self, of: str) -> str:
        """One in the form of an event's id."""
        return self._new("0198c0ff-eec0-7eee-8eee-{:012d}", of)

    def number(self, of: str) -> int:
        """One of six digits."""
        return int(self._new("{}", of, NUMBERS_FROM))

    def _new(self, form: str, of: str, begin: int = 0) -> str:
        self._count += 1
        made = form.format(begin + self._count)
        self.of[made] = of
        return made

    def found_in(self, text: str) -> set[str]:
        """The canaries of a text. Numbers are known in units, thousands grouped, hundredths and millionths."""
        found = set()
        for mark in set(MARKED.findall(text)):
            plain = mark if mark[0] in "c0" and not mark.startswith("0.") else re.sub(r"\D", "", mark.removeprefix("0."))
            if plain in self.of:
                found.add(plain)
        return found

    def planted(self, name: str, data: Mapping[str, Any], of: str, number_of: str, kept: Sequence[str]) -> dict[str, Any]:
        """The data of a type with a canary in every place that takes one, but for the fields that are kept."""
        planted: dict[str, Any] = json.loads(json.dumps(data))
        for holder, key in list(_leaves(planted, kept)):
            was = holder[key]
            given = [self.number(number_of)] if isinstance(was, int) else [self.word(of), self.event_id(of), self._digest(of)]
            for canary in given:
                holder[key] = canary
                if is_lawful(name, planted):
                    break
                self.of.pop(str(canary))
                holder[key] = was
            for unused in given:
                if holder[key] != unused:
                    self.of.pop(str(unused), None)
        return planted

    def _digest(self, of: str) -> str:
        return self._new("c0ffee{:058d}", of)


def _leaves(value: Any, kept: Sequence[str] = ()) -> Iterator[tuple[Any, Any]]:
    """(container, key) of each string and number in a value, but for the fields that are kept."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, dict | list) and key not in kept:
            yield from _leaves(inner)
        elif key not in kept and not isinstance(inner, bool):
            yield value, key


def is_lawful(name: str, data: Mapping[str, Any]) -> bool:
    """Whether a type takes such data."""
    try:
        events.convert_data(name, NEWEST[name].schema, data)
    except errors.EntenteError:
        return False
    return True


class Marked:
    """A night told in canaries. Keys of the dictionaries are `joint`, `GB` and `FR`."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.canaries = Canaries()
        self.ids: dict[str, dict[str, str]] = {"joint": {}, "GB": {}, "FR": {}}
        """Ids of statements by their type; of sealed ones those inside."""
        self.streams: dict[str, dict[str, str]] = {"joint": {}, "GB": {}, "FR": {}}
        self.outer: dict[str, str] = {}
        """The id of one event of each nation as its outside has it."""
        for nation in NATIONS:
            story.player._official(nation)
        self._linked = self._found()

    def tell(self) -> None:
        """Say everything jointly, then everything sealed to each nation."""
        for name in TYPES:
            self._say("joint", name, ("BF", "GB-SRO", "FR-SRO", "GB"))
        for nation, author in (("GB", "BF"), ("FR", "PAF")):
            for name in TYPES:
                self._say(nation, name, (f"{nation}-SRO" if NEWEST[name].signers == "official" else author,))

    def _found(self) -> str:
        """A detection that both nations know of, for cases to speak of."""
        stream = self.canaries.word("shared BF")
        self.story.add("interception.recorded", stream, {**DATA["interception.recorded"], "place": PLACE})
        return stream

    def _say(self, whose: str, name: str, speakers: Sequence[str]) -> None:
        """One statement with what has to be said before it, by whoever of these may say it."""
        refused: list[str] = []
        for speaker in speakers:
            stream = self.canaries.word(self._class(whose, "sealed", speaker))
            opener = OPENERS.get(NEWEST[name].family, name)
            opening = (opener,) if NEWEST[name].steps.refused_elsewhere and name != opener else ()
            said: list[str] = []
            try:
                for each in (*BEFORE.get(name, opening), name):
                    said.append(self._one(whose, each, stream, speaker, said))
            except errors.EntenteError as wrong:
                refused.append(f"{speaker}: {wrong}")
                continue
            self.ids[whose][name], self.streams[whose][name] = said[-1], stream
            return
        raise AssertionError(f"{name} was said by nobody ({'; '.join(refused)}): say in BEFORE what has to come before it")

    @staticmethod
    def _class(whose: str, what: str, speaker: str) -> str:
        return f"shared {speaker}" if whose == "joint" else f"{what} {whose}"

    def _one(self, whose: str, name: str, stream: str, speaker: str, said: Sequence[str]) -> str:
        """One event on record; returns its id."""
        story, author = self.story, self.story.author(speaker)
        story.clock.now += 1_000_000
        of = self._class(whose, "sealed", speaker)
        submitted = self._with_sections(whose, self._unsigned(whose, name, stream, speaker, said), author, of)
        event_id = str(json.loads(submitted.payload)["id"])
        if whose == "joint":
            others = [story.author(nation).key for nation in NATIONS if speaker in NATIONS and nation != speaker]
            story.home.ledger.append(countersign(submitted, others))
        else:
            sealed = seal_to(whose, submitted, ORIGIN, story.clock.now, MARKING, story.player.sealers)
            story.home.ledger.append(sealed)
            self.outer[whose] = str(json.loads(sealed.payload)["id"])
        return event_id

    def _unsigned(self, whose: str, name: str, stream: str, speaker: str, said: Sequence[str]) -> dict[str, Any]:
        """A statement with canaries in its header and its data."""
        marks, of, number_of = (
            self.canaries,
            self._class(whose, "sealed", speaker),
            self._class(whose, "number", speaker),
        )
        # What is nowhere counts nowhere, and a case speaks of what is on record.
        given: dict[str, Any] = {"place": PLACE, "links": [self._linked]}
        given |= dict(zip(REFERS.get(name, ()), reversed(said), strict=False))
        given |= {"nation": whose, "views": [whose]} if whose in NATIONS else {}
        data = DATA[name] | {field: given[field] for field in given if field in DATA[name]}
        header = {each: marks.word(of) for each in ("officer", "role", "grading", "correlation_id", "causation_id")}
        return {
            **header, "id": marks.event_id(self._class(whose, "id", speaker)), "type": name, "stream": stream,
            "occurred_at": format_instant(self.story.clock.now), "author_seq": marks.number(number_of),
            "source": {"kind": "radio", "ref": marks.word(of), "record_id": marks.word(of)},
            "stated_time": {"text": marks.word(of), "precision": "minute"},
            "data": marks.planted(name, data, of, number_of, (*given, "outcome", "from", "to")),
        }  # fmt: skip

    def _with_sections(self, whose: str, unsigned: dict[str, Any], author: Author, of: str) -> envelope.Submitted:
        """The same signed, with a section of every kind beside it, each wrapped to whom it is for and no one else."""
        story, marks, name = self.story, self.canaries, str(unsigned["type"])
        plain = compose(unsigned, author, ORIGIN, story.player.sealers, story.clock.now)
        fields = json.loads(plain.payload)
        nations = NATIONS if whose == "joint" else (whose,)
        fields["releasable_to"] = list(nations)
        said = {"text": ({each: marks.word(f"text {whose}") for each in text_names(name)}, nations)}
        said |= {nation.lower(): ({"said": marks.word(f"text {nation}")}, (nation,)) for nation in nations}
        said |= {f"personal:{marks.word(of)}": ({"name": marks.word(f"personal {whose}")}, nations)}
        sealers, sections = story.player.sealers, {}
        fields["sections"] = []
        for section, (content, to) in said.items():
            recipients = {nation: sealers.sealing[nation] for nation in to}
            commitment, sections[section] = sealing.seal(section, strict.format(content), ORIGIN, fields["id"], recipients)
            fields["sections"].append(commitment)
        payload = strict.format(fields)
        return envelope.Submitted(payload, envelope.EVENT_TYPE, (envelope.sign(payload, author.key),), sections)
