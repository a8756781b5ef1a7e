"""Time stamps of a home: every day, by several authorities, one of them down; renewed in time; whatever is changed is found."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from api import settings as settings_file
from api import stamping
from api.cli import main
from api.home import SITES, Home
from api.verifying import verify_home
from ledger import errors
from ledger.evidence import cosigner
from ledger.evidence.stamps import Stamps
from ledger.formats import note
from tests.authority import DAY, Tsa, openssl_verifies, serving, signer
from tests.test_bracket import home as home  # noqa: PLC0414 - a fixture
from tests.test_bracket import live, problems, register
from tests.test_tampering import disarm

SECOND = 1_000_000
A_DAY = 86_400 * SECOND

pytestmark = pytest.mark.foreign


@pytest.fixture
def tsas(tmp_path: Path) -> Iterator[dict[str, Tsa]]:
    """Two authorities."""
    with serving(Tsa(tmp_path, "first")) as first, serving(Tsa(tmp_path, "second")) as second:
        yield {"first": first, "second": second}


@pytest.fixture
def stamper_on_both(home: Home, tsas: dict[str, Tsa]) -> Home:
    """A live home on either store, cosigned by both, that knows both authorities."""
    cosign(home)
    configure(home, tsas)
    return home


@pytest.fixture
def unstamped(tmp_path: Path) -> Iterator[Home]:
    """A live home on SQLite that knows no authority and has nothing cosigned: for what does not depend on the store."""
    with live(tmp_path / "home") as made:
        yield made


@pytest.fixture
def stamper(unstamped: Home, tsas: dict[str, Tsa]) -> Home:
    """The same, cosigned by both, that knows both authorities."""
    cosign(unstamped)
    configure(unstamped, tsas)
    return unstamped


def cosign(home: Home) -> int:
    return max(home.cosign(site) for site in SITES)


def configure(home: Home, tsas: dict[str, Tsa]) -> None:
    """Name the authorities in entente.toml and read it again."""
    tables = {
        "timestamp_urls": {name: tsa.url for name, tsa in tsas.items()},
        "timestamp_roots": {name: str(tsa.roots_file) for name, tsa in tsas.items()},
    }
    settings_file.save(home.path, msgspec.structs.replace(home.settings, **tables))
    home.settings = settings_file.load(home.path, {})


def states(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["authority"]: row["state"] for row in rows}


def wrong(home: Home) -> list[tuple[int, str]]:
    """What is wrong with the time stamps alone."""
    return stamping.verify(home)[1]


def at_another_time(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """Let this machine's clock be so many days ahead."""
    monkeypatch.setattr(stamping, "now", lambda: time.time_ns() // 1_000 + round(days * A_DAY))


def files(home: Home) -> list[str]:
    return sorted(path.name for path in (home.path / "timestamps").iterdir())


# -- every day ----------------------------------------------------------------------------------------------------------------


def test_both_authorities_stamp_what_is_final_and_anybody_can_check_it_with_openssl(
    stamper_on_both: Home, tsas: dict[str, Tsa], tmp_path: Path
) -> None:
    size = stamper_on_both.ledger.head()
    register(stamper_on_both, "NOT-FINAL-YET")
    rows = stamping.stamp(stamper_on_both)
    assert states(rows) == {"first": "stamped", "second": "stamped"} and {row["size"] for row in rows} == {size}
    assert files(stamper_on_both) == [f"{size}.checkpoint", f"{size}.first.1.tsr", f"{size}.second.1.tsr"]
    stamped = (stamper_on_both.path / "timestamps" / f"{size}.checkpoint").read_bytes()
    assert stamper_on_both.policy().verify(stamped).final, "what is stamped bears both nations' signatures"
    for name, tsa in tsas.items():
        response = (stamper_on_both.path / "timestamps" / f"{size}.{name}.1.tsr").read_bytes()
        assert openssl_verifies(stamped, response, tsa.roots_file, tmp_path)
    answer = verify_home(stamper_on_both, workers=1)
    assert answer["ok"] and answer["checked"]["timestamps"] == 2


def test_an_authority_is_asked_once_a_day_and_once_a_checkpoint(
    stamper: Home, tsas: dict[str, Tsa], monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked() -> int:
        return sum(len(tsa.asked) for tsa in tsas.values())

    stamping.stamp(stamper)
    assert asked() == 2
    assert set(states(stamping.stamp(stamper)).values()) == {"already"} and asked() == 2
    assert set(states(stamping.stamp(stamper, everyone=True)).values()) == {"already"} and asked() == 2, "nothing is new"
    register(stamper, "NEW")
    cosign(stamper)
    assert set(states(stamping.stamp(stamper)).values()) == {"already"} and asked() == 2
    assert set(states(stamping.stamp(stamper, everyone=True)).values()) == {"stamped"} and asked() == 4
    register(stamper, "NEWER")
    cosign(stamper)
    at_another_time(monkeypatch, 1)
    assert set(states(stamping.stamp(stamper)).values()) == {"failed"}, "their clocks are a day behind this machine's"
    assert asked() == 6, "but on another day they were asked again"


def test_one_that_is_down_keeps_no_other_from_stamping(stamper: Home, tsas: dict[str, Tsa], capsys: Any) -> None:
    tsas["first"].behave = lambda tsa, query, to: b"garbage"
    folder = str(stamper.path)
    stamper.close()
    assert main(["--home", folder, "timestamp"]) == 0
    said = capsys.readouterr()
    assert "first: bad" not in said.err and "first, checkpoint" in said.err and "not a time-stamp response" in said.err
    assert "DID NOT STAMP" in said.out and "second" in said.out
    tsas["first"].behave = None
    assert main(["--home", folder, "timestamp", "--json"]) == 0
    assert states(json.loads(capsys.readouterr().out)["answers"]) == {"first": "stamped", "second": "already"}
    for tsa in tsas.values():
        tsa.behave = lambda tsa, query, to: b"garbage"
    shutil.rmtree(Path(folder) / "timestamps")
    assert main(["--home", folder, "timestamp"]) == 4


def test_nothing_is_stamped_before_it_is_final(unstamped: Home, tsas: dict[str, Tsa]) -> None:
    configure(unstamped, tsas)
    unstamped.cosign("london")
    with pytest.raises(errors.NotFound, match="no checkpoint is final"):
        stamping.stamp(unstamped)
    assert not any(tsa.asked for tsa in tsas.values())


def test_no_address_is_asked_that_nobody_configured(unstamped: Home, tsas: dict[str, Tsa]) -> None:
    cosign(unstamped)
    with pytest.raises(errors.BadQuestion, match="no time-stamping authority is configured"):
        stamping.stamp(unstamped)
    settings_file.save(unstamped.path, msgspec.structs.replace(unstamped.settings, timestamp_urls={"first": tsas["first"].url}))
    unstamped.settings = settings_file.load(unstamped.path, {})
    with pytest.raises(errors.Malformed, match=r"timestamp_urls\.first: there are no certificates"):
        stamping.stamp(unstamped)
    assert not tsas["first"].asked


@pytest.mark.parametrize(
    ("roots", "said"),
    [
        ({"First": "x"}, r"timestamp_roots\.First: a name has"),
        ({"../x": "x"}, r"timestamp_roots\.\.\./x: a name has"),
        ({"first": "nowhere.pem"}, r"timestamp_roots\.first: there is no file"),
        ({"first": "entente.toml"}, r"timestamp_roots\.first: no PEM certificates"),
    ],
)
def test_settings_that_are_wrong_are_named(unstamped: Home, roots: dict[str, str], said: str) -> None:
    unstamped.settings = msgspec.structs.replace(unstamped.settings, timestamp_roots=roots)
    with pytest.raises(errors.EntenteError, match=said):
        stamping.verify(unstamped)
    assert any("time stamps cannot be verified" in problem["what"] for problem in problems(unstamped))


def test_what_was_stamped_first_stays_what_is_stamped(stamper: Home, tsas: dict[str, Tsa]) -> None:
    """A foreign witness signs later: the note grows a line, and the token is still over what was kept beside it."""
    tsas["second"].behave = lambda tsa, query, to: b""
    stamping.stamp(stamper)
    size = stamper.ledger.head()
    stamped = stamping.kept(stamper).note(size)
    foreign = note.SignatureLine("witness.example/foreign", bytes(4), bytes(72))
    stamper.held.add_cosignatures(size, [foreign])
    assert stamper.reader.signed_checkpoint(size) != stamped
    tsas["second"].behave = None
    assert states(stamping.stamp(stamper)) == {"first": "already", "second": "stamped"}
    assert stamping.kept(stamper).note(size) == stamped
    assert {chain.state(stamping.now()) for chain in stamping.verify(stamper)[0]} == {"good"}


def test_a_token_older_than_the_cosignatures_it_is_over_is_not_believed(
    unstamped: Home, tsas: dict[str, Tsa], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody's clock is wrong, or somebody lies: nobody stamps what is signed only in an hour."""
    for site in SITES:
        unstamped.cosigner(site).cosign_newest(unstamped.held, unstamped.now() + 3_600 * SECOND)
    configure(unstamped, tsas)
    rows = stamping.stamp(unstamped)
    assert set(states(rows).values()) == {"failed"} and "over a co-signature of" in rows[0]["why"]
    monkeypatch.setattr("ledger.evidence.stamps.CLOCKS_APART_SECONDS_MAX", 4_000)
    stamping.stamp(unstamped)
    monkeypatch.undo()
    assert sum("over a co-signature of" in problem["what"] for problem in problems(unstamped)) == 2


# -- renewed in time ----------------------------------------------------------------------------------------------------------


def test_a_chain_is_renewed_before_its_certificate_ends(
    stamper_on_both: Home, tsas: dict[str, Tsa], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tsas["first"].use(signer(tsas["first"].root, ends=30 * DAY))
    stamping.stamp(stamper_on_both)
    assert stamping.renew(stamper_on_both, 20) == []
    (row,) = stamping.renew(stamper_on_both)
    assert row["state"] == "failed" and "nothing is gained" in row["why"], "the same certificate renews nothing"
    tsas["first"].use(signer(tsas["first"].root, ends=400 * DAY))
    (row,) = stamping.renew(stamper_on_both)
    assert (row["authority"], row["state"]) == ("first", "stamped")
    assert stamping.renew(stamper_on_both) == []
    size = stamper_on_both.ledger.head()
    folder = stamper_on_both.path / "timestamps"
    stamped = (folder / f"{size}.checkpoint").read_bytes() + (folder / f"{size}.first.1.tsr").read_bytes()
    assert openssl_verifies(stamped, (folder / f"{size}.first.2.tsr").read_bytes(), tsas["first"].roots_file, tmp_path)
    (chain,) = [chain for chain in stamping.verify(stamper_on_both)[0] if chain.authority == "first"]
    assert len(chain.tokens) == 2 and chain.as_dict(stamping.now())["at"] < chain.as_dict(stamping.now())["expires_at"]
    at_another_time(monkeypatch, 31)
    assert chain.state(stamping.now()) == "good"
    assert verify_home(stamper_on_both, workers=1)["timestamps"] == {"good": 2, "lapsed": 0, "unchecked": 0}


def test_a_chain_that_nobody_renewed_lapses_and_the_log_is_none_the_worse(
    stamper: Home, tsas: dict[str, Tsa], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    tsas["first"].use(signer(tsas["first"].root, ends=30 * DAY))
    stamping.stamp(stamper)
    at_another_time(monkeypatch, 31)
    answer = verify_home(stamper, workers=1)
    assert answer["ok"] and answer["timestamps"] == {"good": 1, "lapsed": 1, "unchecked": 0}
    assert stamping.renew(stamper) == [], "what has lapsed is past renewing"
    folder = str(stamper.path)
    stamper.close()
    assert main(["--home", folder, "timestamp", "--list"]) == 0
    assert "lapsed: its certificate has ended" in capsys.readouterr().out
    assert main(["--home", folder, "timestamp", "--verify"]) == 1


def test_an_authority_that_was_given_up_is_still_verified_and_no_longer_asked(stamper: Home, tsas: dict[str, Tsa]) -> None:
    tsas["first"].use(signer(tsas["first"].root, ends=30 * DAY))
    stamping.stamp(stamper)
    urls = {"second": tsas["second"].url}
    stamper.settings = msgspec.structs.replace(stamper.settings, timestamp_urls=urls)
    assert {chain.state(stamping.now()) for chain in stamping.verify(stamper)[0]} == {"good"}
    (row,) = stamping.renew(stamper)
    assert row["state"] == "failed" and "not among timestamp_urls" in row["why"] and len(tsas["first"].asked) == 1
    stamper.settings = msgspec.structs.replace(stamper.settings, timestamp_roots={"second": str(tsas["second"].roots_file)})
    assert verify_home(stamper, workers=1)["timestamps"] == {"good": 1, "lapsed": 0, "unchecked": 1}


# -- whatever is changed ------------------------------------------------------------------------------------------------------


def test_every_file_changed_swapped_or_torn_is_found(stamper_on_both: Home) -> None:
    stamping.stamp(stamper_on_both)
    register(stamper_on_both, "NEXT")
    cosign(stamper_on_both)
    stamping.stamp(stamper_on_both, everyone=True)
    folder = stamper_on_both.path / "timestamps"
    assert not problems(stamper_on_both)
    tried = 0
    found: list[str] = []
    for name in files(stamper_on_both):
        path = folder / name
        whole = path.read_bytes()
        other = next(p for p in sorted(folder.iterdir()) if p != path and p.suffix == path.suffix)
        for changed in (whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1]), b"", other.read_bytes(), whole + b"\n"):
            path.write_bytes(changed)
            found = [what for size, what in wrong(stamper_on_both) if size == int(name.partition(".")[0])]
            assert found, f"{name} was changed and nobody noticed"
            tried += 1
        assert any(problem["what"] in found for problem in problems(stamper_on_both)), "entente verify says it too"
        path.write_bytes(whole)
    assert tried == 30 and not wrong(stamper_on_both)


def test_a_token_without_the_one_before_it_is_found(stamper: Home, tsas: dict[str, Tsa]) -> None:
    tsas["first"].use(signer(tsas["first"].root, ends=30 * DAY))
    stamping.stamp(stamper)
    tsas["first"].use(signer(tsas["first"].root, ends=400 * DAY))
    stamping.renew(stamper)
    size = stamper.ledger.head()
    folder = stamper.path / "timestamps"
    kept = (folder / f"{size}.first.1.tsr").read_bytes()
    (folder / f"{size}.first.1.tsr").unlink()
    assert "token 1 is missing" in wrong(stamper)[0][1]
    (folder / f"{size}.first.1.tsr").write_bytes(kept)
    assert not wrong(stamper)
    (folder / f"{size}.checkpoint").unlink()
    assert len([what for _, what in wrong(stamper) if "the checkpoint it is over is missing" in what]) == 2


def test_a_log_cut_behind_a_stamped_checkpoint_is_found(stamper_on_both: Home) -> None:
    """Somebody restores an old backup: the token says that there was more."""
    register(stamper_on_both, "LATER")
    size = cosign(stamper_on_both)
    stamping.stamp(stamper_on_both)
    disarm(stamper_on_both.ledger.engine)
    with stamper_on_both.ledger.engine.begin() as connection:
        connection.execute(text("DELETE FROM entries WHERE position = :size"), {"size": size})
        for table in ("checkpoints", "cosignatures"):
            connection.execute(text(f"DELETE FROM {table} WHERE size = :size"), {"size": size})
    assert any("those after are gone" in problem["what"] for problem in problems(stamper_on_both))


def test_a_note_of_another_history_is_found(stamper: Home, tmp_path: Path, tsas: dict[str, Tsa]) -> None:
    """The folder of another ledger under the same name, with sound tokens of its own."""
    stamping.stamp(stamper)
    size = stamper.ledger.head()
    path = stamper.path / "timestamps" / f"{size}.checkpoint"
    path.with_name(f"{size - 1}.checkpoint").write_bytes(path.read_bytes())
    assert [(at, "it is for size" in what) for at, what in wrong(stamper)] == [(size - 1, True)]
    checkpoint = note.Checkpoint(stamper.settings.origin, size, bytes(32))
    path.write_bytes(note.sign_checkpoint(checkpoint, stamper.key("log")))
    assert any("it is not final" in what for _, what in wrong(stamper))
    body = note.format_checkpoint(checkpoint)
    lines = [s.cosign(body, 1) for site in SITES for s in cosigner.load(stamper.path / site).values()]
    path.write_bytes(note.add_lines(note.sign_checkpoint(checkpoint, stamper.key("log")), lines))
    assert any("of another history than the log kept here" in what for _, what in wrong(stamper))


def test_nothing_that_was_kept_is_ever_replaced(tmp_path: Path) -> None:
    stamps = Stamps(tmp_path / "timestamps")
    stamps.keep(3, b"note\n", "first", 1, b"token")
    with pytest.raises(errors.Conflict, match="another note of size"):
        stamps.keep(3, b"other\n", "second", 1, b"token")
    with pytest.raises(errors.Conflict, match="tsr is there already"):
        stamps.keep(3, b"note\n", "first", 1, b"other")
    assert sorted(path.name for path in stamps.folder.iterdir()) == ["3.checkpoint", "3.first.1.tsr"]
    assert stamps.responses(3, "first", 1) == [b"token"]
    assert stamps.chains() == {(3, "first"): [1]}


def test_an_entrys_bracket_says_by_when_an_outsider_had_stamped_it(stamper: Home, capsys: Any) -> None:
    stamping.stamp(stamper)
    size = stamper.ledger.head()
    position = register(stamper, "LATER")
    folder = str(stamper.path)
    stamper.close()
    assert main(["--home", folder, "bracket", "2", "--json"]) == 0
    stamped = json.loads(capsys.readouterr().out)["stamped"]
    assert stamped["size"] == size and stamped["authority"] in {"first", "second"} and stamped["state"] == "good"
    assert main(["--home", folder, "--lang", "fr", "bracket", "2"]) == 0
    assert "a alors horodaté leur journal" in capsys.readouterr().out
    assert main(["--home", folder, "bracket", str(position), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["stamped"] is None


def test_the_doctor_misses_a_stamp_that_nobody_fetched(stamper: Home, tsas: dict[str, Tsa], capsys: Any) -> None:
    tsas["second"].behave = lambda tsa, query, to: b""
    stamping.stamp(stamper)
    folder = str(stamper.path)
    stamper.close()
    main(["--home", folder, "doctor", "--json"])
    looks = json.loads(capsys.readouterr().out)["checks"]
    assert {look["setting"]: look["is_safe"] for look in looks if look["part"] == "timestamps"} == {
        "first": True,
        "second": False,
    }
