"""The witness protocol at a mirror: each status in its case, nothing signed that was not held, and no race that rolls back."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app, mirror_parts
from api.following import Follower
from ledger import errors
from ledger.evidence import witness as protocol
from ledger.evidence.offering import Offering
from ledger.evidence.source import Source
from ledger.formats import merkle, note, submission
from ledger.formats.keys import SigningKey
from ledger.formats.submission import Submission
from tests.sites import Sites
from tests.test_cosigner import Told, put
from tests.test_tampering import disarm


class London:
    """London's mirror as a witness, and Calais as it asks it."""

    def __init__(self, sites: Sites, client: TestClient, source: Source) -> None:
        self.sites = sites
        self.client = client
        self.source = source
        self.cosigner = sites.london.cosigner("london")

    def submission(self, old: int, size: int | None = None, **changed: Any) -> Submission:
        """What Calais would ask for a checkpoint of a size (the newest)."""
        held = self.sites.calais.held
        size = held.newest_checkpoint()[0] if size is None else size  # type: ignore[index]
        signed = held.checkpoint_of(size)
        assert signed is not None
        fields = {"old_size": old, "proof": tuple(held.prove_consistency(old, size)), "checkpoint": signed} | changed
        return Submission(**fields)

    def ask(self, asked: Submission | bytes) -> Any:
        """The answer."""
        body = asked if isinstance(asked, bytes) else submission.format_submission(asked)
        return self.client.post("/add-checkpoint", content=body)

    def remembers(self) -> int:
        """What it cosigned last."""
        return self.cosigner.newest()[0]


@pytest.fixture
def london(sites: Sites) -> London:
    """A witness that holds nothing yet and pulls from Calais."""
    source = Offering(sites.calais.held, sites.calais.policy(), "GB")
    follower = Follower(sites.london.mirror(), source, sites.london.now, cosign=False)
    parts = mirror_parts(sites.london, follower, {})
    client = TestClient(create_app(parts))  # not entered: nothing follows in the background
    return London(sites, client, source)


def test_what_follows_is_pulled_persisted_and_cosigned_with_both_keys(london: London) -> None:
    asked = london.submission(0)
    answer = london.ask(asked)
    assert answer.status_code == 200
    verified = london.sites.calais.policy().verify(asked.checkpoint + answer.content)
    assert set(verified.cosigned) == {"london-ed", "london-pq"}
    assert london.remembers() == verified.checkpoint.size == london.sites.london.held.head()
    london.sites.tell(3)
    assert london.ask(london.submission(verified.checkpoint.size)).status_code == 200


def test_another_log_is_not_known(london: London) -> None:
    checkpoint = note.Checkpoint("other.example/log", 1, bytes(32))
    asked = Submission(0, (), note.sign_checkpoint(checkpoint, london.sites.calais.key("log")))
    assert london.ask(asked).status_code == 404


@pytest.mark.parametrize("how", ["no known key", "another's signature under the log's name"])
def test_what_the_log_did_not_sign_is_forbidden(london: London, how: str) -> None:
    text, (line,) = note.split_note(london.submission(0).checkpoint)
    stranger = note.sign_line(line.name, SigningKey.generate(), text)
    lines = [stranger] if how == "no known key" else [note.SignatureLine(line.name, line.key_id, stranger.signature)]
    assert london.ask(london.submission(0, checkpoint=note.format_note(text, lines))).status_code == 403
    assert london.remembers() == 0


def test_an_old_size_beyond_the_checkpoint_is_a_bad_request(london: London) -> None:
    size = london.sites.calais.ledger.head()
    assert london.ask(london.submission(0, old_size=size + 1)).status_code == 400


HASH_LINE = b"A" * 43 + b"=\n"
NO_SUBMISSIONS = (
    *(b"", b"\n\n", b"old 0", b"old 0\n", b"old 01\n\n", b"old -1\n\n", b"old 0 \n\n", b"OLD 0\n\n", b"old 0\r\n\r\n"),
    *(b"old 0\nAAAA\n\n", b"old \xff\n\n", b"old 0\n" + HASH_LINE[1:] + b"\n", b"old 0\n" + HASH_LINE * 64 + b"\n", b"\n"),
)


def test_what_is_no_submission_is_a_bad_request(london: London) -> None:
    _, _, checkpoint = submission.format_submission(london.submission(0)).partition(b"\n\n")
    for head in NO_SUBMISSIONS:
        assert london.ask(head + checkpoint).status_code == 400, head
        assert london.ask(head).status_code == 400, head
    for tail in (b"", b"not a note", b"\xff\xfe", checkpoint[:-1], checkpoint + b"\n", checkpoint.replace(b"\n", b"\x00", 1)):
        assert london.ask(b"old 0\n\n" + tail).status_code == 400, tail
    assert london.remembers() == 0


