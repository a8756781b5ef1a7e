"""A service and its spool: what is said is not lost, not doubled, not overtaken, not believed recorded before it is."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.client.site import Answer, Introduction, OverHttp, Registered, Verify
from api.registrar import Registrar
from ledger import errors, events
from ledger.events.interception import InterceptionClosed, InterceptionPersonRegistered, InterceptionRecorded
from ledger.formats import merkle, proof, sealing, strict
from ledger.formats.entry import parse_entry, split_entry
from ledger.formats.keys import SigningKey
from ledger.formats.policy import parse_policy
from ledger.formats.sealing import SealingKey
from tests.coast import AT, Coast, attempt, coast_at

SECONDS = 20
FOUND = InterceptionRecorded(place="CZ", route="freight_vehicle", method="co2_probe", persons=4)


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Coast]:
    """A coast on SQLite, where the store makes no difference to what a service does."""
    with coast_at(tmp_path, "sqlite") as made:
        yield made


def repelled(coast: Coast, stream: str) -> list[int]:
    """How many were repelled at each attempt on record, in order."""
    return [strict.parse(split_entry(entry)[3])["data"]["outcomes"]["repelled"] for entry in coast.entries(stream)]


class Meddling(OverHttp):
    """A service reached through somebody who changes what comes back."""

    def __init__(self, coast: Coast, change: Callable[[Answer], Answer] = lambda answer: answer, code: str = "BF") -> None:
        super().__init__(coast.link.url, coast.tokens[code])
        self.change = change
        self.lost = 0

    def send(self, items: Sequence[bytes]) -> list[Answer]:
        answers = [self.change(answer) for answer in super().send(items)]
        if self.lost:
            self.lost -= 1
            raise errors.Unavailable("the answer was lost on its way")
        return answers


# -- from being said to being final ------------------------------------------------------------------------------------------


def test_a_statement_is_final_only_when_both_nations_have_cosigned(coast: Coast) -> None:
    with coast.ledger() as ledger:
        receipt = ledger.append(attempt(), stream="INC-1", occurred_at=AT, text={"note": "three at the fence"})
        receipt.wait("recorded", SECONDS)
        assert receipt.status == "recorded" and receipt.position == coast.home.reader.head()
        with pytest.raises(errors.Unavailable, match="not final within"):
            receipt.wait("final", 0.2)
        coast.home.cosign("london")
        with pytest.raises(errors.Unavailable):
            receipt.wait("final", 2)
        coast.home.cosign("paris")
        assert receipt.wait("final", SECONDS).document()["status"] == "final"
        carried = ledger.proof(receipt.id)
    leaf_hash = merkle.hash_leaf(coast.home.reader.entry(receipt_position(carried)))
    policy = parse_policy(coast.home.policy_path.read_bytes())
    assert proof.verify_proof(proof.parse_proof(carried), leaf_hash, policy).final


def receipt_position(carried: bytes) -> int:
    return proof.parse_proof(carried).leaf_index + 1


def test_what_is_said_while_the_link_is_cut_arrives_in_order_when_it_heals(coast: Coast) -> None:
    """A van in a valley: it goes on stating, its process is started anew, and nothing is missing afterwards."""
    with coast.ledger() as ledger:
        ledger.append(attempt(0), stream="INC-V", occurred_at=AT).wait("recorded", SECONDS)
    coast.link.cut()
    for start in (1, 11):
        with coast.ledger() as ledger:
            for number in range(start, start + 10):
                receipt = ledger.append(attempt(number), stream="INC-V", occurred_at=AT)
            assert receipt.status == "waiting"
    assert repelled(coast, "INC-V") == [0]
    coast.link.heal()
    with coast.ledger() as ledger:
        ledger.append(attempt(21), stream="INC-V", occurred_at=AT).wait("recorded", SECONDS)
        assert ledger.spool.counts()["waiting"] == 0 and ledger.trouble is None
    assert repelled(coast, "INC-V") == list(range(22))


def test_an_answer_that_was_lost_makes_no_second_event(coast: Coast) -> None:
    site = Meddling(coast)
    site.lost = 3
    ledger = coast.ledger(site=site).begin()
    receipts = [ledger.append(attempt(number), stream=f"INC-{number}", occurred_at=AT) for number in range(3)]
    ledger.drain(SECONDS)
    ledger.close()
    assert site.lost == 0 and [repelled(coast, f"INC-{number}") for number in range(3)] == [[0], [1], [2]]
    assert len({receipt.id for receipt in receipts}) == 3


def test_a_service_that_comes_back_at_once_does_not_wait_out_its_pause_for_ever(alone: Coast) -> None:
    with alone.ledger() as ledger:
        ledger.append(attempt(0), stream="INC-1", occurred_at=AT).wait("recorded", SECONDS)
        alone.stop()
        receipt = ledger.append(attempt(1), stream="INC-1", occurred_at=AT)
        while ledger.trouble is None:
            time.sleep(0.01)
        alone.serve()
        receipt.wait("recorded", SECONDS)
    assert repelled(alone, "INC-1") == [0, 1]


def test_who_must_not_block_waits_beside_it(alone: Coast) -> None:
    async def said() -> str:
        async with alone.ledger() as ledger:
            receipt = ledger.append(attempt(), stream="INC-1", occurred_at=datetime(2026, 1, 5, 3, 12, tzinfo=UTC))
            return (await receipt.waited("recorded", SECONDS)).status

    assert asyncio.run(said()) == "recorded"


# -- refusals ----------------------------------------------------------------------------------------------------------------


def test_a_refused_statement_holds_up_its_own_stream_and_no_other(coast: Coast) -> None:
    """A closing of what never began is refused; what is said after it on that stream must not overtake it."""
    with coast.ledger() as ledger:
        refused = ledger.append(InterceptionClosed(), stream="IC-1", occurred_at=AT)
        behind = ledger.append(FOUND, stream="IC-1", occurred_at=AT)
        other = ledger.append(FOUND, stream="IC-2", occurred_at=AT)
        other.wait("recorded", SECONDS)
        with pytest.raises(errors.Parked) as told:
            refused.wait("recorded", SECONDS)
        assert told.value.problem["status"] == 422 and told.value.problem["type"] == "urn:entente:not-in-this-state"
        assert (refused.status, behind.status, len(ledger.parked())) == ("parked", "waiting", 1)
        ledger.withdraw(refused.id)
        behind.wait("recorded", SECONDS)
        assert refused.status == "withdrawn" and not ledger.parked()
        with pytest.raises(errors.Parked):
            refused.wait("recorded", 1)
    assert len(coast.entries("IC-1")) == 1


def test_what_was_refused_goes_through_once_its_reason_is_gone(coast: Coast) -> None:
    with coast.ledger() as ledger:
        with pytest.raises(errors.Parked):
            ledger.append(InterceptionClosed(), stream="IC-1", occurred_at=AT).wait("recorded", SECONDS)
        (parked,) = ledger.parked()
        with coast.ledger(spool="another.sqlite") as other:
            other.append(FOUND, stream="IC-1", occurred_at=AT).wait("recorded", SECONDS)
        ledger.resubmit(parked.id).wait("recorded", SECONDS)
        with pytest.raises(errors.NotFound):
            ledger.resubmit(parked.id)
    types = [events.read_header(split_entry(entry)[3]).type for entry in coast.entries("IC-1")]
    assert types == ["interception.recorded", "interception.closed"]


def test_a_mended_statement_takes_the_place_and_the_number_of_the_refused_one(alone: Coast) -> None:
    """Its number in the author's sequence is used for it, so that nothing seems to be missing."""
    with alone.ledger() as ledger:
        refused = ledger.append(InterceptionClosed(), stream="IC-1", occurred_at=AT)
        behind = ledger.append(FOUND, stream="IC-1", occurred_at=AT)
        with pytest.raises(errors.Parked):
            refused.wait("recorded", SECONDS)
        ledger.append(FOUND, stream="IC-1", occurred_at=AT, id=refused.id).wait("recorded", SECONDS)
        behind.wait("recorded", SECONDS)
    numbers = [strict.parse(split_entry(entry)[3])["author_seq"] for entry in alone.entries("IC-1")]
    assert numbers == [1, 2]


