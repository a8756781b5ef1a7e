"""What the command line says besides the data, in English and French: one row a phrase, one column a language.

Labels that belong to the views (reasons, kinds of event, questions) are in projections/wording.py.
"""

from __future__ import annotations

import zoneinfo
from datetime import date, datetime
from typing import get_args

from projections.nations import FIRST
from projections.wording import typography
from projections.wording.fields import field
from projections.wording.names import UNITS
from projections.wording.typography import Language, format_day, format_number, format_time, french

WORDS: dict[str, tuple[str, str]] = {
    "exercise": ("EXERCISE – invented", "EXERCICE – fictif"),
    "view GB": ("British view", "Lecture britannique"),
    "view FR": ("French view", "Lecture française"),
    "London": ("London time", "heure de Londres"),
    "Paris": ("Paris time", "heure de Paris"),
    "as known": ("as known on {at}", "données arrêtées au {at}"),
    "position": ("position {position:d}", "n° d'ordre {position:d}"),
    "co-signed": ("checkpoint {size:d} co-signed by both (final)", "état {size:d} contresigné par les deux (définitif)"),
    "not co-signed": (
        "checkpoint {size:d} NOT yet co-signed (not final)",
        "état {size:d} NON encore contresigné (non définitif)",
    ),
    "settled": ("settled", "arrêté"),
    "not settled": ("not settled: more may be recorded for this instant", "non arrêté : des saisies peuvent encore s'ajouter"),
    "now": ("as of the last entry", "à la dernière saisie"),
    "reporting day": ("Reporting day {day}", "Bulletin du {day}"),
    "window": ("from {begin} to {end}", "du {begin} au {end}"),
    "several times": (
        "One person may be counted several times wherever the unit is not persons.",
        "Une même personne peut être comptée plusieurs fois partout où l'unité n'est pas la personne.",
    ),
    "rules": ("rules {ruleset}", "règles {ruleset}"),
    "lines": ("What it is made of", "Ce qui le compose"),
    "sum": ("sum of the lines", "somme des lignes"),
    "no lines": ("Nothing: no fact of this kind stands in this window.", "Rien : aucun fait de ce genre dans cette période."),
    "disputed": ("of which {count} disputed", "dont {count} contesté(s)"),
    "disputed withdrawn": ("{count} more withdrawn, disputed", "{count} de plus, retrait contesté"),
    "disputed because": ("disputed: its key was reported compromised", "contesté : sa clé est signalée comme compromise"),
    "relayed": ("relayed by its national authority", "transmis par son autorité nationale"),
    "disputed gone": ("Withdrawn by what is disputed, not counted", "Retiré par ce qui est contesté, non compté"),
    "breaches": ("Sealed against the rules", "Scellé contre les règles"),
    "parked": (
        "{count:d} event(s) could not be read into this view and wait, visibly: see --json, parked",
        "{count:d} événement(s) n'ont pu être lus dans cette vue et attendent, visiblement : voir --json, parked",
    ),
    "ref": ("Ref.", "Réf."),
    "no.": ("No.", "N°"),
    "when": ("Happened", "Survenu"),
    "recorded": ("Recorded", "Saisi"),
    "who": ("Stated by", "Déclaré par"),
    "where": ("Place", "Lieu"),
    "quantity": ("Quantity", "Quantité"),
    "why": ("Counted because", "Compté car"),
    "corrected": ("restated by no. {position:d}", "rectifié au n° {position:d}"),
    "code": ("Code", "Code"),
    "figure": ("Figure", "Chiffre"),
    "name": ("Name", "Intitulé"),
    "unit": ("Unit", "Unité"),
    "became known": ("what became known, in the order it became known", "ce qui a été connu, dans l'ordre où on l'a su"),
    "what": ("What", "Quoi"),
    "late by": ("late by {minutes:d} min", "saisie tardive, {minutes:d} min"),
    "nothing known": ("Nothing became known.", "Rien n'a été porté à la connaissance."),
    "nothing found": ("Nothing of the kind is on record.", "Rien de tel n'est enregistré."),
    "yes": ("yes", "oui"),
    "no": ("no", "non"),
    "view": ("View", "Vue"),
    "day": ("Day", "Jour"),
    "status": ("Status", "État"),
    "revision": ("Revision", "Révision"),
    "based on": ("Rests on", "Fondé sur"),
    "event": ("Event", "Événement"),
    "no reports": ("No report has been issued.", "Aucun bulletin n'a été diffusé."),
    "report of": ("Report of {day}", "Bulletin du {day}"),
    "bound to": ("Bound to position {position} and rules {ruleset}.", "Lié au n° d'ordre {position} et aux règles {ruleset}."),
    "no drift": ("Nothing has moved since the reports were issued.", "Aucun écart depuis la diffusion."),
    "revision due": (
        "Revision due: report of {day}, which rested on position {position}",
        "Révision à établir : bulletin du {day}, fondé sur le n° d'ordre {position}",
    ),
    "reported": ("Reported", "Diffusé"),
    "believed now": ("Now", "Aujourd'hui"),
    "because of": ("Because of", "En raison de"),
    "situation": ("Situation", "Situation"),
    "not believed safe": (
        "nobody is taken to be safe because another boat was",
        "nul n'est tenu pour sauf parce qu'un autre bateau l'est",
    ),
    "none": ("none", "néant"),
    "claimed": ("the sender claims it was acknowledged", "l'émetteur affirme qu'il en a été accusé réception"),
    "stream": ("Stream", "Fil"),
    "from whom": ("From → to", "De → à"),
    "since": ("Since", "Depuis"),
    "who can end": ("to be settled by {who}", "à lever par {who}"),
    "coordinated": ("coordinated by {by} since {since}", "coordonnée par {by} depuis {since}"),
    "nobody coordinates": ("nobody is on record as coordinating", "aucune coordination enregistrée"),
    "silent": ("nothing recorded for {minutes:d} min", "rien d'enregistré depuis {minutes:d} min"),
    "tail": (
        "{count:d} entries are not yet final, the oldest since {since}",
        "{count:d} enregistrements non encore définitifs, depuis le {since}",
    ),
    "tail of one": (
        "{count:d} entry is not yet final, since {since}",
        "{count:d} enregistrement non encore définitif, depuis le {since}",
    ),
    "waiting for": (
        "{who} has not co-signed since {since}",
        "{who} n'a pas contresigné depuis le {since}",
    ),
    "reconciliation": ("why the two figures differ", "rapprochement des chiffres"),
    "capital GB": ("London", "Londres"),
    "capital FR": ("Paris", "Paris"),
    "size only": ("not communicated, size declared", "non communiqué, volume déclaré"),
    "deeper": ("Look deeper", "Aller plus loin"),
    "bracket recorded": (
        "Entry {position} says that it was recorded at {at}, by the ledger's own clock.",
        "L'enregistrement n° {position} se dit fait le {at}, à l'horloge du journal lui-même.",
    ),
    "bracket before by": (
        "At {at}, {who} co-signed the log without it: {size} entries, the newest state it knew of.",
        "Le {at}, {who} a contresigné le journal sans lui : {size} enregistrements, le dernier état connu de lui.",
    ),
    "bracket before": (
        "Not before {at}: so it is if the clock of only one of the two was right, and that nation was shown all there was.",
        "Pas avant le {at} : il en est ainsi si l'horloge d'un seul des deux était juste et si tout lui était montré.",
    ),
    "bracket after by": (
        "At {at}, {who} co-signed the log with it: {size} entries.",
        "Le {at}, {who} a contresigné le journal avec lui : {size} enregistrements.",
    ),
    "bracket after": (
        "Not after {at}: so it is if the clock of only one of the two was right.",
        "Pas après le {at} : il en est ainsi si l'horloge d'un seul des deux était juste.",
    ),
    "bracket not yet": (
        "Not both have co-signed a log that holds it: its time is not bounded from above yet.",
        "Les deux n'ont pas encore contresigné un journal qui le contienne : rien ne borne encore sa date par le haut.",
    ),
    "bracket stamped": (
        "Not after {at}, whatever both say: {who} stamped the co-signed log of {size} entries then.",
        "Pas après le {at}, quoi qu'en disent les deux : {who} a alors horodaté leur journal de {size} enregistrements.",
    ),
    "bracket inside": (
        "The ledger's own time contradicts none of this, {seconds} seconds allowed between clocks.",
        "L'heure du journal ne contredit rien de cela, à {seconds} secondes près entre horloges.",
    ),
    "bracket outside": (
        "OUTSIDE: the ledger's own time contradicts this by more than {seconds} seconds. Do not believe it.",
        "HORS BORNES : l'heure du journal contredit cela de plus de {seconds} secondes. N'y ajoutez pas foi.",
    ),
    "bracket exercise": (
        "In an exercise the time is told, not measured.",
        "Dans un exercice, l'heure est dictée et non mesurée.",
    ),
    "bracket proves": (
        "This bounds when the entry came into the log, not when what it tells happened, nor when its author wrote it.",
        "Cela borne sa venue au journal, non le moment des faits, ni celui où leur auteur les a écrits.",
    ),
}

