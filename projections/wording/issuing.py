"""The words of issuing, verifying and receiving a report."""

from __future__ import annotations

from collections.abc import Mapping

from projections.wording.typography import Words, words

STATUS: Mapping[str, Words] = {
    "provisional": words("provisional", "provisoire"),
    "revised": words("revised", "révisé"),
    "settled": words("settled", "arrêté définitif"),
}
EDITIONS: Mapping[str, Words] = {
    "shared": words("edition for both nations", "édition commune aux deux nations"),
    "national": words("edition for its own nation alone", "édition réservée à sa propre nation"),
}
STATES: Mapping[str, Words] = {
    "ok": words("as the log has it", "conforme au journal"),
    "wrong": words("WRONG", "FAUX"),
    "not_communicated": words("not communicated", "non communiqué"),
    "not_here": words("cannot be checked here", "non vérifiable ici"),
}
ISSUED = words(
    "Issued: {status}, revision {revision}, position {position}", "Diffusé : {status}, révision {revision}, n° {position}"
)
DRAFTED = words(
    "Not issued yet: this is what would be, at position {position}.",
    "Pas encore diffusé : voici ce qui le serait, au n° {position}.",
)
SEALED_BASIS = words(
    "These figures rest on what the other nation does not see. Issuing releases the figure, never its lines; "
    "--withhold CODE keeps one back, CODE:size declares how much of it rests on that.",
    "Ces chiffres reposent sur des faits que l'autre nation ne voit pas. La diffusion communique le chiffre, jamais ses "
    "lignes ; --withhold CODE le retient, CODE:size déclare la part qui en repose.",
)
NOTHING_SEALED = words("No figure rests on sealed facts.", "Aucun chiffre ne repose sur des faits scellés.")
OF_WHICH = words("{count} of {value} not seen by the other nation", "{count} sur {value} non vus par l'autre nation")
WITHHELD = words("withheld", "non communiqué")
WITHHELD_SIZE = words("withheld, of which {size} sealed", "non communiqué, dont {size} de source scellée")
STANDS = words("The report stands: {checks} checks.", "Le bulletin est conforme : {checks} vérifications.")
FAILS = words("The report does NOT stand.", "Le bulletin n'est PAS conforme.")
RECEIVED = words("received by {authority} on {at}", "reçu par {authority} le {at}")
OBSERVED = words("observed upon by {authority} on {at}", "commenté par {authority} le {at}")
KEPT = words("document", "document")
DAY = words("Day", "Journée")
FIRST_REPORTED = words("First reported", "Première diffusion")
REVISIONS = words("Revised to", "Révisé à")
NOW = words("Believed now", "Retenu à ce jour")
SAME_FIGURES = words("No figure differs between the two instants.", "Aucun chiffre ne diffère entre les deux instants.")
RENEWED = words("renewed, lasts until {day}", "renouvelé, valable jusqu'au {day}")
NOT_DUE = words("not due, lasts until {day}", "pas encore dû, valable jusqu'au {day}")
NOT_RENEWED = words("NOT renewed: {why}", "NON renouvelé : {why}")
NOTHING_SIGNED = words("No signed document is kept here.", "Aucun document signé n'est conservé ici.")
