"""Text forms of bytes, strictly: base64 with exactly one spelling, and PEM armour."""

from __future__ import annotations

import binascii

from ledger import errors


def encode64(data: bytes) -> str:
    """Standard base64 with padding, no line breaks."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def decode64(text: str) -> bytes:
    """Decode standard base64 in its one canonical spelling. Raises Malformed for spaces, missing padding or stray bits."""
    try:
        data = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        raise errors.Malformed("not base64 with padding") from None
    # strict_mode still takes bits left over in the last digit, which would be a second spelling of the same bytes.
    if binascii.b2a_base64(data, newline=False).decode("ascii") != text:
        raise errors.Malformed("not canonical base64")
    return data


def format_pem(data: bytes, label: str) -> str:
    """PEM: base64 in lines of 64 between BEGIN and END."""
    text = encode64(data)
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def parse_pem(text: str, label: str) -> bytes:
    """Undo `format_pem`. Raises Malformed unless the text is exactly what it writes."""
    lines = text.split("\n")
    data = decode64("".join(lines[1:-2])) if len(lines) > 3 else b""
    if format_pem(data, label) != text:
        raise errors.Malformed(f"not a PEM file labelled {label}")
    return data
