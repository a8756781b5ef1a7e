// The signing page: a key that never leaves this browser, a draft read in words, and one signature more on it.

import { Malformed, base64Of } from "./bytes.js";
import { code, make, table, terms } from "./dom.js";
import { DRAFT_BYTES_MAX, isFor, messageOf, readDraft, signedDraft } from "./drafts.js";
import { forgetKey, keptKey, makeKey, signWith } from "./keystore.js";
import { wordsOf } from "./signerwords.js";

const state = { language: "en", key: null, draft: null, name: "", trouble: null, said: null, isSure: false };
const at = (id) => document.getElementById(id);
const words = () => wordsOf(state.language);

start();

async function start() {
  state.language = navigator.language.toLowerCase().startsWith("fr") ? "fr" : "en";
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => speak(button.dataset.language));
  }
  at("draft").addEventListener("change", chosen);
  try {
    state.key = await keptKey();
  } catch {
    state.trouble = "unsupported";
  }
  speak(state.language);
}

/** Say everything in a language. */
function speak(language) {
  state.language = language;
  document.documentElement.lang = language;
  document.title = `${words().title} – Entente`;
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = words()[element.dataset.text];
  show();
}

function show() {
  at("trouble").hidden = state.trouble === null;
  at("trouble").textContent = state.trouble === null ? "" : words()[state.trouble];
  at("status").textContent = state.said === null ? "" : words()[state.said];
  at("signing").hidden = state.key === null;
  at("draft-name").textContent = state.name || words().none;
  at("key").replaceChildren(...(state.key === null ? withoutKey() : withKey()));
  at("events").replaceChildren(...(state.draft === null ? [] : [...state.draft.map(eventPart), signingPart()]));
}

// -- the key

function withoutKey() {
  const button = make("button", { type: "button", id: "make", class: "main", onclick: made }, words().make);
  return [make("p", {}, words().noKey), make("p", {}, button)];
}

function withKey() {
  const sure = state.isSure ? words().sure : words().forget;
  return [
    terms([words().madeOf, code(state.key.keyId)]),
    make("p", { class: "hint" }, words().publicHint),
    make("p", {}, make("button", { type: "button", id: "public", onclick: savePublic }, words().publicHalf)),
    make("p", {}, make("button", { type: "button", id: "forget", class: "plain", onclick: forgotten }, sure)),
  ];
}

async function made() {
  try {
    state.key = await makeKey();
    state.trouble = null;
  } catch {
    state.trouble = "unsupported";
  }
  show();
}

async function forgotten() {
  if (!state.isSure) {
    state.isSure = true;
  } else {
    await forgetKey();
    Object.assign(state, { key: null, draft: null, name: "", isSure: false, said: null });
    at("draft").value = "";
  }
  show();
}

function savePublic() {
  const half = { type_code: "01", key_id: state.key.keyId, public_key: base64Of(state.key.publicKey) };
  save(`${state.key.keyId.slice(0, 16)}.public.json`, JSON.stringify(half));
}

// -- the draft

async function chosen() {
  const [file] = at("draft").files;
  Object.assign(state, { draft: null, name: file ? file.name : "", trouble: null, said: null });
  try {
    if (file) state.draft = file.size > DRAFT_BYTES_MAX ? fail("notDraft") : checked(readDraft(await file.text()));
  } catch (wrong) {
    if (!(wrong instanceof Malformed)) throw wrong;
    state.trouble = "notDraft";
  }
  show();
}

function checked(items) {
  if (items.some((each) => each.signers.includes(state.key.keyId))) return fail("already");
  if (!items.every((each) => isFor(each.event, state.key.keyId))) return fail("notHere");
  return items;
}

function fail(trouble) {
  state.trouble = trouble;
  return null;
}

function eventPart({ event, signers, digest }) {
  const { data } = event;
  const said = [
    [words().origin, String(event.origin)],
    [words().stream, String(event.stream)],
    [words().authority, String(event.authority)],
    [words().at, String(event.occurred_at)],
    [words().by, signers.length ? signers.map((id) => `${id.slice(0, 16)}…`).join(", ") : words().nobody],
    [words().digest, code(digest)],
  ];
  const sections = Array.isArray(event.sections) ? event.sections.map((each) => String(each.name)) : [];
  if (sections.length) said.push([words().sealed, sections.join(", ")]);
  return make(
    "section",
    { class: "event" },
    make("h3", {}, String(event.type)),
    terms(...said),
    event.type === "report.issued" ? figures(data) : null,
    make("h4", {}, words().rest),
    make("pre", { tabindex: "0", class: "scroll" }, JSON.stringify(data, null, 2)),
  );
}

/** A report's figures first: they are what the official answers for. */
function figures(data) {
  const rows = Object.entries(data.figures ?? {}).map(([name, value]) => [name, String(value)]);
  for (const each of Array.isArray(data.withheld) ? data.withheld : []) rows.push([String(each.code), words().withheld]);
  return table(words().figures, [words().figure, words().value], rows, [1]);
}

function signingPart() {
  const button = make("button", { type: "button", id: "sign", class: "main", disabled: "", onclick: signed }, words().sign);
  const box = make("input", { type: "checkbox", id: "read", onchange: () => (button.disabled = !box.checked) });
  return make("div", {}, make("p", {}, make("label", {}, box, ` ${words().read}`)), button);
}

async function signed() {
  const signatures = [];
  for (const each of state.draft) signatures.push(await signWith(state.key, messageOf(each)));
  save(state.name.replace(/(\.[a-z]+)?$/, (end) => `.signed${end}`), signedDraft(state.draft, state.key.keyId, signatures));
  Object.assign(state, { draft: null, name: "", said: "signed" });
  at("draft").value = "";
  show();
}

/** Give a file to the browser's downloads. */
function save(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  make("a", { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}
