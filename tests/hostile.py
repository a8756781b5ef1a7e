"""Requests that nobody means well by, made from a seed: what is asked, by whom, with which headers and which body.

They are made of a few lists of nasty texts and of ways to spoil what is sound, over every route that the service has. A body is
spoilt in its bytes, in its JSON, or inside what is signed (and then signed again, by a key that may).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple
from urllib.parse import quote, quote_from_bytes

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Route

from ledger.formats import envelope
from ledger.formats.armour import encode64
from ledger.formats.keys import SigningKey


class Hostile(NamedTuple):
    """One request as a server would hand it on. `path` is percent-encoded; `why` names it where it fails."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, bytes]]
    body: bytes
    why: str


class Material(NamedTuple):
    """What there is to spoil: tokens by whose they are, wire items never sent and who signed them, what is on record.

    `names` are sound values by the name of their parameter; one of London's and the author's own token are taken most often.
    """

    tokens: Mapping[str, str]
    items: Sequence[dict[str, Any]]
    key: SigningKey
    names: Mapping[str, Sequence[str]]
    canary_url: str


NUMBERS = (
    *(
        "-1",
        "0",
        "00",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "1_000",
        "0x10",
        "0b1",
        "NaN",
        "Infinity",
        "-0",
        "٣",
        "１２",
        "²",
        "½",
        "Ⅷ",
    ),
    *(str(2**power + step) for power in (15, 31, 32, 53, 63, 64, 128) for step in (-1, 0, 1)),
    *("9" * 400, "-" + "9" * 30, "1e309", "1,000", "null", "true", "[]", "{}"),
)
DAYS = (
    *(
        "0001-01-01",
        "0000-01-01",
        "9999-12-31",
        "10000-01-01",
        "2015-02-29",
        "2016-02-30",
        "2015-13-01",
        "2015-W01-1",
        "2015-365",
    ),
    *("-001-01-01", "2015-08-2６", "2015–08–26", "2015/08/26", "26.08.2015", "2015-8-26", "1900-01-01", "2015-08-26T00:00"),
)
INSTANTS = (
    *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-14:00"),
    *("2016-12-31T23:59:60Z", "2015-08-27T24:00:00Z", "2015-08-27T03:12Z", "2015-08-27T03:12:00", "2015-08-27 03:12:00Z"),
    *("2015-03-29T02:30:00+01:00", "2015-10-25T02:30:00[Europe/Paris]", "2015-08-27T03:12:00.0000001Z", "1970-01-01T00:00:00Z"),
    *("2015-08-27T03:12:00+99:99", "2015-08-27T03:12:00-00:00", "2015-08-27T03:12:00z", "@1440645120", "now", "-1"),
    *("292278994-08-17T07:12:55Z", "2015-08-27T03:12:00+24:00", "2262-04-12T00:00:00Z"),
)
TEXTS = (
    *(
        "",
        " ",
        ".",
        "..",
        "../../../../etc/passwd",
        "..\\..\\win.ini",
        "/etc/passwd",
        "~root",
        "file:///etc/passwd",
        "C:\\",
        "con",
    ),
    *(
        "' OR 1=1--",
        '" OR ""="',
        "1; DROP TABLE entries;--",
        "') UNION SELECT * FROM keys--",
        "%' AND 1=CAST(version() AS int)--",
    ),
    *(
        "\x00",
        "a\x00b",
        "\r\nX-Injected: 1",
        "a\nb",
        "\x1b[31mred\x1b[0m",
        "\x7f",
        "\ufeff",
        "\u202egpj.exe",
        "\u200b",
        "\u2066a",
    ),
    *(
        "ＢＦ",
        "ВF",
        "IＮC-A1",
        "i\u0307",
        "ß",
        "ﬀ",
        "Å",
        "A\u030a",
        "e" + "\u0301" * 300,
        "👨‍👩‍👧‍👦" * 50,
        "\ud800",
        "\U0010ffff",
        "\ufffe",
    ),
    *("{{7*7}}", "${jndi:ldap://127.0.0.1/a}", "<script>alert(1)</script>", "#{7*7}", "%n%n%s", "=cmd|'/C calc'!A0", "@SUM(1)"),
    *(
        "a" * 129,
        "a" * 5_000,
        "*" * 300,
        "(" * 300,
        "%" * 50,
        "INC-A1,INC-A2",
        "INC-A1;INC-A2",
        "__proto__",
        "constructor",
        "self",
    ),
    *(
        "gb%2f..%2ffr",
        "GB",
        "Fr",
        "gb ",
        "gb\t",
        "gb.csv",
        "gb/../fr",
        "gb;fr",
        "xx",
        "null",
        "undefined",
        "None",
        "-",
        "--help",
    ),
)
BYTES = (b"\xff\xfe", b"\xc0\xae\xc0\xae/", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x28\xa1", b"\x80", b"caf\xe9")
HEADERS: tuple[tuple[str, Sequence[str]], ...] = (
    ("accept", ("", "*/*;q=x", "text/html", "application/octet-stream", "image/*" * 500, "application/octet-stream;q=0", "\t")),
    ("accept-language", ("fr;q=" + "9" * 400, "x" * 3_000, ",".join(["fr"] * 1_000), "en;q=-1", "*;q=0", "fr-" + "a" * 20)),
    (
        "content-type",
        ("", "text/plain", "application/json; charset=utf-16", "multipart/form-data; boundary=x", "application/xml"),
    ),
    ("content-type", ("application/x-www-form-urlencoded", "application/JSON", "application/json;;;", "a/b" * 300, "*/*")),
    ("content-length", ("-1", "0", "1e3", "9" * 400, "5000000000", "abc", "+5", "0x5")),
    ("content-encoding", ("gzip", "br", "identity, gzip", "deflate", "IDENTITY", "x" * 100)),
    ("x-request-id", ("", "a", "../../a", "<script>", "0" * 64, "0" * 65, "a b", "é")),
    (
        "authorization",
        ("", "Bearer", "Bearer ", "Basic Og==", "bearer x", "Bearer  x", "Bearer " + "x" * 8_000, "Bearer é", "x"),
    ),
    ("range", ("bytes=5-1", "bytes=-1", "bytes=0-0,0-0,0-0", "lines=1-2")),
    ("if-none-match", ("*", '"x"', "W/")),
    ("last-event-id", ("-1", "9" * 40, "x", "' OR 1=1--")),
    ("x-forwarded-for", ("127.0.0.1", "' OR 1=1--", "a" * 3_000, "::1, 10.0.0.1")),
    ("x-http-method-override", ("DELETE",)),
    ("host", ("", "evil.example", "a" * 3_000, "127.0.0.1:99999")),
    ("cookie", ("a=b; " * 500,)),
    ("origin", ("null", "http://evil.example")),
    ("transfer-encoding", ("chunked", "gzip, chunked", "x")),
    ("expect", ("200-ok",)),
    ("entente-purpose", ("", "inquiry", "' OR 1=1--", "x" * 200, "../a", "é")),
    ("entente-motif", ("", "%", "%00", "%0d%0aX-Injected: 1", "why%20not", "%ff", "x" * 7_000, "%E2%80%AEa", "=1+1")),
    ("entente-emergency", ("true", "yes", "", "2", "[]", "TRUE")),
)
METHODS = (
    "GET",
    "GET",
    "GET",
    "GET",
    "GET",
    "GET",
    "POST",
    "HEAD",
    "OPTIONS",
    "PUT",
    "DELETE",
    "PATCH",
    "TRACE",
    "CONNECT",
    "",
    "G E",
)


def hostile(seed: int, number: int, app: FastAPI, material: Material) -> Iterator[Hostile]:
    """So many requests: most to what is asked, each fourth an append."""
    rng = Random(seed)
    routes = [context.original_route for context in iter_route_contexts(app.routes)]
    asked = [route for route in routes if isinstance(route, Route)]
    for n in range(number):
        yield _append(rng, material) if n % 4 == 0 else _question(rng, asked, material)


# -- what is asked -------------------------------------------------------------------------------------------------------------


def _question(rng: Random, routes: Sequence[Route], material: Material) -> Hostile:
    route = rng.choice(routes)
    path, why = route.path, [route.path]
    for name in route.param_convertors:
        known = rng.random() < 0.7 and material.names.get(name)
        value = rng.choice(known) if known else _encoded(rng, material)
        path = path.replace(f"{{{name}}}", value).replace(f"{{{name}:path}}", value)
    if rng.random() < 0.1:
        path = (
            rng.choice(("/", "//", "/.", "/..", "/%2e%2e"))
            + path.removeprefix("/")
            + rng.choice(("", "/", "//", "/.", ";x", "%20"))
        )
    names = [field.alias for field in getattr(getattr(route, "dependant", None), "query_params", [])]
    pairs = []
    for name in (*names, *rng.sample(("day", "as_of", "after", "limit", "x", "_method", "callback", "", "after[]"), 2)):
        if rng.random() < 0.7:
            known = rng.random() < 0.6 and material.names.get(name)
            value = quote(rng.choice(known), safe="") if known else _encoded(rng, material, name)
            pairs.append(f"{quote(name, safe='')}={value}")
            why.append(pairs[-1][:80])
    pairs += rng.choices(pairs, k=rng.choice((0, 0, 0, 1, 30))) if pairs else []
    query = rng.choice(("&", "&", "&", ";")).join(pairs) or rng.choice(("", "", "&&&", "=", "%", "?" * 50, "a" * 5_000))
    headers, said = _headers(rng, material, b"")
    method = rng.choice(sorted(route.methods or ())) if rng.random() < 0.8 else rng.choice(METHODS)
    return Hostile(method, path, query, headers, b"", " ".join([method, *why, *said]))


def _value(rng: Random, material: Material, name: str) -> str:
    kinds = {"day": DAYS, "as_of": INSTANTS, "after": NUMBERS, "limit": NUMBERS}
    lists = [kinds.get(name, TEXTS), TEXTS, NUMBERS, _names(material), (material.canary_url,), DAYS, INSTANTS]
    return rng.choice(lists[0] if rng.random() < 0.5 else rng.choice(lists))


def _names(material: Material) -> list[str]:
    return [name for names in material.names.values() for name in names]


def _encoded(rng: Random, material: Material, name: str = "") -> str:
    if rng.random() < 0.08:
        return quote_from_bytes(rng.choice(BYTES), safe="")
    plain = _value(rng, material, name).encode("utf-8", "surrogatepass")
    once = quote_from_bytes(plain, safe="")
    return rng.choice(
        (
            once,
            once,
            once,
            quote(once, safe=""),
            quote_from_bytes(plain, safe="/:@+"),
            once.lower(),
            "".join(f"%{b:02x}" for b in plain),
        )
    )


def _headers(rng: Random, material: Material, body: bytes, kind: str = "") -> tuple[list[tuple[str, bytes]], list[str]]:
    found = {"host": b"127.0.0.1", "authorization": b"Bearer " + _token(rng, material)}
    if body:
        found |= {"content-type": kind.encode() or b"application/json", "content-length": str(len(body)).encode()}
    said = []
    for name, values in rng.choices(HEADERS, k=rng.choice((0, 0, 0, 1, 1, 2))):
        found[name] = rng.choice(values).encode("latin-1", "replace")
        said.append(f"{name}: {found[name][:40]!r}")
    return list(found.items()), said


def _token(rng: Random, material: Material) -> bytes:
    token = material.tokens["GB auditor"] if rng.random() < 0.6 else rng.choice(list(material.tokens.values()))
    if rng.random() < 0.85:
        return token.encode()
    at = rng.randrange(len(token))
    return rng.choice((token[:at] + rng.choice("Aa0-_ ") + token[at + 1 :], token[:at], token * 2, token.swapcase())).encode()


# -- what is sent --------------------------------------------------------------------------------------------------------------


def _append(rng: Random, material: Material) -> Hostile:
    make, spoil = rng.choice(SPOILING)
    body = spoil(rng, rng.choice(material.items), material)
    headers, said = _headers(rng, material, body)
    found = dict(headers)
    if rng.random() < 0.8:
        found["authorization"] = b"Bearer " + material.tokens["BF"].encode()
    if make == "a compressed bomb":
        found["content-encoding"] = b"gzip"
    query = rng.choice(("", "", "", "atomic=true", "check=1", "atomic=maybe", "check=" + _encoded(rng, material)))
    return Hostile(
        "POST", "/v1/events", query, list(found.items()), body, f"POST {query} {make} {' '.join(said)} {body[:200]!r}"
    )


def _in_bytes(rng: Random, item: dict[str, Any], material: Material) -> bytes:
    body = bytearray(json.dumps(item).encode())
    for _ in range(rng.choice((1, 1, 2, 5, 50))):
        at = rng.randrange(len(body))
        what = rng.randrange(5)
        if what == 0:
            body[at] ^= 1 << rng.randrange(8)
        elif what == 1:
            del body[at : at + rng.randrange(1, 20)]
        elif what == 2:
            body[at:at] = rng.choice(
                (b"\x00", b"\xff", b'"', b"{", b"[", b"\\", b"\\u0000", b"\\ud800", b",", b"\xef\xbb\xbf", b"NaN")
            )
        elif what == 3:
            body[at:at] = body[at : at + rng.randrange(1, 200)]
        else:
            del body[at:]
        if not body:
            return b"x"
    return bytes(body)


def _nasty(rng: Random, material: Material) -> Any:
    return rng.choice(
        (
            *(
                None,
                True,
                [],
                {},
                [[]],
                {"": ""},
                -0.0,
                1.5,
                1e308,
                float("nan"),
                float("inf"),
                2**53,
                -(2**63),
                2**64,
                10**400,
            ),
            *(rng.choice(TEXTS), rng.choice(NUMBERS), rng.choice(INSTANTS), rng.choice(DAYS), rng.choice(_names(material))),
            *(
                material.canary_url,
                ["x"] * 2_000,
                {str(n): n for n in range(500)},
                "=" * 10,
                "A" * 1_000_000,
                rng.choice(TEXTS),
            ),
            _nest(rng.choice((3, 8, 9, 50, 800))),
        )
    )


def _nest(depth: int) -> Any:
    found: Any = 1
    for n in range(depth):
        found = [found] if n % 2 else {"a": found}
    return found


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield (*path, name)
        yield from _places(child, (*path, name))


def _spoil(rng: Random, value: Any, material: Material) -> Any:
    """A copy with one to three places replaced, taken away, renamed or added to."""
    found = json.loads(json.dumps(value))
    for _ in range(rng.choice((1, 1, 2, 3))):
        places = list(_places(found))
        if not places:
            return found
        *way, last = rng.choice(places)
        inside = found
        for step in way:
            inside = inside[step]
        what = rng.randrange(5)
        if what == 0:
            del inside[last]
        elif what == 1 and isinstance(inside, dict):
            inside[rng.choice((str(last).upper(), f"{last} ", f"\u200b{last}", str(last).replace("e", "е"), "", "x" * 300))] = (
                inside.pop(last)
            )
        elif what == 2 and isinstance(inside, dict):
            inside[rng.choice(("extra", "id", "__proto__", "data", "$ref"))] = _nasty(rng, material)
        else:
            inside[last] = _nasty(rng, material)
    return found


def _dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()


def _in_json(rng: Random, item: dict[str, Any], material: Material) -> bytes:
    return _dumped(_spoil(rng, item, material))


def _sound(rng: Random, item: dict[str, Any], material: Material) -> bytes:
    """Nothing is wrong with it but, now and then, how it is sent: what is said of it must be true."""
    return _dumped(item)


def _twice(rng: Random, item: dict[str, Any], material: Material) -> bytes:
    body, name = _dumped(item), rng.choice((b'"envelope"', b'"payload"', b'"sig"', b'"keyid"', b'"payloadType"'))
    return body.replace(name, name + b":" + _dumped(rng.choice(TEXTS)) + b"," + name, 1)


def _signed(payload: bytes, item: dict[str, Any], material: Material) -> bytes:
    signature = envelope.sign(payload, material.key)
    spoilt = json.loads(json.dumps(item))
    spoilt["envelope"]["payload"] = encode64(payload)
    spoilt["envelope"]["signatures"] = [{"keyid": material.key.key_id, "sig": encode64(signature.sig)}]
    return _dumped(spoilt)


def _in_what_is_signed(rng: Random, item: dict[str, Any], material: Material) -> bytes:
    payload = _spoil(rng, _payload(item), material)
    text = json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return _signed(text.encode("utf-8", "surrogatepass"), item, material)


def _bytes_signed(rng: Random, item: dict[str, Any], material: Material) -> bytes:
    return _signed(_in_bytes(rng, _payload(item), material), item, material)


def _payload(item: dict[str, Any]) -> Any:
    from tests.served import payload

    return payload(item)


def _list(rng: Random, item: dict[str, Any], material: Material) -> bytes:
    each = [_spoil(rng, item, material) for _ in range(rng.choice((1, 3, 30)))]
    return _dumped(rng.choice(({"items": each}, {"items": each * 40}, {"items": [{}] * 1_001}, {"items": each, "x": 1}, each)))


def _other(rng: Random, item: dict[str, Any], material: Material) -> bytes:
    return rng.choice(
        (
            *(b"", b" ", b"null", b"[]", b'"', b"{", b"\xef\xbb\xbf{}", '{"a":1}'.encode("utf-16"), '{"a":1}'.encode("utf-32")),
            *(b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", b"a=b&c=d"),
            *(b'{"a":' * 20_000 + b"1" + b"}" * 20_000, b"[" * 100_000, b'{"a":' + b"9" * 100_000 + b"}", b'{"a":1e999999999}'),
            *(
                b'{"a":"' + b"x" * 8_400_000 + b'"}',
                b" " * 2_000_000 + _dumped(item),
                _dumped(item) + b"\x00",
                _dumped(item) * 2,
            ),
            *(b'{"items":[' + b"{}," * 200_000 + b"{}]}", b'{"items": [ ' + b'{ "a" : 1 } ,' * 100_000 + b"{}]}"),
            *(b'{"' + b'a":1,"b' * 100_000 + b'":1}', b'{"a":"' + rb"\u0041" * 100_000 + b'"}'),
        )
    )


def _bomb(rng: Random, item: dict[str, Any], material: Material) -> bytes:
    return gzip.compress(b" " * rng.choice((1_000, 50_000_000)) + _dumped(item), 1)


SPOILING: tuple[tuple[str, Callable[[Random, dict[str, Any], Material], bytes]], ...] = (
    ("bytes", _in_bytes),
    ("JSON", _in_json),
    ("nothing", _sound),
    ("a name twice", _twice),
    ("what is signed", _in_what_is_signed),
    ("what is signed", _in_what_is_signed),
    ("bytes that are signed", _bytes_signed),
    ("a list", _list),
    ("something else", _other),
    ("a compressed bomb", _bomb),
)
