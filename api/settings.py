"""A home's settings: entente.toml, each overridden by an environment variable ENTENTE_<NAME>. No secrets are kept here."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from api.limits import Limits
from ledger import errors

FILE = "entente.toml"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`origin` names the log. Databases are SQLAlchemy URLs; an empty one means the SQLite file of that name in the home.

    `site` is london or paris for a nation's own home, which mirrors the log, and empty where the log is made. `witnesses` are
    asked to cosign, by their names (or their group's) in the policy; with `peers` checkpoints are compared (URLs or folders).
    `timestamp_urls` are the time-stamping authorities that are asked, by names of your own; `timestamp_roots` the files (from
    the home's folder) with the certificates that their tokens must lead to, also those of authorities no longer asked.
    `service_log` is the file (from the home's folder) of the service's log, standard error where it is empty. Of who asks, the
    word of `trusted_proxies` is taken (addresses, with commas). All of them: docs/operations.md.
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
    witnesses: dict[str, str] = {}
    peers: dict[str, str] = {}
    timestamp_urls: dict[str, str] = {}
    timestamp_roots: dict[str, str] = {}
    limits: Limits = Limits()


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
        if table:
            lines += ["", f"[{name}]", *(f"{_quoted(key)} = {_quoted(value)}" for key, value in table.items())]
    (home / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _quoted(value: str | bool | int) -> str:
    return msgspec.json.encode(value).decode()
