"""What a verifier says of an evidence bundle: the verdict, what is proven, by whose keys, what is assumed and what is not.

One row for each code of docs/format.md, sections 12.9 and 12.10; the fields are those of the verdict's document.
"""

from __future__ import annotations

from collections.abc import Mapping

from projections.wording.typography import Words, words

VERDICTS: Mapping[str, Words] = {
    "proven": words(
        "PROVEN: it stands in the log, in a state co-signed by all whom the policy you gave asks for.",
        "PROUVÉ : cela figure dans le journal, en un état contresigné par tous ceux que votre politique exige.",
    ),
    "not-final": words(
        "NOT FINAL: it stands in the log, but those whom your policy asks for have not all co-signed this state.",
        "NON DÉFINITIF : cela figure dans le journal, mais tous ceux que votre politique exige n'ont pas contresigné cet état.",
    ),
    "internally-consistent": words(
        "INTERNALLY CONSISTENT, no more: the keys it rests on came with it. Give a policy file from elsewhere (--policy).",
        "COHÉRENT EN SOI, sans plus : les clés sur lesquelles il repose sont venues avec lui. Donnez une politique venue"
        " d'ailleurs (--policy).",
    ),
    "refused": words(
        "REFUSED: {what}. Nothing in this file is evidence of anything.",
        "REFUSÉ : {what}. Rien dans ce fichier ne prouve quoi que ce soit.",
    ),
}

HEADINGS: Mapping[str, Words] = {
    "question": words("Question", "Question"),
    "proven": words("Proven", "Prouvé"),
    "keys": words("By whose keys", "Par les clés de qui"),
    "assumed": words("Assumed", "Supposé"),
    "not_proven": words("Not proven", "Non prouvé"),
}

QUESTIONS: Mapping[str, Words] = {
    "stream": words("everything recorded of {stream}", "tout ce qui est enregistré au fil {stream}"),
    "period": words(
        "everything recorded from {from} until before {to}", "tout ce qui est enregistré de {from} inclus à {to} exclu"
    ),
    "figure": words(
        "{code} of the {view} view, reporting day {day}, as known at {as_of}",
        "{code} de la vue {view}, bulletin du {day}, données arrêtées au {as_of}",
    ),
    "report": words("the figures of report {report}", "les chiffres du bulletin {report}"),
}
WRITTEN = words(
    "{file}: {full} entries, {withheld} more withheld, {bytes} bytes; verified as written",
    "{file} : {full} enregistrements, {withheld} autres non communiqués, {bytes} octets ; vérifié tel qu'écrit",
)
NOT_WHOLE = words(
    "what is withheld or not opened is not part of this answer; the view itself may say more",
    "ce qui n'est ni communiqué ni ouvert n'entre pas dans cette réponse ; la vue elle-même peut en dire plus",
)
CHECK_IT = words(
    "Whoever gets it: entente bundle verify {file} --policy FILE, a policy file from London, Paris or whom they trust",
    "Qui le reçoit : entente bundle verify {file} --policy FILE, une politique venue de Londres, de Paris ou de confiance",
)
STRANGER = words(
    "{name} in it is not this version's: no verdict rests on it, and it may do or say anything; read it before you use it",
    "{name} n'y est pas celui de cette version : aucun verdict n'en dépend, et il peut tout faire ; à lire avant usage",
)
ANSWER = words("Answer: {value} ({unit}), the sum of {lines} lines", "Réponse : {value} ({unit}), somme de {lines} lignes")
COSIGNED = words("co-signed at {time}", "contresigné le {time}")
COLUMNS: Mapping[str, Words] = {
    "owner": words("Who", "Qui"),
    "nation": words("Nation", "Nation"),
    "role": words("Role", "Fonction"),
    "signed": words("Signatures", "Signatures"),
    "key_id": words("Key", "Clé"),
}

PROVEN: Mapping[str, Words] = {
    "bytes": words("every file is the one the manifest lists", "chaque fichier est celui que l'inventaire désigne"),
    "in-log": words(
        "{full} entries ({withheld} more withheld) stand at their positions in the log {origin} of {size} entries",
        "{full} enregistrements ({withheld} autres non communiqués) figurent à leur n° d'ordre dans le journal {origin} de"
        " {size} enregistrements",
    ),
    "signed": words(
        "each of them is signed over its exact bytes ({signatures} signatures), by keys registered and in force for it",
        "chacun est signé sur ses octets exacts ({signatures} signatures), par des clés enregistrées et valides pour lui",
    ),
    "final": words(
        "all whom your policy asks for co-signed this state of the log",
        "tous ceux que votre politique exige ont contresigné cet état du journal",
    ),
    "all-positions": words(
        "every position from {first} to {last} is there, in full or withheld",
        "chaque n° d'ordre de {first} à {last} est là, communiqué ou non",
    ),
    "all-versions": words(
        "every version of the stream up to {versions} is there", "chaque version du fil jusqu'à la {versions} est là"
    ),
    "last-version": words(
        "the index of streams knows no later version", "l'index des fils ne connaît pas de version ultérieure"
    ),
    "answer-sums": words(
        "the lines behind the figure are in the bundle and add up to it",
        "les lignes du chiffre sont dans le dossier et s'additionnent exactement",
    ),
    "answer-rederived": words(
        "computed again from these entries by the rules, the answer is the same",
        "recalculée d'après ces enregistrements selon les règles, la réponse est la même",
    ),
    "sections-opened": words(
        "sections opened here: {opened}; each is what its author committed to when signing",
        "sections ouvertes ici : {opened} ; chacune est ce à quoi son auteur s'est engagé en signant",
    ),
    "timestamps": words(
        "outside authorities whose certificates you gave had stamped this state of the log: {stamped}",
        "des autorités extérieures dont vous avez donné les certificats avaient horodaté cet état du journal : {stamped}",
    ),
}

