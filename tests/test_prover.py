"""A verifying process that lies low, dies or was never there costs speed, and never lets a signature through."""

from __future__ import annotations

import os
import signal
import time

import msgspec
import pytest

from api.exercise import Clock
from ledger import errors
from ledger.admission import Checked
from ledger.formats.keys import SigningKey
from ledger.store import prover as provers
from ledger.store.checkers import Checkers
from ledger.store.prover import Prover
from tests.memory import MemoryLog
from tests.scribe import BEGAN, Scribe

KEY = SigningKey(bytes(range(32)))
SOUND = [(KEY.public, b"message %d" % i * 50, KEY.sign(b"message %d" % i * 50)) for i in range(300)]
FORGED = [
    (KEY.public, b"another", SOUND[0][2]),
    (KEY.public, SOUND[0][1], bytes(64)),
    (bytes(32), b"m", bytes(64)),
    (b"", b"", b""),
]


@pytest.fixture
def prover():
    one = Prover()
    until = time.monotonic() + 20
    while not one.ask(SOUND[:1]):
        assert time.monotonic() < until, "it never became ready"
        time.sleep(0.02)
    assert one.answer() == SOUND[:1]
    yield one
    one.close()


def test_it_vouches_for_what_verifies_and_for_nothing_else(prover):
    mixed = [*SOUND, *FORGED, SOUND[0]]
    assert prover.ask(mixed)
    assert prover.answer() == [*SOUND, SOUND[0]]


def test_it_outlives_an_interrupt_that_was_meant_for_its_parent(prover):
    os.kill(prover._process.pid, signal.SIGINT)
    assert prover.ask(SOUND)
    assert prover.answer() == SOUND


def test_killed_between_two_questions_it_vouches_for_nothing_more(prover, caplog):
    os.kill(prover._process.pid, signal.SIGKILL)
    prover._process.wait()
    assert not prover.ask(SOUND) or prover.answer() == []
    assert "verified without it" in caplog.text
    assert not prover.ask(SOUND)


def test_killed_over_a_question_it_vouches_for_nothing(prover):
    os.kill(prover._process.pid, signal.SIGSTOP)
    assert prover.ask(SOUND[:4])
    os.kill(prover._process.pid, signal.SIGKILL)
    assert prover.answer() == []


def test_where_it_cannot_be_started_the_ledger_verifies_itself(monkeypatch):
    monkeypatch.setattr(provers.sys, "executable", "/nowhere/python")
    one = Prover()
    assert not one.ask(SOUND)
    assert not one.ask(SOUND)
    one.close()


def test_it_ends_when_its_parent_is_gone(prover):
    process = prover._process
    process.stdin.close()
    assert process.wait(10) == 0


def test_forgeries_among_sound_submissions_are_refused_with_and_without_a_prover(prover):
    clock = Clock()
    clock.now = BEGAN
    scribe, log = Scribe(lambda: clock.now), MemoryLog(clock)
    for submitted in (scribe.genesis(), *scribe.registrations()):
        log.append(submitted)
    told = [scribe.opening(f"INC-{n}") for n in range(40)]
    for n in (3, 17, 39):
        told[n] = msgspec.structs.replace(told[n], signatures=told[n - 1].signatures)
    for help_of in (prover, None):
        outcomes = Checkers(log.keys.public).check(told, help_of)
        refused = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, errors.BadSignature)]
        assert refused == [3, 17, 39]
        assert sum(isinstance(outcome, Checked) for outcome in outcomes) == 37
