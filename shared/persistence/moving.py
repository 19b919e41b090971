"""How is what was found out committed, though the database goes away meanwhile? It is tried until that is known.

A connection that breaks does not say whether its statement was committed. A move is made for one attempt only, and its
events have their ids before: so it can be made again, and is known again if it was made.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import asyncpg
import structlog

from shared.persistence import jobs
from shared.persistence.job import Job
from shared.persistence.pool import is_away

RETRY_S = 1.0

log = structlog.get_logger(__name__)


async def until_known(
    pool: asyncpg.Pool, make: Callable[[], Awaitable[Job | None]], event_ids: Sequence[UUID]
) -> Job | None:
    """Return what `make` does, which moves a job and tells events of these ids, the same ones each time.

    It is called again while the database is away, however long: a job that another has taken over meanwhile is not
    moved (None). Raises everything else that `make` does.
    """
    interrupted = False
    while True:
        try:
            moved = await make()
            return await jobs.moved_before(pool, event_ids) if moved is None and interrupted else moved
        except Exception as error:
            if not is_away(error):
                raise
            if not interrupted:  # many may be waiting, each for hours
                log.warning("move_interrupted", error=type(error).__name__)
        interrupted = True
        await asyncio.sleep(RETRY_S)
