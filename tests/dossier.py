"""Evidence bundles put together by hand from a forged log, for any question, by docs/format.md, section 12: sound unless bent.

A `Dossier` is a dictionary of files, a manifest and what was asked; `pack` makes the archive, its digests and lists made anew
unless they are what is bent.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from random import Random
from typing import Any

from ledger.formats import merkle
from ledger.formats.entry import format_instant
from ledger.formats.streamindex import Leaf
from ledger.formats.streamproof import format_stream_proof, prove_stream
from tests.forging import NATIONS, ORIGIN, POLICY, Act, World, b64, checkpoint_of, digest, encode, proof_of

ALWAYS_FULL = (
    "ledger.",
    "key.",
    "authority.registered",
    "place.registered",
    "rules.adopted",
    "ruleset.adopted",
    "policy.adopted",
)
CHANGING = (
    *("correction.recorded", "incident.confirmed", "incident.declared_unfounded", "incident.link_withdrawn"),
    *("case.decision_withdrawn", "case.decision_appealed", "case.decision_substituted"),
)
AHEAD = 120_000_000


@dataclass
class Dossier:
    """Files by name, manifest.json apart; `acts` are those of the log, of which position p is acts[p − 1]."""

    acts: list[Act]
    manifest: dict[str, Any]
    files: dict[str, bytes]
    entries: list[bytes]


def ring_of(acts: list[Act]) -> list[dict[str, Any]]:
    """keys.jsonl, from the story alone: every act is believed."""
    ring: dict[str, dict[str, Any]] = {}
    registry: dict[Any, Any] = {nation: nation for nation in NATIONS}

    def add(key_id: str, base64: str, code: str, at: int, **more: Any) -> None:
        row = {"key_id": key_id, "public_key": base64, "type_code": code, "since": at, "until": 0, "suspended": False}
        ring.setdefault(key_id, row | {"suspect_from": 0} | more)

    for at, act in enumerate(acts, 1):
        data, kind = act.payload.get("data", {}), act.payload.get("type")
        try:
            if kind == "ledger.opened":
                for key in data["authority_keys"]:
                    role = {"role": "national_authority", "owner": key["nation"], "nation": key["nation"]}
                    add(key["key_id"], key["public_key"], "01", at, **role)
            elif kind == "authority.registered":
                registry[data["code"]] = data["nation"]
            elif kind == "key.registered":
                nation = registry[data["owner"]]
                held = {"role": data["role"], "owner": data["owner"], "nation": nation if nation in NATIONS else "OPERATOR"}
                add(data["registered"], data["public_key"], data["type_code"], at, **held)
            elif kind == "key.rotated":
                held = {name: ring[data["old"]][name] for name in ("role", "owner", "nation")}
                add(data["registered"], data["public_key"], data["type_code"], at, **held)
                ring[data["old"]]["until"] = ring[data["old"]]["until"] or at + 1
            elif kind in ("key.revoked", "key.compromised"):
                ring[data["key"]]["until"] = ring[data["key"]]["until"] or at + 1
                ring[data["key"]]["suspect_from"] = data.get("suspect_from_position", ring[data["key"]]["suspect_from"])
            elif kind in ("key.suspended", "key.reinstated"):
                ring[data["key"]]["suspended"] = kind == "key.suspended"
        except (KeyError, TypeError, AttributeError):
            continue  # a bent act: whoever verifies refuses it
    return list(ring.values())


class Maker:
    """Makes one dossier of a world's log."""

    def __init__(self, world: World, rng: Random, size: int | None = None) -> None:
        self.world, self.rng = world, rng
        self.acts = world.acts[: size or len(world.acts)]
        self.entries = [act.entry() for act in self.acts]
        self.hashes = [merkle.hash_leaf(entry) for entry in self.entries]
        self.root = merkle.root(self.hashes)
        self.size = len(self.acts)
        self.needed = {p for p, act in self.each() if str(act.payload.get("type")).startswith(ALWAYS_FULL)} | {1}
        self.withheld: dict[int, dict[str, Any]] = {}
        self.opened: set[tuple[int, int]] = set()

    def each(self) -> list[tuple[int, Act]]:
        return list(enumerate(self.acts, 1))

    def make(self) -> Dossier:
        """For a question of a random kind."""
        kinds = [self.stream, self.period, self.figure, self.figure]
        kinds += [self.report] if any(act.payload.get("type") == "report.issued" for act in self.acts) else []
        manifest = self.rng.choice(kinds)()
        log = {"origin": ORIGIN, "root": b64(self.root), "size": self.size}
        manifest |= {"format": "entente.bundle.v1", "log": log, "withheld": [self.withheld[p] for p in sorted(self.withheld)]}
        basis = [a.payload["id"] for p, a in self.each() if a.payload.get("type") == "access.combined" and p in self.needed]
        if basis and self.rng.random() < 0.8:
            manifest["basis"] = basis[0]
        return Dossier(self.acts, manifest, self.files(manifest), self.entries)

    def withhold(self, positions: set[int], **more: Any) -> None:
        """Show some of what is asked for by its place only, and open some sections of what is left."""
        for position in sorted(positions - self.needed):
            if self.rng.random() < 0.08:
                row = {"position": position, "leaf_hash": self.hashes[position - 1].hex(), "ground": "purpose: rescue"}
                self.withheld[position] = row | {name: value(position) for name, value in more.items()}
        self.needed |= positions - self.withheld.keys()
        for position in self.needed:
            for index in self.acts[position - 1].opened:
                if self.rng.random() < 0.5:
                    self.opened.add((position, index))

    def stream(self) -> dict[str, Any]:
        stream = self.rng.choice([act.stream for act in self.acts])
        mine = {p for p, act in self.each() if act.stream == stream}
        indexes = [p for p, act in self.each() if act.payload.get("type") == "index.committed"]
        self.needed |= set(indexes[-1:])
        self.withhold(mine, version=lambda position: self.acts[position - 1].version)
        return {
            "question": {"kind": "stream", "stream": stream},
            "complete": {"kind": "stream", "stream": stream, "versions": len(mine)},
        }

    def period(self) -> dict[str, Any]:
        times = sorted({act.at for act in self.acts})
        begin, end = sorted((self.rng.choice(times), self.rng.choice(times)))
        inside = [p for p, act in self.each() if begin <= act.at < end]
        first = inside[0] if inside else 1 + sum(act.at < begin for act in self.acts)
        last = inside[-1] if inside else first - 1
        self.needed |= {p for p in (first - 1, last + 1) if 1 <= p <= self.size}
        self.withhold(set(inside))
        question = {"kind": "period", "from": format_instant(begin), "to": format_instant(end)}
        return {"question": question, "complete": {"kind": "positions", "first": first, "last": last}}

    def figure(self) -> dict[str, Any]:
        as_of = self.rng.choice(self.acts).at
        last = sum(act.at <= as_of for act in self.acts)
        answer = self.range(last)
        if last < self.size:
            self.needed.add(last + 1)
        first = self.first
        self.withhold(set(range(first, last + 1)))
        lines = [
            {"event": act.payload.get("id"), "position": p, "quantity": self.rng.randrange(0, 9)}
            for p, act in self.each()
            if first <= p <= last and act.payload.get("type") == "incident.updated" and p in self.needed
        ]
        answer |= {"lines": lines, "unit": "person", "value": sum(line["quantity"] for line in lines)}
        answer["not_opened"] = self.count(first, last)
        question = {"kind": "figure", "view": "GB", "code": "G1", "day": "2015-08-26", "as_of": format_instant(as_of)}
        return {"question": question, "complete": {"kind": "positions", "first": first, "last": last}, "answer": answer}

    def report(self) -> dict[str, Any]:
        where, act = self.rng.choice([(p, a) for p, a in self.each() if a.payload.get("type") == "report.issued"])
        data = act.payload.get("data", {})
        last = data.get("position", where - 1)
        last = min(max(last, 0), self.size) if isinstance(last, int) else where - 1
        answer = self.range(last)
        self.needed.add(where)
        first = self.first
        self.withhold(set(range(first, last + 1)))
        answer |= {"figures": data.get("figures", {}), "not_opened": self.count(first, last)}
        question = {"kind": "report", "report": act.payload.get("id")}
        return {"question": question, "complete": {"kind": "positions", "first": first, "last": last}, "answer": answer}

    def range(self, last: int) -> dict[str, Any]:
        """The window of an answer, and where its range begins."""
        opens = self.rng.choice(self.acts[: max(last, 1)]).at
        self.first = min(1 + sum(act.at < opens - AHEAD for act in self.acts), last + 1)
        for p, act in self.each():
            if self.first <= p <= last and act.payload.get("type") in CHANGING:
                self.needed |= {q for q, other in self.each() if q < p and other.stream == act.stream}
        if self.first > 1:
            self.needed.add(self.first - 1)
        window = {"from": format_instant(opens), "to": format_instant(opens + 86_400_000_000)}
        return {"position": last, "ruleset": "gb/1", "window": window}

    def count(self, first: int, last: int) -> dict[str, int]:
        counted = {"FR": 0, "GB": 0}
        for p, act in self.each():
            sealed = act.payload.get("type") == "sealed.recorded" and p in self.needed and (p, 0) not in self.opened
            if sealed and first <= p <= last and act.payload["data"].get("nation") in counted:
                counted[act.payload["data"]["nation"]] += 1
        return counted

    def files(self, manifest: dict[str, Any]) -> dict[str, bytes]:
        signers = self.rng.choice(["london paris", "london paris", "london", ""])
        checkpoint = checkpoint_of(self.size, self.root, signers)
        files = {"RECIPE.txt": b"see docs/format.md\n", "checkpoint": checkpoint, "policy.txt": POLICY}
        shown = sorted(self.needed)
        files["keys.jsonl"] = b"".join(encode(row) + b"\n" for row in self.ring(shown))
        for position in sorted({*shown, *self.withheld}):
            if position in self.needed:
                files[f"entries/{position}"] = self.entries[position - 1]
            files[f"entries/{position}.tlog-proof"] = proof_of(position, self.hashes, checkpoint)
        for position, index in sorted(self.opened):
            ciphertext, key = self.acts[position - 1].opened[index]
            files[f"sections/{position}-{index}.sealed"], files[f"sections/{position}-{index}.key"] = ciphertext, key
        question = manifest["question"]
        if question["kind"] == "report" and self.rng.random() < 0.7:
            files[f"reports/{question['report']}.figures.json"] = encode(manifest["answer"]["figures"])
            files[f"reports/{question['report']}.unsigned.pdf"] = b"%PDF-"
        return files | self.indexes(question)

    def ring(self, shown: list[int]) -> list[dict[str, Any]]:
        """The ring with the positions of the log: what is not shown is an act that changes nothing."""
        return ring_of([act if p in shown else Act({}, [], 0, 0, "") for p, act in self.each()])

    def indexes(self, question: dict[str, Any]) -> dict[str, bytes]:
        committed = [p for p, act in self.each() if act.payload.get("type") == "index.committed" and p in self.needed]
        if not committed or self.rng.random() < 0.3:
            return {}
        size = committed[-1] - 1
        last = {act.stream: Leaf(act.stream, act.version, p) for p, act in self.each() if p <= size}
        asked = question.get("stream", self.rng.choice(["A", "S-0", "S-9", "zz"]))
        proof = prove_stream([last[name] for name in sorted(last)], size, asked)
        return {f"index/{size}.json": format_stream_proof(proof)}


