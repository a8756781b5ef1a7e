"""Keys from their registration to their end, in a log on either store: what may be said with them, by whom, from where.

What the rules refuse is refused twice: by admission, and by `verify` where a ledger has recorded it all the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from api import authoring, policies
from api.authoring import Author, countersign
from api.cli.key_names import key_set_digest, row_of
from api.registrar import in_base64
from api.verifying import verify_home
from ledger import errors
from ledger.evidence.export import export_tiles
from ledger.evidence.exported import ExportedLog
from ledger.evidence.walk import Walk
from ledger.formats.envelope import Submitted
from ledger.formats.keys import DocumentKey, SigningKey
from ledger.formats.sealing import SealingKey
from tests.story import DETECTION, Story, told_in

FOUND = ("interception.recorded", DETECTION)


class Keys:
    """A story about keys: who says what, with whose signatures."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.home = story.home

    @property
    def ring(self) -> Any:
        return self.home.ledger.keys

    def state(self, type_name: str, data: dict[str, Any], *nations: str, also: tuple[SigningKey, ...] = ()) -> Submitted:
        """In the name of the first of these nations, signed by all of them and by `also`; not yet sent."""
        speakers = [self.story.authority(nation) for nation in nations]
        said = self.story.compose(type_name, "KEYS", data, speakers[0])
        return countersign(said, [*(speaker.key for speaker in speakers[1:]), *also])

    def send(self, submitted: Submitted) -> Any:
        """To the ledger; returns the receipt."""
        return self.home.ledger.append(submitted)

    def says(self, type_name: str, data: dict[str, Any], *nations: str, also: tuple[SigningKey, ...] = ()) -> Any:
        return self.send(self.state(type_name, data, *nations, also=also))

    def key_of(self, owner: str) -> SigningKey:
        return self.story.author(owner).key

    def registration(self, key: Any, owner: str = "BF", nation: str | None = "GB", **more: Any) -> dict[str, Any]:
        code = {SigningKey: "01", SealingKey: "10", DocumentKey: "11"}[type(key)]
        role = {"01": "service", "10": "sealing", "11": "official"}[code]
        data = {"registered": key.key_id, "type_code": code, "public_key": in_base64(key.public), "owner": owner, "role": role}
        return {**data, **({"nation": nation} if nation else {}), **more}

    def registers(self, key: SigningKey, owner: str = "BF", nation: str = "GB", **more: Any) -> Author:
        self.says("key.registered", self.registration(key, owner, nation, **more), nation, also=(key,))
        return Author(owner, nation, key)

    def rotation(self, old: SigningKey, new: SigningKey, owner: str = "BF", **more: Any) -> Submitted:
        data = {"old": old.key_id, "registered": new.key_id, "type_code": "01", "public_key": in_base64(new.public), **more}
        nation = self.ring.keys[old.key_id].nation
        return countersign(self.story.compose("key.rotated", "KEYS", data, Author(owner, nation, old)), [new])

    def detection(self, author: Author, stream: str = "IC-1") -> Submitted:
        return self.story.compose(FOUND[0], stream, FOUND[1], author)

    def verified(self) -> list[tuple[int, str]]:
        for nation in ("GB", "FR"):
            self.home.projector(nation).follow()
        return [(p["position"], p["what"]) for p in verify_home(self.home, workers=1)["problems"]]


@pytest.fixture
def keys(tmp_path: Path, store_url: str) -> Iterator[Keys]:
    with told_in(tmp_path, store_url) as story:
        yield Keys(story)


# -- what is refused ----------------------------------------------------------------------------------------------------------


def too_early(keys: Keys) -> Submitted:
    return keys.detection(Author("BF", "GB", SigningKey.generate()))


def after_its_revocation(keys: Keys) -> Submitted:
    author = keys.registers(SigningKey.generate())
    said = keys.detection(author)
    keys.says("key.revoked", {"key": author.key.key_id}, "GB")
    return said


