"""People sign in with their ministry: a real OpenID provider's tokens, and all that is wrong with those that are not."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from joserfc.jwk import OctKey, RSAKey

from api import settings as settings_file
from api.providers import AGAIN_SECONDS, HOLDS_SECONDS, KEYS_SECONDS, KEYS_SECONDS_MAX, Providers
from api.settings import Provider, Settings
from ledger import errors
from tests.provider import Ministry, ministry
from tests.served import Service, serving
from tests.story import DETECTION, told_in

FIGURES = "/v1/views/{}/figures?day=2015-08-26"


@pytest.fixture(scope="module")
def london() -> Iterator[Ministry]:
    """London's provider."""
    with ministry() as found:
        yield found


@pytest.fixture
def alice(london: Ministry) -> str:
    """A token of an auditor, good for ten minutes."""
    return lasting(london, london.token(london.person("calais-auditors")))


def lasting(by: Ministry, token: str, seconds: int = 600, **claims: Any) -> str:
    """The same token for so long, signed by the provider."""
    return by.forged(token, exp=int(time.time()) + seconds, **claims)


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


def test_an_auditor_of_london_reads_londons_view_and_no_other(london: Ministry, alice: str, tmp_path: Path) -> None:
    with told_in(tmp_path, "") as story:
        given = msgspec.structs.replace(story.home.settings, providers={"home-office": london.provider()})
        story.home.settings = given
        story.seal(story.inner("interception.recorded", "IC-1", DETECTION))
        for nation in ("GB", "FR"):
            story.home.projector(nation).follow()
        with serving(story.home) as service:
            assert ask(service, FIGURES.format("gb"), alice) == 200
            assert ask(service, FIGURES.format("fr"), alice) == 403
            assert ask(service, "/metrics", alice) == 403
            why = {"Entente-Purpose": "audit", "Entente-Motif": "why"}
            assert service.client.get("/v1/views/gb/timeline", headers=bearer(alice) | why).status_code == 200
            (look,) = service.get("/v1/views/gb/access", "GB dpo").json()["rows"]
            assert look["who"].startswith("home-office:") and look["role"] == "auditor"
            expired = london.forged(alice, exp=int(time.time()) - 60)
            assert ask(service, "/readyz", expired) == service.get("/readyz", "nobody").status_code, "that is for anybody"
            refused = service.client.get(FIGURES.format("gb"), headers=bearer(expired))
    assert refused.status_code == 401 and refused.headers["WWW-Authenticate"] == "Bearer"
    assert refused.json()["detail"] == "the token has expired"


def ask(service: Service, path: str, token: str) -> int:
    return int(service.client.get(path, headers=bearer(token)).status_code)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_person_is_known_by_the_provider_and_the_subject(london: Ministry, tmp_path: Path) -> None:
    """Nobody is taken for the holder of a token of ours, or for somebody of another ministry with the same name."""
    known = Providers({"home-office": london.provider()}, tmp_path)
    token = london.token(london.person("calais-auditors", name="carol"))
    found = known.holder_of(lasting(london, token))
    assert found is not None and (found.role, found.nation, found.name) == ("auditor", "GB", "home-office:carol")
    odd = known.holder_of(lasting(london, token, sub="carol@example.org / ministry"))
    assert odd is not None and len(odd.name) == len("home-office:") + 32


def test_a_provider_of_one_nation_makes_nobody_of_the_other(london: Ministry, alice: str, tmp_path: Path) -> None:
    found = Providers({"paris": london.provider("FR")}, tmp_path).holder_of(alice)
    assert found is not None and found.nation == "FR"
    claimed = Providers({"home-office": london.provider()}, tmp_path).holder_of(lasting(london, alice, nation="FR"))
    assert claimed is not None and claimed.nation == "GB"


def test_who_reads_by_an_event_is_of_no_nation(london: Ministry, tmp_path: Path) -> None:
    token = lasting(london, london.token(london.person("calais-inquiry")))
    found = Providers({"home-office": london.provider()}, tmp_path).holder_of(token)
    assert found is not None and (found.role, found.nation) == ("inquiry", "")


# -- what is not a token of theirs ---------------------------------------------------------------------------------------------

