// What the page says in English. Functions take what came out of the bundle; it is shown as text and never as markup.

const entries = (n) => `${n.toLocaleString("en-GB")} ${n === 1 ? "entry" : "entries"}`;
const range = ({ first, last }) => (last < first ? "no position" : `every position from ${first} to ${last}`);

export const ENGLISH = {
  locale: "en-GB",
  title: "Check an evidence bundle",
  offline:
    "This page works without a network: you may disconnect first. What you choose is read on this computer, is " +
    "sent nowhere, and is kept nowhere.",
  bundle: "Evidence bundle",
  bundleHint: "One file, as you received it; its name usually ends in .zip. Choose it, or drop it on this page.",
  policy: "Policy from elsewhere (optional)",
  policyHint:
    "A text file, got from London, from Paris or from somebody you trust, and not with the bundle. It says whose " +
    "keys count. Without it the best answer is “consistent in itself”.",
  choose: "Choose a file",
  noFile: "none chosen",
  check: "Check the bundle",
  checking: { files: "Comparing the files with their list", entries: "Checking entries, proofs and signatures" },
  ofSoMany: (done, of) => `${done} of ${of}`,
  needsBundle: "Choose a bundle first.",
  badPolicy: (name) => `${name} is not a policy file. Choose another, or none.`,
  unreadable: (name) => `${name} could not be read. It may have been moved or changed while it was read; choose it again.`,
  oneFile: "Drop one file at a time.",
  broke:
    "The page itself failed, which says nothing about the bundle. Try another browser, and tell whoever gave you this page.",
  print: "Print or save this result",
  invented: "EXERCISE – everything in this log is invented.",
  file: "File",
  policyUsed: "Policy",
  ownPolicy: "none from elsewhere; the bundle’s own",
  bytes: (n) => `${n.toLocaleString("en-GB")} bytes`,
  log: "Log",
  logSize: (n) => entries(n),
  root: "Root",
  verdict: {
    proven: "Proven",
    "not-final": "Sound, and not final",
    "internally-consistent": "Consistent in itself",
    refused: "Refused",
  },
  verdictMeans: {
    proven: "This stands in the log, in a state co-signed by all whom your policy asks for.",
    "not-final": "A log your policy names has signed this state, but not all whom the policy asks for have co-signed it.",
    "internally-consistent":
      "Every check holds, but whoever wrote this bundle may have made all its keys too. Choose a policy that did " +
      "not come with it, and check again.",
    refused: "A check failed. Nothing in this file is evidence of anything.",
  },
  problem: "What is wrong",
  problemCode: "Code",
  problemFile: "File in the bundle",
  question: "The question",
  asked: {
    stream: ({ stream }) => `Everything recorded of ${stream}`,
    period: ({ from, to }) => `Everything recorded from ${from} and before ${to}`,
    figure: ({ code, view, day, as_of: at }) =>
      `Figure ${code} of the ${view} view, reporting day ${day}, as known at ${at}`,
    report: ({ report }) => `The figures of report ${report}`,
  },
  answer: "The answer",
  linesTitle: "The lines it is made of",
  answerNote:
    "Added up here from these lines. The rules that make a figure are not part of this page; “entente bundle " +
    "verify” applies them.",
  reportNote:
    "As the signed report states them. The rules that make a figure are not part of this page; “entente bundle " +
    "verify” applies them.",
  notGiven: (n) => `Entries withheld: ${n}. What they say is not part of this answer.`,
  notOpened: (gb, fr) => `Sealed entries that are not opened here and not counted: London ${gb}, Paris ${fr}.`,
  window: "Period counted",
  ruleset: "Rules",
  line: { position: "Position", event: "Event", quantity: "Quantity", total: "Total", figure: "Figure", value: "Value" },
  showEntry: (position) => `Show entry ${position}`,
  provenTitle: "Proven",
  assumedTitle: "Assumed",
  notProvenTitle: "Not proven",
  proven: {
    bytes: () => "Every file is the one its list names.",
    "in-log": ({ entries: { full, withheld }, log }) =>
      `At their positions in the log ${log.origin}, of ${entries(log.size)}, stand ${entries(full)}` +
      `${withheld ? `, and ${withheld} more shown by place only` : ""}.`,
    signed: ({ signatures }) =>
      `Each is signed over its exact bytes (signatures: ${signatures}) by keys in force for it, as the registry ` +
      `in this bundle has them.`,
    final: () => "All whom your policy asks for co-signed this state of the log.",
    "all-positions": ({ complete, entries: { withheld } }) =>
      `Nothing is left out: ${range(complete)} is here${withheld ? ", in full or by its place only" : ""}.`,
    "all-versions": ({ complete }) => `Every version of the stream up to ${complete.versions} is here.`,
    "last-version": ({ complete }) => `Version ${complete.versions} was the stream’s last one when its index was made.`,
    "answer-sums": () => "The lines of the figure are in this bundle and add up to its value.",
    "sections-opened": ({ sections }) =>
      `Sections opened here: ${sections.opened}. Each is what was committed to when its event was signed.`,
  },
  assumed: {
    "policy-keys": () => "The keys in your policy file are held by those it names.",
    "bundle-keys": () => "The keys in this bundle’s own policy are held by those it names; nobody but its maker says so.",
    "cosigners-checked": () => "The co-signers checked every entry before they signed, as they state.",
    algorithms: () => "SHA-256, Ed25519, ML-DSA-44 and AES-256-GCM hold.",
  },
  notProven: {
    truth: () => "That what was stated is true: only who stated it, and what exactly.",
    identity: () => "Whose keys these are.",
    "not-final": () => "That both nations vouch for this state of the log: it is not final.",
    "registry-whole": () => "That no event about keys was left out: the co-signers vouch for that, who hold the whole log.",
    later: ({ log }) => `What was recorded after entry ${log.size}.`,
    "last-version": () => "That the stream had no further version.",
    withheld: ({ entries: { withheld } }) =>
      `What is withheld: ${entries(withheld)}; the grounds given are the word of whoever made this bundle.`,
    sealed: () => "What sealed entries say that are not opened here.",
    "answer-rederived": () => "That the rules give this answer: this page does not know them.",
    "answer-whole": () => "What the entries withheld, or sealed and not opened, would add to the answer.",
    disputed: () =>
      "Who stated what bears a key reported compromised, from the position on from which that key is in doubt.",
    timestamps: () =>
      "When an outside authority saw this state of the log: its time stamps were not checked by this page. “entente " +
      "bundle verify” checks them, with the authority’s certificates (--authority).",
    clock: () => "That the ledger’s clock was right: the co-signatures say when at the latest, not when at the earliest.",
  },
  keysTitle: "By whose keys",
  cosignedTitle: "This state of the log was co-signed by",
  nobody: "Nobody has co-signed it.",
  signersTitle: "The entries were signed by",
  cosigner: { name: "Co-signer", time: "At" },
  signer: { owner: "Authority", nation: "Nation", role: "Role", signed: "Entries", keyId: "Key" },
  role: {
    national_authority: "national authority",
    officer: "officer",
    official: "official",
    sealer: "sealer",
    sealing: "sealing",
    service: "service",
  },
  askedTitle: "Entries asked for",
  othersTitle: "Entries it rests on",
  othersNote: "Keys, authorities and places, and whatever shows where the range begins and ends.",
  entriesNote: "Open one to read it. What is shown is what was signed, indented for reading.",
  noEntries: "There are none.",
  more: (n) => `Show ${n} more`,
  withheldEntry: "withheld",
  sealedEntry: "sealed",
  ground: "Ground",
  leafHash: "Leaf hash",
  entry: {
    recordedAt: "Recorded",
    occurredAt: "Happened, as stated",
    statedAt: "Written, by the author’s clock",
    authority: "Stated by",
    signers: "Signed by",
    stream: "Stream and version",
    id: "Event id",
    payloadHash: "SHA-256 of the signed bytes",
    path: "Proof of its place",
  },
  pathLength: (n) => `${n} ${n === 1 ? "hash" : "hashes"} up to the root`,
  inBatch: (n) => `one signature over ${n} ${n === 1 ? "event" : "events"}`,
  payload: "What was signed",
  sectionsTitle: "Sections kept beside it",
  sectionClosed: (name, bytes) => `${name}: ${bytes} bytes, not opened here`,
  sectionOpened: (name) => `${name}, opened`,
  innerSound: "The event sealed inside is well formed, signed, and allowed.",
  innerUnsound: "What is sealed inside is not an event that a verifier accepts.",
  footer: "Entente · verifier of evidence bundles",
  selfCheck:
    "A bundle may bring a copy of this page, and whoever made the bundle may have changed it. If it matters, " +
    "take the page from elsewhere: any installation of Entente writes it with “entente bundle page --out " +
    "verify.html”. Compare “sha256sum verify.html” with the digest published with the release.",
};
