"""What an official is shown before signing, and told after."""

from __future__ import annotations

from projections.wording.typography import words

ASKED = words("To be signed by {authority}, key {key}…", "À signer par {authority}, clé {key}…")
REPORT = words("{title}, {day}", "{title}, {day}")
STANDING = words(
    "{status}, revision {revision}, as known at {as_of} (position {position})",
    "{status}, révision {revision}, données arrêtées au {as_of} (n° {position})",
)
SUPERSEDES = words(
    "It follows report {report}, which stays as it is.", "Il fait suite au bulletin {report}, qui reste tel quel."
)
WITHHELD = words("withheld from the other nation", "non communiqué à l'autre nation")
WITHHELD_SIZE = words(
    "withheld from the other nation, {size} of it declared as sealed",
    "non communiqué à l'autre nation, part scellée déclarée : {size}",
)
OWN_EDITION = words("Sealed to {nation} alone, with these words of yours:", "Scellé pour {nation} seule, avec vos mots :")
OWN_EDITION_PLAIN = words(
    "An edition sealed to {nation} alone comes with it.", "Une édition scellée pour {nation} seule l'accompagne."
)
READ = words("Read before signing: {file}", "À lire avant de signer : {file}")
DOCUMENT = words(
    "{edition}: document of {bytes} bytes, SHA-256 {sha256}", "{edition} : document de {bytes} octets, SHA-256 {sha256}"
)
SEALED_TO = words(
    "What is sealed to {nation} is sealed with its key {key}…", "Ce qui est scellé pour {nation} l'est avec sa clé {key}…"
)
EXERCISE = words("EXERCISE – invented", "EXERCICE – fictif")
SIGNED = words(
    "Signed: {file}. It goes back to where the log is kept.", "Signé : {file}. À renvoyer là où le journal est tenu."
)
BY = words("documents signed by {signer}, level {level}", "documents signés par {signer}, niveau {level}")
TO_BROWSER = words(
    "The event is not signed yet: open {draft} in the page of entente signer page, then entente signer join.",
    "L'événement n'est pas encore signé : ouvrez {draft} dans la page d'entente signer page, puis entente signer join.",
)
