"""How are the bytes of a large content laid out? As rows of just under a page of the server's.

So neither side holds the whole, and the server neither cuts it up nor copies it several times over, as it does with one
large value (PostgreSQL's documentation, "TOAST"): that costs it nearly twice as much.
"""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from shared.persistence.copying import binary_pages
from shared.persistence.queries import load

PAGE_BYTES = 8064
"""What fits into one of the server's pages of 8 KiB beside the row's own head; a multiple of three, for base64."""
FEWEST_AT_ONCE = 24
MOST_AT_ONCE = 128

_SQL = load("contents.sql")
_COLUMNS = ("pages_id", "position", "body")


async def write(connection: Any, pages_id: UUID, source: AsyncIterator[bytes | bytearray]) -> None:
    """Write what `source` yields as the pages of that id; `connection` is in a transaction."""
    rows = binary_pages(pages_id, source, PAGE_BYTES)
    await connection.copy_to_table("content_pages", source=rows, columns=_COLUMNS, format="binary")


async def read(connection: Any, pages_id: UUID, size: int) -> AsyncIterator[bytes]:
    """Yield `size` bytes of pages, some pages at a time; fewer, where pages are not there any more."""
    at_once = pages_at_once(size)
    for start in range(0, -(-size // PAGE_BYTES), at_once):
        rows = await connection.fetch(_SQL["pages"], pages_id, start, start + at_once)
        yield b"".join([row[0] for row in rows])


def pages_at_once(size: int) -> int:
    """Return how many pages of a content of `size` bytes are read at once.

    On their way they are in memory several times over: as an answer, as base64, encrypted.
    """
    return max(FEWEST_AT_ONCE, min(MOST_AT_ONCE, size // 16 // PAGE_BYTES))
