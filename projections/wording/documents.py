"""What is wrong with the signature of a document, one row for each thing that can be."""

from __future__ import annotations

from collections.abc import Mapping

from projections.wording.typography import Words, words

PROBLEMS: Mapping[str, Words] = {
    "too-large": words(
        "The file has {bytes} bytes, more than a report may have",
        "Le fichier a {bytes} octets, plus qu'un bulletin n'en peut avoir",
    ),
    "not-read": words(
        "The file, or a signature in it, cannot be read: {why}",
        "Le fichier, ou une signature qu'il porte, ne se lit pas : {why}",
    ),
    "not-signed": words("There is no official's signature in it", "Il ne porte pas de signature d'un responsable"),
    "other-signature": words(
        "It bears a further signature, in the field {field}, which is not the official's",
        "Il porte une autre signature, dans le champ {field}, qui n'est pas celle du responsable",
    ),
    "changed": words("What the {what} covers was changed after it was made", "Ce que couvre {what} a été modifié après coup"),
    "broken": words("The {what} does not verify: {why}", "{what} ne se vérifie pas : {why}"),
    "not-one-form": words(
        "The {what} was tampered with where it is not itself signed: {why}",
        "{what} : altération d'une partie qui n'est pas elle-même signée : {why}",
    ),
    "not-covered": words(
        "The {what} does not cover all that was there when it was made", "{what} ne couvre pas tout ce qui s'y trouvait alors"
    ),
    "added": words(
        "{bytes} bytes were added after the last signature or time-stamp, in {revisions} later revisions: {what}",
        "{bytes} octets ont été ajoutés après la dernière signature ou le dernier horodatage, {revisions} révisions : {what}",
    ),
    "altering": words(
        "A later revision changes the document, which its signature forbids: {what}",
        "Une révision ultérieure modifie le document, ce que sa signature interdit : {what}",
    ),
    "other-authority": words(
        "The certificate of {signer} leads to none of the authorities given",
        "Le certificat de {signer} ne mène à aucune des autorités indiquées",
    ),
    "revoked": words(
        "The certificate of {signer} was revoked before the signature, or it is not proven that it was made earlier",
        "Le certificat de {signer} était révoqué avant la signature, ou rien ne prouve qu'elle lui est antérieure",
    ),
    "ended": words(
        "The certificate of {signer} was not good at the time that is proven for the signature",
        "Le certificat de {signer} n'était pas en cours de validité à l'instant prouvé de la signature",
    ),
    "no-lists": words(
        "There is no revocation list of the time at hand, neither in the document nor given, for every certificate it takes",
        "Il manque, dans le document comme parmi ce qui est donné, une liste de révocation valable pour chaque certificat",
    ),
    "not-valid": words(
        "The signature is not valid for long ({code}): {why}", "La signature n'est pas valide durablement ({code}) : {why}"
    ),
    "stamp-not-valid": words(
        "The time-stamp over the document cannot be relied on: its authority is none of those given, or its certificate has"
        " ended or cannot be checked any more",
        "L'horodatage du document n'est pas fiable : son autorité n'est pas parmi celles indiquées, ou son certificat est échu"
        " ou ne peut plus être contrôlé",
    ),
    "level": words(
        "The signature is of level {found}, less than {least}", "La signature est de niveau {found}, inférieur à {least}"
    ),
}
KINDS: Mapping[str, Words] = {
    "signature": words("signature", "la signature"),
    "stamp": words("document time-stamp {name}", "l'horodatage {name} du document"),
}
WHY: Mapping[str, Words] = {
    "digest": words("its digest is of other bytes", "son empreinte est celle d'autres octets"),
    "mathematics": words("it was not made with the key of its certificate", "la clé de son certificat ne l'a pas produit"),
    "place": words("it is not written where its byte range says", "l'emplacement ne correspond pas à l'étendue déclarée"),
    "spelling": words("it is not spelt as it was", "son écriture a été changée"),
    "certificates": words("a certificate in it leads nowhere", "un certificat qu'il contient ne mène nulle part"),
    "surplus": words("it holds what no time-stamp holds", "il contient ce qu'aucun horodatage ne contient"),
}
