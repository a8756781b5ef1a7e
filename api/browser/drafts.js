// A draft: JSON lines of wire items (docs/format.md, section 3), read to be shown, signed as they stand.

import { Malformed, base64Of, bytesOfBase64, hexOf, require } from "./bytes.js";
import { isObject, parseCanonical } from "./canonical.js";
import { PAYLOAD_BYTES_MAX, preAuthEncoding } from "./entry.js";
import { sha256 } from "./sha2.js";
import { EVENT_TYPE } from "./signing.js";

const LINES_MAX = 1000;
export const DRAFT_BYTES_MAX = 64 * 1024 * 1024;

/** The items of a draft: [{ item, payload, event, signers, digest }]. Throws Malformed. */
export function readDraft(text) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  require(lines.length > 0 && lines.length <= LINES_MAX, "has no events, or too many");
  return lines.map(readItem);
}

function readItem(line) {
  let item;
  try {
    item = JSON.parse(line);
  } catch {
    throw new Malformed("has a line that is not JSON");
  }
  const envelope = isObject(item) ? item.envelope : null;
  require(isObject(envelope) && envelope.payloadType === EVENT_TYPE, "has a line that is no event");
  require(Array.isArray(envelope.signatures), "has a line without a place for signatures");
  require(envelope.signatures.every((each) => isObject(each) && typeof each.keyid === "string"), "has a signature of nobody");
  const payload = bytesOfBase64(envelope.payload);
  const event = parseCanonical(payload, PAYLOAD_BYTES_MAX);
  require(isObject(event.data) && typeof event.key_id === "string", "has an event without data or key");
  return { item, payload, event, signers: envelope.signatures.map((each) => each.keyid), digest: hexOf(sha256(payload)) };
}

/** Whether a key is the one that an event names, or that it registers. */
export function isFor(event, keyId) {
  return event.key_id === keyId || (event.type === "key.registered" && event.data.registered === keyId);
}

/** What a signature over an item is made of. */
export function messageOf(each) {
  return preAuthEncoding(EVENT_TYPE, each.payload);
}

/** The draft's text with one more signature on each item; `signatures` are in the items' order. */
export function signedDraft(items, keyId, signatures) {
  return items
    .map(({ item }, at) => {
      const added = { keyid: keyId, sig: base64Of(signatures[at]) };
      const envelope = { ...item.envelope, signatures: [...item.envelope.signatures, added] };
      return `${JSON.stringify({ ...item, envelope })}\n`;
    })
    .join("");
}
