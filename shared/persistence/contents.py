"""Where are the bytes? Documents, digests and signatures, stored once per system under their SHA-256."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.persistence.queries import load

_SQL = load("contents.sql")


def ref_of(body: bytes) -> str:
    """Return the reference of a content: `sha256:<hex>`."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


async def put(connection: Any, system: str, body: bytes) -> str:
    """Store `body` for `system`, unless it is there already; returns its reference.

    It lives for the retention time after it was last stored or referred to, and as long as a job that uses it.
    """
    ref = ref_of(body)
    await connection.execute(_SQL["put"], system, ref, body)
    return ref


async def put_result(connection: Any, system: str, job_id: UUID, body: bytes) -> str:
    """Store what the final event of a job refers to; it lives as long as the job. Returns its reference."""
    ref = await put(connection, system, body)
    await connection.execute(_SQL["keep"], job_id, ref)
    return ref


async def get(connection: Any, system: str, ref: str) -> bytes | None:
    """Return the content, or None when that system has no such one."""
    body: bytes | None = await connection.fetchval(_SQL["get"], system, ref)
    return body


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
