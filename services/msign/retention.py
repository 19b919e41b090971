"""When does a request leave the online database? (contract section 1: RequestNotFound)"""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import structlog

from services.msign.metrics import PURGED
from services.msign.requests import RequestStore

BATCH = 100
PAUSE_S = 600

log = structlog.get_logger(__name__)


async def purge_for_ever(requests: RequestStore, kept_for: timedelta) -> None:
    """Remove what ended or expired longer ago than `kept_for`, now and every ten minutes, on any replica."""
    while True:
        await purge(requests, datetime.now(UTC) - kept_for)
        await asyncio.sleep(PAUSE_S)


async def purge(requests: RequestStore, ended_before: datetime) -> int:
    """Remove requests with their contents and results, in small transactions; returns how many there were.

    A database that does not answer is no reason to stop: the next round tries again.
    """
    removed = 0
    try:
        while found := await requests.purge(ended_before, limit=BATCH):
            removed += found
            PURGED.inc(found)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        log.warning("purge_postponed", error=type(error).__name__)
    if removed:
        log.info("requests_purged", count=removed)
    return removed
