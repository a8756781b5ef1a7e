"""London and Paris each hold the log: their own copy, checked entry by entry, before anything is cosigned."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from sqlalchemy import text

from api.cli import main
from api.verifying import verify_home
from ledger import errors
from ledger.evidence.mirror import ASKED_AGAIN_AT_ONCE
from ledger.evidence.source import FolderSource
from ledger.formats import note
from ledger.formats.keys import SigningKey
from tests.sites import Sites
from tests.test_cosigner import Told, drop_unique_ids, newest_instant, put, put_entry
from tests.test_tampering import disarm


def test_a_mirror_holds_every_entry_and_the_whole_log_is_final_once_both_cosigned(sites: Sites) -> None:
    head = sites.calais.ledger.head()
    assert sites.mirror("london") == head
    assert not sites.calais.covering(head)["final"]
    assert sites.mirror("paris") == head
    assert sites.calais.covering(head)["final"]
    for home in (sites.london, sites.paris):
        assert home.held.entries(0, head + 1) == sites.calais.ledger.entries(0, head + 1)
        assert home.mirror().cosigner.alarms() == []


def test_a_mirrors_own_copy_verifies_and_gives_its_nation_the_same_figures(sites: Sites) -> None:
    """The same command line works on London's own database with London's own key, and knows nothing of Paris's view."""
    sites.mirror("london")
    sites.london.projector("GB").follow()
    answer = verify_home(sites.london, workers=1)
    assert answer["problems"] == []
    assert answer["checked"]["cosignatures"] == ["london"] and answer["checked"]["views"] == ["GB"]
    assert answer["checked"]["checkpoints"] == verify_home(sites.calais, workers=1)["checked"]["checkpoints"]
    sites.calais.projector("GB").follow()
    assert sites.london.projector("GB").digest() == sites.calais.projector("GB").digest()
    with pytest.raises(errors.NotFound, match="FR view is not kept here"):
        sites.london.projector("FR")


def test_the_other_nations_sections_are_known_by_their_hash_alone(sites: Sites) -> None:
    sites.tell()
    rows = sites.calais.ledger.engine.connect().execute(text("SELECT position, name FROM sections")).all()
    for site, home in sites.homes.items():
        sites.mirror(site)
        kept = {position: set(home.held.sections(position)) for position, _ in rows}
        sealed = {position for position, name in rows if name == "inner"}
        own = {p for p in sealed if sites.calais.ledger.sections(p)["inner"].wraps.keys() == {home.nations[0]}}
        assert sealed and own and sealed - own
        assert {p for p in sealed if kept[p]} == own
        assert all(kept[position] == {"text"} for position, name in rows if name == "text")
        for position, names in kept.items():
            if names:
                assert home.held.sections(position) == sites.calais.ledger.sections(position)


def test_what_is_sealed_to_the_other_is_not_kept_even_where_it_is_sent(sites: Sites) -> None:
    size = sites.mirror("london", sites.export("paris"))
    alarms = sites.london.mirror().cosigner.alarms()
    assert any("is not for GB and was not kept" in what for _, what in alarms)
    assert any("did not come with the entry" in what for _, what in alarms)
    held = sites.london.held
    assert size == held.head()
    assert not any("inner" in held.sections(position) for position in range(1, size + 1))


