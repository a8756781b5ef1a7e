"""What the fifteen inquiry questions ask, and what their parameters mean."""

from __future__ import annotations

from collections.abc import Mapping

from projections.wording.typography import Words, words

ASKS: Mapping[int, Words] = {
    1: words("What did a view show at an instant?", "Que montrait une vue à un instant donné ?"),
    2: words("What is now believed about that instant?", "Que tient-on aujourd'hui pour vrai de cet instant ?"),
    3: words(
        "What did one desk know that another did not, and when did it acknowledge?",
        "Que savait un service qu'un autre ignorait, et quand celui-ci a-t-il confirmé ?",
    ),
    4: words(
        "What was recorded long after it happened, by whom, why?", "Qu'a-t-on saisi longtemps après les faits, qui, pourquoi ?"
    ),
    5: words(
        "What changed in a figure; which counts of people were lowered?",
        "Qu'est-ce qui a changé dans un chiffre ; quels nombres de personnes ont été abaissés ?",
    ),
    6: words("What did an officer, a role or a shift record?", "Qu'ont saisi un agent, une fonction ou une équipe de quart ?"),
    7: words(
        "Which decisions have no rationale, which were not to act?",
        "Quelles décisions sont sans motif, lesquelles furent de ne pas agir ?",
    ),
    8: words(
        "When were two incidents treated as one, on what evidence, by whom, and was it undone?",
        "Quand deux incidents ont-ils été tenus pour un seul, sur quels éléments, par qui, et est-on revenu dessus ?",
    ),
    9: words(
        "Which requests are unanswered, which notifications unacknowledged?",
        "Quels concours restent sans réponse, quelles informations sans réception confirmée ?",
    ),
    10: words("When was nothing heard of a distress?", "Quand est-on resté sans nouvelles d'une détresse ?"),
    11: words("Who has read or exported a record?", "Qui a consulté ou exporté un enregistrement ?"),
    12: words("Was nothing in a range removed or inserted?", "Rien n'a-t-il été retiré ni inséré dans un intervalle ?"),
    13: words("Which rules and which code produced a figure?", "Quelles règles et quel code ont produit un chiffre ?"),
    14: words(
        "Which contradictions between the two nations were open?",
        "Quelles contradictions entre les deux nations restaient ouvertes ?",
    ),
    15: words("Which times are uncertain near a boundary?", "Quelles heures sont incertaines près d'une limite ?"),
}

# Five plain words for the questions, as pages put them.
PLAINLY: Mapping[str, tuple[Words, tuple[int, ...]]] = {
    "seen": (words("What did they see?", "Que voyaient-ils ?"), (1, 2, 13)),
    "knew": (words("Who knew?", "Qui savait ?"), (3, 6, 8, 11)),
    "changed": (words("What changed?", "Qu'est-ce qui a changé ?"), (5,)),
    "late": (words("What was late?", "Qu'est-ce qui fut tardif ?"), (4, 10, 15)),
    "missing": (words("What is missing?", "Que manque-t-il ?"), (7, 9, 12, 14)),
}

PARAMETERS: Mapping[str, Words] = {
    "at": words("the instant asked about", "l'instant considéré"),
    "from": words("recorded from this instant on", "saisi à partir de cet instant"),
    "to": words("recorded up to this instant", "saisi jusqu'à cet instant"),
    "day": words("the reporting day", "la journée de décompte"),
    "stream": words("one stream only", "un seul fil"),
    "code": words("the code of a figure", "le code d'un chiffre"),
    "minutes": words("at least so many minutes", "au moins tant de minutes"),
    "lowered": words("`yes` for lowered counts of people only", "`oui` pour les seuls nombres de personnes abaissés"),
    "authority": words("the authority that stated it", "l'autorité déclarante"),
    "officer": words("the officer's pseudonym", "le pseudonyme de l'agent"),
    "role": words("the role", "la fonction"),
    "key_id": words("the key that signed", "la clé signataire"),
}

# -- an answer as a document -------------------------------------------------------------------------------------------------

TITLE = words("Question {number} of an inquiry", "Question {number} d'une enquête")
READINGS: Mapping[str, Words] = {
    "GB": words("British reading", "Lecture britannique"),
    "FR": words("French reading", "Lecture française"),
}
ASKED_WITH = words("Asked with: {told}.", "Demandé avec : {told}.")
CHECKED = words(
    "Position {position} of the log {origin}; checkpoint of {size}, root {root}, {final}.",
    "N° {position} du journal {origin} ; état de {size}, racine {root}, {final}.",
)
FINAL: Mapping[bool, Words] = {
    True: words("co-signed by both nations", "contresigné par les deux nations"),
    False: words("not yet co-signed by both nations", "non encore contresigné par les deux nations"),
}
NOT_FINAL = words(
    "Not final yet: {entries} recorded since {since}.", "Non encore définitif : {entries} enregistrés depuis le {since}."
)
ON_RECORD = words("What is on record", "Ce qui est enregistré")
NOT_ON_RECORD = words("Nothing of the kind is on record.", "Rien de tel n'est enregistré.")
COMPUTED = words(
    "Computed from the log, not signed: the same question at the same position has the same answer.",
    "Calculé d'après le journal, non signé : la même question au même numéro a la même réponse.",
)
ATTACHED = words("The answer as data", "La réponse sous forme de données")
ROW = words("No. {number}", "N° {number}")
YES: Mapping[bool, Words] = {True: words("yes", "oui"), False: words("no", "non")}
