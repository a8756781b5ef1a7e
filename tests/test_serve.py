"""The log over HTTP: who may fetch what, what may be kept on the way, and that nobody's slowness is everybody's."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app, log_parts
from api.tokens import Holder, Tokens, holder_of, issue
from ledger import errors
from ledger.evidence.remote import RemoteSource
from ledger.formats import companions, merkle, note, tiles
from tests.playing import load
from tests.processes import running
from tests.sites import NIGHT, Sites


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """A night and some more at Calais, on SQLite; tests only read it."""
    made = Sites(tmp_path_factory.mktemp("served"), lambda: "", load(NIGHT))
    made.tell(250)
    yield made
    made.close()


@pytest.fixture(scope="module")
def asked(served: Sites) -> Iterator[Any]:
    """GET a path of the log's service as somebody; returns the response."""
    with asking(served) as get:
        yield get


@contextmanager
def asking(sites: Sites) -> Iterator[Any]:
    """The same, of any sites."""
    tokens = {name: issue(sites.calais.path, holder) for name, holder in HOLDERS.items()}
    with TestClient(create_app(log_parts(sites.calais, {}, {}))) as client:

        def get(path: str, who: str = "reader") -> Any:
            headers = {"Authorization": f"Bearer {tokens[who]}"} if who in tokens else {}
            return client.get(path, headers=headers)

        yield get


HOLDERS = {"reader": Holder("reader", "monitor"), "london": Holder("mirror", "london"), "paris": Holder("mirror", "paris")}


@pytest.mark.parametrize("path", ["/checkpoint", "/checkpoints/final", "/tile/0/000", "/tile/entries/000", "/companions/000"])
def test_nothing_is_told_to_whom_nobody_knows(asked: Any, path: str) -> None:
    answer = asked(path, "nobody")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:entente:not-known"


@pytest.mark.parametrize("path", ["/tile/entries/000", "/companions/000"])
def test_entries_are_for_mirrors_alone(asked: Any, path: str) -> None:
    assert asked(path, "reader").status_code == 403
    assert asked(path, "london").status_code == 200


def test_a_reader_has_the_tree_and_caches_may_keep_its_full_tiles(asked: Any, served: Sites) -> None:
    answer = asked("/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8" and answer.headers["cache-control"] == "no-cache"
    checkpoint = served.calais.policy().verify(answer.content).checkpoint
    full = asked("/tile/0/000")
    assert full.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert full.headers["content-type"] == "application/octet-stream"
    partial = asked(f"/tile/0/001.p/{checkpoint.size - 256}")
    assert "immutable" not in partial.headers["cache-control"]
    leaves = [body[at : at + 32] for body in (full.content, partial.content) for at in range(0, len(body), 32)]
    assert merkle.root(leaves) == checkpoint.root
    assert asked("/tile/1/000.p/1").content == merkle.root(leaves[:256])


def test_entries_stay_with_who_fetched_them(asked: Any, served: Sites) -> None:
    answer = asked("/tile/entries/000", "london")
    assert answer.headers["cache-control"].startswith("private, ")
    assert tiles.parse_bundle(answer.content, 256) == [entry for _, entry in served.calais.ledger.entries(0, 256)]
    assert asked("/companions/000", "london").headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    "path",
    [
        *("/tile/0/002", "/tile/0/001", "/tile/0/001.p/255", "/tile/0/000.p/256", "/tile/64/000", "/tile/0/0000"),
        *("/tile/entries/002", "/companions/001", "/companions/../../keys/log.pem", "/tile/entries/%2e%2e/checkpoint"),
        *("/checkpoints/nobody", "/checkpoints/final", "/checkpoints/london-ed", "/docs", "/openapi.json", "/redoc", "/"),
    ],
)
def test_what_is_not_there_is_not_found(asked: Any, path: str) -> None:
    assert asked(path, "london").status_code in (400, 404)


@pytest.mark.parametrize("after", ["-1", "x", "1e3", str(2**80)])
def test_a_senseless_question_is_refused(asked: Any, after: str) -> None:
    assert 400 <= asked(f"/companions/000?after={after}", "london").status_code < 500


def test_each_nation_is_sent_its_own_sections_and_the_shared_ones(asked: Any, served: Sites) -> None:
    sent = {
        who: [companions.parse_line(line + b"\n") for line in asked("/companions/000", who).content.splitlines()]
        for who in ("london", "paris")
    }
    sealed = {who: {one.position for one in lines if "inner" in one.sections} for who, lines in sent.items()}
    assert sealed["london"] and sealed["paris"] and not sealed["london"] & sealed["paris"]
    shared = {who: {one.position for one in lines if "text" in one.sections} for who, lines in sent.items()}
    assert shared["london"] == shared["paris"] != set()
    for lines in sent.values():
        for one in lines:
            for name, section in one.sections.items():
                assert served.calais.ledger.sections(one.position)[name] == section
        assert [one.position for one in lines if one.checkpoint] == [
            size for size, _ in served.calais.held.checkpoints_between(0, 256)
        ]
    after = asked("/companions/000?after=200", "london").content.splitlines()
    assert {companions.parse_line(line).position for line in after} == set(range(201, 257))


