"""The hostile corpus put to the service, in this process: no failure, no hang, nothing half done or told, no memory kept."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from api.app import create_app, log_parts
from api.home import Home
from api.limits import Limits
from api.tokens import issue
from api.verifying import verify_home
from api.walls import HARDENING, Walls
from ledger.formats.armour import decode64
from ledger.formats.entry import split_entry
from tests.hostile import Hostile, Material, hostile
from tests.served import HOLDERS, item
from tests.story import DETECTION, Story, told_in

SECONDS_MAX = 1.0
P99_SECONDS_MAX = 0.25
MEMORY_BYTES_MAX = 50_000_000
WARM_AFTER = 0.3
ITEMS = 60
TOLD = re.compile(
    rb"Traceback|File \"|site-packages|\.py\b|sqlalche|psycopg|sqlite3|\[SQL|INSERT INTO|FROM entries|/tmp/|Error\("
)


class Answered(NamedTuple):
    """What came back, and after how many seconds."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


async def put(walls: Walls, one: Hostile) -> Answered:
    """Hand a request to the service as uvicorn does."""
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "scheme": "http",
        "method": one.method, "root_path": "", "path": unquote(one.path), "raw_path": one.path.encode("ascii"),
        "query_string": one.query.encode("ascii"), "headers": [(name.encode(), value) for name, value in one.headers],
        "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 5_000), "state": {},
    }  # fmt: skip
    parts = [one.body[at : at + 65_536] for at in range(0, len(one.body), 65_536)] or [b""]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not parts:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: Any) -> None:
        sent.append(message)

    began = time.perf_counter()
    await walls(scope, receive, send)
    seconds = time.perf_counter() - began
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return Answered(sent[0]["status"], headers, b"".join(each.get("body", b"") for each in sent[1:]), seconds)


def require_sound(one: Hostile, answered: Answered, home: Path) -> None:
    """What must hold of every answer."""
    about = f"{one.why[:400]}: {answered.status} {answered.body[:300]!r}"
    assert 200 <= answered.status < 500, about
    assert answered.seconds <= SECONDS_MAX, f"{answered.seconds:.2f} s for {about}"
    for name, value in answered.headers.items():
        assert "\r" not in value and "\n" not in value and name != "x-injected", about
    assert all(name.decode() in answered.headers for name, _ in HARDENING), about
    if answered.status >= 400:
        if one.method != "HEAD":
            problem = json.loads(answered.body)
            assert answered.headers["content-type"] in ("application/problem+json", "application/json"), about
            rows = problem.get("results") or [{"status": answered.status, "problem": problem}]
            assert all(row["problem"]["type"].startswith("urn:entente:") for row in rows if row["status"] >= 400), about
            assert all(row["status"] < 500 for row in rows), about
        told = TOLD.search(answered.body)
        assert not told and str(home).encode() not in answered.body, f"tells {told}: {about}"


class Siege(NamedTuple):
    """A service with something on record, and what to spoil."""

    story: Story
    home: Home
    walls: Walls
    material: Material


@contextmanager
def besieged(folder: Path, url: str, canary_url: str = "http://127.0.0.1:9/canary") -> Iterator[Siege]:
    """Calais' service after a few events, both views followed."""
    with told_in(folder, url) as story:
        home: Home = story.home
        story.add("interception.recorded", "IC-1", DETECTION)
        story.seal(story.inner("interception.recorded", "IC-2", DETECTION))
        for nation in ("GB", "FR"):
            home.projector(nation).follow()
        tokens = {who: issue(home.path, holder) for who, holder in HOLDERS.items()}
        walls = create_app(log_parts(home, {}, {}))
        often = Limits(caller_requests_burst=10**9, address_requests_burst=10**9)
        walls = Walls(walls.app, often, counts=walls.counts)
        items = [item(story, stream=f"INC-{n}") for n in range(ITEMS)]
        event = story.add("interception.recorded", "IC-3", DETECTION)
        names = {
            "view": ("gb", "gb", "gb", "fr"),
            "code": ("G1", "G2", "F1"),
            "stream": ("IC-1", "IC-2"),
            "event_id": (event,),
            "type_name": ("case.opened",),
            "which": ("final",),
            "key_id": (story.author("BF").key.key_id,),
            "day": ("2015-08-26",),
            "path": ("000", "0/000", "000.p/9"),
            "as_of": ("2015-08-27T03:12:00Z",),
            "pair": ("P1",),
            "suffix": ("csv", "xlsx", "ods", "jsonl", "parquet", "geojson"),
        }
        yield Siege(story, home, walls, Material(tokens, items, story.author("BF").key, names, canary_url))


def campaign(seed: int, number: int, found: Siege) -> dict[str, Any]:
    """So many hostile requests; what was reached. Raises AssertionError naming the request."""
    head = found.home.reader.head()
    statuses: Counter[int] = Counter()
    seconds: list[float] = []
    accepted: dict[int, bytes] = {}
    memory = 0

    async def besiege() -> None:
        nonlocal memory
        await _warm_up(found)
        for n, one in enumerate(hostile(seed, number, found.walls.app, found.material)):
            answered = await put(found.walls, one)
            if answered.seconds > SECONDS_MAX and one.method != "POST":
                answered = await put(found.walls, one)  # a busy machine is slow once, a hang each time
            require_sound(one, answered, found.home.path)
            statuses[answered.status] += 1
            seconds.append(answered.seconds)
            if answered.status == 201:
                accepted.update(_accepted(one, answered))
            if n == int(number * WARM_AFTER):
                memory = resident_bytes()

    asyncio.run(besiege())
    assert found.walls.running == found.walls.state.changes.open == 0, "a place is still taken"
    grown = resident_bytes() - memory
    assert grown < MEMORY_BYTES_MAX, f"{grown} bytes kept"
    p99 = sorted(seconds)[int(len(seconds) * 0.99)]
    assert p99 <= P99_SECONDS_MAX, f"p99 {p99:.3f} s"
    assert found.home.reader.head() == head + len(accepted), "something was recorded that was not answered, or only by half"
    for position, payload in accepted.items():
        assert split_entry(found.home.reader.entry(position))[3] == payload, f"entry {position} is not what was sent"
    for nation in found.home.nations:
        found.home.projector(nation).follow()
    assert verify_home(found.home)["problems"] == []
    return {
        "row": "hostile", "requests": len(seconds), "statuses": dict(sorted(statuses.items())), "accepted": len(accepted),
        "p99_ms": round(p99 * 1_000, 1), "max_ms": round(max(seconds) * 1_000, 1), "memory_grown_bytes": grown,
    }  # fmt: skip


async def _warm_up(found: Siege) -> None:
    """What is loaded once for all, with the first file of each form, is no memory that a caller costs."""
    token = f"Bearer {found.material.tokens['GB auditor']}".encode()
    for suffix in found.material.names["suffix"]:
        path = f"/v1/views/gb/incidents.{suffix}"
        await put(found.walls, Hostile("GET", path, "", [("authorization", token)], b"", "warming up"))


def _accepted(one: Hostile, answered: Answered) -> Iterator[tuple[int, bytes]]:
    """(position, payload as sent) of what one append recorded anew."""
    sent = json.loads(one.body)
    items = sent.get("items", [sent])
    told = json.loads(answered.body)
    rows = told["results"] if "items" in sent else [{"status": 201, "receipt": told}]
    for each, row in zip(items, rows, strict=True):
        if row["status"] == 201:
            yield row["receipt"]["position"], decode64(each["envelope"]["payload"])


def resident_bytes() -> int:
    """What this process holds in memory now, without what its allocator has not given back yet."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4_096
