"""`entente upgrade`: a home's databases brought to the schema of this version.

Forward only: an append-only log has no downgrade.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from api.cli.arguments import Commands, Parser, add_command

if TYPE_CHECKING:
    from api.cli.session import Session


def add_to(commands: Commands[Parser]) -> None:
    """Add upgrade."""
    add_command(
        commands, "upgrade", run, "bring this home's databases to the schema of this version",
        "Stop what serves and follows, back up, upgrade, start again. There is no way back but the backup.",
    )  # fmt: skip


def run(session: Session, arguments: argparse.Namespace) -> int:
    """Upgrade the log and the views that are kept here."""
    from migrations import newest

    with session.home() as home:
        before = home.upgrade()
    after = {name: newest("ledger" if name == "log" else "view") for name in before}
    session.answer(
        {"from": before, "to": after},
        lambda: [f"{name}: revision {was or 'none'} → {after[name]}" for name, was in before.items()],
    )
    return 0
