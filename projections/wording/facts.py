"""The words for facts: what each kind is called, and each code a fact may carry. A service's own codes stay as they are."""

from __future__ import annotations

from collections.abc import Mapping

from projections.wording.typography import Words, words

KINDS: Mapping[str, Words] = {
    "incident": words("Incident opened", "Ouverture d'incident"),
    "step": words("Step", "Étape"),
    "update": words("Situation update", "Point de situation"),
    "attempt": words("Intrusion attempt", "Tentative d'intrusion"),
    "notified": words("Information passed on", "Information transmise"),
    "acknowledged": words("Receipt acknowledged", "Réception confirmée"),
    "assistance": words("Assistance", "Concours"),
    "coordination": words("Coordination", "Coordination"),
    "asset": words("Asset", "Moyen"),
    "rescued": words("Persons rescued", "Personnes secourues"),
    "disembarked": words("Persons disembarked", "Personnes débarquées"),
    "unaccounted": words("Unaccounted for at landing", "Manquants au débarquement"),
    "departure_prevented": words("Departure prevented", "Départ empêché"),
    "casualty": words("Casualties", "Bilan humain"),
    "sheltered": words("Persons sheltered", "Personnes mises à l'abri"),
    "disruption": words("Traffic disruption", "Perturbation du trafic"),
    "link": words("Link", "Rattachement"),
    "link_withdrawn": words("Link withdrawn", "Rattachement retiré"),
    "search": words("Vehicle search", "Fouille de véhicule"),
    "detection": words("Persons detected", "Découverte de personnes"),
    "minors_found": words("Minors found", "Mineurs découverts"),
    "handover": words("Persons taken over at hand-over", "Personnes prises en charge à la remise"),
    "not_accepted": words("Persons not taken over", "Personnes non prises en charge"),
    "minors_received": words("Minors received", "Mineurs pris en charge"),
    "handover_disputed": words("Hand-over disputed", "Remise contestée"),
    "protection_need": words("Protection need", "Besoin de protection"),
    "person_registered": words("Person registered", "Personne enregistrée"),
    "care": words("Care", "Prise en charge"),
    "case": words("Case opened", "Ouverture de dossier"),
    "arrest": words("Arrest", "Interpellation"),
    "measure": words("Person heard or held, not a suspect", "Personne entendue ou retenue, non suspecte"),
    "proceeding": words("Proceedings", "Procédure"),
    "decision": words("Decision", "Décision"),
    "amount": words("Amount", "Montant"),
    "decision_step": words("Decision followed up", "Suite donnée à une décision"),
    "network": words("Presumed network dismantled", "Filière présumée démantelée"),
    "correction": words("Correction", "Rectification"),
    "correction_proposal": words("Proposed correction", "Proposition de rectification"),
    "report": words("Report issued", "Bulletin diffusé"),
    "report_step": words("Report received or observed upon", "Bulletin reçu ou commenté"),
    "reconciliation": words("Figures reconciled", "Rapprochement des chiffres"),
    "reconciliation_step": words("Position on a difference", "Position sur un écart"),
    "ruleset": words("Ruleset adopted", "Règles de décompte adoptées"),
    "watch": words("Watch", "Relève"),
    "breach": words("Breach in what was sealed", "Irrégularité dans ce qui est scellé"),
}

