// What a bundle claims beyond single entries: the ring it repeats, completeness, purpose (docs/format.md, sections 12.5,
// 12.6, 12.9).

import { base64Of, equal, hexOf, utf8 } from "./bytes.js";
import { formatCanonical } from "./canonical.js";
import { entryName } from "./names.js";
import { check } from "./problem.js";
import { sha256 } from "./sha2.js";
import { microseconds } from "./words.js";

/** How far two sound clocks may be apart, and the second that a cosignature's time leaves open. */
const APART_SECONDS = 121n;
const COMBINING_TYPES = ["access.combined", "mandate.granted"];

/** `keys.jsonl` is the ring, to the byte. */
export async function checkKeys(bundle, ring) {
  const lines = [...ring.keys.values()].map((key) => `${formatCanonical(keyLine(key))}\n`);
  check(equal(utf8(lines.join("")), await bundle.read("keys.jsonl")), "keys-differ");
}

/** No entry was recorded after one of the quorum had co-signed it (section 8.6). In an exercise the clock is told. */
export function checkTimes({ full }, first) {
  if (first === null || full.get(1).data.exercise) return;
  for (const { position, recordedAt } of full.values())
    check(microseconds(recordedAt) < (first + APART_SECONDS) * 1_000_000n, "entry-late", entryName(position));
}

/** `policy.txt` is the policy that governs this state, where the entries shown say which was adopted. */
export async function checkPolicy(bundle, { policies }) {
  const { size } = bundle.manifest.log;
  const governing = policies.findLast(({ fromSize }) => fromSize <= size) ?? policies[0];
  if (governing === undefined) return;
  check(hexOf(sha256(await bundle.read("policy.txt"))) === governing.sha256, "policy-differs", "policy.txt");
}

function keyLine(key) {
  return {
    key_id: key.keyId,
    nation: key.nation,
    owner: key.owner,
    public_key: base64Of(key.publicKey),
    role: key.role,
    since: key.since,
    suspect_from: key.suspectFrom,
    suspended: key.suspended,
    type_code: key.typeCode,
    until: key.until,
  };
}

/** Nothing is missing from what is claimed to be whole. */
export function checkComplete({ manifest, positions }, reading) {
  if (manifest.complete.kind === "stream") checkStream(manifest, reading);
  else checkPositions(manifest, positions);
}

function checkPositions({ complete: { first, last }, log: { size } }, positions) {
  check(last <= size && last >= first - 1, "claim-gap");
  // Positions are distinct, so counting those in the range shows whether one is missing, however long the range is said to
  // be.
  check(positions.filter((position) => position >= first && position <= last).length === last - first + 1, "claim-gap");
}

function checkStream({ complete, withheld }, { full, ring }) {
  const carried = ring.carried.get(complete.stream) ?? 0;
  const found = [...full.values()].filter(({ stream }) => stream === complete.stream);
  found.push(...withheld.filter(({ version }) => version !== undefined));
  found.sort((left, right) => left.position - right.position);
  const whole =
    found.length === complete.versions - carried && found.every(({ version }, i) => version === carried + i + 1);
  check(whole, "claim-stream");
}

/** Rescues stand beside cases only where a recorded event allows it; one that is named is there, needed or not. */
export function checkPurpose({ basis }, { full }) {
  const entries = [...full.values()];
  const stand = (holds) => entries.some(holds);
  if (
    basis === undefined &&
    !(stand(({ type }) => type.startsWith("case.")) && stand(({ regime }) => regime === "GENERAL"))
  )
    return;
  check(
    entries.some(({ id, type }) => id === basis && COMBINING_TYPES.includes(type)),
    "purpose",
  );
}
