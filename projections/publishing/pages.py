"""A report's content as what stands on its pages, in one language: every string worded, every number written. Pure.

How it is set is the renderer's matter alone; the PDF and the page in a browser are made from the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from projections.publishing import first_page
from projections.publishing.annexes import annexes
from projections.publishing.spoken import Spoken
from projections.wording import reports as w
from projections.wording.issuing import STATUS
from projections.wording.names import SECTIONS
from projections.wording.typography import Language

ACCENTS = {"GB": "#1d4f91", "FR": "#6a3d9a"}
SHORT_ROOT = 16
SPACES = "\u202f\u00a0"
UNTOUCHED = frozenset({"svg", "text"})
"""Pictures, which are made without such characters, and what a QR code holds."""


def pages(content: Mapping[str, Any], language: Language, own_words: Sequence[str] = ()) -> dict[str, Any]:
    """What stands on the pages: strings, lists of strings, tables, pictures as SVG."""
    c, s = content, Spoken(language, content["nation"])
    nation, accent = c["nation"], ACCENTS[c["nation"]]
    status = s.of(STATUS[c["status"]]) if c["status"] in STATUS else str(c["status"])
    edition = "shared" if c["edition"] == "shared" else f"national {nation}"
    decide = first_page.decisions(c, s)
    headline = first_page.headline_rows(c, s)
    counted = {"begin": s.moment(c["window"]["from"]), "end": s.moment(c["window"]["to"]), "capital": s.capital}
    model = {
        "language": language,
        "title": s.of(w.TITLES[nation]),
        "day": s.of(w.DAY_OF[nation], day=s.day(c["day"])),
        "status": f"{status}, {s.of(w.REVISION, number=c['revision'])}",
        "as_of": s.of(w.AS_OF, at=s.instant(c["bound"]["as_of"])),
        "window": s.of(w.WINDOW, **counted),
        "exercise": s.of(w.EXERCISE) + (f" · {c['title']}" if c["title"] else "") if c["exercise"] else "",
        "edition": s.of(w.EDITION[edition]),
        "is_national": c["edition"] != "shared",
        "marking": f"{c['marking']['gb']} / {c['marking']['fr']}",
        "footer": s.of(w.FOOTERS[nation]),
        "accent": accent,
        "sentences": {"heading": s.of(w.IN_SHORT), "rows": first_page.sentences(c, s)},
        "people": {"heading": s.of(SECTIONS["people"]), "rows": s.people(c["people"]), "notes": first_page.people_notes(c, s)},
        "outside": {"heading": s.of(w.OUTSIDE), "rows": first_page.outside(c, s) or [s.of(w.OUTSIDE_NONE)]},
        "headline": {
            "heading": s.of(w.HEADLINE),
            "head": ["", *(s.of(w.COLUMNS[name]) for name in ("figure", "value", "unit")), _change_head(c, s)],
            "rows": headline,
            "notes": [s.of(w.MAY_REPEAT)],
        },
        "decide": {"heading": s.of(w.DECIDE), "rows": decide or [s.of(w.NOTHING_TO_DECIDE)]},
        "annex": s.of(w.ANNEX),
        "annexes": annexes(c, s, accent, own_words),
        "short_root": c["bound"]["root"][:SHORT_ROOT],
        "size": s.of(w.NAMED, name=s.of(w.BOUND_ROWS["position"]), value=s.number(c["bound"]["position"])),
        "how": s.of(w.HOW),
        "qr": {"text": f"{c['origin']}\n{c['bound']['position']}\n{c['bound']['root']}", "alt": s.of(w.QR_ALT)},
        "page": s.of(w.PAGE, page="{page}", pages="{pages}"),
    }
    return shown(model)


def _change_head(c: Mapping[str, Any], s: Spoken) -> str:
    return s.of(w.SINCE_REVISION, revision=c["previous"]["revision"]) if c["previous"] is not None else ""


def shown(model: Mapping[str, Any]) -> dict[str, Any]:
    """A model with nothing in it that a page may not show."""
    return {name: _readable(value) for name, value in model.items()}


def _readable(value: Any) -> Any:
    """The model without what is not seen: control characters and those that turn the direction of what follows."""
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, Mapping):
        return {name: inner if name in UNTOUCHED else _readable(inner) for name, inner in value.items()}
    return [_readable(inner) for inner in value] if isinstance(value, list) else value


def readable(text: str) -> str:
    """Text as a page may show it."""
    return "".join(c for c in text if c.isprintable() or c in SPACES)
