"""The reverse proxy of docs/operations.md, in front of the real service: nginx runs the very block that stands on the page.

On SQLite alone: nginx sees what the service says, which is held on both stores elsewhere, and not where it is kept.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import ssl
import time
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from api import changes
from api.client import Ledger
from api.home import Home
from api.limits import Limits
from api.registrar import Registrar
from api.settings import Settings, load, save
from api.tokens import Holder, issue
from ledger import errors
from ledger.events.incident import IncidentAttemptRecorded
from ledger.evidence.remote import RemoteSource
from tests.playing import load as night
from tests.processes import Process, running
from tests.proxy import NAME, Authority, Proxy, block, proxying
from tests.sites import NIGHT, Sites
from tests.test_changes import Stream

SECONDS = 20
BURST = 40
DAY = "2015-08-26"
AT = "2026-01-05T03:12:00Z"
HOLDERS = {
    "service": Holder("service", "BF"),
    "london": Holder("mirror", "london"),
    "reader": Holder("reader", "monitor"),
    "auditor": Holder("auditor", "a", "GB"),
}
JSON = {"Content-Type": "application/json"}
CANARY = "CANARY-4711"


class Front(NamedTuple):
    """Three sites, Calais' service, nginx in front of it, whom it is certified by, and tokens."""

    sites: Sites
    service: Process
    proxy: Proxy
    authority: Authority
    tokens: dict[str, str]

    def http(self, who: str = "", **more: Any) -> httpx2.Client:
        """Asks through nginx, as a browser that trusts the authority does."""
        trusting = ssl.create_default_context(cafile=self.authority.file)
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        return httpx2.Client(
            base_url=self.proxy.url, headers=headers, verify=trusting, trust_env=False, timeout=SECONDS, **more
        )

    def ledger(self, spool: Path, **more: Any) -> Ledger:
        """A service's way in, through nginx."""
        calais = self.sites.calais
        given = {"tls_roots": self.authority.file, "token": self.tokens["service"], **more}
        return Ledger(
            self.proxy.url, key=calais.key_path("service-BF"), policy=calais.policy_path, spool=spool, **given
        )  # fmt: skip

    def append(self, folder: Path, *streams: str) -> list[int]:
        """State an attempt on each of these streams; the positions."""
        with self.ledger(folder / "spool") as ledger:
            receipts = [ledger.append(attempt(), stream=stream, occurred_at=AT) for stream in streams]
            return [receipt.wait("recorded", SECONDS).position for receipt in receipts]


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A night at Calais, served through nginx. Tests append to it, and count on nothing that others append."""
    folder = tmp_path_factory.mktemp("proxy")
    with closing(Sites(folder, lambda: "", night(NIGHT))) as sites:
        tokens = {name: issue(sites.calais.path, holder) for name, holder in HOLDERS.items()}
        follow(sites)
        for site in ("london", "paris"):  # a service takes the nations' sealing keys from what is final alone
            sites.mirror(site)
        authority = Authority(folder, "ours")
        authority.certify(folder)
        serving = running("serve", "--port", "0", "--home", sites.calais.path)
        with serving as service, proxying(folder, service.url) as proxy:
            yield Front(sites, service, proxy, authority, tokens)


def follow(sites: Sites) -> None:
    for nation in ("GB", "FR"):
        sites.calais.projector(nation).follow()


def attempt(persons: int = 3) -> IncidentAttemptRecorded:
    return IncidentAttemptRecorded(outcomes={"repelled": persons})


# -- what goes through --------------------------------------------------------------------------------------------------------


def test_a_service_appends_and_an_auditor_asks_through_it(front: Front, tmp_path: Path) -> None:
    (position,) = front.append(tmp_path, "INC-TLS")
    assert [at for at, _ in front.sites.calais.reader.stream_entries("INC-TLS")] == [position]
    path = f"/v1/views/gb/figures?day={DAY}"
    with front.http("auditor") as through, httpx2.Client(base_url=front.service.url, headers=through.headers) as past:
        answers = [asked.get(path).json() for asked in (through, past)]
    assert answers[0] == answers[1] and answers[0]["figures"]


def test_changes_arrive_as_they_come_and_who_comes_back_misses_nothing(front: Front, tmp_path: Path) -> None:
    """What a proxy keeps until it is enough would be a duty officer's late news."""
    (before,) = front.append(tmp_path, "INC-STREAM")
    follow(front.sites)
    trusting = ssl.create_default_context(cafile=front.authority.file)
    said = f"GET /v1/views/gb/changes HTTP/1.1\r\nHost: {NAME}\r\nAuthorization: Bearer {front.tokens['auditor']}\r\n"
    for number in range(2):
        with (
            socket.create_connection(("127.0.0.1", front.proxy.port), timeout=SECONDS) as plain,
            trusting.wrap_socket(plain, server_hostname=NAME) as connection,
        ):
            connection.sendall(f"{said}Last-Event-ID: {before}\r\n\r\n".encode())
            stream = Stream(connection)
            assert stream.status == 200
            front.append(tmp_path, f"INC-STREAM-{number}")
            follow(front.sites)
            began = time.monotonic()
            found = [stream.change() for _ in range(number + 1)]
            assert time.monotonic() - began < changes.EVERY_SECONDS + 1.5
            stream.file.close()
    assert [row["stream"] for row in found] == ["INC-STREAM-0", "INC-STREAM-1"]


