"""A home's settings: entente.toml, each overridden by an environment variable ENTENTE_<NAME>. No secrets are kept here."""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from api.limits import Limits
from api.tokens import BY_EVENT, OF_A_NATION, Role
from ledger import errors

FILE = "entente.toml"

_PROVIDER = re.compile(r"[a-z0-9-]{1,32}").fullmatch


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An OpenID provider that a ministry's people sign in with, believed for the people of one `nation`, or of none.

    Its tokens name `issuer` and `audience` as they are written here, and are signed with keys found at `keys_url`. `roles`
    maps what `role_claim` says (a text, or a list) to a role. Where there is an `introspection_url` it is asked whether a
    token still holds, as `client_id` with the secret in `client_secret_file` (from the home's folder).
    """

    issuer: str
    audience: str
    keys_url: str
    roles: dict[str, Role]
    nation: Literal["", "GB", "FR"] = ""
    role_claim: str = "groups"
    introspection_url: str = ""
    client_id: str = ""
    client_secret_file: str = ""

    def __post_init__(self) -> None:
        allowed = (*OF_A_NATION, *BY_EVENT) if self.nation else (*BY_EVENT, "administrator")
        if wrong := sorted(set(self.roles.values()) - set(allowed)):
            raise ValueError(f"a provider {self._of()} gives no role {wrong[0]}, only {', '.join(allowed)}")
        if bool(self.introspection_url) != bool(self.client_id and self.client_secret_file):
            raise ValueError("introspection_url, client_id and client_secret_file are given together")
        if not self.issuer or not self.audience:
            raise ValueError("a provider has an issuer and an audience")
        if not all(url.startswith(("http://", "https://")) for url in (self.keys_url, self.introspection_url) if url):
            raise ValueError("keys_url and introspection_url are addresses: https://…")
        if not self.keys_url:
            raise ValueError("a provider has a keys_url")

    def _of(self) -> str:
        return f"of {self.nation}" if self.nation else "of no nation"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`origin` names the log. Databases are SQLAlchemy URLs; an empty one means the SQLite file of that name in the home.

    `site` is london or paris for a nation's own home, which mirrors the log, and empty where the log is made. `witnesses` are
    asked to cosign, by their names (or their group's) in the policy; with `peers` checkpoints are compared (URLs or folders).
    `timestamp_urls` are the time-stamping authorities that are asked, by names of your own; `timestamp_roots` the files (from
    the home's folder) with the certificates that their tokens must lead to, also those of authorities no longer asked.
    `document_roots` are the files with the certificates of the authorities that certify the officials who sign documents, and
    `revocation_lists` those with what these and the time-stamping ones have revoked, both by names of your own.
    `service_log` is the file (from the home's folder) of the service's log, standard error where it is empty. Of who asks, the
    word of `trusted_proxies` is taken (addresses, with commas). `tls_roots` is the file (from the home's folder) with the
    certificates that other sites' must lead to; where it is empty, those that the machine trusts. `providers` are whom people
    sign in with. All of them: docs/operations.md.
    """

    origin: str
    exercise: bool = False
    database: str = ""
    gb_database: str = ""
    fr_database: str = ""
    title: str = ""
    site: Literal["", "london", "paris"] = ""
    service_log: str = ""
    trusted_proxies: str = "127.0.0.1"
    tls_roots: str = ""
    witnesses: dict[str, str] = {}
    peers: dict[str, str] = {}
    timestamp_urls: dict[str, str] = {}
    timestamp_roots: dict[str, str] = {}
    document_roots: dict[str, str] = {}
    revocation_lists: dict[str, str] = {}
    providers: dict[str, Provider] = {}
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        issuers = [provider.issuer for provider in self.providers.values()]
        if not all(map(_PROVIDER, self.providers)) or len(set(issuers)) < len(issuers):
            raise ValueError("a provider has a name of letters, digits and dashes, and an issuer of its own")
        for proxy in filter(None, self.trusted_proxies.split(",")):
            try:
                ipaddress.ip_network(proxy.strip())
            except ValueError:
                # `*` would take every caller's own word on who he is, and a name is never compared with an address.
                raise ValueError(f"trusted_proxies are addresses or networks, with commas: {proxy!r} is none") from None


def load(home: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read a home's settings. Raises NotFound where there is no home, Malformed where the file is not understood."""
    path = home / FILE
    if not path.exists():
        raise errors.NotFound(f"there is no ledger in {home}", field="--home", remedy="make one with entente init")
    try:
        settings = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Settings)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as wrong:
        raise errors.Malformed(
            f"{FILE} is not understood: {wrong}", field=FILE, remedy="compare it with docs/operations.md"
        ) from wrong
    found = os.environ if environment is None else environment
    changed: dict[str, object] = {
        name: found[f"ENTENTE_{name.upper()}"]
        for name in ("database", "gb_database", "fr_database")
        if f"ENTENTE_{name.upper()}" in found
    }
    return msgspec.structs.replace(settings, **changed)


def save(home: Path, settings: Settings) -> None:
    """Write entente.toml. Values are strings, truths, numbers and tables of these, so that JSON's quoting is all it takes.

    Of the limits, those are written that are not as they come.
    """
    lines = ["# Settings of this ledger; URLs can be overridden by ENTENTE_<NAME> in the environment. No secrets belong here."]
    values = msgspec.structs.asdict(settings)
    usual = msgspec.structs.asdict(Limits())
    values["limits"] = {name: limit for name, limit in msgspec.structs.asdict(settings.limits).items() if limit != usual[name]}
    tables = {name: value for name, value in values.items() if isinstance(value, dict)}
    lines += [f"{name} = {_quoted(value)}" for name, value in values.items() if name not in tables]
    for name, table in tables.items():
        # A table of tables is written a table each.
        parts = {f"{name}.{key}": msgspec.structs.asdict(value) for key, value in table.items() if name == "providers"}
        for title, part in (parts or {name: table}).items():
            if part:
                lines += ["", f"[{title}]", *(f"{_quoted(key)} = {_quoted(value)}" for key, value in part.items())]
    (home / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _quoted(value: str | bool | int | dict[str, str]) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_quoted(key)} = {_quoted(each)}" for key, each in value.items()) + " }"
    return msgspec.json.encode(value).decode()
