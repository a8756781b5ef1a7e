"""People who sign in with their ministry: access tokens of the OpenID providers that a site's settings name.

A provider speaks for the people of one nation, or for those of neither: whatever its tokens claim, nobody becomes an official
of the other by them. Asked are the two addresses that the settings give and no other: where the provider's keys are, and where
it says whether a token still holds. Clauses: RFC 9068 (access tokens), RFC 8725 (which to accept), RFC 7662 (does one hold).
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2
import jwt
import msgspec

from api.settings import Provider
from api.tokens import OF_A_NATION, Holder, Role
from ledger import errors
from ledger.evidence.remote import connection

ALGORITHMS = ("EdDSA", *(f"{kind}{bits}" for kind in ("ES", "PS", "RS") for bits in (256, 384, 512)))
"""All of them of key pairs: a token under a shared secret, or under nothing, is never accepted."""
CLAIMS = ("iss", "aud", "exp", "iat", "sub")
LEEWAY_SECONDS = 30
LIFETIME_SECONDS_MAX = 3_600
"""A provider that cannot be asked whether a token still holds gives none that lives longer."""
KEYS_SECONDS = 600.0
KEYS_SECONDS_MAX = 3_600.0
"""A provider that is away is believed under the keys it had, for so long."""
AGAIN_SECONDS = 10.0
HOLDS_SECONDS = 30.0
"""For so long an answer that a token holds is remembered, and so a revoked one lives on."""
HELD_MAX = 10_000
ANSWER_BYTES_MAX = 262_144
TOKEN_CHARACTERS_MAX = 8_192

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}").fullmatch
Now = Callable[[], float]


class Providers:
    """The providers of a site. Threads may share it; `now` is in seconds since 1970 UTC."""

    def __init__(self, named: Mapping[str, Provider], home: Path, now: Now = time.time) -> None:
        self._by_issuer = {provider.issuer: _Provider(name, provider, home, now) for name, provider in named.items()}

    def holder_of(self, token: str) -> Holder | None:
        """Whom a token is of; None where it is not a provider's at all.

        Raises NotKnown for one that does not hold, naming why, and Unavailable where its provider cannot be asked.
        """
        if token.count(".") != 2 or len(token) > TOKEN_CHARACTERS_MAX:
            return None
        try:
            said = jwt.decode(token, options={"verify_signature": False})
        except jwt.PyJWTError:
            return None
        issuer = said.get("iss")
        found = self._by_issuer.get(issuer) if isinstance(issuer, str) else None
        return None if found is None else found.holder_of(token)


class _Provider:
    def __init__(self, name: str, provider: Provider, home: Path, now: Now) -> None:
        self.name = name
        self.said = provider
        self._now = now
        self._keys = _Keys(provider.keys_url, now)
        self._holds = _Holds(provider, home, now) if provider.introspection_url else None

    def holder_of(self, token: str) -> Holder:
        """Whom a token of this provider is of. Raises NotKnown and Unavailable."""
        claims = self._verified(token)
        if self._holds is None:
            if claims["exp"] - claims["iat"] > LIFETIME_SECONDS_MAX:
                raise _unknown(f"the token lives longer than {LIFETIME_SECONDS_MAX} seconds")
        elif not self._holds.ask(token):
            raise _unknown("the token was revoked")
        role = self._role(claims)
        return Holder(role, self._person(claims["sub"]), self.said.nation if role in OF_A_NATION else "")

    def _verified(self, token: str) -> dict[str, Any]:
        try:
            head = jwt.get_unverified_header(token)
            if head.get("alg") not in ALGORITHMS:
                raise _unknown("the token is signed in a way that is not accepted here")
            key = self._keys.key(str(head.get("kid", "")))
            claims: dict[str, Any] = jwt.decode(
                token, key.key, algorithms=[head["alg"]], issuer=self.said.issuer, audience=self.said.audience,
                leeway=LEEWAY_SECONDS, options={"require": list(CLAIMS)},
            )  # fmt: skip
        except jwt.ExpiredSignatureError:
            raise _unknown("the token has expired") from None
        except jwt.InvalidAudienceError:
            raise _unknown("the token is for somebody else") from None
        except (jwt.PyJWTError, TypeError, ValueError):  # a key of another kind than the token says is a TypeError
            raise _unknown("the token does not verify") from None
        return claims

    def _role(self, claims: Mapping[str, Any]) -> Role:
        said = claims.get(self.said.role_claim)
        listed = [said] if isinstance(said, str) else said if isinstance(said, list) else []
        groups = {each for each in listed if isinstance(each, str)}
        roles = {self.said.roles[group] for group in groups if group in self.said.roles}
        if len(roles) != 1:
            raise _unknown("the token gives no role here" if not roles else "the token gives several roles; one is needed")
        return roles.pop()

    def _person(self, subject: str) -> str:
        """Known by the provider's name, so that nobody is taken for the holder of a token of ours, or of another provider."""
        known = subject if _NAME(subject) else hashlib.sha256(subject.encode("utf-8", "replace")).hexdigest()[:32]
        return f"{self.name}:{known}"


