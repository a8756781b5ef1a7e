"""The British ruleset, as data: civil days of London, the Home Office's categories."""

from __future__ import annotations

from datetime import time

from projections.ruleset import Indicator, Ruleset, term

STOPPED = ("stopped_inside", "arrested")

GB1 = Ruleset(
    name="gb/1",
    nation="GB",
    zone="Europe/London",
    begins=time(0),
    day_offset=0,
    provisional_at=time(6),
    provisional_after_days=1,
    language="en",
    marking="OFFICIAL",
    headline=("G1", "G2", "G3", "G4.persons", "G5", "G6", "G9"),
    indicators=(
        Indicator(
            "G1",
            "Clandestine detections at juxtaposed controls",
            "Découvertes de clandestins aux contrôles juxtaposés",
            "person-detection",
            (term("detection", zone="GB"),),
        ),
        Indicator(
            "G2",
            "Intrusion: persons stopped, French side",
            "Intrusion : personnes arrêtées dans leur progression, côté français",
            "person-attempt",
            (term("attempt", code=STOPPED),),
        ),
        Indicator(
            "G3",
            "Clandestines detected, UK side",
            "Clandestins découverts, côté britannique",
            "person",
            (term("detection", territory="GB"),),
        ),
        Indicator(
            "G4.persons",
            "Small-boat arrivals: persons",
            "Arrivées par petites embarcations : personnes",
            "person",
            (term("disembarked", side="GB"),),
        ),
        Indicator(
            "G4.boats",
            "Small-boat arrivals: boats",
            "Arrivées par petites embarcations : embarcations",
            "boat",
            (term("disembarked", side="GB"),),
            "distinct",
        ),
        Indicator(
            "G5",
            "Prevented, or rescued and landed in France (French-sourced)",
            "Départs empêchés, ou personnes secourues et débarquées en France (source française)",
            "person",
            (term("departure_prevented"), term("disembarked", side="FR")),
        ),
        Indicator(
            "G5.prevented",
            "of which departures prevented",
            "dont départs empêchés",
            "person",
            (term("departure_prevented"),),
        ),
        Indicator(
            "G5.rescued_landed_fr",
            "of which rescued and landed in France",
            "dont secourues et débarquées en France",
            "person",
            (term("disembarked", side="FR"),),
        ),
        Indicator(
            "G6",
            "Arrests on suspicion of facilitation, by any authority, known to London",
            "Interpellations pour aide à l'entrée irrégulière, par toute autorité, connues de Londres",
            "distinct suspect",
            (term("arrest", about="facilitation"),),
            "distinct",
        ),
        Indicator(
            "G7",
            "Civil penalty notices",
            "Amendes civiles notifiées",
            "notice",
            (term("decision", code="civil_penalty", nation="GB"),),
        ),
        Indicator(
            "G7.amount_gbp",
            "Civil penalty notices: amount",
            "Amendes civiles notifiées : montant",
            "GBP",
            (term("amount", code="GBP", about="civil_penalty", nation="GB"),),
            "pounds",
        ),
        Indicator(
            "G8",
            "Vehicles searched by Border Force",
            "Véhicules fouillés par la Border Force",
            "distinct vehicle",
            (term("search", authority="BF"),),
            "distinct",
        ),
        Indicator(
            "G9",
            "Deaths known to the centre",
            "Décès connus du centre",
            "person",
            (term("casualty", code="fatal"),),
        ),
        Indicator(
            "G7.withdrawn",
            "Civil penalty notices withdrawn (never netted)",
            "Amendes civiles retirées (jamais déduites)",
            "notice",
            (term("decision_step", code="withdrawn", about="civil_penalty", nation="GB"),),
            beside=True,
        ),
    ),
)
