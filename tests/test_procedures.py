"""The procedures of docs/operations.md for bad days and new versions, done as written: three homes, each with its own keys."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

import migrations
from api.client import Ledger
from api.client.at_home import AtHome
from api.home import Home
from ledger import errors, events
from ledger.events.incident import IncidentAttemptRecorded
from ledger.formats import sealing
from ledger.formats.entry import split_entry
from ledger.formats.policies import digest
from tests.test_drafts import AT, OWN, Ceremony

DAY = AT[:10]
SECONDS = 20
FIGURES = {"GB": "G2", "FR": "F1"}


class Centre(Ceremony):
    """Three sites at work, with a service of Border Force's whose key is nobody else's."""

    def settle(self) -> None:
        """From nothing to a service that states events (chapter 11)."""
        self.open()
        for nation, site in OWN.items():
            for role in ("sealer", "sealing"):
                self.run(site, "key", "new", f"{role}-{nation}", *(("--type", "sealing") if role == "sealing" else ()))
                self.register(nation, f"{role}-{nation}", nation, "--role", role)
        policy = (self.folder / "calais" / "policy.txt").read_bytes()
        adopted = self.state("GB", "policy.adopted", {"sha256": digest(policy), "from_size": 1}, "LEDGER")
        self.record(self.sign("FR", adopted))
        self.record(self.state("GB", "authority.registered", {"code": "BF", "nation": "GB", "name": "Border Force"}))
        self.service_key("service.pem")

    def register(self, nation: str, name: str | Path, owner: str, *options: Any, signed_by: Path | None = None) -> str:
        """A registration drafted by a nation, signed by the key's holder where that is somebody else, and recorded."""
        draft, key = self.file(), f"authority-{nation}"
        self.run(OWN[nation], "draft", "key", name, "--owner", owner, *options, "--key", key, "--out", draft)
        if signed_by is not None:
            self.run("service", "draft", "sign", draft, "--key", signed_by, "--yes")
        return str(self.record(draft)["receipts"][0]["event_id"])

    def service_key(self, name: str) -> str:
        """A key made where the service runs, and registered; its id."""
        private, public = self.folder / name, self.file()
        made = self.run("service", "key", "new", "BF", "--out", private, "--public", public)
        self.register("GB", public, "BF", signed_by=private)
        return str(made["key_id"])

    def says(self, nation: str, what: str, data: dict[str, Any]) -> None:
        """A nation's authority states something about keys, as a draft that Calais records."""
        self.record(self.state(nation, what, data, "KEYS"))

    @contextmanager
    def service(self, key: str = "service.pem", spool: str = "spool.sqlite") -> Iterator[Ledger]:
        """The service with its spool; London's sealer seals what is for London alone."""
        with Home.open(self.folder / "calais") as home:
            ledger = Ledger(
                site=AtHome(home), key=self.folder / key, policy=home.policy(), spool=self.folder / spool,
                sealers={"GB": self.folder / "london" / "keys" / "sealer-GB.pem"},
            )  # fmt: skip
            try:
                yield ledger.begin()
            finally:
                ledger.close(0)

    def stopped(self, ledger: Ledger, persons: int, stream: str, **more: Any) -> tuple[str, int]:
        """So many people stopped; sent now. The statement's id, and its position: 0 where it was not recorded."""
        data = IncidentAttemptRecorded(outcomes={"stopped_inside": persons})
        receipt = ledger.append(data, stream=stream, occurred_at=AT, text={"note": f"{persons} at the fence"}, **more)
        ledger.drain(SECONDS)
        return receipt.id, receipt.position or 0

    def refused(self, nation: str, what: str, data: dict[str, Any]) -> None:
        """The same where the ledger refuses it."""
        self.record(self.state(nation, what, data, "KEYS"), code=3)

    def appends(self, key: str, what: str, stream: str, data: dict[str, Any]) -> None:
        """The service states a line of JSON, at Calais."""
        lines = self.file("jsonl")
        lines.write_text(json.dumps({"type": what, "stream": stream, "occurred_at": AT, "data": data}) + "\n")
        self.run("calais", "append", lines, "--key", self.folder / key)
        self.mirror()

    def opens(self, site: str, position: int) -> bool:
        """Whether a site can hand over the key of the text beside an entry."""
        with Home.open(self.folder / site) as home:
            nation = next(nation for nation, its in OWN.items() if its == site)
            header = events.decode_header(split_entry(home.reader.entry(position))[3])
            commitment = msgspec.to_builtins(next(each for each in header.sections if each.name == "text"))
            section, key = home.held.sections(position)["text"], home.sealing_key(nation)
            try:
                sealing.open_section(commitment, section, header.origin, header.id, nation, key)
            except errors.EntenteError:
                return False
            return True

    def export(self, site: str) -> Path:
        """The log as files for a site."""
        self.carried += 1
        folder = self.folder / f"meanwhile-{self.carried}"
        self.run("calais", "export", "tiles", folder, "--for", site)
        return folder

    def aged(self, site: str) -> None:
        """The site's log as the version before this one has it."""
        with Home.open(self.folder / site) as home:
            url = home.ledger_url
        engine = migrations._engine(url, None)
        with engine.begin() as connection:
            connection.execute(text("DROP INDEX entries_granting"))
            connection.execute(text("UPDATE ledger_revision SET version_num = '0002'"))
        engine.dispose()

    def counted(self, site: str) -> dict[str, int]:
        """How many were stopped, by a site's own view, and what of it is disputed."""
        nation = next(nation for nation, its in OWN.items() if its == site)
        self.run(site, "project", "all")
        answer = self.run(site, "figures", nation.lower(), "--day", DAY)
        return {name: answer[name].get(FIGURES[nation], 0) for name in ("figures", "disputed")}


