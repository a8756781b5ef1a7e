// What a bundle whose checks all hold proves, rests on, and does not prove (docs/format.md, section 12.10).

import { countNotOpened } from "./answers.js";

/** The document of a bundle that was not refused. `found` is what the checks learnt. */
export function verdictOf(found) {
  const { manifest, decided, reading } = found;
  const { complete, question, log } = manifest;
  const answer = manifest.answer ?? null;
  return {
    answer,
    assumed: listed(ASSUMED, found),
    complete,
    cosigned: decided.cosigned,
    entries: { full: reading.full.size, sealed: countSealed(reading), withheld: reading.withheld.length },
    exercise: reading.full.get(1).data.exercise,
    final: decided.final,
    keys: signers(reading),
    log,
    not_proven: listed(NOT_PROVEN, found),
    policy: found.elsewhere ? "elsewhere" : "bundle",
    problem: null,
    proven: listed(PROVEN, found),
    question,
    rederived: answer === null ? null : false,
    sections: reading.sections,
    signatures: reading.signatures,
    verdict: !found.elsewhere ? "internally-consistent" : decided.final ? "proven" : "not-final",
  };
}

/** The document of one that was. */
export function refusal({ code, file }) {
  return { problem: { code, file }, verdict: "refused" };
}

function countSealed({ full }) {
  const counted = { FR: 0, GB: 0 };
  for (const { type, data } of full.values()) if (type === "sealed.recorded") counted[data.nation] += 1;
  return counted;
}

function signers({ ring, signed }) {
  return [...signed.keys()].sort().map((keyId) => {
    const { nation, owner, role } = ring.keys.get(keyId);
    return { key_id: keyId, nation, owner, role, signed: signed.get(keyId) };
  });
}

const listed = (table, found) => table.filter(([, holds]) => holds(found)).map(([code]) => code);
const always = () => true;
const isKind = (kind) => (found) => found.manifest.complete.kind === kind;
const asks =
  (...kinds) =>
  (found) =>
    kinds.includes(found.manifest.question.kind);

const PROVEN = [
  ["bytes", always],
  ["in-log", always],
  ["signed", always],
  ["final", ({ elsewhere, decided }) => elsewhere && decided.final],
  ["all-positions", isKind("positions")],
  [
    "all-versions",
    (found) => isKind("stream")(found) && found.manifest.withheld.every(({ version }) => version === undefined),
  ],
  ["last-version", ({ lastVersion }) => lastVersion],
  ["answer-sums", asks("figure")],
  ["sections-opened", ({ reading }) => reading.sections.opened > 0],
];

const ASSUMED = [
  ["policy-keys", ({ elsewhere }) => elsewhere],
  ["bundle-keys", ({ elsewhere }) => !elsewhere],
  ["cosigners-checked", ({ decided }) => decided.final],
  ["algorithms", always],
];

const NOT_PROVEN = [
  ["truth", always],
  ["identity", ({ elsewhere }) => !elsewhere],
  ["not-final", ({ decided }) => !decided.final],
  ["registry-whole", ({ manifest, reading }) => reading.full.size !== manifest.log.size],
  ["later", always],
  ["last-version", (found) => isKind("stream")(found) && !found.lastVersion],
  ["withheld", ({ reading }) => reading.withheld.length > 0],
  ["sealed", ({ reading }) => [...reading.full.values()].some(({ type, opened }) => type === "sealed.recorded" && !opened)],
  ["disputed", ({ reading }) => [...reading.full.values()].some((entry) => isInDoubt(reading.ring, entry))],
  ["answer-rederived", asks("figure", "report")],
  ["answer-whole", answerMayLack],
  // Without an authority's certificates nobody can tell who made a time stamp: this verifier takes none.
  ["timestamps", ({ bundle }) => bundle.members.some(({ kind }) => kind === "timestamps")],
  ["clock", always],
];

/** Whether an entry is of a key reported compromised, at or behind the position from which that key is in doubt. */
function isInDoubt({ keys }, { keyId, position }) {
  const from = keys.get(keyId)?.suspectFrom ?? 0;
  return from > 0 && position >= from;
}

/** A figure or report with entries in its range that are withheld, or sealed and not opened. */
function answerMayLack({ manifest, reading }) {
  if (!asks("figure", "report")({ manifest })) return false;
  const { first, last } = manifest.complete;
  const { FR, GB } = countNotOpened(manifest, reading);
  return FR + GB > 0 || reading.withheld.some((position) => position >= first && position <= last);
}
