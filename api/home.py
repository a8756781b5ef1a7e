"""A home folder: one ledger, its keys for embedded use, both nations' views and local cosigners, opened by name.

An embedded home holds everybody's keys, so that a night can be played on one machine; it says so (keys/README). In production
each party keeps its own, and the same files are given by path.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from api import policies
from api import settings as settings_file
from api.settings import Settings
from ledger import errors
from ledger.evidence import cosigner, memory
from ledger.evidence.beside import Vouched
from ledger.evidence.checks import Problem
from ledger.evidence.equivocation import FOLDER
from ledger.evidence.mirror import Mirror
from ledger.formats import note, policy
from ledger.formats.keys import SigningKey, load_private, save_private
from ledger.formats.policies import trusted
from ledger.formats.sealing import SealingKey
from ledger.store.application import Ledger
from ledger.store.cosignatures import Finality
from ledger.store.engines import open_engine
from ledger.store.held import HeldLog
from ledger.store.reader import LogReader
from migrations import upgrade
from projections.projector import Projector
from projections.view import View
from projections.viewstore import ViewStore, namespace

NATIONS = ("GB", "FR")
SITES = {"london": "GB", "paris": "FR"}
WITNESSES = "witnesses.txt"
KEYS_WARNING = """These private keys let their holder speak for everybody in this ledger: for exercises, on one machine.
In production each party makes and keeps its own keys; none of them is ever in one place.
"""


class Home:
    """One ledger in one folder. Parts are opened when first used; `close` gives everything back."""

    def __init__(self, path: Path, settings: Settings, clock: Callable[[], int] | None = None) -> None:
        self.path = path
        self.settings = settings
        self.clock = clock
        self._views: dict[str, ViewStore] = {}
        self._policy: tuple[tuple[bytes, tuple[str, ...]], policy.Policy] | None = None
        self._finality: Finality | None = None

    @classmethod
    def open(cls, path: Path, clock: Callable[[], int] | None = None) -> Home:
        """Open an existing home. Raises NotFound with the remedy."""
        return cls(path, settings_file.load(path), clock)

    @classmethod
    def create(
        cls,
        path: Path,
        settings: Settings,
        clock: Callable[[], int] | None = None,
        witnesses: Mapping[str, policy.Witness] | None = None,
    ) -> Home:
        """Make the folder, settings, keys, policy and empty databases; the log itself is not opened yet.

        Where the log is made, cosigners come with it unless `witnesses` has those of the sites' own homes, by their names in
        the policy. A nation's own home gets its cosigner and no policy: that one is given to it.
        """
        if path.exists() and any(path.iterdir()):
            raise errors.BadQuestion(f"{path} is not empty", field="--home", remedy="name an empty or a new folder")
        path.mkdir(parents=True, exist_ok=True)
        sites = (settings.site,) if settings.site else () if witnesses else tuple(SITES)
        for name in ("keys", "reports", *sites):
            (path / name).mkdir(mode=0o700)
        settings_file.save(path, settings)
        (path / "keys" / "README").write_text(KEYS_WARNING, encoding="utf-8")
        home = cls(path, settings, clock)
        for site in sites:
            cosigner.create(path / site, f"{settings.origin}/{site}")
            (path / site / WITNESSES).write_bytes(policy.format_witnesses(home.local_witnesses(site)))
        if not settings.site:
            save_private(home.key_path("log"), SigningKey.generate())
            home.policy_path.write_bytes(policy.format_policy(home.new_policy(witnesses)))
        home.upgrade()
        return home

    def upgrade(self) -> dict[str, str | None]:
        """Bring the databases of this home to the newest schema; returns what they were at, `log` and each nation."""
        before = {"log": upgrade(self.ledger_url)}
        for nation in self.nations:
            url = self.view_url(nation)
            before[nation] = upgrade(url, "view", namespace=None if url.startswith("sqlite") else namespace(nation))
        return before

    def close(self) -> None:
        """Close every database that was opened."""
        if "ledger" in self.__dict__:
            self.ledger.close()
            del self.ledger
        if "reader" in self.__dict__:
            self.reader.engine.dispose()
            del self.reader
            self._finality = None
        for store in self._views.values():
            store.close()
        self._views.clear()

    def __enter__(self) -> Home:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # -- where things are ----------------------------------------------------------------------------------------------

    def key_path(self, name: str) -> Path:
        """The file of a private key held in this home."""
        return self.path / "keys" / f"{name}.pem"

    @property
    def nations(self) -> tuple[str, ...]:
        """Whose views are kept here: both where the log is made, a nation's own in its own home."""
        return (SITES[self.settings.site],) if self.settings.site else NATIONS

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites whose cosigners are here."""
        return tuple(site for site in SITES if (self.path / site / "name").exists())

    @property
    def policy_path(self) -> Path:
        """The policy file: which keys must have signed for a checkpoint to be final."""
        return self.path / "policy.txt"

    @property
    def tls_roots(self) -> Path | None:
        """The certificates that other sites' own must lead to; None for those that this machine trusts."""
        return self.path / self.settings.tls_roots if self.settings.tls_roots else None

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy URL of the joint log."""
        return self.settings.database or f"sqlite:///{self.path / 'ledger.sqlite'}"

    def view_url(self, nation: str) -> str:
        """SQLAlchemy URL of a nation's view."""
        given = {"GB": self.settings.gb_database, "FR": self.settings.fr_database}[nation]
        return given or f"sqlite:///{self.path / f'{nation.lower()}.sqlite'}"

    # -- keys ------------------------------------------------------------------------------------------------------------

    def key(self, name: str) -> SigningKey:
        """A private signing key held in this home. Raises NotFound."""
        path = self.key_path(name)
        if not path.exists():
            raise errors.NotFound(
                f"there is no key {name} in {path.parent}", remedy="give one with --key, or make it: entente key new"
            )
        return load_private(path)

    def new_key(self, name: str) -> SigningKey:
        """Make and keep a signing key; an existing one is never overwritten."""
        key = SigningKey.generate()
        save_private(self.key_path(name), key)
        return key

    def log_keys(self) -> list[SigningKey]:
        """The log's private keys held here that the newest policy lists: two while one follows the other."""
        held = [load_private(path) for path in sorted((self.path / "keys").glob("log*.pem"))]
        if not self.policy_path.exists():
            return held[:1]
        listed = {log.key.public for log in policy.parse_policy(self.policy_path.read_bytes()).logs}
        return [key for key in held if key.public in listed]

    def sealing_key(self, nation: str) -> SealingKey | None:
        """A nation's own private sealing key, where this home holds it."""
        path = self.key_path(f"sealing-{nation}")
        return SealingKey.load(path) if path.exists() else None

    # -- parts -----------------------------------------------------------------------------------------------------------

    @cached_property
    def ledger(self) -> Ledger:
        """The joint log: for appending where this home holds the log's key, otherwise for reading."""
        keys = self.log_keys()
        log_key, others = (keys[0], keys[1:]) if keys else (None, ())
        listed = partial(policies.require_listed, self.path, keys)
        origin, clock = self.settings.origin, self.clock
        return Ledger.open(
            self.ledger_url, log_key=log_key, also_signing=others, origin=origin, clock=clock, require_listed=listed
        )

    @cached_property
    def reader(self) -> LogReader:
        """The log for reading alone, in whatever state it is: opening it to append refuses a log that was tampered with."""
        return LogReader(open_engine(self.ledger_url))

    @property
    def held(self) -> HeldLog:
        """The log as this site holds it, to vouch for it or to extend its copy."""
        return HeldLog(self.reader.engine)

    def view_store(self, nation: str) -> ViewStore:
        """The database of a nation's view."""
        if nation not in self.nations:
            raise errors.NotFound(f"the {nation} view is not kept here", remedy="ask in that nation's own home")
        if nation not in self._views:
            self._views[nation] = ViewStore(self.view_url(nation), nation)
        return self._views[nation]

    def view(self, nation: str) -> View:
        """A nation's reading, for questions."""
        return View(self.view_store(nation), self.covering, self.reader.names_at)

    def projector(self, nation: str) -> Projector:
        """What makes a nation's view from the log."""
        return Projector(self.view_store(nation), self.ledger, self.sealing_key(nation))

    def covering(self, position: int) -> dict[str, Any]:
        """The checkpoint that covers a position: {"size", "root" (base64), "final", "tail", "behind"}."""
        return self.finality().covering(position)

    def finality(self) -> Finality:
        """What is final under this home's policy, and what is not yet; what it verified it remembers."""
        policy = self.policy()
        if self._finality is None or self._finality.policy != policy:
            self._finality = Finality(self.reader, policy)
        return self._finality

    # -- checkpoints ---------------------------------------------------------------------------------------------------------

    def local_witnesses(self, site: str) -> dict[str, policy.Witness]:
        """The keys of a local cosigner by their names in a policy: `london-ed`, `london-pq`."""
        return {f"{site}-{kind}": policy.Witness(signer.key) for kind, signer in cosigner.load(self.path / site).items()}

    def new_policy(self, witnesses: Mapping[str, policy.Witness] | None = None) -> policy.Policy:
        """Final is what both nations cosigned, each with both its keys: local ones where no others are given."""
        log = note.VerifierKey(self.settings.origin, note.ED25519_NOTE, self.key("log").public)
        found = dict(witnesses or {name: w for site in SITES for name, w in self.local_witnesses(site).items()})
        groups = {site: tuple(name for name in found if name.startswith(f"{site}-")) for site in SITES}
        if not all(groups.values()):
            raise errors.BadQuestion("both nations' cosigners are needed", remedy=f"give the {WITNESSES} of each site's home")
        by_site = {site: policy.Group(len(members), members) for site, members in groups.items()}
        return policy.Policy((policy.Log(log),), found, {**by_site, "both": policy.Group(len(SITES), tuple(SITES))}, "both")

    def policy(self) -> policy.Policy:
        """The policy this home verifies finality by, and those before it. Raises NotFound, or BadNote naming the line."""
        if not self.policy_path.exists():
            remedy = "put the policy file here that both nations approved"
            raise errors.NotFound(f"there is no policy in {self.path}", field=self.policy_path.name, remedy=remedy)
        newest, kept = self.policy_path.read_bytes(), policies.files(self.path)
        key = (newest, tuple(kept))
        if self._policy is None or self._policy[0] != key:
            self._policy = key, trusted(self.reader.adopted(), kept, newest)
        return self._policy[1]

    def reopen(self) -> None:
        """Close the log, so that whoever uses it next opens it under the newest policy, with the keys which that lists."""
        self._policy = None
        if "ledger" in self.__dict__:
            self.ledger.close()
            del self.ledger

    def cosigner(self, site: str) -> cosigner.Cosigner:
        """The local cosigner of a site, `london` or `paris`."""
        return cosigner.Cosigner(self.path / site, self.policy())

    def cosign(self, site: str) -> int:
        """Let a local cosigner check and cosign the newest checkpoint; returns the size it vouches for."""
        return self.cosigner(site).cosign_newest(self.held, self.now())

    def recalled(self) -> tuple[dict[str, Vouched], list[Problem]]:
        """What each local cosigner vouched for, by the prefix of its key names, and what is wrong with its memory."""
        found, problems = {}, []
        for site in self.sites:
            vouched, wrong = memory.recall(self.path / site, site, self.held)
            problems += wrong
            if vouched is not None:
                found[f"{self.settings.origin}/{site}"] = vouched
        return found, problems

    def mirror(self) -> Mirror:
        """This nation's mirror: its copy of the log, and its cosigner. Raises NotFound where this is no nation's own home."""
        site = self.settings.site
        if not site:
            raise errors.NotFound(f"{self.path} is not a site's own home", remedy="make one with entente init --site")
        return Mirror(self.held, self.cosigner(site), self.policy(), SITES[site], self.path / FOLDER)

    def now(self) -> int:
        """The home's clock in microseconds: an exercise's own, which stands at its last entry once it was played."""
        if self.clock is not None:
            return self.clock()
        if self.settings.exercise and not self.settings.site:
            return self.ledger.recorded_at(self.ledger.head())
        return time.time_ns() // 1_000


def default_path() -> Path:
    """$ENTENTE_HOME, else ./entente-home."""
    return Path(os.environ.get("ENTENTE_HOME") or "entente-home")
