// Who must have signed an entry (docs/format.md, section 9.1, rules 2 to 7). Signatures have been verified before: `signed`
// is the set of key ids that did.

import { require } from "./bytes.js";
import { NATIONS, isNation } from "./payload.js";
import { SIGNING_TYPE } from "./ring.js";

const OFFICIAL = [
  "report.issued",
  "report.observation",
  "reconciliation.item_agreed",
  "reconciliation.item_disputed",
  "reconciliation.withheld_declared",
];
const STATING_ROLES = ["service", "officer", "official", "national_authority"];
const FROZEN_PREFIXES = ["hold.", "key.", "correction."];
const FROZEN_TYPES = ["ledger.thawed", "ledger.closed", "policy.adopted"];

/** Refuse an entry that the ring does not allow. `keys` are those the event introduces. */
export function requireAllowed(ring, payload, signed, keys, position) {
  checkLog(ring, payload, position);
  ring.checkIntroduced(keys);
  (NEEDS[payload.type] ?? needAuthor)({ ring, payload, data: payload.data, signed, keys });
}

/** Rule 2. */
function checkLog(ring, { type, origin, data }, position) {
  require((type === "ledger.opened") === (position === 1), "opens a log anywhere but at position 1");
  require(origin === (type === "ledger.opened" ? data.origin : ring.origin), "is of another log");
  require(!ring.closed, "follows the end of the log");
  const thaws = FROZEN_TYPES.includes(type) || FROZEN_PREFIXES.some((prefix) => type.startsWith(prefix));
  require(!ring.frozen || thaws, "is none that a frozen log takes");
}

/** Rule 5. Returns the row of the author's key. */
function needAuthor(asked) {
  const { ring, payload } = asked;
  const { type, authority } = payload;
  const key = speaking(asked);
  require(STATING_ROLES.includes(key.role), "has an author whose key may not state events");
  const speaks = key.role === "national_authority" && ring.nationOf(authority) === key.nation;
  require(key.owner === authority || speaks, "has an author who does not speak for the authority");
  requireInScope(key, type);
  return key;
}

/** The row of the key `key_id` names, which has signed and is in force, or has ended and is signed for by who may. */
function speaking({ ring, payload, signed }) {
  const { key_id: keyId } = payload;
  const key = ring.keys.get(keyId);
  require(key !== undefined, "names a key that is not known");
  const others = key.until === 0 ? [keyId] : [ring.newest(keyId).keyId, ring.authority.get(key.nation)];
  require(others.some(
    (other) => signed.has(other) && ring.inForce(other),
  ), "is not signed by its key in force, nor by who may sign for it");
  return key;
}

function requireInScope({ mayAppend }, type) {
  const holds = (scope) => scope === type || (scope.endsWith(".*") && type.startsWith(scope.slice(0, -1)));
  require(mayAppend.length === 0 || mayAppend.some(holds), "is beyond its key's scope");
}

/** Rule 4: refuse unless each of `nations` has signed, and the one in whose name it is stated. */
function needNations({ ring, payload, data, signed, keys }, nations) {
  const { type, authority, key_id: keyId } = payload;
  const opening = new Map(keys.map((key) => [key.nation, key.keyId]));
  const authorityKey = (nation) => (type === "ledger.opened" ? opening : ring.authority).get(nation);
  const hasSigned = (nation) => {
    const held = authorityKey(nation);
    if (!signed.has(held)) return false;
    if (type === "ledger.opened" || ring.inForce(held)) return true;
    return type === "key.reinstated" && data.key === held && ring.keys.get(held).until === 0;
  };
  const own =
    keyId === authorityKey(authority) ||
    (ring.keys.has(keyId) && ring.newest(keyId).keyId === ring.authority.get(authority));
  require(isNation(authority) && own, "is not stated by a nation under its key");
  for (const nation of new Set([authority, ...nations])) require(hasSigned(nation), `is not signed by ${nation}`);
}

/** The nations a nation of the registry stands for. */
function standingFor(nation) {
  return isNation(nation) ? [nation] : NATIONS;
}

/** The row of `data.key`, which must be in the ring. */
function keyNamed({ ring, data }) {
  const key = ring.keys.get(data.key);
  require(key !== undefined, "is about a key that is not known");
  return key;
}

