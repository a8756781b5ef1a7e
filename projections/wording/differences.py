"""The words of a difference between the two capitals: by reason, by which side gains, and by pair where it matters.

A phrase completes "+11 …". In French `(s)` is the mark of the plural; persons are counted, so participles are feminine.
"""

from __future__ import annotations

from collections.abc import Mapping

from projections.wording.typography import Words, words

TITLES: Mapping[str, Words] = {
    "P1": words("Intrusions on the French side", "Intrusions côté français"),
    "P2": words("People found, and taken over by the PAF", "Personnes découvertes, et prises en charge par la PAF"),
    "P3": words("Arrests of presumed smugglers", "Interpellations de passeurs présumés"),
    "P4": words("People prevented from leaving or landed in France", "Personnes empêchées de partir ou débarquées en France"),
    "P5": words("Deaths", "Décès"),
}
CAPITALS: Mapping[str, Words] = {"GB": words("London", "Londres"), "FR": words("Paris", "Paris")}

DID: Mapping[str, Words] = {
    "attempt.repelled": words("repelled", "repoussée(s)"),
    "attempt.stopped_inside": words("stopped inside", "interceptée(s) à l'intérieur"),
    "attempt.arrested": words("arrested after an attempt", "interpellée(s) après une tentative"),
    "attempt.passed": words("got through", "passée(s)"),
    "attempt.unknown": words("of unknown outcome", "d'issue inconnue"),
    "detection": words("found", "découverte(s)"),
    "handover": words("taken over", "prise(s) en charge"),
    "arrest": words("arrested", "interpellée(s)"),
    "departure_prevented": words("prevented from leaving", "empêchée(s) de partir"),
    "disembarked": words("landed", "débarquée(s)"),
    "casualty": words("died", "décédée(s)"),
}
"""What became of people, by kind of fact."""
COUNTED = words("counted", "comptée(s)")
REFUSED: Mapping[str, Words] = {
    "hospital": words("taken to hospital", "hospitalisée(s)"),
    "minor": words("not taken over as minors", "non prise(s) en charge comme mineure(s)"),
    "released": words("released", "remise(s) en liberté"),
    "escaped": words("escaped", "en fuite"),
    "refused": words("refused at hand-over", "refusée(s) à la remise"),
    "other": words("not taken over for another reason", "non prise(s) en charge pour une autre raison"),
}
"""Why somebody who was found was not taken over."""

MIDNIGHT = words("{capital}'s midnight", "minuit, heure de {capital}")
HOUR = words("{time}, {capital} time", "{time}, heure de {capital}")
WHERE: Mapping[str, Words] = {
    "after": words("{did} after {hour}", "{did} après {hour}"),
    "before": words("{did} before {hour}", "{did} avant {hour}"),
    "": words("{did} outside {capital}'s reporting day", "{did} hors de la journée de {capital}"),
}
"""R01: on which side of the day that does not count it."""

SCOPES: Mapping[str, Words] = {
    "P2+": words("{did} by {who} outside a UK control zone", "{did} par {who}, hors zone de contrôle britannique"),
    "P3-": words("{did} by {who}, which is no French authority", "{did} par {who}, qui n'est pas une autorité française"),
    "P5-": words("{did}, not on the French side", "{did}, hors du côté français"),
    "+": words("{did}, stated by {who}, whom London does not count", "{did}, selon {who}, que Londres ne compte pas"),
    "-": words("{did}, stated by {who}, whom Paris does not count", "{did}, selon {who}, que Paris ne compte pas"),
}
"""R04 and R05, by pair and sign; by sign alone where a pair has no words of its own."""

