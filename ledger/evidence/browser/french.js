// What the page says in French. The tag `f` sets non-breaking spaces as French typography asks, in our own words only: what
// comes from the bundle goes through untouched.

/** A template whose literal parts get their non-breaking spaces: fine before ; ! ? and plain before : and inside « ». */
function f(parts, ...values) {
  const set = (text) =>
    text
      .replace(/ ([;!?])/g, "\u202f$1")
      .replace(/ ([:»])/g, "\u00a0$1")
      .replace(/« /g, "«\u00a0")
      .replace(/(n°) /gi, "$1\u00a0")
      .replace(/'/g, "’");
  return parts.map((part, i) => set(part) + (i < values.length ? values[i] : "")).join("");
}

const number = (n) => n.toLocaleString("fr-FR");
const entries = (n) => f`${number(n)} ${n < 2 ? "enregistrement" : "enregistrements"}`;
const range = ({ first, last }) => (last < first ? f`aucun n° d'ordre` : f`chaque n° d'ordre de ${first} à ${last}`);

export const FRENCH = {
  locale: "fr-FR",
  title: f`Vérifier un dossier de preuve`,
  offline:
    f`Cette page fonctionne sans réseau : vous pouvez vous déconnecter d'abord. Ce que vous choisissez est lu sur ` +
    f`cet ordinateur, n'est envoyé ni conservé nulle part.`,
  bundle: f`Dossier de preuve`,
  bundleHint:
    f`Un seul fichier, tel que vous l'avez reçu ; son nom se termine d'ordinaire par .zip. Choisissez-le, ou ` +
    f`déposez-le sur cette page.`,
  policy: f`Politique venue d'ailleurs (facultatif)`,
  policyHint:
    f`Un fichier texte obtenu de Londres, de Paris ou de quelqu'un en qui vous avez confiance, et non avec le ` +
    f`dossier. Il dit quelles clés comptent. Sans lui, la meilleure réponse est « cohérent en lui-même ».`,
  choose: f`Choisir un fichier`,
  noFile: f`aucun choisi`,
  check: f`Vérifier le dossier`,
  checking: {
    files: f`Comparaison des fichiers avec leur liste`,
    entries: f`Vérification des enregistrements, preuves et signatures`,
  },
  ofSoMany: (done, of) => f`${done} sur ${of}`,
  needsBundle: f`Choisissez d'abord un dossier.`,
  badPolicy: (name) => f`${name} n'est pas un fichier de politique. Choisissez-en un autre, ou aucun.`,
  unreadable: (name) =>
    f`${name} n'a pas pu être lu. Il a peut-être été déplacé ou modifié pendant la lecture ; choisissez-le de nouveau.`,
  oneFile: f`Déposez un seul fichier à la fois.`,
  broke:
    f`La page elle-même a échoué, ce qui ne dit rien du dossier. Essayez un autre navigateur, et prévenez qui vous ` +
    f`a donné cette page.`,
  print: f`Imprimer ou enregistrer ce résultat`,
  invented: f`EXERCICE – tout est fictif dans ce journal.`,
  file: f`Fichier`,
  policyUsed: f`Politique`,
  ownPolicy: f`aucune venue d'ailleurs ; celle du dossier`,
  bytes: (n) => f`${number(n)} octets`,
  log: f`Journal`,
  logSize: (n) => entries(n),
  root: f`Racine`,
  verdict: {
    proven: f`Prouvé`,
    "not-final": f`Valable, mais non définitif`,
    "internally-consistent": f`Cohérent en lui-même`,
    refused: f`Refusé`,
  },
  verdictMeans: {
    proven: f`Cela figure dans le journal, en un état contresigné par tous ceux que votre politique exige.`,
    "not-final":
      f`Un journal que votre politique désigne a signé cet état, mais tous ceux qu'elle exige ne l'ont pas ` +
      f`contresigné.`,
    "internally-consistent":
      f`Tous les contrôles réussissent, mais l'auteur de ce dossier a pu en fabriquer aussi toutes les clés. ` +
      f`Choisissez une politique qui n'est pas venue avec lui, et vérifiez de nouveau.`,
    refused: f`Un contrôle a échoué. Rien dans ce fichier ne prouve quoi que ce soit.`,
  },
  problem: f`Ce qui ne va pas`,
  problemCode: f`Code`,
  problemFile: f`Fichier du dossier`,
  question: f`La question`,
  asked: {
    stream: ({ stream }) => f`Tout ce qui est enregistré au fil ${stream}`,
    period: ({ from, to }) => f`Tout ce qui est enregistré à partir du ${from} et avant le ${to}`,
    figure: ({ code, view, day, as_of: at }) =>
      f`Chiffre ${code} de la vue ${view}, bulletin du ${day}, données arrêtées au ${at}`,
    report: ({ report }) => f`Les chiffres du bulletin ${report}`,
  },
  answer: f`La réponse`,
  linesTitle: f`Les lignes qui la composent`,
  answerNote:
    f`Additionnée ici d'après ces lignes. Les règles qui font un chiffre ne sont pas dans cette page ; « entente ` +
    f`bundle verify » les applique.`,
  reportNote:
    f`Tels que le bulletin signé les déclare. Les règles qui font un chiffre ne sont pas dans cette ` +
    f`page ; « entente bundle verify » les applique.`,
  notGiven: (n) => f`Enregistrements non communiqués : ${n}. Ce qu'ils disent n'entre pas dans cette réponse.`,
  notOpened: (gb, fr) => f`Enregistrements scellés, non ouverts ici et non comptés : Londres ${gb}, Paris ${fr}.`,
  window: f`Période comptée`,
  ruleset: f`Règles`,
  line: {
    position: f`N° d'ordre`,
    event: f`Événement`,
    quantity: f`Quantité`,
    total: f`Total`,
    figure: f`Chiffre`,
    value: f`Valeur`,
  },
  showEntry: (position) => f`Montrer l'enregistrement ${position}`,
  provenTitle: f`Prouvé`,
  assumedTitle: f`Supposé`,
  notProvenTitle: f`Non prouvé`,
  proven: {
    bytes: () => f`Chaque fichier est celui que la liste désigne.`,
    "in-log": ({ entries: { full, withheld }, log }) =>
      f`À leur n° d'ordre dans le journal ${log.origin}, de ${entries(log.size)}, figurent ${entries(full)}` +
      f`${withheld ? f`, et ${withheld} de plus dont seule la place est montrée` : ""}.`,
    signed: ({ signatures }) =>
      f`Chacun est signé sur ses octets exacts (signatures : ${signatures}), par des clés valides pour lui d'après ` +
      f`le registre contenu dans ce dossier.`,
    final: () => f`Tous ceux que votre politique exige ont contresigné cet état du journal.`,
    "all-positions": ({ complete, entries: { withheld } }) =>
      f`Rien n'est omis : ${range(complete)} est là${withheld ? f`, communiqué ou par sa seule place` : ""}.`,
    "all-versions": ({ complete }) => f`Chaque version du fil jusqu'à la ${complete.versions} est là.`,
    "last-version": ({ complete }) =>
      f`La version ${complete.versions} était la dernière du fil quand son index fut établi.`,
    "answer-sums": () => f`Les lignes du chiffre sont dans ce dossier et leur somme est exacte.`,
    "sections-opened": ({ sections }) =>
      f`Sections ouvertes ici : ${sections.opened}. Chacune est ce à quoi la signature de son événement engageait.`,
  },
  assumed: {
    "policy-keys": () => f`Les clés de votre politique sont détenues par ceux qu'elle désigne.`,
    "bundle-keys": () =>
      f`Les clés de la politique jointe au dossier sont détenues par ceux qu'elle désigne ; seul son auteur le dit.`,
    "cosigners-checked": () =>
      f`Les contresignataires ont vérifié chaque enregistrement avant de signer, comme ils le déclarent.`,
    algorithms: () => f`SHA-256, Ed25519, ML-DSA-44 et AES-256-GCM tiennent.`,
  },
  notProven: {
    truth: () => f`Que ce qui a été déclaré est vrai : seulement qui l'a déclaré, et quoi exactement.`,
    identity: () => f`À qui sont ces clés.`,
    "not-final": () => f`Que les deux nations répondent de cet état du journal : il n'est pas définitif.`,
    "registry-whole": () =>
      f`Qu'aucun événement sur les clés n'a été omis : les contresignataires, qui détiennent tout le journal, en répondent.`,
    later: ({ log }) => f`Ce qui a été enregistré après le n° ${log.size}.`,
    "last-version": () => f`Que le fil n'avait pas d'autre version.`,
    withheld: ({ entries: { withheld } }) =>
      f`Ce qui n'est pas communiqué : ${entries(withheld)} ; les motifs donnés sont la parole de qui a fait ce dossier.`,
    sealed: () => f`Ce que disent des enregistrements scellés, non ouverts ici.`,
    "answer-rederived": () => f`Que les règles donnent cette réponse : cette page ne les connaît pas.`,
    "answer-whole": () =>
      f`Ce que les enregistrements non communiqués, ou scellés et non ouverts, ajouteraient à la réponse.`,
    disputed: () =>
      f`Qui a déclaré ce qui porte une clé signalée compromise, depuis la position à partir de laquelle elle est en doute.`,
    timestamps: () =>
      f`Quand une autorité extérieure a vu cet état du journal : ses horodatages n'ont pas été contrôlés par cette page. ` +
      f`« entente bundle verify » les contrôle, avec les certificats de l'autorité (--authority).`,
    clock: () =>
      f`Que l'horloge du journal était juste : les contreseings disent quand au plus tard, non quand au plus tôt.`,
  },
  keysTitle: f`Par les clés de qui`,
  cosignedTitle: f`Cet état du journal a été contresigné par`,
  nobody: f`Personne ne l'a contresigné.`,
  signersTitle: f`Les enregistrements ont été signés par`,
  cosigner: { name: f`Contresignataire`, time: f`Le` },
  signer: { owner: f`Autorité`, nation: f`Nation`, role: f`Fonction`, signed: f`Enregistrements`, keyId: f`Clé` },
  role: {
    national_authority: f`autorité nationale`,
    officer: f`agent`,
    official: f`haut responsable`,
    sealer: f`scellement (signature)`,
    sealing: f`scellement (chiffrement)`,
    service: f`service`,
  },
  askedTitle: f`Enregistrements demandés`,
  othersTitle: f`Enregistrements sur lesquels cela repose`,
  othersNote: f`Clés, autorités et lieux, et ce qui montre où la période commence et finit.`,
  entriesNote: f`Ouvrez-en un pour le lire. Ce qui est montré est ce qui a été signé, mis en retrait pour la lecture.`,
  noEntries: f`Il n'y en a pas.`,
  more: (n) => f`En montrer ${n} de plus`,
  withheldEntry: f`non communiqué`,
  sealedEntry: f`scellé`,
  ground: f`Motif`,
  leafHash: f`Empreinte de feuille`,
  entry: {
    recordedAt: f`Enregistré`,
    occurredAt: f`Survenu, selon l'auteur`,
    statedAt: f`Rédigé, à l'horloge de l'auteur`,
    authority: f`Déclaré par`,
    signers: f`Signé par`,
    stream: f`Fil et version`,
    id: f`Identifiant`,
    payloadHash: f`SHA-256 des octets signés`,
    path: f`Preuve de sa place`,
  },
  pathLength: (n) => f`${n} ${n < 2 ? "empreinte" : "empreintes"} jusqu'à la racine`,
  inBatch: (n) => f`une signature pour ${n} ${n < 2 ? "événement" : "événements"}`,
  payload: f`Ce qui a été signé`,
  sectionsTitle: f`Sections conservées à côté`,
  sectionClosed: (name, bytes) => f`${name} : ${bytes} octets, non ouverte ici`,
  sectionOpened: (name) => f`${name}, ouverte`,
  innerSound: f`L'événement scellé à l'intérieur est bien formé, signé et admis.`,
  innerUnsound: f`Ce qui est scellé à l'intérieur n'est pas un événement qu'un vérificateur accepte.`,
  footer: f`Entente · vérificateur de dossiers de preuve`,
  selfCheck:
    f`Un dossier peut apporter une copie de cette page, et l'auteur du dossier a pu la modifier. Si l'enjeu le ` +
    f`demande, prenez la page ailleurs : toute installation d'Entente l'écrit par « entente bundle page --out ` +
    f`verify.html ». Comparez « sha256sum verify.html » avec l'empreinte publiée avec la version.`,
};
