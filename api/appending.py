"""Events come in over HTTP: one, or up to a thousand in order, each with its own answer.

An item is the wire item of docs/format.md, section 2.4. What the service decides is only who may send, and how much; what may
be recorded is decided where every append is decided (ledger/admission.py).
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Coroutine, Sequence
from http import HTTPStatus
from typing import Annotated, Any

import anyio.to_thread
import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from api import problems
from api.bodies import read_body
from api.counts import Counts
from api.identity import Author, require_author, require_holder
from api.language import language_of
from api.limits import Limits
from api.together import Together
from ledger import errors
from ledger.formats import merkle, proof, strict
from ledger.formats.envelope import ITEM_BYTES_MAX, Submitted, parse_item
from ledger.store.application import Ledger, Receipt
from ledger.store.group import Answer

ITEMS_MAX = 1_000
APPENDS_AT_ONCE = 128
"""Requests that wait for their transaction together: the more wait, the more one transaction carries."""
TOGETHER_BYTES_MAX = 16_384
"""What is larger than this is read in a thread of its own, and so is a list: the event loop waits for neither."""
LOTS_AT_ONCE, LOT_ITEMS_MAX = 2, 250
"""Single events that came from several callers at once: one lot is checked while the other is made durable."""
JSON = "application/json"
NOT_KEPT = {"Cache-Control": "no-store"}

Sent = tuple[dict[str, Any], str, float]
"""One item, the language of its answer, and when it came (seconds, monotonic)."""


class Direct(APIRoute):
    """A route that is asked thousands of times a second: without a query there is nothing to work out but who asks."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers."""
        usual = super().get_route_handler()

        async def answer(request: Request) -> Response:
            if request.scope["query_string"]:
                return await usual(request)
            answered: Response = await self.endpoint(request, await require_author(await require_holder(request)))
            return answered

        return answer


routes = APIRouter(prefix="/v1", route_class=Direct)


class Appender:
    """What a process appends with: the ledger, how many requests may wait at once, and who counts what became of them."""

    def __init__(self, ledger: Ledger, counts: Counts) -> None:
        self.ledger = ledger
        self.counts = counts
        self.waiting = anyio.CapacityLimiter(APPENDS_AT_ONCE)
        self.together = Together(self._answer_each, at_once=LOTS_AT_ONCE, jobs_max=LOT_ITEMS_MAX)

    def _answer_each(self, lot: Sequence[Sent]) -> list[Response | Exception]:
        """The answers to items that came in requests of their own.

        A mistake of ours that one item meets is not borne by the others: they are then taken one by one, and what was recorded
        already is recorded once.
        """
        try:
            answers = self.append([item for item, _, _ in lot], atomic=False, check=False)
        except Exception as wrong:  # noqa: BLE001 - raised to its caller
            return [wrong] if len(lot) == 1 else [response for one in lot for response in self._answer_each([one])]
        for answer, (_, _, came) in zip(answers, lot, strict=True):
            self.counts.append_answered([answer], time.monotonic() - came)
        return [_answer(self, [answer], language, alone=True) for answer, (_, language, _) in zip(answers, lot, strict=True)]

    def append(self, items: Sequence[dict[str, Any]], *, atomic: bool, check: bool) -> list[Answer]:
        """The answer to each item, in order. An item that is none is refused by itself, and with `atomic` refuses all."""
        read = [_read(item) for item in items]
        sound = [item for item in read if isinstance(item, Submitted)]
        if atomic and len(sound) < len(read):
            others = errors.Refused("not recorded, because another event of the same atomic batch was refused")
            return [item if isinstance(item, errors.EntenteError) else others for item in read]
        answers = iter(self._recorded(sound, atomic=atomic, check=check))
        return [item if isinstance(item, errors.EntenteError) else next(answers) for item in read]

    def _recorded(self, items: Sequence[Submitted], *, atomic: bool, check: bool) -> list[Answer]:
        if len(items) == 1 and not check:
            try:
                return [self.ledger.append(items[0])]
            except errors.EntenteError as wrong:
                return [wrong]
        return self.ledger.append_many(items, atomic=atomic, dry_run=check) if items else []

    def proofs(self, receipts: Sequence[Receipt]) -> list[str]:
        """For each receipt its tlog-proof (base64) under the checkpoint that its transaction signed; "" for a dry run's."""
        sizes = {receipt.size for receipt in receipts if receipt.size}
        own = self.ledger.sequencer.signed
        signed = {size: own(size) or self.ledger.signed_checkpoint(size) for size in sizes}
        return [self._proof(receipt, signed[receipt.size]) if receipt.size else "" for receipt in receipts]

    def _proof(self, receipt: Receipt, checkpoint: bytes) -> str:
        path = merkle.prove_inclusion(receipt.leaf_index, receipt.size, self.ledger.tree.read_hashes)
        return base64.b64encode(proof.format_proof(receipt.leaf_index, path, checkpoint)).decode()


