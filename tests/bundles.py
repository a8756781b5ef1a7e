"""A small log from fixed keys, the bundles made of it, and every way to spoil one.

Nothing in it is random: keys, ids, salts, section keys and times are written down, so that the bundles have the same bytes on
any machine and from either store. London's and Paris's ML-DSA signatures are made by another implementation, which can do
without randomness.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from dilithium_py.ml_dsa import ML_DSA_44

from api import bundling
from api.bundling import Asked
from api.home import Home
from api.settings import Settings
from ledger.evidence.bundle import Verdict, verify
from ledger.evidence.bundle_manifest import File, OfFigure, OfStream, parse_manifest
from ledger.evidence.bundle_names import MANIFEST
from ledger.evidence.bundle_zip import Archive, write
from ledger.formats import cosignature, envelope, note, policy, sealing, strict
from ledger.formats.cosignature import Cosigner, LatticeKey
from ledger.formats.entry import format_instant
from ledger.formats.envelope import Submitted
from ledger.formats.keys import SigningKey, save_private
from ledger.formats.note import SignatureLine
from ledger.formats.sealing import SealingKey
from ledger.store.streams import commit_index
from projections.attest import answer_again

ORIGIN = "golden.example/joint"
GOLDEN = Path(__file__).parent / "golden"
BEGAN = 1_440_540_000_000_000  # 2015-08-25T22:00:00Z
SECOND = 1_000_000
HOUR = 3_600 * SECOND
STREAM = (GOLDEN / "bundle-stream.zip").read_bytes()
FIGURE = (GOLDEN / "bundle-figure.zip").read_bytes()
COSIGNED_AT = 1_440_720_000
SITES = ("london", "paris")
Files = list[tuple[str, bytes]]


def key(name: str) -> SigningKey:
    """The fixed key of somebody."""
    return SigningKey(hashlib.sha256(f"golden {name}".encode()).digest())


def sealing_key(nation: str) -> SealingKey:
    """A nation's fixed sealing key."""
    return SealingKey(hashlib.sha512(f"golden {nation}".encode()).digest() + hashlib.sha256(nation.encode()).digest())


