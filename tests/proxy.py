"""nginx in front of a service, as docs/operations.md has it: its block taken out of the page, and a certificate to show."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BOOK = Path(__file__).resolve().parent.parent / "docs" / "operations.md"
NAME = "localhost"
START_SECONDS_MAX = 20
_MAIN = """{user}
daemon off;
worker_processes 1;
pid nginx.pid;
error_log {folder}/main-error.log {level};
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/entente.conf;
}}
"""


def block() -> str:
    """The page's configuration."""
    (found,) = re.findall(r"^```nginx\n(.*?)^```$", BOOK.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return str(found)


class Authority:
    """Who certifies names; `file` has its certificate."""

    def __init__(self, folder: Path, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.usages = x509.KeyUsage(*(each in (0, 5, 6) for each in range(9)))
        self.certificate = (
            self._of(self.name, self.key).add_extension(self.usages, critical=True).sign(self.key, hashes.SHA256())
        )
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _of(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, days: int = 1) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        identifier = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        made = x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(key.public_key())
        made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=2))
        made = made.not_valid_after(now + timedelta(days=days))
        made = made.add_extension(x509.BasicConstraints(ca=key is self.key, path_length=None), critical=True)
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        return made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)

    def certify(self, folder: Path, name: str = NAME, days: int = 1) -> None:
        """A server's key and certificate, as nginx reads them."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._of(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key, days)
        signed = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False).sign(
            self.key, hashes.SHA256()
        )
        (folder / "chain.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        form, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        (folder / "key.pem").write_bytes(key.private_bytes(form, kind, serialization.NoEncryption()))


class Proxy:
    """nginx at work: `url` with TLS, `plain` without, and what it wrote."""

    def __init__(self, folder: Path, ports: tuple[int, int]) -> None:
        self.folder = folder
        self.port, self.plain_port = ports
        self.url = f"https://{NAME}:{self.port}"
        self.plain = f"http://{NAME}:{self.plain_port}"

    def written(self) -> str:
        """All that is in its logs."""
        return "".join(path.read_text(encoding="utf-8", errors="replace") for path in sorted(self.folder.glob("*.log")))


def _free_ports(number: int) -> list[int]:
    bound = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [int(each.getsockname()[1]) for each in bound]
    for each in bound:
        each.close()
    return ports


def configured(folder: Path, upstream: str, ports: list[int], changes: dict[str, str] | None = None) -> Path:
    """The page's block with this machine's ports, paths and name in the place of its own; `changes` are planted defects."""
    made = block()
    here = {
        "server 127.0.0.1:8000;": f"server {upstream};",
        "listen 443 ssl": f"listen 127.0.0.1:{ports[0]} ssl",
        "listen 80 default_server": f"listen 127.0.0.1:{ports[1]} default_server",
        "server_name calais.example;": f"server_name {NAME};",
        "/etc/entente/tls": str(folder),
        "/var/log/nginx": str(folder),
        **(changes or {}),
    }
    for said, instead in here.items():
        assert said in made, f"the page's block has no {said!r}"
        made = made.replace(said, instead)
    (folder / "entente.conf").write_text(made)
    user = "user root;" if os.geteuid() == 0 else ""
    main = folder / "nginx.conf"
    main.write_text(_MAIN.format(user=user, folder=folder, level="warn"))
    return main


@contextmanager
def proxying(folder: Path, service: str, changes: dict[str, str] | None = None) -> Iterator[Proxy]:
    """nginx in front of a service, for as long as the block lasts. `folder` has chain.pem and key.pem."""
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    ports = _free_ports(2)
    main = configured(folder, service.removeprefix("http://"), ports, changes)
    words = [binary, "-p", f"{folder}/", "-c", str(main)]
    checked = subprocess.run([*words, "-t"], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert checked.returncode == 0 and "warn" not in checked.stderr, checked.stderr
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    made = Proxy(folder, (ports[0], ports[1]))
    try:
        _await(made.port, process)
        yield made
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(START_SECONDS_MAX)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < end:
        assert process.poll() is None, "nginx ended"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError("nginx does not listen")