def test_the_newest_final_checkpoint_is_to_be_had_while_the_tail_waits(sites: Sites) -> None:
    policy = sites.calais.policy()
    with asking(sites) as asked:
        size = sites.mirror("london")
        assert asked("/checkpoints/final").status_code == 404
        assert sites.mirror("paris") == size
        sites.tell(3)
        final = policy.verify(asked("/checkpoints/final").content)
        assert final.final and final.checkpoint.size == size
        newest = policy.verify(asked("/checkpoint").content)
        assert not newest.final and newest.checkpoint.size == size + 3
        assert asked("/checkpoints/paris-pq").content == asked("/checkpoints/final").content


def test_a_token_is_kept_as_a_digest_alone(tmp_path: Path) -> None:
    home = tmp_path
    token = issue(home, Holder("mirror", "london"))
    assert token not in (home / "tokens").read_text()
    assert holder_of(home, token) == Holder("mirror", "london")
    assert holder_of(home, token[:-1]) is None and holder_of(home, "") is None
    with pytest.raises(errors.BadQuestion):
        issue(home, Holder("reader", "two words"))


def test_a_token_that_is_taken_out_is_nobodys_at_once(tmp_path: Path) -> None:
    """What a service remembers of the file is the file's as it is now."""
    known = Tokens(tmp_path)
    assert known.holder_of("any") is None
    london, paris = (issue(tmp_path, Holder("mirror", site)) for site in ("london", "paris"))
    assert known.holder_of(london) == Holder("mirror", "london") and known.holder_of(paris) == Holder("mirror", "paris")
    lines = (tmp_path / "tokens").read_text().splitlines(keepends=True)
    (tmp_path / "tokens").write_text(lines[1])
    assert known.holder_of(london) is None and known.holder_of(paris) == Holder("mirror", "paris")
    (tmp_path / "tokens").unlink()
    assert known.holder_of(paris) is None


def test_a_line_of_the_tokens_that_is_none_is_the_operators_and_no_callers_fault(tmp_path: Path) -> None:
    """As files made before a token was of a nation have them: nobody is let in by half a line, and the remedy is said."""
    (tmp_path / "tokens").write_text(f"{'0' * 64} reader monitor\n")
    with pytest.raises(errors.UnsafeSetting, match="make the token again"):
        holder_of(tmp_path, "any")


def test_anybody_is_told_that_a_site_lives_and_is_ready_and_no_more(asked: Any) -> None:
    assert asked("/healthz", "nobody").text == "ok\n"
    assert asked("/readyz", "nobody").json() == asked("/readyz", "reader").json() == {"ready": True}


# -- over a real connection ---------------------------------------------------------------------------------------------------


@pytest.fixture
def service(sites: Sites) -> Iterator[str]:
    """The URL of `entente serve`."""
    with running("serve", "--port", "0", "--home", sites.calais.path) as process:
        yield process.url


def test_a_mirror_takes_over_the_log_from_a_url(sites: Sites, service: str) -> None:
    sites.tell(600)
    source = RemoteSource(service, issue(sites.calais.path, Holder("mirror", "london")))
    size = sites.mirror("london", source)
    assert size == sites.calais.ledger.head() > 600
    assert sites.london.held.entries(0, size) == sites.calais.ledger.entries(0, size)
    assert sites.london.held.checkpoints_between(0, size) == sites.calais.held.checkpoints_between(0, size)
    assert sites.london.mirror().cosigner.alarms() == []


def test_a_mirror_without_its_token_is_told_so(sites: Sites, service: str) -> None:
    for token in ("", "wrong", issue(sites.calais.path, Holder("reader", "london"))):
        with pytest.raises(errors.Unavailable, match=r"answered 40[13].*token"):
            sites.mirror("london", RemoteSource(service, token))


def test_a_source_that_redirects_or_never_ends_is_away() -> None:
    for answer in (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", endless()):
        with serving_once(answer) as url, pytest.raises(errors.Unavailable):
            RemoteSource(url).checkpoint()


def endless() -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n" + b"x" * (note.NOTE_BYTES_MAX + 100_000)


class serving_once:  # noqa: N801
    """A server that answers one connection with these bytes."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    def __enter__(self) -> str:
        self.listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def _serve(self) -> None:
        near, _ = self.listening.accept()
        with near:
            near.recv(1000)
            try:
                near.sendall(self.answer)
            except OSError:
                return

    def __exit__(self, *exc: object) -> None:
        self.listening.close()