NOW = int(time.time())
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "expired": ({"exp": NOW - 3_600}, "expired"),
    "without an expiry": ({"exp": None}, "does not verify"),
    "not valid yet": ({"nbf": NOW + 86_400}, "does not verify"),
    "issued tomorrow": ({"iat": NOW + 86_400}, "does not verify"),
    "for another service": ({"aud": ["somebody-else"]}, "somebody else"),
    "for nobody": ({"aud": None}, "does not verify"),
    "of nobody": ({"sub": None}, "does not verify"),
    "living for ten days": ({"exp": NOW + 864_000}, "lives longer"),
    "in no group": ({"groups": []}, "no role"),
    "in a group that is not ours": ({"groups": ["administrators"]}, "no role"),
    "in two groups": ({"groups": ["calais-auditors", "calais-duty"]}, "several roles"),
    "without groups": ({"groups": None}, "no role"),
    "with groups that are no texts": ({"groups": [1, {"a": 2}]}, "no role"),
    "with a number for groups": ({"groups": 5}, "no role"),
    "with an object for groups": ({"groups": {"calais-auditors": 1}}, "no role"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_token_that_does_not_hold_is_refused_and_told_why(london: Ministry, alice: str, tmp_path: Path, what: str) -> None:
    claims, told = WRONG[what]
    known = Providers({"home-office": london.provider()}, tmp_path)
    with pytest.raises(errors.NotKnown, match=told):
        known.holder_of(london.forged(alice, **claims))


@pytest.mark.parametrize("issuer", ["https://elsewhere.example", None, 5, {"a": 1}])
def test_a_token_of_a_provider_that_nobody_named_is_nobodys(
    london: Ministry, alice: str, tmp_path: Path, issuer: object
) -> None:
    known = Providers({"home-office": london.provider()}, tmp_path)
    assert known.holder_of(london.forged(alice, iss=issuer)) is None


def test_a_signature_that_is_not_the_providers_is_refused(london: Ministry, alice: str, tmp_path: Path) -> None:
    known = Providers({"home-office": london.provider()}, tmp_path)
    head, body, signature = alice.split(".")
    other = RSAKey.generate_key(2048)
    for forged in (
        london.forged(alice, other),
        london.forged(alice, other, {"kid": "another"}),
        f"{head}.{body}.{'A' * len(signature)}",
        f"{head}.{body}.",
        london.forged(alice, sub="bob").rpartition(".")[0] + "." + signature,
    ):
        with pytest.raises(errors.NotKnown, match="does not verify"):
            known.holder_of(forged)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "PS256", "RS256"])
def test_a_token_that_names_another_kind_of_signature_than_its_key_makes_is_refused(
    london: Ministry, alice: str, tmp_path: Path, algorithm: str
) -> None:
    """Only the head is changed, which the signature covers; a key of another kind must be a refusal too, and no defect."""
    known = Providers({"home-office": london.provider()}, tmp_path)
    kid = msgspec.json.decode(base64.urlsafe_b64decode(alice.split(".", maxsplit=1)[0] + "=="))["kid"]
    head = head_of({"alg": algorithm, "typ": "JWT", "kid": kid, "x": "changed"})
    with pytest.raises(errors.NotKnown, match="does not verify"):
        known.holder_of(f"{head}.{alice.partition('.')[2]}")


def test_a_token_under_a_shared_secret_or_none_is_refused(london: Ministry, alice: str, tmp_path: Path) -> None:
    """The provider's public key taken for a secret, and a token that says it needs no signature (RFC 8725, 2.1)."""
    known = Providers({"home-office": london.provider()}, tmp_path)
    secret = OctKey.import_key(secrets.token_bytes(64))
    none = head_of({"alg": "none", "typ": "JWT"}) + "." + alice.split(".")[1] + "."
    for forged in (london.forged(alice, secret, {"alg": "HS256"}), none):
        with pytest.raises(errors.NotKnown, match="not accepted"):
            known.holder_of(forged)


def head_of(head: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(head)).decode().rstrip("=")


@pytest.mark.parametrize("token", ["a.b.c", "..", "x" * 9_000 + ".b.c", "e30.e30.e30", "é.é.é", "abc"])
def test_what_is_no_token_of_a_provider_is_left_to_ours(london: Ministry, tmp_path: Path, token: str) -> None:
    assert Providers({"home-office": london.provider()}, tmp_path).holder_of(token) is None


# -- keys and revocation -------------------------------------------------------------------------------------------------------