def while_suspended(keys: Keys) -> Submitted:
    author = keys.registers(SigningKey.generate())
    said = keys.detection(author)
    keys.says("key.suspended", {"key": author.key.key_id}, "FR")
    return said


def outside_its_scope(keys: Keys) -> Submitted:
    return keys.detection(keys.registers(SigningKey.generate(), may_append=["incident.*", "case.opened"]))


def for_another_authority(keys: Keys) -> Submitted:
    return keys.detection(Author("PAF", "FR", keys.key_of("BF")))


def to_a_key_it_never_committed_to(keys: Keys) -> Submitted:
    old, promised = SigningKey.generate(), SigningKey.generate()
    keys.registers(old, next_key_digest=hashlib.sha256(promised.key_id.encode()).hexdigest())
    return keys.rotation(old, SigningKey.generate())


def rotation_in_anothers_name(keys: Keys) -> Submitted:
    old, new = keys.key_of("BF"), SigningKey.generate()
    data = {"old": old.key_id, "registered": new.key_id, "type_code": "01", "public_key": in_base64(new.public)}
    return countersign(keys.story.compose("key.rotated", "KEYS", data, keys.story.authority("FR")), [old, new])


def operators_key_by_one_nation(keys: Keys) -> Submitted:
    key = SigningKey.generate()
    return keys.state("key.registered", keys.registration(key, "ET", None), "FR", also=(key,))


def reinstated_by_one_nation(keys: Keys) -> Submitted:
    keys.says("key.suspended", {"key": keys.key_of("BF").key_id}, "FR")
    return keys.state("key.reinstated", {"key": keys.key_of("BF").key_id}, "GB")


def thawed_by_one_nation(keys: Keys) -> Submitted:
    keys.says("ledger.frozen", {}, "FR")
    return keys.state("ledger.thawed", {}, "FR")


def closed_by_one_nation(keys: Keys) -> Submitted:
    return keys.state("ledger.closed", {"successor": "test.example/next"}, "GB")


def another_policy(keys: Keys) -> str:
    """The digest of a policy that is held here and lists the same keys."""
    return policies.keep(keys.home.path, keys.home.policy_path.read_bytes() + b"# again\n")


def policy_by_one_nation(keys: Keys) -> Submitted:
    return keys.state("policy.adopted", {"sha256": another_policy(keys), "from_size": keys.home.ledger.head() + 1}, "GB")


def rules_by_one_nation(keys: Keys) -> Submitted:
    return keys.state("rules.adopted", {"rules": 2}, "FR")


def sealing_key_nobody_challenged(keys: Keys) -> Submitted:
    return keys.state("key.registered", keys.registration(SealingKey.generate(), "GB"), "GB")


def document_key_nobody_challenged(keys: Keys) -> Submitted:
    return keys.state("key.registered", keys.registration(DocumentKey.generate()), "GB")


def anybody_could_sign_under_it(keys: Keys) -> Submitted:
    weak = bytes(32)
    key_id = hashlib.sha256(b"\x01" + weak).hexdigest()
    data = {"registered": key_id, "type_code": "01", "public_key": in_base64(weak), "owner": "BF", "role": "service"}
    return keys.state("key.registered", {**data, "nation": "GB"}, "GB")


def revoked_twice(keys: Keys) -> Submitted:
    keys.says("key.revoked", {"key": keys.key_of("BF").key_id}, "GB")
    return keys.state("key.revoked", {"key": keys.key_of("BF").key_id}, "GB")


def suspended_after_its_end(keys: Keys) -> Submitted:
    keys.says("key.revoked", {"key": keys.key_of("BF").key_id}, "GB")
    return keys.state("key.suspended", {"key": keys.key_of("BF").key_id}, "FR")


def reinstated_without_need(keys: Keys) -> Submitted:
    return keys.state("key.reinstated", {"key": keys.key_of("BF").key_id}, "GB", "FR")


