// The place of an entry in the log (docs/format.md, section 12.4).

import { base64Of, bytesOfBase64, equal, join, require, utf8 } from "./bytes.js";
import { rootOf } from "./merkle.js";

const HASHES_MAX = 63;
const LINE_BYTES = 45;

/** The audit path in the bytes of a proof for the entry at `position`, which repeats the checkpoint to the byte. */
export function parseProof(bytes, position, checkpoint) {
  const head = utf8(`c2sp.org/tlog-proof@v1\nindex ${position - 1}\n`);
  const tail = join("\n", checkpoint);
  const middle = bytes.subarray(head.length, bytes.length - tail.length);
  require(bytes.length >= head.length + tail.length && middle.length % LINE_BYTES === 0, "is not as long as a proof");
  const path = [];
  for (let at = 0; at < middle.length; at += LINE_BYTES) path.push(parseHash(middle.subarray(at, at + LINE_BYTES)));
  require(path.length <= HASHES_MAX, "has too many hashes");
  require(equal(bytes.subarray(0, head.length), head), "does not begin as the proof of this entry");
  require(equal(bytes.subarray(bytes.length - tail.length), tail), "does not end in the checkpoint");
  return path;
}

function parseHash(line) {
  const hash = bytesOfBase64(String.fromCharCode(...line.subarray(0, -1)), 32);
  require(equal(line, utf8(`${base64Of(hash)}\n`)), "has a line that is no hash");
  return hash;
}

/** Whether a leaf stands at `position` under the root of `checkpoint`. */
export function leadsToRoot(leafHash, position, path, checkpoint) {
  const root = rootOf(leafHash, position - 1, checkpoint.size, path);
  return root !== null && equal(root, checkpoint.root);
}
