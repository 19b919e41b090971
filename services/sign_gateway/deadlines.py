"""What becomes of jobs whose process died, or whose deadline passed before MSign had them?"""

import asyncio

import asyncpg
import structlog

from services.sign_gateway.handlers import NAME
from shared.contract.models import SignStatus
from shared.messaging.events import READY
from shared.persistence import jobs
from shared.persistence.events import Draft
from shared.persistence.job import Job
from shared.persistence.jobs import Move
from shared.persistence.notices import transaction
from shared.persistence.pool import DATABASE_ERRORS
from shared.signing.ending import ready
from shared.signing.results import Outcome
from shared.signing.states import Cause

EVERY_S = 5.0

log = structlog.get_logger(__name__)


async def sweep(pool: asyncpg.Pool) -> None:
    """Take lost claims back and expire what is overdue, every few seconds until cancelled."""
    while True:
        try:
            await take_back_lost(pool)
            await expire_overdue(pool)
        except DATABASE_ERRORS as error:
            log.warning("sweep_interrupted", error=type(error).__name__)
        await asyncio.sleep(EVERY_S)


async def take_back_lost(pool: asyncpg.Pool) -> int:
    """Return jobs to `received` whose claim outlived its lease; returns how many."""
    async with transaction(pool) as connection:
        return await jobs.take_back_lost(connection)


async def expire_overdue(pool: asyncpg.Pool) -> int:
    """End sign jobs that never reached MSign in time: `ready`, Expired, without a RequestID; returns how many."""
    outcome = Outcome(status=SignStatus.EXPIRED, reason="expired")
    async with transaction(pool) as connection:
        overdue = await jobs.overdue(connection)
        if overdue:
            await jobs.move_all(connection, [_expiry(job, outcome) for job in overdue])
    return len(overdue)


def _expiry(job: Job, outcome: Outcome) -> Move:
    return Move(job=job, cause=Cause.DEADLINE, drafts=[Draft(NAME, READY, ready(job, outcome))])
