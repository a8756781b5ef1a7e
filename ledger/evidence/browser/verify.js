// The order in which a bundle is checked (docs/format.md, section 12.9). The first failure ends it and names its code and
// file.

import { checkAnswer, checkAnswerForm, checkReportFiles } from "./answers.js";
import { checkBounds, checkOriginals } from "./bounds.js";
import { base64Of } from "./bytes.js";
import { checkComplete, checkKeys, checkPolicy, checkPurpose, checkTimes } from "./claims.js";
import { readEntries } from "./entries.js";
import { openBundle } from "./files.js";
import { checkIndexes } from "./indexes.js";
import { parseCheckpoint } from "./note.js";
import { judge, parsePolicy } from "./policy.js";
import { Problem, check, checked } from "./problem.js";
import { checkTimestamps } from "./timestamps.js";
import { refusal, verdictOf } from "./verdict.js";

/**
 * Verify a bundle. `source` is `{size, read(start, end)}`, the latter a promise of bytes; `policy` one that came from
 * elsewhere (`parsePolicy`), or null; `progress(step, done, of)` may return a promise and is awaited.
 *
 * Gives `{document, found}`: the document of section 12.10, and what was learnt where the bundle was not refused (else
 * null).
 */
export async function verifyBundle(source, policy = null, progress = async () => {}) {
  try {
    const found = await checkAll(source, policy, progress);
    return { document: verdictOf(found), found };
  } catch (wrong) {
    if (wrong instanceof Problem) return { document: refusal(wrong), found: null };
    throw wrong;
  }
}

async function checkAll(source, policy, progress) {
  const bundle = await openBundle(source, (done, of) => progress("files", done, of));
  const { manifest } = bundle;
  const checkpointBytes = await bundle.read("checkpoint");
  const { checkpoint, decided } = await checkCheckpoint(bundle, checkpointBytes, policy);
  const reading = await readEntries(bundle, checkpoint, checkpointBytes, (done, of) => progress("entries", done, of));
  checkTimes(reading, decided.first);
  const lastVersion = await checkClaims(bundle, reading);
  return { bundle, manifest, decided, elsewhere: policy !== null, reading, lastVersion };
}

/** The checkpoint under the bundle's own policy, then under the one from elsewhere, which decides where there is one. */
async function checkCheckpoint(bundle, bytes, policy) {
  const policyBytes = await bundle.read("policy.txt");
  const own = checked(() => parsePolicy(policyBytes), "policy-form");
  const checkpoint = checked(() => parseCheckpoint(bytes), "checkpoint");
  let decided = await checked(() => judge(own, checkpoint), "checkpoint");
  check(decided.holds, "checkpoint");
  if (policy !== null) {
    decided = await checked(() => judge(policy, checkpoint), "checkpoint-elsewhere");
    check(decided.holds, "checkpoint-elsewhere");
  }
  const { origin, root, size } = bundle.manifest.log;
  const same = origin === checkpoint.origin && size === checkpoint.size && root === base64Of(checkpoint.root);
  check(same, "log-differs");
  return { checkpoint, decided };
}

/** What is claimed. Gives whether the last version of a stream is proven to be the last. */
async function checkClaims(bundle, reading) {
  const { manifest } = bundle;
  await checkKeys(bundle, reading.ring);
  await checkPolicy(bundle, reading.ring);
  checkComplete(bundle, reading);
  checkPurpose(manifest, reading);
  checkAnswerForm(manifest);
  if (manifest.question.kind !== "stream") checkBounds(manifest, reading);
  if (manifest.answer !== undefined) {
    checkOriginals(manifest, reading);
    checkAnswer(manifest, reading);
  }
  await checkReportFiles(bundle, reading);
  const lastVersion = await checkIndexes(bundle, reading);
  await checkTimestamps(bundle, reading.checkpointBytes);
  return lastVersion;
}