# Names of columns in answers to an inquiry's questions; one that is not here is shown as the document has it.
# How a unit is called after one (in French also after none); after several it is called as in wording/names.py.
ONE: dict[str, tuple[str, str]] = {
    "person": ("person", "personne"),
    "person-detection": ("person-detection", "personne-découverte"),
    "person-attempt": ("person-attempt", "personne-tentative"),
    "person × procedure": ("person × procedure", "personne × procédure"),
    "boat": ("boat", "embarcation"),
    "distinct suspect": ("distinct suspect", "suspect distinct"),
    "distinct vehicle": ("distinct vehicle", "véhicule distinct"),
    "notice": ("notice", "notification"),
    "GBP": ("pound", "livre sterling"),
    "event": ("event", "événement"),
    "case": ("case", "affaire"),
}


class Words:
    """One language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.column = get_args(Language).index(language)

    def __call__(self, key: str, **values: object) -> str:
        """The phrase of a key with its values put in; French punctuation gets its narrow spaces."""
        text = WORDS[key][self.column].format(**values)
        return self.spaced(text)

    @property
    def nation(self) -> str:
        """Whose clock instants are told by where an answer is neither nation's own."""
        return "FR" if self.language == "fr" else "GB"

    def label(self, key: str) -> str:
        """A phrase with its colon."""
        return self.spaced(self(key) + ":")

    def spaced(self, text: str) -> str:
        """A text put together from phrases, with French spaces where they are asked for."""
        return text if self.language == "en" else french(text)

    def field(self, name: str) -> str:
        """The name of a column."""
        return self.of(field(name))

    def unit(self, name: str, quantity: int) -> str:
        """A unit's name as it stands after a quantity."""
        is_one = abs(quantity) < 2 if self.language == "fr" else abs(quantity) == 1
        if is_one and name in ONE:
            return ONE[name][self.column]
        return self.of(UNITS[name]) if name in UNITS else name

    def of(self, row: typography.Words) -> str:
        """One language's column of a row of the views' own words."""
        return str(row[self.column])

    def number(self, value: int) -> str:
        """A whole number, grouped, with a real minus sign."""
        return ("−" if value < 0 else "") + format_number(abs(value), self.language)

    def day(self, day: date) -> str:
        """27 August 2015, 27 août 2015."""
        return format_day(day, self.language)

    def clock(self, text: str, nation: str) -> str:
        """An instant of the ledger as the time of day in a nation's capital: 03:12, 3 h 12."""
        return format_time(local(text, nation), self.language)

    def instant(self, text: str, nation: str) -> str:
        """An instant of the ledger in the nation's own time, with its zone named."""
        zone = self(FIRST[nation].zone.partition("/")[2])
        between = ", " if self.language == "en" else " à "
        return f"{self.day(local(text, nation).date())}{between}{self.clock(text, nation)} ({zone})"

    def short(self, text: str, nation: str) -> str:
        """An instant in the nation's own time for a column of a table: 27/08 03:12."""
        return f"{local(text, nation):%d/%m %H:%M}"


def local(text: str, nation: str) -> datetime:
    """An instant as the ledger writes it, on the clock of a nation's capital."""
    return datetime.fromisoformat(text).astimezone(zoneinfo.ZoneInfo(FIRST[nation].zone))
