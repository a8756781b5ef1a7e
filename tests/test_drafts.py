"""Each nation keeps its own keys: a log is opened, and governed, by drafts that go from one machine to the next."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from api.cli import main
from api.home import Home
from ledger.formats.armour import decode64, encode64
from ledger.formats.policies import digest

ORIGIN = "ceremony.example/joint"
AT = "2026-01-05T03:12:00Z"
OWN = {"GB": "london", "FR": "paris"}


class Ceremony:
    """Calais, London and Paris: three homes, and what is carried between them."""

    def __init__(self, folder: Path, new_database: Callable[[], str], capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.new_database, self.capsys = folder, new_database, capsys
        self.carried = 0

    def run(self, home: str, *words: Any, code: int = 0) -> Any:
        """A command in one of the homes; its document, or what it says of a failure."""
        self.capsys.readouterr()
        exit_code = main([*(str(word) for word in words), "--home", str(self.folder / home), "--json"])
        told = self.capsys.readouterr()
        assert exit_code == code, told.err or told.out
        return json.loads(told.out) if told.out else told.err

    def databases(self) -> list[str]:
        """Options that name a new database for everything a home keeps."""
        url = self.new_database()
        return [f"--{name}={url}" for name in ("database", "gb-database", "fr-database")] if url else []

    def file(self, suffix: str = "json") -> Path:
        self.carried += 1
        return self.folder / f"carried-{self.carried}.{suffix}"

    def sites(self) -> None:
        """Each nation makes its own home, with its cosigner and its authority's key."""
        for nation, site in OWN.items():
            self.run(site, "init", "--site", site, "--origin", ORIGIN, *self.databases())
            public = self.folder / f"{nation}.json"
            self.run(site, "key", "new", f"authority-{nation}", "--public", public)

    def opening(self) -> Path:
        """The first entry, signed by both."""
        draft = self.file()
        self.run("london", "draft", "opening", "--paris", self.folder / "FR.json", "--key", "authority-GB", "--out", draft)
        self.run("paris", "draft", "sign", draft, "--key", "authority-FR", "--yes")
        return draft

    def open(self) -> None:
        """Calais opens the log, and gives both the policy that their cosigners are in."""
        self.sites()
        given = [part for site in OWN.values() for part in ("--witnesses", self.folder / site / site / "witnesses.txt")]
        self.run("calais", "init", "--origin", ORIGIN, "--opening", self.opening(), *given, *self.databases())
        for site in OWN.values():
            (self.folder / site / "policy.txt").write_bytes((self.folder / "calais" / "policy.txt").read_bytes())
        self.mirror()

    def mirror(self) -> None:
        """Both take the log over from a folder, and cosign it."""
        self.carried += 1
        for site in OWN.values():
            export = self.folder / f"export-{self.carried}-{site}"
            self.run("calais", "export", "tiles", export, "--for", site)
            self.run(site, "mirror", site, "--from", export)

    def state(self, nation: str, what: str, data: dict[str, Any], stream: str = "REGISTRY") -> Path:
        """A draft that a nation's authority states and signs."""
        lines, draft = self.file("jsonl"), self.file()
        lines.write_text(json.dumps({"type": what, "stream": stream, "occurred_at": AT, "data": data}) + "\n")
        self.run(OWN[nation], "draft", "new", lines, "--key", f"authority-{nation}", "--out", draft)
        return draft

    def sign(self, nation: str, draft: Path) -> Path:
        self.run(OWN[nation], "draft", "sign", draft, "--key", f"authority-{nation}", "--yes")
        return draft

    def record(self, draft: Path, code: int = 0) -> Any:
        found = self.run("calais", "draft", "record", draft, code=code)
        if code == 0:
            self.mirror()
        return found

    def size(self) -> int:
        with Home.open(self.folder / "calais") as home:
            return home.reader.head()