class _Keys:
    """A provider's keys by their ids, asked for again where one is missing and every KEYS_SECONDS."""

    def __init__(self, url: str, now: Now) -> None:
        self._url = url
        self._now = now
        self._turn = threading.Lock()
        self._found: Mapping[str, jwt.PyJWK] = {}
        self._had = self._asked = float("-inf")

    def key(self, kid: str) -> jwt.PyJWK:
        """The key of an id. Raises NotKnown, and Unavailable where the provider was away for too long."""
        with self._turn:
            now = self._now()
            is_missing = kid not in self._found
            if (is_missing or now - self._had > KEYS_SECONDS) and now - self._asked > AGAIN_SECONDS:
                self._asked = now
                self._ask(now)
            if now - self._had > KEYS_SECONDS_MAX:
                raise errors.Unavailable("the provider of this token cannot be asked for its keys")
            if kid not in self._found:
                raise _unknown("the token does not verify")
            return self._found[kid]

    def _ask(self, now: float) -> None:
        try:
            with connection(self._url, "") as http:
                keys = jwt.PyJWKSet.from_dict(_read(http, "GET", self._url)).keys
        except (errors.Unavailable, jwt.PyJWTError, AttributeError, KeyError, TypeError, ValueError):
            return  # it is away, or what it shows are no keys: those it had go on for a while
        self._found = {str(key.key_id): key for key in keys}
        self._had = now


class _Holds:
    """Whether tokens still hold, as their provider says; an answer is remembered for HOLDS_SECONDS."""

    def __init__(self, provider: Provider, home: Path, now: Now) -> None:
        self._provider = provider
        self._secret = home / provider.client_secret_file
        self._now = now
        self._turn = threading.Lock()
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def ask(self, token: str) -> bool:
        """Whether a token holds. Raises Unavailable where its provider does not say, UnsafeSetting without our secret."""
        digest = hashlib.sha256(token.encode()).digest()
        with self._turn:
            if self._until.get(digest, 0.0) > self._now():
                return True
        holds = self._asked(token)
        with self._turn:
            self._until.pop(digest, None)
            if holds:
                self._until[digest] = self._now() + HOLDS_SECONDS
                if len(self._until) > HELD_MAX:
                    self._until.popitem(last=False)
        return holds

    def _asked(self, token: str) -> bool:
        url = self._provider.introspection_url
        try:
            secret = self._secret.read_text(encoding="ascii").strip()
        except (OSError, ValueError) as wrong:
            raise errors.UnsafeSetting(
                "the file of a provider's client secret cannot be read", field="client_secret_file",
                remedy="name a file that the service may read (docs/operations.md)",
            ) from wrong  # fmt: skip
        with connection(url, "") as http:
            said = _read(
                http, "POST", url, auth=httpx2.BasicAuth(self._provider.client_id, secret),
                data={"token": token, "token_type_hint": "access_token"},
            )  # fmt: skip
        return said.get("active") is True


def _read(http: httpx2.Client, method: str, url: str, **more: Any) -> dict[str, Any]:
    """A provider's answer. Raises Unavailable for anything but a document of bounded size."""
    body = bytearray()
    try:
        with http.stream(method, url, **more) as answer:
            if answer.status_code != httpx2.codes.OK:
                raise errors.Unavailable(f"a provider answered {answer.status_code}")
            for chunk in answer.iter_raw():
                body += chunk
                if len(body) > ANSWER_BYTES_MAX:
                    raise errors.Unavailable("a provider's answer is too large")
        return msgspec.json.decode(bytes(body), type=dict[str, Any])
    except (httpx2.HTTPError, msgspec.DecodeError) as wrong:
        raise errors.Unavailable("the provider of this token cannot be asked") from wrong


def _unknown(why: str) -> errors.NotKnown:
    return errors.NotKnown(why, remedy="sign in again with your ministry")
