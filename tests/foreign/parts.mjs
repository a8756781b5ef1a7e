// Single functions of verify.html, asked one by one: `node parts.mjs SCRIPT`. Each line on standard input is `[module, name, ...]`
// with arguments behind, each line on standard output the answer, a value as JSON. Bytes are {"hex": …} both ways. What is refused
// is {"refused": …}. A name that is no function is answered with its value, whose functions are left out. `name:method` asks the
// method of what the function gives, with the last argument.

import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

// The modules of the page are constants of its script; a copy that ends in one export more lets them be asked.
const script = readFileSync(process.argv[2], "utf-8");
const modules = [...script.matchAll(/^const (\$\w+) = \(\(\) => \{$/gm)].map(([, name]) => name);
const copy = `${process.argv[2]}.parts.mjs`;
writeFileSync(copy, `${script}\nexport const parts = { ${modules.join(", ")} };\n`);
const { parts } = await import(pathToFileURL(copy).href);

const isBytes = (value) => value instanceof Uint8Array;
const hex = (bytes) => ({ hex: Buffer.from(bytes).toString("hex") });
const written = (_, value) => (isBytes(value) ? hex(value) : value instanceof Map ? [...value] : typeof value === "bigint" ? `${value}` : value);
const read = (value) => (value && typeof value.hex === "string" ? new Uint8Array(Buffer.from(value.hex, "hex")) : value);

for await (const line of createInterface({ input: process.stdin })) {
  const [module, spelled, ...given] = JSON.parse(line);
  const [name, method] = spelled.split(":");
  const named = parts[`$${module}`][name];
  const part = method ? (...all) => named(...all.slice(0, -1))[method](all.at(-1)) : named;
  let answer;
  try {
    answer = typeof part === "function" ? await part(...given.map(read)) : part;
  } catch (wrong) {
    answer = { refused: wrong.message };
  }
  process.stdout.write(`${JSON.stringify(answer ?? null, written)}\n`);
}
