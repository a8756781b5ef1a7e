"""Strict JSON: nothing is accepted that has a second spelling, and nothing is altered on the way in."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger import errors
from ledger.formats import strict

ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def canonical(value):
    """RFC 8785 written down a second time, without msgspec."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(ESCAPES.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in value) + '"'
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    ordered = sorted(value.items(), key=lambda pair: pair[0].encode("utf-16-be"))
    return "{" + ",".join(f"{canonical(k)}:{canonical(v)}" for k, v in ordered) + "}"


TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)
NAMES = st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=8)
NUMBERS = st.integers(-strict.INTEGER_MAX, strict.INTEGER_MAX)
PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


OBJECTS = st.dictionaries(NAMES, PLAIN, max_size=5).filter(lambda value: depth(value) <= strict.DEPTH_MAX)


@settings(max_examples=300, deadline=None)
@given(OBJECTS)
@example({"\x7f": "\x7f\u2028\u20ac\U0001f600\x1f/"})
def test_the_canonical_form_is_the_one_another_canonicaliser_writes(value):
    body = canonical(value).encode()
    assert strict.format(value) == body
    assert strict.parse(body) == value


@settings(max_examples=300, deadline=None)
@given(OBJECTS, st.data())
def test_a_payload_spelled_otherwise_is_refused_or_is_another_payload(value, data):
    """Every single-byte change is refused, or is the canonical form of what it decodes to; nothing is silently altered."""
    body = bytearray(canonical(value).encode())
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] = data.draw(st.integers(0, 255))
    try:
        parsed = strict.parse(bytes(body))
    except errors.Malformed:
        return
    assert canonical(parsed).encode() == bytes(body)


DEEPEST = b'{"a":' * 7 + b"{}" + b"}" * 7


@pytest.mark.parametrize(
    "body",
    [b"{}", b'{"a":9007199254740991}', b'{"a":-9007199254740991}', DEEPEST, b'{"a":"\\\\u0000"}', b'{"a":"\xc3\xa9"}'],
)
def test_what_is_canonical_is_accepted(body):
    assert strict.format(strict.parse(body)) == body
    strict.check(body)


