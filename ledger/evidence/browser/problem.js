// A failed check, by the code and the file that are the same in every verifier (docs/format.md, section 12.9).

import { Malformed } from "./bytes.js";

export class Problem extends Error {
  constructor(code, file = null) {
    super(file === null ? code : `${code}: ${file}`);
    this.code = code;
    this.file = file;
  }
}

/** Fail with `code` unless `holds`. */
export function check(holds, code, file = null) {
  if (!holds) throw new Problem(code, file);
}

/** What `parse()` gives; if it refuses, fail with `code`. Also for what gives promises. */
export function checked(parse, code, file = null) {
  const fail = (wrong) => {
    throw wrong instanceof Malformed ? new Problem(code, file) : wrong;
  };
  try {
    const result = parse();
    return result instanceof Promise ? result.catch(fail) : result;
  } catch (wrong) {
    return fail(wrong);
  }
}
