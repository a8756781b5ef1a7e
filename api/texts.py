"""Free text that stands beside an event, opened with a nation's own key where this home holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec

from ledger import events
from ledger.formats import sealing
from ledger.formats.entry import split_entry

if TYPE_CHECKING:
    from api.home import Home

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def text_of(home: Home, position: int, nation: str) -> dict[str, Any]:
    """The text fields of a joint event, by name; empty where there are none, they were erased, or the key is not here.

    Raises BadSection where the section is not what the signed payload commits to.
    """
    return opened_section(home, position, nation, "text")


def opened_section(home: Home, position: int, nation: str, name: str) -> dict[str, Any]:
    """A section of a joint event, as the nation's own key opens it; empty where there is none or none that opens here.

    Raises BadSection where the section is not what the signed payload commits to.
    """
    _, _, _, payload = split_entry(home.ledger.entry(position))
    header = events.decode_header(payload)
    commitment = next((c for c in header.sections if c.name == name), None)
    section = home.ledger.sections(position).get(name)
    key = home.sealing_key(nation)
    if commitment is None or section is None or key is None or nation not in section.wraps:
        return {}
    promised = cast(sealing.Commitment, msgspec.to_builtins(commitment))
    return _decode(sealing.open_section(promised, section, header.origin, header.id, nation, key))
