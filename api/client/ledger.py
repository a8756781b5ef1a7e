"""The ledger as a service has it: one object to state events with, and a thread beside it that brings them there."""

from __future__ import annotations

import asyncio
import hmac
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import msgspec

from api.authoring import BOTH, Author, Sealers, compose, countersign, new_id
from api.client import totals
from api.client.receipt import Receipt
from api.client.sending import Clock, Sender
from api.client.site import Introduction, OverHttp, Site
from api.client.spool import Row, Said, Spool
from api.client.trust import Trust
from ledger import errors, events
from ledger.events.base import Data
from ledger.events.stating import require_header
from ledger.formats import envelope, strict
from ledger.formats.entry import format_instant
from ledger.formats.envelope import Submitted
from ledger.formats.keys import SigningKey, load_private
from ledger.formats.policy import Policy, parse_policy

LINGER_SECONDS = 5.0
KEPT_SECONDS = 31 * 86_400
"""How long a final receipt stays in the spool."""
INTRODUCED_SECONDS = 3_600
"""How often the nations' sealing keys are asked for: new text is sealed to the newest."""
KEY_ENDED = "urn:entente:key-not-in-force"


class Ledger:
    """A service's way into a ledger. Threads may share it; `with` and `async with` start and stop what sends.

    `key`, the nations' `sealers` and those who sign as well are private keys or their files, `policy` is the policy as both
    nations approved it (or its file), `spool` a file of the service's own. `tls_roots` is a file with the certificates that the
    one at `url` must lead to, unless it is those which the machine trusts. `site` replaces these three for whoever reaches the
    ledger otherwise.
    """

    def __init__(
        self,
        url: str = "",
        *,
        key: SigningKey | Path | str,
        policy: Policy | bytes | Path | str,
        spool: Path | str,
        token: str = "",
        tls_roots: Path | None = None,
        sealers: Mapping[str, SigningKey | Path | str] | None = None,
        also_signing: Sequence[SigningKey | Path | str] = (),
        site: Site | None = None,
        control_totals: bool = False,
        now: Callable[[], int] | None = None,
    ) -> None:
        """`control_totals`: state each hour how many events of each type were stated, if this key may. `now` is the author's
        clock in microseconds, the machine's unless given. Raises NotFound, Malformed or BadNote.
        """
        self.key = _key(key)
        self.spool = Spool(Path(spool))
        self.site = site or OverHttp(url, token, tls_roots)
        self.trust = Trust(self.spool, _policy(policy), self.site.source)
        self.sealers = {nation: _key(sealer) for nation, sealer in (sealers or {}).items()}
        self.also_signing = [_key(other) for other in also_signing]
        self.now = now or _machine_clock
        self.sender = Sender(self.spool, self.site, self.trust, self._tell)
        self.control_totals = control_totals
        self._introduction = f"introduction {self.key.key_id}"
        self._known: Introduction | None = None
        self._turn = threading.Lock()
        self._changed = threading.Condition()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._held = ExitStack()

    # -- opening and closing --------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        return self.begin().start()

    def __exit__(self, *exc: object) -> None:
        self.close(0.0 if exc[0] is not None else LINGER_SECONDS)

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(self, *exc: object) -> None:
        await asyncio.to_thread(self.__exit__, *exc)

    def begin(self) -> Self:
        """Be the one who sends from this spool. Raises Unavailable where another process is."""
        self._held.enter_context(self.spool.lock())
        self.spool.forget(self.now() - KEPT_SECONDS * 1_000_000)
        return self

    def start(self) -> Self:
        """Send beside the caller, until closed."""
        self._thread = threading.Thread(target=self._run, name="entente-spool", daemon=True)
        self._thread.start()
        return self

    def close(self, linger_seconds: float = LINGER_SECONDS) -> None:
        """Stop, after at most so many seconds for what still waits; what was not sent stays in the spool."""
        if self._thread is not None:
            self._pause(lambda: not self.spool.next_to_send(1) or self.trouble is not None, linger_seconds)
            self._stop.set()
            self._wake.set()
            self._thread.join()
            self._thread = None
        self._held.close()
        self.site.close()
        self.spool.close()

    # -- stating --------------------------------------------------------------------------------------------------------------

    def append(
        self,
        data: Data,
        *,
        stream: str,
        occurred_at: datetime | str,
        text: Mapping[str, str | list[str]] | None = None,
        personal: Mapping[str, Mapping[str, Any]] | None = None,
        **header: Any,
    ) -> Receipt:
        """State an event of a type; `header` are further fields of docs/events.md, such as `id`, `source`, `releasable_to`.

        `text` is free text and `personal` (subject token -> what identifies them) is sealed apart from the event to the nations
        that may see it. Returns once it is on disk. Raises Malformed naming the field, EventIdReused for an id that was used
        for something else, Unavailable where the spool cannot be written or this key was never introduced.
        """
        at = occurred_at if isinstance(occurred_at, str) else format_instant(_microseconds(occurred_at))
        said = msgspec.to_builtins(data) | dict(text or {})
        fields = {"type": data.kind_of_event.name, "stream": stream, "occurred_at": at, "data": said, **header}
        return self.state(fields | ({"personal": dict(personal)} if personal else {}))

    def state(self, statement: Mapping[str, Any]) -> Receipt:
        """As `append`, of a statement as JSON has it: `type`, `stream`, `occurred_at`, `data` with its free text, and so on.

        A statement with an id that was said before has the receipt it had; one that was parked waits again.
        """
        digest, known = self.spool.digest(statement), self.known()
        with self.spool.transaction():
            statement_id = statement.get("id")
            row = self.spool.find(statement_id) if isinstance(statement_id, str) else None
            if row is None or row.state in ("parked", "withdrawn"):
                said = self._said(statement, known, row)
                self.spool.keep(said, digest)
                statement_id = said.id
            elif not hmac.compare_digest(row.digest, digest):
                remedy = "a new event needs a new id"
                raise errors.EventIdReused("this id was signed before with other content", field="id", remedy=remedy)
        self._wake.set()
        return self.receipt(str(statement_id))

    def _said(self, statement: Mapping[str, Any], known: Introduction, row: Row | None) -> Said:
        """A statement, signed. One that takes the place of a refused one keeps its number in the author's sequence."""
        now = self.now()
        author = Author(known.authority, known.nation, self.key)
        fields = {"id": new_id(now // 1_000), **statement}
        for_nations = tuple(fields.get("releasable_to") or BOTH)
        is_joint = sorted(for_nations) == sorted(BOTH)
        if not is_joint and for_nations[0] not in self.sealers:
            raise errors.NotAllowed(
                "an event for one nation is sealed with that nation's sealer key", field="releasable_to", remedy="give sealers="
            )
        number = None
        if is_joint:  # a number inside a seal would show the other nation, by its gap, that something was said there
            number = row.author_seq if row is not None else None
            number = self.spool.next_number(self.key.key_id) if number is None else number
            fields = {"author_seq": number, **fields}
        submitted = compose(fields, author, self.trust.origin, Sealers(known.sealing, self.sealers), now)
        submitted = countersign(submitted, self.also_signing)
        require_header(events.decode_header(submitted.payload))
        return Said(fields["id"], fields["stream"], fields["type"], now, self.key.key_id, submitted, number)

    def known(self) -> Introduction:
        """Whom this key speaks for and the nations' sealing keys: asked for, verified, and remembered in the spool.

        Raises Unavailable where the ledger was never reached yet, KeyNotInForce where the key is not registered.
        """
        if self._known is None:
            kept = self.spool.remembered(self._introduction)
            self._known = self.introduced() if kept is None else msgspec.json.decode(kept, type=Introduction)
        return self._known

    def introduced(self) -> Introduction:
        """As `known`, asked now: a nation may have a new sealing key."""
        with self._turn:
            found = self.site.introduce(self.key.key_id, self.trust.sealing_key)
        self.spool.remember(self._introduction, msgspec.json.encode(found))
        self._known = found
        return found

    # -- what was stated ------------------------------------------------------------------------------------------------------

    def receipt(self, statement_id: str) -> Receipt:
        """The receipt of a statement in the spool. Raises NotFound."""

        def look() -> Row:
            row = self.spool.find(statement_id)
            if row is None:
                raise errors.NotFound(f"nothing was said under {statement_id}", field="id")
            return row

        look()
        return Receipt(statement_id, look, self._pause)

    def proof(self, statement_id: str) -> bytes:
        """The tlog-proof of a final event. Raises NotFound where it is not final."""
        row = self.spool.find(statement_id)
        if row is None:
            raise errors.NotFound(f"nothing was said under {statement_id}", field="id")
        return self.trust.proof_of(row)

    def parked(self) -> list[Row]:
        """What was refused and waits for somebody to resubmit or withdraw it."""
        return self.spool.in_state("parked")

    def resubmit(self, statement_id: str) -> Receipt:
        """Send what is parked again as it is. Raises NotFound where nothing is parked under this id."""
        self._require(self.spool.resubmit(statement_id), statement_id)
        self._wake.set()
        return self.receipt(statement_id)

    def withdraw(self, statement_id: str) -> None:
        """Give up what is parked: what was said after it on its stream goes on. Raises NotFound."""
        self._require(self.spool.withdraw(statement_id), statement_id)
        self._wake.set()

    def sign_again(self) -> int:
        """Sign what is parked because its key had ended with this key, under the same ids; returns how many there were.

        The successor of a key may say what was spooled before that one was revoked; the statements keep their order.
        """
        ended = [row for row in self.parked() if row.author_seq is not None and _problem_type(row) == KEY_ENDED]
        again = [row for row in ended if row.key_id != self.key.key_id]
        with self.spool.transaction():
            for row in again:
                self.spool.replace(row, self.key.key_id, _signed_again(row, self.key))
        self._wake.set()
        return len(again)

    def _require(self, found: bool, statement_id: str) -> None:
        if not found:
            raise errors.NotFound(f"nothing is parked under {statement_id}", field="id")

    @property
    def trouble(self) -> errors.EntenteError | None:
        """What keeps the spool from being sent now, or None."""
        return self.sender.trouble

    @property
    def clock(self) -> Clock | None:
        """How far this machine's clock is ahead of the ledger's, as measured when something was last recorded."""
        return self.sender.clock

    # -- sending --------------------------------------------------------------------------------------------------------------

    def drain(self, timeout: float | None = None) -> None:
        """Send all that can be sent, in this thread, for who has started none. `timeout` in seconds.

        Raises what is in the way where the time is over, or at once where waiting changes nothing: a token that is not known,
        a receipt that does not verify.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.spool.next_to_send(1):
            pause = self.sender.turn()
            wrong = self.trouble
            if wrong is None:
                continue
            if not isinstance(wrong, errors.Unavailable) or (deadline is not None and time.monotonic() + pause > deadline):
                raise wrong
            time.sleep(pause)

    def _run(self) -> None:
        introduce_at = 0.0
        while not self._stop.is_set():
            with self._turn:
                pause = self.sender.turn()
            if self.trouble is not None:
                self._stop.wait(pause)  # whatever is said meanwhile, a ledger that is away is not asked more often
                continue
            if time.monotonic() >= introduce_at:
                introduce_at = time.monotonic() + INTRODUCED_SECONDS
                with suppress(errors.EntenteError):
                    self.introduced()
            if self.control_totals:
                with suppress(errors.EntenteError):
                    totals.state_due(self)
            self._wake.wait(pause)
            self._wake.clear()

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _pause(self, is_reached: Callable[[], bool], timeout: float | None) -> bool:
        """Wait until something is so; false where the time is over."""
        with self._changed:
            return self._changed.wait_for(is_reached, timeout)


def _signed_again(row: Row, key: SigningKey) -> Submitted:
    submitted = envelope.parse_item(row.item or b"")
    payload = strict.format(strict.parse(submitted.payload) | {"key_id": key.key_id})
    return msgspec.structs.replace(submitted, payload=payload, signatures=(envelope.sign(payload, key),))


def _problem_type(row: Row) -> str:
    return str(msgspec.json.decode(row.problem).get("type", "")) if row.problem else ""


def _key(given: SigningKey | Path | str) -> SigningKey:
    return given if isinstance(given, SigningKey) else load_private(Path(given))


def _policy(given: Policy | bytes | Path | str) -> Policy:
    if isinstance(given, Policy):
        return given
    return parse_policy(given if isinstance(given, bytes) else Path(given).read_bytes())


def _microseconds(at: datetime) -> int:
    if at.tzinfo is None:
        raise errors.Malformed("a time without a zone could be any instant", field="occurred_at", remedy="give it a tzinfo")
    return int(at.astimezone(UTC).timestamp() * 1_000_000)


def _machine_clock() -> int:
    return time.time_ns() // 1_000
