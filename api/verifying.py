"""`entente verify` of a whole home: the log, what stands beside it, what the cosigners remember, both views derived again, and
the schemas' revisions. Before all that, that every stored value is one that can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table

import migrations
from api import stamping
from api.home import Home
from ledger import errors
from ledger.evidence.exported import ExportedLog
from ledger.evidence.triggers import missing_triggers
from ledger.evidence.verify import verify
from ledger.formats.policies import Succession
from ledger.formats.policy import parse_policy
from ledger.store import tables
from ledger.store.audit import StoredRows
from ledger.store.engines import answering
from ledger.store.misfits import illegible, misfits
from projections import tables as view_tables
from projections.attest import check_view


def verify_home(
    home: Home,
    progress: Callable[[int], None] = lambda position: None,
    workers: int | None = None,
    *,
    check_triggers: bool = True,
) -> dict[str, Any]:
    """Re-hash and re-check everything a home holds, and that its tables are still guarded by their triggers.

    `check_triggers` is false only for who took them away and wants to know what else is found.

    Returns {"ok", "entries", "checked": {…, "views": [nations]}, "problems": [{"position", "what"}], "views": […],
    "timestamps": {"good", "lapsed", "unchecked"}}; a time stamp that lapsed or cannot be checked here is no problem of the log.
    Where a stored value is none of its column, or no text, only such values are named: nothing else is checked then.
    Raises only where nothing can be read at all.
    """
    unreadable = _each_database(home, misfits)
    if unreadable:
        return _unread(unreadable)
    try:
        with answering():
            return _verify(home, progress, workers, check_triggers=check_triggers)
    except errors.Unavailable:
        unreadable = _each_database(home, illegible)
        if not unreadable:
            raise
        return _unread(unreadable)


def _verify(home: Home, progress: Callable[[int], None], workers: int | None, *, check_triggers: bool) -> dict[str, Any]:
    openers = {nation: key for nation in home.nations if (key := home.sealing_key(nation)) is not None}
    rows, holder = StoredRows(home.reader.engine), home.nations[0] if home.settings.site else ""
    remembered, wrong_state = home.recalled()
    answer = verify(rows, home.policy(), remembered, openers, progress, workers, holder)
    problems = answer["problems"]
    problems += _told(wrong_state) + _revisions(home) + _policy(home)
    if check_triggers:
        problems += [{"position": 0, "what": what} for what in missing_triggers(home.reader.engine)]
    views = []
    for nation in home.nations:
        try:
            view, wrong = check_view(home.view_store(nation), home.reader, openers.get(nation), answer["entries"])
        except errors.EntenteError as unread:
            view, wrong = {"view": nation}, [{"position": 0, "what": f"view {nation} cannot be read: {unread}"}]
        views.append(view)
        problems += wrong
    answer["timestamps"] = _timestamps(home, problems)
    answer["checked"]["timestamps"] = answer["timestamps"]["good"]
    problems.sort(key=lambda problem: problem["position"])
    answer["ok"] = not problems
    answer["checked"]["views"] = [view["view"] for view in views]
    return {**answer, "views": views}


def verify_export(
    folder: Path, policy_file: Path | None, progress: Callable[[int], None] = lambda position: None
) -> dict[str, Any]:
    """Verify an exported folder of tiles. Without a policy from elsewhere the folder's own is used, and the answer says so.

    Returns the shape of `verify_home`, with no views. A checkpoint that is not final under the policy is a problem: the folder
    then proves nobody's word but the log's. Raises NotFound, BadNote.
    """
    given = policy_file or folder / "policy.txt"
    if not given.is_file():
        raise errors.NotFound(f"there is no policy file {given}", field="--policy", remedy="get it from a place you trust")
    content, exported = given.read_bytes(), ExportedLog(folder)
    policy = parse_policy(content)
    if torn := exported.unreadable():
        answer = _unread(_told(torn))
    else:
        answer = verify(exported, policy, {}, None, progress)
        answer["problems"] = sorted(answer["problems"] + _told(exported.beside(policy, content)), key=lambda p: p["position"])
        answer["ok"] = not answer["problems"]
        answer["checked"]["views"] = []
    return {**answer, "views": [], "policy": "given" if policy_file else "from the folder itself: it fits together, no more"}


def _told(problems: Iterable[tuple[int, str]]) -> list[dict[str, Any]]:
    return [{"position": position, "what": what} for position, what in problems]


def _timestamps(home: Home, problems: list[dict[str, Any]]) -> dict[str, int]:
    """How many chains of time-stamp tokens are good, lapsed, or cannot be checked here; what is wrong joins the problems."""
    counts = {"good": 0, "lapsed": 0, "unchecked": 0}
    try:
        chains, wrong = stamping.verify(home)
    except errors.EntenteError as unread:
        problems.append({"position": 0, "what": f"time stamps cannot be verified: {unread}"})
        return counts
    problems += [{"position": size, "what": what} for size, what in wrong]
    for chain in chains:
        counts[chain.state(stamping.now())] += 1
    return counts


def _policy(home: Home) -> list[dict[str, Any]]:
    """The policy trusted here is one that both nations adopted, where the log says of any that they did."""
    if not home.reader.adopted() or isinstance(home.policy(), Succession):
        return []
    return [{"position": 0, "what": "policy.txt is none of the policies that the log says both nations adopted"}]


def _each_database(home: Home, look: Callable[[Engine, Iterable[Table]], list[tuple[int, str]]]) -> list[dict[str, Any]]:
    """What is found in the tables of the log and of the views."""
    with answering():
        found = look(home.reader.engine, tables.metadata.sorted_tables)
        for nation in home.nations:
            of_view = look(home.view_store(nation).engine, view_tables.metadata.sorted_tables)
            found += [(position, f"view {nation}: {what}") for position, what in of_view]
    return _told(found)


def _unread(problems: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer where values cannot be read: those, and nothing checked."""
    problems.append({"position": 0, "what": "nothing else was checked: what cannot be read can be neither hashed nor compared"})
    problems.sort(key=lambda problem: problem["position"])
    checked: dict[str, Any] = {"cosignatures": [], "views": []}
    timestamps = {"good": 0, "lapsed": 0, "unchecked": 0}
    return {"ok": False, "entries": 0, "checked": checked, "problems": problems, "views": [], "timestamps": timestamps}


def _revisions(home: Home) -> list[dict[str, Any]]:
    """Each schema stands at the revision this version of the code was written for."""
    wrong = []
    stores: list[tuple[str, Engine, migrations.Schema]] = [("ledger", home.reader.engine, "ledger")]
    stores += [(nation, home.view_store(nation).engine, "view") for nation in home.nations]
    for name, engine, schema in stores:
        newest = migrations.newest(schema)
        try:
            with answering():
                found = migrations.revision(engine, schema)
        except errors.Unavailable as unread:
            found = f"({unread})"
        if found != newest:
            wrong.append({"position": 0, "what": f"schema of {name} says revision {found}, this version needs {newest}"})
    return wrong
