"""Ways to spoil a bundle: an act before it is signed, a dossier before it is packed, an archive after.

What is spoilt before signing or packing gets right signatures, places, checksums and lists all the same, so that the
one thing wrong is what a verifier has to find. Every way draws from `rng` alone: a seed tells a bundle.
"""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

from tests.dossier import Dossier, Maker, pack
from tests.forging import BEGAN, COSIGNED_AT, LONDON, NATIONS, POLICY, Act, World, b64, checkpoint_of, digest, encode

ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2**53 - 1,
        2**53,
        1.5,
        "",
        "x",
        "GB",
        "FR",
        "JOINT",
        "OPERATOR",
        "01",
        "10",
        "11",
        "00" * 32,
    ),
    *([], {}, ["GB"], ["GB", "GB"], ["FR", "GB"], [1], "é", "a b", "A" * 129, "\ud800", "\0", "2015-08-27T00:00:00.000000Z"),
    *("2015-02-30T00:00:00.000000Z", "2015-08-27T24:00:00.000000Z", "national_authority", "sealer", "official", "incident.*"),
)


def odd(rng: Random) -> Any:
    return copy.deepcopy(rng.choice(ODD))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a JSON value."""
    found = [path] if path else []
    if isinstance(value, dict | list):
        for name, member in value.items() if isinstance(value, dict) else enumerate(value):
            found += places(member, (*path, name))
    return found


def bend_json(value: Any, rng: Random, other: Any = None) -> None:
    """Change, drop, add or move one thing inside a JSON object or array, in place."""
    where = rng.choice(places(value) or [()])
    if not where:
        return
    holder = value
    for name in where[:-1]:
        holder = holder[name]
    last = where[-1]
    draw = rng.random()
    if draw < 0.15:
        del holder[last]
    elif draw < 0.25 and isinstance(holder, dict):
        holder[rng.choice(["more", "Ü", "__proto__", "expected_version", "nation", "version", "basis"])] = odd(rng)
    elif draw < 0.5 and isinstance(holder[last], int) and not isinstance(holder[last], bool):
        holder[last] += rng.choice([-2, -1, 1, 2])
    elif draw < 0.6 and isinstance(holder, list):
        holder.insert(rng.randrange(len(holder) + 1), copy.deepcopy(rng.choice(holder)))
    elif draw < 0.75 and isinstance(holder[last], str) and holder[last]:
        at = rng.randrange(len(holder[last]))
        holder[last] = holder[last][:at] + rng.choice(["0", "f", "G", "z", "", " ", "\n"]) + holder[last][at + 1 :]
    elif draw < 0.85 and other is not None:
        elsewhere = [place for place in places(other) if place[-1:] == where[-1:]]
        if elsewhere:
            taken = other
            for name in rng.choice(elsewhere):
                taken = taken[name]
            holder[last] = copy.deepcopy(taken)
    else:
        holder[last] = odd(rng)


# -- acts, before they are signed --------------------------------------------------------------------------------------


def payload_field(world: World, act: Act) -> None:
    """The author states something else, and signs it."""
    bend_json(act.payload, world.rng, world.rng.choice(world.acts).payload)


def payload_data(world: World, act: Act) -> None:
    rng = world.rng
    if act.payload["data"]:
        bend_json(act.payload["data"], rng, rng.choice(world.acts).payload["data"])
    else:
        act.payload["data"] = {rng.choice(["nation", "key", "code", "registered"]): odd(rng)}


def payload_bytes(world: World, act: Act) -> None:
    """JSON that is not in canonical form, or hardly JSON."""
    plain = encode(act.payload)
    rng = world.rng
    spaced = plain.replace(b",", b", ", 1)
    forms = [
        b"",
        b"{}",
        b"[]",
        b"\xef\xbb\xbf" + plain,
        plain + b"\n",
        plain[:-1],
        spaced,
        plain.replace(b'"schema":1', b'"schema":1.0'),
    ]
    forms += [plain.replace(b'"schema":1', b'"schema":1,"schema":1'), plain.replace(b'"schema":1', b'"schema":-0')]
    forms += [plain.replace(b'"data":{', b'"data":{"a":' + b"[" * depth + b"]" * depth + b",") for depth in (5, 6, 7, 500)]
    forms += [
        plain.replace(b'"lang":"en"', b'"lang":"' + text + b'"') for text in (b"\\u00e9", b"\\ud800", b"\\/", b"\xff", b"\x7f")
    ]
    forms += [plain.replace(b'"lang":"en"', b'"lang":"' + b"x" * size + b'"') for size in (32768, 32000)]
    act.raw = rng.choice(forms)


def type_swapped(world: World, act: Act) -> None:
    act.payload["type"] = world.rng.choice(
        [*(other.payload.get("type", "x") for other in world.acts), "no", "a.b.c", "A.b", "case.x", ""]
    )


def signer_missing(world: World, act: Act) -> None:
    if len(act.signers) > 1:
        act.signers.pop(world.rng.randrange(len(act.signers)))


def signer_added(world: World, act: Act) -> None:
    others = [key for other in world.acts for key in other.signers]
    act.signers.insert(world.rng.randrange(len(act.signers) + 1), world.rng.choice([*others, world.key()]))


def signer_swapped(world: World, act: Act) -> None:
    others = [key for other in world.acts for key in other.signers]
    act.signers[world.rng.randrange(len(act.signers))] = world.rng.choice(others)


def author_swapped(world: World, act: Act) -> None:
    """Another key states it, in its own name or in that of whoever did."""
    other = world.rng.choice([one for one in world.acts if one.signers])
    act.payload["key_id"] = other.payload.get("key_id")
    act.signers[0] = other.signers[0]
    if world.rng.random() < 0.5:
        act.payload["authority"] = other.payload.get("authority")


def signature_turned(world: World, act: Act) -> None:
    act.spoil = world.rng.randrange(8)


def version_wrong(world: World, act: Act) -> None:
    act.version = max(1, act.version + world.rng.choice([-1, 1, 2, 50]))


def time_wrong(world: World, act: Act) -> None:
    act.at += world.rng.choice([-(10**9), 10**9, -(10**10), 10**10])


def stream_wrong(world: World, act: Act) -> None:
    act.stream = world.rng.choice([other.stream for other in world.acts])


def id_again(world: World, act: Act) -> None:
    act.payload["id"] = world.rng.choice(world.acts).payload.get("id")


def place_wrong(world: World, act: Act) -> None:
    """The acts stand in another order, with the times and versions of their places."""
    at, to = world.acts.index(act), world.rng.randrange(len(world.acts))
    times = [one.at for one in world.acts]
    world.acts.insert(to, world.acts.pop(at))
    seen: dict[str, int] = {}
    for one, time in zip(world.acts, times, strict=True):
        one.at, one.version = time, seen.get(one.stream, 0) + 1
        seen[one.stream] = one.version


def act_dropped(world: World, act: Act) -> None:
    if len(world.acts) > 1:
        world.acts.remove(act)
        place_wrong(world, world.acts[-1])


def inside_bent(world: World, act: Act) -> None:
    """What is sealed inside is something else; the outside commits to it."""
    rng = world.rng
    sealed = [one for one in world.acts if one.payload.get("type") == "sealed.recorded"]
    stated = [one for one in world.acts if one.payload.get("type") != "sealed.recorded" and one.signers]
    if not sealed:
        return
    outer = rng.choice(sealed)
    inside = copy.deepcopy(rng.choice(stated))
    inside.payload["releasable_to"] = outer.payload["releasable_to"]
    if rng.random() < 0.5:
        rng.choice([payload_field, signer_added, signer_swapped, author_swapped, payload_bytes])(world, inside)
    item = world.item(inside)
    if rng.random() < 0.3:
        bend_json(item, rng)
    body = encode(item)
    if rng.random() < 0.1:
        body = rng.choice([b"", b"{}", body + b" ", body.replace(b",", b", ", 1), body[:-1], body * 2])
    section, opened = world.section("inner", body)
    outer.payload["sections"], outer.opened = [section], {0: opened}


def section_bent(world: World, act: Act) -> None:
    """A section that is not padded, not encrypted, or not described as it must be."""
    rng = world.rng
    section, (ciphertext, key) = world.section("text", rng.randbytes(rng.choice([0, 1, 255, 256, 300])))
    if rng.random() < 0.5:
        ciphertext = rng.choice([ciphertext[:-1], ciphertext + b"\0", b"", bytes(16), bytes(272)])
        section |= {"bytes": len(ciphertext), "sha256": digest(ciphertext)}
    if rng.random() < 0.4:
        bend_json(section, rng)
    act.payload["sections"] = [section] * rng.choice([1, 1, 1, 2])
    act.opened = {0: (ciphertext, key)}


ACTS: tuple[Callable[[World, Act], None], ...] = (
    *(
        payload_field,
        payload_field,
        payload_data,
        payload_data,
        payload_data,
        payload_bytes,
        type_swapped,
        signer_missing,
        signer_added,
    ),
    *(
        signer_swapped,
        author_swapped,
        signature_turned,
        version_wrong,
        time_wrong,
        stream_wrong,
        id_again,
        place_wrong,
        act_dropped,
    ),
    *(inside_bent, inside_bent, inside_bent, section_bent),
)


# -- dossiers, before they are packed ----------------------------------------------------------------------------------


def manifest_field(dossier: Dossier, rng: Random) -> None:
    bend_json(dossier.manifest, rng)


def claim_shifted(dossier: Dossier, rng: Random) -> None:
    bend_json(dossier.manifest["complete"], rng)


def question_shifted(dossier: Dossier, rng: Random) -> None:
    bend_json(dossier.manifest["question"], rng, dossier.manifest)


def answer_bent(dossier: Dossier, rng: Random) -> None:
    if "answer" in dossier.manifest:
        bend_json(dossier.manifest["answer"], rng)
    else:
        dossier.manifest["answer"] = rng.choice([{}, {"value": 1}])


def withheld_bent(dossier: Dossier, rng: Random) -> None:
    bend_json(dossier.manifest["withheld"] or dossier.manifest, rng)


def entry_withheld(dossier: Dossier, rng: Random) -> None:
    """One entry more is shown by its place only."""
    full = [p for p in range(1, len(dossier.acts) + 1) if f"entries/{p}" in dossier.files]
    position = rng.choice(full)
    body = dossier.files.pop(f"entries/{position}")
    for name in [name for name in dossier.files if name.startswith(f"sections/{position}-")]:
        del dossier.files[name]
    row = {"position": position, "leaf_hash": digest(b"\0" + body), "ground": "purpose: rescue"}
    if dossier.manifest["complete"] == {
        "kind": "stream",
        "stream": (act := dossier.acts[position - 1]).stream,
        "versions": act.version,
    }:
        row["version"] = dossier.acts[position - 1].version
    listed = [one for one in dossier.manifest["withheld"] if isinstance(one, dict) and isinstance(one.get("position"), int)]
    dossier.manifest["withheld"] = sorted([*listed, row], key=lambda one: one["position"])


def entry_dropped(dossier: Dossier, rng: Random) -> None:
    """One entry less, and all that belongs to it."""
    position = rng.choice([name.split("/")[1] for name in dossier.files if name.startswith("entries/") and "." not in name])
    gone = (f"entries/{position}.", f"sections/{position}-")
    for name in [name for name in dossier.files if name == f"entries/{position}" or name.startswith(gone)]:
        del dossier.files[name]


def file_bent(dossier: Dossier, rng: Random) -> None:
    """One byte of one file, and its digests made anew."""
    name = rng.choice(list(dossier.files))
    body = bytearray(dossier.files[name])
    if body:
        at = rng.randrange(len(body))
        draw = rng.random()
        if draw < 0.6:
            body[at] ^= 1 << rng.randrange(8)
        elif draw < 0.8:
            del body[at]
        else:
            body.insert(at, rng.randrange(256))
    dossier.files[name] = bytes(body)


def small_file_bent(dossier: Dossier, rng: Random) -> None:
    """As file_bent, of a kind of file drawn first: most files are entries and proofs."""
    kinds = sorted({name.split("/")[0] for name in dossier.files})
    kind = rng.choice(kinds)
    some = {name: body for name, body in dossier.files.items() if name.split("/")[0] == kind}
    part = Dossier(dossier.acts, dossier.manifest, some, dossier.entries)
    file_bent(part, rng)
    dossier.files |= part.files


def file_dropped(dossier: Dossier, rng: Random) -> None:
    del dossier.files[rng.choice(list(dossier.files))]


def file_added(dossier: Dossier, rng: Random) -> None:
    """A file no bundle has, or one more of a kind that it may."""
    names = [
        "../x",
        "/etc/passwd",
        "entries\\1",
        "ENTRIES/1",
        "entries/01",
        "entries/1/",
        "entries/9007199254740992",
        "é",
        "x" * 200,
    ]
    names += [
        "verify.html",
        "sections/1-0.sealed",
        "sections/1-0.key",
        "sections/1-16.key",
        "reports/x.figures.json",
        "index/a.json",
    ]
    names += [
        "entries/9007199254740991",
        "timestamps/.a",
        "index/" + "a" * 65,
        f"reports/{dossier.acts[0].payload.get('id')}.unsigned.pdf",
    ]
    name = rng.choice(names)
    files = {**dossier.files, name: rng.choice([b"", b"x" * 32, b"{}"])}
    dossier.files = {key: files[key] for key in sorted(files, key=order_of)} if rng.random() < 0.7 else files


def order_of(name: str) -> tuple[Any, ...]:
    """The order of 12.2, as far as names have one."""
    fixed = ["RECIPE.txt", "verify.html", "checkpoint", "policy.txt", "keys.jsonl"]
    if name in fixed:
        return (0, fixed.index(name))
    folder, _, rest = name.partition("/")
    folders = ["entries", "sections", "reports", "index", "timestamps"]
    head = rest.replace("-", ".").split(".")[0]
    number = int(head) if head.isdigit() and folder in ("entries", "sections") else 0
    part = 0 if rest.endswith((".sealed", ".figures.json")) else 1
    return (1 + folders.index(folder) if folder in folders else 9, number, rest[: rest.rfind(".")] if part == 0 else rest, part)


def key_line_bent(dossier: Dossier, rng: Random) -> None:
    lines = dossier.files["keys.jsonl"].splitlines(keepends=True)
    at = rng.randrange(len(lines))
    draw = rng.random()
    if draw < 0.3:
        lines.pop(at)
    elif draw < 0.6:
        lines.insert(rng.randrange(len(lines)), lines.pop(at))
    else:
        lines[at] = lines[at].replace(b'"until":0', b'"until":9').replace(b'"suspended":false', b'"suspended":true')
    dossier.files["keys.jsonl"] = b"".join(lines)


def proofs_repeat(dossier: Dossier, checkpoint: bytes) -> None:
    """Put another checkpoint in place, in every proof too."""
    old = dossier.files["checkpoint"]
    for name in [name for name in dossier.files if name.endswith(".tlog-proof")]:
        dossier.files[name] = dossier.files[name].removesuffix(old) + checkpoint
    dossier.files["checkpoint"] = checkpoint


def checkpoint_bent(dossier: Dossier, rng: Random) -> None:
    """Another state of the log is signed, or the same by others."""
    log = dossier.manifest["log"]
    size, root = log["size"] + rng.choice([-1, 0, 0, 1]), rng.choice([bytes(32), bytes.fromhex(digest(b"")), None])
    root = root if root is not None else __import__("base64").b64decode(log["root"])
    signers, at = rng.choice(["london paris", "paris", ""]), rng.choice([COSIGNED_AT, BEGAN // 10**6 - 121])
    origin = rng.choice([log["origin"]] * 4 + ["other.example/log"])
    proofs_repeat(dossier, checkpoint_of(max(size, 0), root, signers, origin=origin, at=at))
    if rng.random() < 0.7:
        checked = dossier.files["checkpoint"].split(b"\n")
        log |= {"origin": checked[0].decode(), "size": int(checked[1]), "root": checked[2].decode()}


def note_bent(dossier: Dossier, rng: Random) -> None:
    """Lines of the checkpoint: dropped, twice, moved, of unknown keys, of another form."""
    lines = dossier.files["checkpoint"].split(b"\n")
    at = rng.randrange(len(lines))
    extra = [
        b"",
        lines[at],
        b"\xe2\x80\x94 somebody.example/x " + b64(bytes(rng.choice([3, 4, 5, 76]))).encode(),
        b"- a b",
        b"\xff",
        b"\t",
    ]
    extra += [
        b"\xe2\x80\x94 a+b " + b64(bytes(70)).encode(),
        "\u2014 a\u00a0b AAAAAAA=".encode(),
        b"\xe2\x80\x94 a  AAAAAAA=",
        b"more",
    ]
    draw = rng.random()
    if draw < 0.3:
        lines.pop(at)
    elif draw < 0.8:
        lines.insert(at, rng.choice(extra))
    else:
        lines[at:at] = [rng.choice(extra)] * rng.choice([2, 61, 62, 63, 64, 65])
    proofs_repeat(dossier, b"\n".join(lines))


def policy_bent(dossier: Dossier, rng: Random) -> None:
    dossier.files["policy.txt"] = bent_policy(rng)


DOSSIERS: tuple[Callable[[Dossier, Random], None], ...] = (
    *(manifest_field, manifest_field, claim_shifted, question_shifted, answer_bent, answer_bent, withheld_bent, entry_withheld),
    *(entry_withheld, entry_dropped, file_bent, small_file_bent, small_file_bent, file_dropped, file_added, key_line_bent),
    *(checkpoint_bent, note_bent, policy_bent),
)


def bent_policy(rng: Random) -> bytes:
    """A policy with a line changed, dropped, moved or added; some are still policies."""
    lines = POLICY.decode().splitlines()
    at = rng.randrange(len(lines))
    key = LONDON.key
    other = f"witness more {key.name}x+00000000+{b64(bytes(33))}"
    extra = [
        *lines,
        "",
        " ",
        "\t",
        "# any",
        " # any",
        "quorum none",
        "quorum london",
        "group g all",
        "group g any london",
        "group g 0 paris",
    ]
    extra += [
        "group g 2 both",
        "group g 1 both both",
        "group none all both",
        "witness none " + str(key),
        f"log {key}",
        other,
        "log x+y+z",
    ]
    extra += [
        "witness a\u00e9 " + str(key),
        "group \u00e9 any both",
        "quorum",
        "unknown x",
        "log",
        "# \u00e9",
        "#\x7f",
        "#\x01",
        "\u00a0",
        "\x0b",
    ]
    draw = rng.random()
    if draw < 0.2:
        lines.pop(at)
    elif draw < 0.3:
        lines.insert(rng.randrange(len(lines)), lines.pop(at))
    elif draw < 0.8:
        lines.insert(at, rng.choice(extra))
    else:
        words = lines[at].split(" ")
        words.insert(rng.randrange(len(words) + 1), rng.choice(["", "x", "both", "https://x.example/", "2"]))
        lines[at] = rng.choice([" ", "\t", "  "]).join(words)
    body = "\n".join(lines).encode() + rng.choice([b"\n"] * 8 + [b"", b"\r\n", b"\n\n"])
    return body if rng.random() < 0.95 else body.replace(b"both", b"bo\xffth")


# -- archives, after ---------------------------------------------------------------------------------------------------


def bit_turned(body: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(body)) if rng.random() < 0.5 else max(0, len(body) - 1 - int(rng.expovariate(1 / 3000)))
    return body[:at] + bytes([body[at] ^ 1 << rng.randrange(8)]) + body[at + 1 :]


def cut(body: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(body))
    return rng.choice([body[:at], body[at:], body[:at] + body[at + 1 :], body + b"\0", b"PK" + body, body[: rng.randrange(40)]])


def header_bent(body: bytes, rng: Random) -> bytes:
    """A byte of a local header, a central record or the end record."""
    marks = [at for mark in (b"PK\1\2", b"PK\3\4", b"PK\5\6") for at in _all(body, mark)]
    at = rng.choice(marks) + rng.randrange(46)
    at = min(at, len(body) - 1)
    return body[:at] + bytes([rng.choice([0, 1, 255, body[at] ^ 1, rng.randrange(256)])]) + body[at + 1 :]


def _all(body: bytes, mark: bytes) -> list[int]:
    found, at = [], body.find(mark)
    while at >= 0:
        found.append(at)
        at = body.find(mark, at + 1)
    return found


ARCHIVES: tuple[Callable[[bytes, Random], bytes], ...] = (bit_turned, cut, header_bent)


def repacked(dossier: Dossier, rng: Random) -> bytes:
    """Files in another order, one twice, a checksum or a list that is not made anew."""
    order = list(dossier.files)
    draw = rng.random()
    if draw < 0.3:
        order.insert(rng.randrange(len(order)), order.pop(rng.randrange(len(order))))
        return pack(dossier, order=order)
    if draw < 0.5:
        order.insert(rng.randrange(len(order)), rng.choice(order))
        return pack(dossier, order=order)
    if draw < 0.7:
        return pack(dossier, crc={rng.choice([*order, "manifest.json"]): zlib.crc32(b"another")})
    pack(dossier)
    if draw < 0.85:
        bend_json(dossier.manifest["files"], rng)
    else:
        name = rng.choice(order)
        dossier.files[name] = bytes(len(dossier.files[name]))
    return pack(dossier, lists=False)


def bent_bundle(seed: int) -> tuple[bytes, str]:
    """A bundle with about one thing wrong, and what was done to it."""
    world = World(seed)
    world.tell(world.rng.randrange(3, 22))
    rng, done = world.rng, []
    way = rng.random()
    if way < 0.45:
        for _ in range(rng.choice([1, 1, 1, 2])):
            bend = rng.choice(ACTS)
            bend(world, rng.choice([act for act in world.acts if act.signers and "data" in act.payload]))
            done.append(bend.__name__)
    dossier = Maker(world, rng).make()
    if 0.45 <= way < 0.85:
        for _ in range(rng.choice([1, 1, 1, 2])):
            change = rng.choice(DOSSIERS)
            with suppress(KeyError, TypeError, AttributeError):  # the change before may have taken away what this one bends
                change(dossier, rng)
            done.append(change.__name__)
    if 0.85 <= way < 0.9:
        return repacked(dossier, rng), "repacked"
    body = pack(dossier)
    if 0.9 <= way < 0.97:
        spoil = rng.choice(ARCHIVES)
        return spoil(body, rng), spoil.__name__
    return body, ", ".join(done)


__all__ = ["NATIONS", "bent_bundle", "bent_policy"]
