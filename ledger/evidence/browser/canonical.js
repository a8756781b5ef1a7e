// Strict JSON (docs/format.md, section 1): bytes that are their own RFC 8785 form, integers only, within limits.

import { Malformed, equal, require, textOf, utf8 } from "./bytes.js";

export const DEPTH_MAX = 8;
const ASCII = /^[\x00-\x7f]*$/;
const SURROGATE = /\p{Surrogate}/u;

/** Whether a value is a JSON object (not null, not an array). */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The object whose canonical form `bytes` are: rules 1 to 6 of section 1, with `bytesMax` for rule 1.
 *
 * The browser's reader forgives duplicate names, spaces, `1.0`, `-0` and numbers too large to be exact; writing again what
 * it read gives other bytes in each of these cases, which is rule 2.
 */
export function parseCanonical(bytes, bytesMax) {
  require(bytes.length <= bytesMax, `has more than ${bytesMax} bytes`);
  let value;
  try {
    value = JSON.parse(textOf(bytes));
  } catch (wrong) {
    throw wrong instanceof Malformed ? wrong : new Malformed("is not JSON");
  }
  require(isObject(value), "is not a JSON object");
  checkValue(value, 1);
  require(equal(utf8(formatCanonical(value)), bytes), "is not in canonical form");
  return value;
}

/** Rules 3 to 6 for a value whose containers begin at `depth`. */
function checkValue(value, depth) {
  if (typeof value === "string") checkText(value);
  else if (typeof value === "number") require(Number.isSafeInteger(value), "has a number that is no exact integer");
  else if (typeof value === "object" && value !== null) {
    require(depth <= DEPTH_MAX, `nests more than ${DEPTH_MAX} deep`);
    for (const [name, member] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
      if (typeof name === "string") {
        require(ASCII.test(name), "has a name that is not ASCII");
        checkText(name);
      }
      checkValue(member, depth + 1);
    }
  }
}

function checkText(text) {
  require(!text.includes("\0") && !SURROGATE.test(text), "has U+0000 or a lone surrogate in a text");
}

/**
 * The RFC 8785 form of a value of checked kinds: names sorted by UTF-16 units, no spaces, strings as ECMAScript writes
 * them.
 */
export function formatCanonical(value) {
  if (Array.isArray(value)) return `[${value.map(formatCanonical).join(",")}]`;
  if (!isObject(value)) return typeof value === "bigint" ? String(value) : JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${formatCanonical(value[name])}`).join(",")}}`;
}
