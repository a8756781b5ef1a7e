// Whether one signature of an entry or of a wire item verifies (docs/format.md, sections 2.1 to 2.3).

import { join, uint64 } from "./bytes.js";
import { verifyEd25519 } from "./ed25519.js";
import { preAuthEncoding } from "./entry.js";
import { hashLeaf, rootOf } from "./merkle.js";

export const EVENT_TYPE = "application/vnd.entente.event.v1+json";
const BATCH_TYPE = "application/vnd.entente.batch.v1";
const BATCH_SIZE_MAX = 2 ** 24;

/** Whether `{signature, batch}` is `publicKey`'s over `payload`. */
export async function verifySignature(publicKey, payload, { signature, batch }) {
  const encoded = preAuthEncoding(EVENT_TYPE, payload);
  if (batch === null) return verifyEd25519(publicKey, encoded, signature);
  if (batch.n < 1 || batch.n > BATCH_SIZE_MAX) return false;
  const root = rootOf(hashLeaf(encoded), batch.index, batch.n, batch.path);
  if (root === null) return false;
  return verifyEd25519(publicKey, preAuthEncoding(BATCH_TYPE, join(uint64(batch.n), root)), signature);
}
