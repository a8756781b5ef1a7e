"""Whose approval the registry asks for: judged by what is registered at a position, never by what an event says of itself."""

from __future__ import annotations

from ledger import errors
from ledger.events.key_types import KeyRegistered
from ledger.events.registry import NATION_AUTHORITIES, Registry
from ledger.events.registry_types import AuthorityRegistered

NATIONS = ("GB", "FR")
# Roles in which nobody but a nation itself can hold a key; an authority key changes hands by rotation only.
NATIONAL_ROLES = ("sealer", "sealing")


def nations_of(nation: str) -> set[str]:
    """Whose approval something of this nation needs: operators' and the centre's need both."""
    return {nation} if nation in NATIONS else set(NATIONS)


def owner_nation(data: KeyRegistered, registry: Registry) -> str:
    """The nation of the owner of a new key, as registered; what the event says of it must be the same. Raises NotAllowed."""
    nation = registry.nation_of(data.owner)
    if nation is None:
        raise errors.NotAllowed(f"{data.owner} is not registered", field="data.owner", remedy="register the authority first")
    if data.nation != (nation if nation in NATIONS else None):
        raise errors.NotAllowed(f"{data.owner} is registered as {nation}", field="data.nation")
    if data.role == "national_authority":
        raise errors.NotAllowed("a national authority key is replaced by rotation only", field="data.role")
    if data.role in NATIONAL_ROLES and data.owner not in NATIONS:
        raise errors.NotAllowed(f"a {data.role} key belongs to a nation itself", field="data.owner")
    return nation


def approving(data: AuthorityRegistered, registry: Registry) -> set[str]:
    """Who approves an authority: its nation, the nation it was of before, and that of what it becomes part of."""
    if data.code in NATION_AUTHORITIES:
        raise errors.NotAllowed("the nations themselves are not registered", field="data.code")
    needed = nations_of(data.nation) | nations_of(registry.nation_of(data.code) or data.nation)
    if data.part_of is not None:
        parent = registry.nation_of(data.part_of)
        if parent is None:
            raise errors.NotAllowed(f"{data.part_of} is not registered", field="data.part_of")
        needed |= nations_of(parent)
    return needed
