"""The words of the procedure in which two reports are reconciled."""

from __future__ import annotations

from collections.abc import Mapping

from projections.wording.typography import Words, words

STATES: Mapping[str, Words] = {
    "agreed": words("agreed", "accepté"),
    "disputed": words("DISPUTED", "CONTESTÉ"),
    "open": words("open", "en attente"),
    "unexplained": words("UNEXPLAINED", "NON EXPLIQUÉ"),
}
HEADS: Mapping[str, Words] = {
    "item": words("Item", "Élément"),
    "size": words("Size", "Volume"),
    "state": words("State", "État"),
    "pair": words("Pair", "Paire"),
    "days": words("London's day, Paris's", "Jour de Londres, de Paris"),
    "from_to": words("London → Paris", "Londres → Paris"),
    "event": words("Event", "Événement"),
}
RECORDED = words(
    "{pair}, London {london}, Paris {paris}: recorded by {who} at position {position}",
    "{pair}, Londres {london}, Paris {paris} : enregistré par {who} au n° {position}",
)
STANDS = words("It is what both nations compute from the log.", "C'est ce que les deux nations calculent d'après le journal.")
STANDS_NOT = words(
    "It is NOT what the log gives: what was recorded does not follow from the two reports.",
    "Ce n'est PAS ce que donne le journal : ce qui est enregistré ne découle pas des deux bulletins.",
)
SAID = words("{nation}: {stance}", "{nation} : {stance}")
COMMENT = words("{who}: “{comment}”", "{who} : « {comment} »")
BEYOND = words(
    "UNEXPLAINED (R00): {size} beyond what {capital} declares. This is a defect.",
    "NON EXPLIQUÉ (R00) : {size} au-delà de ce que {capital} déclare. C'est un défaut.",
)
SIGNED_OFF = words(
    "Signed off by both parties at position {position}: every item agreed, nothing unexplained.",
    "Visé par les deux parties au n° {position} : chaque élément accepté, rien d'inexpliqué.",
)
SIGNED_OFF_AS_IT_STOOD = words(
    "Signed off by both parties at position {position} as it stood: {agreed} agreed, {disputed} disputed, {open} open, "
    "{unexplained} unexplained.",
    "Visé par les deux parties au n° {position} en l'état : {agreed} accepté(s), {disputed} contesté(s), {open} en attente, "
    "{unexplained} inexpliqué(s).",
)
NOT_SIGNED_OFF = words("Not signed off.", "Non visé.")
DUE: Mapping[str, Words] = {
    "revised": words(
        "A new reconciliation is due: {capital} has revised its report (position {position}).",
        "Un nouveau rapprochement des chiffres est à faire : {capital} a révisé son bulletin (n° {position}).",
    ),
    "ruleset": words(
        "A new reconciliation is due: {capital} counts by {to} now, no longer by {begins}.",
        "Un nouveau rapprochement des chiffres est à faire : {capital} compte désormais selon {to}, et non plus {begins}.",
    ),
    "changed": words(
        "A new reconciliation is due: {code} was {then} and is {now} by what both may see ({events}).",
        "Un nouveau rapprochement des chiffres est à faire : {code} valait {then} et vaut {now} pour les deux ({events}).",
    ),
}
FOLLOWED = words("Followed by {event}.", "Suivi de {event}.")
NONE = words("No reconciliation is on record.", "Aucun rapprochement des chiffres n'est enregistré.")
RED = words("red", "rouge")
