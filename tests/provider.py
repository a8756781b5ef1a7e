"""An OpenID provider as a ministry could run one: Canaille, served in a thread of this process.

People sign in as in a browser, by the authorization code flow with PKCE; what comes out is the access token they would send.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit
from wsgiref.simple_server import make_server

import httpx2
import msgspec
import pytest_iam
from canaille import create_app
from canaille.backends import Backend
from canaille.oidc.jose import server_jwks
from joserfc import jwt
from joserfc.jwk import RSAKey

from api.settings import Provider

CALLBACK = "https://console.localhost/callback"
ROLES = {"calais-auditors": "auditor", "calais-duty": "duty_officer", "calais-inquiry": "inquiry", "calais-joint": "joint"}


class Ministry:
    """A provider that runs. `token(user, group)` signs somebody in; `provider(nation)` is what a site's settings say of it."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.url = server.url.rstrip("/")
        self._http = httpx2.Client(base_url=self.url, trust_env=False)
        with server.app.app_context():
            self.client = self._new_client("console")
            self.other = self._new_client("another service")

    def _new_client(self, name: str) -> Any:
        client = self.server.models.Client(
            client_id=secrets.token_hex(8), client_secret=secrets.token_hex(16), client_name=name,
            client_uri="https://console.localhost", redirect_uris=[CALLBACK], grant_types=["authorization_code"],
            response_types=["code"], scope=["openid", "profile", "groups"], token_endpoint_auth_method="client_secret_basic",
        )  # fmt: skip
        self.server.backend.save(client)
        client.audience = [client]
        self.server.backend.save(client)
        return client

    def provider(self, nation: Any = "GB", *, asked: bool = False, **more: Any) -> Provider:
        """What the settings say; `asked` where it is asked whether tokens still hold."""
        given: dict[str, Any] = {
            "issuer": self.url, "audience": self.client.client_id, "keys_url": f"{self.url}/oauth/jwks.json",
            "roles": ROLES, "nation": nation,
        }  # fmt: skip
        if asked:
            given |= {
                "introspection_url": f"{self.url}/oauth/introspect", "client_id": self.client.client_id,
                "client_secret_file": "secret",
            }  # fmt: skip
        return Provider(**(given | more))

    def person(self, *groups: str, name: str = "") -> Any:
        """Somebody in these groups."""
        user = self.server.random_user(user_name=name or secrets.token_hex(6))
        with self.server.app.app_context():
            for group in groups:
                found = self.server.backend.get(self.server.models.Group, display_name=group)
                if found is None:
                    found = self.server.models.Group(display_name=group, members=[user])
                else:
                    found.members = [*found.members, user]
                self.server.backend.save(found)
        return user

    def token(self, user: Any, client: Any = None) -> str:
        """Sign somebody in, and take the access token."""
        client = client or self.client
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code", "client_id": client.client_id, "scope": "openid profile groups", "redirect_uri": CALLBACK,
            "nonce": secrets.token_hex(8), "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        self.server.login(user)
        try:
            found = self._http.get("/oauth/authorize", params=asked)
        finally:
            self.server.logout()
        code = parse_qs(urlsplit(found.headers["location"]).query)["code"][0]
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": verifier}
        answer = self._http.post("/oauth/token", data=given, auth=(client.client_id, client.client_secret))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def revoke(self, token: str) -> None:
        """The provider takes a token back."""
        answer = self._http.post(
            "/oauth/revoke", data={"token": token}, auth=(self.client.client_id, self.client.client_secret)
        )
        assert answer.status_code == 200, answer.text

    def forged(self, token: str, key: RSAKey | None = None, head: dict[str, Any] | None = None, **claims: Any) -> str:
        """The same token with other claims, signed by the provider's own key or by another; a claim of None is left out."""
        with self.server.app.app_context():
            own = server_jwks(include_inactive=False).pick_random_key("RS256")
        said = msgspec.json.decode(base64.urlsafe_b64decode(token.split(".")[1] + "==")) | claims
        left = {name: value for name, value in said.items() if value is not None}
        return str(jwt.encode({"alg": "RS256", "kid": own.kid, **(head or {})}, left, key or own))

    @contextmanager
    def new_keys(self) -> Iterator[None]:
        """In this block it signs with another key, and shows no other."""
        said = self.server.app.config["CANAILLE_OIDC"]
        before = said["ACTIVE_JWKS"]
        said["ACTIVE_JWKS"] = [_new_key()]
        try:
            yield
        finally:
            said["ACTIVE_JWKS"] = before

    def serve(self) -> None:
        """Answer, in a thread, on the port it always has."""
        self._thread = threading.Thread(target=self.server.httpd.serve_forever)
        self._thread.start()

    def stop(self) -> None:
        """Answer no more, and let nobody connect."""
        self.server.httpd.shutdown()
        self.server.httpd.server_close()
        self._thread.join()

    @contextmanager
    def away(self) -> Iterator[None]:
        """In this block nobody answers."""
        self.stop()
        try:
            yield
        finally:
            handler = self.server.httpd.RequestHandlerClass
            self.server.httpd = make_server("localhost", self.server.port, self.server.app, handler_class=handler)
            self.serve()


def _new_key() -> dict[str, Any]:
    key = RSAKey.generate_key(2048)
    key.ensure_kid()
    return dict(key.as_dict(private=True))


@contextmanager
def ministry() -> Iterator[Ministry]:
    """A provider for as long as the block lasts; a process has one at a time, for what Canaille keeps is the process's."""
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # plain HTTP, on this machine
    port = pytest_iam.portpicker.pick_unused_port()
    said = {
        "TESTING": True, "ENV_FILE": None, "SECRET_KEY": secrets.token_hex(16), "WTF_CSRF_ENABLED": False,
        "PREFERRED_URL_SCHEME": "http", "SERVER_NAME": f"localhost:{port}",
        "CANAILLE": {"DATABASE": "memory", "JAVASCRIPT": False, "ACL": {"DEFAULT": {"PERMISSIONS": ["use_oidc"]}},
                     "LOGGING": {"version": 1, "disable_existing_loggers": False}},
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [_new_key()]},
    }  # fmt: skip
    app = create_app(config=said)
    found = Ministry(pytest_iam.Server(app, port, Backend.instance))
    found.serve()
    try:
        yield found
    finally:
        found.stop()