class Golden:
    """One home with the fixed log in it; `now` is the clock of the ledger and of everybody in it."""

    def __init__(self, path: Path, store_url: str) -> None:
        urls = (store_url,) * 3 if store_url.startswith("postgresql") else ()
        self.now = BEGAN
        self.home = Home.create(path, Settings(ORIGIN, True, *urls), lambda: self.now)
        self.number = 0
        (path / "keys" / "log.pem").unlink()
        save_private(path / "keys" / "log.pem", key("log"))
        for nation in ("GB", "FR"):
            sealing_key(nation).save(path / "keys" / f"sealing-{nation}.pem")
        (path / "policy.txt").write_bytes(policy.format_policy(golden_policy()))

    # -- saying things -----------------------------------------------------------------------------------------------------

    def payload(self, type_name: str, stream: str, data: Mapping[str, Any], speaker: tuple[str, str], **more: Any) -> bytes:
        """The payload of the next event; `speaker` is (authority, whose key it names)."""
        self.number += 1
        fields = {
            "id": f"01900000-0000-7000-8000-{self.number:012d}", "origin": ORIGIN, "type": type_name, "schema": 1,
            "stream": stream, "occurred_at": format_instant(self.now), "authority": speaker[0],
            "key_id": key(speaker[1]).key_id, "salt": f"{self.number:032x}", "source": {"kind": "system"}, "basis": "fact",
            "marking": {"gb": "OFFICIAL", "fr": "non protégé"}, "releasable_to": ["GB", "FR"], "regime": "LE", "lang": "en",
            "data": dict(data), **more,
        }  # fmt: skip
        return strict.format(fields)

    def say(
        self, type_name: str, stream: str, data: Mapping[str, Any], speaker: tuple[str, str], *others: str, **more: Any
    ) -> None:
        """Record an event, signed by its speaker and by others."""
        self.now += SECOND
        body = self.payload(type_name, stream, data, speaker, **more)
        signatures = tuple(envelope.sign(body, key(name)) for name in (speaker[1], *others))
        self.home.ledger.append(Submitted(body, envelope.EVENT_TYPE, signatures))

    def say_with_text(self, type_name: str, stream: str, data: Mapping[str, Any], speaker: tuple[str, str], text: str) -> None:
        """Record an event with a text section, for both nations."""
        self.now += SECOND
        commitment, section = self._sealed("text", strict.format({"note": text}), ("GB", "FR"))
        body = self.payload(type_name, stream, data, speaker, sections=[commitment])
        self._append(body, speaker, {"text": section})

    def say_sealed(self, nation: str, type_name: str, data: Mapping[str, Any], speaker: tuple[str, str]) -> None:
        """Record an event for one nation only."""
        self.now += SECOND
        inner = self.payload(type_name, f"OWN-{nation}", data, speaker, releasable_to=[nation])
        item = envelope.format_item(Submitted(inner, envelope.EVENT_TYPE, (envelope.sign(inner, key(speaker[1])),)))
        commitment, section = self._sealed("inner", strict.format(item), (nation,))
        stream = f"01900000-0000-7000-9000-{self.number:012d}"
        sealer = (nation, f"sealer-{nation}")
        body = self.payload(
            "sealed.recorded", stream, {"nation": nation}, sealer, releasable_to=[nation], sections=[commitment]
        )
        self._append(body, sealer, {"inner": section})

    def _sealed(self, name: str, plaintext: bytes, nations: Sequence[str]) -> tuple[Any, sealing.SealedSection]:
        recipients = {nation: sealing_key(nation).public for nation in nations}
        event_id = f"01900000-0000-7000-8000-{self.number + 1:012d}"
        return sealing.seal(name, plaintext, ORIGIN, event_id, recipients, bytes([self.number]) * 32)

    def _append(self, body: bytes, speaker: tuple[str, str], sections: dict[str, sealing.SealedSection]) -> None:
        signed = (envelope.sign(body, key(speaker[1])),)
        self.home.ledger.append(Submitted(body, envelope.EVENT_TYPE, signed, sections))

    # -- the log -------------------------------------------------------------------------------------------------------------

    def tell(self) -> Golden:
        """The registry, a night, an index of streams; then both nations co-sign."""
        self._registry()
        self.now = BEGAN + HOUR // 2  # before London's day begins: the neighbour in front of every range of that day
        self.say("interception.search_recorded", "SEARCH-0", _search(0), ("BF", "BF"))
        self.now = BEGAN + 4 * HOUR
        self.say_with_text("interception.recorded", "IC-1", _found(4), ("BF", "BF"), "quatre adultes, dans la remorque")
        self._batch([("interception.search_recorded", f"SEARCH-{n}", _search(n)) for n in (1, 2, 3)])
        self.say_sealed("GB", "interception.recorded", _found(2), ("BF", "BF"))
        self.say_sealed("FR", "interception.recorded", _found(3), ("PAF", "PAF"))
        distress = {"kind": "small_boat_distress", "place": "SEA"}
        self.say("incident.opened", "INC-1", distress, ("PAF", "PAF"), regime="GENERAL")
        self.say("case.opened", "CASE-1", {"kind": "facilitation"}, ("PAF", "PAF"))
        amended = {"target": self.id_of("IC-1"), "kind": "amend", "reason_code": "transcription", "patch": {"persons": 5}}
        self.say("correction.recorded", "IC-1", amended, ("BF", "BF"))
        self._index()
        self._cosign()
        self.home.projector("GB").follow()
        self.home.projector("FR").follow()
        return self

    def _registry(self) -> None:
        keys = [{"nation": n, "key_id": key(n).key_id, "public_key": _b64(key(n).public)} for n in ("GB", "FR")]
        opened = {"origin": ORIGIN, "exercise": True, "rules": 1, "authority_keys": keys}
        self.say("ledger.opened", "LEDGER", opened, ("GB", "GB"), "FR")
        for nation in ("GB", "FR"):
            self._register(f"sealer-{nation}", nation, nation, "sealer", (nation,))
            public = sealing_key(nation)
            data = {"registered": public.key_id, "type_code": "10", "public_key": _b64(public.public), "owner": nation}
            self.say(
                "key.registered", "KEYS", {**data, "role": "sealing", "nation": nation, "attested": True}, (nation, nation)
            )
        for code, nation, authorities in (("BF", "GB", ("GB",)), ("PAF", "FR", ("FR",)), ("CENTRE", "JOINT", ("GB", "FR"))):
            data = {"code": code, "nation": nation, "name": code}
            self.say("authority.registered", "REGISTRY", data, (authorities[0], authorities[0]), *authorities[1:])
            self._register(code, code, nation, "service", authorities)
        for code, zone, territory in (("CZ-COQ", "GB", "FR"), ("SEA", "none", "FR")):
            place = {"code": code, "name": code, "territory": territory, "control_zone": zone}
            self.say("place.registered", "REGISTRY", place, ("GB", "GB"), "FR")

    def _register(self, name: str, owner: str, nation: str, role: str, authorities: Sequence[str]) -> None:
        named = key(name)
        data = {"registered": named.key_id, "type_code": "01", "public_key": _b64(named.public), "owner": owner, "role": role}
        data |= {"nation": nation} if nation in ("GB", "FR") else {}
        self.say("key.registered", "KEYS", data, (authorities[0], authorities[0]), *authorities[1:], name)

    def _batch(self, rows: Sequence[tuple[str, str, Mapping[str, Any]]]) -> None:
        """Several events under one signature."""
        self.now += SECOND
        bodies = [self.payload(type_name, stream, data, ("BF", "BF")) for type_name, stream, data in rows]
        for body, signature in zip(bodies, envelope.batch_sign(bodies, key("BF")), strict=True):
            self.home.ledger.append(Submitted(body, envelope.EVENT_TYPE, (signature,)))

    def _index(self) -> None:
        self.now += HOUR

        def compose(size: int, root: str) -> Submitted:
            body = self.payload("index.committed", "INDEX", {"size": size, "root": root}, ("CENTRE", "CENTRE"))
            return Submitted(body, envelope.EVENT_TYPE, (envelope.sign(body, key("CENTRE")),))

        commit_index(self.home.ledger, compose)

    def _cosign(self) -> None:
        size, signed = self.home.ledger.newest_checkpoint() or (0, b"")
        text, _ = note.split_note(signed)
        for site in SITES:
            self.home.held.add_cosignatures(size, cosigned(site, text))

    def id_of(self, stream: str) -> str:
        """The id of the first event of a stream."""
        body = self.home.ledger.stream_entries(stream)[0][1]
        return str(strict.parse(body.partition(b"\n\n")[2])["id"])

    # -- bundles -------------------------------------------------------------------------------------------------------------

    @property
    def size(self) -> int:
        """The size that both nations co-signed."""
        return bundling.size_for(self.home)

    def position_of(self, type_name: str, nth: int = 0) -> int:
        """The position of the nth entry of a type."""
        return self.home.ledger.positions_of(lambda name: name == type_name, self.size)[nth]

    def stream_bundle(self, out: Path) -> Verdict:
        """Everything of a detection, its text opened, with the proof that there is no more."""
        opened = [(self.position_of("interception.recorded"), "text")]
        return bundling.create(self.home, OfStream("IC-1"), out, Asked(open_sections=opened, has_verifier=False), self.size)

    def figure_bundle(self, out: Path) -> Verdict:
        """A figure, rescues withheld, London's sealed entry opened and Paris's not."""
        asked = Asked(
            withhold_kinds={"rescues": "rescue, not law enforcement"},
            open_sections=[(self.position_of("sealed.recorded"), "inner")],
            has_verifier=False,
        )
        as_of = bundling.newest_instant(self.home, self.size)
        return bundling.create(self.home, OfFigure("GB", "G1", "2015-08-26", as_of), out, asked, self.size)


