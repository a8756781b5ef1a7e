"""Policies: a checkpoint is final exactly when the quorum cosigned it, and an ambiguous policy is refused."""

from __future__ import annotations

import itertools

import pytest

from ledger import errors
from ledger.formats import note, policy
from ledger.formats.cosignature import Cosigner, LatticeKey
from ledger.formats.keys import SigningKey
from ledger.formats.note import Checkpoint

ORIGIN = "ledger.example/joint"
LOG = SigningKey(bytes(range(32)))
LOG_KEY = note.VerifierKey(ORIGIN, note.ED25519_NOTE, LOG.public)
COSIGNERS = {
    "london-ed": Cosigner("london.example/cosigner", SigningKey(bytes([1]) * 32)),
    "london-pq": Cosigner("london.example/cosigner-pq", LatticeKey(bytes([2]) * 32)),
    "paris-ed": Cosigner("paris.example/cosigner", SigningKey(bytes([3]) * 32)),
    "paris-pq": Cosigner("paris.example/cosigner-pq", LatticeKey(bytes([4]) * 32)),
}
FOREIGN = Cosigner("witness.example/w1", SigningKey(bytes([5]) * 32))
FILE = "".join(
    [
        "# the joint log\n",
        f"log {LOG_KEY} https://ledger.example/\n\n",
        *(f"witness {name} {cosigner.key}\n" for name, cosigner in COSIGNERS.items()),
        f"\twitness  abroad {FOREIGN.key} \n",
        "group london all london-ed london-pq\n",
        "group paris all paris-ed paris-pq\n",
        "group both all london paris\n",
        "quorum both\n",
    ]
).encode()
POLICY = policy.parse_policy(FILE)
CHECKPOINT = Checkpoint(ORIGIN, 8, bytes(32))
SIGNED = note.sign_checkpoint(CHECKPOINT, LOG)
TEXT = note.format_checkpoint(CHECKPOINT)


def test_final_means_both_nations_with_both_keys():
    for count in range(5):
        for names in itertools.combinations(COSIGNERS, count):
            assert POLICY.is_final(names) == (count == 4)
            assert not POLICY.is_final([*names, "abroad"]) or count == 4
            lines = [COSIGNERS[name].cosign(TEXT, 1_445_000_000 + i) for i, name in enumerate(names)]
            verified = POLICY.verify(note.add_lines(SIGNED, [*lines, FOREIGN.cosign(TEXT, 9)]))
            assert verified.final == (count == 4)
            assert verified.cosigned == {name: 1_445_000_000 + i for i, name in enumerate(names)} | {"abroad": 9}
            assert (verified.checkpoint, verified.log) == (CHECKPOINT, LOG_KEY)


def test_a_policy_comes_back_as_it_was():
    assert policy.parse_policy(policy.format_policy(POLICY)) == POLICY
    assert POLICY.logs[0].url == "https://ledger.example/"
    strange = FILE.replace(b"abroad", b"\xff\xc3\xa9")
    assert policy.parse_policy(policy.format_policy(policy.parse_policy(strange))) == policy.parse_policy(strange)


def test_a_checkpoint_not_signed_by_a_listed_log_is_refused():
    cosigned = [cosigner.cosign(TEXT, 1) for cosigner in COSIGNERS.values()]
    with pytest.raises(errors.BadNote, match="not signed by a log"):
        POLICY.verify(note.format_note(TEXT, cosigned))
    with pytest.raises(errors.BadNote, match="no known key"):
        POLICY.verify(note.sign_checkpoint(CHECKPOINT, SigningKey(bytes(32))))


def test_a_log_cannot_sign_for_another_origin():
    """Its key is trusted for the origin it is named after, and for no other."""
    text = note.format_checkpoint(Checkpoint("ledger.example/other", 8, bytes(32)))
    with pytest.raises(errors.BadNote, match="not signed by a log"):
        POLICY.verify(note.format_note(text, [note.sign_line(ORIGIN, LOG, text)]))


