"""The words of a report held against the log: what was looked at, and what was found."""

from __future__ import annotations

from collections.abc import Mapping

from projections.wording.typography import Words, words

LOOKED_AT: Mapping[str, Words] = {
    "terms": words("what it is bound to", "ce à quoi il se rattache"),
    "figure": words("figure", "chiffre"),
    "withheld": words("declared of the figure", "part déclarée du chiffre"),
    "people": words("people", "personnes"),
    "content_sha256": words("digest of its figures", "empreinte de ses chiffres"),
    "facts_sha256": words("digest of the facts", "empreinte des faits"),
    "document_sha256": words("digest of the content", "empreinte du contenu"),
    "checkpoint_root": words("root of the log", "racine du journal"),
    "as_of": words("instant", "instant"),
    "signature": words("signature of its event", "signature de son événement"),
    "unsigned.pdf": words("document before signing", "document avant signature"),
    "signed.pdf": words("signed document", "document signé"),
    "renewed.pdf": words("renewed document", "document renouvelé"),
    "signature of the document": words("signature of the document", "signature du document"),
    "key of the document": words("key of the document", "clé du document"),
}
NATIONAL = words("{what} {code} (own edition)", "{what} {code} (édition nationale)")
NOTHING = Words("", "")

IN_THE_REPORT = words("{said} in the report, {computed} from the log", "{said} dans le bulletin, {computed} d'après le journal")
NOT_AS_THE_LOG = words("not as the log has them", "ne sont pas celles du journal")
NOT_COMMITTED = words("the report does not commit to it", "le bulletin ne s'y engage pas")
NOT_COMMUNICATED = words(
    "{said} where both see {seen}: {more} is not communicated",
    "{said} là où les deux voient {seen} : {more} n'est pas communiqué",
)
WITHHELD = words("withheld", "retenu")
WITHHELD_SIZE = words(
    "withheld; {size} of it rest on what is not communicated", "retenu ; {size} en reposent sur ce qui n'est pas communiqué"
)
OWN_VIEW = words(
    "its content is computed from its own nation's view", "son contenu se calcule d'après la vue de sa propre nation"
)
BEHIND = words(
    "recorded before its instant and standing behind its position: {entries}",
    "saisies avant son instant et rangées après son numéro : {entries}",
)
TOO_EARLY = words("its position was recorded after its instant", "son numéro a été saisi après son instant")
NO_DOCUMENT = words("the report has no such document", "le bulletin n'a pas de tel document")
NOT_KEPT = words("the document is not kept here", "le document n'est pas conservé ici")
NOBODY_SIGNED = words("no key of the official of {nation} signed it", "aucune clé du responsable de {nation} ne l'a signé")
NO_KEY_ON_RECORD = words(
    "no document key of an official of {nation} was on record then: the certificate alone says whose it is",
    "aucune clé de document d'un responsable de {nation} n'était alors enregistrée : seul le certificat dit à qui elle est",
)
KEY_OF = words("of {owner}, on record at no. {position}", "de {owner}, enregistrée au n° {position}")
OTHER_KEY = words(
    "the document is signed by a key that was no official's of {nation} then",
    "le document est signé d'une clé qui n'était alors celle d'aucun responsable de {nation}",
)
NOT_AS_SIGNED = words("it does not begin with what was signed", "il ne commence pas par ce qui a été signé")
NOT_BOUND = words("this report does not say what it is bound to", "ce bulletin ne dit pas à quoi il se rattache")
OTHER_RULES = words(
    "the rules in force there are {there}, not {named}", "les règles en vigueur alors sont {there}, et non {named}"
)
OTHER_ZONES = words(
    "it rests on the time zones of {named}, these are {here}",
    "il repose sur les fuseaux horaires de {named}, ceux d'ici sont de {here}",
)
NOT_REACHED = words("the view has not come as far as the report", "la vue n'est pas encore parvenue jusqu'au bulletin")
DOES_NOT_VERIFY = words("the signature does not verify", "la signature ne se vérifie pas")


def looked_at(what: str) -> Words:
    """What a check looked at, by its code: `figure G1`, `national figure G1`, `national.signed.pdf`."""
    own, rest = (True, what[len("national") + 1 :]) if what.startswith(("national ", "national.")) else (False, what)
    name, code = (rest, "") if rest in LOOKED_AT else rest.partition(" ")[::2]
    said = LOOKED_AT[name].format()
    if own:
        return Words(*(" ".join(text.split()) if not code else text for text in NATIONAL.format(what=said, code=code)))
    return Words(f"{said.en} {code}".strip(), f"{said.fr} {code}".strip())
