// Signed notes, checkpoints and cosignatures (docs/format.md, section 7.1).

import { bytesOfBase64, bytesOfHex, decimal, equal, hexOf, join, require, textOf, uint64, utf8 } from "./bytes.js";
import { isSoundKey, verifyEd25519 } from "./ed25519.js";
import { ML_DSA_44_PUBLIC_BYTES, ML_DSA_44_SIGNATURE_BYTES, verifyMlDsa44 } from "./mldsa.js";
import { sha256 } from "./sha2.js";

export const NOTE_BYTES_MAX = 262144;
const LINES_MAX = 64;
const WHITE_SPACE = /\p{White_Space}/u;
// What is left of bytes that are no UTF-8, in a policy.
const SURROGATE = /\p{Surrogate}/u;

/** The kinds of key a note knows: by type byte, what is one, and whether a time stands before the signature. */
export const LOG_TYPE = 0x01;
const KINDS = new Map([
  [LOG_TYPE, { isKey: isSoundKey, stamped: false, signatureBytes: 64 }],
  [0x04, { isKey: isSoundKey, stamped: true, signatureBytes: 64 }],
  [
    0x06,
    { isKey: (key) => key.length === ML_DSA_44_PUBLIC_BYTES, stamped: true, signatureBytes: ML_DSA_44_SIGNATURE_BYTES },
  ],
]);

function isKeyName(name) {
  return name !== "" && !name.includes("+") && !WHITE_SPACE.test(name) && !SURROGATE.test(name);
}

/** `{name, id, type, publicKey}` of the text `name+<key id in hex>+<base64(type ‖ public key)>`. */
export function parseVerifierKey(text) {
  const [name, id] = text.split("+", 2);
  require(id !== undefined && isKeyName(name), "has a key without a name");
  const tail = bytesOfBase64(text.slice(name.length + id.length + 2));
  const kind = KINDS.get(tail[0]);
  require(kind !== undefined && kind.isKey(tail.subarray(1)), "has a key that is none of its type");
  require(equal(bytesOfHex(id, 4), sha256(utf8(`${name}\n`), tail).subarray(0, 4)), "has a key whose id is another's");
  return { name, id, type: tail[0], publicKey: tail.subarray(1) };
}

/** `{text, lines, bytes}` of a note: its signed text, and `{name, id, signature}` of each signature line. */
function splitNote(bytes) {
  require(bytes.length <= NOTE_BYTES_MAX, "is too long");
  const whole = textOf(bytes);
  require(!/[\x00-\x09\x0b-\x1f]/.test(whole), "has a control character");
  const end = whole.lastIndexOf("\n\n");
  require(end >= 0 && whole.endsWith("\n"), "is not a text, an empty line, and signatures");
  const lines = whole.slice(end + 2, -1).split("\n");
  require(lines.length <= LINES_MAX && end + 2 < whole.length, "has no signature, or too many");
  return { text: whole.slice(0, end + 1), lines: lines.map(parseLine) };
}

function parseLine(line) {
  const [dash, name, base64, ...more] = line.split(" ");
  require(dash === "—" && base64 !== undefined && more.length === 0 && isKeyName(name), "has a line that is no signature");
  const bytes = bytesOfBase64(base64);
  require(bytes.length > 4, "has a line without a signature");
  return { name, id: hexOf(bytes.subarray(0, 4)), signature: bytes.subarray(4) };
}

/** `{origin, size, root, text, lines}` of the bytes of a checkpoint. */
export function parseCheckpoint(bytes) {
  const { text, lines } = splitNote(bytes);
  const [origin, size, root, ...more] = text.slice(0, -1).split("\n");
  require(root !== undefined && more.length === 0, "is not three lines");
  require(origin !== "", "has no origin");
  return { origin, size: decimal(size), root: bytesOfBase64(root, 32), text, lines };
}

/**
 * Which of `keys` signed a checkpoint: a map from key (the object given) to the time it states, null for a log's. Refuses
 * where a line that names one of them does not verify.
 */
export async function verifyLines(checkpoint, keys) {
  const signed = new Map();
  for (const line of checkpoint.lines) {
    for (const key of keys.filter(({ name, id }) => name === line.name && id === line.id)) {
      const time = await verifyLine(checkpoint, key, line.signature);
      require(time !== false, "has a signature that does not verify");
      if (!signed.has(key)) signed.set(key, time);
    }
  }
  return signed;
}

/** The time stated (null for a log's signature), or false where the line does not verify. */
async function verifyLine(checkpoint, key, bytes) {
  const { stamped, signatureBytes } = KINDS.get(key.type);
  if (bytes.length !== (stamped ? 8 : 0) + signatureBytes) return false;
  if (!stamped) return (await verifyEd25519(key.publicKey, utf8(checkpoint.text), bytes)) && null;
  const time = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
  if (time >= 1n << 63n) return false;
  const signature = bytes.subarray(8);
  const good =
    key.type === 0x04
      ? await verifyEd25519(key.publicKey, utf8(`cosignature/v1\ntime ${time}\n${checkpoint.text}`), signature)
      : verifySubtree(checkpoint, key, time, signature);
  return good && time;
}

/** The message of an ML-DSA cosignature: the whole tree as a subtree from 0. */
function verifySubtree({ origin, size, root }, key, time, signature) {
  const name = utf8(key.name);
  if (name.length > 255) return false;
  const log = utf8(origin);
  const head = join("subtree/v1\n\0", [name.length], name, uint64(time), [log.length], log);
  return verifyMlDsa44(key.publicKey, join(head, uint64(0), uint64(size), root), signature);
}
