"""English or French, as a caller's Accept-Language prefers (RFC 9110, section 12.5.4); English where it does not say."""

from __future__ import annotations

import re

from fastapi import Request

LANGUAGES = ("en", "fr")
RANGES_MAX = 16

_RANGE = re.compile(r"\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9]{1,8})*\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?").fullmatch


def language_of(request: Request) -> str:
    """The language of an answer, `en` or `fr`."""
    return preferred(request.headers.get("accept-language", ""))


def preferred(header: str) -> str:
    """The language that a header weighs most, of equals the one named first. What is malformed says nothing."""
    best, weight = LANGUAGES[0], 0.0
    for part in header.split(",")[:RANGES_MAX]:
        found = _RANGE(part)
        if found is None:
            continue
        language, given = found[1].lower(), float(found[2] or 1)
        if language in LANGUAGES and given > weight:
            best, weight = language, given
    return best
