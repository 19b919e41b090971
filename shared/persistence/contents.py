"""Where are the bytes? Documents, digests and signatures, stored once per system under their SHA-256.

Large ones are written from a spool and read piece by piece: the database's server holds them whole while they are
written, this process never does.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.errors import Bug
from shared.persistence.copying import binary_row
from shared.persistence.jobs import JobContent
from shared.persistence.queries import load
from shared.spool import PIECE_BYTES, Spool

SMALL_BYTES = 16 * 1024
"""Up to which size a content comes along with what tells of it; a job may have a thousand of them."""
SMALLEST_PIECE_BYTES = 48 * 1024
LARGEST_PIECE_BYTES = 384 * 1024

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


async def _pour(connection: Any, system: str, ref: str, size: int, source: AsyncIterator[bytes]) -> None:
    if await connection.fetchval(_SQL["touch"], system, ref):
        return
    row = binary_row((system, ref), size, source)
    try:
        async with connection.transaction():
            await connection.copy_to_table("contents", source=row, columns=("system", "ref", "body"), format="binary")
    except asyncpg.UniqueViolationError:  # somebody has stored it meanwhile
        await connection.fetchval(_SQL["touch"], system, ref)


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


async def get(connection: Any, system: str, ref: str) -> bytes | None:
    """Return the content, or None when that system has no such one."""
    body: bytes | None = await connection.fetchval(_SQL["get"], system, ref)
    return body


async def pieces(connection: Any, system: str, ref: str, size: int) -> AsyncIterator[bytes]:
    """Yield a content of `size` bytes piece by piece; each is a statement, so a pool is not held up meanwhile.

    Raises `Bug` when it is not there, or not any more.
    """
    at_once = piece_bytes(size)
    for start in range(0, size, at_once):
        piece = await connection.fetchval(_SQL["piece"], system, ref, start + 1, at_once)
        if piece is None:
            raise Bug(f"the content {ref} of {system} is gone")
        yield piece


def piece_bytes(size: int) -> int:
    """Return how much of a content of `size` bytes is read at once.

    On its way a piece is in memory several times over: as an answer, as base64, encrypted.
    """
    return max(SMALLEST_PIECE_BYTES, min(LARGEST_PIECE_BYTES, size // 32 // 3 * 3))


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
    """Delete up to `limit` contents that no job uses and that nobody touched since `before`; returns how many."""
    return int(await connection.fetchval(_SQL["purge"], before, limit))


async def sizes(connection: Any, system: str, refs: Iterable[str]) -> dict[str, int]:
    """Return the sizes in bytes of those of `refs` that are there."""
    return {row["ref"]: row["size"] for row in await connection.fetch(_SQL["sizes"], system, list(refs))}
