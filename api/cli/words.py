"""What the command line says besides the data, in English and French: one row a phrase, one column a language.

Labels that belong to the views (reasons, kinds of event, questions) are in projections/wording.py.
"""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime

NARROW = "\u202f"
ZONES = {"GB": "Europe/London", "FR": "Europe/Paris"}
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip

WORDS: dict[str, tuple[str, str]] = {
    "exercise": ("EXERCISE – invented", "EXERCICE – fictif"),
    "view GB": ("British view", "Lecture britannique"),
    "view FR": ("French view", "Lecture française"),
    "London": ("London time", "heure de Londres"),
    "Paris": ("Paris time", "heure de Paris"),
    "as known": ("as known on {at}", "données arrêtées au {at}"),
    "position": ("position {position:d}", "n° d'ordre {position:d}"),
    "co-signed": ("checkpoint {size:d} co-signed by both (final)", "état {size:d} contresigné par les deux (définitif)"),
    "not co-signed": ("checkpoint {size:d} NOT yet co-signed (not final)", "état {size:d} NON encore contresigné (non définitif)"),
    "settled": ("settled", "arrêté"),
    "not settled": ("not settled: more may be recorded for this instant", "non arrêté : des saisies peuvent encore s'ajouter"),
    "now": ("as of the last entry", "à la dernière saisie"),
    "reporting day": ("Reporting day {day}", "Bulletin du {day}"),
    "window": ("from {begin} to {end}", "du {begin} au {end}"),
    "people": ("Protected and harmed", "Protégé, secouru, atteint"),
    "several times": (
        "One person may be counted several times wherever the unit is not persons.",
        "Une même personne peut être comptée plusieurs fois partout où l'unité n'est pas la personne.",
    ),
    "rescued": ("rescued at sea", "secourues en mer"),
    "disembarked": ("disembarked", "débarquées"),
    "sheltered": ("sheltered", "mises à l'abri"),
    "dead": ("dead", "décédées"),
    "missing": ("missing", "disparues"),
    "seriously_injured": ("seriously injured", "blessées graves"),
    "slightly_injured": ("slightly injured", "blessées légères"),
    "minors_found": ("minors found (as claimed)", "mineurs découverts (déclarés)"),
    "minors_received": ("minors received by child protection", "mineurs confiés à la protection de l'enfance"),
    "protection_needs": ("protection needs", "besoins de protection"),
    "stated": ("stated", "signalés"),
    "referred": ("referred", "orientés"),
    "answered": ("answered", "suivis d'une réponse"),
    "migrant": ("migrant", "migrant"),
    "officer": ("officer", "agent"),
    "staff": ("staff", "personnel"),
    "driver": ("driver", "conducteur"),
    "unstated": ("not said who", "qualité non précisée"),
    "figures": ("Seen, detected, disrupted", "Constaté, Détecté, Entravé"),
    "seen": ("Seen", "Constaté"),
    "detected": ("Detected", "Détecté"),
    "disrupted": ("Disrupted", "Entravé"),
    "saved": ("Prevented at sea, rescued, landed, harmed", "Empêché en mer, secouru, débarqué, atteint"),
    "beside": ("Beside them, never netted", "À côté, jamais déduit"),
    "rules": ("rules {ruleset}", "règles {ruleset}"),
    "lines": ("What it is made of", "Ce qui le compose"),
    "sum": ("sum of the lines", "somme des lignes"),
    "no lines": ("Nothing: no fact of this kind stands in this window.", "Rien : aucun fait de ce genre dans cette période."),
    "sealed": ("not disclosed to the other nation", "non communiqué à l'autre nation"),
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
    "deeper": ("Look deeper", "Aller plus loin"),
}

# (one, several) in each language, by the ruleset's name of the unit.
UNITS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "person": (("person", "persons"), ("personne", "personnes")),
    "person-detection": (("person-detection", "person-detections"), ("personne-découverte", "personnes-découvertes")),
    "person-attempt": (("person-attempt", "person-attempts"), ("personne-tentative", "personnes-tentatives")),
    "person × procedure": (("person × procedure", "persons × procedures"), ("personne × procédure", "personnes × procédures")),
    "boat": (("boat", "boats"), ("embarcation", "embarcations")),
    "distinct suspect": (("distinct suspect", "distinct suspects"), ("personne distincte", "personnes distinctes")),
    "distinct vehicle": (("distinct vehicle", "distinct vehicles"), ("véhicule distinct", "véhicules distincts")),
    "notice": (("notice", "notices"), ("notification", "notifications")),
    "GBP": (("pound", "pounds"), ("livre sterling", "livres sterling")),
    "event": (("event", "events"), ("événement", "événements")),
    "case": (("case", "cases"), ("affaire", "affaires")),
}

# Under which heading a figure is printed, by the part of its code before the dot. A rescue is never under "disrupted".
HEADINGS: dict[str, tuple[str, ...]] = {
    "seen": ("G2", "F1"),
    "detected": ("G1", "G3", "G4", "G8", "F3"),
    "disrupted": ("G6", "G7", "F2", "F8", "F9"),
    "saved": ("G5", "G9", "F4", "F5", "F6", "F7", "F10", "F11"),
}


class Words:
    """One language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.column = ("en", "fr").index(language)

    def __call__(self, key: str, **values: object) -> str:
        """The phrase of a key with its values put in; French punctuation gets its narrow spaces."""
        text = WORDS[key][self.column].format(**values)
        return text if self.language == "en" else french_spaces(text)

    def unit(self, name: str, quantity: int) -> str:
        """A unit's name as it stands after a quantity."""
        one, several = UNITS.get(name, ((name, name), (name, name)))[self.column]
        is_one = abs(quantity) < 2 if self.language == "fr" else abs(quantity) == 1
        return one if is_one else several

    def number(self, value: int) -> str:
        """A whole number, grouped: 12,000 or 12 000; a real minus sign."""
        text = f"{abs(value):,}"
        return ("−" if value < 0 else "") + (text if self.language == "en" else text.replace(",", NARROW))

    def day(self, day: date) -> str:
        """27 August 2015, 27 août 2015."""
        if self.language == "en":
            return f"{day.day} {day:%B} {day.year}"
        return f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"

    def clock(self, at: datetime) -> str:
        """03:12, 3 h 12."""
        return f"{at:%H:%M}" if self.language == "en" else f"{at.hour}{NARROW}h{NARROW}{at:%M}"

    def instant(self, text: str, nation: str) -> str:
        """An instant of the ledger in the nation's own time, with its zone named."""
        at = local(text, nation)
        zone = self("London" if nation == "GB" else "Paris")
        between = ", " if self.language == "en" else " à "
        return f"{self.day(at.date())}{between}{self.clock(at)} ({zone})"

    def short(self, text: str, nation: str) -> str:
        """An instant in the nation's own time for a column of a table: 27/08 03:12."""
        return f"{local(text, nation):%d/%m %H:%M}"


def local(text: str, nation: str) -> datetime:
    """An instant as the ledger writes it, on the clock of a nation's capital."""
    at = datetime.fromisoformat(text)
    return at.astimezone(zoneinfo.ZoneInfo(ZONES[nation])) if at.tzinfo else at.replace(tzinfo=UTC)


def french_spaces(text: str) -> str:
    """Narrow no-break spaces in place of ordinary ones before ; : ! ? and inside guillemets."""
    for mark in ";:!?»":
        text = text.replace(f" {mark}", NARROW + mark)
    return text.replace("« ", "«" + NARROW)
