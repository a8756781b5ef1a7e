// The manifest of a bundle (docs/format.md, section 12.3): every member known, none missing, nothing else.

import { require } from "./bytes.js";
import { isObject, parseCanonical } from "./canonical.js";
import { isNation } from "./payload.js";
import { isDay, isDigest, isIdentifier, isInstant, isInteger, isOrigin, isUuid } from "./words.js";

const MANIFEST_BYTES_MAX = 16777216;
const CODE = /^[A-Za-z0-9][A-Za-z0-9._]{0,63}$/;
// Control characters, and those that turn or hide what stands around them.
const UNSHOWABLE = /[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

const isText = (value) => typeof value === "string";
const isCode = (value) => typeof value === "string" && CODE.test(value);
export const optional = (holds) => Object.assign((value) => holds(value), { optional: true });
export const isOne = (one) => (value) => value === one;
export const listOf = (holds) => (value) => Array.isArray(value) && value.every(holds);

/** Whether a text may be shown beside others: 1 to 128 code points, none of which could hide or turn any. */
export function isShowable(value) {
  return typeof value === "string" && [...value].length >= 1 && [...value].length <= 128 && !UNSHOWABLE.test(value);
}

/** Whether a value is an object of exactly these members, each of its form; those marked `optional` may be absent. */
export const shape = (members) => (value) => {
  if (!isObject(value) || !Object.keys(value).every((name) => Object.hasOwn(members, name))) return false;
  return Object.entries(members).every(([name, holds]) =>
    Object.hasOwn(value, name) ? holds(value[name]) : holds.optional === true,
  );
};

/** Whether a value is one of several objects, told apart by their member `kind`. */
const oneOf = (shapes) => (value) => isObject(value) && Object.hasOwn(shapes, value.kind) && shapes[value.kind](value);

const MANIFEST_SHAPE = shape({
  answer: optional(isObject),
  basis: optional(isUuid),
  complete: oneOf({
    positions: shape({
      first: (value) => isInteger(value, 1),
      kind: isOne("positions"),
      last: (value) => isInteger(value, 0),
    }),
    stream: shape({ kind: isOne("stream"), stream: isIdentifier, versions: (value) => isInteger(value, 1) }),
  }),
  files: listOf(shape({ bytes: (value) => isInteger(value, 0), name: isText, sha256: isDigest })),
  format: isOne("entente.bundle.v1"),
  log: shape({ origin: isOrigin, root: isText, size: (value) => isInteger(value, 1) }),
  question: oneOf({
    figure: shape({ as_of: isInstant, code: isCode, day: isDay, kind: isOne("figure"), view: isNation }),
    period: shape({ from: isInstant, kind: isOne("period"), to: isInstant }),
    report: shape({ kind: isOne("report"), report: isUuid }),
    stream: shape({ kind: isOne("stream"), stream: isIdentifier }),
  }),
  withheld: listOf(
    shape({
      ground: isShowable,
      leaf_hash: isDigest,
      position: (value) => isInteger(value, 1),
      version: optional((value) => isInteger(value, 1)),
    }),
  ),
});

/** The manifest of these bytes. */
export function parseManifest(bytes) {
  const manifest = parseCanonical(bytes, MANIFEST_BYTES_MAX);
  require(MANIFEST_SHAPE(manifest), "is not of the form of a manifest");
  const { complete, question, withheld } = manifest;
  require((complete.kind === "stream") === (question.kind === "stream"), "claims what does not answer its question");
  require(complete.kind !== "stream" ||
    complete.stream === question.stream, "claims another stream than the one asked for");
  require(question.kind !== "period" || question.from <= question.to, "asks for a period that ends before it begins");
  withheld.forEach((row, i) => {
    require(i === 0 || withheld[i - 1].position < row.position, "does not list what is withheld by position, each once");
    require(complete.kind === "stream" || row.version === undefined, "says a version where no stream is asked for");
  });
  return manifest;
}