@pytest.fixture
def ceremony(
    tmp_path: Path, store_url: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> Iterator[Ceremony]:
    """Nothing yet, on either store."""
    with ExitStack() as stack:
        server = None if store_url.startswith("sqlite") else request.getfixturevalue("postgres_server")
        yield Ceremony(tmp_path, lambda: "" if server is None else stack.enter_context(server.database()), capsys)


def test_a_log_is_opened_and_governed_without_any_nations_key_ever_leaving_its_home(ceremony: Ceremony, tmp_path: Path) -> None:
    """The ceremony of docs/operations.md, from three empty machines to a service whose events both nations hold."""
    run = ceremony.run
    ceremony.open()
    for nation, site in OWN.items():
        for role in ("sealer", "sealing"):
            run(site, "key", "new", f"{role}-{nation}", *(("--type", "sealing") if role == "sealing" else ()))
            draft = ceremony.file()
            run(
                site, "draft", "key", f"{role}-{nation}", "--owner", nation, "--role", role, "--key", f"authority-{nation}",
                "--out", draft,
            )  # fmt: skip
            ceremony.record(draft)
    policy = (ceremony.folder / "calais" / "policy.txt").read_bytes()
    adopted = ceremony.state("GB", "policy.adopted", {"sha256": digest(policy), "from_size": 1}, "LEDGER")
    ceremony.record(ceremony.sign("FR", adopted))
    ceremony.record(ceremony.state("GB", "authority.registered", {"code": "BF", "nation": "GB", "name": "Border Force"}))
    operator = ceremony.state("FR", "authority.registered", {"code": "ET", "nation": "OPERATOR", "name": "Tunnel"})
    ceremony.record(ceremony.sign("GB", operator))
    service, public, draft = tmp_path / "service.pem", ceremony.file(), ceremony.file()
    run("service", "key", "new", "BF", "--out", service, "--public", public)
    run("london", "draft", "key", public, "--owner", "BF", "--key", "authority-GB", "--out", draft)
    run("service", "draft", "sign", draft, "--key", service, "--yes")
    ceremony.record(draft)

    said = {"type": "incident.attempt_recorded", "stream": "INC-1", "occurred_at": AT, "data": {"outcomes": {"repelled": 3}}}
    lines = ceremony.file("jsonl")
    lines.write_text(json.dumps(said) + "\n")
    (receipt,) = run("calais", "append", lines, "--key", service)["receipts"]
    ceremony.mirror()
    assert receipt["position"] == ceremony.size() == 10
    verified = run("calais", "verify")
    assert verified["ok"], verified["problems"]
    here = sorted(path.name for path in (ceremony.folder / "calais" / "keys").iterdir())
    assert here == ["README", "log.pem"], "Calais holds the log's key and nobody else's"
    for site in OWN.values():
        run(site, "project", "all")
        assert run(site, "verify")["ok"]
    assert {row["held"] for row in run("calais", "key", "policy")["policies"]} == {True}


# -- what is refused -----------------------------------------------------------------------------------------------------------


def test_a_log_that_one_nation_alone_has_signed_is_not_opened_and_no_home_is_left(ceremony: Ceremony) -> None:
    ceremony.sites()
    draft = ceremony.file()
    ceremony.run("london", "draft", "opening", "--paris", ceremony.folder / "FR.json", "--key", "authority-GB", "--out", draft)
    told = ceremony.run("calais", "init", "--origin", ORIGIN, "--opening", draft, code=3)
    assert "FR has not signed" in told and not (ceremony.folder / "calais").exists()


def test_an_opening_that_the_ledger_refuses_leaves_no_home_and_may_be_tried_again(
    ceremony: Ceremony, monkeypatch: pytest.MonkeyPatch
) -> None:
    """London's clock was ten minutes ahead when it was drafted."""
    ceremony.sites()
    now = time.time_ns()
    with monkeypatch.context() as clock:
        clock.setattr("time.time_ns", lambda: now + 600 * 1_000_000_000)
        draft = ceremony.opening()
    options = ceremony.databases()
    told = ceremony.run("calais", "init", "--origin", ORIGIN, "--opening", draft, *options, code=3)
    assert "beyond the tolerance" in told and not (ceremony.folder / "calais").exists()
    ceremony.run("calais", "init", "--origin", ORIGIN, "--opening", ceremony.opening(), *options)


def test_a_site_that_mirrors_takes_no_opening(ceremony: Ceremony) -> None:
    ceremony.sites()
    told = ceremony.run("third", "init", "--site", "london", "--origin", ORIGIN, "--opening", ceremony.opening(), code=2)
    assert "where it is made" in told and not (ceremony.folder / "third").exists()


def test_an_opening_of_another_name_opens_nothing(ceremony: Ceremony) -> None:
    ceremony.sites()
    told = ceremony.run("calais", "init", "--origin", "another.example/log", "--opening", ceremony.opening(), code=2)
    assert "not the opening of another.example/log" in told and not (ceremony.folder / "calais").exists()


@pytest.mark.parametrize("where", ["payload", "sig"])
def test_a_draft_that_was_changed_after_one_party_signed_is_not_recorded(ceremony: Ceremony, where: str) -> None:
    """Whoever carries it can lose it, and nothing else."""
    ceremony.open()
    draft = ceremony.state("GB", "authority.registered", {"code": "BF", "nation": "GB", "name": "Border Force"})
    item = json.loads(draft.read_text())
    if where == "payload":
        changed = decode64(item["envelope"]["payload"]).replace(b"Border Force", b"Border Farce")
        item["envelope"]["payload"] = encode64(changed)
    else:
        signature = item["envelope"]["signatures"][0]
        signed = decode64(signature["sig"])
        signature["sig"] = encode64(signed[:-1] + bytes([signed[-1] ^ 1]))  # of a sixteenth of all the last byte is 0 already
    draft.write_text(json.dumps(item) + "\n")
    before = ceremony.size()
    assert "does not verify" in ceremony.record(draft, code=3) and ceremony.size() == before


def test_a_draft_is_recorded_whole_or_not_at_all(ceremony: Ceremony) -> None:
    ceremony.open()
    one = ceremony.state("GB", "authority.registered", {"code": "BF", "nation": "GB", "name": "Border Force"})
    two = ceremony.state("GB", "authority.registered", {"code": "ET", "nation": "OPERATOR", "name": "Tunnel"})
    both = ceremony.file()
    both.write_bytes(one.read_bytes() + two.read_bytes())
    before = ceremony.size()
    assert "FR" in ceremony.record(both, code=3) and ceremony.size() == before
    ceremony.record(ceremony.sign("FR", both))
    assert ceremony.size() == before + 2


def test_what_needs_both_is_not_recorded_for_one(ceremony: Ceremony) -> None:
    ceremony.open()
    place = {"code": "CZ", "name": "Coquelles", "territory": "FR", "control_zone": "GB"}
    draft = ceremony.state("FR", "place.registered", place)
    assert "GB" in ceremony.record(draft, code=3)
    ceremony.record(ceremony.sign("GB", draft))


def test_nobody_signs_a_draft_unread_or_twice(ceremony: Ceremony) -> None:
    ceremony.open()
    draft = ceremony.state("GB", "authority.registered", {"code": "ET", "nation": "OPERATOR", "name": "Tunnel"})
    assert "read it first" in ceremony.run("paris", "draft", "sign", draft, "--key", "authority-FR", code=2)
    ceremony.sign("FR", draft)
    assert "signed it already" in ceremony.run("paris", "draft", "sign", draft, "--key", "authority-FR", "--yes", code=2)


def test_a_draft_says_in_words_what_is_signed_also_what_is_sealed_in_it(ceremony: Ceremony) -> None:
    ceremony.open()
    for nation, site in OWN.items():
        draft = ceremony.file()
        ceremony.run(site, "key", "new", f"sealing-{nation}", "--type", "sealing")
        words = ("--owner", nation, "--role", "sealing", "--key", f"authority-{nation}", "--out", draft)
        ceremony.run(site, "draft", "key", f"sealing-{nation}", *words)
        ceremony.record(draft)
    draft = ceremony.state("GB", "ledger.frozen", {"reason": "the log's machine was stolen"}, "LEDGER")
    (paris,) = ceremony.run("paris", "draft", "show", draft)["items"]
    assert (paris["en"], paris["authority"], paris["origin"]) == ("Ledger frozen", "GB", ORIGIN)
    assert paris["text"] == {"reason": "the log's machine was stolen"} and len(paris["signed_by"]) == 1
    (stranger,) = ceremony.run("nowhere", "draft", "show", draft)["items"]
    assert stranger["text"] is None and stranger["sections"] == ["text"] and stranger["sha256"] == paris["sha256"]


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "nothing in it"), (b"{}\n", "line 1"), (b"nonsense\n", "line 1"), (b"\xff\xfe\n", "line 1"), (b"[]\n", "line 1")],
)
def test_what_is_no_draft_is_told_with_its_line(ceremony: Ceremony, tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "draft"
    path.write_bytes(content)
    assert told in ceremony.run("nowhere", "draft", "show", path, code=3)


def test_a_registration_drafted_with_a_public_file_that_lies_is_refused(ceremony: Ceremony) -> None:
    ceremony.open()
    public, draft = ceremony.folder / "GB.json", ceremony.file()
    found = json.loads(public.read_text())
    found["key_id"] = "0" * 64
    public.write_text(json.dumps(found))
    words = ("--owner", "GB", "--role", "sealer", "--key", "authority-GB", "--out", draft)
    assert "key id" in ceremony.run("london", "draft", "key", public, *words, code=3) and not draft.exists()
