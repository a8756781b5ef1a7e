// Which files a bundle may hold, how large, and in which order (docs/format.md, sections 12.1 and 12.2).

const KIB = 1024;
const FIXED = [
  ["manifest.json", 16384 * KIB],
  ["RECIPE.txt", 64 * KIB],
  ["verify.html", 8192 * KIB],
  ["checkpoint", 256 * KIB],
  ["policy.txt", 256 * KIB],
  ["keys.jsonl", 16384 * KIB],
];
/** Those that are always there. */
export const ALWAYS = ["manifest.json", "RECIPE.txt", "checkpoint", "policy.txt", "keys.jsonl"];
export const MANIFEST = "manifest.json";

const PATTERN = {
  entry: /^entries\/([1-9][0-9]{0,15})(\.tlog-proof)?$/,
  section: /^sections\/([1-9][0-9]{0,15})-(0|[1-9][0-9]?)\.(sealed|key)$/,
  report:
    /^reports\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.(figures\.json|unsigned\.pdf|signed\.pdf)$/,
  beside: /^(index|timestamps)\/([a-z0-9-][a-z0-9.-]{0,63})$/,
};
const REPORT_FILES = ["figures.json", "unsigned.pdf", "signed.pdf"];
const SECTIONS_MAX = 16;

/**
 * What a file's name says, or null where no file has such a name: `{kind, limit, order, …}`. Names sort by `order`,
 * compared part by part.
 */
export function parseName(name) {
  const fixed = FIXED.findIndex(([known]) => known === name);
  if (fixed >= 0) return { kind: "fixed", limit: FIXED[fixed][1], order: [fixed] };
  return parseEntryName(name) ?? parseSectionName(name) ?? parseReportName(name) ?? parseBesideName(name);
}

function parseEntryName(name) {
  const [whole, position, proof] = PATTERN.entry.exec(name) ?? [];
  if (whole === undefined || !Number.isSafeInteger(Number(position))) return null;
  const order = [10, Number(position), proof ? 1 : 0];
  return { kind: proof ? "proof" : "entry", position: Number(position), limit: proof ? 272 * KIB : 65535, order };
}

function parseSectionName(name) {
  const [whole, position, index, part] = PATTERN.section.exec(name) ?? [];
  if (whole === undefined || !Number.isSafeInteger(Number(position)) || Number(index) >= SECTIONS_MAX) return null;
  const order = [11, Number(position), Number(index), part === "sealed" ? 0 : 1];
  return { kind: part, position: Number(position), index: Number(index), limit: part === "sealed" ? 256 * KIB : 32, order };
}

function parseReportName(name) {
  const [whole, report, part] = PATTERN.report.exec(name) ?? [];
  if (whole === undefined) return null;
  return { kind: "report", report, part, limit: 65536 * KIB, order: [12, report, REPORT_FILES.indexOf(part)] };
}

function parseBesideName(name) {
  const [whole, folder, rest] = PATTERN.beside.exec(name) ?? [];
  if (whole === undefined) return null;
  return { kind: folder, limit: 1024 * KIB, order: [folder === "index" ? 13 : 14, rest] };
}

/** Whether a file of order `left` stands before one of order `right`. */
export function standsBefore(left, right) {
  const at = left.findIndex((part, i) => part !== right[i]);
  return at >= 0 && left[at] < right[at];
}

export const entryName = (position) => `entries/${position}`;
export const proofName = (position) => `entries/${position}.tlog-proof`;
export const sectionName = (position, index, part) => `sections/${position}-${index}.${part}`;
