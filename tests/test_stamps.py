"""A folder of time-stamped checkpoints: kept whole and never replaced, and every file that does not hold is named.

The tokens are real ones, made once by openssl; the log is a tree of a few leaves.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from ledger import errors
from ledger.evidence import stamps as stamping
from ledger.evidence.stamps import Chain, Stamps, last_cosigned, require_after, require_stampable, verify_stamps
from ledger.evidence.timestamping import Roots, Token, make_request, read_roots
from ledger.formats import merkle, note, policy
from ledger.formats.cosignature import Cosigner
from ledger.formats.keys import SigningKey
from ledger.formats.note import Checkpoint
from ledger.formats.policy import Policy
from tests.authority import Tsa

ORIGIN = "stamped.example/joint"
LOG = SigningKey(bytes(32))
SECOND = 1_000_000
LEAVES = [merkle.hash_leaf(b"%d" % n) for n in range(9)]

pytestmark = pytest.mark.foreign


def hand() -> Cosigner:
    return Cosigner(f"{ORIGIN}/london", SigningKey(bytes([1]) * 32))


def policy_of() -> Policy:
    log = note.VerifierKey(ORIGIN, note.ED25519_NOTE, LOG.public)
    return policy.parse_policy(f"log {log}\nwitness london {hand().key}\nquorum london\n".encode())


def signed(size: int, at: int | None = None, leaves: list[bytes] = LEAVES) -> bytes:
    """A checkpoint of so many leaves, cosigned at an instant (Unix seconds) or by nobody."""
    made = note.sign_checkpoint(Checkpoint(ORIGIN, size, merkle.root(leaves[:size])), LOG)
    return made if at is None else note.add_lines(made, [hand().cosign(note.split_note(made)[0], at)])


class Tree:
    """The log that is kept here."""

    def __init__(self, size: int = 8) -> None:
        self.size = size

    def head(self) -> int:
        return self.size

    def root(self, size: int) -> bytes:
        return merkle.root(LEAVES[:size])


@cache
def began() -> int:
    return int(time.time())


@cache
def authorities() -> Mapping[str, Tsa]:
    folder = Path(mkdtemp(prefix="stamps-"))
    return {name: Tsa(folder, name) for name in ("here", "there")}


@cache
def response(name: str, stamped: bytes) -> bytes:
    return authorities()[name].reply(make_request(stamped).as_bytes())


def roots() -> dict[str, Roots]:
    return {name: read_roots(tsa.roots_file.read_bytes()) for name, tsa in authorities().items()}


def folder_of(tmp_path: Path) -> Stamps:
    """Checkpoints 5 and 8, stamped by both; the first once more by one of them."""
    stamps = Stamps(tmp_path / "timestamps")
    for size in (5, 8):
        stamped = signed(size, began())
        for name in ("here", "there"):
            stamps.keep(size, stamped, name, 1, response(name, stamped))
    five = signed(5, began())
    stamps.keep(5, five, "here", 2, response("here", five + response("here", five)))
    return stamps


def said(stamps: Stamps, tree: Tree | None = None, **more: object) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """The chains that hold, and what is wrong."""
    what = {"roots": roots(), "exercise": False, **more}
    chains, problems = verify_stamps(stamps, tree or Tree(), policy_of(), **what)  # type: ignore[arg-type]
    return [(chain.size, chain.authority) for chain in chains], problems


ALL = [(5, "here"), (5, "there"), (8, "here"), (8, "there")]


# -- the folder ----------------------------------------------------------------------------------------------------------------


def test_a_folder_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    stamps = Stamps(tmp_path / "timestamps")
    assert (stamps.chains(), stamps.sizes(), stamps.note(5), said(stamps)) == ({}, [], None, ([], []))
    with pytest.raises(errors.BadTimestamp, match="token 1 is missing"):
        stamps.responses(5, "here", 1)
    assert stamps.responses(5, "here", 0) == []


def test_what_is_kept_is_told_in_order(tmp_path: Path) -> None:
    stamps = folder_of(tmp_path)
    for number in range(3, 12):
        stamps.keep(5, signed(5, began()), "here", number, b"%d" % number)
    assert list(stamps.chains().items()) == [
        ((5, "here"), [*range(1, 12)]), ((5, "there"), [1]), ((8, "here"), [1]), ((8, "there"), [1])
    ]  # fmt: skip
    assert stamps.sizes() == [5, 8] and stamps.note(5) == signed(5, began()) and stamps.note(6) is None
    assert stamps.responses(5, "here", 11)[2:] == [b"%d" % number for number in range(3, 12)]
    for stray in ("05.checkpoint", "5.checkpoint.old", "5.HERE.1.tsr", "5.here.0.tsr", ".5.here.1.tsr.77", "notes"):
        (stamps.folder / stray).write_bytes(b"x")
    assert stamps.sizes() == [5, 8] and len(stamps.chains()) == 4


def test_nothing_that_is_there_is_replaced_and_nothing_is_there_by_half(tmp_path: Path) -> None:
    stamps = folder_of(tmp_path)
    five = signed(5, began())
    with pytest.raises(errors.Conflict, match=r"5\.here\.1\.tsr is there already"):
        stamps.keep(5, five, "here", 1, b"another")
    with pytest.raises(errors.Conflict, match="another note of size 5"):
        stamps.keep(5, signed(5, began() + 1), "third", 1, b"another")
    assert stamps.note(5) == five and stamps.responses(5, "here", 1) == [response("here", five)]
    names = {path.name for path in stamps.folder.iterdir()}
    assert names == {
        "5.checkpoint",
        "8.checkpoint",
        "5.here.1.tsr",
        "5.here.2.tsr",
        "5.there.1.tsr",
        "8.here.1.tsr",
        "8.there.1.tsr",
    }


def test_a_chain_has_its_limit(tmp_path: Path) -> None:
    stamps = Stamps(tmp_path / "timestamps")
    stamps.keep(5, b"note", "here", 1_000, b"last")
    with pytest.raises(errors.TooLarge):
        stamps.keep(5, b"note", "here", 1_001, b"beyond")


def test_files_that_are_too_long_are_not_read(tmp_path: Path) -> None:
    stamps = folder_of(tmp_path)
    longest = b"x" * stamping.NOTE_BYTES_MAX
    (stamps.folder / "6.checkpoint").write_bytes(longest)
    assert stamps.note(6) == longest
    (stamps.folder / "6.checkpoint").write_bytes(longest + b"x")
    with pytest.raises(errors.BadTimestamp, match=r"6\.checkpoint has more than"):
        stamps.note(6)
    (stamps.folder / "8.here.1.tsr").write_bytes(b"x" * stamping.RESPONSE_BYTES_MAX)
    assert len(stamps.responses(8, "here", 1)[0]) == stamping.RESPONSE_BYTES_MAX
    (stamps.folder / "8.here.1.tsr").write_bytes(b"x" * (stamping.RESPONSE_BYTES_MAX + 1))
    with pytest.raises(errors.BadTimestamp, match=r"8\.here\.1\.tsr has more than"):
        stamps.responses(8, "here", 1)


# -- what holds ----------------------------------------------------------------------------------------------------------------


def test_what_both_authorities_stamped_holds(tmp_path: Path) -> None:
    stamps = folder_of(tmp_path)
    assert said(stamps) == (ALL, [])
    chains, _ = verify_stamps(stamps, Tree(), policy_of(), roots(), exercise=False)
    assert [(chain.responses, len(chain.tokens)) for chain in chains] == [(2, 2), (1, 1), (1, 1), (1, 1)]
    assert abs(chains[0].tokens[0].at - began() * SECOND) < 120 * SECOND


def test_some_are_verified_alone(tmp_path: Path) -> None:
    stamps = folder_of(tmp_path)
    assert said(stamps, only=[(8, "here")]) == ([(8, "here")], [])
    (stamps.folder / "5.checkpoint").write_bytes(b"spoilt")
    assert said(stamps, only=[(8, "here"), (8, "there")]) == ([(8, "here"), (8, "there")], [])
    found, problems = said(stamps, only=[(6, "here"), (5, "there")])
    assert found == [] and [size for size, _ in problems] == [5, 6, 5]


def test_without_an_authoritys_certificates_its_word_is_unchecked(tmp_path: Path) -> None:
    stamps = folder_of(tmp_path)
    found, problems = verify_stamps(stamps, Tree(), policy_of(), {"here": roots()["here"]}, exercise=False)
    assert problems == [] and [chain.state(0) for chain in found] == ["good", "unchecked", "good", "unchecked"]
    (stamps.folder / "5.there.1.tsr").write_bytes(b"spoilt, and nobody here can know")
    assert said(stamps, roots={"here": roots()["here"]}) == (ALL, [])


# -- what does not -------------------------------------------------------------------------------------------------------------


def test_every_file_that_does_not_hold_is_named_and_the_others_still_hold(tmp_path: Path) -> None:
    stamps = folder_of(tmp_path)
    (stamps.folder / "5.here.1.tsr").unlink()
    (stamps.folder / "8.there.1.tsr").write_bytes(response("there", signed(5, began())))
    assert said(stamps) == (
        [(5, "there"), (8, "here")],
        [(5, "time stamp of here on the checkpoint of size 5: token 1 is missing"),
         (8, "time stamp of there on the checkpoint of size 8: token 1: the token is over other bytes")],
    )  # fmt: skip


def test_without_its_checkpoint_a_token_is_over_nothing(tmp_path: Path) -> None:
    stamps = folder_of(tmp_path)
    (stamps.folder / "5.checkpoint").unlink()
    found, problems = said(stamps)
    assert found == [(8, "here"), (8, "there")]
    assert problems == [
        (5, f"time stamp of {name} on the checkpoint of size 5: the checkpoint it is over is missing, or is wrong")
        for name in ("here", "there")
    ]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (signed(8, 1), "it is for size 8"),
        (signed(5), "it is not final"),
        (b"nothing", "the stamped checkpoint of size 5"),
        (signed(5, 1, [bytes(32)] * 5), "another history"),
    ],
)
def test_a_checkpoint_that_is_none_of_this_log_is_named(tmp_path: Path, content: bytes, what: str) -> None:
    stamps = folder_of(tmp_path)
    (stamps.folder / "5.checkpoint").write_bytes(content)
    found, problems = said(stamps)
    assert found == [(8, "here"), (8, "there")] and [size for size, _ in problems] == [5, 5, 5]
    assert problems[0][1].startswith("the stamped checkpoint of size 5: ") and what in problems[0][1]


def test_a_log_that_was_cut_behind_a_stamp_is_found(tmp_path: Path) -> None:
    stamps = folder_of(tmp_path)
    found, problems = said(stamps, Tree(7))
    assert found == ALL[:2] and "the log has 7 entries: those after are gone" in problems[0][1]
    with pytest.raises(errors.VerificationFailed):
        require_stampable(signed(8, 1), 8, Tree(7), policy_of())
    assert require_stampable(signed(8, 1), 8, Tree(8), policy_of()).checkpoint.size == 8


def test_a_token_older_than_the_co_signatures_it_is_over_is_not_believed_but_in_an_exercise(tmp_path: Path) -> None:
    stamps = Stamps(tmp_path / "timestamps")
    late = signed(5, began() + 3_600)
    stamps.keep(5, late, "here", 1, response("here", late))
    found, ((size, what),) = said(stamps)
    assert (found, size) == ([], 5) and "and over a co-signature of" in what
    assert said(stamps, exercise=True) == ([(5, "here")], [])


def test_clocks_may_be_a_little_apart() -> None:
    token = Token(1_000 * SECOND, 0, "")
    require_after(token, 1_120)
    require_after(token, 0)
    with pytest.raises(
        errors.BadTimestamp, match=r"of 1970-01-01T00:16:40.000000Z, and over a co-signature of 1970-01-01T00:18:41"
    ):
        require_after(token, 1_121)


def test_the_newest_time_on_a_checkpoint_counts() -> None:
    assert last_cosigned(policy_of().verify(signed(5, 77))) == 77
    assert last_cosigned(policy_of().verify(signed(5))) == 0


# -- what is told --------------------------------------------------------------------------------------------------------------


def test_a_chain_tells_its_first_time_and_its_last_end() -> None:
    first, last = Token(1 * SECOND, 5 * SECOND, "CN=one"), Token(2 * SECOND, 9 * SECOND, "CN=two")
    chain = Chain(5, "here", 3, (first, Token(2 * SECOND, 7 * SECOND, "CN=between"), last))
    assert [chain.state(now * SECOND) for now in (0, 9, 10)] == ["good", "good", "lapsed"]
    assert chain.as_dict(9 * SECOND) == {
        "size": 5, "authority": "here", "at": "1970-01-01T00:00:01.000000Z", "tokens": 3,
        "expires_at": "1970-01-01T00:00:09.000000Z", "signer": "CN=two", "state": "good",
    }  # fmt: skip
    assert Chain(5, "here", 2, ()).as_dict(0) == {
        "size": 5, "authority": "here", "at": None, "tokens": 2, "expires_at": None, "signer": None, "state": "unchecked",
    }  # fmt: skip
