// The small words of the format (docs/format.md, sections 0 and 1): instants, identifiers, origins, ids. Each takes any
// value.

const INSTANT = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{6})Z$/;
const IDENTIFIER = /^[A-Za-z0-9._:-]{1,128}$/;
const ORIGIN = /^[A-Za-z0-9._:/-]{1,255}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const matches = (pattern) => (value) => typeof value === "string" && pattern.test(value);

export const isIdentifier = matches(IDENTIFIER);
export const isOrigin = matches(ORIGIN);
export const isUuid = matches(UUID);
export const isUuid7 = matches(UUID7);
export const isDigest = matches(/^[0-9a-f]{64}$/);

/** Whether a value is an integer from `min` to `max`, exactly representable. */
export function isInteger(value, min, max = Number.MAX_SAFE_INTEGER) {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

/** Whether a text has the form YYYY-MM-DD; nothing rests on its being a day. */
export const isDay = matches(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/);

/** Whether a text is an instant: 27 characters, UTC, a real day and time of the years 1 to 9999. */
export function isInstant(value) {
  const parts = typeof value === "string" && INSTANT.exec(value);
  if (!parts) return false;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number);
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  const real = at.getUTCFullYear() === year && at.getUTCMonth() === month - 1 && at.getUTCDate() === day;
  return real && year > 0 && hour < 24 && minute < 60 && second < 60;
}

/** The microseconds since 1970 of an instant, as a BigInt: some instants are beyond what a number holds exactly. */
export function microseconds(instant) {
  const at = new Date(0);
  at.setUTCFullYear(Number(instant.slice(0, 4)), Number(instant.slice(5, 7)) - 1, Number(instant.slice(8, 10)));
  at.setUTCHours(Number(instant.slice(11, 13)), Number(instant.slice(14, 16)), Number(instant.slice(17, 19)));
  return BigInt(at.getTime()) * 1000n + BigInt(instant.slice(20, 26));
}
