"""The rules of admission, versioned: every check runs under the version in force at its position.

Version 1 is in force from `ledger.opened`, unless that says otherwise; `rules.adopted` brings another into force from the
position after its own. A version is never edited once a log somewhere was opened under it: a new one is added.
"""

from __future__ import annotations

import msgspec


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What admission asks of time.

    `future_tolerance_seconds`: how far after the ledger's clock an event may say it happened. `late_after_seconds`: from when
    on a `late_reason` is asked for (its absence is shown, never a reason to refuse).
    """

    version: int
    future_tolerance_seconds: int = 120
    late_after_seconds: int = 1800


FIRST = 1
RULES: dict[int, Rules] = {
    1: Rules(version=1),
    # Once services measure their offset before they sign (clock.checked), two minutes are more than an honest clock needs.
    2: Rules(version=2, future_tolerance_seconds=60),
}
