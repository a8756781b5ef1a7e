"""What a site does once a UTC day: nobody has to remember it, and nothing that fails keeps the rest from being done."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from api import daily, indexing, renewing, stamping
from api.daily import Daily
from api.home import Home
from tests.authority import Tsa, serving
from tests.test_bracket import live
from tests.test_stamping import configure, cosign


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with live(tmp_path / "home") as made:
        yield made


def test_the_index_is_committed_to_and_the_checkpoint_stamped_without_anybodys_doing(home: Home, tmp_path: Path) -> None:
    with serving(Tsa(tmp_path, "first")) as tsa:
        configure(home, {"first": tsa})
        duties = Daily(home)
        duties.look()
        newest = indexing.newest_index(home.reader)
        assert newest is not None and not tsa.asked, "nothing is final yet"
        cosign(home)
        duties.look()
        duties.look()
        assert len(tsa.asked) == 1 and len(home.ledger.stream_entries(indexing.STREAM)) == 1
        assert [chain.authority for chain in stamping.verify(home)[0]] == ["first"]


def test_what_fails_is_said_once_and_keeps_nothing_else_from_being_done(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home.key_path("authority-FR").unlink()
    with serving(Tsa(tmp_path, "first")) as tsa:
        configure(home, {"first": tsa})
        cosign(home)
        tsa.behave = lambda tsa, query, to: b""
        duties = Daily(home)
        with caplog.at_level(logging.WARNING):
            duties.look()
            duties.look()
        said = [record.getMessage() for record in caplog.records]
        assert len(said) == 2 and said[0].startswith("index of streams: ") and said[1].startswith("time stamps: first: ")
        tsa.behave = None
        duties.look()
        assert stamping.verify(home)[0]


def test_documents_are_looked_at_once_a_day_and_what_cannot_be_renewed_is_said(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[int] = []
    failed = renewing.Renewal("01-event", "signed.pdf", None, problem="it cannot be renewed")
    made = [failed, renewing.Renewal("02-event", "signed.pdf", None)]
    monkeypatch.setattr(renewing, "renew", lambda home: asked.append(1) or made)
    with serving(Tsa(tmp_path, "first")) as tsa:
        configure(home, {"first": tsa})
        duties = Daily(home)
        with caplog.at_level(logging.WARNING):
            duties.look()
            duties.look()
    assert asked == [1]
    (said,) = [text for text in (record.getMessage() for record in caplog.records) if text.startswith("renewed documents")]
    assert said == "renewed documents: 01-event signed.pdf: it cannot be renewed"


def test_an_exercise_commits_to_nothing_by_itself(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    import msgspec

    home.settings = msgspec.structs.replace(home.settings, exercise=True)
    Daily(home).look()
    assert indexing.newest_index(home.reader) is None


def test_a_service_looks_by_itself_and_stops_when_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.app import log_parts

    looked, stop = threading.Event(), threading.Event()
    monkeypatch.setattr(daily, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr(Daily, "look", lambda self: looked.set())
    thread = threading.Thread(target=log_parts(home, {}, {}).workers()["daily"], args=(stop,), daemon=True)
    thread.start()
    assert looked.wait(5)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
