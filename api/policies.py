"""The policies of a home: the newest in policy.txt, all that were adopted in policies/, and how one follows another.

A key of the log, or a nation's cosigner's, is changed in two steps, each a policy file of its own that both nations adopt: one
that lists old and new, while both sign, then one that lists the new alone. Files are named after their digest; what the log
says of digests and sizes decides which governs what (ledger/formats/policies.py).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.registrar import LEDGER, Registrar
from ledger import errors
from ledger.events.approvals import NATIONS
from ledger.formats import policies
from ledger.formats.keys import SigningKey
from ledger.formats.note import ED25519_NOTE, VerifierKey
from ledger.formats.policy import Group, Log, Policy, Witness, parse_policy
from ledger.store.receipt import Receipt

if TYPE_CHECKING:
    from api.home import Home

FOLDER = "policies"
ATTEMPTS = 5
BEFORE, AFTER = "before", "after"


# -- files ------------------------------------------------------------------------------------------------------------------


def files(home: Path) -> dict[str, bytes]:
    """The policy files kept in a home by digest; a file that is not what its name says is none."""
    found = {path.stem: path.read_bytes() for path in sorted((home / FOLDER).glob("*.txt"))}
    return {name: content for name, content in found.items() if policies.digest(content) == name}


def keep(home: Path, content: bytes) -> str:
    """Keep a policy file, and have it on disk before returning; returns its digest."""
    sha256 = policies.digest(content)
    path = home / FOLDER / f"{sha256}.txt"
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        _write(path, content)
    return sha256


def governing(home: Home, size: int) -> bytes:
    """The file of the policy that governs a checkpoint of this size: the one the log adopted, else the one trusted here.

    Raises NotFound where it is on record and not held.
    """
    newest = home.policy_path.read_bytes()
    held = files(home.path) | {policies.digest(newest): newest}
    sha256 = policies.adopted_at(home.reader.adopted(), size) or policies.digest(newest)
    if sha256 not in held:
        raise errors.NotFound(
            f"the policy {sha256[:16]}…, which the log says governs its first {size} entries, is not held here",
            field="policy.txt",
            remedy="entente key policy FILE takes it over from whoever has it",
        )
    return held[sha256]


def require_listed(home: Path, keys: Sequence[SigningKey], sha256: str) -> None:
    """Whoever signs with these keys of the log may go on under a policy that was adopted meanwhile. Raises UnsafeSetting."""
    newest = (home / "policy.txt").read_bytes()
    content = {**files(home), policies.digest(newest): newest}.get(sha256)
    if content is None:
        raise errors.UnsafeSetting(
            f"both nations adopted the policy {sha256[:16]}…, which is not held here",
            field="policy.txt",
            remedy="entente key policy FILE takes it over; then start what serves or appends again",
        )
    listed = {log.key.public for log in parse_policy(content).logs}
    if not any(key.public in listed for key in keys):
        raise errors.UnsafeSetting(
            "both nations adopted a policy under which another key of the log signs than the one in use",
            field="policy.txt",
            remedy="start what serves or appends again",
        )


def put(home: Path, content: bytes) -> None:
    """Make a policy the one that is trusted from now on."""
    keep(home, content)
    _write(home / "policy.txt", content)


def _write(path: Path, content: bytes) -> None:
    """All of a file or nothing of it."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


# -- adopting -----------------------------------------------------------------------------------------------------------------


def adopt(home: Home, content: bytes, registrar: Registrar | None = None) -> Receipt:
    """Have both nations adopt a policy from the next entry on, and trust it here. Raises BadNote, or the ledger's refusal.

    The policy that held before it is put on record first where that was never done.
    """
    parse_policy(content)
    registrar = registrar or Registrar(home)
    keep(home.path, home.policy_path.read_bytes())
    keep(home.path, content)
    if not home.reader.adopted():
        _adopted(registrar, home.policy_path.read_bytes(), 1)
    receipt = _adopted_next(home, registrar, content)
    put(home.path, content)
    home.reopen()
    return receipt


def adopt_first(home: Home, registrar: Registrar) -> Receipt:
    """Put on record which policy holds from the start."""
    content = home.policy_path.read_bytes()
    keep(home.path, content)
    receipt = _adopted(registrar, content, 1)
    home.reopen()
    return receipt


def keep_adopted(home: Home) -> None:
    """Keep the policy that is trusted here once the log says that both nations adopted it."""
    content = home.policy_path.read_bytes()
    if policies.digest(content) in [sha256 for sha256, _ in home.reader.adopted()]:
        keep(home.path, content)
        home.reopen()


