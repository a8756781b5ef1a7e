"""The body of a request, read within a limit before anything looks at it."""

from __future__ import annotations

from fastapi import Request

from ledger import errors


async def read_body(request: Request, bytes_max: int) -> bytes:
    """The body of a request. Raises TooLarge before more than `bytes_max` were kept."""
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated[:20]) > bytes_max:
        raise errors.TooLarge(f"the body has more than {bytes_max} bytes")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > bytes_max:
            raise errors.TooLarge(f"the body has more than {bytes_max} bytes")
    return bytes(body)
