"""A report that is to be signed, as its official is shown it: in words, in their language, before any key is touched."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from api.cli.rendering import paragraph, table
from api.cli.words import Words
from projections.nations import RULESETS
from projections.wording import issuing, reports
from projections.wording import signer as wording

if TYPE_CHECKING:
    from api.signing_requests import Request


def told(request: Request) -> dict[str, Any]:
    """What is signed, for a program."""
    from api.signing_requests import told_keys

    terms = request.terms
    return {
        "origin": terms.origin,
        "exercise": terms.exercise,
        "authority": terms.authority,
        "nation": terms.nation,
        "key_id": terms.key_id,
        "sealed_with": told_keys(terms),
        "shown": terms.shown.as_dict(),
        "event": request.unsigned,
        "documents": {edition: hashlib.sha256(body).hexdigest() for edition, body in request.documents.items()},
    }


def screen(words: Words, request: Request, written: list[str]) -> list[str]:
    """What is signed, in words. `request` was read by `signing_requests.read`, which holds its data to the type's shape."""
    from api.signing_requests import told_keys

    terms, data = request.terms, request.unsigned["data"]
    of = words.of
    standing = of(wording.STANDING).format(
        status=of(issuing.STATUS[data["status"]]),
        revision=data["revision"],
        as_of=words.instant(data["as_of"], terms.nation) if "as_of" in data else "–",
        position=words.number(data["position"]),
    )
    lines = [f"* {of(wording.EXERCISE)}"] if terms.exercise else []
    lines += [f"* {of(reports.TITLES[terms.nation])}, {words.day(date.fromisoformat(data['day']))}", f"  {standing}"]
    if data.get("supersedes"):
        lines += paragraph(of(wording.SUPERSEDES).format(report=data["supersedes"]))
    lines += ["", *table(_figures(words, data), align="lrll")]
    own = request.unsigned.get("national", {}).get(terms.nation)
    if own is not None:
        said = own.get("lines_to_take") or ()
        row = wording.OWN_EDITION if said else wording.OWN_EDITION_PLAIN
        lines += ["", *paragraph(of(row).format(nation=terms.nation))]
        lines += [line for text in said for line in paragraph(f"– {text}", 4)]
    lines += ["", *paragraph(of(wording.ASKED).format(authority=terms.authority, key=terms.key_id[:16]))]
    lines += [line for kind in written for line in paragraph(of(wording.READ).format(file=kind))]
    for edition, body in request.documents.items():
        values = {"bytes": words.number(len(body)), "sha256": hashlib.sha256(body).hexdigest()}
        lines.append("  " + of(wording.DOCUMENT).format(edition=of(issuing.EDITIONS[edition]), **values))
    for nation, key in told_keys(terms).items() if own is not None else ():
        if nation == terms.nation:
            lines += paragraph(of(wording.SEALED_TO).format(nation=nation, key=key[:16]))
    return lines


def _figures(words: Words, data: Mapping[str, Any]) -> list[list[str]]:
    ruleset = RULESETS.get(data["ruleset"])
    rows = []
    for code, value in data["figures"].items():
        known = ruleset.indicator(code) if ruleset is not None else None
        name = "" if known is None else known.en if words.language == "en" else known.fr
        rows.append([code, words.number(value), words.unit(known.unit, value) if known else "", name])
    for withheld in data.get("withheld", ()):
        size = withheld.get("size")
        row = wording.WITHHELD if size is None else wording.WITHHELD_SIZE
        rows.append([withheld["code"], "—", "", words.of(row).format(size=size)])
    return rows
