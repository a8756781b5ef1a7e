// Proofs from the index of streams: that a stream has no more versions, or does not exist (docs/format.md, section 8.4).

import { bytesOfBase64, hexOf, require, utf8 } from "./bytes.js";
import { parseCanonical } from "./canonical.js";
import { listOf, shape } from "./manifest.js";
import { hashLeaf, rootOf } from "./merkle.js";
import { check, checked } from "./problem.js";
import { sha256 } from "./sha2.js";
import { isIdentifier, isInteger } from "./words.js";

const PROOF_BYTES_MAX = 1048576;
const LEAVES_MAX = 2;
const isCount = (value) => isInteger(value, 0);
const isText = (value) => typeof value === "string";
const PROOF_SHAPE = shape({
  leaves: listOf(
    shape({ index: isCount, path: listOf(isText), position: isCount, stream: isIdentifier, version: isCount }),
  ),
  size: isCount,
  stream: isIdentifier,
  streams: isCount,
});

/**
 * Check every file under `index/`. Gives whether one proves that the stream asked for has no version after the last
 * claimed.
 */
export async function checkIndexes({ manifest, members, read }, { full }) {
  let last = false;
  for (const { kind, name } of members) {
    if (kind !== "index") continue;
    const bytes = await read(name);
    const proof = checked(() => parseStreamProof(bytes), "index-form", name);
    const entry = [...full.values()].find(
      ({ type, data, position }) => type === "index.committed" && data.size === proof.size && proof.size < position,
    );
    check(entry !== undefined, "index-unknown", name);
    check(holds(proof, entry.data.root), "index-wrong", name);
    last ||= isLast(manifest.complete, proof, full);
  }
  return last;
}

function parseStreamProof(bytes) {
  const proof = parseCanonical(bytes, PROOF_BYTES_MAX);
  require(PROOF_SHAPE(proof) && proof.leaves.length <= LEAVES_MAX, "is not of the form of a stream proof");
  const leaves = proof.leaves.map((leaf) => ({ ...leaf, path: leaf.path.map((hash) => bytesOfBase64(hash)) }));
  return { ...proof, leaves };
}

/** Whether a proof verifies under the root, in hex, that an `index.committed` of its size states. */
function holds({ leaves, size, stream, streams }, root) {
  if (!leaves.every((leaf) => leads(leaf, size, streams, root))) return false;
  if (leaves.length === 0) return size === 0 && root === hexOf(sha256());
  const [one, other] = leaves;
  if (leaves.length === 2) return other.index === one.index + 1 && one.stream < stream && stream < other.stream;
  if (one.stream === stream) return true;
  return (one.index === 0 && one.stream > stream) || (one.index === streams - 1 && one.stream < stream);
}

function leads({ index, path, position, stream, version }, size, streams, root) {
  if (!(version >= 1 && version <= position && position <= size) || path.some((hash) => hash.length !== 32)) return false;
  const leaf = utf8(`entente.stream.v1\nstream: ${stream}\nversion: ${version}\nposition: ${position}\n`);
  const led = rootOf(hashLeaf(leaf), index, streams, path);
  return led !== null && hexOf(led) === root;
}

function isLast(complete, { leaves, stream }, full) {
  if (complete.kind !== "stream" || stream !== complete.stream) return false;
  const [leaf] = leaves;
  if (leaves.length !== 1 || leaf.stream !== stream || leaf.version !== complete.versions) return false;
  const entry = [...full.values()].find((one) => one.stream === stream && one.version === leaf.version);
  return entry === undefined || entry.position === leaf.position;
}
