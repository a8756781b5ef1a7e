"""The shape of a fact: a nation-neutral measured statement, live from the position that stated it to the one that ended it."""

from __future__ import annotations

from typing import Literal

import msgspec

NEVER = 2**53 - 1
"""`ended` of a fact that nothing has ended."""

Reading = Literal["both", "own", "shared"]


class Fact(msgspec.Struct, frozen=True, gc=False):
    """One measured statement. Instants are microseconds since 1970 UTC; positions count from 1.

    A fact is live at position N when `stated <= N < ended`. `origin` is the position of the event that makes it; a correction
    restates the fact, so that `stated` is then the correction's position. `reading` tells who sees this version: `both` is the
    ordinary case; where something sealed to one nation changes an otherwise joint fact, the nation's view holds two versions,
    `own` (with it) and `shared` (what both may see). `key_id` is the key that the event names.
    """

    kind: str
    stream: str
    event: str
    label: str
    origin: int
    stated: int
    ordinal: int
    occurred_at: int
    recorded_at: int
    authority: str
    nation: str
    authority_path: str
    code: str = ""
    quantity: int = 0
    unit: str = ""
    subject: str = ""
    about: str = ""
    side: str = ""
    place: str = ""
    territory: str = ""
    zone: str = ""
    party: str = ""
    party_path: str = ""
    occurred_until: int = 0
    imprecision_seconds: int = 0
    regime: str = "LE"
    detail: str = ""
    key_id: str = ""
    reading: Reading = "both"
    ended: int = NEVER
