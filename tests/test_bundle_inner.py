"""What is sealed inside an event is held to what every verifier can ask; and what a verifier reads of an event has one form."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from ledger import errors
from ledger.events import key_types
from ledger.events.base import Event
from ledger.events.keys import KeyRing
from ledger.events.registry import Registry
from ledger.events.registry_types import AuthorityRegistered
from ledger.evidence import bundle_reading
from ledger.evidence.bundle_inner import require_inner
from ledger.evidence.bundle_reading import read_event, require_signed
from ledger.formats import envelope, sealing, strict
from ledger.formats.entry import split_entry
from tests.bundle_forging import following, forged
from tests.bundles import key, verdict_of
from tests.test_bundle_forgeries import ENTRIES, FOUND, SEALED

RING, REGISTRY = KeyRing(), Registry()
for at, entry in enumerate(ENTRIES, start=1):
    REGISTRY.apply(read_event(split_entry(entry)[3]), at)
    RING.apply(read_event(split_entry(entry)[3]), at)
OUTER = read_event(split_entry(ENTRIES[SEALED - 1])[3])
STATED = {**json.loads(split_entry(ENTRIES[FOUND - 1])[3]), "releasable_to": ["GB"], "sections": []}
TEXT, SECTION = sealing.seal("text", b"in the second lorry", "o", "e", {}, bytes(32))
WITH_TEXT = {"sections": [dict(TEXT)]}


def inner(
    fields: dict[str, Any] = {},  # noqa: B006
    *signers: str,
    sections: dict[str, sealing.SealedSection] = {},  # noqa: B006
    kind: str = envelope.EVENT_TYPE,
) -> bytes:
    """The wire item of an event that GB seals: Border Force's detection, with other fields, signed by these."""
    return wired(
        {name: value for name, value in (STATED | fields).items() if value is not None}, *signers, sections=sections, kind=kind
    )


def wired(
    fields: dict[str, Any],
    *signers: str,
    sections: dict[str, sealing.SealedSection] = {},  # noqa: B006
    kind: str = envelope.EVENT_TYPE,
) -> bytes:
    """The wire item of a payload, signed by these."""
    payload = strict.format(fields)
    signatures = tuple(envelope.sign(payload, key(name), kind) for name in signers or ("BF",))
    return strict.format(envelope.format_item(envelope.Submitted(payload, kind, signatures, sections)))


SOUND = {
    "as it is": inner(),
    "with the text it commits to": inner(WITH_TEXT, sections={"text": SECTION}),
    "of a type that is not known here": inner({"type": "weather.seen"}),
    "stated by the nation for its own": inner({"key_id": key("GB").key_id}, "GB"),
}
UNSOUND: dict[str, tuple[bytes, type[errors.EntenteError], str | None]] = {
    "no wire item": (b"{}", errors.Malformed, None),
    "in another spelling": (inner().replace(b'":', b'": ', 1), errors.Malformed, None),
    "of another kind": (inner(kind="text/plain"), errors.Malformed, "payloadType"),
    "a key's end": (inner({"type": "key.revoked", "data": {"key": "0" * 64}}), errors.NotAllowed, "type"),
    "a next version": (inner({"expected_version": 1}), errors.NotAllowed, "type"),
    "made out to another log": (inner({"origin": "golden.example/other"}), errors.NotAllowed, "releasable_to"),
    "made out to the other nation too": (inner({"releasable_to": ["GB", "FR"]}), errors.NotAllowed, "releasable_to"),
    "signed twice by one": (inner({}, "BF", "BF"), errors.Malformed, "signatures"),
    "signed by nobody known": (inner({}, "BF", "stranger"), errors.KeyNotInForce, "signatures"),
    "signed by nobody's right": (inner({"authority": "GB"}), errors.NotAllowed, "authority"),
    "of the other nation": (inner({"authority": "PAF"}, "PAF"), errors.NotAllowed, "authority"),
    "a section it does not commit to": (inner(sections={"text": SECTION}), errors.BadSection, None),
    "a section that is not there": (inner(WITH_TEXT), errors.BadSection, None),
    "a section of another name": (inner(WITH_TEXT, sections={"note": SECTION}), errors.BadSection, None),
    "a section of other bytes": (
        inner(WITH_TEXT, sections={"text": sealing.SealedSection(SECTION.ciphertext[::-1], {})}),
        errors.BadSection,
        None,
    ),
}


@pytest.mark.parametrize("item", SOUND.values(), ids=SOUND.keys())
def test_a_sound_event_inside_is_known_by_its_id(item: bytes) -> None:
    assert require_inner(item, OUTER, RING, REGISTRY) == STATED["id"]


@pytest.mark.parametrize(("item", "error", "field"), UNSOUND.values(), ids=UNSOUND.keys())
def test_an_event_inside_that_its_nation_may_not_say_is_refused(
    item: bytes, error: type[errors.EntenteError], field: str | None
) -> None:
    with pytest.raises(error) as wrong:
        require_inner(item, OUTER, RING, REGISTRY)
    if field is not None:
        assert wrong.value.field == field


