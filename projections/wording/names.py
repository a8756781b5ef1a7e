"""Names of figures, of people protected and harmed, of reasons and steps of a reconciliation, and the words pages use."""

from __future__ import annotations

from collections.abc import Mapping

from projections.nations import RULESETS
from projections.wording.typography import Words, words

# An indicator's names stand in its ruleset and nowhere else.
FIGURES: Mapping[str, Words] = {
    indicator.code: words(indicator.en, indicator.fr) for ruleset in RULESETS.values() for indicator in ruleset.indicators
}

UNITS: Mapping[str, Words] = {
    "person": words("persons", "personnes"),
    "person-attempt": words("person-attempts", "personnes-tentatives"),
    "person-detection": words("person-detections", "personnes-découvertes"),
    "person × procedure": words("persons × procedures", "personnes × procédures"),
    "boat": words("boats", "embarcations"),
    "distinct suspect": words("distinct suspects", "suspects distincts"),
    "distinct vehicle": words("distinct vehicles", "véhicules distincts"),
    "notice": words("notices", "notifications"),
    "GBP": words("pounds", "livres sterling"),
    "event": words("events", "événements"),
    "case": words("cases", "affaires"),
    "vehicle": words("vehicles", "véhicules"),
    "minor units": words("pence or cents", "pence ou centimes"),
}

# The same after a quantity that takes the singular.
ONE: Mapping[str, Words] = {
    "person": words("person", "personne"),
    "person-detection": words("person-detection", "personne-découverte"),
    "person-attempt": words("person-attempt", "personne-tentative"),
    "person × procedure": words("person × procedure", "personne × procédure"),
    "boat": words("boat", "embarcation"),
    "distinct suspect": words("distinct suspect", "suspect distinct"),
    "distinct vehicle": words("distinct vehicle", "véhicule distinct"),
    "notice": words("notice", "notification"),
    "GBP": words("pound", "livre sterling"),
    "event": words("event", "événement"),
    "case": words("case", "affaire"),
}

MAY_REPEAT = words("One person may be counted several times.", "Une même personne peut être comptée plusieurs fois.")

SECTIONS: Mapping[str, Words] = {
    "people": words("Protected and harmed", "Protégé, secouru, atteint"),
    "seen": words("Seen", "Constaté"),
    "detected": words("Detected", "Détecté"),
    "disrupted": words("Disrupted", "Entravé"),
    "saved": words("Prevented at sea, rescued, landed, harmed", "Empêché en mer, secouru, débarqué, atteint"),
    "beside": words("Beside them, never netted", "À côté, jamais déduit"),
}

# Under which heading a figure is printed, by the part of its code before the dot. A rescue is never under "disrupted".
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "seen": ("G2", "F1"),
    "detected": ("G1", "G3", "G4", "G8", "F3"),
    "disrupted": ("G6", "G7", "F2", "F8", "F9"),
    "saved": ("G5", "G9", "F4", "F5", "F6", "F7", "F10", "F11"),
}

PEOPLE: Mapping[str, Words] = {
    "rescued": words("Rescued", "Secourus"),
    "disembarked": words("Disembarked", "Débarqués"),
    "sheltered": words("Sheltered", "Mis à l'abri"),
    "dead": words("Dead", "Décédés"),
    "missing": words("Missing", "Disparus"),
    "seriously_injured": words("Seriously injured", "Blessés graves"),
    "slightly_injured": words("Slightly injured", "Blessés légers"),
    "minors_found": words("Minors found", "Mineurs découverts"),
    "minors_received": words(
        "Minors received by a child-protection authority", "Mineurs reçus par une autorité de protection de l'enfance"
    ),
    "protection_needs": words("Protection needs", "Besoins de protection"),
}

