// The tree of RFC 6962 / RFC 9162, section 2.1, over SHA-256 (docs/format.md, section 6). Indexes go beyond 32 bits, so
// they are halved by division and never shifted.

import { sha256 } from "./sha2.js";

const LEAF = new Uint8Array([0]);
const NODE = new Uint8Array([1]);

export function hashLeaf(...parts) {
  return sha256(LEAF, ...parts);
}

function hashNode(left, right) {
  return sha256(NODE, left, right);
}

/**
 * The root to which an audit path leads from a leaf hash at `index` in a tree of `size`, or null where the path is too long
 * or too short (RFC 9162, section 2.1.3.2).
 */
export function rootOf(hash, index, size, path) {
  if (index >= size) return null;
  let [fn, sn, r] = [index, size - 1, hash];
  const half = (n) => Math.floor(n / 2);
  for (const p of path) {
    if (sn === 0) return null;
    if (fn % 2 === 1 || fn === sn) {
      r = hashNode(p, r);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      r = hashNode(r, p);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 ? r : null;
}