def test_a_signature_of_another_payload_does_not_pass_inside() -> None:
    one, other = json.loads(inner()), json.loads(inner({"salt": "f" * 32}))
    one["envelope"]["signatures"] = other["envelope"]["signatures"]
    with pytest.raises(errors.BadSignature):
        require_inner(strict.format(one), OUTER, RING, REGISTRY)


# -- what is read of an event --------------------------------------------------------------------------------------------------

UNREAD: dict[str, tuple[dict[str, Any], str | None]] = {
    "a stream that is no identifier": ({"stream": "IC 1"}, None),
    "an authority that is no identifier": ({"authority": "Border Force"}, None),
    "an id of another version": ({"id": "01900000-0000-4000-8000-000000000015"}, None),
    "a salt too short": ({"salt": "0" * 31}, None),
    "an instant without microseconds": ({"occurred_at": "2015-08-26T02:00:01Z"}, None),
    "data that is a list": ({"data": []}, "data"),
    "no regime": ({"regime": None}, None),
    "a key that is no base64": ({"type": "key.registered", "data": {
        "registered": "0" * 64, "type_code": "01", "public_key": "x", "owner": "BF", "role": "service"}}, None),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "field"), UNREAD.values(), ids=UNREAD.keys())
def test_a_payload_without_what_every_verifier_reads_is_refused(fields: dict[str, Any], field: str | None) -> None:
    payload = strict.format({name: value for name, value in (STATED | fields).items() if value is not None})
    with pytest.raises(errors.Malformed) as wrong:
        read_event(payload)
    if field is not None:
        assert wrong.value.field == field


def test_what_is_read_is_what_the_rules_know_and_no_more() -> None:
    """How a type is read is made once, with the module; here it is made afresh."""
    read = bundle_reading._Authority("BF-DOVER", "GB", "BF")
    made = bundle_reading._same(AuthorityRegistered, name="")(read)
    assert made == AuthorityRegistered(code="BF-DOVER", nation="GB", name="", part_of="BF")
    registered = bundle_reading._Registered("0" * 64, "01", "AA==", "BF", "service")
    assert bundle_reading._registered(registered).may_append == ()
    scoped = bundle_reading._Registered("0" * 64, "01", "AA==", "BF", "service", ("case.*",))
    assert bundle_reading._registered(scoped).may_append == ("case.*",)


@pytest.mark.parametrize(("open_streams", "carried"), [({"IC-1": 4}, {"IC-1": 4}), (None, {}), (..., None)])
def test_the_opening_of_a_log_says_which_streams_it_carries_on(open_streams: Any, carried: Any) -> None:
    opening = json.loads(split_entry(ENTRIES[0])[3])
    if open_streams is not ...:
        opening["data"]["predecessor"] = {"open_streams": open_streams} if open_streams else {}
    said = opening["data"]
    keys = tuple(msgspec.convert(row, key_types.AuthorityKey) for row in said["authority_keys"])
    # Nothing here looks at the rest: what stands in for it is the same whatever was said.
    before = None if carried is None else key_types.Predecessor("", 1, "", carried)
    opened = key_types.LedgerOpened(said["origin"], said["exercise"], 1, keys, predecessor=before)
    assert read_event(strict.format(opening)).data == opened


def test_a_log_is_opened_with_one_key_of_each_nation_and_none_twice() -> None:
    opening = json.loads(split_entry(ENTRIES[0])[3])
    sound = read_event(strict.format(opening))
    signers = {row["key_id"] for row in opening["data"]["authority_keys"]}
    require_signed(sound, signers, KeyRing(), Registry())
    three = msgspec.structs.replace(sound.data, authority_keys=(*sound.data.authority_keys, sound.data.authority_keys[0]))
    with pytest.raises(errors.NotAllowed) as wrong:
        require_signed(Event(sound.header, three), signers, KeyRing(), Registry())
    assert wrong.value.field == "data.authority_keys"


def test_the_sealed_events_that_are_opened_are_counted_as_sound_or_not() -> None:
    entries, opened = list(ENTRIES), []
    for number, item in enumerate([inner(), b"not a wire item", inner({"id": "01900000-0000-7000-8000-000000000098"}), b"{}"]):
        section_key = bytes([number + 1]) * 32
        commitment, section = sealing.seal("inner", item, "o", "e", {}, section_key)
        outside = {"authority": "GB", "releasable_to": ["GB"], "sections": [dict(commitment)]}
        stream = f"01900000-0000-7000-9000-{number:012d}"
        entries.append(following(entries, "sealed.recorded", {"nation": "GB"}, ["sealer-GB"], stream=stream, **outside))
        name = f"sections/{len(entries)}-0"
        opened += [(f"{name}.sealed", section.ciphertext), (f"{name}.key", section_key)]
    answer = verdict_of(forged(entries, opened))
    assert answer["verdict"] == "internally-consistent"
    assert answer["sections"] == {"opened": 4, "inner_sound": 2, "inner_unsound": 2}
    assert answer["entries"]["sealed"] == {"FR": 1, "GB": 5}
