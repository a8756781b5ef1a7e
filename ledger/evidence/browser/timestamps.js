// Time stamps on the checkpoint (docs/format.md, section 8.5): without an authority's certificates, that they belong here
// and no more.

import { check } from "./problem.js";
import { Sha256 } from "./sha2.js";

const NAME = /^timestamps\/([a-z0-9-]{1,24})\.([1-9][0-9]{0,3})\.tsr$/;

/** Check every file under `timestamps/`. */
export async function checkTimestamps({ members, has, read }, checkpoint) {
  const chains = new Map();
  for (const { kind, name } of members) {
    if (kind !== "timestamps") continue;
    const [, authority, n] = NAME.exec(name) ?? [];
    check(authority !== undefined, "timestamp-form", name);
    if (!chains.has(authority)) chains.set(authority, await imprints(authority, has, read, checkpoint));
    const imprint = chains.get(authority)[Number(n) - 1];
    check(imprint !== undefined, "timestamp-form", name);
    check(occurs(imprint, await read(name)), "timestamp-other", name);
  }
}

/** What an authority's responses 1, 2, 3 … are over, as far as they stand there without a gap. */
async function imprints(authority, has, read, checkpoint) {
  const taken = new Sha256().update(checkpoint);
  const found = [taken.copy().digest()];
  const nameOf = (n) => `timestamps/${authority}.${n}.tsr`;
  while (has(nameOf(found.length))) {
    taken.update(await read(nameOf(found.length)));
    found.push(taken.copy().digest());
  }
  return found;
}

function occurs(digest, bytes) {
  for (let at = bytes.indexOf(digest[0]); at >= 0; at = bytes.indexOf(digest[0], at + 1)) {
    if (digest.every((byte, i) => bytes[at + i] === byte)) return true;
  }
  return false;
}
