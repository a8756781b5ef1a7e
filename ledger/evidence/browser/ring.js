// The keys of a log and its registry, read from its entries in order of position (docs/format.md, sections 9 and 9.1).

import { bytesOfBase64, bytesOfHex, hexOf, require, utf8 } from "./bytes.js";
import { isObject } from "./canonical.js";
import { NATIONS, isNation } from "./payload.js";
import { sha256 } from "./sha2.js";
import { isDigest, isIdentifier, isInteger, isOrigin } from "./words.js";

export const SIGNING_TYPE = "01";
const PUBLIC_BYTES = { "01": 32, 10: 1216, 11: 65 };
const ROLES = ["national_authority", "officer", "official", "sealer", "sealing", "service"];
const AUTHORITY_NATIONS = [...NATIONS, "OPERATOR", "JOINT"];

/** The key id of section 9. */
function keyIdOf(typeCode, publicKey) {
  return hexOf(sha256(bytesOfHex(typeCode), publicKey));
}

/** SHA-256 of the hex text of a key id: what a key commits its successor to. */
export function successorDigest(keyId) {
  return hexOf(sha256(utf8(keyId)));
}

const isOptional = (holds) => (value) => value === undefined || value === null || holds(value);
const isBoolean = (value) => typeof value === "boolean";
const isTexts = (value) => Array.isArray(value) && value.every((text) => typeof text === "string");
const isConcerned = (value) => AUTHORITY_NATIONS.includes(value);
const KEY = {
  public_key: isBase64,
  registered: isDigest,
  type_code: (value) => typeof value === "string" && Object.hasOwn(PUBLIC_BYTES, value),
};
const OF_KEY = { key: isDigest };
const OF_NATION = { nation: (value) => isNation(value) || value === "JOINT" };

function isBase64(value) {
  try {
    return bytesOfBase64(value).length > 0;
  } catch {
    return false;
  }
}

/** The members of `data` that verifying reads, by type of event. */
const DATA = {
  "authority.registered": { code: isIdentifier, nation: isConcerned, part_of: isOptional(isIdentifier) },
  "index.committed": { root: isDigest, size: (value) => isInteger(value, 0) },
  "key.compromised": { ...OF_KEY, suspect_from_position: (value) => isInteger(value, 1) },
  "key.reaffirmed": OF_KEY,
  "key.registered": {
    ...KEY,
    attested: isOptional(isBoolean),
    may_append: isOptional(isTexts),
    nation: isOptional(isNation),
    next_key_digest: isOptional(isDigest),
    owner: isIdentifier,
    role: (value) => ROLES.includes(value),
  },
  "key.reinstated": OF_KEY,
  "key.revoked": OF_KEY,
  "key.rotated": { ...KEY, next_key_digest: isOptional(isDigest), old: isDigest },
  "key.suspended": OF_KEY,
  "ledger.closed": { successor: isOptional(isOrigin) },
  "ledger.opened": {
    authority_keys: isAuthorityKeys,
    exercise: isBoolean,
    origin: isOrigin,
    predecessor: isOptional(isPredecessor),
  },
  "mandate.ended": OF_NATION,
  "mandate.granted": OF_NATION,
  "report.issued": { nation: isOptional(isNation) },
  "report.observation": { nation: isOptional(isNation) },
  "role.ended": OF_NATION,
  "role.granted": OF_NATION,
  "policy.adopted": { from_size: (value) => isInteger(value, 0), sha256: isDigest },
  "ruleset.adopted": { nation: isNation },
  "sealed.recorded": { nation: isNation },
};

/** Whether a value says of the log that this one continues which streams were open there, and at which version. */
function isPredecessor(value) {
  const isVersions = (streams) => isObject(streams) && Object.values(streams).every((version) => isInteger(version, 1));
  return isObject(value) && isOptional(isVersions)(value.open_streams);
}

function isAuthorityKeys(value) {
  const isKey = (key) => isObject(key) && isNation(key.nation) && isDigest(key.key_id) && isBase64(key.public_key);
  return Array.isArray(value) && value.every(isKey);
}

/** Refuse a payload whose `data` lacks what its type's signatures or the ring are read from. */
export function requireData({ type, data }) {
  for (const [name, holds] of Object.entries(Object.hasOwn(DATA, type) ? DATA[type] : {})) {
    require(holds(Object.hasOwn(data, name) ? data[name] : undefined), `has no data.${name} of its form`);
  }
}