def test_too_much_is_refused_before_it_is_read(london: London) -> None:
    assert london.ask(b"old 0\n\n" + b"x" * submission.SUBMISSION_BYTES_MAX).status_code == 413


def test_an_old_size_that_is_not_the_last_cosigned_is_told_the_right_one(london: London) -> None:
    size = london.sites.calais.ledger.head()
    assert london.ask(london.submission(0)).status_code == 200
    london.sites.tell()
    for old in (0, size - 1, size + 1):
        answer = london.ask(london.submission(old))
        assert (answer.status_code, answer.content) == (409, b"%d\n" % size)
        assert answer.headers["content-type"] == "text/x.tlog.size"


def test_a_proof_that_does_not_prove_is_unprocessable_and_no_equivocation(london: London) -> None:
    assert london.ask(london.submission(0)).status_code == 200
    size = london.remembers()
    london.sites.tell(3)
    sound = london.submission(size)
    assert sound.proof
    for proof in ((), sound.proof[1:], (*sound.proof, bytes(32)), (bytes(32), *sound.proof[1:])):
        assert london.ask(london.submission(size, proof=proof)).status_code == 422
    assert london.remembers() == size and london.cosigner.stopped() is None
    assert london.ask(sound).status_code == 200


def test_a_proof_from_nothing_must_be_empty(london: London) -> None:
    assert london.ask(london.submission(0, proof=(bytes(32),))).status_code == 422


def test_the_empty_log_has_the_empty_root(london: London) -> None:
    origin, key = london.sites.origin, london.sites.calais.key("log")
    for root, status in ((bytes(32), 422), (merkle.EMPTY_ROOT, 200)):
        signed = note.sign_checkpoint(note.Checkpoint(origin, 0, root), key)
        assert london.ask(Submission(0, (), signed)).status_code == status
    assert london.remembers() == 0


def test_the_same_size_with_another_root_is_unprocessable_and_the_proof_is_kept(london: London) -> None:
    assert london.ask(london.submission(0)).status_code == 200
    size = london.remembers()
    other = note.sign_checkpoint(note.Checkpoint(london.sites.origin, size, bytes(32)), london.sites.calais.key("log"))
    assert london.ask(Submission(size, (), other)).status_code == 422
    assert "two histories" in str(london.cosigner.stopped())
    assert list((london.sites.london.path / "equivocation").glob("*.json"))
    london.sites.tell()
    assert london.ask(london.submission(size)).status_code == 422
    assert london.remembers() == size


def test_the_same_again_gets_the_same_answer(london: London) -> None:
    """An answer may be lost on its way; the log asks again, and the witness has not moved."""
    first = london.ask(london.submission(0))
    size = london.remembers()
    again = london.ask(london.submission(size, size))
    assert again.status_code == 200
    policy, signed = london.sites.calais.policy(), london.submission(0).checkpoint
    assert policy.verify(signed + again.content).cosigned == policy.verify(signed + first.content).cosigned


class Away(Source):
    """A log that asks for cosignatures and then is not there when its entries are wanted."""

    def checkpoint(self, which: str = "") -> bytes | None:
        raise errors.Unavailable("away")

    def tile(self, tile: Any) -> bytes:
        raise errors.Unavailable("away")

    def companions(self, tile: Any, after: int) -> Iterator[bytes]:
        raise errors.Unavailable("away")


def test_entries_that_cannot_be_had_are_asked_for_again_and_nothing_has_changed(london: London) -> None:
    london.client.app.state.witness.source = Away()  # type: ignore[attr-defined]
    answer = london.ask(london.submission(0))
    assert answer.status_code == 503 and int(answer.headers["retry-after"]) > 0
    assert london.remembers() == 0 and london.sites.london.held.head() == 0
    london.client.app.state.witness.source = london.source  # type: ignore[attr-defined]
    assert london.ask(london.submission(0)).status_code == 200


def test_a_pull_that_takes_too_long_is_cut_off(london: London, monkeypatch: pytest.MonkeyPatch) -> None:
    london.sites.tell(2500)
    monkeypatch.setattr(protocol, "PULL_SECONDS_MAX", 0.0)
    for _ in range(2):
        answer = london.ask(london.submission(0))
        assert answer.status_code == 503 and int(answer.headers["retry-after"]) > 0
        assert london.remembers() == 0
    monkeypatch.undo()
    asked = london.submission(0)
    answers = [london.ask(asked).status_code]
    while answers[-1] == 503 and len(answers) < 20:  # a slow machine: what was pulled stays, so that it ends
        answers.append(london.ask(asked).status_code)
    assert answers[-1] == 200


