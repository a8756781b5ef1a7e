"""The log's own key and its cosigners' change hands under policies that both nations adopt, with a time in which both sign."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from api import bundling, policies
from api.authoring import Author, Sealers, compose
from api.bundling import Asked
from api.cli import main
from api.home import Home
from api.registrar import Registrar, sealers
from api.settings import Settings
from api.verifying import verify_export, verify_home
from ledger import errors
from ledger.evidence.bundle_manifest import OfStream
from ledger.evidence.export import export_tiles
from ledger.evidence.gossip import Gossip, meet_at_the_log
from ledger.evidence.source import FolderSource
from ledger.formats import note
from ledger.formats.entry import format_instant
from ledger.formats.keys import load_private
from ledger.formats.policies import Succession, digest
from ledger.formats.policy import format_policy, parse_policy
from ledger.store.application import Ledger
from tests.bundles import code_of, files_of

ORIGIN = "test.example/rotation"
OPENING = {"type": "incident.opened", "data": {"kind": "other", "place": "CZ"}}
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def home(tmp_path: Path, store_url: str) -> Path:
    """A live ledger with one British service, cosigned to its head."""
    urls = ("", "", "") if store_url.startswith("sqlite") else (store_url,) * 3
    with Home.create(tmp_path / "home", Settings(ORIGIN, False, *urls)) as made:
        registrar = Registrar(made)
        registrar.open_log(exercise=False)
        policies.adopt_first(made, registrar)
        registrar.state("authority.registered", "REGISTRY", {"code": "BF", "nation": "GB", "name": "Border Force"}, ("GB",))
        registrar.register("BF", "GB", "service", made.new_key("service-BF"))
    return made.path


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command on the home; returns its document, after checking its exit code."""

    def running(*words: str, code: int = 0) -> dict[str, Any]:
        capsys.readouterr()
        assert main([*words, "--home", str(home), "--json"]) == code, capsys.readouterr().err
        told = capsys.readouterr().out
        return json.loads(told) if told else {}

    return running


def state(home: Path, stream: str) -> int:
    """One more event, in a process of its own; returns its position."""
    with Home.open(home) as opened:
        return said(opened, stream)


def said(opened: Home, stream: str) -> int:
    """One more event, by a process that runs; returns its position."""
    author = Author("BF", "GB", opened.key("service-BF"))
    unsigned = {**OPENING, "stream": stream, "occurred_at": format_instant(opened.now())}
    return int(opened.ledger.append(compose(unsigned, author, ORIGIN, sealers(opened))).position)


def cosign(home: Path) -> int:
    """Both cosigners sign the newest checkpoint; returns its size."""
    with Home.open(home) as opened:
        sizes = {opened.cosign(site) for site in ("london", "paris")}
        assert len(sizes) == 1
        return sizes.pop()


def problems(home: Path) -> list[str]:
    with Home.open(home) as opened:
        for nation in opened.nations:
            opened.projector(nation).follow()
        return [problem["what"] for problem in verify_home(opened, workers=1)["problems"]]


def signers(home: Path, size: int) -> list[str]:
    """Key ids (hex) of the log's own lines on a checkpoint."""
    with Home.open(home) as opened:
        _, lines = note.split_note(opened.reader.signed_checkpoint(size))
    return [line.key_id.hex() for line in lines if line.name == ORIGIN]


def test_the_logs_key_changes_hands_with_an_overlap_and_every_checkpoint_stays_good(home: Path, run: Run) -> None:
    before = cosign(home)
    old = signers(home, before)
    begun = run("key", "rotate", "log")
    overlap = state(home, "INC-1")
    both = signers(home, overlap)
    assert len(old) == 1 and len(both) == 2 and set(old) < set(both)
    cosign(home)
    run("key", "rotate", "log", code=2)
    run("key", "retire", "log")
    state(home, "INC-2")
    after = cosign(home)
    (new,) = signers(home, after)
    assert {new, *old} == set(both)
    assert problems(home) == []
    with Home.open(home) as opened:
        policy = opened.policy()
        assert isinstance(policy, Succession) and len(policy.spans) == 3
        assert [policy.verify(opened.reader.signed_checkpoint(size)).final for size in (before, overlap, after)] == [True] * 3
        assert opened.covering(before)["size"] == before, "what was final first stays what is shown"
        assert opened.covering(overlap)["final"] and opened.finality().newest_final().checkpoint.size == after
    told = run("key", "policy")["policies"]
    assert [row["held"] for row in told] == [True] * 3 and [row["trusted"] for row in told] == [False, False, True]
    assert told[1]["from_size"] == begun["from_size"] == begun["receipt"]["position"]


