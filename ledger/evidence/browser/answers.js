// The answer of a figure or a report, and what stands under it (docs/format.md, sections 12.7 and 12.8).

import { equal, hexOf, utf8 } from "./bytes.js";
import { reportAsked } from "./bounds.js";
import { formatCanonical, isObject } from "./canonical.js";
import { isShowable, listOf, shape } from "./manifest.js";
import { NATIONS } from "./payload.js";
import { check } from "./problem.js";
import { sha256 } from "./sha2.js";
import { isInstant, isInteger, isUuid } from "./words.js";

const isAnyInteger = (value) => Number.isSafeInteger(value);
const isCount = (value) => isInteger(value, 0);
const CODE = /^[A-Za-z0-9][A-Za-z0-9._]{0,63}$/;
const isWindow = shape({ from: isInstant, to: isInstant });
const SHARED = {
  not_opened: shape({ FR: isCount, GB: isCount }),
  position: isCount,
  ruleset: isShowable,
  window: (value) => isWindow(value) && value.from < value.to,
};
const FORMS = {
  figure: shape({
    ...SHARED,
    lines: listOf(shape({ event: isUuid, position: (value) => isInteger(value, 1), quantity: isAnyInteger })),
    unit: isShowable,
    value: isAnyInteger,
  }),
  report: shape({ ...SHARED, figures: isFigures }),
};

function isFigures(value) {
  return isObject(value) && Object.entries(value).every(([code, figure]) => CODE.test(code) && isAnyInteger(figure));
}

/** There is an answer where one belongs, and of its form. */
export function checkAnswerForm({ question, answer }) {
  const holds = FORMS[question.kind];
  check(holds === undefined ? answer === undefined : holds(answer), "answer-form");
}

/** The lines of a figure are in the bundle and add up; a report's figures are those its event states. */
export function checkAnswer(manifest, reading) {
  const { question, answer } = manifest;
  if (question.kind === "figure") check(linesHold(manifest, reading), "answer-lines");
  const counted = countNotOpened(manifest, reading);
  check(
    NATIONS.every((nation) => counted[nation] === answer.not_opened[nation]),
    "answer-lines",
  );
  if (question.kind !== "report") return;
  const { data } = reportAsked(manifest, reading);
  const same = (name) => Object.hasOwn(data, name) && formatCanonical(data[name]) === formatCanonical(answer[name]);
  check(["figures", "position", "ruleset"].every(same), "answer-lines");
}

function linesHold({ answer, complete }, { full }) {
  let sum = 0n;
  for (const { event, position, quantity } of answer.lines) {
    const entry = full.get(position);
    if (entry === undefined || position > complete.last) return false;
    if (event !== (entry.type === "sealed.recorded" ? entry.inner : entry.id)) return false;
    sum += BigInt(quantity);
  }
  return sum === BigInt(answer.value);
}

/** For each nation, the sealed entries in the range that are there in full and whose inside is not opened. */
export function countNotOpened({ complete: { first, last } }, { full }) {
  const counted = { FR: 0, GB: 0 };
  for (const { position, type, opened, data } of full.values()) {
    if (type === "sealed.recorded" && !opened && position >= first && position <= last) counted[data.nation] += 1;
  }
  return counted;
}

const COMMITTED = {
  "figures.json": "content_sha256",
  "unsigned.pdf": "unsigned_pdf_sha256",
  "signed.pdf": "signed_pdf_sha256",
};

/** Files under `reports/` are what the event of the report asked for commits to. */
export async function checkReportFiles({ manifest, members, read }, reading) {
  for (const { kind, name, report, part } of members) {
    if (kind !== "report") continue;
    const asked = manifest.question.kind === "report" && manifest.question.report === report;
    check(asked, "report-digest", name);
    const { data } = reportAsked(manifest, reading);
    const bytes = await read(name);
    check(data[COMMITTED[part]] === hexOf(sha256(bytes)), "report-digest", name);
    if (part === "figures.json") check(equal(bytes, utf8(formatCanonical(data.figures))), "report-digest", name);
  }
}
