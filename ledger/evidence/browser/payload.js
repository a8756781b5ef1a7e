// What an author signed (docs/format.md, section 1): the header fields that verifying relies on, each of its form.

import { require } from "./bytes.js";
import { isObject, parseCanonical } from "./canonical.js";
import { PAYLOAD_BYTES_MAX } from "./entry.js";
import { isDigest, isIdentifier, isInstant, isInteger, isUuid7 } from "./words.js";

const SECTIONS_MAX = 16;
export const NATIONS = ["GB", "FR"];

/** Whether a value is one of the two nations. */
export function isNation(value) {
  return NATIONS.includes(value);
}

const isText = (pattern) => (value) => typeof value === "string" && pattern.test(value);

const HEADER = {
  id: isUuid7,
  origin: (value) => typeof value === "string",
  type: (value) => typeof value === "string",
  schema: (value) => isInteger(value, 1),
  stream: isIdentifier,
  occurred_at: isInstant,
  authority: isIdentifier,
  key_id: isDigest,
  salt: isText(/^[0-9a-f]{32}$/),
  regime: (value) => value === "LE" || value === "GENERAL",
  releasable_to: isReleasableTo,
  data: isObject,
};

function isReleasableTo(value) {
  return Array.isArray(value) && value.length >= 1 && value.length <= 2 && value.every(isNation);
}

/**
 * The object of a payload's bytes, its header fields checked. `sections` is always there, and empty where there are none.
 */
export function parsePayload(bytes) {
  const payload = parseCanonical(bytes, PAYLOAD_BYTES_MAX);
  for (const [name, holds] of Object.entries(HEADER)) {
    require(Object.hasOwn(payload, name) && holds(payload[name]), `has no ${name} of its form`);
  }
  if (!Object.hasOwn(payload, "sections")) return { ...payload, sections: [] };
  require(Array.isArray(payload.sections) && payload.sections.length <= SECTIONS_MAX, "has sections that are no list");
  require(payload.sections.every(isSection), "has a section of no known form");
  return payload;
}

/** Whether a value is a row of `sections`. What it commits to is asked only where the section is opened. */
function isSection(value) {
  if (!isObject(value) || Object.keys(value).sort().join() !== "bytes,key_sha256,name,sha256") return false;
  const { bytes, ...texts } = value;
  return Number.isSafeInteger(bytes) && Object.values(texts).every((text) => typeof text === "string");
}
