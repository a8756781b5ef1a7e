"""Keys and the registry: what one nation, or one stolen key, must never be able to say in another's name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api import authoring
from api.authoring import Author
from api.exercise import Clock, Player
from api.registrar import in_base64
from ledger import errors
from ledger.formats.entry import format_instant, parse_instant
from ledger.formats.keys import SigningKey
from tests.memory import MemoryHome

NIGHT = {
    "exercise": True,
    "origin": "test.example/keys",
    "authorities": [
        {"code": "BF", "nation": "GB", "name": "Border Force"},
        {"code": "PAF", "nation": "FR", "name": "Police aux frontières"},
        {"code": "ET", "nation": "OPERATOR", "name": "Eurotunnel"},
    ],
    "places": [{"code": "CZ", "name": "Control zone", "territory": "FR", "control_zone": "GB"}],
    "events": [{"recorded_at": "2015-08-26T20:00:00Z"}],
}


class Registrar:
    """Says things in the registry with whatever keys a test hands it."""

    def __init__(self, home: MemoryHome, player: Player, clock: Clock) -> None:
        self.home, self.player, self.clock = home, player, clock

    def say(self, type_name: str, data: dict[str, Any], speaker: str, *more: SigningKey) -> Any:
        """A registry event in the name of `speaker`'s national authority, countersigned by more keys."""
        author = Author(speaker, speaker, self.home.key(f"authority-{speaker}"))
        return self.append(type_name, "KEYS", data, author, *more)

    def append(self, type_name: str, stream: str, data: dict[str, Any], author: Author, *more: SigningKey) -> Any:
        """Any event, by any author."""
        self.clock.now += 1_000_000
        unsigned = {"type": type_name, "stream": stream, "occurred_at": format_instant(self.clock.now), "data": data}
        submitted = authoring.compose(unsigned, author, str(NIGHT["origin"]), self.player.sealers, self.clock.now)
        return self.home.ledger.append(authoring.countersign(submitted, list(more)))

    def new_key_of(self, owner: str, role: str, nation: str | None, key: SigningKey) -> dict[str, Any]:
        """The data of a registration."""
        data = {"registered": key.key_id, "type_code": "01", "public_key": in_base64(key.public), "owner": owner, "role": role}
        return data | ({"nation": nation} if nation else {})

    def detection(self, author: Author, stream: str = "IC-1") -> Any:
        """Four people found in a control zone."""
        data = {"place": "CZ", "route": "freight_vehicle", "method": "co2_probe", "persons": 4}
        return self.append("interception.recorded", stream, data, author)


@pytest.fixture
def registrar(tmp_path: Path) -> Iterator[Registrar]:
    clock = Clock()
    home = MemoryHome(tmp_path, clock, str(NIGHT["origin"]))
    player = Player(home, NIGHT, clock)  # type: ignore[arg-type]
    player.set_up()
    clock.now = parse_instant("2015-08-26T20:00:00.000000Z")
    yield Registrar(home, player, clock)
    home.close()


@pytest.mark.parametrize("role", ["service", "official", "sealer", "national_authority"])
def test_france_cannot_make_a_key_that_speaks_for_britain(registrar: Registrar, role: str) -> None:
    key = SigningKey.generate()
    with pytest.raises(errors.NotAllowed):
        registrar.say("key.registered", registrar.new_key_of("PAF", role, "GB", key), "FR", key)


def test_france_cannot_register_a_key_of_a_british_authority(registrar: Registrar) -> None:
    key = SigningKey.generate()
    with pytest.raises(errors.NotAllowed, match="GB"):
        registrar.say("key.registered", registrar.new_key_of("BF", "service", "GB", key), "FR", key)


def test_a_nation_speaks_in_its_own_name_only(registrar: Registrar) -> None:
    key = SigningKey.generate()
    impostor = Author("GB", "GB", registrar.home.key("authority-FR"))
    with pytest.raises(errors.NotAllowed):
        registrar.append("key.registered", "KEYS", registrar.new_key_of("PAF", "service", "FR", key), impostor, key)


def test_an_operators_key_needs_both_nations(registrar: Registrar) -> None:
    key = SigningKey.generate()
    with pytest.raises(errors.NotAllowed):
        registrar.say("key.registered", registrar.new_key_of("ET", "service", None, key), "FR", key)
    gb = registrar.home.key("authority-GB")
    assert registrar.say("key.registered", registrar.new_key_of("ET", "service", None, key), "FR", gb, key)