HOSTILE = {
    "empty": b"",
    "array on top": b"[1]",
    "number on top": b"1",
    "duplicate name": b'{"a":1,"a":1}',
    "duplicate name, deep": b'{"x":{"a":1,"a":2}}',
    "unsorted": b'{"b":1,"a":1}',
    "space": b'{"a": 1}',
    "trailing newline": b"{}\n",
    "two documents": b"{}{}",
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "integral float": b'{"a":1.0}',
    "fraction": b'{"a":1.5}',
    "exponent": b'{"a":1e2}',
    "minus zero": b'{"a":-0}',
    "leading zero": b'{"a":01}',
    "plus": b'{"a":+1}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":Infinity}',
    "beyond a double": b'{"a":9007199254740992}',
    "far below a double": b'{"a":-99999999999999999999999999999999999999999}',
    "too deep": b'{"a":' * 8 + b"{}" + b"}" * 8,
    "too deep in arrays": b'{"a":' + b"[" * 8 + b"]" * 8 + b"}",
    "far too deep": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "NUL escaped": b'{"a":"\\u0000"}',
    "NUL escaped after a backslash": b'{"a":"\\\\\\u0000"}',
    "NUL in a name": b'{"\\u0000":1}',
    "NUL bare": b'{"a":"\x00"}',
    "control bare": b'{"a":"\x1f"}',
    "upper-case escape": b'{"a":"\\u001F"}',
    "needless escape": b'{"a":"\\u0041"}',
    "escaped solidus": b'{"a":"\\/"}',
    "lone surrogate escaped": b'{"a":"\\ud800"}',
    "surrogate pair escaped": b'{"a":"\\ud83d\\ude00"}',
    "lone surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "overlong UTF-8": b'{"a":"\xc0\x80"}',
    "beyond Unicode": b'{"a":"\xf4\x90\x80\x80"}',
    "bad UTF-8": b'{"a":"\xff"}',
    "name beyond ASCII": '{"é":1}'.encode(),
    "name beyond ASCII, deep": '{"a":[[{"b":{"é":1}}]]}'.encode(),
    "single quotes": b"{'a':1}",
    "comment": b'{"a":1/**/}',
    "trailing comma": b'{"a":1,}',
    "unfinished": b'{"a":1',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_bytes_are_refused(body):
    with pytest.raises(errors.Malformed):
        strict.parse(body)
    with pytest.raises(errors.Malformed):
        strict.check(body)


def test_a_payload_one_byte_too_long_is_refused():
    fits = b'{"a":"' + b"x" * (strict.PAYLOAD_BYTES_MAX - 8) + b'"}'
    strict.check(fits)
    with pytest.raises(errors.TooLarge):
        strict.check(fits[:-2] + b'x"}')


def read(body):
    return strict.read_request(body, 1_000)


DEEP = [[[[[[[[[]]]]]]]]]
PLACES = {
    "a name given twice": (strict.parse, b'{"a":{"c":0,"b":1,"b":2}}', "b", "given twice"),
    "a name beyond ASCII": (strict.parse, '{"a":[[{"b":{"é":1}}]]}'.encode(), "é", "ASCII"),
    "a space": (strict.parse, b'{"a": 1}', "payload", "byte 5"),
    "a line end": (strict.parse, b"{}\n", "payload", "byte 2"),
    "a fraction": (strict.parse, b'{"a":[1,1.5]}', "[...][1]", "floating point"),
    "an array on top": (strict.parse, b"[1]", None, "Expected `object`"),
    "a byte that is no text": (strict.parse, b'{"a":"\xff"}', None, "not UTF-8"),
    "an escaped NUL": (strict.parse, b'{"a":"\\u0000"}', None, "byte 6"),
    "too many bytes": (strict.parse, b"x" * (strict.PAYLOAD_BYTES_MAX + 1), "payload", "32769 bytes"),
    "a fraction in a request": (read, b'{"a":1.5}', "[...]", "floating point"),
    "a NUL in a request": (read, b'{"X":[{"b":"\\u0000"}]}', "X.0.b", "NUL"),
    "a NUL in a name in a request": (read, b'{"X":{"\\u0000":1}}', "X", "NUL"),
    "a NUL in a first name in a request": (read, b'{"\\u0000":1}', None, "NUL"),
    "a fraction to be written": (strict.format, {"X": [{"b": 1.5}]}, "X.0.b", "float"),
    "a fraction alone": (strict.format, 1.5, None, "float"),
    "bytes to be written": (strict.format, {"a": b"x"}, "a", "bytes"),
    "a number too large": (strict.format, {"a": 2**53}, "a", "double"),
    "a number too small": (strict.format, -(2**53), None, "double"),
    "a number for a name": (strict.format, {"a": {1: 2}}, "a.1", "ASCII strings"),
    "a name beyond ASCII to be written": (strict.format, {"é": 1}, "'é'", "ASCII strings"),
    "such a name deeper": (strict.format, {"X": [{"é": 1}]}, "X.0.'é'", "ASCII strings"),
    "a NUL to be written": (strict.format, {"a": "\x00"}, "a", "NUL"),
    "a NUL in a name to be written": (strict.format, {"a": {"\x00": 1}}, "a", "NUL"),
    "half a character": (strict.format, {"a": "\ud800"}, "a", "surrogate"),
    "half a character alone": (strict.format, "\ud800", None, "surrogate"),
    "too deep": (strict.format, DEEP, "0.0.0.0.0.0.0.0", "deep"),
}


@pytest.mark.parametrize(("reader", "given", "field", "said"), PLACES.values(), ids=PLACES.keys())
def test_the_refusal_names_the_place(reader, given, field, said):
    with pytest.raises(errors.Malformed, match=said) as wrong:
        reader(given)
    assert wrong.value.field == field


@pytest.mark.parametrize("depth", range(4))
def test_so_many_levels_are_decoded_and_not_one_more(depth):
    """The type that holds the depth is made once, where the module is read; here it is made afresh."""
    decode = msgspec.json.Decoder(strict._value(depth)).decode
    for begin, end in ((b"[", b"]"), (b'{"a":', b"}")):
        for leaf in (b"-9007199254740991", b'"a"', b"true", b"null"):
            decode(begin * depth + leaf + end * depth)
            with pytest.raises(msgspec.ValidationError):
                decode(begin * (depth + 1) + leaf + end * (depth + 1))
        for leaf in (b"1.5", b"9007199254740992"):
            with pytest.raises(msgspec.ValidationError):
                decode(begin * depth + leaf + end * depth)


# -- the quick way, for structs ---------------------------------------------------------------------------------------------


class Header(msgspec.Struct):
    data: msgspec.Raw
    id: str


class Data(msgspec.Struct):
    n: str


FULL = b'{"data":{"n":"' + b"x" * (strict.PAYLOAD_BYTES_MAX - 25) + b'"},"id":"a"}'
QUICK = {
    "as written": ('{"data":{"n":"1"},"id":"é"}'.encode(), True),
    "as long as may be": (FULL.replace(b'x"', b'"'), True),
    "a byte longer": (FULL, False),
    "a space in the data": (b'{"data":{"n": "1"},"id":"a"}', False),
    "a space in the header": (b'{"data":{"n":"1"}, "id":"a"}', False),
    "an escape, though a needed one": (b'{"data":{"n":"\\n"},"id":"a"}', False),
    "a needed escape in the header": (b'{"data":{"n":"1"},"id":"\\n"}', False),
    "text beyond ASCII in the data": ('{"data":{"n":"é"},"id":"a"}'.encode(), False),
}


@pytest.mark.parametrize(("body", "quick"), QUICK.values(), ids=QUICK.keys())
def test_only_what_is_surely_as_written_goes_the_quick_way(body, quick):
    header = msgspec.json.decode(body, type=Header)
    assert strict.is_as_written(body, header, bytes(header.data), msgspec.json.decode(header.data, type=Data)) is quick


MAX = strict.INTEGER_MAX
Whole = Annotated[int, msgspec.Meta(ge=-MAX, le=MAX)]
CLOSED = [Whole, str, bool, None, Literal["a"], Whole | None, list[Whole], tuple[str, ...], Data, dict[str, Whole]]
CLOSED += [Annotated[bool, msgspec.Meta(title="a")], dict[Annotated[str, msgspec.Meta(title="a")], bool]]
OPEN = [int, float, object, msgspec.Raw, int | None, list[float], tuple[float, ...], dict[str, float], dict[int, str], Header]
OPEN += [Annotated[int, msgspec.Meta(ge=-MAX - 1, le=MAX)], Annotated[int, msgspec.Meta(ge=-MAX, le=MAX + 1)]]
OPEN += [Annotated[int, msgspec.Meta(ge=0)], Annotated[int, msgspec.Meta(le=0)], Annotated[float, msgspec.Meta(title="a")]]
OPEN += [dict[Annotated[int, msgspec.Meta(title="a")], bool]]


@pytest.mark.parametrize(("kind", "closed"), [(kind, True) for kind in CLOSED] + [(kind, False) for kind in OPEN], ids=str)
def test_a_struct_that_lets_anything_in_is_not_closed(kind, closed):
    """A float, an integer without both its limits, or anything untyped could stand in a payload unseen."""
    assert strict.is_closed(msgspec.defstruct("Kind", [("field", kind)])) is closed


def test_a_struct_with_a_name_beyond_ascii_is_not_closed():
    assert not strict.is_closed(msgspec.defstruct("Kind", [("field", str, msgspec.field(name="é"))]))


# -- requests, which a client may spell in its own way ----------------------------------------------------------------------


def test_a_request_may_be_spelled_in_another_way():
    body = b'{ "b" : "\\u0041\\/", "a" : [1, {"\\u00e9": "\xc3\xa9"}] }\n'
    assert strict.read_request(body, 1_000) == {"b": "A/", "a": [1, {"é": "é"}]}


HOSTILE_REQUESTS = {
    name: body
    for name, body in HOSTILE.items()
    if name
    not in (
        "unsorted",
        "space",
        "trailing newline",
        "minus zero",
        "upper-case escape",
        "needless escape",
        "escaped solidus",
        "surrogate pair escaped",
        "name beyond ASCII",
        "name beyond ASCII, deep",
    )
} | {
    "duplicate hidden by an escape": b'{"a":1,"\\u0061":2}',
    "duplicate in the compact form": b'{"a":[{"b":1,"b":1}]}',
    "duplicate made up for by nothing": b'{"a":"","a":"xxxxxxx"}',
}


@pytest.mark.parametrize("body", HOSTILE_REQUESTS.values(), ids=HOSTILE_REQUESTS.keys())
def test_a_hostile_request_is_refused(body):
    with pytest.raises(errors.Malformed):
        strict.read_request(body, 100_000)


def test_a_request_too_long_is_refused():
    assert strict.read_request(b'{"a":1}', 7) == {"a": 1}
    with pytest.raises(errors.TooLarge):
        strict.read_request(b'{"a":1}', 6)


@settings(max_examples=200, deadline=None)
@given(OBJECTS, st.booleans())
def test_a_request_reads_as_the_json_module_reads_it(value, spaced):
    body = json.dumps(value, indent=1 if spaced else None).encode()
    assert strict.read_request(body, 1_000_000) == value