def _found(persons: int) -> dict[str, Any]:
    return {"place": "CZ-COQ", "route": "freight_vehicle", "method": "co2_probe", "persons": persons}


def _search(number: int) -> dict[str, Any]:
    return {"vehicle": f"V{number}", "method": "co2_probe", "result": "negative"}


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


# -- London and Paris ---------------------------------------------------------------------------------------------------------


def lattice(site: str) -> LatticeKey:
    """A site's fixed ML-DSA key."""
    return LatticeKey(hashlib.sha256(f"golden lattice {site}".encode()).digest())


def cosigners(site: str) -> tuple[Cosigner, Cosigner]:
    """A site's two hands: Ed25519 and ML-DSA."""
    return Cosigner(f"{ORIGIN}/{site}-ed", key(site)), Cosigner(f"{ORIGIN}/{site}-pq", lattice(site))


def golden_policy() -> policy.Policy:
    """Both sites, each with both its keys."""
    log = policy.Log(note.VerifierKey(ORIGIN, note.ED25519_NOTE, key("log").public))
    witnesses: dict[str, policy.Witness] = {}
    groups: dict[str, policy.Group] = {}
    for site in SITES:
        ed, pq = cosigners(site)
        witnesses[f"{site}-ed"], witnesses[f"{site}-pq"] = policy.Witness(ed.key), policy.Witness(pq.key)
        groups[site] = policy.Group(2, (f"{site}-ed", f"{site}-pq"))
    groups["both"] = policy.Group(2, SITES)
    return policy.Policy((log,), witnesses, groups, "both")


