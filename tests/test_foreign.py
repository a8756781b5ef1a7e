"""Our bytes in front of programs that are not ours: Go's transparency-log packages and openssl.

They need Debian's packages golang-go, golang-golang-x-mod-dev and openssl; a machine without them fails, for an unchecked
promise is not kept.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from ledger.formats import armour, entry, envelope, merkle, note, proof, tiles
from ledger.formats.cosignature import Cosigner, LatticeKey
from ledger.formats.keys import SigningKey
from ledger.formats.note import Checkpoint

pytestmark = pytest.mark.foreign

PROGRAM = Path(__file__).parent / "foreign" / "main.go"
GO_SOURCES = Path("/usr/share/gocode")
ORIGIN = "ledger.example/joint"
LOG = SigningKey(bytes(range(32)))
LOG_KEY = str(note.VerifierKey(ORIGIN, note.ED25519_NOTE, LOG.public))
LONDON = Cosigner("london.example/cosigner", SigningKey(bytes([1]) * 32))
PARIS = Cosigner("paris.example/cosigner", SigningKey(bytes([2]) * 32))
LATTICE = Cosigner("paris.example/cosigner-pq", LatticeKey(bytes([3]) * 32))
SERVICE = SigningKey(bytes([4]) * 32)
BULK = SigningKey(bytes([5]) * 32)
SIZE = 300
OLD_SIZE = 171


def entries():
    """300 entries: the first hundred signed alone, the next by two keys, the rest under one batch signature."""
    payloads = [b'{"seq":%d}' % n for n in range(SIZE)]
    batch = envelope.batch_sign(payloads[200:], BULK)
    for n, payload in enumerate(payloads):
        alone = envelope.sign(payload, SERVICE)
        signatures = [alone] if n < 100 else [alone, envelope.sign(payload, BULK)] if n < 200 else [batch[n - 200]]
        yield entry.format_entry(
            entry.format_instant(1_440_638_160_000_000 + n), f"CASE-{n % 7}", n // 7 + 1, signatures, payload
        )


def cosigned(size, hashes):
    signed = note.sign_checkpoint(Checkpoint(ORIGIN, size, merkle.root(hashes[:size])), LOG)
    text, _ = note.split_note(signed)
    return note.add_lines(signed, [cosigner.cosign(text, 1_445_000_000 + size) for cosigner in (LONDON, LATTICE, PARIS)])


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A log as a directory of tiles, with proofs beside it."""
    home = tmp_path_factory.mktemp("exported")
    recorded = list(entries())
    hashes = [merkle.hash_leaf(one) for one in recorded]
    read = merkle.hash_reader(hashes)
    files = {tile.path: tiles.tile_hashes(tile, read) for tile in tiles.hash_tiles(SIZE)}
    for tile in tiles.entry_tiles(SIZE):
        first = tile.index * tiles.TILE_WIDTH
        files[tile.path] = tiles.format_bundle(recorded[first : first + tile.width])
    files["checkpoint"] = cosigned(SIZE, hashes)
    files["old"] = cosigned(OLD_SIZE, hashes)
    growth = merkle.prove_consistency(OLD_SIZE, SIZE, read)
    files["growth"] = "".join(f"{armour.encode64(part)}\n" for part in growth).encode()
    for index in (0, 255, 256, 299):
        path = merkle.prove_inclusion(index, SIZE, read)
        files[f"{index}.tlog-proof"] = proof.format_proof(index, path, files["checkpoint"])
    files["keys"] = "".join(f"{key.key_id} {armour.encode64(key.public)}\n" for key in (SERVICE, BULK)).encode()
    for name, body in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(body)
    return home


