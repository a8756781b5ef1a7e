"""The inside of a sealed event is held by its own nation to what admission asks of a joint one, and refused by name."""

from __future__ import annotations

import pytest

from ledger import admission, errors, events
from ledger.events.keys import KeyRing
from ledger.events.registry import Registry
from ledger.evidence import sealed
from ledger.formats import envelope, sealing
from ledger.formats.entry import split_entry
from tests.bundles import key, sealing_key
from tests.test_bundle_forgeries import ENTRIES, SEALED
from tests.test_bundle_inner import STATED, inner

TEXT, SECTION = sealing.seal("text", b"in the second lorry", "o", "e", {"GB": sealing_key("GB").public})
WITH_TEXT = {"sections": [dict(TEXT)]}
OUTER = events.decode(split_entry(ENTRIES[SEALED - 1])[3])


def log_of() -> tuple[KeyRing, Registry]:
    ring, registry = KeyRing(), Registry()
    for at, entry in enumerate(ENTRIES, start=1):
        event = events.decode(split_entry(entry)[3])
        registry.apply(event, at)
        ring.apply(event, at)
    return ring, registry


def judged(item: bytes, *, has_registry: bool = True) -> str:
    """The id of an event inside that is sound."""
    ring, registry = log_of()
    event, submitted = sealed.decode_inner(item)
    sealed.require_sound(event, submitted, OUTER, ring, registry if has_registry else None)
    return event.header.id


SOUND = {
    "as it is": inner(),
    "with its text": inner(WITH_TEXT, sections={"text": SECTION}),
    "signed by its nation too": inner({}, "BF", "GB"),
    "stated by the nation for its own": inner({"key_id": key("GB").key_id}, "GB"),
    "signed by many": inner({}, "BF", "GB", "FR", "PAF", "sealer-GB", "sealer-FR"),
}
REVOKED = {"type": "key.revoked", "data": {"key": "0" * 64}}
UNSOUND: dict[str, tuple[bytes, type[errors.EntenteError], str | None]] = {
    "of another kind": (inner(kind="text/plain"), errors.Malformed, "payloadType"),
    "a key's end": (inner(REVOKED), errors.NotAllowed, "type"),
    "for both nations": (inner({"releasable_to": ["GB", "FR"]}), errors.Malformed, "releasable_to"),
    "for the other nation": (inner({"releasable_to": ["FR"]}), errors.Malformed, "releasable_to"),
    "of another log": (inner({"origin": "golden.example/other"}), errors.NotAllowed, "origin"),
    "held to a version": (inner({"expected_version": 1}), errors.Malformed, "expected_version"),
    "a header no event has": (inner({"salt": "x"}), errors.Malformed, "salt"),
    "a section that is not there": (inner(WITH_TEXT), errors.Malformed, "sections"),
    "signed twice by one": (inner({}, "BF", "BF"), errors.Malformed, "signatures"),
    "signed by nobody known": (inner({}, "BF", "stranger"), errors.KeyNotInForce, "sections.inner"),
    "of the other nation's authority": (inner({"authority": "PAF", "key_id": key("PAF").key_id}, "PAF"), errors.NotAllowed,
                                        "authority"),
}  # fmt: skip


@pytest.mark.parametrize("item", SOUND.values(), ids=SOUND.keys())
def test_a_sound_event_inside_is_taken(item: bytes) -> None:
    assert judged(item) == judged(item, has_registry=False) == STATED["id"]


@pytest.mark.parametrize(("item", "error", "field"), UNSOUND.values(), ids=UNSOUND.keys())
def test_what_its_nation_may_not_seal_is_refused_by_name(
    item: bytes, error: type[errors.EntenteError], field: str | None
) -> None:
    with pytest.raises(error) as wrong:
        judged(item)
    if field is not None:
        assert wrong.value.field == field


def test_as_many_as_may_sign_a_joint_event_may_sign_one_inside_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "SIGNATURES_MAX", 6)
    assert judged(SOUND["signed by many"]) == STATED["id"]
    monkeypatch.setattr(admission, "SIGNATURES_MAX", 5)
    with pytest.raises(errors.Malformed, match="1 to 5 signatures"):
        judged(SOUND["signed by many"])


def test_a_signature_or_a_section_of_something_else_does_not_pass() -> None:
    ring, registry = log_of()
    event, one = sealed.decode_inner(inner(WITH_TEXT, sections={"text": SECTION}))
    _, other = sealed.decode_inner(inner({"salt": "f" * 32}))
    crossed = envelope.Submitted(one.payload, one.payload_type, other.signatures, one.sections)
    with pytest.raises(errors.BadSignature):
        sealed.require_sound(event, crossed, OUTER, ring, registry)
    unsigned = envelope.Submitted(one.payload, one.payload_type, (), one.sections)
    with pytest.raises(errors.Malformed) as wrong:
        sealed.require_sound(event, unsigned, OUTER, ring, registry)
    assert wrong.value.field == "signatures"
    spoilt = {"text": sealing.SealedSection(SECTION.ciphertext[::-1], SECTION.wraps)}
    with pytest.raises(errors.Malformed):
        sealed.require_sound(
            event, envelope.Submitted(one.payload, one.payload_type, one.signatures, spoilt), OUTER, ring, registry
        )


def test_when_it_is_read_again_its_author_is_not_judged_again() -> None:
    """Keys may have ended since: whose they were is settled, that they signed is not."""
    posing = inner({"authority": "PAF", "key_id": key("PAF").key_id}, "PAF")
    assert judged(posing, has_registry=False) == STATED["id"]
    with pytest.raises(errors.KeyNotInForce):
        judged(inner({}, "stranger"), has_registry=False)
