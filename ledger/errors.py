"""Every refusal, one small tree.

The docstring of a class is the sentence a caller reads when nothing more precise is known; an instance carries the field and
the remedy. Hostile data raises one of these; our own mistakes hit an assertion.
"""

from __future__ import annotations

from collections.abc import Mapping


class EntenteError(Exception):
    """Something went wrong that the caller can act on."""

    code = "entente-error"

    def __init__(self, message: str = "", *, field: str | None = None, remedy: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.field = field
        self.remedy = remedy
        super().__init__(self.message)

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        what_to_do = f" ({self.remedy})" if self.remedy else ""
        return f"{where}{self.message}{what_to_do}"


# -- what a caller sent -------------------------------------------------------------------------------------------------


class Refused(EntenteError):
    """The ledger does not record this."""

    code = "refused"


class Malformed(Refused):
    """The bytes are not a well-formed event."""

    code = "malformed"


class TooLarge(Malformed):
    """The event, its entry or its sections are larger than a ledger entry may be."""

    code = "too-large"


class BadSignature(Refused):
    """A signature does not verify under the key it names."""

    code = "bad-signature"


class WeakKey(BadSignature):
    """The public key is of small order or not in canonical form; anybody could sign under it."""

    code = "weak-key"


class NotAllowed(Refused):
    """The key may not say this."""

    code = "key-not-allowed"


class NotKnown(NotAllowed):
    """Say who asks: a bearer token is needed."""

    code = "not-known"


class KeyNotInForce(NotAllowed):
    """The key is not registered, not yet in force, suspended or revoked at this position."""

    code = "key-not-in-force"


class MarkingTooHigh(NotAllowed):
    """The marking is above what the joint log may hold, even as an inventory; keep it in a national annex log."""

    code = "marking-too-high"


class Conflict(Refused):
    """Something else was recorded first."""

    code = "conflict"


class EventIdReused(Conflict):
    """This event id is already recorded with other bytes."""

    code = "event-id-reused"


class StreamMoved(Conflict):
    """The stream has moved on since the author looked."""

    code = "stream-moved"

    def __init__(self, message: str = "", *, current_version: int = 0, **kw: str | None) -> None:
        super().__init__(message, **kw)
        self.current_version = current_version


class CosignerMoved(Conflict):
    """The cosigner has vouched for another size since."""

    code = "cosigner-moved"

    def __init__(self, message: str = "", *, size: int = 0, **kw: str | None) -> None:
        super().__init__(message, **kw)
        self.size = size


class NotInThisState(Refused):
    """The life of this stream does not allow this administrative step now."""

    code = "not-in-this-state"


class FromTheFuture(Refused):
    """The event says it happened after the ledger's clock, beyond the tolerance."""

    code = "from-the-future"


class LedgerFrozen(Refused):
    """The ledger is frozen or closed: only holds, keys and corrections are recorded."""

    code = "ledger-frozen"


class Parked(Refused):
    """The ledger refused this statement; it stays in its service's spool, and what follows on its stream waits behind it."""

    code = "parked"

    def __init__(self, message: str = "", *, problem: Mapping[str, object] | None = None, **kw: str | None) -> None:
        """`problem` is the ledger's problem document."""
        self.problem: dict[str, object] = dict(problem) if problem else {}
        said: dict[str, str | None] = {name: str(self.problem[name]) for name in ("field", "remedy") if name in self.problem}
        told = self.problem.get("detail") or self.problem.get("title") or ""
        super().__init__(message or str(told), **(said | kw))


# -- what the ledger cannot do now ----------------------------------------------------------------------------------------


class Unavailable(EntenteError):
    """The ledger cannot answer now; nothing is known to be recorded, send the same bytes again."""

    code = "unavailable"


class ClockUnsound(Unavailable):
    """The last recorded instant is ahead of the clock by more than the tolerance; appends wait until the clock is right."""

    code = "clock-unsound"


class DiskFull(Unavailable):
    """The store has no room; appends are refused, reads go on."""

    code = "disk-full"


class StoreFailed(Unavailable):
    """The store does not answer as it should; what it says is for its operator."""

    code = "store-failed"


class Busy(Unavailable):
    """More is asked at once than this service answers."""

    code = "busy"


class UnsafeSetting(Unavailable):
    """A setting of the store would break a promise; the ledger does not run with it."""

    code = "unsafe-setting"


# -- what does not verify -------------------------------------------------------------------------------------------------


class VerificationFailed(EntenteError):
    """Evidence does not verify."""

    code = "verification-failed"


class Equivocation(VerificationFailed):
    """The log has signed two histories; whoever holds both notes can prove it to anybody."""

    code = "equivocation"


class BadEntry(VerificationFailed):
    """The bytes are not a well-formed log entry."""

    code = "bad-entry"


class BadProof(VerificationFailed):
    """The proof does not lead to the root."""

    code = "bad-proof"


class BadNote(VerificationFailed):
    """The signed note or checkpoint is malformed, unsigned, or signed wrongly by a known key."""

    code = "bad-note"


class BadSection(VerificationFailed):
    """A section does not match what the signed payload commits to, or does not open under this key."""

    code = "bad-section"


class BadTimestamp(VerificationFailed):
    """The time-stamp token is not one, is for something else, or was not made by the authority it is said to be of."""

    code = "bad-timestamp"


class BadDocument(VerificationFailed):
    """The signature of the document does not verify."""

    code = "bad-document"


class BadBundle(VerificationFailed):
    """The evidence bundle is not in its one form, or something in it does not hold."""

    code = "bad-bundle"

    def __init__(self, problem: str, message: str = "", *, file: str | None = None, **kw: str | None) -> None:
        """`problem` is the code of the failed check (docs/format.md, section 12.9), `file` the file of the bundle it is in."""
        super().__init__(message or f"{problem}{f' ({file})' if file else ''}", **kw)
        self.problem = problem
        self.file = file


# -- what a caller asked -------------------------------------------------------------------------------------------------


class NotFound(EntenteError):
    """There is no such event, stream, figure or view here."""

    code = "not-found"


class BadQuestion(EntenteError):
    """The question cannot be answered as it was put."""

    code = "bad-question"


class MethodNotKnown(EntenteError):
    """Nothing at this path knows this method."""

    code = "method-not-known"


class TooMany(EntenteError):
    """More was asked in a while than one caller, or one address, is answered."""

    code = "too-many"

    def __init__(self, message: str = "", *, retry_seconds: float = 1.0, **kw: str | None) -> None:
        super().__init__(message, **kw)
        self.retry_seconds = retry_seconds


class Unfinished(EntenteError):
    """The request did not come to its end in time."""

    code = "unfinished"


class NotHttp(EntenteError):
    """The bytes are no HTTP request that is answered here."""

    code = "not-http"


class HeadTooLarge(NotHttp):
    """The request line and headers are larger than is read here."""

    code = "head-too-large"


class Unfoldable(EntenteError):
    """An event on record cannot be read into facts; its stream is parked and shown."""

    code = "unfoldable"