def test_a_bundle_brings_the_policy_that_governs_its_checkpoint(home: Path, run: Run, tmp_path: Path) -> None:
    before = cosign(home)
    first = (home / "policy.txt").read_bytes()
    run("key", "rotate", "log")
    state(home, "INC-1")
    run("key", "retire", "log")
    state(home, "INC-2")
    after = cosign(home)
    for size, policy in ((before, first), (after, (home / "policy.txt").read_bytes())):
        out = tmp_path / f"{size}.zip"
        with Home.open(home) as opened:
            made = bundling.create(opened, OfStream("LEDGER"), out, Asked(has_verifier=False), size)
        assert made.word == "proven", made.detail
        assert dict(files_of(out.read_bytes()))["policy.txt"] == policy
        assert code_of(out.read_bytes()) == "internally-consistent"
    (home / "policies" / f"{digest(first)}.txt").unlink()
    with Home.open(home) as opened, pytest.raises(errors.NotFound) as missing:
        bundling.create(opened, OfStream("LEDGER"), tmp_path / "none.zip", Asked(has_verifier=False), before)
    assert missing.value.field == "policy.txt" and not (tmp_path / "none.zip").exists()


def test_the_old_key_of_the_log_signs_nothing_any_more_once_it_is_retired(home: Path, run: Run) -> None:
    run("key", "rotate", "log")
    state(home, "INC-1")
    run("key", "retire", "log")
    with Home.open(home) as opened:
        signing = [key.public for key in opened.log_keys()]
        assert len(signing) == 1
        (log,) = parse_policy(opened.policy_path.read_bytes()).logs
        assert log.key.public == signing[0]
        assert problems(home) == []
        # Somebody goes on with the old key alone, as if nothing had been adopted.
        old = load_private(home / "keys" / "log.pem")
        assert old.public != signing[0]
        author = Author("BF", "GB", opened.key("service-BF"))
        opened.ledger.close()
        with Ledger.open(opened.ledger_url, log_key=old, origin=ORIGIN) as stray:
            unsigned = {**OPENING, "stream": "INC-2", "occurred_at": format_instant(opened.now())}
            position = stray.append(compose(unsigned, author, ORIGIN, Sealers({}, {}))).position
    with Home.open(home) as opened:
        found = verify_home(opened, workers=1)["problems"]
    assert any(problem["position"] == position and "was the log's at that size" in problem["what"] for problem in found)


def test_no_key_is_retired_before_its_successor_has_signed(home: Path, run: Run) -> None:
    run("key", "retire", "log", code=2)
    run("key", "rotate", "log")
    run("key", "retire", "log", code=3)
    run("key", "rotate", "london")
    state(home, "INC-1")
    run("key", "retire", "london", code=3)


@pytest.mark.parametrize("site", ["london", "paris"])
def test_a_cosigner_changes_its_keys_with_an_overlap_and_remembers_what_it_signed(home: Path, run: Run, site: str) -> None:
    before = cosign(home)
    run("key", "rotate", site)
    overlap = state(home, "INC-1")
    cosign(home)
    with Home.open(home) as opened:
        signed = opened.policy().verify(opened.reader.signed_checkpoint(overlap))
        assert {f"{site}-{kind}" for kind in ("ed", "pq", "ed-2", "pq-2")} <= signed.cosigned.keys() and signed.final
    run("key", "retire", site)
    state(home, "INC-2")
    after = cosign(home)
    with Home.open(home) as opened:
        policy = opened.policy()
        verified = [policy.verify(opened.reader.signed_checkpoint(size)) for size in (before, after)]
        assert [v.final for v in verified] == [True, True]
        assert f"{site}-ed" in verified[0].cosigned and f"{site}-ed" not in verified[1].cosigned
        assert opened.finality().last_by(site, before).checkpoint.size == before
        assert opened.finality().first_by(site, after).checkpoint.size == after
    assert problems(home) == []


def test_in_the_overlap_either_pair_of_keys_makes_a_checkpoint_final(home: Path, run: Run) -> None:
    """London's new machine is not up yet, or its old one is gone: nobody waits for both."""
    run("key", "rotate", "london")
    state(home, "INC-1")
    aside = home.parent / "aside"
    aside.mkdir()
    for kind in ("ed-2", "pq-2"):
        shutil.move(home / "london" / f"{kind}.pem", aside)
    first = cosign(home)
    for kind in ("ed-2", "pq-2"):
        shutil.move(aside / f"{kind}.pem", home / "london")
    for kind in ("ed", "pq"):
        shutil.move(home / "london" / f"{kind}.pem", aside)
    state(home, "INC-2")
    second = cosign(home)
    with Home.open(home) as opened:
        assert [opened.policy().verify(opened.reader.signed_checkpoint(size)).final for size in (first, second)] == [True, True]


def test_a_policy_that_one_nation_alone_wants_is_not_adopted(home: Path, run: Run) -> None:
    (home / "keys" / "authority-FR.pem").rename(home.parent / "authority-FR.pem")
    before = (home / "policy.txt").read_bytes()
    run("key", "rotate", "log", code=2)
    assert (home / "policy.txt").read_bytes() == before
    assert len(run("key", "policy")["policies"]) == 1


