"""`entente key rotate log|london|paris, retire, policy`: the keys of the log and of its cosigners, under adopted policies."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, Usage, add_command
from api.cli.rendering import table
from ledger import errors

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home
    from ledger.formats.policy import Policy, Witness
    from ledger.store.receipt import Receipt

SITES = ("london", "paris")
ROTATED = ("log", *SITES)


def add_to_keys(group: Commands[Parser]) -> None:
    """Add retire and policy."""
    retire = add_command(group, "retire", run_retire, "end the overlap: the new key of the log, or of a cosigner, signs alone")
    retire.add_argument("which", choices=ROTATED, metavar="log|london|paris")
    policy = add_command(
        group, "policy", run_policy, "the policies on record, from which size each governs, and whether its file is here",
        "With FILE: keep a policy file that the log says both nations adopted; with --adopt as well, have them adopt it.",
    )  # fmt: skip
    policy.add_argument("file", metavar="FILE", nargs="?", type=Path, help="a policy file to keep, or to adopt")
    policy.add_argument("--adopt", action="store_true", help="record it, signed by both nations, from the next entry on")


def run_rotate(session: Session, arguments: argparse.Namespace) -> int:
    """Begin an overlap; in a site's own home only make the keys that its policy is to list."""
    which: str = arguments.old
    if arguments.next:
        raise Usage(arguments.command, "--next is for keys of the ring")
    with session.home() as home:
        if home.settings.site:
            return _make_pair(session, home, which)
        if which == "log":
            receipt = _rotate_log(home)
        else:
            receipt = _rotate_site(home, which, arguments.witnesses)
        document = _adopted(home, which, receipt)
        lines = [
            f"A new policy governs from size {document['from_size']} on: {which} signs with the old and the new key.",
            "Restart what serves or appends to this log; hand policy.txt to both sites (entente key policy FILE there).",
            f"When the new key has signed: entente key retire {which}",
        ]
        session.answer(document, lambda: lines)
    return 0


def _make_pair(session: Session, home: Home, which: str) -> int:
    from api.home import WITNESSES
    from ledger.evidence import cosigner
    from ledger.formats.policy import format_witnesses

    if which != home.settings.site:
        raise errors.BadQuestion(f"this is {home.settings.site}'s own home", field="OLD", remedy=f"rotate {home.settings.site}")
    kinds = cosigner.add_pair(home.path / which)
    found = home.local_witnesses(which)
    path = home.path / which / WITNESSES
    path.write_bytes(format_witnesses({f"{which}-{kind}": found[f"{which}-{kind}"] for kind in kinds}))
    document = {"site": which, "witnesses": str(path), "exercise": home.settings.exercise}
    lines = [
        f"{path} names the new keys of {which}, which sign once a policy lists them.",
        f"Where the log is: entente key rotate {which} --witnesses FILE",
    ]
    session.answer(document, lambda: lines)
    return 0


def _rotate_log(home: Home) -> Receipt:
    from api import policies
    from ledger.formats.keys import SigningKey, save_private
    from ledger.formats.policy import format_policy

    key = SigningKey.generate()
    content = format_policy(policies.with_log_key(_newest(home), home.settings.origin, key.public))
    save_private(home.key_path(f"log-{key.key_id[:8]}"), key)
    return policies.adopt(home, content)


def _rotate_site(home: Home, site: str, file: Path | None) -> Receipt:
    from api import policies
    from ledger.evidence import cosigner
    from ledger.formats.policy import format_policy

    if file is None and not (home.path / site / "name").is_file():
        raise errors.BadQuestion(
            f"the cosigner of {site} is not here",
            field="--witnesses",
            remedy=f"run entente key rotate {site} in its own home first",
        )
    policy = _newest(home)
    policies.with_witnesses(policy, site, {})  # says what is in the way before any key is made
    if file is not None:
        pair: Mapping[str, Witness] = _witnesses(file)
    else:
        kinds = cosigner.add_pair(home.path / site)
        made = home.local_witnesses(site)
        pair = {f"{site}-{kind}": made[f"{site}-{kind}"] for kind in kinds}
    return policies.adopt(home, format_policy(policies.with_witnesses(policy, site, pair)))


def _witnesses(file: Path) -> dict[str, Witness]:
    from ledger.formats.policy import parse_policy

    return parse_policy(file.read_bytes() + b"quorum none\n").witnesses


def run_retire(session: Session, arguments: argparse.Namespace) -> int:
    """End an overlap, once the new key has signed the newest checkpoint."""
    from api import policies
    from ledger.formats.policy import format_policy

    which: str = arguments.which
    with session.home() as home:
        policy, origin = _newest(home), home.settings.origin
        if which == "log":
            content = format_policy(policies.without_old_log_key(policy, origin))
        else:
            content = format_policy(policies.without_old_witnesses(policy, which))
        _require_signed(home, policy, which)
        document = _adopted(home, which, policies.adopt(home, content))
        lines = [
            f"A new policy governs from size {document['from_size']} on: the new key of {which} signs alone.",
            "Restart what serves or appends to this log, hand policy.txt to both sites, and destroy the old private key.",
        ]
        session.answer(document, lambda: lines)
    return 0


def _require_signed(home: Home, policy: Policy, which: str) -> None:
    """What nobody has seen the new key sign is no overlap."""
    from api import policies
    from ledger.formats import note

    signed = home.reader.signed_checkpoint()
    if which == "log":
        new = policies.newest_log_key(policy, home.settings.origin)
        _, lines = note.split_note(signed)
        has_signed = any((line.name, line.key_id) == (new.name, new.key_id) for line in lines)
        remedy = "restart what appends, record something, and try again"
    else:
        has_signed = policy.has_witnessed(policies.new_pair(which), policy.verify(signed).cosigned)
        remedy = f"let {which} cosign the newest checkpoint with its new keys, and try again"
    if not has_signed:
        raise errors.NotInThisState(
            f"the new key of {which} has not signed the newest checkpoint", field="which", remedy=remedy
        )


def run_policy(session: Session, arguments: argparse.Namespace) -> int:
    """Keep or adopt a policy file, then list what is on record; 1 where one of them is not here."""
    from api import policies

    if arguments.adopt and arguments.file is None:
        raise Usage(arguments.command, "--adopt needs the FILE")
    with session.home() as home:
        if arguments.file is not None:
            content = arguments.file.read_bytes()
            if arguments.adopt:
                policies.adopt(home, content)
            else:
                policies.take_over(home, content)
        rows = policies.on_record(home)
        document = {"policies": rows, "exercise": home.settings.exercise}
        cells = [
            [row["from_size"], row["sha256"], "yes" if row["held"] else "NO", "now" if row["trusted"] else ""] for row in rows
        ]
        session.answer(document, lambda: table(cells, ("From size", "SHA-256", "Here", ""), "r") or ["No policy is on record."])
    return 0 if all(row["held"] for row in rows) else 1


def _newest(home: Home) -> Policy:
    from ledger.formats.policy import parse_policy

    return parse_policy(home.policy_path.read_bytes())


def _adopted(home: Home, which: str, receipt: Receipt) -> dict[str, Any]:
    sha256, from_size = home.reader.adopted()[-1]
    return {
        "rotated": which, "sha256": sha256, "from_size": from_size, "receipt": receipt.as_dict(),
        "exercise": home.settings.exercise,
    }  # fmt: skip
