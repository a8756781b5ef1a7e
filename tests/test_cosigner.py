"""A cosigner signs nothing behind an entry that could never have been admitted: forged, replayed, out of order, by a dead key.

The operator holds the log's key and every database right, so each of these logs has a sound checkpoint of its own.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from api.authoring import new_id
from api.home import Home
from api.verifying import verify_home
from ledger import errors
from ledger.evidence.cosigner import AHEAD_SECONDS_MAX, STATE
from ledger.formats import entry, envelope, merkle, note, strict
from ledger.formats.keys import SigningKey
from ledger.store.held import HeldLog
from tests.playing import OWN_NIGHTS, load
from tests.test_tampering import disarm

NIGHT = OWN_NIGHTS / "ties-at-midnight.json"


@pytest.fixture
def home(home_of: Any) -> Home:
    """A night cosigned to its end, then left to an operator with every right."""
    played: Home = home_of(load(NIGHT))
    disarm(played.ledger.engine)
    return played


class Told:
    """The last joint statement of a service, as the operator would have it told again."""

    def __init__(self, home: Home) -> None:
        query = "SELECT position, entry FROM entries WHERE type = 'incident.attempt_recorded' ORDER BY position DESC LIMIT 1"
        with home.ledger.engine.connect() as connection:
            self.position, body = connection.execute(text(query)).one()
        self.entry = entry.parse_entry(bytes(body))
        self.payload = json.loads(self.entry.payload)
        self.key = home.key(f"service-{self.payload['authority']}")
        self.version = len(home.ledger.stream_entries(self.entry.stream)) + 1

    def anew(self, **fields: Any) -> dict[str, Any]:
        """The payload under a new id, some of its fields changed."""
        return {**self.payload, "id": new_id(), **fields}


def put(home: Home, payload: dict[str, Any], key: SigningKey, version: int, recorded_at: str | None = None) -> int:
    """Append an entry behind the ledger's back, with the log's own signature on a checkpoint over it."""
    body = strict.format(payload)
    signed = envelope.Signature(payload["key_id"], envelope.sign(body, key).sig)
    return put_entry(home, recorded_at or newest_instant(home), payload, version, (signed,), body)


def put_entry(
    home: Home, at: str, payload: dict[str, Any], version: int, signatures: tuple[envelope.Signature, ...], body: bytes
) -> int:
    """The same, of bytes as they are."""
    made = entry.format_entry(at, payload["stream"], version, signatures, body)
    position = home.ledger.head() + 1
    leaves = [merkle.hash_leaf(stored) for _, stored in home.ledger.entries(0, position)] + [merkle.hash_leaf(made)]
    checkpoint = note.Checkpoint(home.settings.origin, position, merkle.root(leaves))
    row = {"p": position, "i": payload["id"], "s": payload["stream"], "v": version, "t": payload["type"], "e": made}
    with home.ledger.engine.begin() as connection:
        into = "INSERT INTO entries (position, event_id, stream, version, type, entry) VALUES (:p, :i, :s, :v, :t, :e)"
        connection.execute(text(into), row)
        signed = note.sign_checkpoint(checkpoint, home.key("log"))
        connection.execute(
            text("INSERT INTO checkpoints (size, note) VALUES (:size, :note)"), {"size": position, "note": signed}
        )
    return position


def newest_instant(home: Home) -> str:
    """When the last entry was recorded."""
    return entry.split_entry(home.ledger.entry(home.ledger.head()))[0]


def drop_unique_ids(home: Home) -> None:
    """Let an event id stand twice."""
    with home.ledger.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER TABLE entries DROP CONSTRAINT entries_event_id")
            return
        made = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'entries'").scalar_one()
        loose = made.replace("CONSTRAINT entries_event_id UNIQUE (event_id),", "")
        assert loose != made
        connection.exec_driver_sql("CREATE TABLE kept AS SELECT * FROM entries")
        connection.exec_driver_sql("DROP TABLE entries")
        connection.exec_driver_sql(loose)
        connection.exec_driver_sql("INSERT INTO entries SELECT * FROM kept")
        connection.exec_driver_sql("DROP TABLE kept")


def require_refused(home: Home, position: int, what: str) -> None:
    """Both cosigners refuse, naming the entry; they remember nothing of it and leave no line."""
    for site in ("london", "paris"):
        before = home.cosigner(site).cosigned()
        with pytest.raises(errors.VerificationFailed, match=rf"entry {position}: .*{what}"):
            home.cosign(site)
        assert home.cosigner(site).cosigned() == before
    with home.ledger.engine.connect() as connection:
        assert connection.execute(text("SELECT max(size) FROM cosignatures")).scalar_one() < position
    problems = verify_home(home, workers=1, check_triggers=False)["problems"]
    assert any(problem["position"] == position and what in problem["what"] for problem in problems), problems


def test_what_follows_is_cosigned_and_raises_no_alarm(home: Home) -> None:
    told = Told(home)
    position = put(home, told.anew(), told.key, told.version)
    cosigner = home.cosigner("london")
    assert cosigner.cosign_newest(home.held, home.now()) == position
    assert cosigner.alarms() == [] and home.cosign("london") == position
    assert home.cosign("paris") == position and home.covering(position)["final"]
    assert put(home, told.anew(), told.key, told.version + 1) == home.cosign("london")


def test_a_forged_signature_is_not_cosigned(home: Home) -> None:
    told = Told(home)
    require_refused(home, put(home, told.anew(), SigningKey.generate(), told.version), "bad-signature")


def test_a_replayed_event_is_not_cosigned_and_verification_names_both_places(home: Home) -> None:
    told = Told(home)
    drop_unique_ids(home)
    again = put_entry(home, newest_instant(home), told.payload, told.version, told.entry.signatures, told.entry.payload)
    require_refused(home, again, f"on record already, at position {told.position}")


def test_an_entry_by_a_key_nobody_registered_is_not_cosigned(home: Home) -> None:
    told, stranger = Told(home), SigningKey.generate()
    require_refused(home, put(home, told.anew(key_id=stranger.key_id), stranger, told.version), "key-not-in-force")


def test_an_entry_in_the_name_of_another_authority_is_not_cosigned(home: Home) -> None:
    told = Told(home)
    other = "FR" if told.payload["authority"] != "FR" else "GB"
    require_refused(home, put(home, told.anew(authority=other), told.key, told.version), "key-not-allowed")


def test_a_version_left_out_is_not_cosigned(home: Home) -> None:
    told = Told(home)
    require_refused(home, put(home, told.anew(), told.key, told.version + 1), f"follows version {told.version - 1}")


def test_a_time_that_goes_back_is_not_cosigned(home: Home) -> None:
    told = Told(home)
    earlier = told.entry.recorded_at.replace(told.entry.recorded_at[:4], "2001", 1)
    require_refused(home, put(home, told.anew(), told.key, told.version, earlier), "recorded before the entry in front of it")


def test_bytes_that_are_no_strict_payload_are_not_cosigned(home: Home) -> None:
    told = Told(home)
    payload = told.anew()
    body = json.dumps(payload, indent=1).encode()
    signed = envelope.Signature(payload["key_id"], envelope.sign(body, told.key).sig)
    at = newest_instant(home)
    require_refused(home, put_entry(home, at, payload, told.version, (signed,), body), "malformed")


def test_an_entry_that_is_none_is_named_though_an_index_of_streams_stands_behind_it(home: Home) -> None:
    """To hold the index against the entries a cosigner looks back over all of them, this one included."""
    told = Told(home)
    position = put(home, told.anew(), told.key, told.version)
    index = told.anew(type="index.committed", stream="INDEX", data={"size": position, "root": "0" * 64})
    put(home, index, told.key, 1)
    with home.ledger.engine.begin() as connection:
        connection.execute(text("UPDATE entries SET entry = :e WHERE position = :p"), {"e": b"nothing", "p": position})
    require_refused(home, position, "bad-entry")


def test_an_unknown_type_is_alarmed_and_does_not_block(home: Home) -> None:
    told = Told(home)
    position = put(home, told.anew(type="incident.imagined"), told.key, told.version)
    cosigner = home.cosigner("london")
    assert cosigner.cosign_newest(home.held, home.now()) == position
    assert [at for at, _ in cosigner.alarms()] == [position] and "no event type" in cosigner.alarms()[0][1]


def test_an_unknown_type_with_a_forged_signature_is_not_cosigned(home: Home) -> None:
    told = Told(home)
    position = put(home, told.anew(type="incident.imagined"), SigningKey.generate(), told.version)
    require_refused(home, position, "bad-signature")


def test_a_breach_of_a_life_is_alarmed_and_does_not_block(home: Home) -> None:
    told = Told(home)
    again = told.anew(type="incident.opened", data={"kind": "perimeter_intrusion", "place": "ET-FENCE-N"})
    position = put(home, again, told.key, told.version)
    cosigner = home.cosigner("london")
    assert cosigner.cosign_newest(home.held, home.now()) == position
    assert [at for at, _ in cosigner.alarms()] == [position] and "not-in-this-state" in cosigner.alarms()[0][1]


def test_what_governs_admission_must_still_be_what_was_vouched_for(home: Home) -> None:
    """An operator who changes a key's registration, or hides one among other entries, is noticed before anything is signed."""
    told = Told(home)
    put(home, told.anew(), told.key, told.version)
    with home.ledger.engine.begin() as connection:
        query = text("SELECT max(position) FROM entries WHERE type = 'key.registered'")
        hidden = connection.execute(query).scalar_one()
        hide = text("UPDATE entries SET type = 'annotation.added' WHERE position = :position")
        connection.execute(hide, {"position": hidden})
    with pytest.raises(errors.VerificationFailed, match="no longer those"):
        home.cosign("london")