def test_one_wrong_cosignature_condemns_the_checkpoint():
    right = [cosigner.cosign(TEXT, 1) for cosigner in COSIGNERS.values()]
    other = note.format_checkpoint(Checkpoint(ORIGIN, 9, bytes(32)))
    for cosigner in [*COSIGNERS.values(), FOREIGN]:
        with pytest.raises(errors.BadNote, match="does not verify"):
            POLICY.verify(note.add_lines(SIGNED, [*right, cosigner.cosign(other, 1)]))


def keyed(n):
    return Cosigner(f"w{n}", SigningKey(bytes([100 + n]) * 32)).key


@pytest.mark.parametrize(
    ("groups", "final", "not_final"),
    [
        ("quorum none", [""], []),
        ("quorum a", ["a", "abc"], ["", "bc"]),
        ("group g any a b c\nquorum g", ["a", "b", "c"], [""]),
        ("group g 2 a b c\nquorum g", ["ab", "bc", "abc"], ["", "a", "c"]),
        ("group g all a b c\nquorum g", ["abc"], ["ab", "bc", ""]),
        ("group g 1 a b\ngroup h all g c\nquorum h", ["ac", "bc", "abc"], ["ab", "c", "a"]),
    ],
)
def test_thresholds_count_members(groups, final, not_final):
    witnesses = "".join(f"witness {name} {keyed(n)}\n" for n, name in enumerate("abc"))
    parsed = policy.parse_policy(f"{witnesses}{groups}\n".encode())
    assert all(parsed.is_final(set(names)) for names in final)
    assert not any(parsed.is_final(set(names)) for names in not_final)
    assert policy.parse_policy(policy.format_policy(parsed)) == parsed


LINES = FILE.decode().splitlines(keepends=True)
MALFORMED = {
    "empty": b"",
    "no quorum": "".join(LINES[:-1]).encode(),
    "two quorums": FILE + b"quorum both\n",
    "no last newline": FILE[:-1],
    "carriage return": FILE.replace(b"\n", b"\r\n"),
    "a NUL": FILE + b"# \x00\n",
    "a key whose name is no UTF-8": FILE.replace(b" london.example", b" l\xffndon.example", 1),
    "an unknown line": FILE + b"trust me\n",
    "an unknown quorum": FILE.replace(b"quorum both", b"quorum all"),
    "a quorum defined later": b"quorum london\n" + FILE.replace(b"quorum both\n", b""),
    "a member defined later": b"group early any london-ed\n" + FILE,
    "a member of itself": FILE.replace(b"group london all london-ed", b"group london all london"),
    "a member twice": FILE.replace(b"london-ed london-pq", b"london-ed london-ed"),
    "a member of two groups": FILE.replace(b"paris-ed paris-pq", b"paris-ed london-pq"),
    "none as a member": FILE.replace(b"group both all london paris", b"group both all london none"),
    "a group without members": FILE.replace(b"group both all london paris", b"group both all"),
    "a threshold of none": FILE.replace(b"group both all", b"group both 0"),
    "a threshold never reached": FILE.replace(b"group both all", b"group both 3"),
    "a threshold with a leading zero": FILE.replace(b"group both all", b"group both 02"),
    "a name taken by a group": FILE.replace(b"group paris", b"group london"),
    "a name taken by a witness": FILE.replace(b"witness london-pq", b"witness london-ed"),
    "a witness called none": FILE.replace(b"abroad", b"none"),
    "the same witness key twice": FILE.replace(b"quorum", f"witness again {FOREIGN.key}\nquorum".encode()),
    "the same log key twice": FILE.replace(b"quorum", f"log {LOG_KEY}\nquorum".encode()),
    "a log key for a witness": FILE.replace(str(FOREIGN.key).encode(), str(LOG_KEY).encode()),
    "a witness key for a log": FILE.replace(str(LOG_KEY).encode(), str(FOREIGN.key).encode()),
    "a weak witness key": FILE.replace(str(FOREIGN.key).encode(), str(note.VerifierKey("w", 4, bytes(32))).encode()),
    "two URLs": FILE.replace(b"https://ledger.example/", b"https://ledger.example/ https://two.example/"),
    "a form feed for a space": FILE.replace(b"quorum both", b"quorum\x0cboth"),
    "a Unicode space for a space": FILE.replace(b"quorum both", "quorum\u00a0both".encode()),
    "too long": b"#" * policy.POLICY_BYTES_MAX + b"\n" + FILE,
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED.keys())
def test_an_ambiguous_policy_is_refused(content):
    with pytest.raises(errors.BadNote):
        policy.parse_policy(content)


