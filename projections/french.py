"""The French ruleset, as data: the bulletin from 08:00 to 08:00 in Paris, the ministry's categories."""

from __future__ import annotations

from datetime import time

from projections.ruleset import Indicator, Ruleset, term

FR1 = Ruleset(
    name="fr/1",
    nation="FR",
    zone="Europe/Paris",
    begins=time(8),
    day_offset=1,
    provisional_at=time(9),
    provisional_after_days=0,
    language="fr",
    marking="non protégé",
    headline=("F1", "F3", "F2", "F8", "F4", "F5", "F7"),
    indicators=(
        Indicator("F1", "Intrusion attempts", "Tentatives d'intrusion", "person-attempt", (term("attempt"),)),
        Indicator("F1.repelled", "repelled", "repoussées", "person-attempt", (term("attempt", code="repelled"),)),
        Indicator(
            "F1.stopped_inside",
            "stopped inside",
            "interceptées à l'intérieur",
            "person-attempt",
            (term("attempt", code="stopped_inside"),),
        ),
        Indicator(
            "F1.arrested",
            "followed by arrest",
            "suivies d'interpellation",
            "person-attempt",
            (term("attempt", code="arrested"),),
        ),
        Indicator("F1.passed", "got through", "abouties", "person-attempt", (term("attempt", code="passed"),)),
        Indicator("F1.unknown", "outcome unknown", "issue inconnue", "person-attempt", (term("attempt", code="unknown"),)),
        Indicator(
            "F2",
            "Arrests",
            "Interpellations",
            "person × procedure",
            (term("arrest", code=("arrest", "garde_a_vue"), nation="FR"),),
        ),
        Indicator(
            "F3",
            "Persons taken in charge by the PAF after hand-over",
            "Personnes prises en charge par la PAF après remise",
            "person",
            (term("handover", within={"party_path": "PAF"}),),
        ),
        Indicator(
            "F4",
            "Persons rescued at sea and landed in France",
            "Personnes secourues en mer et débarquées en France",
            "person",
            (term("disembarked", side="FR"),),
        ),
        Indicator(
            "F5", "Departures by sea prevented", "Départs par mer empêchés", "event", (term("departure_prevented"),), "facts"
        ),
        Indicator("F6", "Persons given shelter", "Personnes mises à l'abri", "person", (term("sheltered"),)),
        Indicator(
            "F7",
            "Deaths recorded on the French side",
            "Décès constatés côté français",
            "person",
            (term("casualty", code="fatal", side="FR"),),
        ),
        Indicator(
            "F8",
            "Persons arrested for assisting irregular entry or stay (presumed smugglers)",
            "Personnes interpellées pour aide à l'entrée ou au séjour irréguliers (passeurs présumés)",
            "distinct suspect",
            (term("arrest", about="facilitation", nation="FR"),),
            "distinct",
        ),
        Indicator("F9", "Presumed networks dismantled", "Filières présumées démantelées", "case", (term("network"),), "facts"),
        Indicator("F10", "Missing persons", "Personnes disparues", "person", (term("casualty", code="missing"),)),
        Indicator("F11", "Injured", "Blessés", "person", (term("casualty", code=("serious", "slight")),)),
        Indicator(
            "F2.retenue",
            "Persons retained for verification of the right to stay",
            "Retenues pour vérification du droit au séjour",
            "person × procedure",
            (term("measure", code="retenue_vds", nation="FR"),),
            beside=True,
        ),
        Indicator(
            "F2.audition_libre",
            "Persons heard without arrest",
            "Auditions libres",
            "person × procedure",
            (term("measure", code="audition_libre", nation="FR"),),
            beside=True,
        ),
    ),
)