CODES: Mapping[str, Mapping[str, Words]] = {
    "incident": {
        "perimeter_intrusion": words("intrusion into the perimeter", "intrusion dans le périmètre"),
        "fence_breach": words("breach of the fence", "brèche dans la clôture"),
        "lorry_boarding": words("boarding of lorries", "montées dans des poids lourds"),
        "tunnel_walk": words("persons walking in the tunnel", "personnes à pied dans le tunnel"),
        "small_boat_distress": words("small boat in distress", "petite embarcation en détresse"),
        "small_boat_departure": words("small boat departing", "départ d'une petite embarcation"),
        "public_order": words("public order", "ordre public"),
        "infrastructure_obstruction": words("infrastructure obstructed", "entrave à l'infrastructure"),
        "other": words("other", "autre"),
    },
    "step": {
        "confirmed": words("confirmed", "confirmé"),
        "unfounded": words("declared unfounded", "alerte infondée"),
        "resolved": words("response ended", "fin d'intervention"),
        "closed": words("closed", "clos"),
        "reopened": words("reopened", "rouvert"),
        "final": words("become final", "devenu définitif"),
    },
    "attempt": {
        "repelled": words("repelled", "repoussées"),
        "stopped_inside": words("stopped inside", "interceptées à l'intérieur"),
        "arrested": words("followed by arrest", "suivies d'interpellation"),
        "passed": words("got through", "abouties"),
        "unknown": words("outcome unknown", "issue inconnue"),
    },
    "assistance": {
        "requested": words("requested", "demandé"),
        "accepted": words("granted", "accordé"),
        "declined": words("declined", "refusé"),
    },
    "coordination": {
        "assumed": words("assumed", "prise"),
        "offered": words("transfer offered", "transfert proposé"),
        "accepted": words("transfer accepted", "transfert accepté"),
        "declined": words("transfer declined", "transfert refusé"),
    },
    "asset": {
        "tasked": words("tasked", "engagé"),
        "on_scene": words("on scene", "sur zone"),
        "stood_down": words("stood down", "désengagé"),
    },
    "casualty": {
        "fatal": words("dead", "décès"),
        "serious": words("seriously injured", "blessé(s) grave(s)"),
        "slight": words("slightly injured", "blessé(s) léger(s)"),
        "missing": words("missing", "disparu(s)"),
    },
    "disruption": {"started": words("start", "début"), "ended": words("end", "fin")},
    "link": {
        "duplicate_of": words("duplicate of", "doublon de"),
        "part_of": words("part of", "partie de"),
        "possibly_same_as": words("possibly the same as", "peut-être le même que"),
        "case": words("concerns", "concerne"),
    },
    "search": {
        "positive": words("positive", "positive"),
        "negative": words("negative", "négative"),
        "inconclusive": words("inconclusive", "non concluante"),
    },
    "detection": {
        "body_detection_dog": words("by a dog", "par un chien"),
        "co2_probe": words("by a CO₂ probe", "par une sonde CO₂"),
        "heartbeat": words("by a heartbeat detector", "par un détecteur de battements"),
        "pmmw": words("by passive millimetre waves", "par ondes millimétriques passives"),
        "gamma_xray": words("by gamma or X-rays", "par rayons gamma ou X"),
        "visual_manual": words("by a visual or manual search", "par fouille visuelle ou manuelle"),
        "cctv": words("by cameras", "par vidéosurveillance"),
        "thermal": words("by thermal imaging", "par imagerie thermique"),
        "operator_security": words("by the operator's security", "par la sûreté de l'exploitant"),
        "driver_report": words("reported by a driver", "signalée par un conducteur"),
        "intelligence": words("on information received", "sur renseignement"),
    },
    "not_accepted": {
        "hospital": words("taken to hospital", "hospitalisation"),
        "minor": words("a minor", "minorité"),
        "released": words("released", "remise en liberté"),
        "escaped": words("escaped", "fuite"),
        "refused": words("refused", "refus"),
        "other": words("other", "autre"),
    },
    "protection_need": {
        "asylum": words("asylum", "asile"),
        "unaccompanied_minor": words("unaccompanied minor", "mineur non accompagné"),
        "trafficking": words("trafficking", "traite"),
        "medical": words("medical", "médical"),
        "family": words("family", "famille"),
    },
    "care": {
        "released": words("released", "fin de prise en charge"),
        "retained": words("retained", "maintien"),
        "transferred": words("transferred", "transfert"),
    },
    "case": {
        "facilitation": words("facilitation", "aide à l'entrée ou au séjour irréguliers"),
        "rail_intrusion": words("rail intrusion", "intrusion ferroviaire"),
        "civil_penalty": words("civil penalty", "amende civile"),
        "irregular_entry": words("irregular entry", "entrée irrégulière"),
        "document_fraud": words("document fraud", "fraude documentaire"),
        "violence": words("violence", "violences"),
        "death_investigation": words("death investigation", "enquête décès"),
    },
    "arrest": {"arrest": words("arrest", "interpellation"), "garde_a_vue": words("police custody", "garde à vue")},
    "measure": {
        "audition_libre": words("heard without arrest", "audition libre"),
        "retenue_vds": words(
            "held to verify the right to stay", "retenue aux fins de vérification du droit de circulation ou de séjour"
        ),
    },
    "proceeding": {
        "released": words("measure lifted", "levée de la mesure"),
        "charged": words("charged", "poursuites engagées"),
        "deferred": words("brought before the prosecutor", "défèrement"),
    },
    "decision": {
        "civil_penalty": words("civil penalty", "amende civile"),
        "oqtf": words("obligation to leave French territory", "obligation de quitter le territoire français"),
        "placement_en_retention": words("placement in detention", "placement en rétention"),
        "oqtf_and_cra": words(
            "obligation to leave French territory, with detention",
            "obligation de quitter le territoire français avec placement en rétention",
        ),
        "refused_leave": words("leave to enter refused", "refus d'entrée"),
        "removal": words("removal", "éloignement"),
        "charge": words("charge", "mise en cause"),
        "deferrement": words("brought before the prosecutor", "défèrement"),
        "conviction": words("conviction", "condamnation"),
        "acquittal": words("acquittal", "relaxe ou acquittement"),
        "no_further_action": words("no further action", "classement sans suite"),
        "no_action": words("decided not to act", "décision de ne pas agir"),
    },
    "decision_step": {
        "withdrawn": words("withdrawn", "retirée"),
        "appealed": words("appealed", "recours formé"),
        "substituted": words("substituted", "remplacée"),
    },
    "correction": {
        "amend": words("amended", "modification"),
        "retract": words("retracted", "retrait"),
        "reclassify": words("reclassified", "requalification"),
        "retime": words("time corrected", "rectification d'horaire"),
        "relocate": words("place corrected", "rectification de lieu"),
    },
    "correction_proposal": {
        "proposed": words("proposed", "proposée"),
        "accepted": words("accepted", "acceptée"),
        "rejected": words("rejected", "rejetée"),
    },
    "report": {
        "provisional": words("provisional", "provisoire"),
        "revised": words("revised", "révisé"),
        "settled": words("settled", "arrêté définitif"),
    },
    "reconciliation_step": {
        "agreed": words("agreed", "accepté"),
        "disputed": words("disputed", "contesté"),
        "declared": words("withheld quantity declared", "part non communiquée déclarée"),
        "signed_off": words("signed off by both parties", "visé par les deux parties"),
    },
    "watch": {
        "opened": words("opened", "prise de quart"),
        "handed_over": words("handed over", "relève"),
        "closed": words("closed", "fin de quart"),
    },
    "breach": {
        "future": words("dated after it was recorded", "daté d'après son enregistrement"),
        "left_out": words("correction left out", "rectification laissée de côté"),
        "not_allowed": words("not its author's to say", "hors de la compétence de son auteur"),
        "order": words("does not follow in its stream", "ne fait pas suite dans son fil"),
    },
}

# What a change changed, beside the count itself.
COLUMNS: Mapping[str, Words] = {
    "quantity": words("count", "nombre"),
    "occurred_at": words("time", "heure"),
    "occurred_until": words("end", "fin"),
    "imprecision_seconds": words("precision of the time", "précision de l'heure"),
    "place": words("place", "lieu"),
    "code": words("category", "catégorie"),
    "side": words("side", "côté"),
    "subject": words("what or who", "objet"),
    "about": words("which", "précision"),
    "party": words("authority concerned", "autorité concernée"),
    "detail": words("details", "détails"),
}


def word(kind: str, code: str) -> Words:
    """The words for a fact's code; a code that is not ours to translate stays itself, in both languages."""
    known = CODES.get(kind, {}).get(code)
    return known if known is not None else Words(code.replace("_", " "), code.replace("_", " "))