def take_over(home: Home, content: bytes) -> None:
    """Keep a policy file that the log says both nations adopted; the newest of those held is trusted from now on.

    Raises BadNote, or NotFound where nobody adopted it.
    """
    parse_policy(content)
    adopted = [sha256 for sha256, _ in home.reader.adopted()]
    if policies.digest(content) not in adopted:
        raise errors.NotFound(
            f"no entry here adopts the policy {policies.digest(content)[:16]}…",
            field="FILE",
            remedy="mirror the log up to the entry that does",
        )
    keep(home.path, home.policy_path.read_bytes())
    keep(home.path, content)
    held = files(home.path)
    put(home.path, held[next(sha256 for sha256 in reversed(adopted) if sha256 in held)])
    home.reopen()


def on_record(home: Home) -> list[dict[str, Any]]:
    """Each policy on record: {"from_size", "sha256", "held", "trusted"}: whether its file is here, and policy.txt."""
    held, newest = files(home.path), policies.digest(home.policy_path.read_bytes())
    return [
        {"from_size": from_size, "sha256": sha256, "held": sha256 in {*held, newest}, "trusted": sha256 == newest}
        for sha256, from_size in home.reader.adopted()
    ]


def _adopted_next(home: Home, registrar: Registrar, content: bytes) -> Receipt:
    """From the entry that says so on. Others may append meanwhile: then that entry stands later, and says so anew."""
    for attempt in range(ATTEMPTS):
        try:
            return _adopted(registrar, content, home.reader.head() + 1)
        except errors.NotAllowed as refused:
            if refused.field != "data.from_size" or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def _adopted(registrar: Registrar, content: bytes, from_size: int) -> Receipt:
    data = {"sha256": policies.digest(content), "from_size": from_size}
    return registrar.state("policy.adopted", LEDGER, data, NATIONS)


# -- one key after another --------------------------------------------------------------------------------------------------


def with_log_key(policy: Policy, origin: str, public: bytes) -> Policy:
    """The policy under which a new key of the log signs beside the old one. Raises BadQuestion while another is on its way."""
    if len(_keys_of(policy, origin)) > 1:
        raise errors.BadQuestion("one key of the log follows another already", remedy="entente key retire log")
    return replace(_plain(policy), logs=(*policy.logs, Log(VerifierKey(origin, ED25519_NOTE, public))))


def without_old_log_key(policy: Policy, origin: str) -> Policy:
    """The policy under which the newest key of the log signs alone. Raises BadQuestion where there is no other."""
    keys = _keys_of(policy, origin)
    if len(keys) < 2:
        raise errors.BadQuestion("the log has one key", remedy="entente key rotate log makes its successor")
    return replace(_plain(policy), logs=tuple(log for log in policy.logs if log.key not in keys[:-1]))


def newest_log_key(policy: Policy, origin: str) -> VerifierKey:
    """The key of the log that is listed last."""
    return _keys_of(policy, origin)[-1]


def _keys_of(policy: Policy, origin: str) -> list[VerifierKey]:
    return [log.key for log in policy.logs if log.key.name == origin]


def with_witnesses(policy: Policy, site: str, pair: Mapping[str, Witness]) -> Policy:
    """The policy under which a site cosigns with its old keys or with these new ones.

    Raises BadQuestion while others are on their way, or where the site's group is not one of all its keys.
    """
    group = policy.groups.get(site)
    if group is not None and _parts(site) == group.members:
        raise errors.BadQuestion(f"one pair of keys of {site} follows another already", remedy=f"entente key retire {site}")
    if group is None or group.threshold != len(group.members) or not set(group.members) <= policy.witnesses.keys():
        raise errors.BadQuestion(
            f"the policy has no group {site} of all its keys", remedy="write the policy by hand, then: entente key policy FILE"
        )
    before, after = _parts(site)
    groups: dict[str, Group] = {}
    for name, other in policy.groups.items():
        if name == site:
            groups |= {before: group, after: Group(len(pair), tuple(pair)), site: Group(1, (before, after))}
        else:
            groups[name] = other
    return replace(_plain(policy), witnesses={**policy.witnesses, **pair}, groups=groups)


def without_old_witnesses(policy: Policy, site: str) -> Policy:
    """The policy under which a site cosigns with its new keys alone. Raises BadQuestion where there are no others."""
    before, after = _parts(site)
    if before not in policy.groups or after not in policy.groups:
        raise errors.BadQuestion(
            f"{site} has one pair of keys", remedy=f"entente key rotate {site} makes, or takes in, the next"
        )
    old, new = policy.groups[before], policy.groups[after]
    witnesses = {name: witness for name, witness in policy.witnesses.items() if name not in old.members}
    groups = {name: new if name == site else group for name, group in policy.groups.items() if name not in (before, after)}
    return replace(_plain(policy), witnesses=witnesses, groups=groups)


def new_pair(site: str) -> str:
    """The group of a site's new keys while both cosign."""
    return _parts(site)[1]


def _parts(site: str) -> tuple[str, str]:
    return f"{site}-{BEFORE}", f"{site}-{AFTER}"


def _plain(policy: Policy) -> Policy:
    """The newest policy by itself."""
    return Policy(policy.logs, policy.witnesses, policy.groups, policy.quorum)
