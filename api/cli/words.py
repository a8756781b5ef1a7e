"""What the command line says besides the data, in English and French: one row a phrase, one column a language.

Labels that belong to the views (reasons, kinds of event, questions) are in projections/wording.py.
"""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime

from projections.nations import FIRST

NARROW = "\u202f"
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
    "open distress": ("IN DISTRESS, open: {count:d}", "EN DÉTRESSE, en cours : {count:d}"),
    "no distress": ("No boat is on record as being in distress.", "Aucune embarcation n'est enregistrée comme étant en détresse."),
    "unconfirmed distress": ("Not confirmed safe: {count:d}", "Non confirmées sauves : {count:d}"),
    "not believed safe": ("nobody is taken to be safe because another boat was", "nul n'est tenu pour sauf parce qu'un autre bateau l'est"),
    "open incidents": ("Open incidents: {count:d}", "Incidents en cours : {count:d}"),
    "none": ("none", "néant"),
    "unacknowledged": ("Not acknowledged by the recipient", "Sans accusé de réception du destinataire"),
    "unanswered": ("Requests past their time without an answer", "Demandes restées sans réponse"),
    "claimed": ("the sender claims it was acknowledged", "l'émetteur affirme qu'il en a été accusé réception"),
    "stream": ("Stream", "Fil"),
    "from whom": ("From → to", "De → à"),
    "since": ("Since", "Depuis"),
    "contradictions": ("Contradictions on record", "Contradictions enregistrées"),
    "who can end": ("to be settled by {who}", "à lever par {who}"),
    "obligations": ("Owed, and not on record", "Dû, et non enregistré"),
    "prosecutor_or_coroner": ("prosecutor or coroner informed", "information du parquet ou du coroner"),
    "investigation": ("investigation opened", "ouverture d'une enquête"),
    "protection_need_answer": ("answer to a stated protection need", "réponse à un besoin de protection signalé"),
    "coordinated": ("coordinated by {by} since {since}", "coordonnée par {by} depuis {since}"),
    "nobody coordinates": ("nobody is on record as coordinating", "aucune coordination enregistrée"),
    "silent": ("nothing recorded for {minutes:d} min", "rien d'enregistré depuis {minutes:d} min"),
    "partly disembarked": ("partly disembarked", "débarquement partiel"),
    "tail": (
        "{count:d} entries are not yet co-signed, the oldest since {since}.",
        "{count:d} enregistrements non encore contresignés, depuis le {since}.",
    ),
    "reconciliation": ("why the two figures differ", "rapprochement des chiffres"),
    "capital GB": ("London", "Londres"),
    "capital FR": ("Paris", "Paris"),
    "London says, Paris says": ("London {london}, Paris {paris}:", "Londres {london}, Paris {paris} :"),
    "same": ("the same", "identique"),
    "neither": ("counted by neither:", "comptées par aucun :"),
    "and": ("and", "et"),
    "size only": ("not communicated, size declared", "non communiqué, volume déclaré"),
    "all explained": ("Every unit is explained; nothing is left over.", "Chaque unité est expliquée ; il ne reste rien."),
    "unexplained": ("UNEXPLAINED (R00): {count}. This is a defect.", "NON EXPLIQUÉ (R00) : {count}. C'est un défaut."),
    "step withheld_by_gb": ("What London does not communicate", "Ce que Londres ne communique pas"),
    "step as_of": ("Known at another instant", "Connu à un autre instant"),
    "step window": ("Another reporting window", "Autre période de bulletin"),
    "step scope": ("Another scope (place or authority)", "Autre périmètre (lieu ou autorité)"),
    "step category": ("Another category or point of counting", "Autre catégorie ou autre point de comptage"),
    "step withheld_by_fr": ("What Paris does not communicate", "Ce que Paris ne communique pas"),
    "R00+": ("unexplained", "non expliqué"),
    "R00-": ("unexplained", "non expliqué"),
    "R01+": ("in Paris's window, not in London's", "dans la période de Paris, hors de celle de Londres"),
    "R01-": ("in London's window, not in Paris's", "dans la période de Londres, hors de celle de Paris"),
    "R02+": ("first recorded after London's figure was drawn", "saisies après l'arrêté de Londres"),
    "R02-": ("first recorded after Paris's figure was drawn", "saisies après l'arrêté de Paris"),
    "R03+": ("counted in another unit", "comptées dans une autre unité"),
    "R03-": ("counted in another unit", "comptées dans une autre unité"),
    "R04+": ("where London does not count", "hors du périmètre de Londres"),
    "R04-": ("where only London counts", "dans le seul périmètre de Londres"),
    "R05+": ("found by a site operator, outside what London counts", "découvertes par un exploitant, hors du périmètre de Londres"),
    "R05-": ("found by a site operator, whom Paris does not count", "découvertes par un exploitant, que Paris ne compte pas"),
    "R06+": ("of a category that Paris counts and London does not", "d'une catégorie comptée par Paris seul"),
    "R06-": ("of a category that London counts and Paris does not", "d'une catégorie comptée par Londres seul"),
    "R07+": ("in what Paris does not disclose", "non communiquées à l'autre nation"),
    "R07-": ("in what London does not disclose", "non communiquées à l'autre nation"),
    "R09+": ("corrected between the two instants", "rectifiées entre les deux instants"),
    "R09-": ("corrected between the two instants", "rectifiées entre les deux instants"),
    "R12+": ("counted at hand-over, not where found", "comptées à la remise, non à la découverte"),
    "R12-": ("found, but not taken over by the PAF", "découvertes, mais non prises en charge par la PAF"),
    "R13+": ("linked otherwise between the two instants", "rattachées autrement entre les deux instants"),
    "R13-": ("linked otherwise between the two instants", "rattachées autrement entre les deux instants"),
    "R14+": ("counted by rules adopted in between", "comptées selon des règles adoptées entre-temps"),
    "R14-": ("counted by rules adopted in between", "comptées selon des règles adoptées entre-temps"),
    "R15+": ("erased or restricted", "effacées ou limitées"),
    "R15-": ("erased or restricted", "effacées ou limitées"),
    "R16+": ("on either side of a boundary, by a clock change or an imprecise time", "de part et d'autre d'une limite, par changement d'heure ou heure imprécise"),
    "R16-": ("on either side of a boundary, by a clock change or an imprecise time", "de part et d'autre d'une limite, par changement d'heure ou heure imprécise"),
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
        zone = self(FIRST[nation].zone.partition("/")[2])
        between = ", " if self.language == "en" else " à "
        return f"{self.day(at.date())}{between}{self.clock(at)} ({zone})"

    def short(self, text: str, nation: str) -> str:
        """An instant in the nation's own time for a column of a table: 27/08 03:12."""
        return f"{local(text, nation):%d/%m %H:%M}"


def local(text: str, nation: str) -> datetime:
    """An instant as the ledger writes it, on the clock of a nation's capital."""
    at = datetime.fromisoformat(text)
    return at.astimezone(zoneinfo.ZoneInfo(FIRST[nation].zone)) if at.tzinfo else at.replace(tzinfo=UTC)


def french_spaces(text: str) -> str:
    """Narrow no-break spaces in place of ordinary ones before ; : ! ? and inside guillemets."""
    for mark in ";:!?»":
        text = text.replace(f" {mark}", NARROW + mark)
    return text.replace("« ", "«" + NARROW)
