// The page: choose a bundle and perhaps a policy, have it checked, read the result in either language.

import { Malformed, hexOf } from "./bytes.js";
import { takeDrops } from "./drop.js";
import { ENGLISH } from "./english.js";
import { FRENCH } from "./french.js";
import { NOTE_BYTES_MAX } from "./note.js";
import { parsePolicy } from "./policy.js";
import { resultParts } from "./report.js";
import { sha256 } from "./sha2.js";
import { blobSource } from "./source.js";
import { verifyBundle } from "./verify.js";

const LANGUAGES = { en: ENGLISH, fr: FRENCH };
// How often the page lets the browser draw while it works.
const PAUSE_MILLISECONDS = 50;

const state = { language: "en", result: null, trouble: null, run: 0 };
const at = (id) => document.getElementById(id);
const words = () => LANGUAGES[state.language];

/** Give the page its life; called once, when it is there. */
export function start() {
  state.language = navigator.language.toLowerCase().startsWith("fr") ? "fr" : "en";
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => speak(button.dataset.language));
  }
  for (const id of ["bundle", "policy"]) at(id).addEventListener("change", () => chosen(id));
  takeDrops(chosen, () => fail((said) => said.oneFile));
  at("form").addEventListener("submit", (submitted) => {
    submitted.preventDefault();
    run();
  });
  at("print").addEventListener("click", () => window.print());
  at("lifeless").hidden = true;
  at("form").hidden = false;
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
  for (const id of ["bundle", "policy"]) showChosen(id);
  showTrouble();
  showResult();
}

/** Another file is chosen: what was found of the one before must not stand under its name. */
function chosen(id) {
  forget();
  showChosen(id);
}

/** Nothing is found, and what still runs goes unheard. */
function forget() {
  state.run += 1;
  Object.assign(state, { result: null, trouble: null });
  at("progress").hidden = true;
  at("status").className = "heard";
  at("status").textContent = "";
  showTrouble();
  showResult();
}

function fail(trouble) {
  forget();
  state.trouble = trouble;
  showTrouble();
}

function showChosen(id) {
  const [file] = at(id).files;
  at(`${id}-name`).textContent = file ? `${file.name} (${words().bytes(file.size)})` : words().noFile;
}

function showTrouble() {
  at("trouble").hidden = state.trouble === null;
  at("trouble").textContent = state.trouble === null ? "" : state.trouble(words());
}

function showResult() {
  at("result").replaceChildren(...(state.result === null ? [] : resultParts(state.result, words(), state.language)));
  at("print").hidden = state.result === null;
}

/** Check what is chosen. Choosing to check again while one runs leaves the older run unheard. */
async function run() {
  forget();
  const mine = state.run;
  const [bundle] = at("bundle").files;
  const [policyFile] = at("policy").files;
  try {
    if (!bundle) state.trouble = (said) => said.needsBundle;
    else {
      const policy = policyFile ? await readPolicy(policyFile) : null;
      const { document: told, found } = await verifyBundle(
        blobSource(bundle),
        policy && policy.parsed,
        (...step) => pace(mine, ...step),
      );
      const file = { name: bundle.name, size: bundle.size };
      if (mine === state.run) state.result = { document: told, found, file, policy };
    }
  } catch (wrong) {
    if (mine === state.run) state.trouble = explain(wrong, bundle, policyFile);
  }
  if (mine === state.run) finish();
}

/** The policy, and what a printed result says of it. */
async function readPolicy(file) {
  if (file.size > NOTE_BYTES_MAX) throw new Malformed("is too long");
  const bytes = new Uint8Array(await file.arrayBuffer());
  return { parsed: parsePolicy(bytes), name: file.name, sha256: hexOf(sha256(bytes)) };
}

function explain(wrong, bundle, policyFile) {
  if (wrong instanceof Malformed) return (said) => said.badPolicy(policyFile.name);
  if (wrong instanceof DOMException) return (said) => said.unreadable(bundle.name);
  console.error(wrong);
  return (said) => said.broke;
}

function finish() {
  at("status").className = "heard";
  at("progress").hidden = true;
  showTrouble();
  showResult();
  const verdict = at("verdict");
  if (verdict === null) return;
  // Whoever hears the page is told the verdict; whoever uses keys goes on from there.
  const { verdict: word } = state.result.document;
  at("status").textContent = `${words().verdict[word]}. ${words().verdictMeans[word]}`;
  verdict.focus({ preventScroll: true });
  verdict.parentElement.scrollIntoView({ block: "start" });
}

let drawn = 0;

/** Show how far a run is, now and then, and let the browser draw and listen. */
async function pace(mine, step, done, of) {
  if (mine !== state.run) throw new Superseded();
  const now = performance.now();
  if (now - drawn < PAUSE_MILLISECONDS) return;
  drawn = now;
  at("progress").hidden = false;
  at("status").className = "";
  const said = `${words().checking[step]}`;
  if (at("status").textContent !== said) at("status").textContent = said;
  at("count").textContent = words().ofSoMany(done, of);
  Object.assign(at("bar"), { max: of, value: done });
  await new Promise((resume) => setTimeout(resume));
}

/** Thrown into a run that a newer one has replaced. */
class Superseded extends Error {}
