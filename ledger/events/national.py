"""Logs of one nation alone: its access log of a month, made by the same machinery, opened and kept under its own keys.

An origin says whose log it is: `<origin of the joint log>/access/<GB|FR>/<yyyy-mm>`. What asks both nations in a joint log asks
its own nation there, and everything in it is for that nation alone (domain.md, section 3, access). Pure.
"""

from __future__ import annotations

import re
from functools import lru_cache

_NATIONAL = re.compile(r".+/access/(GB|FR)/[0-9]{4}-(?:0[1-9]|1[0-2])").fullmatch


@lru_cache(maxsize=64)
def nation_of_log(origin: str) -> str:
    """Whose alone a log is, by its origin; empty for a joint one."""
    found = _NATIONAL(origin)
    return found[1] if found else ""


def access_origin(joint: str, nation: str, month: str) -> str:
    """The origin of a nation's access log; `month` as yyyy-mm."""
    return f"{joint}/access/{nation}/{month}"