def pack(dossier: Dossier, *, lists: bool = True, order: list[str] | None = None, crc: dict[str, int] | None = None) -> bytes:
    """The archive; `lists`: with the names, sizes and digests of its files in the manifest, made anew."""
    names = order or list(dossier.files)
    if lists:
        rows = [{"bytes": len(dossier.files[n]), "name": n, "sha256": digest(dossier.files[n])} for n in names]
        dossier.manifest["files"] = rows
    members = [("manifest.json", encode(dossier.manifest)), *((name, dossier.files[name]) for name in names)]
    body, central = b"", b""
    for name, content in members:
        raw = name.encode("utf-8", "surrogatepass")
        sum_ = (crc or {}).get(name, zlib.crc32(content)).to_bytes(4, "little")
        sizes = len(content).to_bytes(4, "little") * 2 + len(raw).to_bytes(2, "little")
        shared = b"\x14\0\0\0\0\0\0\0\x21\0" + sum_ + sizes
        central += b"PK\1\2\x14\0" + shared + bytes(12) + len(body).to_bytes(4, "little") + raw
        body += b"PK\3\4" + shared + bytes(2) + raw + content
    count = len(members).to_bytes(2, "little")
    ends = count * 2 + len(central).to_bytes(4, "little") + len(body).to_bytes(4, "little")
    return body + central + b"PK\5\6\0\0\0\0" + ends + bytes(2)
