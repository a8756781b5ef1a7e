"""Logs made up from nothing, with every key at hand: what a forger who owns everything could put before a verifier of bundles.

A `World` tells a random story, all of it sound: authorities and keys come, are rotated, revoked, suspended; services, officials
and sealers state events. What it leaves is a list of acts, each still to be signed. `write` makes a bundle of them for any
question. Both may be bent in between (tests/bending.py), and the signatures, the tree, the checkpoint and all digests are made
afterwards, so that a bend reaches the check it is meant for.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec

from ledger.formats import armour, envelope, merkle, note, sealing
from ledger.formats.cosignature import Cosigner
from ledger.formats.entry import format_entry, format_instant
from ledger.formats.keys import SigningKey
from ledger.formats.note import Checkpoint

ORIGIN = "forged.example/joint"
BEGAN = 1_440_633_600_000_000
COSIGNED_AT = 1_445_000_000
LOG_KEY = SigningKey(b"log".ljust(32))
LONDON = Cosigner("london.example/cosigner", SigningKey(b"london".ljust(32)))
PARIS = Cosigner("paris.example/cosigner", SigningKey(b"paris".ljust(32)))
POLICY = "".join(
    (
        f"log {note.VerifierKey(ORIGIN, note.ED25519_NOTE, LOG_KEY.public)}\n",
        f"witness london {LONDON.key}\nwitness paris {PARIS.key}\ngroup both all london paris\nquorum both\n",
    )
).encode()
NATIONS = ("GB", "FR")
GOVERNING: dict[str, dict[str, Any]] = {
    "role.granted": {"role": "auditor", "holder": "somebody"},
    "role.ended": {"role": "auditor", "holder": "somebody"},
    "mandate.granted": {
        "mandate": "M-1",
        "kind": "court",
        "holder": "somebody",
        "views": ["GB"],
        "scope": {"everything": True},
        "expires_at": "2016-01-01T00:00:00.000000Z",
    },
    "ruleset.adopted": {"ruleset": "gb/1"},
    "place.registered": {"code": "CZ-COQ", "name": "Coquelles", "territory": "FR", "control_zone": "GB"},
    "rules.adopted": {"rules": 1},
    "policy.adopted": {"sha256": hashlib.sha256(POLICY).hexdigest()},
}


def encode(value: object) -> bytes:
    """JSON in canonical form, for values without anything that needs care."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def digest(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()


@dataclass
class Act:
    """One entry to be: who signs is a list of keys. `batch` signs through a tree of that many events."""

    payload: dict[str, Any]
    signers: list[SigningKey]
    at: int
    version: int
    stream: str
    opened: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)  # index of section -> ciphertext, key
    batch: int = 0
    raw: bytes | None = None  # in place of the payload's canonical form
    spoil: int | None = None  # which signature gets a bit turned

    def entry(self) -> bytes:
        payload = encode(self.payload) if self.raw is None else self.raw
        signatures = [envelope.sign(payload, key) for key in self.signers]
        if self.batch and signatures:
            others = [b'{"n":%d}' % n for n in range(self.batch - 1)]
            signatures[0] = envelope.batch_sign([*others, payload], self.signers[0])[-1]
        if self.spoil is not None:
            at = self.spoil % len(signatures)
            turned = bytes([signatures[at].sig[0] ^ 1]) + signatures[at].sig[1:]
            signatures[at] = msgspec.structs.replace(signatures[at], sig=turned)
        return format_entry(format_instant(self.at), self.stream, self.version, signatures, payload)