def test_a_policy_put_in_place_by_hand_is_found(home: Path, run: Run) -> None:
    """Whoever can write policy.txt could make a log of their own final; the log itself says what both nations adopted."""
    cosign(home)
    kept = (home / "policy.txt").read_bytes()
    (home / "policy.txt").write_bytes(b"# quorum lowered\n" + kept.replace(b"group both all", b"group both any"))
    assert problems(home) == ["policy.txt is none of the policies that the log says both nations adopted"]
    (home / "policy.txt").write_bytes(kept)
    assert problems(home) == []


def test_a_policy_that_is_on_record_and_not_held_is_told_and_taken_over_from_whoever_has_it(home: Path, run: Run) -> None:
    cosign(home)
    old = (home / "policy.txt").read_bytes()
    run("key", "rotate", "log")
    new = (home / "policy.txt").read_bytes()
    (home / "policy.txt").write_bytes(old)
    for path in (home / "policies").glob("*.txt"):
        path.unlink()
    assert any("is not held here" in what for what in problems(home))
    assert [row["held"] for row in run("key", "policy", code=1)["policies"]] == [True, False]
    (home.parent / "from-calais.txt").write_bytes(new)
    assert [row["trusted"] for row in run("key", "policy", str(home.parent / "from-calais.txt"))["policies"]] == [False, True]
    (home.parent / "from-nobody.txt").write_bytes(b"# mine\n" + new)
    run("key", "policy", str(home.parent / "from-nobody.txt"), code=2)
    assert problems(home) == []


def test_whoever_still_trusts_the_old_policy_can_verify_until_the_old_key_is_retired(home: Path, run: Run) -> None:
    old = home.parent / "old.txt"
    old.write_bytes((home / "policy.txt").read_bytes())
    run("key", "rotate", "log")
    state(home, "INC-1")
    cosign(home)

    def export(name: str) -> Path:
        with Home.open(home) as opened:
            export_tiles(opened.held, home.parent / name, opened.policy_path.read_bytes())
        return home.parent / name

    assert verify_export(export("overlap"), old)["ok"]
    assert verify_export(home.parent / "overlap", home / "policy.txt")["ok"]
    run("key", "retire", "log")
    state(home, "INC-2")
    cosign(home)
    retired = export("retired")
    assert verify_export(retired, home / "policy.txt")["ok"]
    assert not verify_export(retired, old)["ok"]


def test_a_writer_with_a_key_that_never_signed_beside_the_old_one_does_not_start(home: Path, run: Run) -> None:
    """A new key without an overlap would leave everybody with the old policy unable to verify."""
    state(home, "INC-1")
    run("key", "rotate", "log")
    content = policies.without_old_log_key(parse_policy((home / "policy.txt").read_bytes()), ORIGIN)
    policies.put(home, format_policy(content))
    with pytest.raises(errors.UnsafeSetting, match="newest checkpoint"):
        state(home, "INC-2")


def test_a_service_that_runs_on_signs_nothing_once_its_key_is_retired(home: Path, run: Run) -> None:
    """Nobody could verify what it signed then, and no process could append behind it."""
    with Home.open(home) as service:
        said(service, "INC-1")
        run("key", "rotate", "log")
        assert said(service, "INC-2"), "while both keys may sign, one is enough"
        state(home, "INC-3")
        run("key", "retire", "log")
        head = service.ledger.head()
        for _ in range(2):
            with pytest.raises(errors.UnsafeSetting, match="another key of the log"):
                said(service, "INC-4")
        assert service.ledger.head() == head
    assert state(home, "INC-4") == head + 1
    cosign(home)
    assert problems(home) == []


def test_a_service_signs_nothing_under_a_policy_that_it_does_not_hold(home: Path, run: Run) -> None:
    """It runs from a copy of the home, where the file that both nations adopted never came."""
    before = (home / "policy.txt").read_bytes()
    with Home.open(home) as service:
        said(service, "INC-1")
        run("key", "rotate", "london")
        adopted = (home / "policy.txt").read_bytes()
        (home / "policies" / f"{digest(adopted)}.txt").unlink()
        (home / "policy.txt").write_bytes(before)
        with pytest.raises(errors.UnsafeSetting, match="not held here"):
            said(service, "INC-2")
        run("key", "policy", str(_written(home.parent / "newest.txt", adopted)))
        assert said(service, "INC-2"), "the log's key is the same: it may go on"


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_a_site_that_shows_what_its_old_keys_signed_is_compared_all_the_same(home: Path, run: Run, tmp_path: Path) -> None:
    """London was away while its keys changed: what it shows first is of before, and must not end the comparing."""
    shown = tmp_path / "london"
    shown.mkdir()
    with Home.open(home) as opened:
        (shown / "checkpoint").write_bytes(opened.reader.signed_checkpoint(cosign(home)))
    run("key", "rotate", "london")
    state(home, "INC-1")
    cosign(home)
    run("key", "retire", "london")
    state(home, "INC-2")
    with Home.open(home) as opened:
        meet = partial(meet_at_the_log, opened.held, opened.policy(), tmp_path / "equivocation")
        gossip = Gossip({"london": FolderSource(shown)}, meet)
        gossip.round()
        assert gossip.problems() == [] and gossip.away() == []