def cosigned(site: str, text: bytes) -> list[SignatureLine]:
    """A site's two lines over a checkpoint, both deterministic."""
    ed, pq = cosigners(site)
    message = cosignature.ml_dsa_message(pq.name, COSIGNED_AT, note.parse_checkpoint(text))
    made = ML_DSA_44.sign(ML_DSA_44.key_derive(lattice(site).seed)[1], message, deterministic=True)
    return [
        ed.cosign(text, COSIGNED_AT),
        SignatureLine(pq.name, pq.key.key_id, COSIGNED_AT.to_bytes(8, "big") + made),
    ]


# -- taking bundles apart ------------------------------------------------------------------------------------------------------


def verdict_of(content: bytes, elsewhere: policy.Policy | None = None) -> dict[str, Any]:
    """What a verifier says of a bundle's bytes."""
    return verify(lambda at, count: content[at : at + count], len(content), elsewhere, answer_again).document


def code_of(content: bytes, elsewhere: policy.Policy | None = None) -> str:
    """The code of what fails first; the verdict where nothing does."""
    document = verdict_of(content, elsewhere)
    return str(document["problem"]["code"] if document["problem"] else document["verdict"])


def files_of(content: bytes) -> Files:
    """The files of a sound bundle, in order."""
    archive = Archive(lambda at, count: content[at : at + count], len(content))
    return [(name, archive.read(name)) for name in archive.members]


class _Sink:
    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, part: bytes) -> int:
        self.content += part
        return len(part)


def packed(files: Files) -> bytes:
    """An archive of these files in the canonical form, whatever they are."""
    sink = _Sink()
    write(sink, files)  # type: ignore[arg-type]
    return bytes(sink.content)


def mended(files: Files, change: Callable[[dict[str, Any]], Any] = lambda manifest: None) -> bytes:
    """A bundle of these files whose manifest lists them as they are: what a forger does who knows the format.

    `change` alters the manifest's other members.
    """
    manifest = msgspec.to_builtins(parse_manifest(dict(files)[MANIFEST]))
    manifest["files"] = [
        msgspec.to_builtins(File(len(body), name, hashlib.sha256(body).hexdigest())) for name, body in files if name != MANIFEST
    ]
    change(manifest)
    return packed([(MANIFEST, strict.format(manifest)), *((name, body) for name, body in files if name != MANIFEST)])


def replaced(files: Files, name: str, body: bytes) -> Files:
    """The files with another content of one."""
    return [(n, body if n == name else b) for n, b in files]


def manifested(content: bytes, change: Callable[[dict[str, Any]], Any]) -> bytes:
    """The bundle with its manifest changed, and nothing else."""
    return mended(files_of(content), change)


def setting(**values: Any) -> Callable[[dict[str, Any]], None]:
    """A change that sets members of the manifest."""
    return lambda manifest: manifest.update(values)


def flipped(content: bytes, bit: int) -> bytes:
    """The same bytes but for one bit."""
    spoilt = bytearray(content)
    spoilt[bit // 8] ^= 1 << bit % 8
    return bytes(spoilt)


def assert_refused(content: bytes, code: str) -> None:
    """The bundle is refused for this reason, also where a policy from elsewhere is given."""
    assert code_of(content) == code
    assert code_of(content, golden_policy()) == code