def test_a_cosigner_goes_on_from_where_it_was_and_reads_nothing_twice(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(home)
    vouched = home.ledger.head()
    position = put(home, told.anew(), told.key, told.version)
    asked: list[int] = []
    read = HeldLog.entries
    monkeypatch.setattr(HeldLog, "entries", lambda log, after, limit: asked.append(after) or read(log, after, limit))
    assert home.cosign("london") == position
    assert asked == [vouched]


def test_a_restored_old_state_refuses_to_sign_for_good(home: Home) -> None:
    """Its own signatures on the log are beyond what it remembers: it may have vouched for anything in between."""
    told, state = Told(home), home.path / "london" / STATE
    backup = backed_up(state)
    put(home, told.anew(), told.key, told.version)
    home.cosign("london")
    remembered = home.cosigner("london").cosigned()
    restore(state, backup)
    assert home.cosigner("london").cosigned() != remembered
    put(home, told.anew(), told.key, told.version + 1)
    for _ in range(2):
        with pytest.raises(errors.VerificationFailed, match="its state is an old copy"):
            home.cosign("london")
    assert "old copy" in str(home.cosigner("london").stopped())
    assert home.cosign("paris") == home.ledger.head()


def test_a_state_put_back_under_a_running_cosigner_is_noticed_too(home: Home) -> None:
    told, state = Told(home), home.path / "london" / STATE
    backup, running = backed_up(state), home.cosigner("london")
    put(home, told.anew(), told.key, told.version)
    running.cosign_newest(home.held, home.now())
    restore(state, backup)
    with home.ledger.engine.begin() as connection:
        connection.execute(text("DELETE FROM cosignatures WHERE size = :size"), {"size": home.ledger.head()})
    put(home, told.anew(), told.key, told.version + 1)
    with pytest.raises(errors.VerificationFailed, match="its state is an old copy"):
        running.cosign_newest(home.held, home.now())


def test_a_lost_state_is_not_invented(home: Home) -> None:
    (home.path / "london" / STATE).unlink()
    with pytest.raises(errors.Unavailable, match="needs a new key"):
        home.cosign("london")


def test_an_entry_from_the_future_waits(home: Home) -> None:
    told = Told(home)
    put(home, told.anew(), told.key, told.version)
    cosigner, ahead = home.cosigner("london"), (AHEAD_SECONDS_MAX + 1) * 1_000_000
    with pytest.raises(errors.Unavailable, match="ahead of this site's clock"):
        cosigner.cosign_newest(home.held, home.now() - ahead)
    assert cosigner.cosign_newest(home.held, home.now() - ahead + 2_000_000) == home.ledger.head()


def test_the_state_itself_refuses_to_go_back(home: Home) -> None:
    with sqlite3.connect(home.path / "london" / STATE) as state, pytest.raises(sqlite3.IntegrityError, match="never goes back"):
        state.execute("INSERT INTO cosigned VALUES (3, x'00', 1)")
    state.close()


def backed_up(state: Path) -> bytes:
    """A copy of a cosigner's database as a backup tool takes it."""
    with sqlite3.connect(state) as source:
        source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    source.close()
    return state.read_bytes()


def restore(state: Path, backup: bytes) -> None:
    """Put a backup in place of what was there."""
    for suffix in ("-wal", "-shm"):
        state.with_name(state.name + suffix).unlink(missing_ok=True)
    state.write_bytes(backup)
