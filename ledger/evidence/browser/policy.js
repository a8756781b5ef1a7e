// Whom the holder of a policy file trusts, and when a checkpoint is final for him (docs/format.md, section 7.2).

import { decimal, equal, require, textOfAny } from "./bytes.js";
import { LOG_TYPE, parseVerifierKey, verifyLines } from "./note.js";

const MEMBERS_MAX = 64;
const NO_QUORUM = "none";

/** `{logs: [key], witnesses: [{name, key}], groups: Map(name → {needed, members}), quorum: name}` of a policy's bytes. */
export function parsePolicy(bytes) {
  const whole = textOfAny(bytes);
  require(whole === "" || whole.endsWith("\n"), "does not end in a newline");
  require(!/[\x00-\x08\x0b-\x1f\x7f]/.test(whole), "has a control character");
  const policy = { logs: [], witnesses: [], groups: new Map(), quorum: null };
  const free = new Set();
  for (const line of whole.split("\n")) {
    const [keyword, ...words] = line.split(/[ \t]+/).filter((word) => word !== "");
    if (keyword === undefined || keyword.startsWith("#")) continue;
    const statement = STATEMENTS.get(keyword);
    require(statement !== undefined, "has a line of no known kind");
    statement(policy, free, words);
  }
  require(policy.quorum !== null, "has no quorum");
  return policy;
}

// `free` are the names that stand in no group yet.
const STATEMENTS = new Map([
  ["log", addLog],
  ["witness", addWitness],
  ["group", addGroup],
  ["quorum", setQuorum],
]);

function addLog(policy, free, words) {
  require(words.length === 1 || words.length === 2, "has a log line of no known form");
  const key = parseVerifierKey(words[0]);
  require(key.type === LOG_TYPE, "has a log with a key that is not a log's");
  requireNew(key, policy.logs);
  policy.logs.push(key);
}

function addWitness(policy, free, words) {
  require(words.length === 2 || words.length === 3, "has a witness line of no known form");
  const key = parseVerifierKey(words[1]);
  require(key.type !== LOG_TYPE, "has a witness with a log's key");
  requireNew(
    key,
    policy.witnesses.map((witness) => witness.key),
  );
  define(policy, free, words[0]);
  policy.witnesses.push({ name: words[0], key });
}

function addGroup(policy, free, [name, count, ...members]) {
  require(members.length >= 1 && members.length <= MEMBERS_MAX, "has a group of no members, or too many");
  const needed = count === "all" ? members.length : count === "any" ? 1 : decimal(count, 1, members.length);
  for (const member of members)
    require(free.delete(member), "has a member that is not known, or stands in a group already");
  define(policy, free, name);
  policy.groups.set(name, { needed, members });
}

function setQuorum(policy, free, words) {
  require(policy.quorum === null && words.length === 1, "has more than one quorum");
  require(words[0] === NO_QUORUM || isDefined(policy, words[0]), "has a quorum that is not known");
  [policy.quorum] = words;
}

function isDefined(policy, name) {
  return policy.groups.has(name) || policy.witnesses.some((witness) => witness.name === name);
}

function define(policy, free, name) {
  require(name !== NO_QUORUM && !isDefined(policy, name), "has a name twice, or a reserved one");
  free.add(name);
}

function requireNew(key, others) {
  require(!others.some((other) => equal(other.publicKey, key.publicKey)), "lists a key twice");
}

/**
 * What a policy makes of a checkpoint: `{holds, final, cosigned: [{name, time}], first}`, the witnesses that signed in the
 * policy's order, and the earliest time of one that its quorum is made of, null where there is none. Refuses where a key of
 * the policy did not sign what it is said to have signed.
 */
export async function judge(policy, checkpoint) {
  const signed = await verifyLines(checkpoint, [...policy.logs, ...policy.witnesses.map((witness) => witness.key)]);
  const holds = policy.logs.some((key) => key.name === checkpoint.origin && signed.has(key));
  const cosigned = policy.witnesses
    .filter((witness) => signed.has(witness.key))
    .map((witness) => ({ name: witness.name, time: signed.get(witness.key) }));
  // A name is defined before it is used, so one walk in order decides every group; groups may nest too deep to recurse.
  const have = new Set(cosigned.map(({ name }) => name));
  for (const [name, { needed, members }] of policy.groups) {
    if (members.filter((member) => have.has(member)).length >= needed) have.add(name);
  }
  const first = earliest(policy, cosigned);
  return { holds, final: policy.quorum === NO_QUORUM || have.has(policy.quorum), cosigned, first };
}

function earliest({ groups, quorum }, cosigned) {
  const counting = new Set([quorum]);
  for (const [name, { members }] of [...groups].reverse()) {
    if (counting.has(name)) for (const member of members) counting.add(member);
  }
  const times = cosigned.filter(({ name }) => counting.has(name)).map(({ time }) => time);
  return times.reduce((first, time) => (first === null || time < first ? time : first), null);
}
