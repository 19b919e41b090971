"""Where are the bytes? Documents, digests and signatures, stored once per system under their SHA-256.

Large ones lie in pages (`pages`), are written from a spool and read piece by piece: nobody holds them whole. One that
begins with another, as a signed file does, shares that one's pages.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.errors import Bug
from shared.persistence import pages
from shared.persistence.events import uuid7
from shared.persistence.job import JobContent
from shared.persistence.queries import load
from shared.spool import PIECE_BYTES, Spool

SMALL_BYTES = 16 * 1024
"""Up to which size a content comes along with what tells of it; a job may have a thousand of them."""
REST_BYTES = 192 * 1024
"""How much of what does not lie in pages is read at once."""
LONGEST_TAIL_BYTES = 1024 * 1024
"""How much longer than another a content may be and still share its pages."""
PURGED_AT_ONCE_BYTES = 1024**3

_SQL = load("contents.sql")


@dataclass(frozen=True, slots=True)
class Stored:
    """One content of a job, its size in bytes, and its bytes if they are few (`SMALL_BYTES`)."""

    item: JobContent
    size: int
    body: bytes | None


def ref_of(body: bytes) -> str:
    """Return the reference of a content: `sha256:<hex>`."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def digest_of(ref: str) -> bytes:
    """Return the SHA-256 that a reference is."""
    return bytes.fromhex(ref.removeprefix("sha256:"))


async def put(connection: Any, system: str, body: bytes) -> str:
    """Store `body` for `system`, unless it is there already; returns its reference.

    It lives for the retention time after it was last stored or referred to, and as long as a job that uses it.
    """
    ref = ref_of(body)
    await connection.execute(_SQL["put"], system, ref, body)
    return ref


async def put_spool(connection: Any, system: str, spool: Spool) -> str:
    """Store what a spool holds, like `put`; `connection` may be in a transaction."""
    if spool.size <= PIECE_BYTES:
        return await put(connection, system, b"".join([piece async for piece in spool.pieces()]))
    await _pour(connection, system, spool.ref, spool.size, spool.pieces())
    return spool.ref


async def put_large(connection: Any, system: str, ref: str, body: bytes) -> None:
    """Store `body`, whose reference is known, like `put`, but without a copy of the whole."""

    async def pieces_of_it() -> AsyncIterator[bytes]:
        for start in range(0, len(body), PIECE_BYTES):
            yield body[start : start + PIECE_BYTES]

    await _pour(connection, system, ref, len(body), pieces_of_it())


async def _pour(connection: Any, system: str, ref: str, size: int, source: AsyncIterator[bytes | bytearray]) -> None:
    pages_id = uuid7()
    async with connection.transaction():
        if await connection.fetchval(_SQL["begin_pages"], system, ref, pages_id, size):
            await pages.write(connection, pages_id, source)


async def put_result(connection: Any, system: str, job_id: UUID, body: bytes) -> str:
    """Store what the final event of a job refers to; it lives as long as the job. Returns its reference."""
    ref = await put(connection, system, body)
    await connection.execute(_SQL["keep"], job_id, ref)
    return ref


async def put_result_spool(connection: Any, system: str, job_id: UUID, spool: Spool) -> str:
    """Store what a spool holds, like `put_result`."""
    ref = await put_spool(connection, system, spool)
    await connection.execute(_SQL["keep"], job_id, ref)
    return ref


async def put_result_continued(
    connection: Any, system: str, job_id: UUID, base_ref: str, spool: Spool, base_size: int
) -> str:
    """Store what a spool holds, like `put_result_spool`, of which the first `base_size` bytes are stored already.

    They are the whole of the job's content `base_ref`. Only what comes after them is written, if that is not too much.
    """
    tail_size = spool.size - base_size
    if tail_size <= LONGEST_TAIL_BYTES:
        tail = b"".join([piece async for piece in spool.pieces(base_size)])
        values = (system, spool.ref, base_ref, tail, base_size, LONGEST_TAIL_BYTES, job_id)
        if await connection.fetchval(_SQL["put_result_after"], *values):
            return spool.ref
    return await put_result_spool(connection, system, job_id, spool)


