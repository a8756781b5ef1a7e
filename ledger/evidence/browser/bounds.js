// Whether the range a bundle gives in full is the one its question asks for: its neighbours in the log show where it begins
// and ends (docs/format.md, section 12.9, "claim-bounds" and "original-missing").

import { check } from "./problem.js";
import { microseconds } from "./words.js";

/** No event is recorded more than this before it says it happened. */
const AHEAD_MICROSECONDS = 120_000_000n;
/** The types that change what earlier versions of their stream say. */
const CHANGING_TYPES = [
  ...["correction.recorded", "incident.confirmed", "incident.declared_unfounded", "incident.link_withdrawn"],
  ...["case.decision_withdrawn", "case.decision_appealed", "case.decision_substituted"],
];

/** The range of a question of kind period, figure or report. */
export function checkBounds(manifest, reading) {
  const { question, answer, complete } = manifest;
  if (question.kind === "period") {
    const { from, to } = question;
    checkRange(manifest, reading, {
      inside: (at) => at >= from && at < to,
      before: (at) => at < from,
      after: (at) => at >= to,
    });
    return;
  }
  check(complete.last === answer.position, "claim-bounds");
  const opens = microseconds(answer.window.from) - AHEAD_MICROSECONDS;
  const before = (at) => microseconds(at) < opens;
  if (question.kind === "figure") {
    const inside = (at) => at <= question.as_of;
    checkRange(manifest, reading, { inside, before, after: (at) => !inside(at) });
  } else {
    checkRange(manifest, reading, { inside: () => true, before, after: null });
    check(reportAsked(manifest, reading)?.position > complete.last, "claim-bounds");
  }
}

/**
 * Each test takes an instant: of a full entry in the range, of the one in front of it, of the one behind it (null: none is
 * asked).
 */
function checkRange({ complete: { first, last }, log: { size } }, { full }, { inside, before, after }) {
  for (const { position, recordedAt } of full.values())
    check(position < first || position > last || inside(recordedAt), "claim-bounds");
  const holds = (position, test) => full.has(position) && test(full.get(position).recordedAt);
  check(first === 1 || holds(first - 1, before), "claim-bounds");
  check(after === null || last === size || holds(last + 1, after), "claim-bounds");
}

/** The `report.issued` event that a question of kind report asks for, where it stands in the bundle in full. */
export function reportAsked({ question }, { full }) {
  return [...full.values()].find(({ id, type }) => id === question.report && type === "report.issued");
}

/** What a changing event changes is there too, or may be among what is withheld in front of it. */
export function checkOriginals({ complete: { first, last } }, { full, withheld, ring }) {
  const seen = new Map();
  let bare = 0;
  for (const { position, stream, type, version } of full.values()) {
    while (bare < withheld.length && withheld[bare] < position) bare += 1;
    const before = seen.get(stream) ?? 0;
    if (position >= first && position <= last && CHANGING_TYPES.includes(type)) {
      check(version - 1 - (ring.carried.get(stream) ?? 0) - before <= bare, "original-missing");
    }
    seen.set(stream, before + 1);
  }
}
