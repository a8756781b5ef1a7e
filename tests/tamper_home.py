"""A live ledger, told no time, with a little of everything that a database keeps: what the tampering campaign works on."""

from __future__ import annotations

from pathlib import Path
from random import Random

from api import policies
from api.authoring import Author, compose
from api.home import NATIONS, SITES, Home
from api.registrar import Registrar, sealers
from api.settings import Settings
from ledger.formats import envelope
from ledger.formats.entry import format_instant
from ledger.store.receipt import Receipt

ORIGIN = "tampered.example/joint"
COMMIT_MAX = 4
SERVICES = {"BF": "GB", "PAF": "FR"}


def opened(folder: Path, url: str = "") -> Home:
    """A new live ledger on SQLite in its folder, or in one database, with a service of each nation."""
    home = Home.create(folder, Settings(ORIGIN, False, url, url, url))
    registrar = Registrar(home)
    registrar.open_log(exercise=False)
    policies.adopt_first(home, registrar)
    for code, nation in SERVICES.items():
        registrar.state("authority.registered", "REGISTRY", {"code": code, "nation": nation, "name": code}, (nation,))
        registrar.register(code, nation, "service", home.new_key(f"service-{code}"))
    return home


def tell(home: Home, events: int, rng: Random, stream: str = "INC") -> list[Receipt]:
    """Record attempts at the fence, some with a note, some for one nation alone, in commits of one to four."""
    receipts: list[Receipt] = []
    while len(receipts) < events:
        count = min(rng.randint(1, COMMIT_MAX), events - len(receipts))
        answers = home.ledger.append_many([_attempt(home, rng, stream) for _ in range(count)], atomic=True)
        for answer in answers:
            assert isinstance(answer, Receipt), answer
            receipts.append(answer)
    return receipts


def _attempt(home: Home, rng: Random, stream: str) -> envelope.Submitted:
    code, nation = rng.choice(list(SERVICES.items()))
    unsigned = {
        "type": "incident.attempt_recorded",
        "stream": f"{stream}-{rng.randrange(5)}",
        "occurred_at": format_instant(home.now()),
        "releasable_to": rng.choice((NATIONS, NATIONS, (nation,))),
        "data": {"outcomes": {"repelled": rng.randint(1, 9)}, **({"note": "at the fence"} if rng.random() < 0.5 else {})},
    }
    return compose(unsigned, Author(code, nation, home.key(f"service-{code}")), ORIGIN, sealers(home), home.now())


def cosign(home: Home) -> int:
    """Both sites cosign the newest checkpoint; returns its size."""
    sizes = {home.cosign(site) for site in SITES}
    assert len(sizes) == 1
    return sizes.pop()


def played(folder: Path, url: str, events: int, rng: Random) -> Home:
    """Such a ledger, cosigned on the way and at its end; both views have followed, one of them rebuilt on the way."""
    home = opened(folder, url)
    for _ in range(3):
        tell(home, events // 3, rng)
        cosign(home)
    home.projector("GB").rebuild()
    tell(home, events - 3 * (events // 3), rng)
    cosign(home)
    for nation in NATIONS:
        home.projector(nation).follow()
    home.close()
    return home
