// The form in which an event travels, and stands inside a sealed one (docs/format.md, sections 2.4 and 5.2).

import { bytesOfBase64, require } from "./bytes.js";
import { isObject, parseCanonical } from "./canonical.js";
import { listOf, optional, shape } from "./manifest.js";
import { isDigest, isInteger } from "./words.js";

const ITEM_BYTES_MAX = 262144;
const [SIGNATURES_MAX, SIGNATURE_BYTES_MAX, PATH_MAX] = [8, 8192, 24];
const [SECTIONS_MAX, SECTION_BYTES_MAX, SECTIONS_BYTES_MAX] = [16, 262144, 1048576];
const [WRAPS_MAX, WRAP_BYTES_MAX] = [16, 8192];
const NAME = /^[A-Za-z0-9._:-]{1,160}$/;
const isText = (value) => typeof value === "string";

const mapOf = (holds, most) => (value) => {
  const names = isObject(value) ? Object.keys(value) : [""];
  return names.length <= most && names.every((name) => NAME.test(name) && holds(value[name]));
};

const orNull = (holds) => (value) => value === null || holds(value);

const ITEM_SHAPE = shape({
  envelope: shape({
    payload: isText,
    payloadType: isText,
    signatures: listOf(
      shape({
        batch: optional(
          orNull(
            shape({
              index: (value) => isInteger(value, 0),
              n: (value) => isInteger(value, 1, 2 ** 24),
              path: listOf(isText),
            }),
          ),
        ),
        keyid: isDigest,
        sig: isText,
      }),
    ),
  }),
  sections: optional(mapOf(shape({ ciphertext: isText, wraps: mapOf(isText, WRAPS_MAX) }), SECTIONS_MAX)),
});

/** `{payloadType, body, signatures, sections}` of a wire item in canonical form; sections map names to ciphertexts. */
export function parseWireItem(bytes) {
  const item = parseCanonical(bytes, ITEM_BYTES_MAX);
  require(ITEM_SHAPE(item), "is not of the form of a wire item");
  const { payload, payloadType, signatures } = item.envelope;
  require(signatures.length >= 1 && signatures.length <= SIGNATURES_MAX, "has no signature, or too many");
  return {
    payloadType,
    body: bytesOfBase64(payload),
    signatures: signatures.map(parseSignature),
    sections: parseSections(item.sections ?? {}),
  };
}

function parseSignature({ keyid, sig, batch }) {
  const signature = bytesOfBase64(sig);
  require(signature.length >= 1 && signature.length <= SIGNATURE_BYTES_MAX, "has a signature that is empty or too long");
  if ((batch ?? null) === null) return { keyId: keyid, signature, batch: null };
  require(batch.index < batch.n && batch.path.length <= PATH_MAX, "has a batch that cannot be");
  return { keyId: keyid, signature, batch: { ...batch, path: batch.path.map((hash) => bytesOfBase64(hash, 32)) } };
}

function parseSections(given) {
  const sections = new Map();
  let total = 0;
  for (const [name, { ciphertext, wraps }] of Object.entries(given)) {
    const bytes = bytesOfBase64(ciphertext);
    total += bytes.length;
    require(bytes.length <= SECTION_BYTES_MAX && total <= SECTIONS_BYTES_MAX, "has a section that is too long");
    for (const wrap of Object.values(wraps))
      require(bytesOfBase64(wrap).length <= WRAP_BYTES_MAX, "has a wrap that is too long");
    sections.set(name, bytes);
  }
  return sections;
}
