"""What a situation says in words: its headings, contradictions C1 to C8, obligations, flags."""

from __future__ import annotations

from projections.wording.typography import Words, words

HEADINGS: dict[str, Words] = {
    "open_distress": words("Boats believed in distress", "Embarcations présumées en détresse"),
    "unconfirmed_distress": words("Distress not confirmed as over", "Détresses dont la fin n'est pas confirmée"),
    "open_incidents": words("Open incidents", "Incidents en cours"),
    "unacknowledged": words("Passed on, not acknowledged", "Transmis, sans réception confirmée"),
    "unanswered": words("Requests unanswered", "Concours restés sans réponse"),
    "contradictions": words("Contradictions", "Contradictions"),
    "obligations": words("Obligations", "Obligations"),
    "coordination": words("Who coordinates", "Qui coordonne"),
    "silent": words("Silent", "Sans nouvelles"),
    "opening_not_on_record": words("Opening not yet on record", "Ouverture non encore enregistrée"),
    "flags": words("Flags", "Signalements"),
}

FLAGS: dict[str, Words] = {
    "partly_disembarked": words("partly disembarked", "débarquement partiel"),
    "merged_on_assessment": words("merged on an assessment, not a fact", "rattaché sur appréciation, non sur un fait"),
    "merge_not_acknowledged": words(
        "merged, not acknowledged by the other nation", "rattaché, sans confirmation de l'autre nation"
    ),
}

STANCES: dict[str, Words] = {
    "open": words("open", "en cours"),
    "closed": words("closed", "clos"),
    "merged": words("merged into another", "rattaché à un autre"),
    "safe": words("over, its people landed", "terminé, personnes débarquées"),
}

CONTRADICTIONS: dict[str, Words] = {
    "C1": words(
        "{streams}: distress {stance} for {over}, open for {open}",
        "{streams} : détresse qui est « {stance} » pour {over}, en cours pour {open}",
    ),
    "C2": words(
        "{streams}: {rescued} rescued, {explained} landed, dead, missing or unaccounted for",
        "{streams} : {rescued} secourues, {explained} débarquées, décédées, disparues ou manquantes",
    ),
    "C3": words(
        "{streams}: {aboard} stated aboard, {accounted} accounted for",
        "{streams} : {aboard} déclarées à bord, {accounted} dont le sort est établi",
    ),
    "C4": words(
        "{streams}: {found} found, {accepted} accepted and {refused} not accepted",
        "{streams} : {found} découvertes, {accepted} acceptées et {refused} non acceptées",
    ),
    "C5": words(
        "{streams}: possibly the same, undecided for {minutes} minutes",
        "{streams} : peut-être le même, sans décision depuis {minutes} minutes",
    ),
    "C6": words(
        "{streams}: two positions {metres} m apart, {minutes} minutes apart",
        "{streams} : deux positions distantes de {metres} m, à {minutes} minutes d'intervalle",
    ),
    "C7": words("{streams}: a proposed correction has no answer", "{streams} : une rectification proposée est sans réponse"),
    "C8": words(
        "{streams}: {first} says {one}, {second} says {other} ({thing})",
        "{streams} : {first} dit {one}, {second} dit {other} ({thing})",
    ),
}

THINGS: dict[str, Words] = {
    "rescued": words("persons rescued", "personnes secourues"),
    "disembarked": words("persons disembarked", "personnes débarquées"),
    "aboard": words("persons aboard", "personnes à bord"),
    "handover": words("persons handed over", "personnes remises"),
}

OBLIGATIONS: dict[str, Words] = {
    "inform_prosecutor_or_coroner": words(
        "{count} {severity}: inform the prosecutor or the coroner",
        "{count} {severity} : informer le procureur ou le coroner",
    ),
    "open_investigation": words("{count} {severity}: open an investigation", "{count} {severity} : ouvrir une enquête"),
    "answer_protection_need": words(
        "protection need ({need}) of {count} unanswered for {hours} h",
        "besoin de protection ({need}) de {count} personne(s) sans réponse depuis {hours} h",
    ),
}
