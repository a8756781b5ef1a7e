"""What the peers write: payloads of the size that ours have."""

from __future__ import annotations

import os
import uuid

EVENT_BYTES = 600


def make_payload(number: int) -> bytes:
    """A JSON text of 600 bytes that differs for each number, in words that compress no better than ours."""
    start = f'{{"id":"{uuid.uuid4()}","number":{number},"text":"'
    return (start + os.urandom(EVENT_BYTES).hex())[: EVENT_BYTES - 2].encode() + b'"}'
