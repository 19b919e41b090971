"""Which signatures of a verification job have been judged already?

Kept until the job's final event has them, so that neither a crash nor one bad signature makes MSign do its work twice.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from shared.persistence.queries import load

_SQL = load("verdicts.sql")


async def put(connection: Any, job_id: UUID, found: Mapping[int, dict[str, Any]]) -> None:
    """Keep verdicts by the position of their content; the first one of a position stays."""
    await connection.executemany(_SQL["put"], [(job_id, position, verdict) for position, verdict in found.items()])


async def get(connection: Any, job_id: UUID) -> dict[int, dict[str, Any]]:
    """Return the verdicts that there are, by position."""
    return {row["position"]: row["verdict"] for row in await connection.fetch(_SQL["get"], job_id)}


async def drop(connection: Any, job_id: UUID) -> None:
    """Forget a job's verdicts, once its final event carries them."""
    await connection.execute(_SQL["drop"], job_id)