async def get(connection: Any, system: str, ref: str) -> bytes | None:
    """Return the content, or None when that system has no such one."""
    size = await size_of(connection, system, ref)
    return None if size is None else b"".join([piece async for piece in pieces(connection, system, ref, size)])


async def pieces(connection: Any, system: str, ref: str, size: int) -> AsyncIterator[bytes]:
    """Yield a content of `size` bytes piece by piece; each is a statement, so a pool is not held up meanwhile.

    Raises `Bug` when it is not there, or not any more.
    """
    left = size
    async for piece in _parts(connection, system, ref, size):
        left -= len(piece)
        yield piece
    if left:
        raise Bug(f"the content {ref} of {system} is gone")


async def _parts(connection: Any, system: str, ref: str, size: int) -> AsyncIterator[bytes]:
    """Yield what there is of it: its pages, and what lies beside them."""
    place = await connection.fetchrow(_SQL["place"], system, ref)
    begin = place["pages_size"] if place else 0
    if begin:
        async for piece in pages.read(connection, place["pages_id"], begin):
            yield piece
    for start in range(1, size - begin + 1, REST_BYTES):
        if piece := await connection.fetchval(_SQL["rest"], system, ref, start, REST_BYTES):
            yield piece


async def size_of(connection: Any, system: str, ref: str) -> int | None:
    """Return a content's size in bytes, or None when that system has no such one."""
    return (await sizes(connection, system, [ref])).get(ref)


async def of_job(connection: Any, system: str, job_id: UUID) -> list[Stored]:
    """Return a job's contents in order. Raises `Bug` when one of them is gone."""
    (found,) = await of_jobs(connection, [(system, job_id)])
    return found


async def of_jobs(connection: Any, asked: Sequence[tuple[str, UUID]]) -> list[list[Stored]]:
    """Return the same for several jobs (system and id), in their order."""
    found: dict[UUID, list[Stored]] = {job_id: [] for _, job_id in asked}
    systems, job_ids = zip(*dict.fromkeys(asked), strict=True)
    for row in await connection.fetch(_SQL["of_jobs"], systems, job_ids, SMALL_BYTES):
        if row["size"] is None:
            raise Bug(f"content {row['position']} of job {row['job_id']} is gone")
        found[row["job_id"]].append(Stored(_item(row), row["size"], row["body"]))
    return [found[job_id] for _, job_id in asked]


def _item(row: Any) -> JobContent:
    return JobContent(**{name: value for name, value in row.items() if name not in {"job_id", "size", "body"}})


async def look(connection: Any, system: str, refs: Iterable[str]) -> dict[str, tuple[int, bytes | None]]:
    """Return the sizes in bytes of those of `refs` that are there, each with its bytes if they are few."""
    rows = await connection.fetch(_SQL["look"], system, list(refs), SMALL_BYTES)
    return {row["ref"]: (row["size"], row["body"]) for row in rows}


async def refer(connection: Any, system: str, refs: Iterable[str]) -> dict[str, tuple[int, bytes]]:
    """Refer to contents, which keeps them; returns the size in bytes and the first KiB of those that are there."""
    rows = await connection.fetch(_SQL["refer"], system, list(refs))
    return {row["ref"]: (row["size"], row["head"]) for row in rows}


async def purge(connection: Any, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` contents that no job uses and that nobody touched since `before`; returns how many.

    Where they are large it is fewer: no more than reach `PURGED_AT_ONCE_BYTES`.
    """
    return int(await connection.fetchval(_SQL["purge"], before, limit, PURGED_AT_ONCE_BYTES))


async def sizes(connection: Any, system: str, refs: Iterable[str]) -> dict[str, int]:
    """Return the sizes in bytes of those of `refs` that are there."""
    return {row["ref"]: row["size"] for row in await connection.fetch(_SQL["sizes"], system, list(refs))}
