// The entries of a bundle, full and withheld, by position (docs/format.md, section 12.9, "The entries").

import { bytesOfHex, require } from "./bytes.js";
import { parseEntry } from "./entry.js";
import { requireAllowed } from "./keyrules.js";
import { requireStep } from "./keysteps.js";
import { hashLeaf } from "./merkle.js";
import { entryName, proofName } from "./names.js";
import { openSections } from "./opened.js";
import { parsePayload } from "./payload.js";
import { check, checked } from "./problem.js";
import { leadsToRoot, parseProof } from "./proofs.js";
import { Ring, SIGNING_TYPE, introduced, requireData } from "./ring.js";
import { verifySignature } from "./signing.js";

// What later checks and the verdict need of the `data` of a few types; nothing else of a payload is kept.
const DATA_KEPT = ["index.committed", "ledger.opened", "report.issued", "sealed.recorded"];

/**
 * What was learnt from a bundle's entries: `full`, a map from position to `{position, id, keyId, type, regime, stream,
 * version, recordedAt, data, inner, opened}`; `withheld`, the positions of the others; `ring`; `signatures`, how many verified;
 * `signed`, by key id how many entries; `sections`, counts.
 */
export async function readEntries(bundle, checkpoint, checkpointBytes, progress) {
  const reading = {
    bundle,
    checkpoint,
    checkpointBytes,
    ring: new Ring(),
    full: new Map(),
    withheld: [],
    ids: new Set(),
    streams: new Map(),
    last: null,
    signatures: 0,
    signed: new Map(),
    sections: { inner_sound: 0, inner_unsound: 0, opened: 0 },
    opened: openedByPosition(bundle),
  };
  const leaves = new Map(bundle.manifest.withheld.map((row) => [row.position, row.leaf_hash]));
  check(bundle.positions[0] === 1 && !leaves.has(1), "genesis");
  for (const [i, position] of bundle.positions.entries()) {
    if (leaves.has(position)) {
      await checkPlace(reading, position, bytesOfHex(leaves.get(position)));
      reading.withheld.push(position);
    } else await readEntry(reading, position);
    await progress(i + 1, bundle.positions.length);
  }
  return reading;
}

function openedByPosition({ members }) {
  const opened = new Map();
  for (const { kind, position, index } of members) {
    if (kind === "sealed") opened.set(position, [...(opened.get(position) ?? []), index]);
  }
  return opened;
}

async function checkPlace({ bundle, checkpoint, checkpointBytes }, position, leafHash) {
  const name = proofName(position);
  const bytes = await bundle.read(name);
  const path = checked(() => parseProof(bytes, position, checkpointBytes), "proof-form", name);
  check(leadsToRoot(leafHash, position, path, checkpoint), "proof-wrong", name);
}

async function readEntry(reading, position) {
  const { bundle, checkpoint, ring } = reading;
  const file = entryName(position);
  const bytes = await bundle.read(file);
  await checkPlace(reading, position, hashLeaf(bytes));
  const entry = checked(() => parseEntry(bytes), "entry-form", file);
  const payload = checked(() => parseEventPayload(entry.payload), "payload-form", file);
  check(position !== 1 || payload.type === "ledger.opened", "genesis");
  check(entry.stream === payload.stream && payload.origin === checkpoint.origin, "entry-header", file);
  check(isInOrder(reading, entry, position), "entry-order", file);
  check(!reading.ids.has(payload.id), "id-repeated", file);
  const keys = introduced(payload);
  const signed = await checkSignatures(reading, entry, keys, file);
  checked(() => requireAllowed(ring, payload, signed, keys, position), "key-rule", file);
  checked(() => requireStep(ring, payload, keys, position), "key-rule", file);
  const sections = await openSections(reading, payload, position);
  ring.apply(payload, keys, position);
  take(reading, entry, payload, position, sections);
}

function parseEventPayload(bytes) {
  const payload = parsePayload(bytes);
  requireData(payload);
  if (payload.type === "sealed.recorded") requireOutside(payload);
  return payload;
}

/** What both nations see of a sealed event: that it is one nation's alone, and one section. */
function requireOutside({ data, releasable_to: nations, sections }) {
  require(nations.length === 1 && nations[0] === data.nation, "is sealed and not for its nation alone");
  require(sections.length === 1 && sections[0].name === "inner", "is sealed and has not the one section of its inside");
}

/** Never recorded before the full entry in front; versions of a stream as far apart as its positions allow. */
function isInOrder({ last, streams, ring }, { recordedAt, stream, version }, position) {
  if (last !== null && recordedAt < last) return false;
  const before = streams.get(stream) ?? { position: 0, version: ring.carried.get(stream) ?? 0 };
  return version > before.version && version - before.version <= position - before.position;
}

/** The set of key ids that signed an entry: all of known keys, each once, each verifying. */
async function checkSignatures(reading, entry, keys, file) {
  const known = new Map([...keys.map((key) => [key.keyId, key]), ...reading.ring.keys]);
  const signed = new Set(entry.signatures.map(({ keyId }) => keyId));
  check(signed.size === entry.signatures.length && [...signed].every((keyId) => known.has(keyId)), "key-unknown", file);
  for (const signature of entry.signatures) {
    const { typeCode, publicKey } = known.get(signature.keyId);
    const good = typeCode === SIGNING_TYPE && (await verifySignature(publicKey, entry.payload, signature));
    check(good, "signature", file);
  }
  return signed;
}

function take(reading, entry, payload, position, { indexes, inner }) {
  const { id, key_id: keyId, type, regime, stream, data } = payload;
  const { recordedAt, version } = entry;
  const kept = DATA_KEPT.includes(type) ? data : null;
  const opened = type === "sealed.recorded" && indexes.some((index) => payload.sections[index].name === "inner");
  reading.full.set(position, { position, id, keyId, type, regime, stream, version, recordedAt, data: kept, inner, opened });
  reading.ids.add(id);
  reading.streams.set(stream, { position, version });
  reading.last = recordedAt;
  reading.signatures += entry.signatures.length;
  for (const { keyId: by } of entry.signatures) reading.signed.set(by, (reading.signed.get(by) ?? 0) + 1);
}