ASSUMED: Mapping[str, Words] = {
    "policy-keys": words(
        "that the keys in your policy file are held by those it names",
        "que les clés de votre politique sont détenues par ceux qu'elle désigne",
    ),
    "bundle-keys": words(
        "that the keys in the bundle's own policy file are held by those it names: nobody but its maker says so",
        "que les clés de la politique jointe sont détenues par ceux qu'elle désigne : seul l'auteur du dossier le dit",
    ),
    "cosigners-checked": words(
        "that the co-signers checked every entry before they signed, as they state",
        "que les contresignataires ont vérifié chaque enregistrement avant de signer, comme ils le déclarent",
    ),
    "algorithms": words(
        "that SHA-256, Ed25519, ML-DSA-44 and AES-256-GCM hold", "que SHA-256, Ed25519, ML-DSA-44 et AES-256-GCM tiennent"
    ),
}

NOT_PROVEN: Mapping[str, Words] = {
    "truth": words(
        "that what was stated is true: only who stated it, and when it was recorded",
        "que ce qui a été déclaré est vrai : seulement qui l'a déclaré, et quand ce fut enregistré",
    ),
    "identity": words("whose keys these are", "à qui sont ces clés"),
    "not-final": words("that both nations hold this state of the log", "que les deux nations détiennent cet état du journal"),
    "registry-whole": words(
        "that no event about keys was left out: the co-signers vouch for that, who hold the whole log",
        "qu'aucun événement sur les clés n'a été omis : les contresignataires, qui détiennent tout le journal, en répondent",
    ),
    "later": words("what was recorded after entry {size}", "ce qui a été enregistré après le n° {size}"),
    "last-version": words(
        "that the stream had no further version at that size", "que le fil n'avait pas d'autre version à ce stade"
    ),
    "withheld": words(
        "what the {withheld} withheld entries say, and that they are withheld on the grounds given",
        "ce que disent les {withheld} enregistrements non communiqués, et qu'ils le sont pour les motifs donnés",
    ),
    "sealed": words(
        "what {sealed} sealed entries say that are not opened here (GB {GB}, FR {FR} in all)",
        "ce que disent {sealed} enregistrements scellés, non ouverts ici (GB {GB}, FR {FR} en tout)",
    ),
    "disputed": words(
        "who stated what bears a key reported compromised, from the position on from which that key is in doubt",
        "qui a déclaré ce qui porte une clé signalée compromise, depuis la position à partir de laquelle elle est en doute",
    ),
    "answer-rederived": words(
        "that the rules give this answer: it was not computed again",
        "que les règles donnent cette réponse : elle n'a pas été recalculée",
    ),
    "answer-whole": words(
        "what withheld entries, or sealed ones not opened, would add to the answer",
        "ce que les enregistrements non communiqués, ou scellés et non ouverts, ajouteraient à la réponse",
    ),
    "timestamps": words(
        "when an outside authority saw this state: time stamps came with it, and hold under no certificates that you gave",
        "quand une autorité extérieure a vu cet état : des horodatages sont joints, et ne tiennent sous aucun certificat que"
        " vous ayez donné",
    ),
    "clock": words(
        "that the ledger's clock was right: the co-signatures say when at the latest, not when at the earliest",
        "que l'horloge du journal était juste : les contreseings disent quand au plus tard, non quand au plus tôt",
    ),
}