def why(ledger: Ledger) -> list[str]:
    """Why what is parked is."""
    return [json.loads(row.problem or b"{}")["type"] for row in ledger.parked()]


@pytest.fixture
def centre(
    tmp_path: Path, store_url: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> Iterator[Centre]:
    """Three sites at work, on either store."""
    with ExitStack() as stack:
        server = None if store_url.startswith("sqlite") else request.getfixturevalue("postgres_server")
        made = Centre(tmp_path, lambda: "" if server is None else stack.enter_context(server.database()), capsys)
        made.settle()
        yield made


def test_a_stolen_key_is_stopped_what_it_said_is_disputed_and_what_is_stood_by_counts_again(centre: Centre) -> None:
    """The thief says nothing more from the first draft on; nothing that was said is lost, and nothing is silently believed."""
    with centre.service() as ledger:
        centre.stopped(ledger, 5, "INC-1")
    shutil.copy(centre.folder / "service.pem", centre.folder / "thief.pem")
    with centre.service("thief.pem", "thief.sqlite") as thief:
        forged, suspect_from = centre.stopped(thief, 90, "INC-FORGED")
    with centre.service() as ledger:
        meanwhile, _ = centre.stopped(ledger, 7, "INC-2")
    stolen = centre.run("calais", "key", "list")["keys"][-1]["key_id"]

    # 1. stopped, by whichever nation is awake
    centre.says("FR", "key.suspended", {"key": stolen, "reason": "a laptop was taken from a van"})
    with centre.service("thief.pem", "thief.sqlite") as thief:
        centre.stopped(thief, 90, "INC-AGAIN")
        assert why(thief) == ["urn:entente:key-not-in-force"]
    with centre.service() as ledger:
        parked, _ = centre.stopped(ledger, 3, "INC-3")
        assert why(ledger) == ["urn:entente:key-not-in-force"]
    assert centre.counted("london") == {"figures": 102, "disputed": 0}

    # 2. in doubt from where it may have been another's; it ends with that
    centre.says("GB", "key.compromised", {"key": stolen, "suspect_from_position": suspect_from, "reason": "stolen"})
    rows = centre.run("calais", "key", "disputed", stolen, code=1)["disputed"]
    assert [row["event"] for row in rows] == [forged, meanwhile]
    for site in OWN.values():
        assert centre.counted(site)["disputed"] == 97, "both capitals are shown it, each in its own copy"
    centre.refused("GB", "key.revoked", {"key": stolen, "reason": "it has ended already"})
    assert centre.counted("london")["figures"] == 102, "it counts, and is shown"

    # 3. a new key, where the service runs; what was parked is signed again
    centre.service_key("second.pem")
    with centre.service("second.pem") as ledger:
        assert ledger.sign_again() == 1
        ledger.drain(SECONDS)
        assert ledger.receipt(parked).position and why(ledger) == []
    centre.mirror()
    assert centre.counted("london") == {"figures": 105, "disputed": 97}

    # 4. stood by, or retracted
    centre.says("GB", "key.reaffirmed", {"key": stolen, "events": [meanwhile], "reason": "the officer's notebook"})
    retracted = {"target": forged, "kind": "retract", "reason_code": "fraud", "was_ever_true": "no"}
    centre.appends("second.pem", "correction.recorded", "INC-FORGED", retracted)
    for site in OWN.values():
        assert centre.counted(site) == {"figures": 15, "disputed": 0}
        assert centre.run(site, "verify")["ok"]
    rows = centre.run("calais", "key", "disputed", code=1)["disputed"]
    assert [row["event"] for row in rows] == [forged], "what nobody stands by is named for good"


def test_a_nation_that_lost_its_sealing_key_goes_on_with_a_new_one_and_keeps_the_view_it_has(
    centre: Centre, tmp_path: Path
) -> None:
    """What was sealed to it before stays closed to it; what it had opened stands in its view, which is not to be made anew."""
    for_london = {"releasable_to": ["GB"]}
    with centre.service() as ledger:
        _, shared = centre.stopped(ledger, 5, "INC-1")
        centre.stopped(ledger, 7, "INC-2", **for_london)
    centre.mirror()
    before = centre.counted("london")
    assert before["figures"] == 12
    keys = centre.folder / "london" / "keys"
    lost = keys / "sealing-GB.pem"
    lost.unlink()

    # 1. the view is kept, and follows no further until the new key is there
    shutil.copytree(centre.folder / "london", tmp_path / "kept")
    assert centre.run("london", "figures", "gb", "--day", DAY)["figures"]["G2"] == 12

    # 2. a new key under the same name, registered; the old one revoked, so that nothing is sealed to it any more
    old = next(
        row["key_id"]
        for row in centre.run("calais", "key", "list")["keys"]
        if row["owner"] == "GB" and row["role"] == "sealing"
    )
    centre.run("london", "key", "new", "sealing-GB", "--type", "sealing")
    centre.register("GB", "sealing-GB", "GB", "--role", "sealing")
    centre.says("GB", "key.revoked", {"key": old, "reason": "the card that held it is broken"})

    # 3. services take it from the log
    with centre.service(spool="new.sqlite") as ledger:
        _, later = centre.stopped(ledger, 2, "INC-3")
        centre.stopped(ledger, 4, "INC-4", **for_london)
        centre.stopped(ledger, 1, "INC-2")  # on the stream of what is closed now
    centre.mirror()
    assert centre.counted("london")["figures"] == before["figures"] + 7

    # 4. what the other nation was sealed to as well, it can hand over; of what London alone was, nobody can
    opened = {site: centre.opens(site, shared) for site in OWN.values()}
    assert opened == {"london": False, "paris": True}
    assert {site: centre.opens(site, later) for site in OWN.values()} == {"london": True, "paris": True}
    centre.run("london", "project", "all", "--rebuild")
    assert centre.run("london", "figures", "gb", "--day", DAY)["figures"]["G2"] == 12, "a rebuild forgets what is closed now"
    assert centre.run("calais", "verify")["ok"]


def test_the_sites_are_upgraded_one_after_the_other_and_what_is_recorded_meanwhile_is_mirrored(centre: Centre) -> None:
    """London and Paris first, Calais last; the log stands still only while Calais itself is stopped."""
    with centre.service() as ledger:
        centre.stopped(ledger, 5, "INC-1")
    for site in OWN.values():
        centre.run(site, "project", "all")
    folders = {site: centre.export(site) for site in OWN.values()}  # what Calais, still of the old version, serves meanwhile
    for site in ("london", "paris", "calais"):
        centre.aged(site)
    assert "entente upgrade" in centre.run("calais", "project", "all", code=4)

    for site in OWN.values():
        assert "entente upgrade" in centre.run(site, "project", "all", code=4)
        told = centre.run(site, "upgrade")
        assert told["from"]["log"] == "0002" and told["to"]["log"] == migrations.newest()
        assert centre.run(site, "mirror", site, "--from", folders[site])["alarms"] == []
        centre.run(site, "project", "all")
        assert centre.run(site, "verify")["ok"]
    centre.run("calais", "upgrade")
    centre.mirror()
    with centre.service() as ledger:
        centre.stopped(ledger, 7, "INC-2")
    centre.mirror()
    for site in OWN.values():
        assert centre.counted(site)["figures"] == 12 and centre.run(site, "verify")["ok"]

    # only now, and by both
    rules = centre.state("GB", "rules.adopted", {"rules": 2})
    assert "FR" in centre.record(rules, code=3)
    centre.record(centre.sign("FR", rules))
    assert centre.run("calais", "key", "list")["rules"] == 2
