"""How long is something remembered? Finished jobs of both kinds, with everything that was personal, for a time."""

import asyncio
from datetime import datetime, timedelta

import asyncpg
import structlog

from shared.persistence import contents, jobs
from shared.persistence.pool import DATABASE_ERRORS
from shared.telemetry import metrics

EVERY_S = 600.0
BATCH = 500

log = structlog.get_logger(__name__)


async def purge_for_ever(pool: asyncpg.Pool, kept_for: timedelta) -> None:
    """Purge now and then until cancelled; replicas may do so at once."""
    while True:
        try:
            await purge(pool, before=await jobs.database_time(pool) - kept_for)
        except DATABASE_ERRORS as error:
            log.warning("purge_interrupted", error=type(error).__name__)
        await asyncio.sleep(EVERY_S)


async def purge(pool: asyncpg.Pool, *, before: datetime, batch: int = BATCH) -> None:
    """Forget jobs finished before `before`, then contents that nothing uses; in batches, each committed."""
    for kind, purge_some in (("jobs", jobs.purge), ("contents", contents.purge)):
        while purged := await purge_some(pool, before=before, limit=batch):
            metrics.PURGED.labels(kind).inc(purged)
            log.info("purged", kind=kind, count=purged)