# What stands inside a heading of people: sides, who they are, what became of a need.
PEOPLE_PARTS: Mapping[str, Words] = {
    "GB": words("in the United Kingdom", "au Royaume-Uni"),
    "FR": words("in France", "en France"),
    "OTHER": words("elsewhere", "ailleurs"),
    "total": words("total", "total"),
    "migrant": words("migrants", "migrants"),
    "officer": words("officers", "agents"),
    "staff": words("staff", "personnels"),
    "driver": words("drivers", "conducteurs"),
    "unstated": words("not stated", "non précisé"),
    "stated": words("stated", "signalés"),
    "referred": words("referred", "orientés"),
    "answered": words("answered", "suivis de réponse"),
}

REASONS: Mapping[str, Words] = {
    "R00": words("unexplained", "inexpliqué"),
    "R01": words("outside the other side's reporting day", "hors de la journée de décompte de l'autre partie"),
    "R02": words("first recorded later", "saisie plus tard"),
    "R03": words("counted in another unit", "décompté dans une autre unité"),
    "R04": words("outside the places or authorities counted", "hors des lieux ou des autorités pris en compte"),
    "R05": words("stated by a site operator", "déclaré par un exploitant"),
    "R06": words("another category", "autre catégorie"),
    "R07": words("not communicated to the other nation", "non communiqué à l'autre nation"),
    "R08": words("counted once, or several times", "compté une fois, ou plusieurs"),
    "R09": words("corrected", "rectifié"),
    "R10": words("counts stated differ", "nombres déclarés différents"),
    "R11": words("an estimate, which no figure uses", "une estimation, qu'aucun chiffre n'utilise"),
    "R12": words("counted at another moment or place", "compté à un autre moment ou en un autre lieu"),
    "R13": words("incidents linked, or a link withdrawn", "incidents rattachés, ou rattachement retiré"),
    "R14": words("another ruleset was in force", "d'autres règles de décompte étaient en vigueur"),
    "R15": words("erased or restricted", "effacé ou limité"),
    "R16": words(
        "decided by the clock change or by the stated imprecision of the time",
        "tranché par le changement d'heure ou par l'imprécision déclarée de l'heure",
    ),
}

DIMENSIONS: Mapping[str, Words] = {
    "withheld_by_gb": words("not communicated by London", "non communiqué par Londres"),
    "as_of": words("known at another instant", "connu à un autre instant"),
    "window": words("another reporting day", "autre journée de décompte"),
    "scope": words("other places and authorities", "autres lieux et autorités"),
    "category": words("another category, unit or moment of counting", "autre catégorie, unité ou moment du décompte"),
    "withheld_by_fr": words("not communicated by Paris", "non communiqué par Paris"),
}

PLAIN: Mapping[str, Words] = {
    "as_of": words("as of {time} on {day}", "données arrêtées au {day} à {time}"),
    "late_entry": words("late entry", "saisie tardive"),
    "tail": words("entries not yet co-signed (since {time})", "enregistrements non encore contresignés (depuis {time})"),
    "final": words("co-signed", "contresigné"),
    "settled": words("settled", "arrêté définitif"),
    "drift": words("drift since issue", "écart depuis la diffusion"),
    "receipt": words("receipt", "accusé d'enregistrement"),
    "bundle": words("bundle", "dossier de preuve"),
    "log": words("log", "journal commun"),
    "position": words("position", "n° d'ordre"),
    "stream": words("stream", "fil"),
    "replay": words("replay at {time}", "Revoir à {time}"),
    "watch": words("watch hand-over", "Relève"),
    "duty_officer": words("duty officer", "officier de permanence"),
    "auditor": words("auditor", "contrôle interne"),
    "administrator": words("administrator", "administrateur technique"),
    "site_operator": words("site operator", "exploitant"),
    "sealed": words("not disclosed to the other nation", "non communiqué à l'autre nation"),
    "exercise": words("Exercise", "Exercice"),
    "corrected": words("corrected", "rectifié"),
    "withdrawn": words("withdrawn", "retiré"),
    "restored": words("stands again", "rétabli"),
}
