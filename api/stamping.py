"""Time stamps of a home: final checkpoints put to the authorities that its settings name, their tokens kept, renewed, verified.

Every clock here is the machine's, also in an exercise: an authority's time is the world's.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from ledger import errors
from ledger.evidence import stamps as folder
from ledger.evidence.checks import Problem
from ledger.evidence.stamps import Chain, Stamps
from ledger.evidence.timestamping import MICROSECONDS, Roots, Token, read_roots, stamped_bytes, verify_chain
from ledger.formats.entry import format_instant

if TYPE_CHECKING:
    from api.home import Home
    from ledger.evidence.authority import Answer, Wanted

DAY_MICROSECONDS = 86_400 * MICROSECONDS
RENEW_DAYS = 90
"""How long before its certificate ends a chain is renewed, unless told otherwise."""


def kept(home: Home) -> Stamps:
    """The folder of stamped checkpoints; it need not be there yet."""
    return Stamps(home.path / folder.FOLDER)


def roots_of(home: Home) -> dict[str, Roots]:
    """Each authority's certificates, by its name in the settings. Raises Malformed or NotFound naming the setting."""
    found = {}
    for name, file in home.settings.timestamp_roots.items():
        field = f"timestamp_roots.{name}"
        if not folder.is_authority(name):
            raise errors.Malformed("a name has 1 to 24 of a-z 0-9 -", field=field)
        path = home.path / file
        if not path.is_file():
            raise errors.NotFound(
                f"there is no file {path}", field=field, remedy="put the authority's certificates (PEM) there"
            )
        try:
            found[name] = read_roots(path.read_bytes())
        except errors.Malformed as wrong:
            wrong.field = field
            raise
    return found


def verify(home: Home, only: Collection[tuple[int, str]] | None = None) -> tuple[list[Chain], list[Problem]]:
    """Every chain kept here (or `only` those) that holds or cannot be checked, and what is wrong, by size."""
    roots, exercise = roots_of(home), home.settings.exercise
    return folder.verify_stamps(kept(home), home.held, home.policy(), roots, exercise=exercise, only=only)


def stamped_by(home: Home, position: int) -> Chain | None:
    """The earliest good word of an authority on a checkpoint that covers a position, or None."""
    first: dict[str, int] = {}
    for size, name in kept(home).chains():
        if size >= position:
            first.setdefault(name, size)
    only = {(size, name) for name, size in first.items()}
    chains = verify(home, only)[0] if only else []
    return min((c for c in chains if c.state(now()) == "good"), key=lambda chain: chain.tokens[0].at, default=None)


def newest(home: Home) -> dict[str, Token]:
    """The newest first token of each authority, by its name; of those whose word holds."""
    return {name: token for name, (_, token) in _newest_by(kept(home), roots_of(home)).items()}


def now() -> int:
    """The machine's clock, in microseconds."""
    return time.time_ns() // 1_000


# -- stamping and renewing ------------------------------------------------------------------------------------------------


def stamp(home: Home, *, everyone: bool = False) -> list[dict[str, Any]]:
    """Have the newest final checkpoint stamped: once a UTC day by each authority, or by `everyone` whether it has or not.

    Returns one row for each authority, {"authority", "state": stamped|already|failed, "size", "at", "why"}: one that is down or
    answers wrongly keeps no other from stamping. Raises NotFound where nothing is final, BadQuestion without authorities.
    """
    from ledger.evidence.authority import Wanted

    roots, urls = roots_of(home), _urls(home)
    final = home.finality().newest_final()
    if final is None:
        raise errors.NotFound("no checkpoint is final yet", remedy="both nations must co-sign one: entente cosign")
    stamps, size = kept(home), final.checkpoint.size
    # A note gains lines when further witnesses sign: of a size that stays stamped which was stamped first.
    note = stamps.note(size) or home.reader.signed_checkpoint(size)
    verified = folder.require_stampable(note, size, home.held, home.policy())
    cosigned_at = 0 if home.settings.exercise else folder.last_cosigned(verified)
    rows = {
        name: _row(name, "already", at, token)
        for name, (at, token) in _newest_by(stamps, roots).items()
        if at == size or (_is_today(token.at) and not everyone)
    }
    wanted = {name: Wanted(url, note, roots[name]) for name, url in urls.items() if name not in rows}
    for name, answer in _obtain(wanted).items():
        rows[name] = _kept(stamps, (size, name, 1), note, answer, cosigned_at)
    return [rows[name] for name in urls]


