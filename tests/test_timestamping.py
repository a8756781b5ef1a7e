"""Time-stamp tokens: for other bytes, of another request, by a stranger, by nobody, of no time, renewed too late."""

from __future__ import annotations

import hashlib
import random
import shutil
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from ledger import errors
from ledger.evidence import authority, timestamping
from ledger.evidence.authority import Stamped, Wanted, obtain
from ledger.evidence.timestamping import (
    RESPONSE_BYTES_MAX,
    ROOTS_BYTES_MAX,
    Token,
    make_request,
    read_roots,
    stamped_bytes,
    verify_chain,
    verify_response,
)
from tests.authority import DAY, Certified, Tsa, openssl_verifies, replace_in_der, serving, signer

NOTE = b"ledger.example/joint\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n\xe2\x80\x94 somebody AAAA\n"
SECOND = 1_000_000

pytestmark = pytest.mark.foreign


def now() -> int:
    return time.time_ns() // 1_000


@pytest.fixture
def tsa(tmp_path: Path) -> Iterator[Tsa]:
    with serving(Tsa(tmp_path)) as made:
        yield made


def roots(tsa: Tsa) -> tuple[x509.Certificate, ...]:
    return read_roots(tsa.roots_file.read_bytes())


def asked(tsa: Tsa, stamped: bytes = NOTE) -> Stamped | errors.EntenteError:
    """What comes of asking this authority."""
    return obtain({"a": Wanted(tsa.url, stamped, roots(tsa))}, now)["a"]


def got(tsa: Tsa, stamped: bytes = NOTE) -> Stamped:
    answer = asked(tsa, stamped)
    assert isinstance(answer, Stamped), answer
    return answer


def require_refused(tsa: Tsa, what: str, kind: type[errors.EntenteError] = errors.BadTimestamp) -> None:
    answer = asked(tsa)
    assert type(answer) is kind and what in answer.message, answer


def replied(tsa: Tsa, stamped: bytes = NOTE) -> bytes:
    """A response without the way over HTTP."""
    return tsa.reply(make_request(stamped).as_bytes())


# -- an honest authority -----------------------------------------------------------------------------------------------------


def test_what_openssl_stamps_we_verify_and_what_we_keep_openssl_verifies(tsa: Tsa, tmp_path: Path) -> None:
    before = now()
    answer = got(tsa)
    assert before - SECOND <= answer.token.at <= now()
    assert answer.token.expires_at // SECOND == int(tsa.signer.certificate.not_valid_after_utc.timestamp())
    assert answer.token.signer == "CN=Time stamping"
    assert verify_response(answer.response, NOTE, roots(tsa)) == answer.token
    assert openssl_verifies(NOTE, answer.response, tsa.roots_file, tmp_path)
    assert not openssl_verifies(NOTE + b"\n", answer.response, tsa.roots_file, tmp_path)


def test_the_digest_alone_leaves_the_house(tsa: Tsa) -> None:
    got(tsa)
    (query,) = tsa.asked
    assert hashlib.sha256(NOTE).digest() in query and b"joint" not in query and len(query) < 100


def test_a_certificate_between_may_come_with_the_token_or_with_the_roots(tsa: Tsa) -> None:
    tsa.root = Certified("A root whose long name has certificates sorted last")
    tsa.roots_file.write_bytes(tsa.root.pem)
    between = Certified("Between", tsa.root)
    tsa.use(signer(between))
    require_refused(tsa, "does not lead to the certificates given")
    tsa.roots_file.write_bytes(tsa.root.pem + between.pem)
    got(tsa)
    tsa.roots_file.write_bytes(tsa.root.pem)
    (tsa.folder / "chain.pem").write_bytes(between.pem)
    tsa.behave = lambda tsa, query, to: tsa.reply(query, "sha256", "-chain", "chain.pem")
    got(tsa)
    tsa.use(signer(between, "An authority whose longer name has its certificate come last"))
    require_refused(tsa, "not in DER's order")


# -- hostile answers ----------------------------------------------------------------------------------------------------------