BOTH_WAYS: Mapping[str, Words] = {
    "R00": words("unexplained", "sans explication"),
    "R03": words("counted in another unit", "comptée(s) dans une autre unité"),
    "R07": words("not communicated by {capital}", "non communiquée(s) par {capital}"),
    "R08": words(
        "counted once by one side and several times by the other", "comptée(s) une fois d'un côté et plusieurs de l'autre"
    ),
    "R09": words("corrected between the two figures", "rectifiée(s) entre les deux chiffres"),
    "R10": words("stated differently by two authorities", "déclarée(s) différemment par deux autorités"),
    "R11": words("an estimate, which no figure uses", "au titre d'une estimation, qu'aucun chiffre n'utilise"),
    "R13": words(
        "in incidents linked otherwise between the two figures",
        "dans des incidents rattachés autrement entre les deux chiffres",
    ),
    "R14": words(
        "counted by rules adopted between the two figures", "comptée(s) selon des règles adoptées entre les deux chiffres"
    ),
    "R15": words("erased or restricted", "effacée(s) ou limitée(s)"),
    "R16": words(
        "{did} at an hour that the clock change, or its own imprecision, puts in one day and not in the other",
        "{did} à une heure que le changement d'heure, ou sa propre imprécision, place dans une journée et non dans l'autre",
    ),
}
ONE_WAY: Mapping[str, Words] = {
    "R02+": words("recorded late", "saisie(s) tardivement"),
    "R02-": words("recorded after Paris's figure was drawn", "saisie(s) après l'arrêté du chiffre de Paris"),
    "R06+": words("{did}, which London does not count", "{did}, que Londres ne compte pas"),
    "R06-": words("{did}, which Paris does not count", "{did}, que Paris ne compte pas"),
    "R12+": words(
        "taken over by the PAF beyond those recorded as found there",
        "prise(s) en charge par la PAF au-delà de ce qui fut saisi à la découverte",
    ),
    "R12-": words("not taken over by the PAF", "non prise(s) en charge par la PAF"),
}

SAYS = words("London {london}, Paris {paris}: {parts}.", "Londres {london}, Paris {paris} : {parts}.")
SAME = words("the same", "identique")
NOTHING_ELSE = words("nothing that both may see", "rien de ce que les deux peuvent voir")
AT = words("{count} at {place}", "{count} à {place}")
NEITHER = words("counted by neither: {what}", "comptées par aucun : {what}")
BY_BOTH = words("counted by both, on different grounds: {what}", "comptées par les deux, à des titres différents : {what}")
IN_EVENTS: Mapping[str, Words] = {
    "event": words("{what} ({count} events)", "{what} ({count} événements)"),
    "stream": words("{what} ({count} detections)", "{what} ({count} découvertes)"),
    "subject": words("{what} ({count} suspects)", "{what} ({count} suspects)"),
}
"""Of many keys, how many there are."""
SIZE_DECLARED = words(
    "{size} is not communicated by {capital}; its size is declared.",
    "{size} n'est pas communiqué par {capital} ; le volume en est déclaré.",
)
SIZE_NOT_STATED = words(
    "{capital} does not communicate part of its count and has not stated its size.",
    "{capital} ne communique pas une part de son décompte et n'en a pas indiqué le volume.",
)
NOT_STATED = words(
    "{capital} has communicated no figure: its end counts what both may see, and what it keeps to itself has no size here.",
    "{capital} n'a communiqué aucun chiffre : on compte de son côté ce que les deux peuvent voir, et ce que {capital} garde "
    "pour soi n'a pas de volume ici.",
)
FEWER_THAN_FIVE = words(
    "{capital} does not communicate part of its count: fewer than five, which are told to nobody unless it says so itself.",
    "{capital} ne communique pas une part de son décompte : moins de cinq, dont nul n'est informé sans son accord exprès.",
)
UNEXPLAINED = words("UNEXPLAINED (R00): {size}. This is a defect.", "NON EXPLIQUÉ (R00) : {size}. C'est un défaut.")
NOTHING_UNEXPLAINED = words("Nothing is left unexplained.", "Rien ne reste inexpliqué.")
ALL_EXPLAINED = words("Every unit is explained; nothing is left over.", "Chaque unité est expliquée ; il ne reste rien.")