function needBoth(asked) {
  needNations(asked, NATIONS);
}

function needOne(asked) {
  needNations(asked, []);
}

function needOwner(asked) {
  needNations(asked, standingFor(keyNamed(asked).nation));
}

function needConcerned(asked) {
  needNations(asked, standingFor(asked.data.nation));
}

function needOpening(asked) {
  const nations = asked.keys.map((key) => key.nation);
  require(nations.length === 2 &&
    NATIONS.every((nation) => nations.includes(nation)), "does not bring one key for each nation");
  needBoth(asked);
}

function needRegistration(asked) {
  const { ring, data, signed, keys } = asked;
  const nation = ring.nationOf(data.owner);
  require(nation !== undefined, "has an owner who is not registered");
  require((data.nation ?? null) === (isNation(nation) ? nation : null), "names another nation than its owner's");
  require(data.role !== "national_authority", "makes a national authority's key by registration");
  require(!["sealer", "sealing"].includes(data.role) || isNation(data.owner), "gives a nation's own role to another");
  require(data.type_code !== SIGNING_TYPE || signed.has(keys[0].keyId), "is not signed by the key it registers");
  needNations(asked, standingFor(nation));
}

function needRotation({ ring, payload, data, signed, keys }) {
  require(signed.has(data.old) && ring.inForce(data.old), "is not signed by the old key, in force");
  require(signed.has(keys[0].keyId), "is not signed by the new key");
  const { owner } = ring.keys.get(data.old);
  require(payload.key_id === data.old &&
    payload.authority === owner, "is not stated by the owner of the old key, under it");
}

function needSealer(asked) {
  const key = speaking(asked);
  require(key.role === "sealer" && key.nation === asked.data.nation, "is not signed by a sealer of its nation");
  requireInScope(key, asked.payload.type);
}

function needOfficial(asked) {
  const { role, nation } = needAuthor(asked);
  require(role === "official", "is not signed by an official");
  require((asked.data.nation ?? nation) === nation, "is not signed by its nation's official");
}

function needCentre(asked) {
  needAuthor(asked);
  require(asked.ring.nationOf(asked.payload.authority) === "JOINT", "is not stated by the joint centre");
}

function needAuthorityNations(asked) {
  const { ring, data } = asked;
  require(!isNation(data.code), "registers a nation itself");
  require((data.part_of ?? null) === null ||
    ring.nationOf(data.part_of) !== undefined, "is part of what is not registered");
  const concerned = [data.nation, ring.nationOf(data.code), ring.nationOf(data.part_of)].filter(
    (nation) => nation !== undefined,
  );
  needNations(asked, concerned.flatMap(standingFor));
}

function needReinstatement(asked) {
  keyNamed(asked);
  needBoth(asked);
}

function needSuspension(asked) {
  keyNamed(asked);
  needOne(asked);
}

const BOTH = [
  "ledger.thawed",
  "ledger.closed",
  "place.registered",
  "rules.adopted",
  "policy.adopted",
  "reconciliation.signed_off",
];
const EITHER = [
  ...["ledger.frozen", "hold.placed", "hold.extended", "hold.lifted", "restriction.applied", "restriction.lifted"],
  ...["erasure.executed", "sharing.suspended", "sharing.resumed"],
];
const CONCERNED = ["role.granted", "role.ended", "ruleset.adopted", "mandate.granted", "mandate.ended"];
const rows = (types, need) => Object.fromEntries(types.map((type) => [type, need]));

const NEEDS = {
  __proto__: null,
  ...rows(BOTH, needBoth),
  ...rows(EITHER, needOne),
  ...rows(CONCERNED, needConcerned),
  ...rows(["key.revoked", "key.compromised", "key.reaffirmed"], needOwner),
  "authority.registered": needAuthorityNations,
  "index.committed": needCentre,
  "key.registered": needRegistration,
  "key.reinstated": needReinstatement,
  "key.rotated": needRotation,
  "key.suspended": needSuspension,
  "ledger.opened": needOpening,
  ...rows(OFFICIAL, needOfficial),
  "sealed.recorded": needSealer,
};
