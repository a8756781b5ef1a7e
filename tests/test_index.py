"""The daily index in a log: only the centre commits to one, a wrong one stops both cosigners, and a stream left out shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from api import authoring, indexing
from api.authoring import Author, Sealers, new_id
from api.cli import main
from api.home import Home
from api.verifying import verify_home
from ledger import errors
from ledger.formats import envelope, streamindex, streamproof
from ledger.formats.entry import format_instant, split_entry
from ledger.formats.keys import SigningKey
from ledger.formats.streamproof import verify_stream
from ledger.store.streams import read_streams
from tests.playing import OWN_NIGHTS, load
from tests.test_cosigner import put, require_refused
from tests.test_tampering import disarm

NIGHT = OWN_NIGHTS / "ties-at-midnight.json"
DAY = 86_400_000_000


@pytest.fixture
def home(home_of: Any) -> Home:
    """A night with an index committed to at its end, cosigned by both."""
    played: Home = home_of(load(NIGHT))
    indexing.commit(played)
    for site in ("london", "paris"):
        played.cosign(site)
    return played


def centre(home: Home) -> Author:
    return Author(indexing.CENTRE, "JOINT", home.key(indexing.CENTRE_KEY))


def stated(home: Home, author: Author, size: int, root: str) -> envelope.Submitted:
    """An index event as its author would send it."""
    now = home.now()
    data = {"size": size, "root": root}
    unsigned = {"type": "index.committed", "stream": indexing.STREAM, "occurred_at": format_instant(now), "data": data}
    return authoring.compose(unsigned, author, home.settings.origin, Sealers({}, {}), now)


def true_root(home: Home, size: int) -> str:
    return streamindex.root(read_streams(home.ledger.engine, size)).hex()


def forced(home: Home, size: int, root: str, key: SigningKey | None = None, **header: str) -> int:
    """An index event put into the log behind the ledger's back, with the log's own signature on a checkpoint over it."""
    on_record = home.ledger.stream_entries(indexing.STREAM)
    payload = json.loads(split_entry(on_record[0][1])[3])
    told = {**payload, "id": new_id(), "data": {"size": size, "root": root}, **header}
    disarm(home.ledger.engine)
    return put(home, told, key or home.key(indexing.CENTRE_KEY), len(on_record) + 1)


# -- made and made again ------------------------------------------------------------------------------------------------------


def test_both_nations_make_the_index_again_and_verification_counts_it(home: Home) -> None:
    newest = indexing.newest_index(home.reader)
    assert newest is not None and newest.position == home.ledger.head() == newest.size + 1
    assert newest.root.hex() == true_root(home, newest.size)
    assert home.covering(newest.position)["final"]
    answer = verify_home(home, workers=1)
    assert answer["ok"] and answer["checked"]["indexes"] == 1


def test_an_index_may_speak_of_what_was_recorded_a_moment_ago(home: Home) -> None:
    size = home.ledger.head() - 3
    position = forced(home, size, true_root(home, size))
    assert home.cosign("london") == home.cosign("paris") == position
    assert verify_home(home, workers=1, check_triggers=False)["checked"]["indexes"] == 2


def test_nobody_cosigns_behind_an_index_that_leaves_a_stream_out(home: Home) -> None:
    size = home.ledger.head()
    leaves = read_streams(home.ledger.engine, size)
    incident = next(leaf for leaf in leaves if leaf.stream.startswith("INC"))
    without = streamindex.root(leaf for leaf in leaves if leaf != incident).hex()
    require_refused(home, forced(home, size, without), f"the index of streams at size {size} has root")


def test_nobody_cosigns_behind_an_index_that_withholds_a_version(home: Home) -> None:
    size = home.ledger.head()
    leaves = read_streams(home.ledger.engine, size)
    shorter = [leaf._replace(version=leaf.version - 1) if leaf.version > 1 else leaf for leaf in leaves]
    assert shorter != leaves
    require_refused(home, forced(home, size, streamindex.root(shorter).hex()), "has root")


def test_nobody_cosigns_behind_an_index_of_another_size(home: Home) -> None:
    size = home.ledger.head()
    require_refused(home, forced(home, size - 1, true_root(home, size)), f"at size {size - 1} has root")


def test_nobody_cosigns_behind_an_index_of_what_is_still_to_come(home: Home) -> None:
    size = home.ledger.head()
    require_refused(home, forced(home, size + 1, true_root(home, size)), f"speaks of {size + 1} entries, and there are {size}")


def test_an_index_of_what_is_long_past_is_not_made_again_but_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamindex, "BEHIND_ENTRIES_MAX", 2)
    size = home.ledger.head() - 3
    require_refused(home, forced(home, size, true_root(home, size)), f"speaks of {size} entries, too long past")


def test_a_column_changed_in_the_store_makes_an_index_that_nobody_cosigns(home: Home) -> None:
    """The ledger makes its index from columns; the nations from the entries themselves."""
    disarm(home.ledger.engine)
    stream = next(leaf.stream for leaf in read_streams(home.ledger.engine, home.ledger.head()) if leaf.stream.startswith("INC"))
    with home.ledger.engine.begin() as connection:
        connection.execute(text("UPDATE entries SET stream = 'HIDDEN' WHERE stream = :stream"), {"stream": stream})
    with pytest.raises(errors.VerificationFailed, match="does not lead to the index that entry"):
        indexing.prove(home, stream)
    position = indexing.commit(home).position
    require_refused(home, position, "has root")


# -- who may commit -----------------------------------------------------------------------------------------------------------


def test_a_service_cannot_stop_the_log_with_an_index(home: Home) -> None:
    """Nobody cosigns behind a wrong index, so a service that could state one could end finality."""
    size = home.ledger.head()
    authors = [Author("BF", "GB", home.key("service-BF")), Author("GB", "GB", home.key("authority-GB"))]
    home.ledger.sequencer.indexes[size] = true_root(home, size)
    for author in authors:
        with pytest.raises(errors.NotAllowed, match="for the joint centre to state"):
            home.ledger.append(stated(home, author, size, true_root(home, size)))
    assert home.ledger.head() == size


def test_a_service_cannot_put_one_in_behind_the_ledgers_back_either(home: Home) -> None:
    size = home.ledger.head()
    border_force = home.key("service-BF")
    position = forced(home, size, true_root(home, size), border_force, authority="BF", key_id=border_force.key_id)
    require_refused(home, position, "for the joint centre to state")


def test_the_ledger_commits_to_no_index_that_it_has_not_made(home: Home) -> None:
    size = home.ledger.head()
    for wanted, root in ((size, "00" * 32), (size, true_root(home, size)), (size + 1, true_root(home, size))):
        with pytest.raises(errors.NotAllowed, match="indexes of streams that it has just made itself"):
            home.ledger.append(stated(home, centre(home), wanted, root))
    assert home.ledger.head() == size


def test_the_same_index_event_again_returns_the_same_receipt(home: Home) -> None:
    position, entry = home.ledger.stream_entries(indexing.STREAM)[-1]
    payload = split_entry(entry)[3]
    again = envelope.Submitted(payload, envelope.EVENT_TYPE, (envelope.sign(payload, home.key(indexing.CENTRE_KEY)),), {})
    receipt = home.ledger.append(again)
    assert receipt.position == position and not receipt.is_new


def test_a_home_without_the_nations_keys_asks_for_the_centres(home: Home) -> None:
    home.key_path(indexing.CENTRE_KEY).unlink()
    home.key_path("authority-FR").unlink()
    with pytest.raises(errors.NotFound, match="nor both nations' keys"):
        indexing.commit(home)
    with pytest.raises(errors.KeyNotInForce, match="not registered in this log"):
        indexing.commit(home, SigningKey.generate())


# -- every day, and proven from -----------------------------------------------------------------------------------------------


def test_an_index_is_due_once_a_utc_day(home: Home) -> None:
    newest = indexing.newest_index(home.reader)
    assert newest is not None
    midnight = newest.recorded_at // DAY * DAY + DAY
    for now, due in ((newest.recorded_at, False), (midnight - 1, False), (midnight, True)):
        home.clock = lambda now=now: now
        assert indexing.is_due(home) == due


def test_every_stream_of_the_night_is_proven_and_no_other(home: Home) -> None:
    newest = indexing.newest_index(home.reader)
    assert newest is not None
    leaves = read_streams(home.ledger.engine, newest.size)
    assert len(leaves) > 3
    for leaf in leaves:
        _, proof = indexing.prove(home, leaf.stream)
        assert verify_stream(proof, newest.size, newest.root) == leaf
        assert len(home.ledger.stream_entries(leaf.stream)) >= leaf.version
    for absent in ("0", "INC-NEVER", "zzz"):
        _, proof = indexing.prove(home, absent)
        assert verify_stream(proof, newest.size, newest.root) is None


def test_the_commands_say_what_they_committed_to_and_prove(home: Home, tmp_path: Path, capsys: Any) -> None:
    def run(*words: str) -> tuple[int, str]:
        code = main(["--home", str(home.path), "index", *words])
        return code, capsys.readouterr().out

    home.close()
    at = "2037-01-01T00:00:00Z"
    code, said = run("commit", "--due", "--at", at)
    assert code == 0 and "commits to every stream of the first" in said
    code, said = run("commit", "--due", "--at", at, "--json")
    assert code == 0 and json.loads(said)["committed"] is False
    code, said = run("prove", "INC-NEVER", "--out", str(tmp_path / "proof.json"))
    assert code == 0 and "INC-NEVER: no such stream among the first" in said
    assert streamproof.parse_stream_proof((tmp_path / "proof.json").read_bytes()).stream == "INC-NEVER"
    code, said = run("prove", "LEDGER", "--json")
    assert code == 0 and json.loads(said)["version"] == 2
    assert run("prove", "no stream")[0] == 2
