// Runs the script of verify.html, exactly as it is shipped, on bundles: `node bundles.mjs SCRIPT`. Each line on standard input is a
// JSON object of `bundle` and `policy` (paths; null for none); each line on standard output is the document of the verdict, or
// {"refused": …} where the policy is none.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

await import(pathToFileURL(process.argv[2]).href);
const { formatCanonical, parsePolicy, verifyBundle } = globalThis.entente;

function sourceOf(path) {
  const bytes = new Uint8Array(readFileSync(path));
  return { size: bytes.length, read: async (start, end) => bytes.subarray(start, end) };
}

async function answer({ bundle, policy }) {
  let given = null;
  try {
    given = policy === null ? null : parsePolicy(new Uint8Array(readFileSync(policy)));
  } catch (wrong) {
    return { refused: wrong.message };
  }
  return (await verifyBundle(sourceOf(bundle), given)).document;
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${formatCanonical(await answer(JSON.parse(line)))}\n`);
}
