"""What each kind of problem is called over HTTP, in English and in French, by its code (ledger/errors.py)."""

from __future__ import annotations

from collections.abc import Mapping


def _both(en: str, fr: str) -> Mapping[str, str]:
    return {"en": en, "fr": fr}


TITLES: Mapping[str, Mapping[str, str]] = {
    "entente-error": _both("Something went wrong", "Une erreur est survenue"),
    "defect": _both(
        "The service failed; nothing is known to be recorded", "Défaillance du service ; rien n’est réputé enregistré"
    ),
    "refused": _both("Not recorded", "Non enregistré"),
    "malformed": _both("Not well-formed", "Mal formé"),
    "too-large": _both("Too large", "Trop volumineux"),
    "bad-signature": _both("A signature does not verify", "Signature non valable"),
    "weak-key": _both("A weak public key", "Clé publique faible"),
    "key-not-allowed": _both("Not allowed", "Non autorisé"),
    "not-known": _both("Say who asks", "Identification requise"),
    "key-not-in-force": _both("The key is not in force", "Clé non en vigueur"),
    "parked": _both("Refused, and kept in the service's spool", "Refusé, conservé par le service"),
    "marking-too-high": _both("Marked above what the joint log may hold", "Protection trop élevée pour le journal commun"),
    "conflict": _both("Something else was recorded first", "Un autre enregistrement a précédé"),
    "event-id-reused": _both("This id is on record with other bytes", "Identifiant déjà enregistré avec un autre contenu"),
    "stream-moved": _both("The stream has moved on", "Le fil a avancé"),
    "cosigner-moved": _both("The cosigner has moved on", "Le contresignataire a avancé"),
    "not-in-this-state": _both("Not in this state", "Impossible dans cet état"),
    "from-the-future": _both("From the future", "Date future"),
    "ledger-frozen": _both("The ledger is frozen or closed", "Journal commun gelé ou clos"),
    "unavailable": _both("Not available now; send the same bytes again", "Indisponible ; renvoyer les mêmes octets"),
    "clock-unsound": _both("The clock is not sound", "Horloge non fiable"),
    "disk-full": _both("The store is full", "Stockage saturé"),
    "store-failed": _both("The store does not answer", "Le stockage ne répond pas"),
    "busy": _both("Busy; send the same bytes again", "Service occupé ; renvoyer les mêmes octets"),
    "unsafe-setting": _both("An unsafe setting", "Réglage non sûr"),
    "verification-failed": _both("Does not verify", "Vérification en échec"),
    "equivocation": _both("The log has signed two histories", "Le journal a signé deux histoires"),
    "bad-entry": _both("Not a log entry", "Enregistrement non conforme"),
    "bad-proof": _both("The proof does not lead to the root", "La preuve ne mène pas à la racine"),
    "bad-note": _both("Not a sound checkpoint", "Point de contrôle non conforme"),
    "bad-section": _both("A section does not match its event", "Section non conforme à l’événement"),
    "bad-timestamp": _both("Not a sound time stamp", "Horodatage non conforme"),
    "bad-document": _both("Signature of the document not valid", "Signature du document non valable"),
    "bad-bundle": _both("Not a sound bundle", "Dossier de preuve non conforme"),
    "not-found": _both("Not found", "Introuvable"),
    "bad-question": _both("The question cannot be answered as put", "Question impossible telle que posée"),
    "method-not-known": _both("No such method here", "Méthode inconnue ici"),
    "too-many": _both("Too many requests; slow down", "Trop de requêtes ; ralentir"),
    "unfinished": _both("The request did not come to its end", "Requête inachevée"),
    "not-http": _both("Not a request that is answered here", "Requête illisible"),
    "head-too-large": _both("Too many headers", "En-têtes trop volumineux"),
    "unfoldable": _both("An event cannot be read into facts", "Événement non interprétable"),
}
"""Code -> title by language. A code without one fails a test."""
