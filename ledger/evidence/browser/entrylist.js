// The entries of a verified bundle, each to be opened and read.

import { hexOf } from "./bytes.js";
import { parseCanonical } from "./canonical.js";
import { code, instant, make, terms } from "./dom.js";
import { parseEntry } from "./entry.js";
import { hashLeaf } from "./merkle.js";
import { entryName, proofName } from "./names.js";
import { openSection } from "./opened.js";
import { parsePayload } from "./payload.js";
import { parseProof } from "./proofs.js";
import { sha256 } from "./sha2.js";

const SHOWN_AT_ONCE = 50;
const TEXT_BYTES_MAX = 262144;

/** Two lists: the entries asked for, and those the answer rests on beside them. `words` are those of one language. */
export function entryLists(found, words) {
  const asked = found.bundle.positions.filter((position) => isAsked(found, position));
  const others = found.bundle.positions.filter((position) => !isAsked(found, position));
  const part = (title, note, positions) =>
    make("section", { class: "part" }, make("h3", {}, title), make("p", {}, note), entryList(found, positions, words));
  const parts = [part(words.askedTitle, asked.length > 0 ? words.entriesNote : words.noEntries, asked)];
  if (others.length > 0) parts.push(part(words.othersTitle, words.othersNote, others));
  return make("div", {}, ...parts);
}

function isAsked({ manifest: { complete, withheld }, reading: { full } }, position) {
  if (complete.kind === "positions") return position >= complete.first && position <= complete.last;
  if (full.has(position)) return full.get(position).stream === complete.stream;
  return withheld.some((row) => row.position === position && row.version !== undefined);
}

/** Entries in steps of fifty. */
function entryList(found, asked, words) {
  const list = make("div", { class: "entries" });
  const { full } = found.reading;
  const rows = new Map(found.manifest.withheld.map((row) => [row.position, row]));
  const positions = [...asked];
  const more = make("button", { type: "button", class: "plain", onclick: () => showMore() });
  const showMore = () => {
    for (const position of positions.splice(0, SHOWN_AT_ONCE)) {
      list.append(
        full.has(position) ? fullEntry(found, full.get(position), words) : withheldEntry(rows.get(position), words),
      );
    }
    more.hidden = positions.length === 0;
    more.textContent = words.more(Math.min(positions.length, SHOWN_AT_ONCE));
  };
  showMore();
  return make("div", {}, list, more);
}

/** Open the entry at a position, wherever in the list it is, and go there. */
export function goToEntry(container, position) {
  const find = () => container.querySelector(`#entry-${position}`);
  for (const more of container.querySelectorAll("button.plain")) while (find() === null && !more.hidden) more.click();
  const entry = find();
  entry.open = true;
  entry.querySelector("summary").focus();
  entry.scrollIntoView({ block: "start" });
}

function withheldEntry({ position, ground, leaf_hash: leafHash }, words) {
  const summary = make(
    "summary",
    {},
    make("span", { class: "position" }, `${position}`),
    make("em", {}, words.withheldEntry),
  );
  return make(
    "details",
    { id: `entry-${position}` },
    summary,
    terms([words.ground, ground], [words.leafHash, code(leafHash)]),
  );
}

function fullEntry(found, { position, type, stream, version, recordedAt }, words) {
  const title = [make("span", { class: "position" }, `${position}`), make("strong", {}, type), ` ${stream} · ${version} `];
  const details = make(
    "details",
    { id: `entry-${position}` },
    make("summary", {}, ...title, instant(recordedAt, words.locale)),
  );
  const open = async () => {
    if (!details.open || details.children.length > 1) return;
    details.append(make("div", {}));
    details.lastChild.append(...(await entryParts(found, position, words)));
  };
  details.addEventListener("toggle", open);
  return details;
}

async function entryParts(found, position, words) {
  const { bundle, reading } = found;
  const bytes = await bundle.read(entryName(position));
  const entry = parseEntry(bytes);
  const payload = parsePayload(entry.payload);
  const path = parseProof(await bundle.read(proofName(position)), position, reading.checkpointBytes);
  const said = words.entry;
  return [
    terms(
      [said.recordedAt, code(entry.recordedAt)],
      [said.occurredAt, code(payload.occurred_at)],
      [said.statedAt, code(clockOf(payload.id))],
      [said.authority, payload.authority],
      [said.stream, `${entry.stream} · ${entry.version}`],
      [
        said.signers,
        make(
          "ul",
          {},
          entry.signatures.map((signature) => make("li", {}, ...signer(reading, signature, words))),
        ),
      ],
      [said.id, code(payload.id)],
      [said.payloadHash, code(hexOf(sha256(entry.payload)))],
      [words.leafHash, code(hexOf(hashLeaf(bytes)))],
      [said.path, words.pathLength(path.length)],
    ),
    make("h4", {}, words.payload),
    readable(entry.payload),
    ...(await sectionParts(found, payload, position, words)),
  ];
}

/** The author's clock in an event id: its first 48 bits are milliseconds. */
function clockOf(id) {
  return new Date(parseInt(id.replace("-", "").slice(0, 12), 16)).toISOString();
}

function signer({ ring }, { keyId, batch }, words) {
  const { owner, role } = ring.keys.get(keyId);
  return [
    `${owner}, ${words.role[role]} `,
    code(`${keyId.slice(0, 16)}…`),
    batch === null ? "" : ` (${words.inBatch(batch.n)})`,
  ];
}

async function sectionParts({ bundle, reading }, payload, position, words) {
  if (payload.sections.length === 0) return [];
  const opened = reading.opened.get(position) ?? [];
  const parts = [make("h4", {}, words.sectionsTitle)];
  for (const [index, { name, bytes }] of payload.sections.entries()) {
    if (!opened.includes(index)) parts.push(make("p", {}, words.sectionClosed(name, bytes)));
    else {
      parts.push(make("h5", {}, words.sectionOpened(name)));
      if (name === "inner")
        parts.push(make("p", {}, reading.full.get(position).inner === null ? words.innerUnsound : words.innerSound));
      parts.push(readable(await openSection(bundle, payload, position, index)));
    }
  }
  return parts;
}

/** Bytes for reading: canonical JSON indented, anything else in hex. Always text, never markup. */
function readable(bytes) {
  let text;
  try {
    text = JSON.stringify(parseCanonical(bytes, TEXT_BYTES_MAX), null, 2);
  } catch {
    text = hexOf(bytes);
  }
  return make("pre", { tabindex: "0" }, visible(text));
}

/** Characters that turn or hide what stands around them are shown by their number. */
function visible(text) {
  const hidden = /[\u0080-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
  return text.replace(hidden, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
