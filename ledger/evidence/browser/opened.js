// Opened sections, and the events sealed inside them (docs/format.md, sections 5, 5.2 and 12.9).

import { Malformed, hexOf, join, require } from "./bytes.js";
import { formatCanonical } from "./canonical.js";
import { openGcm } from "./gcm.js";
import { requireAllowed } from "./keyrules.js";
import { sectionName } from "./names.js";
import { parsePayload } from "./payload.js";
import { check } from "./problem.js";
import { SIGNING_TYPE, requireData } from "./ring.js";
import { sha256 } from "./sha2.js";
import { EVENT_TYPE, verifySignature } from "./signing.js";
import { parseWireItem } from "./wire.js";

const BLOCK_BYTES = 256;
const NEVER_INSIDE = [
  ...["ledger.", "key.", "sealed.", "authority.", "place.", "role.", "rules."],
  ...["ruleset.", "policy.", "hold.", "head.", "index."],
];

/**
 * Check each opened section of the entry at `position`, and judge what is sealed inside. Gives `{indexes, inner}`: which
 * are opened, and the id of a sound inner event or null.
 */
export async function openSections(reading, payload, position) {
  const indexes = reading.opened.get(position) ?? [];
  let inner = null;
  for (const index of indexes) {
    const plaintext = await openSection(reading.bundle, payload, position, index);
    reading.sections.opened += 1;
    if (payload.type !== "sealed.recorded" || payload.sections[index].name !== "inner") continue;
    const judged = await judgeInner(reading.ring, payload, plaintext, position);
    inner = judged?.id ?? null;
    reading.sections[judged === null ? "inner_unsound" : "inner_sound"] += 1;
  }
  return { indexes, inner };
}

/** The plaintext of an opened section, which is what was committed to when the event was signed. */
export async function openSection(bundle, payload, position, index) {
  const sealedName = sectionName(position, index, "sealed");
  const keyName = sectionName(position, index, "key");
  const section = payload.sections[index];
  check(section !== undefined, "section-unknown", sealedName);
  const sealed = await bundle.read(sealedName);
  check(sealed.length === section.bytes && hexOf(sha256(sealed)) === section.sha256, "section-ciphertext", sealedName);
  const key = await bundle.read(keyName);
  check(hexOf(sha256(join("entente.key.v1\n", key))) === section.key_sha256, "section-key", keyName);
  const padded = await openGcm(key, sealed);
  const plaintext = padded === null ? null : unpad(padded);
  check(plaintext !== null, "section-open", sealedName);
  return plaintext;
}

/** What stands before `0x80` and zeros to a multiple of 256 bytes, or null where that is not how it ends. */
function unpad(padded) {
  const end = padded.findLastIndex((byte) => byte !== 0);
  const whole = padded.length > 0 && padded.length % BLOCK_BYTES === 0;
  return whole && end >= padded.length - BLOCK_BYTES && padded[end] === 0x80 ? padded.subarray(0, end) : null;
}

/** The payload of a sealed event's inside, or null where it is not sound. It changes neither ring nor registry. */
export async function judgeInner(ring, outer, plaintext, position) {
  try {
    const { payloadType, body, signatures, sections } = parseWireItem(plaintext);
    const payload = parsePayload(body);
    requireData(payload);
    require(payloadType === EVENT_TYPE && payload.origin === outer.origin, "is of another kind, or another log");
    const same = formatCanonical(payload.releasable_to) === formatCanonical(outer.releasable_to);
    require(same && (payload.expected_version ?? null) === null, "is for others, or expects a version");
    require(!NEVER_INSIDE.some((prefix) => payload.type.startsWith(prefix)), "is of a type that nobody may seal");
    await checkInnerSignatures(ring, body, signatures);
    checkInnerSections(payload, sections);
    require(ring.nationOf(payload.authority) === outer.data.nation, "is stated by another nation's authority");
    requireAllowed(ring, payload, new Set(signatures.map(({ keyId }) => keyId)), [], position);
    return payload;
  } catch (wrong) {
    if (wrong instanceof Malformed) return null;
    throw wrong;
  }
}

async function checkInnerSignatures(ring, body, signatures) {
  require(new Set(signatures.map(({ keyId }) => keyId)).size === signatures.length, "is signed by one key twice");
  for (const signature of signatures) {
    const key = ring.keys.get(signature.keyId);
    require(key !== undefined && key.typeCode === SIGNING_TYPE, "is signed by a key that is not known");
    require(await verifySignature(key.publicKey, body, signature), "has a signature that does not verify");
  }
}

function checkInnerSections(payload, sections) {
  require(payload.sections.length === sections.size, "has sections it does not commit to, or lacks some");
  for (const { name, bytes, sha256: digest } of payload.sections) {
    const ciphertext = sections.get(name);
    require(ciphertext !== undefined &&
      ciphertext.length === bytes &&
      hexOf(sha256(ciphertext)) === digest, "has another section");
  }
}