def _read(item: dict[str, Any]) -> Submitted | errors.EntenteError:
    try:
        return parse_item(item)
    except errors.EntenteError as wrong:
        return wrong


@routes.post("/events", response_model=None)
async def append_events(
    request: Request, author: Author, atomic: Annotated[bool, Query()] = False, check: Annotated[bool, Query()] = False
) -> Response:
    """Record one item, or `{"items": [1..1000]}` in order.

    201 where anything is new, 200 where nothing was, else the status of the first refusal. `atomic`: all or none. `check`: a
    dry run. One item is answered with its receipt or a problem; several with `results`, each `{status, receipt}` or
    `{status, problem}`.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise errors.Malformed("events are sent as application/json", field="Content-Type", remedy=f"send Content-Type: {JSON}")
    limits: Limits = request.app.state.limits
    body = await read_body(request, limits.body_bytes)
    appender: Appender = request.app.state.appender
    language = language_of(request)
    if len(body) <= min(TOGETHER_BYTES_MAX, ITEM_BYTES_MAX) and not (atomic or check):
        one = strict.read_request(body, limits.body_bytes)
        if items_of(one) is None:
            return await appender.together.do((one, language, time.monotonic()))

    def work() -> Response:
        sent = strict.read_request(body, limits.body_bytes)
        items = items_of(sent)
        if items is None and len(body) > ITEM_BYTES_MAX:
            raise errors.TooLarge(f"an item has at most {ITEM_BYTES_MAX} bytes")
        began = time.monotonic()
        answers = appender.append([sent] if items is None else items, atomic=atomic, check=check)
        appender.counts.append_answered(answers, time.monotonic() - began)
        return _answer(appender, answers, language, alone=items is None)

    return await anyio.to_thread.run_sync(work, limiter=appender.waiting)


def items_of(sent: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The items of a list; None for what is one item itself. Raises Malformed, or TooLarge for a list that is too long."""
    if "items" not in sent:
        return None
    items = sent["items"]
    if len(sent) > 1 or not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise errors.Malformed("a list of items, each an object, and nothing else", field="items")
    if len(items) > ITEMS_MAX:
        raise errors.TooLarge(f"{len(items)} items, more than {ITEMS_MAX}", field="items", remedy="send fewer at a time")
    return items


def _answer(appender: Appender, answers: Sequence[Answer], language: str, *, alone: bool) -> Response:
    receipts = [answer for answer in answers if isinstance(answer, Receipt)]
    proven = iter(appender.proofs(receipts))
    rows = [_row(answer, next(proven) if isinstance(answer, Receipt) else "", language) for answer in answers]
    status = status_of(answers)
    headers = NOT_KEPT | {"Content-Language": language}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(problems.RETRY_AFTER_SECONDS)
    if not alone:
        return Response(msgspec.json.encode({"results": rows}), status, headers, JSON)
    receipt = rows[0].get("receipt")
    if receipt is None:
        return Response(msgspec.json.encode(rows[0]["problem"]), status, headers, problems.MEDIA_TYPE)
    return Response(msgspec.json.encode(receipt), status, headers, JSON)


def _row(answer: Answer, proven: str, language: str) -> dict[str, Any]:
    if isinstance(answer, errors.EntenteError):
        problem = problems.document_of(answer, language)
        return {"status": problem["status"], "problem": problem}
    is_new = answer.is_new and answer.status != "admissible"
    receipt = answer.as_dict() | ({"proof": proven} if proven else {})
    return {"status": int(HTTPStatus.CREATED if is_new else HTTPStatus.OK), "receipt": receipt}


def status_of(answers: Sequence[Answer]) -> HTTPStatus:
    """201 where anything is new, 200 where something was there before, else that of the refusal which kept the others out."""
    receipts = [answer for answer in answers if isinstance(answer, Receipt)]
    if receipts:
        is_new = any(receipt.is_new and receipt.status != "admissible" for receipt in receipts)
        return HTTPStatus.CREATED if is_new else HTTPStatus.OK
    refusals = [answer for answer in answers if isinstance(answer, errors.EntenteError)]
    own = next((refusal for refusal in refusals if type(refusal) is not errors.Refused), refusals[0])
    return problems.status_of(own)