def compromised_from_the_future(keys: Keys) -> Submitted:
    data = {"key": keys.key_of("BF").key_id, "suspect_from_position": keys.home.ledger.head() + 9}
    return keys.state("key.compromised", data, "GB")


def doubt_taken_back_in_silence(keys: Keys) -> Submitted:
    bf = keys.key_of("BF").key_id
    keys.says("key.compromised", {"key": bf, "suspect_from_position": 3}, "GB")
    return keys.state("key.compromised", {"key": bf, "suspect_from_position": 9}, "GB")


def reaffirmed_before_any_doubt(keys: Keys) -> Submitted:
    return keys.state("key.reaffirmed", {"key": keys.key_of("BF").key_id, "events": ["x"]}, "GB")


def a_nation_made_mute(keys: Keys) -> Submitted:
    return keys.state("key.revoked", {"key": keys.ring.authority_key["GB"]}, "GB")


def thawed_without_need(keys: Keys) -> Submitted:
    return keys.state("ledger.thawed", {}, "GB", "FR")


def policy_for_what_is_signed_already(keys: Keys) -> Submitted:
    return keys.state("policy.adopted", {"sha256": another_policy(keys), "from_size": 3}, "GB", "FR")


def said_while_frozen(keys: Keys) -> Submitted:
    said = keys.detection(keys.story.author("BF"))
    keys.says("ledger.frozen", {}, "FR")
    return said


def said_after_the_end(keys: Keys) -> Submitted:
    said = keys.detection(keys.story.author("BF"))
    keys.says("ledger.closed", {"successor": "test.example/next"}, "GB", "FR")
    return said


def a_key_that_is_registered_already(keys: Keys) -> Submitted:
    return keys.state("key.registered", keys.registration(keys.key_of("BF")), "GB", also=(keys.key_of("BF"),))


BREACHES: tuple[Callable[[Keys], Submitted], ...] = (
    *(too_early, after_its_revocation, while_suspended, outside_its_scope, for_another_authority),
    *(to_a_key_it_never_committed_to, rotation_in_anothers_name, operators_key_by_one_nation, reinstated_by_one_nation),
    *(thawed_by_one_nation, closed_by_one_nation, policy_by_one_nation, rules_by_one_nation, sealing_key_nobody_challenged),
    *(document_key_nobody_challenged, anybody_could_sign_under_it, revoked_twice, suspended_after_its_end),
    *(reinstated_without_need, compromised_from_the_future, doubt_taken_back_in_silence, reaffirmed_before_any_doubt),
    *(a_nation_made_mute, thawed_without_need, policy_for_what_is_signed_already, said_while_frozen, said_after_the_end),
    a_key_that_is_registered_already,
)