def test_a_mirror_takes_the_log_over_through_it(front: Front, tmp_path: Path, run: Any) -> None:
    token, london = tmp_path / "token", front.sites.london
    token.write_text(front.tokens["london"])
    words = ("mirror", "london", "--from", front.proxy.url, "--token-file", token, "--json", "--home", london.path)
    code, _, said = run(*words)
    assert code != 0 and "is not trusted" in said and "tls_roots" in said
    given = {name: getattr(london.settings, name) for name in Settings.__struct_fields__}
    shutil.copy(front.authority.file, london.path / "roots.pem")
    save(london.path, Settings(**{**given, "tls_roots": "roots.pem"}))
    code, out, said = run(*words)
    assert code == 0, said
    assert json.loads(out)["size"] == london.held.head() == front.sites.calais.ledger.head()
    assert json.loads(out)["alarms"] == []


# -- what does not ------------------------------------------------------------------------------------------------------------


def test_entries_stay_closed_to_strangers(front: Front) -> None:
    with front.http("reader") as http:
        size = front.sites.calais.policy().verify(http.get("/checkpoint").content).checkpoint.size
        assert http.get(f"/tile/0/000.p/{size}").status_code == 200
    for path in (f"/tile/entries/000.p/{size}", f"/companions/000.p/{size}"):
        for who, status in (("", 401), ("reader", 403), ("london", 200)):
            with front.http(who) as http:
                assert http.get(path).status_code == status, (path, who)


@pytest.mark.parametrize("chunked", (False, True))
def test_a_body_that_is_too_large_is_refused_with_a_problem_document(front: Front, chunked: bool) -> None:
    large = b"x" * (Limits().body_bytes + 1)
    with front.http("service") as http:
        answer = http.post("/v1/events", content=iter([large]) if chunked else large, headers=JSON)
    assert answer.status_code == 413 and answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:entente:too-large"


def test_a_refusal_that_comes_before_the_body_has_gone_is_told(front: Front) -> None:
    """Each on a connection of its own: one on which a body was left unread is closed, and is not asked on again."""
    for _ in range(5):
        with front.http() as http:
            answer = http.post("/v1/events", content=b"x" * 4_000_000)
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:entente:not-known")


def test_without_tls_nothing_is_answered_and_nothing_redirected(front: Front) -> None:
    """What was sent along has been read on the way: whoever is redirected would not notice."""
    numbers = {name: name * 32 for name in "ab"}
    headers = {"Authorization": f"Bearer {front.tokens['auditor']}"}
    with httpx2.Client(base_url=front.proxy.plain, headers=headers, trust_env=False) as http:
        answer = http.get("/readyz", headers={"X-Request-Id": numbers["a"]})
    assert answer.status_code == 403 and "location" not in answer.headers
    with front.http("auditor") as http:
        http.get("/readyz", headers={"X-Request-Id": numbers["b"]})
    until_said(front, numbers["b"])
    assert not any(numbers["a"] in line for line in front.service.said), "the service was asked"


