// One entry of the log, as it stands in the tree (docs/format.md, section 3).

import { asciiOf, bytesOfBase64, decimal, join, require } from "./bytes.js";
import { isDigest, isIdentifier, isInstant } from "./words.js";

export const ENTRY_BYTES_MAX = 65535;
export const PAYLOAD_BYTES_MAX = 32768;
const SIGNATURES_MAX = 8;
const LINES_MAX = 4 + SIGNATURES_MAX;

/**
 * `{recordedAt, stream, version, signatures, payload}` of an entry's bytes. A signature is `{keyId, signature, batch}`,
 * with `batch` null or `{n, index, path}`.
 */
export function parseEntry(bytes) {
  require(bytes.length <= ENTRY_BYTES_MAX, "is too long");
  const lines = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf(10, at);
    require(end >= 0, "has no empty line");
    if (end === at) break;
    require(lines.length < LINES_MAX, "has too many lines above its payload");
    lines.push(asciiOf(bytes.subarray(at, end)));
    at = end + 1;
  }
  const [title, recordedAt, stream, version, ...signatures] = lines;
  require(title === "entente.entry.v1", "does not begin as an entry");
  const entry = {
    recordedAt: afterName(recordedAt, "recorded_at: "),
    stream: afterName(stream, "stream: "),
    version: decimal(afterName(version, "version: "), 1),
    signatures: signatures.map((line) => parseSignature(afterName(line, "signature: "))),
    payload: bytes.subarray(at + 1),
  };
  require(isInstant(entry.recordedAt), "has no instant");
  require(isIdentifier(entry.stream), "has no stream");
  require(entry.signatures.length > 0, "has no signature");
  require(entry.payload.length >= 1 &&
    entry.payload.length <= PAYLOAD_BYTES_MAX, "has no payload, or one that is too long");
  return entry;
}

function afterName(line, name) {
  require(line !== undefined && line.startsWith(name), `has no line ${name}`);
  return line.slice(name.length);
}

/** `<key id> <base64>`, and for an event of a batch ` batch <n> <index> <base64 of the path>`. */
function parseSignature(text) {
  const [keyId, base64, ...more] = text.split(" ");
  require(isDigest(keyId), "has a signature without a key id");
  const signature = bytesOfBase64(base64);
  require(signature.length > 0, "has an empty signature");
  if (more.length === 0) return { keyId, signature, batch: null };
  require(more.length === 4 && more[0] === "batch", "has a signature line of no known form");
  return { keyId, signature, batch: parseBatch(decimal(more[1]), decimal(more[2]), bytesOfBase64(more[3])) };
}

function parseBatch(n, index, joined) {
  require(index < n, "has a batch index that is not in the batch");
  require(joined.length % 32 === 0, "has a path that is not whole hashes");
  const path = [];
  for (let at = 0; at < joined.length; at += 32) path.push(joined.subarray(at, at + 32));
  return { n, index, path };
}

/** The bytes that a signature over a payload is made of (DSSE 1.0). */
export function preAuthEncoding(type, body) {
  return join(`DSSEv1 ${new TextEncoder().encode(type).length} ${type} ${body.length} `, body);
}
