"""A home's settings: entente.toml, each overridden by an environment variable ENTENTE_<NAME>. No secrets are kept here."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ledger import errors

FILE = "entente.toml"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`origin` names the log. URLs are SQLAlchemy's; an empty one means the SQLite file of that name in the home."""

    origin: str
    exercise: bool = False
    database: str = ""
    gb_database: str = ""
    fr_database: str = ""
    title: str = ""


def load(home: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read a home's settings. Raises NotFound where there is no home, Malformed where the file is not understood."""
    path = home / FILE
    if not path.exists():
        raise errors.NotFound(f"there is no ledger in {home}", field="--home", remedy="make one with entente init")
    try:
        settings = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Settings)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as wrong:
        raise errors.Malformed(
            f"{FILE} is not understood: {wrong}", field=FILE, remedy="compare it with docs/operations"
        ) from wrong
    found = os.environ if environment is None else environment
    changed: dict[str, object] = {
        name: found[f"ENTENTE_{name.upper()}"]
        for name in ("database", "gb_database", "fr_database")
        if f"ENTENTE_{name.upper()}" in found
    }
    return msgspec.structs.replace(settings, **changed)


def save(home: Path, settings: Settings) -> None:
    """Write entente.toml. Values are plain strings and truths, so that TOML's own quoting is all it takes."""
    lines = ["# Settings of this ledger; each can be overridden by ENTENTE_<NAME> in the environment. No secrets belong here."]
    for name, value in msgspec.structs.asdict(settings).items():
        lines.append(f"{name} = {msgspec.json.encode(value).decode()}")
    (home / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
