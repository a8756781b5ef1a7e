"""Strict JSON: a payload has exactly one form (RFC 8785), and whatever is not in it is refused.

Decoding, encoding again in canonical order and comparing refuses duplicate names, odd escapes, spaces, wrong order and every
second spelling of a number in one rule, at a few microseconds an event. What that rule lets through is refused by the types
decoded into (no floats, integers a double holds exactly, bounded nesting) or looked for by hand (NUL, names beyond ASCII).
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, NoReturn

import msgspec
import msgspec.inspect

from ledger import errors

PAYLOAD_BYTES_MAX = 32_768
DEPTH_MAX = 8
INTEGER_MAX = 2**53 - 1

# RFC 8785 orders names by UTF-16 code units and msgspec by UTF-8 bytes; among ASCII names the two agree, hence that rule.
_Integer = Annotated[int, msgspec.Meta(ge=-INTEGER_MAX, le=INTEGER_MAX)]


def _value(depth: int) -> Any:
    # msgspec has no recursive alias without a Struct; a type unrolled to the greatest depth also enforces that depth.
    value: Any = _Integer | str | bool | None
    for _ in range(depth):
        value = _Integer | str | bool | None | dict[str, value] | list[value]
    return value


_PAYLOAD: Any = dict[str, _value(DEPTH_MAX - 1)]  # type: ignore[misc]
_decode = msgspec.json.Decoder(_PAYLOAD).decode
_encode = msgspec.json.Encoder(order="sorted").encode
_encode_as_read = msgspec.json.Encoder().encode
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def parse(body: bytes) -> dict[str, Any]:
    """Decode a payload of at most PAYLOAD_BYTES_MAX bytes that equals its RFC 8785 form.

    Raises Malformed naming the place (a path of names, or the byte at which the form differs), or TooLarge.
    """
    if len(body) > PAYLOAD_BYTES_MAX:
        raise errors.TooLarge(f"the payload has {len(body)} bytes, more than {PAYLOAD_BYTES_MAX}", field="payload")
    try:
        value: dict[str, Any] = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise _named(wrong) from None
    if _encode(value) != body:
        _explain(body, value)
    if b"\\" in body:
        escaped = _ESCAPED_NUL.search(body)
        if escaped:
            raise errors.Malformed(f"a NUL character at byte {escaped.start()}")
    if not body.isascii():
        _require_ascii_names(value)
    return value


def check(body: bytes) -> None:
    """Refuse what `parse` refuses."""
    parse(body)


def is_as_written(body: bytes, header: msgspec.Struct, inner: bytes, data: msgspec.Struct) -> bool:
    """Whether a payload surely equals its RFC 8785 form, given what it decoded to: a header, and the data in its `Raw` field.

    The hot path: writing structs is quicker than decoding everything once more without types. Only for structs of which
    `is_closed` is true, that one field apart. False says only that `check` has to look.
    """
    if len(body) > PAYLOAD_BYTES_MAX or b"\\" in body or not inner.isascii():
        return False
    return _encode(data) == inner and _encode(header) == body


def is_closed(struct: type[msgspec.Struct]) -> bool:
    """Whether every value that ASCII bytes decode into this struct may stand in a payload: no float, no integer without its
    limits, nothing untyped.
    """
    return _is_closed(msgspec.inspect.type_info(struct))


def _is_closed(described: msgspec.inspect.Type) -> bool:
    kinds = msgspec.inspect
    if isinstance(described, kinds.Metadata):
        return _is_closed(described.type)
    if isinstance(described, kinds.IntType):
        low, high = described.ge, described.le
        return low is not None and high is not None and low >= -INTEGER_MAX and high <= INTEGER_MAX
    if isinstance(described, kinds.UnionType):
        return all(_is_closed(inner) for inner in described.types)
    if isinstance(described, kinds.ListType | kinds.VarTupleType):
        return _is_closed(described.item_type)
    if isinstance(described, kinds.DictType):
        return isinstance(_bare(described.key_type), kinds.StrType) and _is_closed(described.value_type)
    if isinstance(described, kinds.StructType):
        return all(field.encode_name.isascii() and _is_closed(field.type) for field in described.fields)
    return isinstance(described, kinds.StrType | kinds.BoolType | kinds.NoneType | kinds.LiteralType)


def _bare(described: msgspec.inspect.Type) -> msgspec.inspect.Type:
    return described.type if isinstance(described, msgspec.inspect.Metadata) else described


def format(value: Any) -> bytes:
    """The RFC 8785 form of a plain value: objects, arrays, strings, booleans, null and integers a double holds exactly.

    Raises Malformed for anything else: floats, names that are not ASCII strings, NUL, lone surrogates, nesting beyond
    DEPTH_MAX. No limit on size: `parse` holds that of payloads.
    """
    _require_plain(value, DEPTH_MAX, "")
    return _encode(value)


def read_request(body: bytes, bytes_max: int) -> dict[str, Any]:
    """Decode a JSON object of at most `bytes_max` bytes that a client may have spelled in its own way.

    Spacing, order and escapes are free; duplicate names, floats, integers beyond INTEGER_MAX, NUL, lone surrogates and nesting
    beyond DEPTH_MAX are refused as in a payload. Raises Malformed or TooLarge.
    """
    if len(body) > bytes_max:
        raise errors.TooLarge(f"the body has {len(body)} bytes, more than {bytes_max}")
    try:
        value: dict[str, Any] = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise _named(wrong) from None
    # No token has a spelling shorter than the one we write. So a body as long as what we write has lost nothing in decoding,
    # and only one that is longer needs the slow search for a name given twice.
    if len(_encode_as_read(value)) != len(body):
        json.loads(body, object_pairs_hook=_require_distinct)
    if b"\\" in body:
        _require_plain(value, DEPTH_MAX, "", ascii_names=False)
    return value


def _named(wrong: Exception) -> errors.Malformed:
    if isinstance(wrong, UnicodeDecodeError):
        return errors.Malformed("a string is not UTF-8")
    said, _, path = str(wrong).partition(" - at `$")
    return errors.Malformed(
        "numbers are integers; floating point is not allowed" if "got `float`" in said else said, field=path.rstrip("`") or None
    )


def _explain(body: bytes, value: dict[str, Any]) -> NoReturn:
    json.loads(body, object_pairs_hook=_require_distinct)
    wanted = _encode(value)
    same = next((i for i, (a, b) in enumerate(zip(body, wanted, strict=False)) if a != b), min(len(body), len(wanted)))
    raise errors.Malformed(
        f"not in RFC 8785 form from byte {same} on", field="payload", remedy="sort names, drop spaces, escape only what must be"
    )


def _require_distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise errors.Malformed("this name is given twice", field=next(n for n in names if names.count(n) > 1))
    return found


def _require_ascii_names(value: dict[str, Any]) -> None:
    for name, inner in value.items():
        if not name.isascii():
            raise errors.Malformed("names are ASCII", field=name)
        if inner.__class__ is dict:
            _require_ascii_names(inner)
        elif inner.__class__ is list:
            _require_ascii_names_within(inner)


def _require_ascii_names_within(values: list[Any]) -> None:
    for inner in values:
        if inner.__class__ is dict:
            _require_ascii_names(inner)
        elif inner.__class__ is list:
            _require_ascii_names_within(inner)


def _require_plain(value: Any, depth: int, path: str, *, ascii_names: bool = True) -> None:
    """Refuse what a payload may not hold, naming the place; `depth` is how many more levels may follow."""
    kind = value.__class__
    if kind is str:
        _require_text(value, path)
    elif kind is int:
        if not -INTEGER_MAX <= value <= INTEGER_MAX:
            raise errors.Malformed("beyond the integers a double holds exactly", field=path or None)
    elif kind is dict or kind is list or kind is tuple:
        if depth == 0:
            raise errors.Malformed(f"nested more than {DEPTH_MAX} deep", field=path or None)
        for name, inner in value.items() if kind is dict else enumerate(value):
            if kind is dict:
                if name.__class__ is not str or (ascii_names and not name.isascii()):
                    raise errors.Malformed("names are ASCII strings", field=f"{path}.{name!r}".lstrip("."))
                _require_text(name, path)
            _require_plain(inner, depth - 1, f"{path}.{name}".lstrip("."), ascii_names=ascii_names)
    elif value is not None and kind is not bool:
        raise errors.Malformed(f"a {kind.__name__} has no place in a payload", field=path or None)


def _require_text(text: str, path: str) -> None:
    if "\x00" in text:
        raise errors.Malformed("a NUL character", field=path or None)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise errors.Malformed("a lone surrogate", field=path or None) from None
