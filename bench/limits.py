"""What the machine can do at most, with nothing of ours and no store's own work: PostgreSQL's COPY, and libsodium's verify.

- COPY in its binary form through psycopg2's `copy_expert`, into a table without an index: of log rows of about 600 bytes, or of
  the very rows that tables hold already.
- The rate at which libsodium verifies Ed25519 signatures on all cores, one process each, through PyNaCl.
"""

from __future__ import annotations

import io
import os
import struct
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair

from bench.events import make_payload
from bench.measure import Measure, Place, Side
from tests.postgres import connection_string

STREAM_EVENTS = 10

# -- PostgreSQL's COPY --------------------------------------------------------------------------------------------------------


def copies(rows: int = 100_000) -> Side:
    """Binary COPY of log rows (position, stream, version, 600 bytes) into an empty table without an index, one transaction."""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        packed = _packed_rows(rows)
        with place.postgres.database() as url, _connected(url) as connection:
            with connection.cursor() as cursor:
                cursor.execute("CREATE TABLE log (position bigint, stream text, version bigint, payload bytea)")
            yield lambda _: rows / _copy_seconds(connection, "log", packed)

    return open_side


def copy_seconds(url: str, tables: Sequence[str], *, rows_min: int) -> float:
    """How long COPY takes to make the rows of these tables durable once more, in empty tables of the same columns.

    `tables` are names as SQL writes them, with their schema where they need one. Reading them out is not part of the time.
    With fewer than `rows_min` rows the measurement would be of something else, and an assertion fails.
    """
    seconds, rows = 0.0, 0
    with _connected(url) as connection, connection.cursor() as cursor:
        for table in tables:
            packed = io.BytesIO()
            cursor.copy_expert(f"COPY {table} TO STDOUT WITH (FORMAT binary)", packed)
            rows += cursor.rowcount
            seconds += _copy_seconds(connection, table, packed.getvalue())
    assert rows >= rows_min, f"{rows} rows were copied, of {rows_min} or more"
    return seconds


def _copy_seconds(connection: Any, like: str, packed: bytes) -> float:
    """The time of one COPY of `packed`, PostgreSQL's binary format, into a new table of the same columns, commit included."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS copied; CREATE TABLE copied (LIKE {like})")
        connection.commit()
        began = time.perf_counter()
        cursor.copy_expert("COPY copied FROM STDIN WITH (FORMAT binary)", io.BytesIO(packed))
        connection.commit()
        return time.perf_counter() - began


def _connected(url: str) -> Any:
    return closing(psycopg2.connect(connection_string(url)))


def _packed_rows(rows: int) -> bytes:
    packed = bytearray(b"PGCOPY\n\xff\r\n\0" + bytes(8))
    for n in range(rows):
        stream, payload = b"INC-%08d" % (n // STREAM_EVENTS), make_payload(n)
        packed += struct.pack(f">hiqi{len(stream)}s", 4, 8, n + 1, len(stream), stream)
        packed += struct.pack(f">iqi{len(payload)}s", 8, n % STREAM_EVENTS + 1, len(payload), payload)
    return bytes(packed + b"\xff\xff")


# -- libsodium --------------------------------------------------------------------------------------------------------------


def libsodium_verifies() -> Side:
    """Ed25519 signatures over 600 bytes that libsodium verifies a second on all cores, in one process a core."""

    @contextmanager
    def open_side(place: Place) -> Iterator[Measure]:
        del place
        cores = os.cpu_count() or 1
        with ProcessPoolExecutor(cores) as pool:
            yield lambda seconds: sum(pool.map(_verify_for, [seconds] * cores))

    return open_side


def _verify_for(seconds: float) -> float:
    keys = [crypto_sign_seed_keypair(os.urandom(32)) for _ in range(16)]
    signed = [(crypto_sign(make_payload(n), keys[n % 16][1]), keys[n % 16][0]) for n in range(256)]
    began = time.perf_counter()
    count = 0
    while time.perf_counter() - began < seconds:
        for message, public in signed:
            crypto_sign_open(message, public)
        count += len(signed)
    return count / (time.perf_counter() - began)
