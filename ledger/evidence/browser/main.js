// The entrance. In a browser it gives the page its life; everywhere it leaves the verifier itself within reach, for a
// console and for the tests, which run exactly the script that is shipped.

import { formatCanonical } from "./canonical.js";
import { start } from "./page.js";
import { parsePolicy } from "./policy.js";
import { verifyBundle } from "./verify.js";

globalThis.entente = { formatCanonical, parsePolicy, verifyBundle };
if (globalThis.document) start();
