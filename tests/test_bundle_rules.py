"""Bundles by somebody who holds every key: what may stand beside a log's entries, and all that verifiers are asked about."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from ledger.formats import strict
from ledger.formats.entry import parse_entry
from tests.bundle_forging import forged
from tests.bundles import FIGURE, code_of, files_of, key, manifested
from tests.test_bundle_forgeries import (
    ALLOWED,
    BAD_ENTRIES,
    CLAIMS,
    ENTRIES,
    FORBIDDEN,
    REGISTERED,
    behind,
    indexed,
    public,
    said,
)  # fmt: skip

NEXT = len(ENTRIES) + 1

# -- beside the entries ------------------------------------------------------------------------------------------------------


def line_of(position: int) -> bytes:
    """The figure with one more line of nothing, under the id that an entry shows to everybody."""
    shown = strict.parse(parse_entry(dict(files_of(FIGURE))[f"entries/{position}"]).payload)["id"]
    line = {"event": shown, "position": position, "quantity": 0}
    return manifested(FIGURE, lambda m: m["answer"]["lines"].append(line))


def reported(document: bytes, **commits: str) -> bytes:
    """A report of no figures by London's official, a document said to be its figures, and the digests it commits to."""
    window = {"from": "2015-08-26T00:00:00.000000Z", "to": "2015-08-27T00:00:00.000000Z"}
    data = {"nation": "GB", "figures": {}, "position": NEXT, "ruleset": "gb/9", "window": window} | commits
    official = said("key.registered", REGISTERED | {"public_key": public("new"), "role": "official"}, "GB", "new")
    entries = behind(official, said("report.issued", data, "new", authority="BF", key_id=key("new").key_id))
    asked = strict.parse(parse_entry(entries[-1]).payload)["id"]
    answer = {"figures": {}, "not_opened": {"FR": 1, "GB": 1}, "position": NEXT, "ruleset": "gb/9", "window": window}
    claims = {"question": {"kind": "report", "report": asked}, "complete": {"kind": "positions", "first": 1, "last": NEXT}}
    made = forged(entries, [(f"reports/{asked}.figures.json", document)])
    return manifested(made, lambda m: m.update(claims | {"answer": answer}))


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


BESIDE: dict[str, tuple[str, bytes]] = {
    "a line of an entry that is sealed, and not opened": ("answer-lines", line_of(20)),
    "a line of an entry that is sealed, by its outside": ("answer-lines", line_of(19)),
    "a line of nothing": ("answer-wrong", line_of(16)),
    "a report's figures": ("answer-wrong", reported(b"{}", content_sha256=sha256(b"{}"))),
    "a report that commits to others": ("report-digest", reported(b"{}", content_sha256=sha256(b'{"G1":1}'))),
    "a report that commits to none": ("report-digest", reported(b"{}")),
    "a report that states none and commits to some": (
        "report-digest", reported(b'{"G1":1}', content_sha256=sha256(b'{"G1":1}'))),
    "a report that commits to another spelling": ("report-digest", reported(b"{ }", content_sha256=sha256(b"{ }"))),
}  # fmt: skip


@pytest.mark.parametrize(("code", "content"), BESIDE.values(), ids=BESIDE.keys())
def test_what_stands_beside_the_entries_is_what_it_says(code: str, content: bytes) -> None:
    assert code_of(content) == code


# -- what other verifiers are asked ------------------------------------------------------------------------------------------


def told() -> dict[str, bytes]:
    """Every bundle of these tables and of those about entries and claims, by name: all verifiers say the same of each."""
    steps: dict[str, Any] = ALLOWED | FORBIDDEN
    cases = {name: forged(entries) for name, (_, entries) in BAD_ENTRIES.items()}
    cases |= {name: forged(behind(*taken)) for name, taken in steps.items()}
    cases |= {name: manifested(content, change) for name, (_, content, change) in CLAIMS.items()}
    cases |= {f"an index of {size}": indexed(size) for size in (len(ENTRIES), len(ENTRIES) + 1)}
    return cases | {name: content for name, (_, content) in BESIDE.items()}
