"""`entente doctor`: settings that would break a promise, each with its remedy; 1 where one must be mended."""

from __future__ import annotations

import argparse
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.cli.arguments import Commands, Parser, add_command
from api.cli.rendering import table
from ledger import errors

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home

PRIVATE_SUFFIXES = (".pem",)
CLOCK_AHEAD_SECONDS_MAX = 2
STAMPED_DAYS_MAX = 1
NO = 1


@dataclass(frozen=True)
class Look:
    """One thing looked at. `is_fatal` is false for what deserves attention but breaks no promise by itself."""

    part: str
    setting: str
    value: str
    is_safe: bool
    remedy: str = ""
    is_fatal: bool = True


def add_to(commands: Commands[Parser]) -> None:
    """Add doctor."""
    add_command(commands, "doctor", run, "find settings that would break a promise, each with its remedy")


def run(session: Session, arguments: argparse.Namespace) -> int:
    """Look at everything."""
    with session.home() as home:
        looks = [look for part, check in CHECKS.items() for look in _looked(part, check, home)]
    wrong = [look for look in looks if not look.is_safe]
    ok = not any(look.is_fatal for look in wrong)
    fields = Look.__dataclass_fields__
    document = {"ok": ok, "checks": [{name: getattr(look, name) for name in fields} for look in looks]}
    session.answer(document, lambda: [*_rows(looks), "", _summary(wrong)])
    return 0 if ok else NO


def _looked(part: str, check: Callable[[Home], Iterator[Look]], home: Home) -> list[Look]:
    """What a check found; one that cannot even look is itself a finding."""
    try:
        return list(check(home))
    except errors.EntenteError as wrong:
        return [Look(part, wrong.field or "reading it", wrong.message, is_safe=False, remedy=wrong.remedy or "")]
    except OSError as wrong:
        return [Look(part, str(wrong.filename), str(wrong.strerror), is_safe=False, remedy="restore the file from a copy")]


def _rows(looks: list[Look]) -> list[str]:
    rows: list[list[str | int | None]] = []
    for look in looks:
        mark = "ok" if look.is_safe else ("WRONG" if look.is_fatal else "note")
        rows.append([mark, look.part, look.setting, look.value])
        if not look.is_safe:
            rows.append(["", "", "", f"do: {look.remedy}"])
    return table(rows)


def _summary(wrong: list[Look]) -> str:
    fatal = sum(look.is_fatal for look in wrong)
    if fatal:
        return f"{fatal} to mend before this ledger keeps its promises."
    return "Nothing here breaks a promise." + (f" {len(wrong)} to think about." if wrong else "")


# -- the checks ------------------------------------------------------------------------------------------------------------


def _store(home: Home) -> Iterator[Look]:
    from ledger.store.safety import findings

    for found in findings(home.reader.engine):
        yield Look("store", found.setting, found.value, found.is_safe, found.remedy, found.is_fatal)


def _guards(home: Home) -> Iterator[Look]:
    from ledger.evidence.triggers import missing_triggers

    wrong = missing_triggers(home.reader.engine)
    remedy = "find out who changed them, run `entente verify`, and restore the schema from its migrations"
    for what in wrong:
        yield Look("store", "guards", what, is_safe=False, remedy=remedy)
    if not wrong:
        yield Look("store", "guards", "the triggers are those of the migrations", is_safe=True)


def _schemas(home: Home) -> Iterator[Look]:
    import migrations

    engines = {"ledger": home.reader.engine} | {nation: home.view_store(nation).engine for nation in home.nations}
    for name, engine in engines.items():
        schema: migrations.Schema = "ledger" if name == "ledger" else "view"
        found, newest = migrations.revision(engine, schema), migrations.newest(schema)
        yield Look("schema", name, f"revision {found or 'none'}", found == newest, f"bring it to {newest} with entente upgrade")


def _key_files(home: Home) -> Iterator[Look]:
    folders = [home.path / name for name in ("keys", "london", "paris")]
    private = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in PRIVATE_SUFFIXES]
    loose = [path for path in private if stat.S_IMODE(path.stat().st_mode) & 0o077]
    for path in loose:
        mode = f"{stat.S_IMODE(path.stat().st_mode):04o}"
        yield Look("keys", path.name, f"mode {mode}: others may read it", is_safe=False, remedy=f"chmod 600 {path}")
    if not loose:
        yield Look("keys", "modes", f"{len(private)} private keys, for their owner alone", is_safe=True)
    both = all(home.key_path(f"authority-{nation}").exists() for nation in ("GB", "FR"))
    if both and not home.settings.exercise:
        remedy = "move each nation's keys to that nation before anything real is recorded"
        yield Look("keys", "authorities", "both nations' keys are in one place", is_safe=False, remedy=remedy, is_fatal=False)


def _clock(home: Home) -> Iterator[Look]:
    head = home.reader.head()
    if not head:
        return
    ahead = home.reader.recorded_at(head) / 1_000_000 - time.time()
    value = f"{ahead:.1f} s behind the last entry" if ahead > 0 else "not behind the last entry"
    yield Look(
        "clock", "this machine's", value, ahead <= CLOCK_AHEAD_SECONDS_MAX, "set the clock (chrony); appends wait until then"
    )


def _policy(home: Home) -> Iterator[Look]:
    policy = home.policy()
    origins = [log.key.name for log in policy.logs]
    listed = home.settings.origin in origins
    yield Look("policy", "log", ", ".join(origins), listed, f"policy.txt must list the key of {home.settings.origin}")
    yield Look(
        "policy", "quorum", policy.quorum, policy.quorum != "none",
        "name a group of both nations' cosigners, or nothing is ever final by anybody's word", is_fatal=False,
    )  # fmt: skip
    home.policy().verify(home.reader.signed_checkpoint())
    yield Look("policy", "checkpoint", "the newest one verifies under it", is_safe=True)


def _views(home: Home) -> Iterator[Look]:
    head = home.reader.head()
    for nation in home.nations:
        store = home.view_store(nation)
        progress = store.progress(store.live())
        behind = head - (progress.position if progress else 0)
        remedy = f"entente project {nation.lower()}"
        yield Look("views", nation, f"{behind} entries behind the log", behind == 0, remedy, is_fatal=False)
        parked = len(store.parked(store.live()))
        yield Look("views", f"{nation} parked", str(parked), not parked, "see entente situation --json", is_fatal=False)
        breaches = len(home.view(nation).breaches())
        remedy = f"correct or retract what was sealed: see entente situation {nation.lower()}"
        yield Look("views", f"{nation} breaches", str(breaches), not breaches, remedy, is_fatal=False)


def _timestamps(home: Home) -> Iterator[Look]:
    from api import stamping

    if not home.settings.timestamp_urls:
        return
    stamping.roots_of(home)
    stamped = stamping.newest(home)
    for name in home.settings.timestamp_urls:
        days = (stamping.now() - stamped[name].at) // stamping.DAY_MICROSECONDS if name in stamped else None
        value = "has stamped nothing" if days is None else f"stamped {days} days ago"
        yield Look(
            "timestamps", name, value, days is not None and days <= STAMPED_DAYS_MAX, "entente timestamp, once a day",
            is_fatal=False,
        )  # fmt: skip


CHECKS: dict[str, Callable[[Home], Iterator[Look]]] = {
    "store": _store,
    "guards": _guards,
    "schema": _schemas,
    "keys": _key_files,
    "clock": _clock,
    "policy": _policy,
    "views": _views,
    "timestamps": _timestamps,
}
