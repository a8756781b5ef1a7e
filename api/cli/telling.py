"""The words of the demonstration, in English and French."""

from __future__ import annotations

from projections.wording.typography import Language, french

TOLD: dict[str, tuple[str, str]] = {
    "intro": (
        (
            "A night at Calais, invented from beginning to end, played into a new ledger: {entries} signed entries, "
            "two readings."
        ),
        (
            "Une nuit à Calais, inventée de bout en bout, jouée dans un nouveau journal : {entries} écritures "
            "signées, deux lectures."
        ),
    ),
    "title 1": ("1 · 03:12, London. Two boats", "1 · 3 h 12, Londres. Deux embarcations"),
    "story 1": (
        (
            "Two boats are believed to be in distress; until Dover merged them at {merged}, on evidence, nobody was "
            "allowed to assume that the two calls came from one boat."
        ),
        (
            "Deux embarcations sont tenues pour en détresse ; avant que Douvres ne les réunisse, à {merged}, preuves "
            "à l'appui, nul ne pouvait supposer que les deux appels venaient d'un seul bateau."
        ),
    ),
    "title 2": ("2 · 06:00, London. The report says {reported}", "2 · 6 h 00, Londres. Le bulletin dit {reported}"),
    "story 2": (
        (
            "London's report says {reported}. At {late} a handset came back online with {more} more: the report still"
            " says {reported}, Entente now says {now}, and asks for a revision."
        ),
        (
            "Le bulletin de Londres dit {reported}. À {late}, un terminal revenu en ligne en apporte {more} de plus :"
            " le bulletin dit toujours {reported}, Entente dit désormais {now} et demande une révision."
        ),
    ),
    "as issued": ("As issued, and signed by the official", "Tel que diffusé, signé par le responsable"),
    "the document": ("Its document, signed, still says so: {path}", "Son document signé le dit toujours : {path}"),
    "the late one": ("What came late", "Ce qui est arrivé tard"),
    "happened": ("happened {at}", "survenu le {at}"),
    "was recorded": ("recorded {at}", "saisi le {at}"),
    "reason": ("reason given: {text}", "motif indiqué : {text}"),
    "title 3": ("3 · 09:00, Calais. Paris says {paris}", "3 · 9 h 00, Calais. Paris dit {paris}"),
    "story 3": (
        "Paris says {paris}, London {london}, of the same night: {total}. Every unit has a name and a reason.",
        "Paris dit {paris}, Londres {london}, pour la même nuit : {total}. Chaque unité a un nom et une raison.",
    ),
    "title 4": ("4 · Now cheat", "4 · Et maintenant, trichez"),
    "story 4": (
        (
            "Somebody with every right on the database made {was} into {became}: verify names entry {position}. The "
            "same correction, made honestly, stands beside the first statement with its author and its reason."
        ),
        (
            "Quelqu'un, avec tous les droits sur la base, a changé {was} en {became} : verify désigne l'écriture "
            "{position}. La même rectification, faite honnêtement, figure à côté de la première déclaration, avec son"
            " auteur et son motif."
        ),
    ),
    "attack": (
        (
            "On a copy: the triggers dropped, {was} made {became} in the stored bytes of {label} (entry {position}), "
            "the triggers put back."
        ),
        (
            "Sur une copie : déclencheurs retirés, {was} remplacé par {became} dans les octets de {label} (écriture "
            "{position}), déclencheurs remis."
        ),
    ),
    "verify says": ("entente verify says", "entente verify répond"),
    "no. of": ("no. {position}", "n° {position}"),
    "honest": ("The honest way, in the untouched ledger", "La voie honnête, dans le journal intact"),
    "first stated": ("first stated", "d'abord déclaré"),
    "corrected to": ("corrected to", "rectifié en"),
    "rest": ("Everything else", "Tout le reste"),
    "all pairs": ("All pairs", "Tous les rapprochements"),
    "through": ("The situation through the night", "La situation au fil de la nuit"),
    "questions": ("Questions an inquiry asks", "Les questions d'une enquête"),
    "no console": (
        "This release has no console to serve: the demonstration ends here.",
        "Cette version n'a pas encore de console : la démonstration s'arrête ici.",
    ),
    "stays": (
        "The ledger stays in {home} for the commands above; delete it when you have seen enough.",
        "Le journal reste dans {home} pour les commandes ci-dessus ; supprimez-le quand vous en aurez assez vu.",
    ),
    "more": ("Everything at once: entente demo --all", "Tout d'un coup : entente demo --all"),
}


def told(language: Language, key: str, **values: object) -> str:
    """A phrase of the demonstration."""
    text = TOLD[key][("en", "fr").index(language)].format(**values)
    return text if language == "en" else french(text)
