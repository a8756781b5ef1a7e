"""What the national authorities say in the registry, in a home that holds their keys: the first entry, keys and their ends.

A home in production holds none of these keys; each nation then signs its own registry events where its key is.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from api import authoring
from api.authoring import Author, Sealers
from ledger.events.approvals import NATIONS
from ledger.events.key_types import ROLES_OF_TYPE, Predecessor
from ledger.events.keys import KeyRing
from ledger.formats import challenge
from ledger.formats.entry import format_instant
from ledger.formats.keys import ED25519_EVENT, DocumentKey, SigningKey, key_id
from ledger.formats.sealing import SealingKey
from ledger.store.receipt import Receipt

if TYPE_CHECKING:
    from api.home import Home

LEDGER, KEYS = "LEDGER", "KEYS"
TYPE_CODES: Mapping[type, str] = {SigningKey: "01", SealingKey: "10", DocumentKey: "11"}


class Registrar:
    """Speaks for the national authorities of one home; `now` is its clock, in microseconds (the home's unless given)."""

    def __init__(self, home: Home, now: Callable[[], int] | None = None) -> None:
        self.home = home
        self.now = now or home.clock or _machine_clock

    @property
    def keys(self) -> KeyRing:
        """The key ring at the head of the log."""
        return self.home.ledger.keys

    def open_log(self, *, exercise: bool, predecessor: Predecessor | None = None) -> None:
        """Record the first entries: the log itself, then each nation's sealer and sealing key. Makes keys that are not here."""
        names = [f"authority-{nation}" for nation in NATIONS]
        named = [self.home.key(name) if self.home.key_path(name).exists() else self.home.new_key(name) for name in names]
        opened = opening(self.home.settings.origin, [key.public for key in named], exercise=exercise)
        opened |= {"predecessor": msgspec.to_builtins(predecessor)} if predecessor is not None else {}
        self.state("ledger.opened", LEDGER, opened, NATIONS)
        for nation in NATIONS:
            sealing_key = SealingKey.generate()
            sealing_key.save(self.home.key_path(f"sealing-{nation}"))
            self.register(nation, nation, "sealer", self.home.new_key(f"sealer-{nation}"))
            self.register_held(nation, nation, sealing_key)

    def register(
        self, owner: str, nation: str, role: str, key: SigningKey, may_append: Sequence[str] = (), next_digest: str = ""
    ) -> Receipt:
        """Register a signing key; it signs its own registration."""
        data = registration("01", key.public, owner, nation, role, may_append)
        data |= {"next_key_digest": next_digest} if next_digest else {}
        return self.state("key.registered", KEYS, data, signing_nations(nation), [key])

    def register_held(self, owner: str, nation: str, key: SealingKey | DocumentKey) -> Receipt:
        """Register a key that signs no event, whose holder is here: it is challenged, and answers, before it is attested."""
        require_answer(self.home.settings.origin, key)
        return self.attest(owner, nation, TYPE_CODES[type(key)], key.public)

    def attest(self, owner: str, nation: str, type_code: str, public: bytes) -> Receipt:
        """Register a key that signs no event, in its authority's word that its holder answered a challenge."""
        return self.state("key.registered", KEYS, registration(type_code, public, owner, nation), signing_nations(nation))

    def state(
        self, type_name: str, stream: str, data: Mapping[str, Any], nations: Sequence[str], more: Sequence[SigningKey] = ()
    ) -> Receipt:
        """Record a registry event in the name of the first of these nations, signed by all of them and by `more`."""
        authorities = [self.home.key(f"authority-{nation}") for nation in nations]
        speaker = Author(nations[0], nations[0], authorities[0])
        return self._append(type_name, stream, data, speaker, [*authorities[1:], *more])

    def rotate(self, old: Author, new: SigningKey, next_digest: str = "") -> Receipt:
        """Replace a key by its successor; both sign, no authority need be asked."""
        data = {
            "old": old.key.key_id,
            "registered": new.key_id,
            "type_code": "01",
            "public_key": in_base64(new.public),
        }
        data |= {"next_key_digest": next_digest} if next_digest else {}
        return self._append("key.rotated", KEYS, data, old, [new])

    def _append(
        self, type_name: str, stream: str, data: Mapping[str, Any], speaker: Author, others: Sequence[SigningKey]
    ) -> Receipt:
        now = self.now()
        unsigned = {"type": type_name, "stream": stream, "occurred_at": format_instant(now), "data": data}
        text_for = sealers(self.home) if type_name != "ledger.opened" else Sealers({}, {})
        submitted = authoring.compose(unsigned, speaker, self.home.settings.origin, text_for, now)
        return self.home.ledger.append(authoring.countersign(submitted, others))


def opening(origin: str, publics: Sequence[bytes], *, exercise: bool) -> dict[str, Any]:
    """The data of a log's first entry, with the public keys of London's and Paris' authorities."""
    keys = [
        {"nation": nation, "key_id": key_id(ED25519_EVENT, public), "public_key": in_base64(public)}
        for nation, public in zip(NATIONS, publics, strict=True)
    ]
    return {"origin": origin, "exercise": exercise, "rules": 1, "authority_keys": keys}


def registration(
    type_code: str, public: bytes, owner: str, nation: str, role: str = "", may_append: Sequence[str] = ()
) -> dict[str, Any]:
    """The data of a key's registration. One that signs events will sign it too; of any other the holder has answered."""
    attested = type_code != "01"
    data: dict[str, Any] = {
        "registered": key_id(int(type_code, 16), public), "type_code": type_code, "public_key": in_base64(public),
        "owner": owner, "role": ROLES_OF_TYPE[type_code][0] if attested else role,
    }  # fmt: skip
    data |= {"nation": nation} if nation in NATIONS else {}
    data |= {"may_append": list(may_append)} if may_append else {}
    return data | ({"attested": True} if attested else {})


def require_answer(origin: str, key: SealingKey | DocumentKey) -> None:
    """Challenge the holder of a key that signs no event, who is here, to prove that it is his. Raises BadSignature."""
    asked, expected = challenge.make(origin, int(TYPE_CODES[type(key)], 16), key.public)
    challenge.judge(asked, expected, challenge.answer(asked, key))


def _machine_clock() -> int:
    """Microseconds since 1970 UTC."""
    return time.time_ns() // 1_000


def sealers(home: Home) -> Sealers:
    """What sealing needs: the nations' public sealing keys from the log, and their sealers' keys where this home holds them."""
    held = {nation: home.key(f"sealer-{nation}") for nation in NATIONS if home.key_path(f"sealer-{nation}").exists()}
    return Sealers(sealing_keys(home.ledger.keys), held)


def sealing_keys(ring: KeyRing) -> dict[str, bytes]:
    """The nations' public sealing keys in force, by nation."""
    return {nation: key.public for nation in NATIONS if (key := ring.sealing_key(nation)) is not None}


def signing_nations(nation: str) -> Sequence[str]:
    """Whose authorities sign for something of a nation: operators and the centre are of neither, so both do."""
    return (nation,) if nation in NATIONS else NATIONS


def in_base64(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode("ascii")