def test_the_same_statement_again_is_the_same_and_another_under_its_id_is_not(alone: Coast) -> None:
    statement = {
        "id": "01900000-0000-7000-8000-000000000001", "type": "incident.attempt_recorded", "stream": "INC-1",
        "occurred_at": AT, "data": {"outcomes": {"repelled": 1}, "note": "one"},
    }  # fmt: skip
    with alone.ledger() as ledger:
        first = ledger.state(statement).wait("recorded", SECONDS).document()
        alone.cosign()
        ledger.receipt(str(statement["id"])).wait("final", SECONDS)
        assert ledger.state(statement).document() == {**first, "status": "final"}
        with pytest.raises(errors.EventIdReused):
            ledger.state({**statement, "stream": "INC-2"})
    assert len(alone.entries("INC-1")) == 1


def test_nothing_is_lost_where_nobody_is_let_in(alone: Coast) -> None:
    ledger = alone.ledger()
    ledger.introduced()
    ledger.close()
    ledger = alone.ledger(token="forged").begin()
    receipt = ledger.append(attempt(), stream="INC-1", occurred_at=AT)
    with pytest.raises(errors.NotKnown):
        ledger.drain(SECONDS)
    assert receipt.status == "waiting"
    ledger.close()
    ledger = alone.ledger().begin()
    ledger.drain(SECONDS)
    ledger.close()
    assert repelled(alone, "INC-1") == [3]