PROBLEMS: Mapping[str, Words] = {
    "too-large": words("the file is larger than a bundle may be", "le fichier est plus grand qu'un dossier ne peut l'être"),
    "not-a-bundle": words("the file is no bundle", "le fichier n'est pas un dossier de preuve"),
    "too-many-files": words(
        "it holds more files than a bundle may", "il contient plus de fichiers qu'un dossier ne peut en avoir"
    ),
    "zip-form": words("the archive is not in its one form", "l'archive n'est pas dans sa forme unique"),
    "bad-name": words(
        "a file has a name that no file of a bundle has", "un fichier porte un nom qu'aucun fichier de dossier ne porte"
    ),
    "file-order": words(
        "the files are not in their order, or one is there twice",
        "les fichiers ne sont pas dans leur ordre, ou l'un y est deux fois",
    ),
    "file-too-large": words("a file is larger than it may be", "un fichier est plus grand qu'il ne peut l'être"),
    "file-missing": words("a file is missing", "un fichier manque"),
    "crc": words("a file was changed", "un fichier a été modifié"),
    "manifest-form": words("the manifest is not in its form", "l'inventaire n'est pas dans sa forme"),
    "file-list": words("the manifest lists other files", "l'inventaire désigne d'autres fichiers"),
    "withheld-list": words(
        "the manifest lists other entries as withheld", "l'inventaire désigne d'autres enregistrements non communiqués"
    ),
    "file-digest": words("a file is not the one the manifest lists", "un fichier n'est pas celui que l'inventaire désigne"),
    "policy-form": words("the bundle's policy file is not one", "la politique jointe n'en est pas une"),
    "checkpoint": words(
        "the checkpoint is not signed as the bundle's own policy asks",
        "l'état n'est pas signé comme la politique jointe l'exige",
    ),
    "checkpoint-elsewhere": words(
        "the checkpoint is not signed by the log of your policy", "l'état n'est pas signé par le journal de votre politique"
    ),
    "log-differs": words("the manifest speaks of another checkpoint", "l'inventaire parle d'un autre état"),
    "genesis": words(
        "it does not begin with the entry that opens the log", "il ne commence pas par l'enregistrement qui ouvre le journal"
    ),
    "proof-form": words("a proof is not in its form", "une preuve n'est pas dans sa forme"),
    "proof-wrong": words(
        "an entry is not in the log at its position", "un enregistrement n'est pas dans le journal à son n° d'ordre"
    ),
    "entry-form": words("an entry is not in its form", "un enregistrement n'est pas dans sa forme"),
    "payload-form": words(
        "an entry's payload is not in its form", "la charge utile d'un enregistrement n'est pas dans sa forme"
    ),
    "entry-header": words(
        "an entry is not of the stream or the log it was signed for",
        "un enregistrement n'est ni du fil ni du journal pour lequel il fut signé",
    ),
    "entry-order": words(
        "an entry is not in order of time or of its stream", "un enregistrement n'est pas dans l'ordre du temps ou de son fil"
    ),
    "id-repeated": words("an event is there twice", "un événement y est deux fois"),
    "key-unknown": words(
        "an entry is signed by a key that nothing shown registers",
        "un enregistrement est signé d'une clé que rien n'enregistre ici",
    ),
    "signature": words("a signature does not verify", "une signature n'est pas valable"),
    "key-rule": words(
        "a key said what it may not, or not then", "une clé a dit ce qu'elle ne pouvait pas dire, ou pas à ce moment"
    ),
    "section-unknown": words(
        "a section is opened that the event does not have", "une section est ouverte que l'événement n'a pas"
    ),
    "section-ciphertext": words("a section is not the one committed to", "une section n'est pas celle qui fut engagée"),
    "section-key": words("a section's key is not the one committed to", "la clé d'une section n'est pas celle qui fut engagée"),
    "section-open": words("a section does not open under its key", "une section ne s'ouvre pas avec sa clé"),
    "entry-late": words(
        "an entry is said to be recorded after it was co-signed",
        "un enregistrement porte une heure postérieure à son contreseing",
    ),
    "keys-differ": words(
        "the list of keys is not what the entries register", "la liste des clés n'est pas celle que les enregistrements donnent"
    ),
    "policy-differs": words(
        "the bundle's own policy is not the one that the log says both nations adopted for this size",
        "la politique jointe n'est pas celle que les deux nations ont adoptée pour cet état, selon le journal",
    ),
    "claim-gap": words("the range claimed is not whole", "l'intervalle annoncé n'est pas complet"),
    "claim-stream": words("the stream claimed is not whole", "le fil annoncé n'est pas complet"),
    "claim-bounds": words(
        "the range does not begin and end where it must", "l'intervalle ne commence ou ne finit pas où il le doit"
    ),
    "purpose": words(
        "rescues stand beside law-enforcement cases without a legal basis",
        "des secours figurent à côté d'affaires pénales sans base légale",
    ),
    "original-missing": words("what was corrected is not shown", "ce qui fut rectifié n'est pas montré"),
    "answer-form": words("the answer is not in its form", "la réponse n'est pas dans sa forme"),
    "answer-lines": words("the answer is not what its lines say", "la réponse n'est pas ce que disent ses lignes"),
    "answer-wrong": words("computed again, the answer is another", "recalculée, la réponse est autre"),
    "report-digest": words(
        "a document is not the one the report commits to", "un document n'est pas celui que le bulletin engage"
    ),
    "index-form": words(
        "a proof from the index of streams is not in its form", "une preuve de l'index des fils n'est pas dans sa forme"
    ),
    "index-unknown": words("a proof leads to an index that is not shown", "une preuve mène à un index qui n'est pas montré"),
    "timestamp-form": words(
        "a time stamp is called otherwise than one is, or one before it is missing",
        "un horodatage porte un autre nom qu'il ne doit, ou l'un des précédents manque",
    ),
    "timestamp-other": words(
        "a time stamp is over something else than this checkpoint", "un horodatage porte sur autre chose que cet état"
    ),
    "index-wrong": words("a proof from the index of streams does not hold", "une preuve de l'index des fils ne tient pas"),
}