@pytest.mark.parametrize(
    "data",
    [
        {"code": "BF", "nation": "FR", "name": "taken over"},
        {"code": "FRX", "nation": "FR", "name": "grafted on", "part_of": "BF"},
        {"code": "GB", "nation": "FR", "name": "the nation itself"},
        {"code": "NEW", "nation": "FR", "name": "part of nothing known", "part_of": "NOBODY"},
    ],
)
def test_france_cannot_take_over_a_british_authority(registrar: Registrar, data: dict[str, Any]) -> None:
    with pytest.raises(errors.NotAllowed):
        registrar.say("authority.registered", data, "FR")


def test_a_suspended_authority_key_registers_nothing(registrar: Registrar) -> None:
    gb = registrar.home.key("authority-GB")
    registrar.say("key.suspended", {"key": gb.key_id}, "FR")
    key = SigningKey.generate()
    with pytest.raises(errors.NotAllowed):
        registrar.say("key.registered", registrar.new_key_of("BF", "service", "GB", key), "GB", key)
    registrar.say("key.reinstated", {"key": gb.key_id}, "FR", gb)
    assert registrar.say("key.registered", registrar.new_key_of("BF", "service", "GB", key), "GB", key)


def test_a_key_says_nothing_before_it_is_registered_nor_after_it_is_revoked(registrar: Registrar) -> None:
    key = SigningKey.generate()
    author = Author("BF", "GB", key)
    with pytest.raises(errors.KeyNotInForce):
        registrar.detection(author)
    registrar.say("key.registered", registrar.new_key_of("BF", "service", "GB", key), "GB", key)
    registrar.detection(author)
    registrar.say("key.revoked", {"key": key.key_id}, "GB")
    with pytest.raises(errors.KeyNotInForce):
        registrar.detection(author, "IC-2")


def test_what_was_spooled_before_a_rotation_is_signed_again_by_the_successor(registrar: Registrar) -> None:
    old, new = registrar.home.key("service-BF"), SigningKey.generate()
    spooled = authoring.compose(
        {
            "type": "interception.recorded",
            "stream": "IC-9",
            "occurred_at": format_instant(registrar.clock.now),
            "data": {"place": "CZ", "route": "freight_vehicle", "method": "co2_probe", "persons": 2},
        },
        Author("BF", "GB", old),
        str(NIGHT["origin"]),
        registrar.player.sealers,
        registrar.clock.now,
    )
    data = {"old": old.key_id, "registered": new.key_id, "type_code": "01", "public_key": in_base64(new.public)}
    registrar.append("key.rotated", "KEYS", data, Author("BF", "GB", old), new)
    with pytest.raises(errors.KeyNotInForce):
        registrar.home.ledger.append(spooled)
    again = authoring.countersign(spooled, [new])
    assert registrar.home.ledger.append(again)
    stranger = SigningKey.generate()
    with pytest.raises(errors.KeyNotInForce):
        registrar.detection(Author("BF", "GB", stranger), "IC-10")


def test_a_rotation_must_match_what_the_key_committed_to(registrar: Registrar) -> None:
    old, promised, other = SigningKey.generate(), SigningKey.generate(), SigningKey.generate()
    digest = hashlib.sha256(promised.key_id.encode()).hexdigest()
    data = registrar.new_key_of("BF", "service", "GB", old) | {"next_key_digest": digest}
    registrar.say("key.registered", data, "GB", old)
    for key, is_promised in ((other, False), (promised, True)):
        rotation = {"old": old.key_id, "registered": key.key_id, "type_code": "01", "public_key": in_base64(key.public)}
        if is_promised:
            assert registrar.append("key.rotated", "KEYS", rotation, Author("BF", "GB", old), key)
        else:
            with pytest.raises(errors.NotAllowed):
                registrar.append("key.rotated", "KEYS", rotation, Author("BF", "GB", old), key)


def test_one_nation_cannot_reaffirm_what_another_key_said(registrar: Registrar) -> None:
    bf = registrar.home.key("service-BF")
    paf = registrar.home.key("service-PAF")
    said = registrar.detection(Author("PAF", "FR", paf))
    event = said.checked.header.id
    registrar.say("key.compromised", {"key": paf.key_id, "suspect_from_position": said.position}, "FR")
    keys = registrar.home.ledger.keys
    assert keys.is_disputed(paf.key_id, event, said.position)
    with pytest.raises(errors.NotInThisState):
        registrar.say("key.reaffirmed", {"key": bf.key_id, "events": [event]}, "GB")
    assert keys.is_disputed(paf.key_id, event, said.position)
    registrar.say("key.reaffirmed", {"key": paf.key_id, "events": [event]}, "FR")
    assert not keys.is_disputed(paf.key_id, event, said.position)
