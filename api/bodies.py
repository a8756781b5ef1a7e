"""The body of a request, read within a limit before anything looks at it."""

from __future__ import annotations

from fastapi import Request
from starlette.requests import ClientDisconnect

from ledger import errors

AS_IT_IS = "identity"


async def read_body(request: Request, bytes_max: int) -> bytes:
    """The body of a request. Raises TooLarge before more than `bytes_max` were kept, Malformed for one that is compressed.

    Raises Unfinished for one that breaks off.
    """
    if request.headers.get("content-encoding", AS_IT_IS).strip().lower() != AS_IT_IS:
        raise errors.Malformed("bodies are sent as they are, not compressed", field="Content-Encoding", remedy="leave it out")
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated[:20]) > bytes_max:
        raise errors.TooLarge(f"the body has more than {bytes_max} bytes")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > bytes_max:
                raise errors.TooLarge(f"the body has more than {bytes_max} bytes")
    except ClientDisconnect:
        raise errors.Unfinished from None
    return bytes(body)