def until_said(front: Front, number: str) -> None:
    """Wait until both logs have a request."""
    ends_at = time.monotonic() + SECONDS
    while not (number in front.proxy.written() and any(number in line for line in front.service.said)):
        assert time.monotonic() < ends_at
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("version", "name", "is_spoken"),
    [
        (ssl.TLSVersion.TLSv1_3, NAME, True),
        (ssl.TLSVersion.TLSv1_2, NAME, True),
        (ssl.TLSVersion.TLSv1_1, NAME, False),
        (ssl.TLSVersion.TLSv1_2, "other.example", False),
    ],
)
def test_only_tls_that_is_still_sound_is_spoken_and_only_to_who_knows_the_name(
    front: Front, version: ssl.TLSVersion, name: str, is_spoken: bool
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = context.maximum_version = version
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", front.proxy.port), timeout=SECONDS) as plain:
        if is_spoken:
            with context.wrap_socket(plain, server_hostname=name) as spoken:
                assert spoken.version() == version.name.replace("_", ".")
        else:
            with pytest.raises(ssl.SSLError):
                context.wrap_socket(plain, server_hostname=name)


def test_browsers_are_told_to_come_with_tls_whatever_is_answered(front: Front) -> None:
    with front.http() as http:
        answers = [
            http.get("/healthz"),
            http.get("/metrics"),
            http.get("/checkpoint"),
            http.post("/v1/events", content=b"x" * 9_000_000),
        ]
    assert [answer.status_code for answer in answers] == [200, 404, 401, 413]
    assert all("max-age=63072000" in answer.headers["strict-transport-security"] for answer in answers)
    assert all(answer.headers["server"] == "nginx" for answer in answers)


# -- who asks, and whom one asks ----------------------------------------------------------------------------------------------


def burst(proxy: Proxy, authority: Authority) -> list[int]:
    """The statuses of many requests of one caller, who says with each that he is somebody else."""
    trusting = ssl.create_default_context(cafile=authority.file)
    with httpx2.Client(base_url=proxy.url, verify=trusting, trust_env=False) as http:
        return [http.get("/healthz", headers=as_if(number)).status_code for number in range(BURST + 20)]


def as_if(number: int) -> dict[str, str]:
    """What a caller says who would be somebody else."""
    address = f"192.0.2.{number}"
    return {"X-Forwarded-For": address, "X-Real-IP": address, "Forwarded": f"for={address}", "X-Forwarded-Host": address}


def test_whoever_says_that_he_is_many_is_counted_as_one(front: Front, tmp_path: Path) -> None:
    """The address is nginx's to say. A proxy that adds its word to the caller's is the defect, and is found."""
    limits = Limits(address_requests_burst=BURST, address_requests_per_second=1)
    with closing(Home.create(tmp_path / "home", Settings("burst.example/log", limits=limits))) as home:
        Registrar(home).open_log(exercise=False)
    front.authority.certify(tmp_path)
    planted = {"X-Forwarded-For $remote_addr": "X-Forwarded-For $proxy_add_x_forwarded_for"}
    with running("serve", "--port", "0", "--home", home.path) as service:
        with proxying(tmp_path, service.url) as proxy:
            said = burst(proxy, front.authority)
        with proxying(tmp_path, service.url, planted) as proxy:
            believed = burst(proxy, front.authority)
    assert said[: BURST // 2] == [200] * (BURST // 2) and said[-10:].count(429) >= 8
    assert 429 not in believed, "the test would not see it"


@pytest.mark.parametrize("proxies", ("*", "proxy.example", "127.0.0.1, *", "127.0.0.1/8"))
def test_proxies_that_are_no_addresses_keep_the_service_from_starting(tmp_path: Path, proxies: str) -> None:
    (tmp_path / "entente.toml").write_text(f'origin = "a/b"\ntrusted_proxies = "{proxies}"\n')
    with pytest.raises(errors.Malformed, match="trusted_proxies"):
        load(tmp_path, {})
    for sound in ("", "127.0.0.1", "10.0.0.1, fd00::/64"):
        (tmp_path / "entente.toml").write_text(f'origin = "a/b"\ntrusted_proxies = "{sound}"\n')
        assert load(tmp_path, {}).trusted_proxies == sound


def test_a_certificate_that_nobody_vouches_for_is_told_as_such_and_nothing_is_lost(front: Front, tmp_path: Path) -> None:
    """By the machine's own roots, by another authority's: the client says why, and the statement waits in its spool."""
    other = Authority(tmp_path, "other")
    spool = tmp_path / "spool"
    front.append(tmp_path, "INC-FIRST")
    for roots in (None, other.file):
        with pytest.raises(errors.Unavailable, match=r"is not trusted: .*(issuer|self)") as told:
            RemoteSource(front.proxy.url, front.tokens["reader"], roots).checkpoint()
        assert "tls_roots" in str(told.value.remedy)
    late = front.ledger(spool, tls_roots=other.file).begin()
    late.append(attempt(), stream="INC-LATE", occurred_at=AT)
    with pytest.raises(errors.Unavailable, match="is not trusted"):
        late.drain(1)
    late.close()
    with front.ledger(spool) as ledger:
        ledger.drain(SECONDS)
    assert len(front.sites.calais.reader.stream_entries("INC-LATE")) == 1


@pytest.mark.parametrize(("name", "days", "told"), [("other.example", 1, "Hostname mismatch"), (NAME, -1, "expired")])
def test_a_certificate_of_another_name_or_of_yesterday_is_not_trusted(
    front: Front, tmp_path: Path, name: str, days: int, told: str
) -> None:
    front.authority.certify(tmp_path, name, days)
    with proxying(tmp_path, front.service.url) as proxy, pytest.raises(errors.Unavailable, match=f"is not trusted: .*{told}"):
        RemoteSource(proxy.url, front.tokens["reader"], front.authority.file).checkpoint()


def test_roots_that_are_no_certificates_are_the_operators_fault(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for file in (tmp_path / "empty.pem", tmp_path / "missing.pem"):
        with pytest.raises(errors.UnsafeSetting, match="no certificates"):
            RemoteSource("https://calais.example", "", file)


# -- what is left behind ------------------------------------------------------------------------------------------------------


def asked_of_nobody(folder: Path, authority: Authority, planted: dict[str, str] | None = None) -> tuple[httpx2.Response, str]:
    """The answer where the service is away, and all that nginx wrote of this and of a body that is too large."""
    folder.mkdir()
    authority.certify(folder)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        nobody = f"http://127.0.0.1:{gone.getsockname()[1]}"
    trusting = ssl.create_default_context(cafile=authority.file)
    with (
        proxying(folder, nobody, planted) as proxy,
        httpx2.Client(base_url=proxy.url, verify=trusting, trust_env=False) as http,
    ):
        query = f"?purpose={CANARY}"
        http.post(f"/v1/events{query}", content=b"x" * 9_000_000)
        answer = http.get(f"/v1/streams/{CANARY}{query}", headers={"Authorization": f"Bearer {CANARY}", "Referer": CANARY})
        time.sleep(0.1)
        return answer, proxy.written()


def test_what_was_asked_for_is_in_no_log_of_the_proxy_also_where_the_service_is_away(front: Front, tmp_path: Path) -> None:
    answer, written = asked_of_nobody(tmp_path / "as-on-the-page", front.authority)
    assert (answer.status_code, answer.headers["retry-after"], answer.json()["type"]) == (503, "5", "urn:entente:unavailable")
    assert "strict-transport-security" in answer.headers
    assert re.search(r"GET 503 [0-9]+ ", written) and CANARY not in written
    for planted in ({" crit;": " error;"}, {"$request_method": "$request_method $request_uri"}):
        written = asked_of_nobody(tmp_path / str(len(list(tmp_path.iterdir()))), front.authority, planted)[1]
        assert CANARY in written, "the test would not see it"


def test_a_line_of_the_proxys_leads_to_the_services(front: Front) -> None:
    asked = "0123456789abcdef0123456789abcdef"
    with front.http("reader") as http:
        assert http.get("/checkpoint", headers={"X-Request-Id": asked}).headers["x-request-id"] == asked
    until_said(front, asked)


def test_the_block_says_the_same_limits_as_the_service() -> None:
    """Where one allows what the other does not, somebody is hung up on without being told why."""
    said = dict(re.findall(r"^ +([a-z_]+) ([^;]+);", block(), re.MULTILINE))
    limits = Limits()
    assert int(said["client_max_body_size"]) == limits.body_bytes and str(limits.body_bytes) in block().split("@too_large {")[1]
    assert said["large_client_header_buffers"] == f"4 {limits.head_bytes // 1024}k"
    assert said["client_header_timeout"] == said["client_body_timeout"] == f"{limits.request_seconds}s"
    assert said["send_timeout"] == f"{limits.stalled_seconds}s"
    kept_open = int(block().split("upstream entente {")[1].split("keepalive_timeout ")[1].split("s;")[0])
    assert kept_open < limits.keep_alive_seconds
    waits = int(said["proxy_read_timeout"].removesuffix("s"))
    assert waits > limits.answer_seconds and waits > 2 * changes.QUIET_SECONDS_MAX
