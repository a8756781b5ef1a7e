// Which event about keys, the log or its policy may follow which (docs/format.md, section 9.2). That those have signed who
// must is asked elsewhere; a log in which such a step is wrong was not written by a conforming ledger.

import { require } from "./bytes.js";
import { isSoundKey } from "./ed25519.js";
import { isHybridKey } from "./hybrid.js";
import { isP256Point } from "./p256.js";
import { SIGNING_TYPE, successorDigest } from "./ring.js";

const ROLES_OF_TYPE = {
  [SIGNING_TYPE]: ["national_authority", "service", "officer", "official", "sealer"],
  10: ["sealing"],
  11: ["official"],
};
const IS_KEY_OF_TYPE = { [SIGNING_TYPE]: isSoundKey, 10: isHybridKey, 11: isP256Point };

/** Refuse an event that does not follow from what stands in front of it. `keys` are those it introduces. */
export function requireStep(ring, payload, keys, position) {
  for (const key of keys)
    require(IS_KEY_OF_TYPE[key.typeCode](key.publicKey), "introduces bytes that are no key of their type");
  STEPS.get(payload.type)?.({ ring, payload, data: payload.data, position });
}

const keyNamed = ({ ring, data }) => ring.keys.get(data.key);

function opened({ payload, data }) {
  require(payload.authority === "GB", "opens a log in another name than GB");
  require(new Set(data.authority_keys.map((key) => key.key_id)).size ===
    data.authority_keys.length, "gives both nations one key");
}

function registered({ data }) {
  require(ROLES_OF_TYPE[data.type_code].includes(data.role), "gives a key a role that is not of its type");
  require(data.type_code === SIGNING_TYPE || data.attested === true, "registers a key whose holder nobody attests");
}

function rotated({ ring, data }) {
  const old = ring.keys.get(data.old);
  require(old.typeCode === data.type_code, "rotates to a key of another type");
  const { nextKeyDigest } = old;
  require(nextKeyDigest === null ||
    nextKeyDigest === successorDigest(data.registered), "is not the successor committed to");
}

/** A national authority's key is rotated before it is ended otherwise: else its nation would be mute. */
function requireNotMute(key) {
  require(key.until !== 0 || key.role !== "national_authority", "leaves a nation without a key");
}

function revoked(asked) {
  require(keyNamed(asked).until === 0, "revokes a key that has ended");
  requireNotMute(keyNamed(asked));
}

function compromised(asked) {
  const { suspect_from_position: from } = asked.data;
  const key = keyNamed(asked);
  require(from <= asked.position, "doubts what is not yet recorded");
  require(key.suspectFrom === 0 || from < key.suspectFrom, "doubts no more than is in doubt");
  requireNotMute(key);
}

function policyAdopted({ ring, data, position }) {
  const last = ring.policies.at(-1);
  if (last === undefined && data.from_size <= 1) return;
  require(data.from_size >= position, "changes the policy of what is signed already");
  require(last === undefined || data.from_size > last.fromSize, "comes before the policy in front of it");
}

const STEPS = new Map([
  ["ledger.opened", opened],
  ["ledger.thawed", ({ ring }) => require(ring.frozen, "thaws a log that is not frozen")],
  ["ledger.closed", ({ ring, data }) => require(data.successor !== ring.origin, "is its own successor")],
  ["key.registered", registered],
  ["key.rotated", rotated],
  ["key.revoked", revoked],
  ["key.compromised", compromised],
  ["key.reaffirmed", (asked) => require(keyNamed(asked).suspectFrom > 0, "stands by what was never in doubt")],
  ["key.suspended", ({ ring, data }) => require(ring.inForce(data.key), "suspends a key that is not in force")],
  [
    "key.reinstated",
    (asked) => require(keyNamed(asked).suspended && keyNamed(asked).until === 0, "reinstates a key that is not suspended"),
  ],
  ["policy.adopted", policyAdopted],
]);
