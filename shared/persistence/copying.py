"""How do rows with large values get into a table without being copied as a whole on the way?

As PostgreSQL's binary COPY format, piece by piece (documentation of COPY, "Binary Format"). An ordinary INSERT holds
three copies of every value at its peak.
"""

import struct
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from shared.pieces import Pieces

PIECE_BYTES = 64 * 1024

Value = bytes | Pieces | str | bool | int | UUID | datetime | None
"""A `bytea`, `text`, `boolean`, `integer` (four bytes), `uuid` or `timestamptz`; None is NULL."""

_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack("!II", 0, 0)
_END = struct.pack("!h", -1)
_NULL = struct.pack("!i", -1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_PAGE = struct.Struct("!hi16siii")


async def binary_rows(rows: Iterable[Sequence[Value]]) -> AsyncIterator[bytes]:
    """Yield the rows as a source for asyncpg's `copy_to_table(…, format="binary")`, some `PIECE_BYTES` at a time."""
    waiting = bytearray()
    for piece in _encoded(rows):
        waiting += piece
        if len(waiting) >= PIECE_BYTES:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


async def binary_pages(
    pages_id: UUID, source: AsyncIterator[bytes | bytearray], page_bytes: int
) -> AsyncIterator[bytes]:
    """Yield what `source` yields in the same form, cut into rows: an id, the row's place from 0 on, so many bytes."""
    yield _HEADER
    places, rest = count(), b""
    async for piece in source:
        whole = memoryview(rest + piece if rest else piece)
        end = len(whole) - len(whole) % page_bytes
        yield b"".join(_pages(pages_id, places, whole[:end], page_bytes))
        rest = bytes(whole[end:])
    yield b"".join(_pages(pages_id, places, memoryview(rest), page_bytes)) + _END


def _pages(pages_id: UUID, places: Iterator[int], body: memoryview, page_bytes: int) -> Iterator[bytes | memoryview]:
    for start in range(0, len(body), page_bytes):
        page = body[start : start + page_bytes]
        yield _PAGE.pack(3, 16, pages_id.bytes, 4, next(places), len(page))
        yield page


def _encoded(rows: Iterable[Sequence[Value]]) -> Iterator[bytes | memoryview]:
    yield _HEADER
    for row in rows:
        yield struct.pack("!h", len(row))
        for value in row:
            yield from _pieces(value)
    yield _END


def _pieces(value: Value) -> Iterator[bytes | memoryview]:
    if value is None:
        yield _NULL
        return
    data = value if isinstance(value, Pieces) else Pieces([_bytes(value)])
    yield struct.pack("!i", len(data))
    for piece in data:
        view = memoryview(piece)
        for start in range(0, len(view), PIECE_BYTES):
            yield view[start : start + PIECE_BYTES]


def _bytes(value: bytes | str | bool | int | UUID | datetime) -> bytes:
    match value:
        case bytes():
            return value
        case str():
            return value.encode()
        case UUID():
            return value.bytes
        case datetime():
            return struct.pack("!q", (value - _EPOCH) // timedelta(microseconds=1))
        case bool():
            return struct.pack("!?", value)
    return struct.pack("!i", value)