def over_other_bytes(tsa: Tsa, query: bytes, to: Any) -> bytes:
    return tsa.reply(tsa.query(hashlib.sha256(b"something else").digest()))


def under_another_digests_name(tsa: Tsa, query: bytes, to: Any) -> bytes:
    """The same 32 bytes, said to be of a function that may be weaker."""
    return tsa.reply(tsa.query(hashlib.sha256(NOTE).digest(), digest_name="sha3-256"), "sha3-256")


def to_another_request(tsa: Tsa, query: bytes, to: Any) -> bytes:
    return tsa.reply(tsa.query(hashlib.sha256(NOTE).digest()))


def to_no_request(tsa: Tsa, query: bytes, to: Any) -> bytes:
    return tsa.reply(tsa.query(hashlib.sha256(NOTE).digest(), "-no_nonce"))


def with_modifications(tsa: Tsa, query: bytes, to: Any) -> bytes:
    return replace_in_der(tsa.reply(query), bytes.fromhex("3003020100"), bytes.fromhex("3003020101"))


def rejecting(tsa: Tsa, query: bytes, to: Any) -> bytes:
    return tsa.reply(query, "sha512")


def with_another_number(tsa: Tsa, query: bytes, to: Any) -> bytes:
    """The certificate in the token is replaced by one of the same key under another number."""
    return replace_in_der(tsa.reply(query), tsa.signer.der, signer(tsa.root, key=tsa.signer.key).der)


def flipped_signature(tsa: Tsa, query: bytes, to: Any) -> bytes:
    response = tsa.reply(query)
    return response[:-3] + bytes([response[-3] ^ 1]) + response[-2:]


def without_certificates(tsa: Tsa, query: bytes, to: Any) -> bytes:
    response = tsa.reply(query)
    content = b"\xa0\x82" + len(tsa.signer.der).to_bytes(2, "big") + tsa.signer.der
    return replace_in_der(response, content, b"")


@pytest.mark.parametrize(
    ("behave", "what"),
    [
        (over_other_bytes, "over other bytes"),
        (under_another_digests_name, "over a digest other than SHA-256"),
        (to_another_request, "its nonce is not the one sent"),
        (to_no_request, "its nonce is not the one sent"),
        (with_modifications, "did not grant it: granted with mods"),
        (rejecting, "did not grant it: rejection"),
        (with_another_number, "signature does not verify"),
        (without_certificates, "signature does not verify"),
        (flipped_signature, "signature does not verify"),
        (lambda tsa, query, to: query, "not a time-stamp response"),
        (lambda tsa, query, to: b"", "not a time-stamp response"),
        (lambda tsa, query, to: b"<html>error</html>", "not a time-stamp response"),
        (lambda tsa, query, to: random.Random(3).randbytes(900), "not a time-stamp response"),
        (lambda tsa, query, to: tsa.reply(query)[:-1], "not a time-stamp response"),
        (lambda tsa, query, to: tsa.reply(query) + b"\0", "not a time-stamp response"),
        (lambda tsa, query, to: b"0\x80" * 400 + b"\0\0" * 400, "not a time-stamp response"),
    ],
)
def test_an_answer_that_is_not_the_token_asked_for_is_refused(tsa: Tsa, behave: Any, what: str) -> None:
    tsa.behave = behave
    require_refused(tsa, what)


def test_a_strangers_token_is_refused(tsa: Tsa, tmp_path: Path) -> None:
    stranger = Tsa(tmp_path, "stranger")
    tsa.behave = lambda tsa, query, to: stranger.reply(query)
    require_refused(tsa, "does not lead to the certificates given")
    stranger.use(signer(Certified("Root of authority")))
    require_refused(tsa, "does not lead to the certificates given")


@pytest.mark.parametrize("life", [{"begins": -3 * DAY, "ends": -DAY}, {"begins": DAY, "ends": 2 * DAY}])
def test_a_certificate_that_was_not_good_at_the_tokens_time_is_refused(tsa: Tsa, life: dict[str, Any]) -> None:
    tsa.use(signer(tsa.root, **life))
    require_refused(tsa, "was not good for time-stamping at its time")


SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)
STAMPING = (ExtendedKeyUsageOID.TIME_STAMPING,)


@pytest.mark.parametrize(
    "other", [{"usages": SERVER}, {"usages": STAMPING + SERVER}, {"usages": STAMPING, "critical": False}, {"usages": ()}]
)
def test_a_certificate_for_another_purpose_stamps_nothing(tsa: Tsa, other: dict[str, Any]) -> None:
    """A web server's certificate under the same root, with the same number, makes no authority of its holder."""
    serial = tsa.signer.certificate.serial_number
    swapped = Certified("Time stamping", tsa.root, key=tsa.signer.key, serial=serial, **other)
    tsa.behave = lambda tsa, query, to: replace_in_der(tsa.reply(query), tsa.signer.der, swapped.der)
    require_refused(tsa, "was not good for time-stamping")


def test_two_certificates_under_one_name_are_refused(tsa: Tsa) -> None:
    """OpenSSL could verify under the one and a reader look at the other."""
    serial = tsa.signer.certificate.serial_number
    fakes = (signer(Certified("Root of authority"), serial=serial) for _ in range(100))
    fake = next(fake for fake in fakes if (len(fake.der), fake.der) > (len(tsa.signer.der), tsa.signer.der))
    pair = tsa.signer.der + fake.der  # in DER's order, so that both are read
    tsa.behave = lambda tsa, query, to: replace_in_der(tsa.reply(query), tsa.signer.der, pair)
    require_refused(tsa, "2 certificates in the token are the one its signature names")


def test_a_clock_that_is_wrong_is_not_believed(tsa: Tsa) -> None:
    for apart, refused in ((-200, True), (-100, False), (100, False), (200, True)):
        answer = obtain({"a": Wanted(tsa.url, NOTE, roots(tsa))}, lambda apart=apart: now() + apart * SECOND)["a"]
        assert isinstance(answer, errors.BadTimestamp) == refused
        assert not refused or "from this machine's clock" in str(answer)


def test_a_bit_flipped_anywhere_never_shows_another_time(tsa: Tsa) -> None:
    """What the signature does not cover (versions, names of algorithms) may change; what a token says may not."""
    response = replied(tsa)
    token = verify_response(response, NOTE, roots(tsa))
    survived = set()
    for at in range(len(response)):
        for bit in (0, 3, 7):
            changed = response[:at] + bytes([response[at] ^ 1 << bit]) + response[at + 1 :]
            try:
                found = verify_response(changed, NOTE, roots(tsa))
            except errors.BadTimestamp:
                continue
            assert found == token
            survived.add(at)
    assert len(survived) < 16


def test_random_bytes_in_a_response_are_always_a_refusal_of_ours(tsa: Tsa) -> None:
    chance = random.Random(11)
    response = replied(tsa)
    refused = 0
    for _ in range(2_000):
        start, length = chance.randrange(len(response)), chance.randrange(1, 40)
        changed = response[:start] + chance.randbytes(chance.randrange(40)) + response[start + length :]
        try:
            verify_response(changed, NOTE, roots(tsa))
        except errors.BadTimestamp:
            refused += 1
    assert refused > 1_950


# -- an authority that does not answer ----------------------------------------------------------------------------------------


def test_nobody_there_is_said_at_once(tsa: Tsa) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        tsa.url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    require_refused(tsa, "could not be asked", errors.Unavailable)


@pytest.mark.parametrize("url", ["ftp://host/tsa", "file:///etc/passwd", "host/tsa", "http://", "http://[", "http://a b/"])
def test_what_is_no_address_is_not_asked(tsa: Tsa, url: str) -> None:
    tsa.url = url
    answer = asked(tsa)
    assert isinstance(answer, errors.BadQuestion | errors.Unavailable), answer


def test_a_password_in_an_address_is_refused_and_not_repeated(tsa: Tsa) -> None:
    tsa.url = "http://user:secret@host/tsa"
    answer = asked(tsa)
    assert isinstance(answer, errors.BadQuestion) and "secret" not in str(answer)