def _newest_by(stamps: Stamps, roots: Mapping[str, Roots]) -> dict[str, tuple[int, Token]]:
    """The newest size each authority has stamped, and its first token there; those whose token does not hold are left out."""
    sizes = {name: size for size, name in stamps.chains()}  # in order of size: the last one stays
    found = {}
    for name, size in sizes.items():
        try:
            (token,) = verify_chain(stamps.note(size) or b"", stamps.responses(size, name, 1), roots.get(name, ()))
            found[name] = size, token
        except errors.BadTimestamp:
            continue
    return found


def renew(home: Home, days: int = RENEW_DAYS) -> list[dict[str, Any]]:
    """Renew every chain whose newest certificate ends within so many days, while it still holds.

    Returns rows as `stamp` does. Of an authority that has failed nothing more is asked.
    """
    from ledger.evidence.authority import Wanted

    roots, urls = roots_of(home), _urls(home)
    stamps, until = kept(home), now() + days * DAY_MICROSECONDS
    due = [chain for chain in verify(home)[0] if chain.state(now()) == "good" and chain.tokens[-1].expires_at <= until]
    rows: list[dict[str, Any]] = []
    failed: set[str] = set()
    for chain in due:
        size, name = chain.size, chain.authority
        if name not in urls:
            rows.append(_row(name, "failed", size, why="it is not among timestamp_urls any more"))
        elif name not in failed:
            note = stamps.note(size) or b""
            over = stamped_bytes(note, stamps.responses(size, name, chain.responses))
            answer = _obtain({name: Wanted(urls[name], over, roots[name])})[name]
            rows.append(_kept(stamps, (size, name, chain.responses + 1), note, answer, renewed=chain.tokens[-1]))
            if rows[-1]["state"] == "failed":
                failed.add(name)
    return rows


def _obtain(wanted: Mapping[str, Wanted]) -> dict[str, Answer]:
    from ledger.evidence.authority import obtain

    return obtain(wanted, now)


def _kept(
    stamps: Stamps, place: tuple[int, str, int], note: bytes, answer: Answer, cosigned_at: int = 0, renewed: Token | None = None
) -> dict[str, Any]:
    """Keep what an authority answered, at (size, name, number), or say why not."""
    size, name, number = place
    if isinstance(answer, errors.EntenteError):
        return _row(name, "failed", size, why=str(answer))
    try:
        folder.require_after(answer.token, cosigned_at)
        if renewed is not None and answer.token.expires_at <= renewed.expires_at:
            raise errors.BadTimestamp("nothing is gained: its certificate ends no later than the one to be renewed")
        stamps.keep(size, note, name, number, answer.response)
    except errors.EntenteError as wrong:
        return _row(name, "failed", size, why=str(wrong))
    return _row(name, "stamped", size, answer.token)


def _row(name: str, state: str, size: int, token: Token | None = None, why: str | None = None) -> dict[str, Any]:
    return {"authority": name, "state": state, "size": size, "at": format_instant(token.at) if token else None, "why": why}


def _urls(home: Home) -> dict[str, str]:
    """Who is asked. Raises BadQuestion where nobody is, and Malformed for one whose word could not be verified."""
    urls = home.settings.timestamp_urls
    if not urls:
        raise errors.BadQuestion(
            "no time-stamping authority is configured",
            field="timestamp_urls",
            remedy="name one in entente.toml under [timestamp_urls], and its certificates under [timestamp_roots]",
        )
    for name in urls:
        if name not in home.settings.timestamp_roots:
            raise errors.Malformed(
                "there are no certificates of this authority",
                field=f"timestamp_urls.{name}",
                remedy=f"name their file under [timestamp_roots] as {name}",
            )
    return urls


def _is_today(at: int) -> bool:
    return at // DAY_MICROSECONDS == now() // DAY_MICROSECONDS
