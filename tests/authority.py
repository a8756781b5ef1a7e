"""A real time-stamping authority for tests: `openssl ts` behind an HTTP server on this machine; honest unless told not to."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = timedelta(days=1)
CONFIG = """
[ tsa ]
default_tsa = here
[ here ]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = {digests}
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Certified:
    """A key and a certificate for it; `by` is who issued it, itself where nobody is given."""

    def __init__(
        self,
        name: str,
        by: Certified | None = None,
        *,
        usages: tuple[x509.ObjectIdentifier, ...] = (),
        critical: bool = True,
        serial: int | None = None,
        key: ec.EllipticCurvePrivateKey | None = None,
        begins: timedelta = -DAY,
        ends: timedelta = 3_650 * DAY,
    ) -> None:
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        issuer = by or self
        building = (
            x509.CertificateBuilder()
            .subject_name(self.subject)
            .issuer_name(issuer.subject)
            .public_key(self.key.public_key())
            .serial_number(serial or x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
            .add_extension(x509.BasicConstraints(ca=not usages, path_length=None), critical=True)
        )
        if usages:
            building = building.add_extension(x509.ExtendedKeyUsage(usages), critical=critical)
        self.certificate = building.sign(issuer.key, hashes.SHA256())

    @property
    def pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        """The certificate in binary."""
        return self.certificate.public_bytes(serialization.Encoding.DER)


def signer(by: Certified, name: str = "Time stamping", **more: Any) -> Certified:
    """A certificate for time-stamping: the key usage must be there, critical, and the only one (RFC 3161, section 2.3)."""
    return Certified(name, by, usages=(ExtendedKeyUsageOID.TIME_STAMPING,), **more)


class Tsa:
    """One authority: a root, a signer under it, and what it has been asked. `behave` may answer in openssl's place."""

    def __init__(self, folder: Path, name: str = "authority", **more: Any) -> None:
        self.folder = folder / name
        self.folder.mkdir()
        self.root = Certified(f"Root of {name}")
        self.roots_file = self.folder / "root.pem"
        self.roots_file.write_bytes(self.root.pem)
        (self.folder / "serial").write_text("01\n")
        self.use(signer(self.root, **more))
        self.asked: list[bytes] = []
        self.behave: Callable[[Tsa, bytes, Any], bytes | None] | None = None
        self.url = ""

    def use(self, certified: Certified) -> None:
        """Sign with this certificate from now on."""
        self.signer = certified
        (self.folder / "signer.pem").write_bytes(certified.pem)
        private = certified.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self.folder / "signer.key").write_bytes(private)

    def reply(self, query: bytes, digests: str = "sha256", *more: str) -> bytes:
        """What `openssl ts -reply` answers to a query."""
        (self.folder / "tsa.cnf").write_text(CONFIG.format(folder=self.folder, digests=digests))
        (self.folder / "query").write_bytes(query)
        self._openssl(
            *("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-signer", "signer.pem", "-inkey", "signer.key"),
            *("-out", "response", *more),
        )
        return (self.folder / "response").read_bytes()

    def query(self, digest: bytes, *more: str, digest_name: str = "sha256") -> bytes:
        """A query made by openssl, with a nonce of its own."""
        self._openssl("ts", "-query", f"-{digest_name}", "-digest", digest.hex(), "-cert", "-out", "query", *more)
        return (self.folder / "query").read_bytes()

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, timeout=30)


def openssl_verifies(stamped: bytes, response: bytes, roots: Path, folder: Path) -> bool:
    """Whether `openssl ts -verify` accepts a response over these bytes under these roots, now."""
    (folder / "stamped").write_bytes(stamped)
    (folder / "response.tsr").write_bytes(response)
    command = ["openssl", "ts", "-verify", "-data", "stamped", "-in", "response.tsr", "-CAfile", str(roots)]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, timeout=30).returncode == 0


@contextmanager
def serving(tsa: Tsa) -> Iterator[Tsa]:
    """Answer on a free port of this machine for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            tsa.asked.append(query)
            body = tsa.behave(tsa, query, self) if tsa.behave else tsa.reply(query)
            if body is not None:
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            """Nothing: a test's output is its own."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *arguments: Any) -> None:
            """Whoever asked has hung up, as it should."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    tsa.url = f"http://127.0.0.1:{server.server_port}/tsa"
    try:
        yield tsa
    finally:
        server.shutdown()
        server.server_close()


# -- just enough DER to put another certificate into a token ------------------------------------------------------------------


def replace_in_der(body: bytes, old: bytes, new: bytes) -> bytes:
    """The same DER with one element, wherever it stands, replaced, and every length around it mended."""
    found, changed = _replaced(body, old, new)
    assert changed, "the element to be replaced is not there"
    return found


def _replaced(body: bytes, old: bytes, new: bytes) -> tuple[bytes, bool]:
    out, at, changed = b"", 0, False
    while at < len(body):
        start, tag = at, body[at]
        length, at = body[at + 1], at + 2
        if length >= 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(body[at : at + count], "big"), at + count
        whole, content = body[start : at + length], body[at : at + length]
        at += length
        if whole == old:
            out, changed = out + new, True
            continue
        if tag & 0x20 and not changed:
            content, inside = _replaced(content, old, new)
            changed = changed or inside
            whole = bytes([tag]) + _length(len(content)) + content if inside else whole
        out += whole
    return out, changed


def _length(length: int) -> bytes:
    if length < 0x80:
        return bytes([length])
    body = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(body)]) + body