def test_a_busy_mirror_asks_to_come_again(london: London, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "PULL_SECONDS_MAX", 0.1)
    witness = london.client.app.state.witness  # type: ignore[attr-defined]
    with witness.mirror.turn():
        assert london.ask(london.submission(0)).status_code == 503
    monkeypatch.undo()
    assert london.ask(london.submission(0)).status_code == 200


def test_a_wrong_entry_is_refused_by_name(london: London) -> None:
    told = Told(london.sites.calais)
    disarm(london.sites.calais.ledger.engine)
    position = put(london.sites.calais, told.anew(), SigningKey.generate(), told.version)
    answer = london.ask(london.submission(0))
    assert answer.status_code == 422 and f"entry {position}" in answer.text
    assert london.remembers() == 0


def test_requests_at_once_never_roll_back(london: London) -> None:
    """Eight callers each push whatever size they like; every signature given is for a size beyond the one before it."""
    london.sites.tell(40)
    sizes = [size for size, _ in london.sites.calais.held.checkpoints_between(0, 2**40)]
    asked = {(old, size): london.submission(old, size) for old in [0, *sizes] for size in sizes if old <= size}
    given: list[int] = []
    unexpected: list[int] = []

    def push(number: int) -> None:
        old = 0
        for size in sizes[number % 4 :: 2]:
            if size < old:
                continue
            answer = london.ask(asked[old, size])
            if answer.status_code == 409:
                old = int(answer.content)
                continue
            if answer.status_code != 200:
                unexpected.append(answer.status_code)
                continue
            given.append(size)
            old = size

    threads = [threading.Thread(target=push, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not unexpected and len(given) > 8
    remembered = [size for size, _, _ in london.cosigner.cosigned()]
    assert remembered == sorted(set(given))
    assert london.remembers() == max(given)


def test_two_processes_of_one_cosigner_do_not_roll_back_either(sites: Sites) -> None:
    """The state's own transaction decides: whoever comes with the size that was, is told the size that is."""
    sites.mirror("london")
    one, other = sites.london.cosigner("london"), sites.london.cosigner("london")
    size = one.newest()[0]
    sites.tell(2)
    held, now = sites.london.held, sites.london.now()
    sites.london.mirror().take(sites.export("london"), sites.calais.held.signed_checkpoint())
    smaller = sites.calais.held.checkpoint_of(size + 1)
    assert smaller is not None
    other.cosign(held, sites.calais.held.signed_checkpoint(), now, size)
    with pytest.raises(errors.CosignerMoved) as moved:
        one.cosign(held, smaller, now, size)
    assert moved.value.size == size + 2 == one.newest()[0]


def test_monitors_are_shown_what_was_cosigned(london: London) -> None:
    path = f"/{hashlib.sha256(london.sites.origin.encode()).hexdigest()}/checkpoint"
    assert london.client.get(path).status_code == 404
    assert london.ask(london.submission(0)).status_code == 200
    shown = london.client.get(path)
    assert shown.status_code == 200 and shown.headers["content-type"] == "text/plain; charset=utf-8"
    verified = london.sites.calais.policy().verify(shown.content)
    assert {"london-ed", "london-pq"} <= set(verified.cosigned) and verified.checkpoint.size == london.remembers()
    assert london.client.get(f"/{'0' * 64}/checkpoint").status_code == 404


def test_a_mirror_that_was_restored_signs_nothing_before_it_has_asked_what_it_signed(london: London) -> None:
    """Not even the first checkpoint put to it, before it has followed a single round."""
    from tests.test_cosigner import STATE, backed_up, restore

    state = london.sites.london.path / "london" / STATE
    assert london.ask(london.submission(0)).status_code == 200
    backup, vouched = backed_up(state), london.remembers()
    london.sites.tell()
    asked = london.submission(vouched)
    lines = submission.parse_lines(london.ask(asked).content, [s.key for s in london.cosigner.signers.values()])
    london.sites.calais.held.add_cosignatures(vouched + 1, lines)
    restore(state, backup)
    london.sites.tell()
    again = London(london.sites, TestClient(create_app(mirror_parts(london.sites.london, follower(london), {}))), london.source)
    assert again.ask(london.submission(vouched)).status_code == 422
    assert "old copy" in str(again.cosigner.stopped())


def follower(london: London) -> Follower:
    """London started anew."""
    return Follower(london.sites.london.mirror(), london.source, london.sites.london.now, cosign=False)
