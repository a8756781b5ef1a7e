"""Every bundle that a test tells of and says the answer to, by name: what all verifiers, whoever wrote them, must agree about.

`python -m tests.told FOLDER` writes them for the verifier that somebody is writing now, with the policy and ours' answers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from ledger.evidence.bundle_names import FILES_MAX
from ledger.evidence.bundle_zip import end_record
from ledger.formats import note
from ledger.formats.policy import format_policy
from tests.bundle_forging import forged
from tests.bundles import (
    FIGURE,
    STREAM,
    files_of,
    flipped,
    golden_policy,
    manifested,
    mended,
    packed,
    replaced,
    setting,
    verdict_of,
)  # fmt: skip
from tests.dossier import Maker, pack
from tests.forging import World
from tests.test_bundle_forgeries import ALLOWED, BAD_ENTRIES, CLAIMS, ENTRIES, FORBIDDEN, behind, indexed
from tests.test_bundle_refusals import spoilt
from tests.test_bundle_rules import BESIDE, INSIDE, LINES, MAY_FOLLOW, MAY_NOT_FOLLOW, opened
from tests.test_bundle_tampering import FIELDS, patched

FILES = files_of(STREAM)
CHECKPOINT, POLICY = dict(FILES)["checkpoint"], dict(FILES)["policy.txt"]
KEYS = dict(FILES)["keys.jsonl"].splitlines(keepends=True)
ROW = {"ground": "none", "leaf_hash": "0" * 64, "position": 2}

ARCHIVES: dict[str, bytes] = {
    "a stream": STREAM,
    "a figure": FIGURE,
    "nothing": b"",
    "without its last byte": STREAM[:-1],
    "of too many files": end_record(FILES_MAX + 1, 0, 0),
    "a file under a name that none has": packed([*FILES, ("entries/01", b"")]),
    "a file there twice": packed([*FILES, FILES[-1]]),
    "a file too large": packed(replaced(FILES, "checkpoint", bytes(note.NOTE_BYTES_MAX + 1))),
    "a file changed": flipped(STREAM, 8 * STREAM.index(POLICY)),
    "a file that is not listed": packed(FILES[:-1]),
    "a file listed under no name": manifested(STREAM, lambda m: m["files"][0].update(name="")),
    "an entry withheld that is there": mended(FILES, setting(withheld=[ROW])),
    "a policy that is none": mended(replaced(FILES, "policy.txt", b"quorum\n")),
    "a policy of nobody": mended(replaced(FILES, "policy.txt", b"quorum none\n")),
    "a checkpoint signed for another": mended(replaced(FILES, "checkpoint", flipped(CHECKPOINT, 2))),
    "another log in its manifest": manifested(STREAM, lambda m: m["log"].update(size=9)),
    "what was corrected left out": mended(
        [file for file in files_of(FIGURE) if not file[0].startswith(("entries/15", "entries/21"))],
        lambda m: (
            m.update(withheld=[]),
            m["complete"].update(first=23),
            m["answer"]["window"].update({"from": "2015-08-26T03:00:00.000000Z"}),
        ),
    ),
    "keys in another order": mended(replaced(FILES, "keys.jsonl", b"".join(KEYS[::-1]))),
}


def of_another_log() -> bytes:
    """A sound bundle of a log that the policy does not know."""
    world = World(0)
    world.tell(5)
    return pack(Maker(world, world.rng).make())


def told() -> dict[str, bytes]:
    """All of them. Some take the rules of the figures to refuse: there ours alone says `answer-wrong`."""
    cases = {name: forged(entries) for name, (_, entries) in BAD_ENTRIES.items()}
    cases |= {name: forged(entries) for name, (_, entries) in LINES.items()}
    steps = ALLOWED | FORBIDDEN | MAY_FOLLOW | MAY_NOT_FOLLOW
    cases |= {name: forged(behind(*taken)) for name, taken in steps.items()}
    cases |= {name: manifested(content, change) for name, (_, content, change) in CLAIMS.items()}
    cases |= {f"an index of {size}": indexed(size) for size in (len(ENTRIES), len(ENTRIES) + 1)}
    cases |= {f"a file spoilt: {code}": content for code, _, content in spoilt()}
    cases |= {f"sealed inside: {name}": opened(item) for name, (_, item) in INSIDE.items()}
    cases |= {
        f"an archive: {name}": patched(STREAM, offset, form, value, central=central)
        for name, (offset, form, value, central) in FIELDS.items()
    }
    return cases | ARCHIVES | {"another log's": of_another_log()} | {name: content for name, (_, content) in BESIDE.items()}


def write(folder: Path, cases: Mapping[str, bytes]) -> int:
    """Each as NUMBER.zip, `policy.txt`, and `verdicts.json`: by file its name and our answers with that policy and without."""
    folder.mkdir(parents=True)
    policy, verdicts = golden_policy(), {}
    for number, (name, content) in enumerate(cases.items(), start=1):
        (folder / f"{number}.zip").write_bytes(content)
        answers = {"with policy.txt": verdict_of(content, policy), "without a policy": verdict_of(content)}
        verdicts[f"{number}.zip"] = {"told": name, **answers}
    (folder / "policy.txt").write_bytes(format_policy(policy))
    (folder / "verdicts.json").write_text(json.dumps(verdicts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return len(verdicts)


if __name__ == "__main__":
    print(f"{write(Path(sys.argv[1]), told())} bundles in {sys.argv[1]}")