def test_no_redirect_is_followed_to_an_address_that_nobody_configured(tsa: Tsa, tmp_path: Path) -> None:
    with serving(Tsa(tmp_path, "elsewhere")) as elsewhere:

        def redirect(tsa: Tsa, query: bytes, to: Any) -> None:
            to.send_response(307)
            to.send_header("Location", elsewhere.url)
            to.send_header("Content-Length", "0")
            to.end_headers()

        tsa.behave = redirect
        require_refused(tsa, "answered with status 307", errors.Unavailable)
        assert len(tsa.asked) == 1 and not elsewhere.asked


def test_no_proxy_of_the_environment_is_asked(tsa: Tsa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Tsa(tmp_path, "proxy")) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        got(tsa)
        assert not proxy.asked


def test_an_answer_without_end_is_cut_off(tsa: Tsa) -> None:
    sent = []

    def endless(tsa: Tsa, query: bytes, to: Any) -> None:
        to.send_response(200)
        to.end_headers()
        try:
            while len(sent) < 10_000:
                to.wfile.write(bytes(65_536))
                sent.append(1)
        finally:
            to.close_connection = True

    tsa.behave = endless
    require_refused(tsa, f"sent more than {RESPONSE_BYTES_MAX} bytes", errors.Unavailable)
    time.sleep(0.1)
    assert len(sent) < 200


def trickled_body(tsa: Tsa, query: bytes, to: Any) -> None:
    to.send_response(200)
    to.send_header("Content-Length", "60000")
    to.end_headers()
    for _ in range(200):
        to.wfile.write(b"x")
        time.sleep(0.05)


def trickled_head(tsa: Tsa, query: bytes, to: Any) -> None:
    to.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(200):
        to.wfile.write(b"X: y\r\n")
        time.sleep(0.05)


def silent(tsa: Tsa, query: bytes, to: Any) -> None:
    time.sleep(10)


@pytest.mark.parametrize("behave", [trickled_body, trickled_head, silent])
def test_who_is_slow_holds_nobody_up(tsa: Tsa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behave: Any) -> None:
    monkeypatch.setattr(authority, "ANSWER_SECONDS_MAX", 1.5)
    tsa.behave = behave
    with serving(Tsa(tmp_path, "quick")) as quick:
        began = time.monotonic()
        answers = obtain({each.url: Wanted(each.url, NOTE, roots(each)) for each in (tsa, quick)}, now)
        assert time.monotonic() - began < 4
        assert isinstance(answers[quick.url], Stamped)
        assert isinstance(answers[tsa.url], errors.Unavailable)


# -- renewals ---------------------------------------------------------------------------------------------------------------


def chain_of(tsa: Tsa, *lives: timedelta) -> list[bytes]:
    """A response and renewals of it, each under a new certificate that lives so long."""
    responses: list[bytes] = []
    for life in lives:
        tsa.use(signer(tsa.root, ends=life))
        responses.append(replied(tsa, stamped_bytes(NOTE, responses)))
    return responses


def test_a_renewal_carries_the_first_time_over_to_a_younger_certificate(tsa: Tsa, tmp_path: Path) -> None:
    responses = chain_of(tsa, DAY, 2 * DAY, 3 * DAY)
    tokens = verify_chain(NOTE, responses, roots(tsa))
    assert [type(token) for token in tokens] == [Token] * 3
    assert [token.expires_at for token in tokens] == sorted(token.expires_at for token in tokens)
    assert openssl_verifies(NOTE + responses[0] + responses[1], responses[2], tsa.roots_file, tmp_path)


def test_a_renewal_is_over_everything_before_it(tsa: Tsa, tmp_path: Path) -> None:
    responses = chain_of(tsa, DAY, 2 * DAY, 3 * DAY)
    other = replied(tsa, NOTE)
    for changed, number in (
        ([responses[1], responses[0]], 1),
        ([other, *responses[1:]], 2),
        ([responses[0], responses[2]], 2),
        ([responses[0], other], 2),
        ([*responses, responses[2]], 4),
    ):
        with pytest.raises(errors.BadTimestamp, match=f"token {number}: the token is over other bytes"):
            verify_chain(NOTE, changed, roots(tsa))
    with pytest.raises(errors.BadTimestamp, match="token 1: the token is over other bytes"):
        verify_chain(NOTE + b"x", responses, roots(tsa))


