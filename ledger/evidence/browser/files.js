// The files of a bundle against its manifest, before any of them is believed (docs/format.md, section 12.9, "The files").

import { hexOf } from "./bytes.js";
import { crc32, readMembers } from "./container.js";
import { parseManifest } from "./manifest.js";
import { ALWAYS, MANIFEST, entryName, proofName, sectionName } from "./names.js";
import { check, checked } from "./problem.js";
import { sha256 } from "./sha2.js";

/**
 * A bundle whose container, list and digests hold: `manifest`, `members` in order, `read(name)` a promise of a member's
 * bytes, `has(name)`, `positions` of entries full and withheld, in order. `progress(done, of)` is awaited after each file.
 */
export async function openBundle(source, progress) {
  const members = await readMembers(source);
  const byName = new Map(members.map((member) => [member.name, member]));
  const has = (name) => byName.has(name);
  const read = (name) => source.read(byName.get(name).at, byName.get(name).at + byName.get(name).size);
  checkComplete(members, has);
  const manifest = await readManifest(byName.get(MANIFEST), read);
  checkListed(members, has, manifest);
  const rest = members.slice(1);
  for (const [i, member] of rest.entries()) {
    const bytes = await read(member.name);
    check(crc32(bytes) === member.crc, "crc", member.name);
    check(hexOf(sha256(bytes)) === manifest.files[i].sha256, "file-digest", member.name);
    await progress(i + 1, rest.length);
  }
  const positions = members.filter(({ kind }) => kind === "proof").map(({ position }) => position);
  return { manifest, members, has, read, positions };
}

/** No file without those it needs. */
function checkComplete(members, has) {
  for (const name of ALWAYS) check(has(name), "file-missing", name);
  for (const { kind, position, index } of members) {
    if (kind === "entry") check(has(proofName(position)), "file-missing", proofName(position));
    if (kind !== "sealed" && kind !== "key") continue;
    check(has(entryName(position)), "file-missing", entryName(position));
    const other = sectionName(position, index, kind === "sealed" ? "key" : "sealed");
    check(has(other), "file-missing", other);
  }
}

async function readManifest(member, read) {
  const bytes = await read(member.name);
  check(crc32(bytes) === member.crc, "crc", member.name);
  return checked(() => parseManifest(bytes), "manifest-form");
}

function checkListed(members, has, { files, withheld }) {
  const rest = members.slice(1);
  const listed =
    files.length === rest.length && files.every(({ name, bytes }, i) => name === rest[i].name && bytes === rest[i].size);
  check(listed, "file-list");
  const bare = members
    .filter(({ kind, position }) => kind === "proof" && !has(entryName(position)))
    .map(({ position }) => position);
  check(bare.length === withheld.length && bare.every((position, i) => position === withheld[i].position), "withheld-list");
}