def built(source, target):
    """A Go program, built offline from the distribution's packages."""
    if shutil.which("go") is None or not (GO_SOURCES / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.fail("go is missing; as root: apt-get install golang-go golang-golang-x-mod-dev")
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOPATH": str(GO_SOURCES),
        "GOFLAGS": "",
        "GOPROXY": "off",
        "CGO_ENABLED": "0",
    }
    environment.setdefault("HOME", str(target.parent))
    command = ["go", "build", "-o", str(target), str(source)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    return target


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The Go program that reads a log."""
    return built(PROGRAM, tmp_path_factory.mktemp("go") / "foreign")


@pytest.fixture
def copy(exported, tmp_path):
    """A log that a test may spoil."""
    return Path(shutil.copytree(exported, tmp_path / "log"))


def verdict(program, log):
    """What the Go program says of the whole log: (exit status, its last words)."""
    given = [f"-proof={path}" for path in sorted(log.glob("*.tlog-proof"))]
    given += [f"-cosigner={LONDON.key}", f"-cosigner={PARIS.key}", f"-keys={log / 'keys'}"]
    given += [f"-old={log / 'old'}", f"-consistency={log / 'growth'}", f"-log={LOG_KEY}"]
    ran = subprocess.run([str(program), *given, str(log)], capture_output=True, text=True, timeout=60, check=False)
    return ran.returncode, (ran.stdout + ran.stderr).strip()


def flip(path, at, bit=0):
    body = bytearray(path.read_bytes())
    body[at] ^= 1 << bit
    path.write_bytes(body)


def test_go_accepts_our_log(program, exported):
    status, said = verdict(program, exported)
    assert status == 0, said
    assert said == "accepted: 300 entries, 400 signatures, 3 tiles, 2 cosignatures, 4 proofs"


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"])
def test_go_refuses_a_flipped_tile(program, copy, path):
    flip(copy / path, 17)
    status, said = verdict(program, copy)
    assert status == 1
    assert "tile" in said


@pytest.mark.parametrize(("path", "at"), [("tile/entries/000", 40), ("tile/entries/001.p/44", -1), ("tile/entries/000", 1)])
def test_go_refuses_a_flipped_entry(program, copy, path, at):
    flip(copy / path, at)
    status, said = verdict(program, copy)
    assert status == 1
    assert "tile/entries/" in said


@pytest.mark.parametrize("line", range(8))
def test_go_refuses_a_flipped_checkpoint(program, copy, line):
    """Each line but the ML-DSA one, which Go's packages do not know and so ignore as they must."""
    lines = (copy / "checkpoint").read_bytes().split(b"\n")
    at = sum(len(one) + 1 for one in lines[:line]) + min(len(lines[line]), 70) // 2
    flip(copy / "checkpoint", at)
    status, said = verdict(program, copy)
    assert (status, "checkpoint" in said) == ((0, False) if b"cosigner-pq" in lines[line] else (1, True))


@pytest.mark.parametrize("name", ["255.tlog-proof", "growth", "old"])
def test_go_refuses_a_flipped_proof(program, copy, name):
    """One digit of the first hash, index line or root: still well formed, and wrong."""
    body = (copy / name).read_bytes().split(b"\n")
    at = 2 if len(body) > 2 else 0
    body[at] = (b"A" if body[at][:1] != b"A" else b"B") + body[at][1:]
    (copy / name).write_bytes(b"\n".join(body))
    assert verdict(program, copy)[0] == 1


def test_go_refuses_a_signature_by_another_key(program, copy):
    """The tree is intact and the entry in it, yet its author's key is not the one registered."""
    other = SigningKey(bytes(32))
    lines = (copy / "keys").read_text().splitlines()
    (copy / "keys").write_text(f"{lines[1]}\n{other.key_id} {armour.encode64(other.public)}\n")
    status, said = verdict(program, copy)
    assert (status, "unknown key" in said) == (1, True)


def test_go_refuses_a_missing_tile(program, copy):
    (copy / "tile/entries/001.p/44").unlink()
    assert verdict(program, copy)[0] == 1


@pytest.mark.parametrize("payload", [b'{"seq":1}', b'{"seq":2}'], ids=["signed", "changed"])
def test_openssl_verifies_an_event_signature_and_no_other(tmp_path, payload):
    if shutil.which("openssl") is None:
        pytest.fail("openssl is missing; as root: apt-get install openssl")
    signature = envelope.sign(b'{"seq":1}', SERVICE)
    public = ed25519.Ed25519PublicKey.from_public_bytes(SERVICE.public)
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(public.public_bytes(*form))
    (tmp_path / "sig").write_bytes(signature.sig)
    (tmp_path / "message").write_bytes(b"DSSEv1 37 application/vnd.entente.event.v1+json 9 " + payload)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "message", "-sigfile", "sig"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert (ran.returncode == 0) == (payload == b'{"seq":1}'), ran.stderr