def test_a_section_that_did_not_come_with_its_entry_is_asked_for_until_it_comes(sites: Sites) -> None:
    """A nation whose own sealed sections were left out would otherwise never read them, and be alarmed for ever."""
    sites.tell()
    size = sites.mirror("london", sites.export("paris"))
    london = sites.london
    assert lacked(sites) and london.mirror().cosigner.newest()[0] == size
    london.projector("GB").follow()
    assert sites.mirror("london", sites.export("paris")) == size
    assert lacked(sites), "the same source has them no more than before"
    rounds = -(-len(lacked(sites)) // ASKED_AGAIN_AT_ONCE) + 1
    mirror, source = london.mirror(), sites.export("london")
    for _ in range(rounds):
        mirror.follow(source, london.now(), cosign=True)
    assert lacked(sites) == []
    for position in range(1, size + 1):
        held, told = london.held.sections(position), sites.calais.ledger.sections(position)
        assert held == {name: told[name] for name in told if name == "text" or "GB" in told[name].wraps}, position
    assert all("view GB" in problem["what"] for problem in verify_home(london, workers=1)["problems"]), "it was read without"
    sites.calais.projector("GB").follow()
    london.projector("GB").rebuild()
    assert verify_home(london, workers=1)["problems"] == []
    assert london.projector("GB").digest() == sites.calais.projector("GB").digest()


@pytest.mark.parametrize("spoilt", ["another", "none"])
def test_a_section_asked_for_again_is_kept_only_where_the_entry_commits_to_it(sites: Sites, spoilt: str) -> None:
    sites.mirror("london", sites.export("paris"))
    before = lacked(sites)
    source = sites.export("london")
    for file in source.folder.rglob("*"):
        if file.is_file() and "companions" in file.parts:
            lines = [json.loads(line) for line in file.read_bytes().splitlines()]
            for line in lines:
                for section in line.get("sections", {}).values():
                    section["ciphertext"] = base64.b64encode(b"another").decode()
            file.write_bytes(b"".join(json.dumps(line).encode() + b"\n" for line in lines) if spoilt == "another" else b"")
    sites.mirror("london", source)
    assert [position for position, _ in lacked(sites)][: len(before)] and not any(
        sites.london.held.sections(position) for position, _ in before
    )


def lacked(sites: Sites) -> list[tuple[int, str]]:
    """What London is alarmed at because it is missing."""
    return [(p, what) for p, what in sites.london.mirror().cosigner.alarms() if "did not come with the entry" in what]


def test_a_mirror_goes_on_from_where_it_was(sites: Sites) -> None:
    first = sites.mirror("london")
    sites.tell(300)
    assert sites.mirror("london") == first + 300
    assert [size for size, _, _ in sites.london.cosigner("london").cosigned()] == [first, first + 300]
    assert sites.london.held.checkpoints_between(0, first + 300) == sites.calais.held.checkpoints_between(0, first + 300)
    sites.london.projector("GB").follow()
    assert verify_home(sites.london, workers=1)["problems"] == []


def test_a_nation_signs_with_one_key_of_each_kind_that_nobody_else_has(sites: Sites) -> None:
    size = sites.mirror("london")
    verified = sites.calais.policy().verify(sites.calais.held.signed_checkpoint(size))
    assert set(verified.cosigned) == {"london-ed", "london-pq"}
    kinds = {sites.calais.policy().witnesses[name].key.type_code for name in verified.cosigned}
    assert kinds == {4, 6}


def test_a_folder_that_is_not_there_is_away_and_nothing_worse(sites: Sites) -> None:
    with pytest.raises(errors.Unavailable):
        sites.london.mirror().follow(FolderSource(sites.folder / "nowhere"), sites.london.now(), cosign=True)
    source = sites.export("london")
    (source.folder / "tile/entries/000.p").rename(source.folder / "tile/entries/gone")
    with pytest.raises(errors.Unavailable):
        sites.mirror("london", source)
    assert sites.london.cosigner("london").stopped() is None


@pytest.mark.parametrize("kinds", [("entries",), ("entries", "0")])
def test_tiles_that_are_not_the_checkpoints_are_never_called_equivocation(sites: Sites, kinds: tuple[str, ...]) -> None:
    sites.mirror("london")
    sites.tell(20)
    source = sites.export("london")
    for kind in kinds:
        tile = next(iter((source.folder / "tile" / kind / "000.p").iterdir()))
        body = bytearray(tile.read_bytes())
        body[-1] ^= 1
        body[40] ^= 1
        tile.write_bytes(body)
    before = sites.london.held.head()
    with pytest.raises(errors.Unavailable, match="served"):
        sites.mirror("london", source)
    assert sites.london.cosigner("london").stopped() is None
    assert sites.london.held.head() == before
    sites.mirror("london")


def test_a_checkpoint_nobody_knows_the_key_of_is_refused(sites: Sites) -> None:
    source = sites.export("london")
    text_of_note, _ = note.split_note((source.folder / "checkpoint").read_bytes())
    line = note.sign_line(sites.calais.settings.origin, SigningKey.generate(), text_of_note)
    (source.folder / "checkpoint").write_bytes(note.format_note(text_of_note, [line]))
    with pytest.raises(errors.BadNote):
        sites.mirror("london", source)
    assert sites.london.held.head() == 0


def test_a_forged_entry_is_held_as_evidence_and_nothing_behind_it_is_cosigned(sites: Sites) -> None:
    vouched = sites.mirror("london")
    told = Told(sites.calais)
    disarm(sites.calais.ledger.engine)
    position = put(sites.calais, told.anew(), SigningKey.generate(), told.version)
    for _ in range(2):
        with pytest.raises(errors.VerificationFailed, match=f"entry {position}: bad-signature"):
            sites.mirror("london")
    assert sites.london.held.entry(position) == sites.calais.ledger.entry(position)
    cosigner = sites.london.cosigner("london")
    assert cosigner.newest()[0] == vouched
    assert [at for at, _ in cosigner.alarms()] == [position]


def test_a_replayed_event_has_no_place_in_a_mirror(sites: Sites) -> None:
    told = Told(sites.calais)
    disarm(sites.calais.ledger.engine)
    drop_unique_ids(sites.calais)
    at = newest_instant(sites.calais)
    again = put_entry(sites.calais, at, told.payload, told.version, told.entry.signatures, told.entry.payload)
    with pytest.raises(errors.VerificationFailed, match=rf"entry {again}: .* on record already, at position {told.position}"):
        sites.mirror("london")
    assert sites.london.cosigner("london").newest()[0] == 0


def test_an_unknown_type_is_alarmed_at_the_mirror_and_does_not_block(sites: Sites) -> None:
    told = Told(sites.calais)
    disarm(sites.calais.ledger.engine)
    position = put(sites.calais, told.anew(type="incident.imagined"), told.key, told.version)
    assert sites.mirror("london") == position
    assert [at for at, _ in sites.london.cosigner("london").alarms()] == [position]


def test_a_mirror_restored_whole_from_an_old_backup_finds_its_own_signature_on_the_log(sites: Sites) -> None:
    """Database and state both: only what others hold still says that London went further."""
    from tests.test_cosigner import STATE, backed_up, restore

    sites.mirror("london")
    databases = [sites.london.path / "london" / STATE]
    if sites.london.ledger_url.startswith("sqlite"):
        databases.append(sites.london.path / "ledger.sqlite")
    sites.london.close()
    backups = [backed_up(database) for database in databases]
    sites.tell(3)
    later = sites.mirror("london")
    sites.tell(3)
    sites.london.close()
    for database, backup in zip(databases, backups, strict=True):
        restore(database, backup)
    assert sites.london.cosigner("london").newest()[0] < later
    with pytest.raises(errors.VerificationFailed, match=f"it cosigned size {later} and remembers"):
        sites.mirror("london")
    assert sites.london.cosigner("london").stopped()


def test_the_commands_make_a_sites_home_and_mirror_into_it(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: Any, code: int = 0) -> Any:
        capsys.readouterr()
        assert main([str(word) for word in words] + ["--json"]) == code, capsys.readouterr().err
        out = capsys.readouterr().out
        return json.loads(out) if out else {}

    origin = "test.example/joint"
    homes = {site: tmp_path / site for site in ("london", "paris")}
    files = []
    for site, home in homes.items():
        made = run("init", "--site", site, "--origin", origin, "--home", home)
        files += ["--witnesses", home / made["witnesses"]]
    calais = tmp_path / "calais"
    run("init", "--origin", origin, *files, "--home", calais)
    assert not (calais / "london").exists()
    for site, home in homes.items():
        run("mirror", site, "--from", tmp_path / "none", "--home", home, code=2)  # no policy yet
        (home / "policy.txt").write_bytes((calais / "policy.txt").read_bytes())
        run("mirror", site, "--from", tmp_path / "none", "--home", home, code=4)
        run("export", "tiles", tmp_path / f"for-{site}", "--for", site, "--home", calais)
        held = run("mirror", site, "--from", tmp_path / f"for-{site}", "--home", home)
        assert held == {
            "site": site, "size": 6, "final": False, "alarms": [], "away": [], "problems": [], "exercise": False,
        }  # fmt: skip
        run("project", "all", "--home", home)
        assert run("verify", "--home", home)["checked"]["cosignatures"] == [site]
        assert run("doctor", "--home", home)["ok"]
    run("mirror", "paris", "--from", tmp_path / "for-london", "--home", homes["london"], code=2)