def test_a_token_that_was_revoked_is_refused_as_soon_as_its_provider_is_asked_again(london: Ministry, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(london.client.client_secret + "\n")
    clock = Clock()
    known = Providers({"home-office": london.provider(asked=True)}, tmp_path, clock)
    token = london.token(london.person("calais-duty"))
    found = known.holder_of(token)
    assert found is not None and found.role == "duty_officer"
    london.revoke(token)
    assert known.holder_of(token) is not None, "an answer is remembered for a moment"
    clock.ahead = HOLDS_SECONDS + 1
    for _ in range(2):
        with pytest.raises(errors.NotKnown, match="revoked"):
            known.holder_of(token)


def test_a_secret_that_cannot_be_read_is_told_to_the_operator_not_taken_for_a_yes(london: Ministry, tmp_path: Path) -> None:
    known = Providers({"home-office": london.provider(asked=True)}, tmp_path)
    with pytest.raises(errors.UnsafeSetting, match="secret"):
        known.holder_of(london.token(london.person("calais-duty")))


def test_a_wrong_secret_is_no_yes(london: Ministry, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("wrong")
    known = Providers({"home-office": london.provider(asked=True)}, tmp_path)
    with pytest.raises(errors.Unavailable):
        known.holder_of(london.token(london.person("calais-duty")))


def test_a_key_that_its_provider_no_longer_shows_opens_nothing_any_more(london: Ministry, tmp_path: Path) -> None:
    clock = Clock()
    known = Providers({"home-office": london.provider()}, tmp_path, clock)
    user = london.person("calais-auditors")
    before = lasting(london, london.token(user))
    assert known.holder_of(before) is not None
    with london.new_keys():
        assert known.holder_of(before) is not None, "its key is remembered"
        clock.ahead = AGAIN_SECONDS + 1  # the new key is asked for at once, though not at every request
        assert known.holder_of(lasting(london, london.token(user))) is not None
        with pytest.raises(errors.NotKnown):
            known.holder_of(before)


def test_a_provider_that_is_away_is_believed_for_an_hour_and_then_nobody_is_known(
    london: Ministry, alice: str, tmp_path: Path
) -> None:
    clock = Clock()
    known = Providers({"home-office": london.provider()}, tmp_path, clock)
    assert known.holder_of(alice) is not None
    with london.away():
        clock.ahead = KEYS_SECONDS + 1
        assert known.holder_of(alice) is not None
        clock.ahead = KEYS_SECONDS_MAX + 1
        with pytest.raises(errors.Unavailable):
            known.holder_of(alice)
    clock.ahead += AGAIN_SECONDS + 1
    assert known.holder_of(alice) is not None


def test_a_key_that_nobody_knows_is_not_asked_for_at_every_request(london: Ministry, alice: str, tmp_path: Path) -> None:
    """Else whoever invents key ids makes us ask the ministry as often as they like."""
    asked = []
    known = Providers({"home-office": london.provider()}, tmp_path)
    keys = next(iter(known._by_issuer.values()))._keys
    ask, keys._ask = keys._ask, lambda now: (asked.append(now), ask(now))[1]  # type: ignore[method-assign]
    for n in range(50):
        with pytest.raises(errors.NotKnown):
            known.holder_of(london.forged(alice, head={"kid": f"invented-{n}"}))
    assert len(asked) == 1


# -- settings ------------------------------------------------------------------------------------------------------------------


def test_settings_of_providers_are_written_and_read_back(london: Ministry, tmp_path: Path) -> None:
    given = Settings(
        "o",
        providers={
            "home-office": london.provider(asked=True),
            "both": london.provider("", roles={"x": "joint"}, issuer="https://both.example"),
        },
    )
    settings_file.save(tmp_path, given)
    assert settings_file.load(tmp_path, {}) == given


GIVEN = {"issuer": "https://a.example", "audience": "us", "keys_url": "https://a.example/keys", "roles": {"a": "auditor"}}


@pytest.mark.parametrize(
    "wrong",
    [
        {"nation": "GB", "roles": {"a": "service"}},
        {"nation": "GB", "roles": {"a": "mirror"}},
        {"nation": "GB", "roles": {"a": "administrator"}},
        {"nation": "", "roles": {"a": "auditor"}},
        {"nation": "GB", "introspection_url": "https://a.example/ask"},
        {"nation": "GB", "client_id": "us", "client_secret_file": "secret"},
        {"nation": "GB", "audience": ""},
        {"nation": "GB", "keys_url": ""},
        {"nation": "GB", "keys_url": "sign-in.example/keys"},
    ],
)
def test_a_provider_that_would_give_what_it_may_not_is_refused_when_settings_are_read(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Provider(**(GIVEN | wrong))


def test_two_providers_of_one_issuer_are_refused() -> None:
    one = Provider(**(GIVEN | {"nation": "GB"}))
    with pytest.raises(ValueError, match="issuer of its own"):
        Settings("o", providers={"a": one, "b": one})
    with pytest.raises(ValueError, match="letters"):
        Settings("o", providers={"A:b": one})
