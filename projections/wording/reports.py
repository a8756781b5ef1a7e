"""The words of a report's document, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from projections.wording.typography import Words, words

TITLES: Mapping[str, Words] = {
    "GB": words("Daily report of the joint centre to London", "Rapport quotidien du centre conjoint à l'attention de Londres"),
    "FR": words("Daily bulletin of the joint centre", "Bulletin quotidien du centre conjoint"),
}
DAY_OF: Mapping[str, Words] = {"GB": words("{day}", "Journée du {day}"), "FR": words("Bulletin of {day}", "Bulletin du {day}")}
REVISION = words("revision {number}", "révision {number}")
EXERCISE = words("EXERCISE – invented", "EXERCICE – fictif")
EDITION: Mapping[str, Words] = {
    "shared": words("Edition for both nations", "Édition commune aux deux nations"),
    "national GB": words("Edition for the United Kingdom alone", "Édition réservée au Royaume-Uni"),
    "national FR": words("Edition for France alone", "Édition réservée à la France"),
}
FOOTERS: Mapping[str, Words] = {
    "GB": words("Management information, not official statistics.", "Données de gestion, et non statistiques officielles."),
    "FR": words("Operational data of the joint centre.", "Données opérationnelles du centre conjoint."),
}
PAGE = words("page {page} of {pages}", "page {page} sur {pages}")
NOT_SIGNED = words(
    "Made again from the report's content; the signed document is the PDF in its nation's language.",
    "Refait d'après le contenu du bulletin ; le document signé est le PDF dans la langue de sa nation.",
)

# -- page 1 ------------------------------------------------------------------------------------------------------------------

AS_OF = words("As of {at}.", "Données arrêtées au {at}.")
WINDOW = words("Counted: from {begin} to {end}, {capital} time.", "Décompte : du {begin} au {end}, heure de {capital}.")
IN_SHORT = words("In three sentences", "En trois phrases")
HAPPENED = words("What happened", "Faits")
CHANGED = words("What changed", "Évolution")
DIFFERENT = words("The other side", "Autre partie")
TOLD = words("{told}.", "{told}.")
HARMED: Mapping[str, Words] = {
    "dead": words("{count} dead", "{count} mort(s)"),
    "missing": words("{count} missing", "{count} disparu(s)"),
    "rescued": words("{count} rescued at sea", "{count} personne(s) secourue(s) en mer"),
}
PARTS: Mapping[str, Words] = {
    "migrant": words("migrant(s)", "migrant(s)"),
    "officer": words("officer(s)", "agent(s)"),
    "staff": words("staff", "membre(s) du personnel"),
    "driver": words("driver(s)", "conducteur(s)"),
    "unstated": words("not stated", "non précisé(s)"),
    "referred": words("referred", "orienté(s)"),
    "answered": words("answered", "suivi(s) de réponse"),
}
"""What stands beside a number of people: "1 migrant"."""
NAMED = words("{name}: {value}", "{name} : {value}")
PART_OF = words("{whole}, {part}", "{whole}, {part}")
FIRST_REPORT = words("This is the first report of the day.", "Premier bulletin pour cette journée.")
UNCHANGED = words("No figure since revision {revision}.", "Aucun chiffre modifié depuis la révision {revision}.")
SINCE = words("Since revision {revision}: {told}.", "Depuis la révision {revision} : {told}.")
ONE_CHANGE = words("{name} {before} → {after} ({why})", "{name} {before} → {after} ({why})")
RECORDED_LATE = words("{label} recorded later", "{label} saisie après coup")
CORRECTED = words("{label} corrected", "{label} rectifié")
NOT_TOLD = words("not communicated", "non communiqué")
SAME = words("Its figures are the same.", "Ses chiffres sont identiques.")
ON = words("{title} – {told}.", "{title} – {told}.")
NOT_STATED: Mapping[str, Words] = {
    "GB": words("London has not reported this day yet", "Londres n'a pas encore rendu compte de cette journée"),
    "FR": words("Paris has not issued its bulletin yet", "Paris n'a pas encore diffusé son bulletin"),
}
BY_ITS_RULES = words(
    "{silent}; by its rules, from what both may see: {told}",
    "{silent} ; selon ses règles, d'après ce que les deux peuvent voir : {told}",
)
AND_MORE = words("{count} more in the annexes", "{count} autre(s) en annexe")

OUTSIDE = words("Known at signature, outside the reporting day", "Connu à la signature, hors de la journée de décompte")
OUTSIDE_NONE = words(
    "No death, missing person or serious injury; no boat in distress.",
    "Ni décès, ni disparu, ni blessé grave ; aucune détresse.",
)
DEAD_IN_THE_DAY = words(
    "Deaths in the reporting day {inside}, known since {outside}.", "Décès dans la journée {inside}, connus depuis {outside}."
)
PEOPLE_SHARED = words("From what both nations may see alone.", "D'après ce que les deux nations peuvent voir, et cela seul.")
PEOPLE_DISPUTED = words("Rests on a key reported compromised: {told}.", "Repose sur une clé signalée compromise : {told}.")
OUTSIDE_ROW = words("{at}: {what}", "{at} : {what}")
OPEN_BOAT = words("Distress {stream} open since {since}", "Détresse {stream} ouverte depuis le {since}")
UNCONFIRMED_BOAT = words(
    "{stream}: nobody has yet accounted for everybody aboard, since {since}",
    "{stream} : personne n'a encore confirmé le sort de tous à bord, depuis le {since}",
)
HEADLINE = words("Seven figures", "Sept chiffres")
DECIDE = words("Decisions needed", "Décisions attendues")
NOTHING_TO_DECIDE = words("None.", "Aucune.")
TO_SETTLE = words("{what}; to be settled by {who}", "{what} ; à lever par {who}")
UNANSWERED = words(
    "{stream}: request to {asset} unanswered since {since}", "{stream} : demande à {asset} sans réponse depuis le {since}"
)
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
    "since": words("Since", "Depuis"),
    "to": words("To", "À"),
    "place": words("Place", "Lieu"),
    "count": words("Events", "Événements"),
    "range": words("Range", "Fourchette"),
    "ends": words("To be settled by", "À lever par"),
    "silent": words("Not answered by", "Sans réponse de"),
    "event": words("Event", "Événement"),
    "where": words("Where", "Lieu"),
    "what": words("What", "Nature"),
    "who": words("Stated by", "Déclaré par"),
    "reason": words("Reasons given", "Motifs fournis"),
}
SINCE_REVISION = words("Since revision {revision}", "Depuis la révision {revision}")
PROVISIONAL = words(
    "Every figure is provisional until the report is settled.", "Tous les chiffres sont provisoires jusqu'à l'arrêté définitif."
)
SETTLED = words("The figures of this report are settled.", "Les chiffres de ce bulletin sont arrêtés définitivement.")
MAY_REPEAT = words(
    "Where the unit is not persons, one person may be counted several times.",
    "Là où l'unité n'est pas la personne, une même personne peut être comptée plusieurs fois.",
)
WITHHELD = words("withheld", "non communiqué")
WITHHELD_SIZE = words("withheld; {size} of it sealed", "non communiqué ; {size} de source scellée")
HELD_BACK = words("withheld from the other nation", "non communiqué à l'autre nation")
OF_SEALED = words("{size:+d} sealed", "{size:+d} de source scellée")
DISPUTED = words("{count} disputed", "{count} contesté(s)")
ESTIMATES = words("Estimates, which no figure uses", "Estimations, qu'aucun chiffre n'utilise")
BETWEEN = words("between {min} and {max}", "entre {min} et {max}")
AT_LEAST = words("at least {min}", "au moins {min}")
AT_MOST = words("at most {max}", "au plus {max}")
UNKNOWN = words("not known", "inconnu")
MAP = words("The Strait", "Le détroit")
COASTS: Mapping[str, Words] = {"GB": words("England", "Angleterre"), "FR": words("France", "France")}
MAP_ALT = words(
    "Map of the Strait of Dover with {count} registered place(s) where events were recorded; the table below names them.",
    "Carte du détroit avec les lieux enregistrés ({count}) où des événements ont été saisis ; le tableau ci-dessous les nomme.",
)
TIMELINE = words("The night, event by event", "La nuit, événement par événement")
TIMES_OF = words("Times of {capital}.", "Heures de {capital}.")
LANES = (
    words("Rescued, harmed", "Secours, victimes"),
    words("Found, handed over", "Découvertes, remises"),
    words("Attempts and others", "Tentatives et autres"),
)
LEGEND = words(
    "The larger a mark, the more people; a red diamond is a death, a missing person or a serious injury.",
    "Plus une marque est grande, plus il y a de personnes ; un losange rouge : décès, disparition ou blessure grave.",
)
TIMELINE_ALT = words(
    "{count} event(s) of the reporting day in order; the tables below have them all.",
    "{count} événement(s) de la journée dans l'ordre ; les tableaux ci-dessous les donnent tous.",
)
LEFT_OUT = words("{count} smaller event(s) left out here.", "{count} événement(s) de moindre importance non repris ici.")
OPEN = words("What is open", "Ce qui reste ouvert")
NOTHING = words("Nothing.", "Rien.")
NO_EVENT = words("No event was recorded in the reporting day.", "Aucun événement n'a été saisi pour la journée.")
NO_DECISION = words("No decision was recorded in the reporting day.", "Aucune décision n'a été saisie pour la journée.")
DECISIONS = words("Decisions taken and not taken", "Décisions prises et non prises")
TO_ACT: Mapping[bool, Words] = {True: words("not to act", "ne pas agir"), False: words("taken", "prise")}
GIVEN: Mapping[bool, Words] = {True: words("yes", "oui"), False: words("NO", "NON")}
OTHER_SIDE = words("The other side", "L'autre partie")
LINES = words("Lines to take", "Éléments de langage")
OWN_WORDS = words(
    "The official's own words; no part of what is computed.",
    "Propos du responsable ; ne font pas partie de ce qui est calculé.",
)
BOUND = words("What this report is bound to", "À quoi ce bulletin est rattaché")
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
TAIL = words("{entries}, since {since} ({age})", "{entries}, depuis le {since} ({age})")
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
ATTACHED_CONTENT = words("The report's content as data", "Le contenu du bulletin sous forme de données")
ATTACHED_LINES = words("The events behind each figure", "Les événements derrière chaque chiffre")
