import struct
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from shared.persistence.copying import PIECE_BYTES, Value, binary_pages, binary_rows
from shared.pieces import Pieces

PAGES = UUID("01900000-0000-7000-8000-000000000001")


async def copied(*rows: tuple[Value, ...]) -> list[bytes]:
    return [piece async for piece in binary_rows(rows)]


def read(stream: bytes) -> list[list[bytes | None]]:
    """The rows of a stream, as PostgreSQL reads it."""
    assert stream[:19] == b"PGCOPY\n\xff\r\n\0" + bytes(8)
    rows: list[list[bytes | None]] = []
    at = 19
    while (count := struct.unpack_from("!h", stream, at)[0]) >= 0:
        at += 2
        rows.append([])
        for _ in range(count):
            (length,) = struct.unpack_from("!i", stream, at)
            at += 4
            rows[-1].append(None if length < 0 else stream[at : at + length])
            at += max(length, 0)
    assert stream[at:] == b"\xff\xff"
    return rows


async def test_each_kind_of_value_has_its_form():
    (stream,) = await copied(("ș", 7, -1), (None, True, False), (b"", "", 2**31 - 1))
    assert read(stream) == [
        ["ș".encode(), b"\0\0\0\7", b"\xff\xff\xff\xff"],
        [None, b"\1", b"\0"],
        [b"", b"", b"\x7f\xff\xff\xff"],
    ]


async def test_ids_and_moments_have_their_forms():
    moment = datetime(2000, 1, 1, 2, 0, 1, 5, timezone(timedelta(hours=2)))
    before = datetime(1999, 12, 31, 23, 59, 59, 999_999, UTC)
    (stream,) = await copied((PAGES, moment, before))
    assert read(stream) == [[PAGES.bytes, (1_000_005).to_bytes(8, "big"), b"\xff" * 8]]


async def test_what_is_in_pieces_is_one_value():
    value = Pieces([b"", b"begin", b"x" * 3 * PIECE_BYTES, b"end"])
    pieces = await copied((value, 1), (Pieces([]), 2))
    assert read(b"".join(pieces)) == [[b"".join(value), b"\0\0\0\1"], [b"", b"\0\0\0\2"]]
    assert max(map(len, pieces)) < 2 * PIECE_BYTES


async def test_no_rows_are_an_empty_stream():
    assert read(b"".join(await copied())) == []


@pytest.mark.parametrize("size", [PIECE_BYTES - 1, PIECE_BYTES, 5 * PIECE_BYTES + 1])
async def test_a_large_value_comes_in_pieces_and_whole(size):
    value = bytes(range(256)) * (size // 256 + 1)
    pieces = await copied((value,), (value,))
    assert read(b"".join(pieces)) == [[value], [value]]
    assert max(map(len, pieces)) < 2 * PIECE_BYTES


async def test_many_small_rows_share_their_messages():
    pieces = await copied(*[(number, "name", None) for number in range(10_000)])
    assert len(read(b"".join(pieces))) == 10_000
    assert len(pieces) <= sum(map(len, pieces)) / PIECE_BYTES + 1


async def paged(*pieces: bytes, page_bytes: int) -> Sequence[Sequence[bytes | None]]:
    async def source() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return read(b"".join([part async for part in binary_pages(PAGES, source(), page_bytes)]))


@pytest.mark.parametrize(
    "pieces", [(b"abcdefgh",), (b"ab", b"", b"cdefg", b"h"), (b"abcd", b"efgh"), (b"abc", b"defgh")]
)
async def test_however_pages_come_in_they_are_of_one_size_and_in_their_order(pieces):
    rows = await paged(*pieces, page_bytes=3)
    assert rows == [[PAGES.bytes, place.to_bytes(4, "big"), page] for place, page in enumerate((b"abc", b"def", b"gh"))]


async def test_what_fills_its_last_page_has_no_empty_one():
    assert [row[2] for row in await paged(b"abcdef", page_bytes=3)] == [b"abc", b"def"]


async def test_nothing_is_no_page():
    assert await paged(page_bytes=3) == []
