"""When does a request leave the online database, and what else has had its time? (contract: RequestNotFound)"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from services.msign.metrics import PURGED
from services.msign.requests import RequestStore
from shared.persistence.pool import DATABASE_ERRORS

BATCH = 100
PAUSE_S = 600

log = structlog.get_logger(__name__)


class Forgetful(Protocol):
    """Keeps things that mean nothing any more after a while."""

    async def forget_ended(self) -> None:
        """Remove what means nothing any more."""


async def purge_for_ever(requests: RequestStore, leftovers: Sequence[Forgetful], kept_for: timedelta) -> None:
    """Remove what ended or expired longer ago than `kept_for`, now and every ten minutes, on any replica.

    Of `leftovers` goes what has had its time, whatever became of the request.
    """
    while True:
        await purge(requests, datetime.now(UTC) - kept_for)
        await forget(leftovers)
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
    except DATABASE_ERRORS as error:
        log.warning("purge_postponed", error=type(error).__name__)
    if removed:
        log.info("requests_purged", count=removed)
    return removed


async def forget(leftovers: Sequence[Forgetful]) -> None:
    """Let each of `leftovers` forget what has had its time; without a database, the next round does."""
    try:
        for one in leftovers:
            await one.forget_ended()
    except DATABASE_ERRORS as error:
        log.warning("purge_postponed", error=type(error).__name__)
