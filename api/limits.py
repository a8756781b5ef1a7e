"""How much one service takes: bytes, time, rates, how many at once. `[limits]` in entente.toml, each name with its unit.

How deep JSON may nest and how large one item may be are no settings: they are of the format (docs/format.md), the same
everywhere.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from typing import Annotated

import msgspec

_Count = Annotated[int, msgspec.Meta(ge=1, le=2**40)]

CALLERS_REMEMBERED_MAX = 10_000


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The limits of one process. docs/operations.md says what each is for, and what an answer beyond it is."""

    head_bytes: _Count = 16_384
    body_bytes: _Count = 8_388_608
    request_seconds: _Count = 10
    answer_seconds: _Count = 30
    stalled_seconds: _Count = 10
    reader_bytes_per_second: _Count = 1_024
    keep_alive_seconds: _Count = 30
    caller_requests_per_second: _Count = 500
    caller_requests_burst: _Count = 5_000
    address_requests_per_second: _Count = 1_000
    address_requests_burst: _Count = 10_000
    connections: _Count = 256
    requests_at_once: _Count = 192
    disk_free_megabytes: _Count = 512
    view_behind_seconds: _Count = 60
    final_behind_seconds: _Count = 600


class Rate:
    """How often each of many callers asked: so many at once (`burst`), and then `per_second`.

    Whoever was not seen for longest is forgotten beyond CALLERS_REMEMBERED_MAX, so that strangers cannot fill the memory.
    """

    def __init__(self, per_second: int, burst: int) -> None:
        self.per_second = per_second
        self.burst = burst
        self._left: OrderedDict[str | bytes, tuple[float, float]] = OrderedDict()

    def wait(self, caller: str | bytes, now: float) -> float:
        """Count a request at `now` (seconds of any steady clock): 0, or how many seconds too early it is."""
        left, since = self._left.pop(caller, (float(self.burst), now))
        left = min(float(self.burst), left + (now - since) * self.per_second)
        early = 0.0 if left >= 1 else (1 - left) / self.per_second
        self._left[caller] = (left if early else left - 1, now)
        if len(self._left) > CALLERS_REMEMBERED_MAX:
            self._left.popitem(last=False)
        return early


def network_of(address: str) -> str:
    """Whom an address is counted as: an IPv6 caller has a whole /64 to ask from."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else str(ipaddress.ip_network((parsed, 64), strict=False))