@pytest.mark.parametrize("breach", BREACHES, ids=lambda breach: breach.__name__)
def test_what_the_keys_do_not_allow_is_refused_and_where_it_was_recorded_verify_names_it(
    keys: Keys, breach: Callable[[Keys], Submitted], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = breach(keys)
    before = keys.home.ledger.head()
    with pytest.raises(errors.Refused):
        keys.send(said)
    assert keys.home.ledger.head() == before
    with monkeypatch.context() as dishonest:
        for rule in ("require_signers", "require_key_step"):
            dishonest.setattr(f"ledger.admission.{rule}", lambda *_: None)
        dishonest.setattr("ledger.admission.with_late_signatures", lambda checked, keys: checked)
        assert keys.send(said).position == before + 1
    assert before + 1 in [position for position, _ in keys.verified()]
    keys.story.check = lambda: None  # type: ignore[method-assign]  # what a dishonest ledger holds, no view has to fold


# -- what is allowed ----------------------------------------------------------------------------------------------------------


def test_a_key_speaks_from_the_entry_after_its_registration(keys: Keys) -> None:
    """Sent together, in the wrong order and then in the right one: position decides, never the clock."""
    key = SigningKey.generate()
    author = Author("BF", "GB", key)
    registration = keys.state("key.registered", keys.registration(key), "GB", also=(key,))
    early, late = keys.detection(author, "IC-1"), keys.detection(author, "IC-2")
    answers = keys.home.ledger.append_many([early, registration, late])
    assert [type(answer) for answer in answers] == [errors.KeyNotInForce, *[type(answers[1])] * 2]
    assert (keys.ring.keys[key.key_id].since, answers[2].position) == (answers[1].position, answers[1].position + 1)
    assert keys.verified() == []


def test_either_nation_alone_stops_any_key_and_only_both_give_it_back(keys: Keys) -> None:
    for nation, owner in (("FR", "BF"), ("GB", "PAF"), ("GB", "BF")):
        key = keys.key_of(owner).key_id
        keys.says("key.suspended", {"key": key}, nation)
        with pytest.raises(errors.KeyNotInForce):
            keys.send(keys.detection(keys.story.author(owner), f"IC-{owner}"))
        keys.says("key.reinstated", {"key": key}, nation, "FR" if nation == "GB" else "GB")
        assert keys.send(keys.detection(keys.story.author(owner), f"IC-{owner}-{nation}"))
    assert keys.verified() == []


def test_a_rotation_to_the_key_that_was_promised_goes_through_and_may_promise_the_next(keys: Keys) -> None:
    first, second, third = (SigningKey.generate() for _ in range(3))
    promise = [hashlib.sha256(key.key_id.encode()).hexdigest() for key in (second, third)]
    keys.registers(first, may_append=["interception.*"], next_key_digest=promise[0])
    keys.send(keys.rotation(first, second, next_key_digest=promise[1]))
    with pytest.raises(errors.NotAllowed):
        keys.send(keys.rotation(second, SigningKey.generate()))
    keys.send(keys.rotation(second, third))
    assert keys.ring.keys[third.key_id].may_append == ("interception.*",)
    assert keys.send(keys.detection(Author("BF", "GB", third)))
    assert keys.verified() == []


def test_a_nation_that_lost_its_authority_key_to_a_thief_gets_its_voice_back_without_giving_the_thief_his(keys: Keys) -> None:
    """France suspends it; reinstating and rotating it enter together or not at all, so that nothing comes between."""
    old, new = keys.story.authority("GB").key, SigningKey.generate()
    keys.says("key.suspended", {"key": old.key_id}, "FR")
    with pytest.raises(errors.NotAllowed):
        keys.says("key.registered", keys.registration(key := SigningKey.generate()), "GB", also=(key,))
    with pytest.raises(errors.KeyNotInForce):
        keys.send(keys.rotation(old, new, "GB"))
    reinstated = keys.state("key.reinstated", {"key": old.key_id}, "FR", "GB")
    answers = keys.home.ledger.append_many([reinstated, keys.rotation(old, new, "GB")], atomic=True)
    assert all(not isinstance(answer, errors.EntenteError) for answer in answers)
    since = answers[0].position - 2
    with pytest.raises(errors.NotAllowed):
        keys.says("key.registered", keys.registration(key := SigningKey.generate()), "GB", also=(key,))
    speaker = Author("GB", "GB", new)
    suspect = keys.story.compose("key.compromised", "KEYS", {"key": old.key_id, "suspect_from_position": since}, speaker)
    keys.send(suspect)
    assert keys.ring.keys[old.key_id].suspect_from == since
    assert keys.verified() == []


def test_rules_hold_from_the_entry_after_the_one_that_adopts_them(keys: Keys) -> None:
    """Ninety seconds ahead of the ledger's clock is fine under rules 1, and too far under rules 2."""
    ahead = [keys.story.compose(FOUND[0], f"IC-{n}", FOUND[1]) for n in range(2)]
    keys.story.clock.now -= 90_000_000
    keys.send(ahead[0])
    keys.says("rules.adopted", {"rules": 2}, "GB", "FR")
    keys.story.clock.now -= 1_000_000
    with pytest.raises(errors.FromTheFuture):
        keys.send(ahead[1])
    assert keys.verified() == []


def test_a_frozen_ledger_takes_holds_keys_and_corrections_until_both_thaw_it(keys: Keys) -> None:
    found = keys.story.add(*FOUND[:1], "IC-1", FOUND[1])
    keys.says("ledger.frozen", {}, "GB")
    for said in (
        keys.detection(keys.story.author("PAF"), "IC-2"),
        keys.story.compose("incident.persons_rescued", "INC-1", {"persons": 3, "by": "BF", "craft": "lifeboat"}),
        keys.state("rules.adopted", {"rules": 2}, "GB", "FR"),
        keys.state("place.registered", {"code": "X", "name": "X", "territory": "FR", "control_zone": "GB"}, "GB", "FR"),
    ):
        with pytest.raises(errors.LedgerFrozen):
            keys.send(said)
    keys.send(keys.story.correct(found, "IC-1", "amend", {"persons": 6}))
    keys.says("hold.placed", {"scope": {"everything": True}, "authority": "FR"}, "FR")
    key = SigningKey.generate()
    keys.registers(key)
    keys.says("policy.adopted", {"sha256": another_policy(keys), "from_size": keys.home.ledger.head() + 1}, "GB", "FR")
    keys.says("ledger.thawed", {}, "FR", "GB")
    assert keys.send(keys.detection(Author("BF", "GB", key), "IC-3"))


def test_nothing_follows_the_end_of_a_log_but_what_was_recorded_before_keeps_its_receipt(keys: Keys) -> None:
    said = keys.detection(keys.story.author("BF"))
    receipt = keys.send(said)
    keys.says("ledger.closed", {"successor": "test.example/next"}, "FR", "GB")
    for late in (keys.detection(keys.story.author("PAF"), "IC-2"), keys.state("ledger.thawed", {}, "GB", "FR")):
        with pytest.raises(errors.LedgerFrozen):
            keys.send(late)
    assert keys.send(said).as_dict() == receipt.as_dict()
    assert keys.verified() == []


# -- what was spooled before a key ended --------------------------------------------------------------------------------------


def test_what_was_spooled_arrives_signed_again_by_the_successor_or_relayed_by_the_authority(keys: Keys) -> None:
    old, new = keys.key_of("BF"), SigningKey.generate()
    spooled = [keys.detection(keys.story.author("BF"), f"IC-{n}") for n in range(4)]
    keys.send(keys.rotation(old, new))
    for again in ([], [keys.story.authority("FR").key], [SigningKey.generate()]):
        with pytest.raises(errors.KeyNotInForce):
            keys.send(countersign(spooled[0], again))
    by_successor = keys.send(countersign(spooled[0], [new]))
    by_authority = keys.send(countersign(spooled[1], [keys.story.authority("GB").key]))
    without_the_old = Submitted(spooled[2].payload, spooled[2].payload_type, (), spooled[2].sections)
    alone = keys.send(countersign(without_the_old, [keys.story.authority("GB").key]))
    by_both = keys.send(countersign(spooled[3], [new, keys.story.authority("GB").key]))
    assert [receipt.relayed for receipt in (by_successor, by_authority, alone, by_both)] == [False, True, True, False]
    assert keys.send(countersign(spooled[1], [new])).as_dict() == by_authority.as_dict()
    assert keys.home.reader.receipt(alone.event_id).as_dict()["relayed"] is True
    assert keys.verified() == []


def test_the_newest_of_several_successors_signs_again_and_one_that_ended_too_does_not(keys: Keys) -> None:
    chain = [keys.key_of("BF"), SigningKey.generate(), SigningKey.generate()]
    spooled = keys.detection(keys.story.author("BF"))
    for old, new in pairwise(chain):
        keys.send(keys.rotation(old, new))
    with pytest.raises(errors.KeyNotInForce):
        keys.send(countersign(spooled, [chain[1]]))
    keys.says("key.suspended", {"key": chain[2].key_id}, "FR")
    with pytest.raises(errors.KeyNotInForce):
        keys.send(countersign(spooled, [chain[2]]))
    assert keys.send(countersign(spooled, [keys.story.authority("GB").key])).relayed
    assert keys.verified() == []


def test_a_sealed_event_spooled_before_its_sealer_ended_is_signed_again(keys: Keys) -> None:
    story = keys.story
    inner = story.inner(FOUND[0], "SECRET", FOUND[1])
    sealed = authoring.seal_to(
        "GB", inner, story.player.origin, story.clock.now, {"gb": "OFFICIAL", "fr": "non protégé"}, story.player.sealers
    )
    old, new = story.player.sealers.sealer["GB"], SigningKey.generate()
    keys.send(keys.rotation(old, new, "GB"))
    with pytest.raises(errors.KeyNotInForce):
        keys.send(sealed)
    assert keys.send(countersign(sealed, [new]))
    assert story.g1() == DETECTION["persons"]
    assert keys.verified() == []


# -- compromise ---------------------------------------------------------------------------------------------------------------


def test_a_compromise_marks_exactly_the_events_in_doubt(keys: Keys) -> None:
    """Before it, from it on, another key's, one reaffirmed, and one that arrives later in the key's name."""
    bf = keys.key_of("BF")
    told = [keys.story.add(*FOUND[:1], f"IC-{n}", FOUND[1]) for n in range(4)]
    other = keys.story.add(FOUND[0], "IC-9", FOUND[1], "PAF")
    spooled = keys.detection(keys.story.author("BF"), "IC-8")
    place = keys.story.position
    keys.says("key.compromised", {"key": bf.key_id, "suspect_from_position": place(told[2])}, "GB")
    late = keys.send(countersign(spooled, [keys.story.authority("GB").key])).event_id

    def doubted() -> list[str]:
        return [event for event in (*told, other, late) if keys.ring.is_disputed(named[event], event, place(event))]

    named = dict.fromkeys((*told, late), bf.key_id) | {other: keys.key_of("PAF").key_id}
    assert doubted() == [told[2], told[3], late]
    keys.says("key.reaffirmed", {"key": bf.key_id, "events": [told[3], late]}, "GB")
    assert doubted() == [told[2]]
    keys.says("key.compromised", {"key": bf.key_id, "suspect_from_position": place(told[1])}, "GB")
    assert doubted() == [told[1], told[2]]
    assert keys.verified() == []


# -- the ring of the past -----------------------------------------------------------------------------------------------------


def test_the_key_set_at_every_past_position_is_made_again_from_the_log_alone(keys: Keys, tmp_path: Path) -> None:
    new, spare = SigningKey.generate(), SigningKey.generate()
    keys.send(keys.detection(keys.story.author("BF")))
    keys.registers(spare, may_append=["incident.*"])
    keys.says("key.suspended", {"key": spare.key_id}, "FR")
    keys.send(keys.rotation(keys.key_of("BF"), new))
    keys.says("key.reinstated", {"key": spare.key_id}, "FR", "GB")
    keys.says("key.compromised", {"key": keys.key_of("BF").key_id, "suspect_from_position": 5}, "GB")
    keys.says("key.revoked", {"key": spare.key_id}, "GB")
    head = keys.home.ledger.head()
    export_tiles(keys.home.held, tmp_path / "tiles", keys.home.policy_path.read_bytes())
    exported = ExportedLog(tmp_path / "tiles")
    walk, digests = Walk(exported), []
    for position, *_, entry in exported.rows(0, head):
        walk.take(position, entry)
        ring, _ = keys.home.reader.standing_at(position)
        rows = [row_of(key) for key in ring.keys.values()]
        assert rows == [row_of(key) for key in walk.keys.keys.values()]
        digests.append(key_set_digest(rows))
    assert rows == [row_of(key) for key in keys.ring.keys.values()], "the head's ring is the last of them"
    assert len(set(digests[-6:])) == 6, "each of these events changed the keys"
