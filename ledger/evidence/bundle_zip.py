"""The container of a bundle: a zip archive with exactly one spelling, read without trusting anything it says.

Members are stored, their headers are made of name, size and CRC alone. Reading makes every header again and compares, so that
no byte of the file is without meaning: whatever is flipped is found. Limits are applied to the central records before a content
is read; nothing is unpacked. docs/format.md, section 12.1.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, NamedTuple

from ledger.errors import BadBundle
from ledger.evidence.bundle_names import BUNDLE_BYTES_MAX, FILES_MAX, NAME_BYTES_MAX, Order, place_of

ReadAt = Callable[[int, int], bytes]
"""The bytes of the archive from an offset on, as many as asked for or up to its end."""

VERSION = 20
FIRST_OF_JANUARY_1980 = 0x0021
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_LOCAL_MAGIC, _CENTRAL_MAGIC, _END_MAGIC = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
RECORD_BYTES_MAX = _CENTRAL.size + NAME_BYTES_MAX


class Member(NamedTuple):
    """One file of the archive: where its local header stands, and what the headers say of it."""

    name: str
    size: int
    crc: int
    at: int

    @property
    def content_at(self) -> int:
        """Where its content begins."""
        return self.at + _LOCAL.size + len(self.name)

    @property
    def end(self) -> int:
        """Where its content ends."""
        return self.content_at + self.size

    def local(self) -> bytes:
        """Its local header."""
        name = self.name.encode("ascii")
        head = (_LOCAL_MAGIC, VERSION, 0, 0, 0, FIRST_OF_JANUARY_1980, self.crc, self.size, self.size, len(name), 0)
        return _LOCAL.pack(*head) + name

    def central(self) -> bytes:
        """Its central record."""
        name = self.name.encode("ascii")
        head = (_CENTRAL_MAGIC, VERSION, VERSION, 0, 0, 0, FIRST_OF_JANUARY_1980, self.crc, self.size, self.size)
        return _CENTRAL.pack(*head, len(name), 0, 0, 0, 0, 0, self.at) + name


def end_record(count: int, central_bytes: int, central_at: int) -> bytes:
    """What closes the archive."""
    return _END.pack(_END_MAGIC, 0, 0, count, count, central_bytes, central_at, 0)


class Archive:
    """The members of an archive whose headers are all canonical. Contents are read, and held to their CRC, one at a time."""

    def __init__(self, read_at: ReadAt, size: int) -> None:
        """Read the records of an archive of `size` bytes. Raises BadBundle."""
        self._read_at = read_at
        self.members: dict[str, Member] = {m.name: m for m in _members(read_at, size)}

    def read(self, name: str) -> bytes:
        """The content of a member that is there. Raises BadBundle where it is not what its CRC says."""
        member = self.members[name]
        content = self._read_at(member.content_at, member.size)
        if len(content) != member.size or zlib.crc32(content) != member.crc:
            raise BadBundle("crc", file=name)
        return content


def _members(read_at: ReadAt, size: int) -> Iterator[Member]:
    if size > BUNDLE_BYTES_MAX:
        raise BadBundle("too-large")
    count, central_bytes, central_at = _end(read_at, size)
    if not 0 < count <= FILES_MAX:
        raise BadBundle("too-many-files")
    if central_bytes > count * RECORD_BYTES_MAX:
        raise BadBundle("zip-form")
    records = read_at(central_at, central_bytes)
    at, offset = 0, 0
    last: Order = ()
    for _ in range(count):
        member = _record(records, offset, at)
        last = _require_in_place(member, last)
        if member.end > central_at or read_at(member.at, member.content_at - member.at) != member.local():
            raise BadBundle("zip-form", file=member.name)
        offset += len(member.central())
        at = member.end
        yield member
    if at != central_at or offset != central_bytes:
        raise BadBundle("zip-form")


def _end(read_at: ReadAt, size: int) -> tuple[int, int, int]:
    """(members, size of the central records, where they begin) from the last 22 bytes."""
    tail = read_at(size - _END.size, _END.size) if size >= _END.size else b""
    if len(tail) == _END.size:
        count, central_bytes, central_at = (_END.unpack(tail)[n] for n in (4, 5, 6))
        if tail == end_record(count, central_bytes, central_at) and central_at + central_bytes + _END.size == size:
            return count, central_bytes, central_at
    raise BadBundle("not-a-bundle")


def _record(records: bytes, offset: int, at: int) -> Member:
    """The central record at an offset, of a member whose local header must stand at `at`."""
    head = records[offset : offset + _CENTRAL.size]
    if len(head) < _CENTRAL.size:
        raise BadBundle("zip-form")
    values = _CENTRAL.unpack(head)
    crc, size, length = values[7], values[8], values[10]
    name = records[offset + _CENTRAL.size : offset + _CENTRAL.size + length]
    # A name of other bytes has no place among ours; what matters here is that the record is as long as it says.
    member = Member("?" * length, size, crc, at)
    if not 0 < length <= NAME_BYTES_MAX or len(name) != length or head != member.central()[: _CENTRAL.size]:
        raise BadBundle("zip-form")
    return member._replace(name=name.decode("latin-1"))


def _require_in_place(member: Member, last: Order) -> Order:
    place = place_of(member.name)
    if place is None:
        raise BadBundle("bad-name")
    if place.order <= last:
        raise BadBundle("file-order")
    if not place.bytes_min <= member.size <= place.bytes_max:
        raise BadBundle("file-too-large", file=member.name)
    return place.order


# -- writing ------------------------------------------------------------------------------------------------------------------


def write(out: BinaryIO, files: Iterable[tuple[str, bytes]]) -> None:
    """Write the archive of these files, which must be in their order and within the limits: that is the caller's to see to."""
    at = 0
    central: list[bytes] = []
    for name, content in files:
        member = Member(name, len(content), zlib.crc32(content), at)
        out.write(member.local())
        out.write(content)
        central.append(member.central())
        at = member.end
    records = b"".join(central)
    out.write(records)
    out.write(end_record(len(central), len(records), at))
