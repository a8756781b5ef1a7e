// What each code of a refusal means, in plain words (docs/format.md, section 12.9), in English and in French. The codes are
// the same in every verifier; the words are this page's own.

export const PROBLEMS = new Map(
  [
    ["too-large", "The file is larger than a bundle may be.", "Le fichier est plus grand qu'un dossier ne peut l'être."],
    [
      "not-a-bundle",
      "This is not an evidence bundle, or it was cut short.",
      "Ce n'est pas un dossier de preuve, ou il est tronqué.",
    ],
    [
      "too-many-files",
      "It holds no file, or more than a bundle may.",
      "Il ne contient aucun fichier, ou plus qu'un dossier n'en admet.",
    ],
    ["zip-form", "The archive is not in the one form a bundle has.", "L'archive n'a pas l'unique forme d'un dossier."],
    [
      "bad-name",
      "It holds a file that belongs in no bundle.",
      "Il contient un fichier qui n'a sa place dans aucun dossier.",
    ],
    [
      "file-order",
      "Its files are out of order, or one is there twice.",
      "Ses fichiers ne sont pas en ordre, ou l'un y est deux fois.",
    ],
    ["file-too-large", "A file is larger than it may be.", "Un fichier est plus grand qu'il ne peut l'être."],
    ["file-missing", "A file is missing.", "Un fichier manque."],
    ["crc", "A file was changed or damaged.", "Un fichier a été modifié ou endommagé."],
    ["manifest-form", "The list of files is not of its form.", "La liste des fichiers n'a pas la forme voulue."],
    ["file-list", "The files are not those of the list.", "Les fichiers ne sont pas ceux de la liste."],
    [
      "withheld-list",
      "The withheld entries are not those of the list.",
      "Les enregistrements non communiqués ne sont pas ceux de la liste.",
    ],
    ["file-digest", "A file was replaced by another.", "Un fichier a été remplacé par un autre."],
    ["policy-form", "The bundle's own policy is not a policy.", "La politique jointe au dossier n'en est pas une."],
    [
      "checkpoint",
      "The state of the log is not signed as it must be.",
      "L'état du journal n'est pas signé comme il le doit.",
    ],
    [
      "checkpoint-elsewhere",
      "No log that your policy trusts signed this state.",
      "Aucun journal auquel votre politique se fie n'a signé cet état.",
    ],
    [
      "log-differs",
      "The bundle speaks of another state of the log than it carries.",
      "Le dossier parle d'un autre état du journal que le sien.",
    ],
    [
      "genesis",
      "It does not begin with the log's first entry.",
      "Il ne commence pas par le premier enregistrement du journal.",
    ],
    ["proof-form", "A proof is not of its form.", "Une preuve n'a pas la forme voulue."],
    [
      "proof-wrong",
      "An entry does not stand in the log at this position.",
      "Un enregistrement ne figure pas à cette place dans le journal.",
    ],
    ["entry-form", "An entry is not of its form.", "Un enregistrement n'a pas la forme voulue."],
    ["payload-form", "What was signed is not of its form.", "Ce qui a été signé n'a pas la forme voulue."],
    [
      "entry-header",
      "An entry belongs to another stream or log.",
      "Un enregistrement est d'un autre fil ou d'un autre journal.",
    ],
    ["entry-order", "Times or versions run backwards, or leap.", "Des heures ou des versions reculent, ou sautent."],
    ["id-repeated", "An event is there twice.", "Un événement y est deux fois."],
    [
      "key-unknown",
      "An entry is signed by a key that is not registered.",
      "Un enregistrement est signé d'une clé non enregistrée.",
    ],
    ["signature", "A signature does not verify.", "Une signature est fausse."],
    [
      "key-rule",
      "An entry is not signed by those who must sign it.",
      "Un enregistrement n'est pas signé par ceux qui le doivent.",
    ],
    [
      "section-unknown",
      "A section was added that nobody signed for.",
      "Une section a été ajoutée, que personne n'a signée.",
    ],
    [
      "section-ciphertext",
      "A sealed section is not the one signed for.",
      "Une section scellée n'est pas celle qui a été signée.",
    ],
    [
      "section-key",
      "The key of a section is not the one signed for.",
      "La clé d'une section n'est pas celle qui a été signée.",
    ],
    ["section-open", "A sealed section does not open.", "Une section scellée ne s'ouvre pas."],
    [
      "entry-late",
      "An entry is said to be recorded after it was co-signed.",
      "Un enregistrement porte une heure postérieure à son contreseing.",
    ],
    ["keys-differ", "The list of keys is not the log's.", "La liste des clés n'est pas celle du journal."],
    [
      "policy-differs",
      "Its own policy is not the one that the log says both nations adopted for this state.",
      "Sa propre politique n'est pas celle que, selon le journal, les deux nations ont adoptée pour cet état.",
    ],
    ["claim-gap", "An entry is missing where none should be.", "Un enregistrement manque là où tous devraient être."],
    ["claim-stream", "The stream is not whole.", "Le fil n'est pas entier."],
    [
      "purpose",
      "Rescues stand beside criminal cases, and no event shown here allows that.",
      "Des secours côtoient des affaires pénales, et aucun événement montré ici ne le permet.",
    ],
    [
      "claim-bounds",
      "It does not begin and end where its question asks.",
      "Il ne commence ni ne finit là où la question le demande.",
    ],
    ["original-missing", "What a correction corrects is missing.", "Ce qu'une rectification rectifie manque."],
    [
      "answer-form",
      "The answer is missing, out of place, or not of its form.",
      "La réponse manque, est déplacée, ou n'a pas la forme voulue.",
    ],
    ["answer-lines", "The answer does not follow from what it names.", "La réponse ne découle pas de ce qu'elle désigne."],
    [
      "report-digest",
      "A report's file is not the one its event commits to.",
      "Un fichier de bulletin n'est pas celui que l'événement désigne.",
    ],
    [
      "index-form",
      "A proof from the index of streams is not of its form.",
      "Une preuve de l'index des fils n'a pas la forme voulue.",
    ],
    [
      "index-unknown",
      "No entry here commits to that index of streams.",
      "Aucun enregistrement présent ne consigne cet index des fils.",
    ],
    ["index-wrong", "A proof from the index of streams is wrong.", "Une preuve de l'index des fils est fausse."],
    [
      "timestamp-form",
      "A time-stamp has no place here, or one before it is missing.",
      "Un horodatage n'a pas sa place ici, ou le précédent manque.",
    ],
    ["timestamp-other", "A time-stamp is on something else.", "Un horodatage porte sur autre chose."],
  ].map(([code, english, french]) => [code, { en: english, fr: french.replaceAll("'", "’") }]),
);
