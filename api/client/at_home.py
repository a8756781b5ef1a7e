"""A ledger in a home on this machine, for who appends without a service between: the same answers, without the wire."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from api.client.site import Answer, Introduction, Site, Verify
from api.home import Home
from api.registrar import sealers
from ledger import errors
from ledger.evidence.offering import Offering
from ledger.evidence.source import Source
from ledger.formats import merkle, proof
from ledger.formats.envelope import parse_item
from ledger.store.receipt import Receipt


class AtHome(Site):
    """The ledger of an open home. Its registry is read as it is: whoever holds the home need not prove it to himself."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.source: Source = Offering(home.held, home.policy())

    def introduce(self, key_id: str, verify: Verify) -> Introduction:
        found = self.home.ledger.keys.keys.get(key_id)
        if found is None:
            raise errors.KeyNotInForce(
                f"the key {key_id[:16]}… is not registered in this log", field="--key", remedy="entente key register"
            )
        return Introduction(found.owner, found.nation, dict(sealers(self.home).sealing))

    def send(self, items: Sequence[bytes]) -> list[Answer]:
        answers = self.home.ledger.append_many([parse_item(item) for item in items])
        return [self._answer(answer) for answer in answers]

    def close(self) -> None:
        """Nothing is held: the home is closed by who opened it."""

    def _answer(self, answer: Receipt | errors.EntenteError) -> Answer:
        if isinstance(answer, Receipt):
            status = HTTPStatus.CREATED if answer.is_new else HTTPStatus.OK
            return Answer(status, answer.as_dict() | {"proof": self._proof(answer)}, None)
        status = HTTPStatus.SERVICE_UNAVAILABLE if isinstance(answer, errors.Unavailable) else HTTPStatus.UNPROCESSABLE_ENTITY
        return Answer(status, None, problem_of(answer))

    def _proof(self, receipt: Receipt) -> str:
        ledger = self.home.ledger
        path = merkle.prove_inclusion(receipt.leaf_index, receipt.size, ledger.tree.read_hashes)
        carried = proof.format_proof(receipt.leaf_index, path, ledger.signed_checkpoint(receipt.size))
        return base64.b64encode(carried).decode()


def problem_of(wrong: errors.EntenteError) -> dict[str, Any]:
    """What was refused, with the names of a problem document."""
    found = {"type": f"urn:entente:{wrong.code}", "detail": wrong.message}
    return found | {name: said for name, said in (("field", wrong.field), ("remedy", wrong.remedy)) if said}
