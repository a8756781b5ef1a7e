"""A mirror that follows its source: round after round, whatever went wrong in the last one, saying since when it is away."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ledger import errors
from ledger.evidence.contact import Contact
from ledger.evidence.mirror import Mirror
from ledger.evidence.source import Source

ROUND_SECONDS = 1.0
STOPPED_ROUND_SECONDS = 10.0

_log = logging.getLogger(__name__)


class Follower:
    """One mirror and its source. `cosign` is false where the log itself asks for cosignatures (the witness protocol)."""

    def __init__(self, mirror: Mirror, source: Source, now: Callable[[], int], *, cosign: bool) -> None:
        self.mirror = mirror
        self.source = source
        self.now = now
        self.cosign = cosign
        self.contact = Contact("the log")
        self.wrong = ""

    def run(self, stop: threading.Event) -> None:
        """Follow until told to stop. What does not verify is said once and looked at again, for it may be mended or proven."""
        while not stop.wait(self.round()):
            pass

    def round(self) -> float:
        """One round; returns how many seconds to wait before the next."""
        try:
            self.mirror.follow(self.source, self.now(), cosign=self.cosign)
        except errors.Unavailable as wrong:
            self.contact.failed(str(wrong))
            return ROUND_SECONDS
        except errors.EntenteError as wrong:
            self.contact.answered()
            if str(wrong) != self.wrong:
                _log.error("%s", wrong)
            self.wrong = str(wrong)
            return STOPPED_ROUND_SECONDS
        self.contact.answered()
        self.wrong = ""
        return ROUND_SECONDS

    def problems(self) -> list[str]:
        """Why this site is not ready to vouch for what is new."""
        return [what for what in (self.contact.told(), self.wrong, self.mirror.cosigner.stopped()) if what]