def test_the_refusal_names_the_line():
    with pytest.raises(errors.BadNote) as refused:
        policy.parse_policy(FILE + b"quorum both\n")
    assert refused.value.field == f"policy line {len(LINES) + 1}"


# -- what a small change of the reader would let through -----------------------------------------------------------------------


def before_the_quorum(line):
    return FILE.replace(b"quorum both\n", line.encode() + b"\nquorum both\n")


def test_each_nation_is_a_party_with_both_its_keys():
    london, paris = frozenset({"london-ed", "london-pq"}), frozenset({"paris-ed", "paris-pq"})
    assert POLICY.parties() == {"london": london, "paris": paris}
    assert policy.parse_policy(FILE.replace(b"quorum both", b"quorum abroad")).parties() == {"abroad": frozenset({"abroad"})}
    assert policy.parse_policy(FILE.replace(b"quorum both", b"quorum none")).parties() == {}


def test_a_policy_read_afresh_knows_every_key_it_lists():
    lines = [cosigner.cosign(TEXT, 7) for cosigner in (*COSIGNERS.values(), FOREIGN)]
    verified = policy.parse_policy(FILE).verify(note.add_lines(SIGNED, lines))
    assert verified.final and verified.cosigned == dict.fromkeys([*COSIGNERS, "abroad"], 7)


@pytest.mark.parametrize(
    "line",
    [
        "group london any abroad",
        "group abroad any abroad",
        f"witness london {keyed(9)}",
        f"witness more {keyed(9)} https://one.example/ https://two.example/",
        "group none any abroad",
    ],
)
def test_a_line_that_breaks_one_rule_of_an_else_sound_policy_is_refused_by_its_number(line):
    with pytest.raises(errors.BadNote) as refused:
        policy.parse_policy(before_the_quorum(line))
    assert refused.value.field == f"policy line {len(LINES)}"


def test_a_witness_keeps_its_address():
    parsed = policy.parse_policy(before_the_quorum(f"witness more {keyed(9)} https://more.example/"))
    assert parsed.witnesses["more"].url == "https://more.example/"
    assert policy.parse_policy(policy.format_policy(parsed)) == parsed


def test_a_policy_at_its_limits_is_read_and_one_beyond_is_not():
    room = policy.POLICY_BYTES_MAX - len(FILE)
    assert policy.parse_policy(b"#" * (room - 1) + b"\n" + FILE) == POLICY
    with pytest.raises(errors.BadNote):
        policy.parse_policy(b"#" * room + b"\n" + FILE)
    many = "".join(f"witness m{n} {Cosigner(f'm{n}', SigningKey(bytes([n]) * 32)).key}\n" for n in range(1, 66))
    members = [f"m{n}" for n in range(1, 66)]
    assert policy.parse_policy(f"{many}group g any {' '.join(members[:64])}\nquorum g\n".encode()).groups["g"].threshold == 1
    with pytest.raises(errors.BadNote):
        policy.parse_policy(f"{many}group g any {' '.join(members)}\nquorum g\n".encode())


def test_only_spaces_and_tabs_are_stripped_from_a_line():
    with pytest.raises(errors.BadNote):
        policy.parse_policy(FILE.replace(b"quorum both", "quorum both\u00a0".encode()))
    assert policy.parse_policy(f"witness XX {keyed(9)}\nquorum XX\n".encode()).is_final(["XX"])


def test_a_policy_is_written_in_one_way():
    written = policy.format_policy(POLICY).decode().splitlines()
    assert written[-2:] == ["group both all london paris", "quorum both"]
    assert not [line for line in written if line != line.strip()]
    bare = policy.format_policy(policy.parse_policy(FILE.replace(b" https://ledger.example/", b""))).decode().splitlines()
    assert bare[0] == f"log {LOG_KEY}"
    assert policy.format_witnesses(POLICY.witnesses).decode().splitlines() == written[1:6]
