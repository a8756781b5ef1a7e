// The zip archive in its single spelling (docs/format.md, section 12.1). Its records are read before any content, and their
// limits apply before a content is read, so that no archive can make a verifier hold or write more than they allow.

import { equal, join } from "./bytes.js";
import { parseName, standsBefore } from "./names.js";
import { check } from "./problem.js";

const FILE_BYTES_MAX = 2 ** 30;
const MEMBERS_MAX = 65000;
const NAME_BYTES_MAX = 128;
const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const LATIN1 = new TextDecoder("latin1");

/** Bytes of little-endian integers, given as [value, width] pairs. */
function little(...fields) {
  return Uint8Array.from(
    fields.flatMap(([value, width]) => Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** i) % 256)),
  );
}

// Version 2.0, no flags, method 0, 1 January 1980 00:00.
const STORED = [20, 0, 0, 0, 33].map((value) => [value, 2]);

/** The local header of a member, its name included. */
function localHeader({ crc, size, name }) {
  return join(little([0x04034b50, 4], ...STORED, [crc, 4], [size, 4], [size, 4], [name.length, 2], [0, 2]), name);
}

/** The central record of a member, up to its name. */
function centralHead({ crc, size, at, name }) {
  const head = little([0x02014b50, 4], [20, 2], ...STORED, [crc, 4], [size, 4], [size, 4], [name.length, 2]);
  return join(head, little([0, 2], [0, 2], [0, 2], [0, 2], [0, 4], [at, 4]));
}

/**
 * The members of a bundle in order: `{name, size, crc, at, …}` with what `parseName` says of each, `at` the offset of its
 * content. `source` is `{size, read(start, end)}`, the latter a promise of bytes.
 */
export async function readMembers(source) {
  check(source.size <= FILE_BYTES_MAX, "too-large");
  const { count, length, offset } = await readEnd(source);
  check(count > 0 && count <= MEMBERS_MAX, "too-many-files");
  check(length <= count * (CENTRAL_BYTES + NAME_BYTES_MAX), "zip-form");
  const records = await source.read(offset, offset + length);
  const members = [];
  let [at, record] = [0, 0];
  for (let n = 0; n < count; n += 1) {
    const member = parseRecord(records.subarray(record), at);
    const said = parseName(member.name);
    check(said !== null, "bad-name");
    check(n === 0 || standsBefore(members[n - 1].order, said.order), "file-order");
    check(member.size <= said.limit && (said.kind !== "key" || member.size === said.limit), "file-too-large", member.name);
    const header = localHeader(member);
    check(at + header.length + member.size <= offset, "zip-form", member.name);
    check(equal(await source.read(at, at + header.length), header), "zip-form", member.name);
    members.push({ ...said, ...member, at: at + header.length });
    record += CENTRAL_BYTES + member.name.length;
    at += header.length + member.size;
  }
  check(at === offset && record === length, "zip-form");
  return members;
}

async function readEnd(source) {
  check(source.size >= END_BYTES, "not-a-bundle");
  const bytes = await source.read(source.size - END_BYTES, source.size);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [count, length, offset] = [view.getUint16(8, true), view.getUint32(12, true), view.getUint32(16, true)];
  const same = little([0x06054b50, 4], [0, 4], [count, 2], [count, 2], [length, 4], [offset, 4], [0, 2]);
  check(equal(bytes, same) && offset + length + END_BYTES === source.size, "not-a-bundle");
  return { count, length, offset };
}

/** The first central record of `bytes`, of a member whose local header is at `at`. */
function parseRecord(bytes, at) {
  check(bytes.length >= CENTRAL_BYTES, "zip-form");
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const nameLength = view.getUint16(28, true);
  check(nameLength >= 1 && nameLength <= NAME_BYTES_MAX && bytes.length >= CENTRAL_BYTES + nameLength, "zip-form");
  const name = LATIN1.decode(bytes.subarray(CENTRAL_BYTES, CENTRAL_BYTES + nameLength));
  const member = { name, size: view.getUint32(24, true), crc: view.getUint32(16, true), at };
  check(equal(bytes.subarray(0, CENTRAL_BYTES), centralHead(member)), "zip-form");
  return member;
}

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k += 1) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

/** CRC-32 (IEEE 802.3) of bytes, as an unsigned number. */
export function crc32(bytes) {
  let c = -1;
  for (let i = 0; i < bytes.length; i += 1) c = (c >>> 8) ^ CRC_TABLE[(c ^ bytes[i]) & 255];
  return (c ^ -1) >>> 0;
}