def test_one_statement_too_large_for_any_request_is_parked_alone(alone: Coast) -> None:
    class Narrow(OverHttp):
        def send(self, items: Sequence[bytes]) -> list[Answer]:
            if sum(map(len, items)) > 4_000:
                raise errors.TooLarge("the body has more than 4000 bytes")
            return super().send(items)

    ledger = alone.ledger(site=Narrow(alone.link.url, alone.tokens["BF"])).begin()
    small = [ledger.append(attempt(n), stream=f"INC-{n}", occurred_at=AT) for n in range(20)]
    large = ledger.append(attempt(), stream="INC-L", occurred_at=AT, text={"note": "x" * 6_000})
    ledger.drain(SECONDS)
    assert [receipt.status for receipt in small] == ["recorded"] * 20 and large.status == "parked"
    ledger.close()


# -- whom to believe -----------------------------------------------------------------------------------------------------------


def bent(answer: Answer, **changed: Any) -> Answer:
    """An answer whose receipt says something else."""
    return answer._replace(receipt={**answer.receipt, **changed}) if answer.receipt else answer


CHANGES: dict[str, Callable[[Answer], Answer]] = {
    "another position": lambda answer: bent(answer, position=answer.receipt["position"] - 1),  # type: ignore[index]
    "another instant": lambda answer: bent(answer, recorded_at="2026-01-01T00:00:00.000000Z"),
    "another version": lambda answer: bent(answer, version=7),
    "another leaf": lambda answer: bent(answer, leaf_hash="00" * 32),
    "another event": lambda answer: bent(answer, event_id="01900000-0000-7000-8000-000000000001"),
    "no proof": lambda answer: bent(answer, proof=""),
    "a proof of something else": lambda answer: bent(answer, proof=base64.b64encode(b"c2sp.org/tlog-proof@v1\n").decode()),
    "no number": lambda answer: bent(answer, position="x"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_receipt_that_does_not_hold_is_not_believed(alone: Coast, change: Callable[[Answer], Answer]) -> None:
    """Somebody on the way says that it was recorded. It stays in the spool until a receipt holds."""
    site = Meddling(alone, change)
    ledger = alone.ledger(site=site).begin()
    receipt = ledger.append(attempt(), stream="INC-1", occurred_at=AT)
    with pytest.raises(errors.VerificationFailed):
        ledger.drain(SECONDS)
    assert receipt.status == "waiting"
    site.change = lambda answer: answer
    ledger.drain(SECONDS)
    assert receipt.status == "recorded"
    ledger.close()


def test_text_is_sealed_only_to_keys_that_both_nations_looked_at(alone: Coast) -> None:
    """A server that hands out a sealing key of its own would read what is sealed."""
    stolen = SealingKey.generate()

    class Handing(OverHttp):
        def introduce(self, key_id: str, verify: Verify) -> Introduction:
            def forged(nation: str, found: Registered) -> bytes:
                fields = strict.parse(parse_entry(found.entry).payload)
                fields["data"]["public_key"] = base64.b64encode(stolen.public).decode()
                return verify(nation, found._replace(entry=found.entry.split(b"\n\n")[0] + b"\n\n" + strict.format(fields)))

            return super().introduce(key_id, forged)

    ledger = alone.ledger(site=Handing(alone.link.url, alone.tokens["BF"]))
    with pytest.raises(errors.VerificationFailed):
        ledger.append(attempt(), stream="INC-1", occurred_at=AT, text={"note": "CANARY"})
    assert not ledger.spool.next_to_send(1)
    ledger.close()


def test_another_entry_than_a_registration_hands_out_no_key(alone: Coast) -> None:
    class Handing(OverHttp):
        def introduce(self, key_id: str, verify: Verify) -> Introduction:
            return super().introduce(key_id, lambda nation, found: verify("FR" if nation == "GB" else "GB", found))

    ledger = alone.ledger(site=Handing(alone.link.url, alone.tokens["BF"]))
    with pytest.raises(errors.VerificationFailed, match="not the registration of a sealing key"):
        ledger.introduced()
    ledger.close()


def test_a_log_that_shows_another_history_gets_nothing_more(alone: Coast, tmp_path: Path) -> None:
    """Calais is restored from yesterday's copy and goes on: what its services have seen contradicts it, and is proof."""
    alone.stop()
    alone.home.close()
    shutil.copytree(alone.home.path, tmp_path / "yesterday")
    alone.serve()
    with alone.ledger() as ledger:
        for number in range(3):
            ledger.append(attempt(number), stream="INC-1", occurred_at=AT).wait("recorded", SECONDS)
    alone.stop()
    alone.home.close()
    shutil.rmtree(alone.home.path)
    shutil.copytree(tmp_path / "yesterday", alone.home.path)
    alone.serve()
    with alone.ledger(spool="innocent.sqlite") as other:
        for number in range(5):
            other.append(attempt(number), stream="INC-2", occurred_at=AT).wait("recorded", SECONDS)
    ledger = alone.ledger().begin()
    receipt = ledger.append(attempt(9), stream="INC-1", occurred_at=AT)
    with pytest.raises(errors.Equivocation, match="signed two histories"):
        ledger.drain(SECONDS)
    assert receipt.status == "waiting" and len(list(ledger.trust.folder.glob("*.json"))) == 1
    said = alone.home.reader.head()
    with pytest.raises(errors.Equivocation):
        ledger.drain(SECONDS)
    assert alone.home.reader.head() == said
    ledger.close()


# -- what the spool keeps ------------------------------------------------------------------------------------------------------


def test_what_was_said_is_nowhere_in_the_clear_and_its_ciphertext_goes_once_it_is_final(alone: Coast) -> None:
    with alone.ledger() as ledger:
        receipt = ledger.append(
            attempt(), stream="INC-1", occurred_at=AT, text={"note": "CANARY-NOTE"}, personal={"S1": {"name": "CANARY-NAME"}}
        )
        item = ledger.spool.find(receipt.id)
        assert item is not None and item.item is not None
        ciphertext = json.loads(item.item)["sections"]["text"]["ciphertext"].encode()
        receipt.wait("recorded", SECONDS)
        alone.cosign()
        receipt.wait("final", SECONDS)
    kept = b"".join(path.read_bytes() for path in alone.folder.glob("spool.sqlite*"))
    assert b"CANARY" not in kept and ciphertext not in kept
    assert stat.S_IMODE((alone.folder / "spool.sqlite").stat().st_mode) == 0o600


def test_who_it_is_about_is_sealed_apart_from_what_happened(coast: Coast) -> None:
    with coast.ledger() as ledger:
        receipt = ledger.append(
            InterceptionPersonRegistered(category="rescued"), stream="IC-1", occurred_at=AT,
            text={"note": "found alone"}, personal={"S1": {"name": "Jean Dupont"}},
        ).wait("recorded", SECONDS)  # fmt: skip
    position = receipt_of(coast, receipt.id)
    header = events.read_header(split_entry(coast.home.reader.entry(position))[3])
    sections = coast.home.reader.sections(position)
    for nation in ("GB", "FR"):
        key = coast.home.sealing_key(nation)
        assert key is not None
        opened = {
            row.name: strict.parse(
                sealing.open_section(msgspec.to_builtins(row), sections[row.name], header.origin, header.id, nation, key)
            )
            for row in header.sections
        }
        assert opened == {"text": {"note": "found alone"}, "personal:S1": {"name": "Jean Dupont"}}


def receipt_of(coast: Coast, event_id: str) -> int:
    return coast.home.reader.receipt(event_id).position


def test_an_event_for_one_nation_has_no_number_whose_gap_the_other_would_see(alone: Coast) -> None:
    sealer = {"GB": alone.home.key_path("sealer-GB")}
    with alone.ledger(sealers=sealer) as ledger:
        ledger.append(attempt(1), stream="INC-1", occurred_at=AT).wait("recorded", SECONDS)
        sealed = ledger.append(attempt(2), stream="INC-1", occurred_at=AT, releasable_to=["GB"]).wait("recorded", SECONDS)
        ledger.append(attempt(3), stream="INC-1", occurred_at=AT).wait("recorded", SECONDS)
        assert sealed.document()["event_id"] != sealed.id
    payloads = [strict.parse(split_entry(entry)[3]) for entry in alone.entries("INC-1")]
    assert [payload["author_seq"] for payload in payloads] == [1, 2]


def test_an_event_for_one_nation_needs_that_nations_sealer(alone: Coast) -> None:
    with alone.ledger() as ledger, pytest.raises(errors.NotAllowed, match="sealer"):
        ledger.append(attempt(), stream="INC-1", occurred_at=AT, releasable_to=["GB"])


def test_what_was_spooled_before_its_key_was_revoked_is_signed_again_by_the_successor(coast: Coast) -> None:
    old, new = coast.home.key("service-BF"), SigningKey.generate()
    with coast.ledger() as ledger:
        ledger.append(attempt(0), stream="INC-1", occurred_at=AT).wait("recorded", SECONDS)
    coast.link.cut()
    with coast.ledger() as ledger:
        spooled = [ledger.append(attempt(n), stream="INC-1", occurred_at=AT).id for n in (1, 2)]
    coast.stop()
    registrar = Registrar(coast.home)
    registrar.register("BF", "GB", "service", new)
    registrar.state("key.revoked", "KEYS", {"key": old.key_id, "reason": "stolen"}, ["GB"])
    coast.home.close()
    coast.serve()
    coast.link.heal()
    ledger = coast.ledger(key=new).begin()
    ledger.drain(SECONDS)
    assert [row.id for row in ledger.parked()] == spooled[:1]
    assert ledger.sign_again() == 1
    ledger.drain(SECONDS)
    assert ledger.sign_again() == 1
    ledger.drain(SECONDS)
    assert [ledger.receipt(each).status for each in spooled] == ["recorded", "recorded"]
    ledger.close()
    assert repelled(coast, "INC-1") == [0, 1, 2]


def test_two_processes_never_send_from_one_spool(alone: Coast) -> None:
    with alone.ledger(), pytest.raises(errors.Unavailable, match="another process"):
        alone.ledger().begin()


def test_a_full_disk_is_told_and_nothing_is_half_kept(alone: Coast) -> None:
    ledger = alone.ledger()
    ledger.introduced()
    connection: sqlite3.Connection = ledger.spool._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages + 1}")

    def fill() -> None:
        for _ in range(20):
            ledger.append(attempt(), stream="INC-1", occurred_at=AT, text={"note": "n" * 8_000})

    with pytest.raises(errors.DiskFull):
        fill()
    kept = ledger.spool.in_state("waiting")
    connection.execute(f"PRAGMA max_page_count={pages + 1_000}")
    ledger.append(attempt(), stream="INC-1", occurred_at=AT)
    numbers = [row.author_seq for row in ledger.spool.in_state("waiting")]
    assert numbers == list(range(1, len(kept) + 2))
    ledger.close()


def test_a_clock_that_is_wrong_shows_in_the_first_receipt(alone: Coast) -> None:
    with alone.ledger() as ledger:
        assert ledger.clock is None
        ledger.append(attempt(), stream="INC-1", occurred_at=AT).wait("recorded", SECONDS)
        clock = ledger.clock
    assert clock is not None and abs(clock.offset_seconds) <= clock.uncertainty_seconds + 0.01 < 5


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"data": {"outcomes": {"flown": 1}}}, "data.outcomes"),
        ({"type": "incident.picnic"}, "type"),
        ({"stream": "a b"}, "stream"),
    ],
)
def test_what_cannot_be_said_is_refused_before_it_is_spooled(alone: Coast, said: dict[str, Any], field: str) -> None:
    statement = {"type": "incident.attempt_recorded", "stream": "INC-1", "occurred_at": AT, "data": {"outcomes": {}}, **said}
    ledger = alone.ledger()
    with pytest.raises(errors.Malformed) as told:
        ledger.state(statement)
    assert (told.value.field or "").startswith(field)
    assert not ledger.spool.in_state("waiting") and ledger.spool.remembered(f"author_seq {ledger.key.key_id}") is None
    ledger.close()


def test_the_spool_forgets_what_has_long_been_final(alone: Coast) -> None:
    with alone.ledger() as ledger:
        receipt = ledger.append(attempt(), stream="INC-1", occurred_at=AT).wait("recorded", SECONDS)
        alone.cosign()
        receipt.wait("final", SECONDS)
    later = alone.ledger(now=lambda: time.time_ns() // 1_000 + 32 * 86_400 * 1_000_000)
    later.begin()
    assert later.spool.find(receipt.id) is None
    later.close()
