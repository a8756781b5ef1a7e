// Runs the script of verify.html, exactly as it is shipped, on bundles: `node bundles.mjs SCRIPT`. Each line on standard input is a
// JSON object of `bundle` and `policy` (paths; null for none); each line on standard output is the document of the verdict.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

await import(pathToFileURL(process.argv[2]).href);
const { formatCanonical, parsePolicy, verifyBundle } = globalThis.entente;

function sourceOf(path) {
  const bytes = new Uint8Array(readFileSync(path));
  return { size: bytes.length, read: async (start, end) => bytes.subarray(start, end) };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { bundle, policy } = JSON.parse(line);
  const given = policy === null ? null : parsePolicy(new Uint8Array(readFileSync(policy)));
  const { document } = await verifyBundle(sourceOf(bundle), given);
  process.stdout.write(`${formatCanonical(document)}\n`);
}
