// The result of a verification, for people: the verdict first, then what it rests on.

import { code, dayText, instant, instantText, make, table, terms } from "./dom.js";
import { entryLists, goToEntry } from "./entrylist.js";
import { PROBLEMS } from "./problems.js";

const SIGNS = { proven: "✓", "not-final": "!", "internally-consistent": "!", refused: "✕" };

/**
 * The parts of the result of `{document, found, file, policy}` in one language (`words`, `language` its code), to be laid one
 * under another. `policy` has the name and SHA-256 of the file from elsewhere, null where there is none.
 */
export function resultParts({ document: told, found, file, policy }, words, language) {
  const parts = [banner(told, words)];
  const given = givenTerms(file, policy, words);
  if (told.problem !== null) return [...parts, problemPart(told.problem, given, words, language)];
  const entries = entryLists(found, words);
  const goTo = (position) => goToEntry(entries, position);
  parts.push(questionPart(told, given, words));
  if (told.answer !== null) parts.push(answerPart(told, words, goTo));
  parts.push(listsPart(told, words), keysPart(told, words), entries);
  return parts;
}

function banner({ verdict, exercise }, words) {
  const sign = make("span", { class: "sign", "aria-hidden": "true" }, SIGNS[verdict]);
  const title = make("h2", { id: "verdict", tabindex: "-1" }, sign, words.verdict[verdict]);
  const invented = exercise ? make("p", { class: "invented" }, words.invented) : null;
  const means = make("p", {}, words.verdictMeans[verdict]);
  return make("section", { class: `banner ${verdict}`, "data-verdict": verdict }, title, means, invented);
}

/** What was checked, and under which policy: a printed result must say so itself. */
function givenTerms(file, policy, words) {
  const trusted = policy === null ? words.ownPolicy : [`${policy.name}, SHA-256 `, code(policy.sha256)];
  return [
    [words.file, `${file.name} (${words.bytes(file.size)})`],
    [words.policyUsed, ...[trusted].flat()],
  ];
}

function problemPart({ code: problem, file: name }, given, words, language) {
  const meaning = PROBLEMS.get(problem)?.[language] ?? problem;
  return make(
    "section",
    { class: "part" },
    make("h3", {}, words.problem),
    make("p", {}, make("strong", {}, meaning)),
    terms([words.problemCode, code(problem)], name === null ? null : [words.problemFile, code(name)], ...given),
  );
}

function questionPart({ question, log }, given, words) {
  return make(
    "section",
    { class: "part" },
    make("h3", {}, words.question),
    make("p", { class: "asked" }, words.asked[question.kind](told(question, words.locale))),
    terms(
      ...given,
      [words.log, `${log.origin}, ${words.logSize(log.size)}`],
      [words.root, code(log.root)],
    ),
  );
}

/** A question with its days and instants as people of a language write them. */
function told(question, locale) {
  const day = (text) => dayText(text, locale);
  const write = (name, text) =>
    name === "day" ? day(text) : ["as_of", "from", "to"].includes(name) ? instantText(text, locale) : text;
  return Object.fromEntries(Object.entries(question).map(([name, text]) => [name, write(name, text)]));
}

function answerPart({ question, answer, entries, not_proven: notProven }, words, goTo) {
  const part = make("section", { class: "part" }, make("h3", {}, words.answer));
  if (question.kind === "figure") part.append(...figureParts(answer, words, goTo));
  else {
    const rows = Object.entries(answer.figures).map(([name, value]) => [name, value.toLocaleString(words.locale)]);
    part.append(table(words.answer, [words.line.figure, words.line.value], rows, [1]), make("p", {}, words.reportNote));
  }
  const window = [instant(answer.window.from, words.locale), " – ", instant(answer.window.to, words.locale)];
  part.append(terms([words.window, ...window], [words.ruleset, answer.ruleset]));
  const { GB, FR } = answer.not_opened;
  if (GB + FR > 0) part.append(make("p", {}, words.notOpened(GB, FR)));
  if (entries.withheld > 0 && notProven.includes("answer-whole")) part.append(make("p", {}, words.notGiven(entries.withheld)));
  return part;
}

function figureParts({ lines, unit, value }, words, goTo) {
  const number = (n) => n.toLocaleString(words.locale);
  const { position, quantity, event, total } = words.line;
  const rows = lines.map((line) => {
    const show = {
      type: "button",
      class: "plain",
      "aria-label": words.showEntry(line.position),
      onclick: () => goTo(line.position),
    };
    return [make("button", show, `${line.position}`), number(line.quantity), code(line.event)];
  });
  rows.push([make("strong", {}, total), make("strong", {}, number(value)), ""]);
  const big = make("p", { class: "value" }, make("strong", {}, number(value)), ` (${unit})`);
  return [big, table(words.linesTitle, [position, quantity, event], rows, [1]), make("p", {}, words.answerNote)];
}

/** What is proven, assumed and not proven: three lists side by side where there is room. */
function listsPart(told, words) {
  const list = (title, said, codes) => {
    const items = codes.map((one) => make("li", { "data-code": one }, said[one]?.(told) ?? one));
    return make("section", {}, make("h3", {}, title), make("ul", {}, items));
  };
  return make(
    "div",
    { class: "part lists" },
    list(words.provenTitle, words.proven, told.proven),
    list(words.assumedTitle, words.assumed, told.assumed),
    list(words.notProvenTitle, words.notProven, told.not_proven),
  );
}

function keysPart({ cosigned, keys }, words) {
  const part = make("section", { class: "part" }, make("h3", {}, words.keysTitle));
  const at = (time) => instant(isoOf(time), words.locale);
  if (cosigned.length === 0) part.append(make("p", {}, words.nobody));
  else
    part.append(
      table(
        words.cosignedTitle,
        [words.cosigner.name, words.cosigner.time],
        cosigned.map(({ name, time }) => [name, at(time)]),
      ),
    );
  const { owner, nation, role, signed, keyId } = words.signer;
  const rows = keys.map((key) => [
    key.owner,
    key.nation,
    words.role[key.role],
    `${key.signed}`,
    code(`${key.key_id.slice(0, 16)}…`),
  ]);
  part.append(table(words.signersTitle, [owner, nation, role, signed, keyId], rows, [3]));
  return part;
}

/** Unix seconds as an instant; as the number itself where no calendar reaches that far. */
function isoOf(seconds) {
  const at = new Date(Number(seconds) * 1000);
  return Number.isNaN(at.getTime()) ? String(seconds) : at.toISOString();
}