def test_a_renewal_that_came_too_late_carries_nothing_over(tsa: Tsa) -> None:
    """Once a certificate has ended its key may be anybody's, and nothing made afterwards shows that a token is older."""
    tsa.use(signer(tsa.root, ends=timedelta(seconds=2)))
    first = replied(tsa)
    verify_chain(NOTE, [first], roots(tsa))
    tsa.use(signer(tsa.root))
    time.sleep(3.1)
    late = replied(tsa, stamped_bytes(NOTE, [first]))
    assert verify_chain(NOTE, [first], roots(tsa))
    with pytest.raises(errors.BadTimestamp, match=r"token 2 is of .* whose certificate ended at"):
        verify_chain(NOTE, [first, late], roots(tsa))


def test_a_renewal_older_than_what_it_renews_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only an authority whose clock went back could make one: its answers are put in here."""
    told = {b"1": Token(100, 900, "A"), b"2": Token(99, 950, "A"), b"3": Token(100, 950, "A")}
    monkeypatch.setattr(timestamping, "verify_response", lambda response, stamped, roots: told[response])
    assert len(verify_chain(NOTE, [b"1", b"3"], ())) == 2
    with pytest.raises(errors.BadTimestamp, match="token 2 is of"):
        verify_chain(NOTE, [b"1", b"2"], ())


# -- certificates that are given ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pem", [b"", b"x", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_holds_no_certificates_is_refused(pem: bytes) -> None:
    with pytest.raises(errors.Malformed, match="no PEM certificates"):
        read_roots(pem)


def test_certificates_and_responses_have_their_limits(tsa: Tsa) -> None:
    with pytest.raises(errors.TooLarge):
        read_roots(b"x" * (ROOTS_BYTES_MAX + 1))
    with pytest.raises(errors.BadTimestamp, match=f"more than {RESPONSE_BYTES_MAX}"):
        verify_response(bytes(RESPONSE_BYTES_MAX + 1), NOTE, roots(tsa))
    with pytest.raises(errors.BadTimestamp, match="no certificates are given"):
        verify_response(replied(tsa), NOTE, ())


def test_openssl_is_there(tmp_path: Path) -> None:
    """None of the above may pass because nothing was asked."""
    assert shutil.which("openssl")


def test_what_is_just_as_long_as_it_may_be_is_read(tsa: Tsa) -> None:
    root = tsa.roots_file.read_bytes()
    assert len(read_roots(root + b"\n" * (ROOTS_BYTES_MAX - len(root)))) == 1
    with pytest.raises(errors.BadTimestamp, match="not a time-stamp response"):
        verify_response(b"x" * RESPONSE_BYTES_MAX, NOTE, roots(tsa))


@pytest.mark.parametrize(("at", "holds"), [(2, True), (3, True), (9, True), (10, False), (1, False)])
def test_a_renewal_is_made_from_the_token_before_it_to_the_end_of_its_certificate(
    monkeypatch: pytest.MonkeyPatch, at: int, holds: bool
) -> None:
    tokens = {b"first": Token(2, 9, "one"), b"second": Token(at, 20, "two")}
    monkeypatch.setattr(timestamping, "verify_response", lambda response, stamped, roots: tokens[response])
    if holds:
        assert verify_chain(NOTE, [b"first", b"second"], ()) == [*tokens.values()]
    else:
        with pytest.raises(errors.BadTimestamp, match="token 2 is of"):
            verify_chain(NOTE, [b"first", b"second"], ())


@pytest.mark.parametrize(("status", "said"), [(2, "rejection"), (4, "revocation warning"), (77, "status 77")])
def test_an_authority_that_refuses_is_quoted(status: int, said: str) -> None:
    assert timestamping._status(SimpleNamespace(status=status)) == said  # type: ignore[arg-type]
