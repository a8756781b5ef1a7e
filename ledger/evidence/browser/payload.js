// What an author signed (docs/format.md, section 1): the header fields that verifying relies on, each of its form.

import { require } from "./bytes.js";
import { isObject, parseCanonical } from "./canonical.js";
import { isDigest, isIdentifier, isInstant, isInteger, isOrigin, isUuid7 } from "./words.js";

const PAYLOAD_BYTES_MAX = 32768;
const SECTIONS_MAX = 16;
export const NATIONS = ["GB", "FR"];

/** Whether a value is one of the two nations. */
export function isNation(value) {
  return NATIONS.includes(value);
}

const isText = (pattern) => (value) => typeof value === "string" && pattern.test(value);

const HEADER = {
  id: isUuid7,
  origin: isOrigin,
  type: isText(/^[a-z_]+\.[a-z_]+$/),
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
  return Array.isArray(value) && value.length > 0 && value.every(isNation) && new Set(value).size === value.length;
}

/** The object of a payload's bytes, its header fields checked. `sections` is always there, and empty where there are none. */
export function parsePayload(bytes) {
  const payload = parseCanonical(bytes, PAYLOAD_BYTES_MAX);
  for (const [name, holds] of Object.entries(HEADER)) {
    require(Object.hasOwn(payload, name) && holds(payload[name]), `has no ${name} of its form`);
  }
  if (!Object.hasOwn(payload, "sections")) return { ...payload, sections: [] };
  require(Array.isArray(payload.sections) && payload.sections.length <= SECTIONS_MAX, "has sections that are no list");
  require(payload.sections.every(isSection), "has a section of no known form");
  const names = payload.sections.map((section) => section.name);
  require(new Set(names).size === names.length, "has two sections of one name");
  return payload;
}

const SECTION_NAME = /^(?:text|gb|fr|inner|personal:[A-Za-z0-9._:-]{1,128})$/;

function isSection(value) {
  if (!isObject(value) || Object.keys(value).sort().join() !== "bytes,key_sha256,name,sha256") return false;
  const named = typeof value.name === "string" && SECTION_NAME.test(value.name);
  return named && isInteger(value.bytes, 0) && isDigest(value.key_sha256) && isDigest(value.sha256);
}
