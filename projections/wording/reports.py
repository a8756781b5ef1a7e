"""The words of a report's document, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from projections.wording.typography import Words, words

TITLES: Mapping[str, Words] = {
    "GB": words("Daily report of the joint centre to London", "Rapport quotidien du centre conjoint à Londres"),
    "FR": words("Daily bulletin of the joint centre", "Bulletin quotidien du centre conjoint"),
}
DAY_OF: Mapping[str, Words] = {"GB": words("{day}", "journée du {day}"), "FR": words("bulletin of {day}", "bulletin du {day}")}
REVISION = words("revision {number}", "révision {number}")
EXERCISE = words("EXERCISE – invented", "EXERCICE – fictif")
EDITION: Mapping[str, Words] = {
    "shared": words("Edition for both nations", "Édition commune aux deux nations"),
    "national GB": words("Edition for the United Kingdom alone", "Édition réservée au Royaume-Uni"),
    "national FR": words("Edition for France alone", "Édition réservée à la France"),
}
FOOTERS: Mapping[str, Words] = {
    "GB": words("Management information, not official statistics.", "Données de gestion, et non statistiques officielles."),
    "FR": words("Provisional operational data of the joint centre.", "Données opérationnelles du centre conjoint."),
}
PAGE = words("page {page} of {pages}", "page {page} sur {pages}")
NOT_SIGNED = words(
    "Made again from the report's content; the signed document is the PDF in its nation's language.",
    "Refait d'après le contenu du bulletin ; le document signé est le PDF dans la langue de sa nation.",
)

# -- page 1 ------------------------------------------------------------------------------------------------------------------

IN_SHORT = words("In three sentences", "En trois phrases")
HAPPENED = words("What happened: {told}.", "Faits : {told}.")
HARMED = words(
    "{dead} dead, {missing} missing, {rescued} rescued at sea",
    "{dead} mort(s), {missing} disparu(s), {rescued} personne(s) secourue(s) en mer",
)
NAMED = words("{name}: {value}", "{name} : {value}")
FIRST_REPORT = words("What changed: this is the first report of the day.", "Évolution : premier bulletin pour cette journée.")
UNCHANGED = words(
    "What changed: no figure since revision {revision}.", "Évolution : aucun chiffre modifié depuis la révision {revision}."
)
CHANGED = words("What changed since revision {revision}: {told}.", "Évolution depuis la révision {revision} : {told}.")
ONE_CHANGE = words("{code} {before} → {after} ({why})", "{code} {before} → {after} ({why})")
RECORDED_LATE = words("{label} recorded later", "{label} saisie après coup")
CORRECTED = words("{label} corrected", "{label} rectifié")
NOT_TOLD = words("not communicated", "non communiqué")
DIFFERENT = words("Where the other side differs: {told}.", "Écarts avec l'autre partie : {told}.")
SAME = words("Where the other side differs: nowhere.", "Écarts avec l'autre partie : aucun.")
NOT_STATED: Mapping[str, Words] = {
    "GB": words("London has not reported this day yet", "Londres n'a pas encore rendu compte de cette journée"),
    "FR": words("Paris has not issued its bulletin yet", "Paris n'a pas encore diffusé son bulletin"),
}
AND_MORE = words("{count} more in the annexes", "{count} autre(s) en annexe")

OUTSIDE = words("Known at signature, outside the reporting day", "Connu à la signature, hors de la journée de décompte")
OUTSIDE_NONE = words(
    "No death, missing person or serious injury; no boat in distress.",
    "Ni décès, ni disparu, ni blessé grave ; aucune détresse.",
)
DEAD_IN_THE_DAY = words(
    "Deaths in the reporting day {inside}, known since {outside}.", "Décès dans la journée {inside}, connus depuis {outside}."
)
OUTSIDE_ROW = words("{at}: {what}", "{at} : {what}")
OPEN_BOAT = words("Distress {stream} open since {since}", "Détresse {stream} ouverte depuis le {since}")
UNCONFIRMED_BOAT = words(
    "{stream}: nobody has yet accounted for everybody aboard, since {since}",
    "{stream} : personne n'a encore confirmé le sort de tous à bord, depuis le {since}",
)
HEADLINE = words("Seven figures", "Sept chiffres")
DECIDE = words("Decisions needed", "Décisions attendues")
NOTHING_TO_DECIDE = words("None.", "Aucune.")
MORE_ROWS = words("and {count} more, see the annexes", "et {count} de plus, voir les annexes")

# -- annexes -----------------------------------------------------------------------------------------------------------------

ANNEX = words("Annexes", "Annexes")
FIGURES = words("Every figure", "Tous les chiffres")
COLUMNS: Mapping[str, Words] = {
    "code": words("Code", "Code"),
    "figure": words("Figure", "Chiffre"),
    "value": words("Value", "Valeur"),
    "unit": words("Unit", "Unité"),
    "change": words("Change", "Évolution"),
    "why": words("Why, and remarks", "Motif et remarques"),
    "when": words("When", "Heure"),
    "event": words("Event", "Événement"),
    "where": words("Where", "Lieu"),
    "what": words("What", "Nature"),
    "who": words("Stated by", "Déclaré par"),
    "reason": words("Reasons given", "Motifs fournis"),
    "events": words("Events", "Événements"),
}
PROVISIONAL = words("provisional", "provisoire")
WITHHELD = words("withheld", "non communiqué")
WITHHELD_SIZE = words("withheld; {size} of it sealed", "non communiqué ; {size} de source scellée")
HELD_BACK = words("withheld from the other nation", "non communiqué à l'autre nation")
OF_SEALED = words("{size:+d} sealed", "{size:+d} de source scellée")
DISPUTED = words("{count} disputed", "{count} contesté(s)")
ESTIMATES = words("Estimates, which no figure uses", "Estimations, qu'aucun chiffre n'utilise")
BETWEEN = words("between {min} and {max}", "entre {min} et {max}")
MAP = words("The Strait", "Le détroit")
COASTS: Mapping[str, Words] = {"GB": words("England", "Angleterre"), "FR": words("France", "France")}
MAP_ALT = words(
    "Map of the Strait of Dover with {count} registered places where events were recorded: {places}.",
    "Carte du détroit avec {count} lieu(x) où des événements ont été saisis : {places}.",
)
TIMELINE = words("The night, event by event", "La nuit, événement par événement")
TIMELINE_ALT = words(
    "{count} events of the reporting day in order; the table below has them all.",
    "{count} événements de la journée dans l'ordre ; le tableau ci-dessous les donne tous.",
)
LEFT_OUT = words("{count} smaller events are left out here.", "{count} événements de moindre importance ne figurent pas ici.")
OPEN = words("What is open", "Ce qui reste ouvert")
NOTHING = words("Nothing.", "Rien.")
DECISIONS = words("Decisions taken and not taken", "Décisions prises et non prises")
TO_ACT: Mapping[bool, Words] = {True: words("not to act", "ne pas agir"), False: words("taken", "prise")}
GIVEN: Mapping[bool, Words] = {True: words("yes", "oui"), False: words("NO", "NON")}
OTHER_SIDE = words("The other side", "L'autre partie")
LINES = words("Lines to take", "Éléments de langage")
OWN_WORDS = words(
    "The official's own words; no part of what is computed.",
    "Propos du responsable ; ne font pas partie de ce qui est calculé.",
)
BOUND = words("What this report is bound to", "Ce à quoi ce bulletin est lié")
BOUND_ROWS: Mapping[str, Words] = {
    "position": words("Entries of the joint log", "Enregistrements du journal commun"),
    "root": words("Root of the log (SHA-256)", "Racine du journal (SHA-256)"),
    "as_of": words("As of", "Données arrêtées au"),
    "tail": words("Not yet co-signed", "Non encore contresignés"),
    "ruleset": words("Rules", "Règles"),
    "tzdata": words("Time zones", "Fuseaux horaires"),
    "code": words("Computed by", "Calculé par"),
    "facts": words("Digest of the facts", "Empreinte des faits"),
    "log": words("Log", "Journal"),
}
TAIL = words("{entries} entries, since {since} ({age})", "{entries} enregistrement(s), depuis le {since} ({age})")
NO_TAIL = words("none: all of it is co-signed by both nations", "aucun : tout est contresigné par les deux nations")
MINUTES = words("{minutes} min", "{minutes} min")
QR_ALT = words("QR code of the log's name, size and root", "Code QR du nom, de la taille et de la racine du journal")
HOW = words(
    "Anybody entitled computes this report again from the log alone: entente report verify.",
    "Toute personne habilitée peut refaire ce bulletin à partir du seul journal : entente report verify.",
)
ATTACHED = words(
    "Attached: the content as data, and the events behind each figure.",
    "Pièces jointes : le contenu sous forme de données et les événements derrière chaque chiffre.",
)
