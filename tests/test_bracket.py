"""The bracket of time around an entry: whoever re-dates what was co-signed, or slips in what was not, contradicts a nation."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from api.cli import main
from api.cli.words import WORDS
from api.home import SITES, Home
from api.registrar import Registrar
from api.settings import Settings
from api.verifying import verify_home
from ledger import errors
from ledger.events.keys import JOINT
from ledger.evidence import cosigner
from ledger.evidence.bracket import Bracket, Instants, Word, find_bracket
from ledger.formats import note
from ledger.formats.entry import split_entry
from ledger.store.cosignatures import Finality
from tests.test_tampering import disarm

SECOND = 1_000_000
HOUR = 3_600 * SECOND
T = 1_440_633_600


@pytest.fixture
def home(tmp_path: Path, store_url: str) -> Iterator[Home]:
    """A live ledger, told no time, with its first entries."""
    with live(tmp_path / "home", store_url if store_url.startswith("postgresql") else "") as made:
        yield made


@contextmanager
def live(folder: Path, url: str = "") -> Iterator[Home]:
    """A live ledger, on SQLite in its folder unless a database is given."""
    with Home.create(folder, Settings("live.example/joint", False, url, url, url)) as made:
        Registrar(made).open_log(exercise=False)
        for nation in ("GB", "FR"):
            made.projector(nation).follow()
        yield made


def register(home: Home, code: str) -> int:
    """One more entry, recorded now."""
    data = {"code": code, "nation": JOINT, "name": code}
    return Registrar(home).state("authority.registered", "REGISTRY", data, ("GB", "FR")).position


def cosign(home: Home, site: str, now: int) -> int:
    """A site cosigns, by a clock of its own."""
    return home.cosigner(site).cosign_newest(home.held, now)


def bracket(home: Home, position: int) -> Bracket:
    return find_bracket(Finality(home.reader, home.policy()), position)


def problems(home: Home) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = verify_home(home, workers=1, check_triggers=False)["problems"]
    return found


def test_an_entry_stands_between_what_both_nations_cosigned(home: Home) -> None:
    now = home.now()
    size = home.ledger.head()
    cosign(home, "london", now)
    cosign(home, "paris", now + 3 * SECOND)
    position = register(home, "A")
    assert bracket(home, position).not_after is None
    cosign(home, "london", now + 8 * SECOND)
    assert bracket(home, position).not_after is None, "one nation's word is not two nations' word"
    register(home, "B")
    cosign(home, "paris", now + 20 * SECOND)
    found = bracket(home, position)
    assert found.before == {"london": Word(size, now // SECOND), "paris": Word(size, now // SECOND + 3)}
    assert found.after == {"london": Word(position, now // SECOND + 8), "paris": Word(position + 1, now // SECOND + 20)}
    assert (found.not_before, found.not_after) == (now // SECOND, now // SECOND + 20)
    assert found.is_inside and not problems(home)
    assert bracket(home, 1).before == {} and bracket(home, 1).not_before is None


def test_what_was_slipped_in_with_an_old_time_contradicts_who_cosigned_without_it(home: Home) -> None:
    """An hour after both nations co-signed, the operator records something as if it had been there all along."""
    now = home.now()
    for site in SITES:
        cosign(home, site, now + HOUR)
    position = register(home, "SLIPPED-IN")
    assert not bracket(home, position).is_inside
    found = [problem for problem in problems(home) if "co-signed the log without it" in problem["what"]]
    assert {problem["position"] for problem in found} == {position} and len(found) == 4


def test_what_was_dated_after_its_cosignature_contradicts_who_cosigned_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    position = register(home, "LATE")
    monkeypatch.setattr(cosigner, "AHEAD_SECONDS_MAX", 10**6)
    for site in SITES:
        cosign(home, site, home.now() - HOUR)
    assert not bracket(home, position).is_inside
    found = [problem for problem in problems(home) if "had co-signed it" in problem["what"]]
    assert {problem["position"] for problem in found} == {position} and len(found) == 4


@pytest.mark.parametrize(("cosigned", "contradicts"), [(-122, True), (-121, True), (-120, False), (0, False), (120, False)])
def test_an_entry_may_be_two_minutes_younger_than_its_cosignature(home: Home, cosigned: int, contradicts: bool) -> None:
    """And the second whose fraction a co-signature leaves out."""
    require(home, Bracket(3, T * SECOND, ("london",), {}, {"london": Word(3, T + cosigned)}), 3, contradicts=contradicts)


@pytest.mark.parametrize(("cosigned", "contradicts"), [(-120, False), (0, False), (120, False), (121, True)])
def test_an_entry_may_be_two_minutes_older_than_the_cosignature_before_it(home: Home, cosigned: int, contradicts: bool) -> None:
    require(home, Bracket(3, T * SECOND, ("london",), {"london": Word(2, T + cosigned)}, {}), 2, contradicts=contradicts)


def require(home: Home, found: Bracket, size: int, *, contradicts: bool) -> None:
    """One entry, and a whole log held to its co-signatures, come to the same answer."""
    assert found.is_inside != contradicts
    instants = Instants([size])
    instants.note(found.position, found.recorded_at)
    ((_, at),) = {**found.before, **found.after}.values()
    policy = home.policy()
    assert bool(instants.check({(size, policy.witnesses["london-ed"].key.name): at}, policy)) == contradicts
    assert not instants.check({(size, "somebody.example/else"): at}, policy)


@pytest.mark.parametrize("seed", range(3))
def test_every_bracket_is_the_one_that_reading_all_cosignatures_gives(home: Home, seed: int) -> None:
    chance = random.Random(seed)
    now = home.now()
    told: dict[str, list[tuple[int, int]]] = {site: [] for site in SITES}
    for number in range(25):
        if chance.random() < 0.6:
            register(home, f"A{number}")
        now += chance.randrange(1, 5) * SECOND
        site = chance.choice([*SITES, "nobody"])
        if site in SITES:
            size = cosign(home, site, now)
            if size not in [s for s, _ in told[site]]:
                told[site].append((size, now // SECOND))
    for position in range(1, home.ledger.head() + 1):
        found = bracket(home, position)
        for site, words in told.items():
            assert found.before.get(site) == max((w for w in words if w[0] < position), default=None)
            assert found.after.get(site) == min((w for w in words if w[0] >= position), default=None)


def test_half_a_nations_signatures_are_not_its_word(home: Home) -> None:
    """London signs with two keys; where one line is gone, London has not spoken there."""
    now = home.now()
    first = home.ledger.head()
    cosign(home, "london", now)
    register(home, "A")
    second = cosign(home, "london", now + SECOND)
    disarm(home.ledger.engine)
    with home.ledger.engine.begin() as connection:
        connection.execute(text("DELETE FROM cosignatures WHERE size = :size AND name LIKE '%-pq'"), {"size": first})
    assert bracket(home, 1).after == {"london": Word(second, now // SECOND + 1)}
    assert bracket(home, second).before == {}


def test_a_cosignature_re_dated_is_no_word_at_all(home: Home) -> None:
    """The time stands under the signature: changed, the line condemns its note."""
    cosign(home, "london", home.now())
    disarm(home.ledger.engine)
    with home.ledger.engine.begin() as connection:
        row = connection.execute(text("SELECT size, name, line FROM cosignatures WHERE name LIKE '%-ed'")).one()
        line = note.parse_signature_line(row.line)
        later = (int.from_bytes(line.signature[:8], "big") + 60).to_bytes(8, "big") + line.signature[8:]
        forged = str(note.SignatureLine(line.name, line.key_id, later))
        connection.execute(
            text("UPDATE cosignatures SET line = :line WHERE size = :size AND name = :name"),
            {"line": forged, "size": row.size, "name": row.name},
        )
    with pytest.raises(errors.BadNote):
        bracket(home, 1)
    assert problems(home)


def test_an_exercise_is_told_the_time_and_contradicts_nobody(tmp_path: Path, capsys: Any) -> None:
    """Sites may keep the world's time while an exercise plays in another year; nothing is concluded from that."""
    folder = str(tmp_path / "home")
    assert main(["--home", folder, "init", "--exercise"]) == 0
    with Home.open(tmp_path / "home") as home:
        register(home, "B")
        for site in SITES:
            home.cosigner(site).cosign_newest(home.held, home.now() + 10 * HOUR)
        position = register(home, "A")
        assert not bracket(home, position).is_inside
        answer = verify_home(home, workers=1)
        assert not [p for p in answer["problems"] if "co-signed" in p["what"]] and answer["checked"]["cosigned_times"] == 0
    capsys.readouterr()
    assert main(["--home", folder, "bracket", str(position)]) == 1
    assert "In an exercise the time is told" in capsys.readouterr().out


def test_what_a_bracket_proves_is_said_in_both_languages(home: Home, capsys: Any) -> None:
    for site in SITES:
        home.cosign(site)
    position = register(home, "A")
    event_id = json.loads(split_entry(home.ledger.entry(position))[3])["id"]
    folder = str(home.path)
    home.close()
    said = {}
    for language, which in itertools.product(("en", "fr"), (str(position), event_id)):
        assert main(["--home", folder, "--lang", language, "bracket", which]) == 0
        said[language] = capsys.readouterr().out
    assert "London co-signed the log without it" in said["en"] and "not bounded from above yet" in said["en"]
    assert "Londres a contresigné le journal sans lui" in said["fr"] and "rien ne borne encore" in said["fr"]
    for key in WORDS:
        if key.startswith("bracket "):
            en, fr = WORDS[key]
            assert en != fr
    assert main(["--home", folder, "bracket", str(position), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["inside"] and document["not_after"] == {"at": None, "by": {}} and document["tolerance_seconds"] == 120
    assert main(["--home", folder, "bracket", "999"]) == 2
