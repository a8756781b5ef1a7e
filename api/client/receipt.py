"""What `append` gives back: where a statement stands now, and a way to wait until it stands where it should."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from api.client.spool import Row
from ledger import errors

Standing = Literal["recorded", "final"]
REACHED: Mapping[str, tuple[str, ...]] = {"recorded": ("recorded", "final"), "final": ("final",)}


class Receipt:
    """A statement in the spool. `id` is the statement's own; what is sealed to one nation stands in the log under another."""

    def __init__(
        self, statement_id: str, look: Callable[[], Row], pause: Callable[[Callable[[], bool], float | None], bool]
    ) -> None:
        self.id = statement_id
        self._look = look
        self._pause = pause

    @property
    def row(self) -> Row:
        """The statement as it stands in the spool."""
        return self._look()

    @property
    def status(self) -> str:
        """waiting, parked, recorded, final or withdrawn."""
        return self.row.state

    @property
    def position(self) -> int | None:
        """Its position in the log, once it is recorded."""
        return self.row.position

    def document(self) -> dict[str, Any]:
        """The ledger's receipt with the status of now. Raises NotFound where it is not recorded yet."""
        row = self.row
        if row.receipt is None:
            raise errors.NotFound("this statement is not recorded yet", field="id")
        return {**msgspec.json.decode(row.receipt), **({"status": "final"} if row.state == "final" else {})}

    def wait(self, standing: Standing = "recorded", timeout: float | None = None) -> Receipt:
        """Wait until it is recorded, or final: under both nations' co-signatures, verified here. `timeout` in seconds.

        Raises Parked where it is parked or was withdrawn, Unavailable where the time is over: it stays in the spool.
        """
        if not self._pause(lambda: self._has_reached(standing), timeout):
            raise errors.Unavailable(
                f"not {standing} within {timeout:g} s; it stays in the spool and is sent again", remedy="wait again, or later"
            )
        return self

    async def waited(self, standing: Standing = "recorded", timeout: float | None = None) -> Receipt:  # noqa: ASYNC109
        """As `wait`, for who must not block."""
        return await asyncio.to_thread(self.wait, standing, timeout)

    def _has_reached(self, standing: Standing) -> bool:
        row = self.row
        if row.state in ("parked", "withdrawn"):
            raise errors.Parked(problem=msgspec.json.decode(row.problem) if row.problem else {"detail": "it was withdrawn"})
        return row.state in REACHED[standing]
