// Byte strings and their texts (docs/format.md, section 0). Every text has one spelling; any other is refused, never
// repaired.

/** What a parser throws: the object is to be treated as absent. The caller knows which check that fails. */
export class Malformed extends Error {}

/** Refuse unless `holds`; `what` says in plain words what should have been. */
export function require(holds, what) {
  if (!holds) throw new Malformed(what);
}

const HEX = /^(?:[0-9a-f]{2})*$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
// Fatal, and without swallowing a byte order mark: the bytes of a text are exactly its UTF-8.
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LATIN1 = new TextDecoder("latin1");
const TO_UTF8 = new TextEncoder();

/** The UTF-8 bytes of a text. */
export function utf8(text) {
  return TO_UTF8.encode(text);
}

/** The text whose UTF-8 form these bytes are. */
export function textOf(bytes) {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new Malformed("is not UTF-8");
  }
}

/**
 * The text of bytes of which some may be no UTF-8: each of those becomes U+DC00 plus its value, so that different bytes
 * never give the same text.
 */
export function textOfAny(bytes) {
  if (isText(bytes)) return UTF8.decode(bytes);
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((n) => isText(bytes.subarray(at, at + n)));
    text += length === undefined ? String.fromCharCode(0xdc00 + bytes[at]) : UTF8.decode(bytes.subarray(at, at + length));
    at += length ?? 1;
  }
  return text;
}

function isText(bytes) {
  try {
    return UTF8.decode(bytes).length > 0;
  } catch {
    return false;
  }
}

/** The text of bytes below 128. */
export function asciiOf(bytes) {
  require(bytes.every((byte) => byte < 128), "is not ASCII");
  return LATIN1.decode(bytes);
}

export function hexOf(bytes) {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** The bytes of lower-case hex, of exactly `length` bytes where one is given. */
export function bytesOfHex(text, length = null) {
  require(typeof text === "string" && HEX.test(text), "is not lower-case hex");
  require(length === null || text.length === 2 * length, `is not ${length} bytes in hex`);
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

export function base64Of(bytes) {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}

/** The bytes of strict base64, of exactly `length` bytes where one is given. */
export function bytesOfBase64(text, length = null) {
  require(typeof text === "string" && BASE64.test(text), "is not base64");
  const bytes = Uint8Array.from(atob(text), (digit) => digit.charCodeAt(0));
  // `atob` forgives low bits that are not zero, in the last digit: writing the bytes again does not.
  require(base64Of(bytes.subarray(bytes.length - (bytes.length % 3 || 3))) ===
    text.slice(-4), "is not the base64 of its bytes");
  require(length === null || bytes.length === length, `is not ${length} bytes in base64`);
  return bytes;
}

/** Byte strings, and texts as UTF-8, joined: the ‖ of the document. */
export function join(...parts) {
  const all = parts.map((part) => (typeof part === "string" ? utf8(part) : part));
  const joined = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of all) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export function equal(left, right) {
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}

/** A big-endian unsigned integer of 8 bytes, of a number or a BigInt. */
export function uint64(value) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** A number from decimal text without sign or leading zeros, `min` to `max`. */
export function decimal(text, min = 0, max = Number.MAX_SAFE_INTEGER) {
  require(typeof text === "string" && /^(?:0|[1-9][0-9]{0,15})$/.test(text), "is not a decimal number");
  const value = Number(text);
  require(value >= min && value <= max, `is not from ${min} to ${max}`);
  return value;
}