/** The keys an event introduces: rows of the ring, not yet in it. Refuses nothing; `checkIntroduced` does. */
export function introduced({ type, data }) {
  if (type === "ledger.opened") {
    return data.authority_keys.map((key) => row(key.key_id, SIGNING_TYPE, key.public_key, key.nation, key.nation, {}));
  }
  if (type !== "key.registered" && type !== "key.rotated") return [];
  return [row(data.registered, data.type_code, data.public_key, null, null, data)];
}

function row(keyId, typeCode, base64, nation, owner, data) {
  return {
    keyId,
    typeCode,
    publicKey: bytesOfBase64(base64),
    nation,
    owner,
    role: data.role ?? "national_authority",
    mayAppend: data.may_append ?? [],
    nextKeyDigest: data.next_key_digest ?? null,
    since: 0,
    until: 0,
    suspended: false,
    suspectFrom: 0,
    successor: null,
  };
}

/** The ring and the registry as they stand before the next entry. */
export class Ring {
  constructor() {
    this.keys = new Map();
    this.authority = new Map();
    this.registry = new Map(NATIONS.map((nation) => [nation, nation]));
    this.origin = null;
    this.policies = [];
    this.carried = new Map();
    this.frozen = false;
    this.closed = false;
  }

  /** Refuse keys whose id is not theirs, or that the ring has. */
  checkIntroduced(keys) {
    for (const key of keys) {
      const sound =
        key.publicKey.length === PUBLIC_BYTES[key.typeCode] && keyIdOf(key.typeCode, key.publicKey) === key.keyId;
      require(sound && !this.keys.has(key.keyId), "introduces a key under a wrong id, or one that is known");
    }
  }

  /** Whether a key may sign at the position that follows. */
  inForce(keyId) {
    const key = this.keys.get(keyId);
    return key !== undefined && key.until === 0 && !key.suspended;
  }

  /** The newest successor of a key, or the key itself. */
  newest(keyId) {
    let key = this.keys.get(keyId);
    while (key.successor !== null) key = this.keys.get(key.successor);
    return key;
  }

  /** The nation a code is registered with, or undefined. */
  nationOf(code) {
    return this.registry.get(code);
  }

  /** Take up what an allowed entry at `position` changes. */
  apply(payload, keys, position) {
    if (Object.hasOwn(CHANGES, payload.type)) CHANGES[payload.type](this, payload.data, keys, position);
  }

  add(key, position) {
    this.keys.set(key.keyId, { ...key, since: position });
  }

  end(keyId, position) {
    const key = this.keys.get(keyId);
    key.until ||= position + 1;
  }
}

const CHANGES = {
  "ledger.opened": (ring, data, keys, position) => {
    ring.origin = data.origin;
    ring.carried = new Map(Object.entries(data.predecessor?.open_streams ?? {}));
    for (const key of keys) {
      ring.add(key, position);
      ring.authority.set(key.nation, key.keyId);
    }
  },
  "ledger.frozen": (ring) => {
    ring.frozen = true;
  },
  "ledger.thawed": (ring) => {
    ring.frozen = false;
  },
  "ledger.closed": (ring) => {
    ring.closed = true;
  },
  "policy.adopted": (ring, data) => {
    ring.policies.push({ fromSize: data.from_size, sha256: data.sha256 });
  },
  "authority.registered": (ring, data) => ring.registry.set(data.code, data.nation),
  "key.registered": (ring, data, [key], position) => {
    const nation = ring.nationOf(data.owner);
    const mayAppend = key.role === "sealer" && key.mayAppend.length === 0 ? ["sealed.recorded"] : key.mayAppend;
    ring.add({ ...key, mayAppend, owner: data.owner, nation: isNation(nation) ? nation : "OPERATOR" }, position);
  },
  "key.rotated": (ring, data, [key], position) => {
    const { owner, nation, role, mayAppend } = ring.keys.get(data.old);
    ring.add({ ...key, owner, nation, role, mayAppend }, position);
    ring.keys.get(data.old).successor = key.keyId;
    ring.end(data.old, position);
    if (ring.authority.get(nation) === data.old) ring.authority.set(nation, key.keyId);
  },
  "key.revoked": (ring, data, _, position) => ring.end(data.key, position),
  "key.compromised": (ring, data, _, position) => {
    ring.end(data.key, position);
    ring.keys.get(data.key).suspectFrom = data.suspect_from_position;
  },
  "key.suspended": (ring, data) => {
    ring.keys.get(data.key).suspended = true;
  },
  "key.reinstated": (ring, data) => {
    ring.keys.get(data.key).suspended = false;
  },
};