class World:
    """A story told beat by beat."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.acts: list[Act] = []
        self.now = BEGAN
        self.made = 0
        self.authority = {nation: self.key() for nation in NATIONS}
        self.services: list[tuple[str, str, str, SigningKey, str]] = []  # code, nation, role, key, type it may state
        self.versions: dict[str, int] = {}
        self.position_of: dict[str, int] = {}

    # -- making acts

    def key(self) -> SigningKey:
        self.made += 1
        return SigningKey(hashlib.sha256(b"%d %d" % (self.rng.getrandbits(32), self.made)).digest())

    def act(self, type_name: str, stream: str, authority: str, key: SigningKey, data: dict[str, Any], **more: Any) -> Act:
        """Record an event that `key` states for `authority`; `also` are others who sign, `header` overrides the payload."""
        self.now += self.rng.randrange(0, 3) * self.rng.randrange(1, 10**9)
        millis = self.now // 1000
        random = self.rng.getrandbits(80)
        tail = f"7{random & 0xFFF:03x}-{0x8 + (random >> 12) % 4:x}{(random >> 16) & 0xFFF:03x}-{random >> 32:012x}"
        payload = {
            "id": f"{millis >> 16:08x}-{millis & 0xFFFF:04x}-{tail}",
            "origin": ORIGIN,
            "type": type_name,
            "schema": 1,
            "stream": stream,
            "occurred_at": format_instant(self.now - 60_000_000),
            "authority": authority,
            "key_id": key.key_id,
            "salt": f"{self.rng.getrandbits(128):032x}",
            "regime": "LE",
            "releasable_to": ["GB", "FR"],
            "basis": "fact",
            "lang": "en",
            "marking": {"gb": "OFFICIAL", "fr": "non protégé"},
            "source": {"kind": "system"},
            "data": data,
            **more.get("header", {}),
        }
        self.versions[stream] = self.versions.get(stream, 0) + 1
        act = Act(payload, [key, *more.get("also", ())], self.now, self.versions[stream], stream)
        self.acts.append(act)
        return act

    def by_nations(self, type_name: str, stream: str, data: dict[str, Any], *nations: str) -> Act:
        first, *rest = nations
        return self.act(type_name, stream, first, self.authority[first], data, also=[self.authority[n] for n in rest])

    def standing(self, nation: str) -> tuple[str, ...]:
        return (nation,) if nation in NATIONS else NATIONS

    # -- beats

    def begin(self) -> None:
        keys = [{"nation": n, "key_id": k.key_id, "public_key": b64(k.public)} for n, k in self.authority.items()]
        data = {"origin": ORIGIN, "exercise": self.rng.random() < 0.5, "rules": 1, "authority_keys": keys}
        self.by_nations("ledger.opened", "LEDGER", data, *NATIONS)
        for nation, role in (
            ("GB", "service"),
            ("FR", "service"),
            ("JOINT", "service"),
            ("GB", "official"),
            ("FR", "official"),
        ):
            self.register(nation, role)
        for nation in NATIONS:
            self.register(nation, "sealer")

    def register(self, nation: str | None = None, role: str = "service") -> None:
        nation = nation or self.rng.choice((*NATIONS, "OPERATOR", "JOINT"))
        code = nation if role == "sealer" else f"{nation}-{self.made}"
        if role != "sealer":
            data = {"code": code, "nation": nation, "name": "somebody"}
            if self.rng.random() < 0.2:
                data["part_of"] = self.rng.choice(NATIONS)
            concerned = dict.fromkeys((*self.standing(nation), *self.standing(data.get("part_of", nation))))
            self.by_nations("authority.registered", "REGISTRY", data, *concerned)
        key = self.key()
        data = {"registered": key.key_id, "type_code": "01", "public_key": b64(key.public), "owner": code, "role": role}
        data |= {"nation": nation} if nation in NATIONS else {}
        scope = (
            self.rng.choice(["", "", "incident.*", "incident.updated"]) if role == "service" and len(self.services) > 5 else ""
        )
        data |= {"may_append": [scope]} if scope else {}
        self.by_nations("key.registered", "KEYS", data, *self.standing(nation)).signers.append(key)
        self.services.append((code, nation, role, key, scope))

    def sealing_key(self) -> None:
        # Numbers of 12 bits below q = 3329, two in three bytes; now and then the last one is q itself.
        numbers = [self.rng.randrange(3329) for _ in range(767)] + [3329 if self.rng.random() < 0.1 else 3328]
        packed = sum(number << 12 * i for i, number in enumerate(numbers)).to_bytes(1152, "little")
        nation, public = self.rng.choice(NATIONS), packed + self.rng.randbytes(64)
        data = {"registered": digest(b"\x10" + public), "type_code": "10", "public_key": b64(public), "nation": nation}
        self.by_nations("key.registered", "KEYS", data | {"owner": nation, "role": "sealing", "attested": True}, nation)

    def author(self, *roles: str) -> tuple[str, str, str, SigningKey, str]:
        return self.rng.choice([one for one in self.services if one[2] in roles])

    def state(self) -> None:
        code, nation, _, key, _ = self.author("service")
        if nation in NATIONS and self.rng.random() < 0.3:
            key = self.authority[nation]
        family = self.rng.random()
        type_name = (
            "incident.updated" if family < 0.7 else self.rng.choice(["case.opened", "incident.confirmed", "weather.seen"])
        )
        if key.key_id in {one[3].key_id for one in self.services if one[4]}:
            type_name = "incident.updated"
        header = {"regime": "GENERAL"} if self.rng.random() < 0.05 else {}
        act = self.act(type_name, f"S-{self.rng.randrange(4)}", code, key, {}, header=header)
        act.batch = self.rng.choice([0, 0, 0, 1, 2, 7])
        if self.rng.random() < 0.3:
            section, ciphertext = self.section("text", b'{"note":"deux adultes"}')
            act.payload["sections"] = [section]
            act.opened[0] = ciphertext

    def section(self, name: str, plaintext: bytes) -> tuple[dict[str, Any], tuple[bytes, bytes]]:
        key = self.rng.randbytes(32)
        row, section = sealing.seal(name, plaintext, ORIGIN, "id", {}, key)
        return dict(row), (section.ciphertext, key)

    def correct(self) -> None:
        code, _, _, key, scope = self.author("service")
        if not scope:
            data = {"target": self.acts[-1].payload["id"], "kind": "retract"}
            self.act("correction.recorded", f"S-{self.rng.randrange(4)}", code, key, data)

    def rotate(self) -> None:
        new = self.key()
        data: dict[str, Any] = {"registered": new.key_id, "type_code": "01", "public_key": b64(new.public)}
        if self.rng.random() < 0.4:
            nation = self.rng.choice(NATIONS)
            old, self.authority[nation] = self.authority[nation], new
            self.act("key.rotated", "KEYS", nation, old, data | {"old": old.key_id}, also=[new])
            return
        at = self.rng.randrange(len(self.services))
        code, nation, role, old, scope = self.services[at]
        self.services[at] = (code, nation, role, new, scope)
        self.act("key.rotated", "KEYS", code, old, data | {"old": old.key_id}, also=[new])
        if role == "service" and self.rng.random() < 0.5:
            late = self.act("incident.updated", "S-0", code, old, {}, also=[new])
            if self.rng.random() < 0.5 and nation in NATIONS:
                late.signers = [self.authority[nation], old] if self.rng.random() < 0.5 else [self.authority[nation]]

    def revoke(self) -> None:
        if sum(one[2] == "service" for one in self.services) < 4:
            return
        one = self.author("service")
        self.services.remove(one)
        _code, nation, _, key, _ = one
        suspect = {"suspect_from_position": self.rng.randrange(1, len(self.acts))}
        type_name = self.rng.choice(["key.revoked", "key.compromised"])
        data = {"key": key.key_id} | (suspect if type_name == "key.compromised" else {})
        self.by_nations(type_name, "KEYS", data, *self.standing(nation))
        if type_name == "key.compromised" and self.rng.random() < 0.5:
            self.by_nations("key.reaffirmed", "KEYS", {"key": key.key_id, "events": ["some-event"]}, *self.standing(nation))

    def suspend(self) -> None:
        _code, _nation, _, key, _ = self.author("service")
        by = self.rng.choice(NATIONS)
        if self.rng.random() < 0.3:
            key = self.authority[by]
        self.by_nations("key.suspended", "KEYS", {"key": key.key_id}, by)
        self.by_nations("key.reinstated", "KEYS", {"key": key.key_id}, *self.rng.sample(NATIONS, 2))

    def freeze(self) -> None:
        self.by_nations("ledger.frozen", "LEDGER", {}, self.rng.choice(NATIONS))
        self.by_nations("hold.placed", "HOLDS", {"authority": "GB", "scope": {"everything": True}}, self.rng.choice(NATIONS))
        self.correct()
        self.by_nations("ledger.thawed", "LEDGER", {}, *NATIONS)

    def govern(self) -> None:
        nation = self.rng.choice((*NATIONS, "JOINT"))
        who = self.standing(nation)
        types = ["role.granted", "mandate.granted", "role.ended"] + (["ruleset.adopted"] if nation in NATIONS else [])
        self.by_nations(name := self.rng.choice(types), "RULES", {"nation": nation, **GOVERNING[name]}, *who)
        name = self.rng.choice(["place.registered", "rules.adopted", "policy.adopted"])
        from_size = {"from_size": len(self.acts) + 1} if name == "policy.adopted" else {}
        self.by_nations(name, "RULES", GOVERNING[name] | from_size, *NATIONS)

    def combine(self) -> None:
        code, _, _, key, scope = self.author("service")
        if not scope:
            self.act("access.combined", "ACCESS", code, key, {"objects": [], "purpose": "inquiry"})

    def index(self) -> None:
        centre = [one for one in self.services if one[1] == "JOINT" and one[2] == "service" and not one[4]]
        if centre:
            code, _, _, key, _ = self.rng.choice(centre)
            leaves = self.leaves()
            root = merkle.root([merkle.hash_leaf(leaf) for _, leaf, *_ in leaves]).hex()
            self.act("index.committed", "INDEX", code, key, {"size": len(self.acts), "root": root})

    def leaves(self) -> list[tuple[str, bytes, int, int]]:
        """The index of streams as it stands: stream, leaf, version, position."""
        last = {act.stream: (act.version, position) for position, act in enumerate(self.acts, 1)}
        return [
            (name, f"entente.stream.v1\nstream: {name}\nversion: {version}\nposition: {position}\n".encode(), version, position)
            for name, (version, position) in sorted(last.items())
        ]

    def report(self) -> None:
        code, nation, _, key, _ = self.author("official")
        figures = {"G1": 12, "G2": 0}
        data = {"nation": nation, "day": "2015-08-26", "position": len(self.acts), "ruleset": "gb/1", "figures": figures}
        data |= {"content_sha256": digest(encode(figures)), "unsigned_pdf_sha256": digest(b"%PDF-")}
        data |= {"status": "provisional", "revision": 0, "tzdata": "2025b", "code": "1"}
        self.act("report.issued", f"REPORT-{nation}", code, key, data)

    def seal(self) -> None:
        _code, nation, _, key, _ = self.author("sealer")
        author = [one for one in self.services if one[1] == nation and one[2] == "service" and not one[4]]
        if not author:
            return
        owner, _, _, signer, _ = self.rng.choice(author)
        inside = self.act(
            "incident.updated",
            "INSIDE",
            owner,
            signer,
            {"persons_on_board": {"min": 1, "max": 2}},
            header={"releasable_to": [nation]},
        )
        self.acts.pop()
        self.versions["INSIDE"] -= 1
        section, opened = self.section("inner", encode(self.item(inside)))
        stream = f"{self.rng.getrandbits(64):016x}"
        header = {"releasable_to": [nation], "sections": [section]}
        act = self.act("sealed.recorded", stream, nation, key, {"nation": nation}, header=header)
        act.opened[0] = opened

    def item(self, inside: Act) -> dict[str, Any]:
        """The wire item of an act."""
        payload = encode(inside.payload) if inside.raw is None else inside.raw
        signatures = [{"keyid": s.keyid, "sig": b64(s.sig)} for s in (envelope.sign(payload, key) for key in inside.signers)]
        return {"envelope": {"payloadType": envelope.EVENT_TYPE, "payload": b64(payload), "signatures": signatures}}

    def tell(self, beats: int) -> list[Act]:
        """The whole story: what every log begins with, then so many beats."""
        self.begin()
        usual = [self.state] * 8 + [self.seal] * 3 + [self.index, self.report, self.correct] * 2
        rare = [self.register, self.rotate, self.revoke, self.suspend, self.freeze, self.govern, self.sealing_key, self.combine]
        for _ in range(beats):
            self.rng.choice([*usual, *rare])()
        if self.rng.random() < 0.1:
            self.by_nations("ledger.closed", "LEDGER", {}, *NATIONS)
        return self.acts


def checkpoint_of(
    size: int,
    root: bytes,
    signers: str = "london paris",
    log_key: SigningKey = LOG_KEY,
    origin: str = ORIGIN,
    at: int = COSIGNED_AT,
) -> bytes:
    """A checkpoint signed by the log and by those cosigners named, at Unix seconds."""
    signed = note.sign_checkpoint(Checkpoint(origin, size, root), log_key)
    text, _ = note.split_note(signed)
    cosigners = [one for name, one in (("london", LONDON), ("paris", PARIS)) if name in signers.split()]
    return note.add_lines(signed, [one.cosign(text, at) for one in cosigners])


def proof_of(position: int, hashes: list[bytes], checkpoint: bytes) -> bytes:
    """The proof of an entry, with the checkpoint it leads to."""
    path = merkle.prove_inclusion(position - 1, len(hashes), merkle.hash_reader(hashes))
    lines = "".join(f"{armour.encode64(part)}\n" for part in path)
    return f"c2sp.org/tlog-proof@v1\nindex {position - 1}\n{lines}\n".encode() + checkpoint
