"""How do the gauges of jobs and events get their values? Read from the database now and then, all replicas alike.

A database that is away leaves them as they were, and the moment of the last look tells how old they are.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterable
from itertools import product

import asyncpg
import structlog

from shared.persistence import measures
from shared.persistence.measures import OpenJobs, Outbox
from shared.persistence.pool import DATABASE_ERRORS
from shared.signing.states import Kind
from shared.telemetry import metrics

EVERY_S = 12.0
SPREAD_S = 3.0
WITHIN_S = 10.0

log = structlog.get_logger(__name__)


async def measure_for_ever(pool: asyncpg.Pool) -> None:
    """Read the state every ten to fifteen seconds until cancelled; replicas do so at different moments."""
    metrics.show_state()
    while True:
        try:
            async with asyncio.timeout(WITHIN_S):
                await measure(pool)
        except (*DATABASE_ERRORS, TimeoutError) as error:
            log.warning("state_not_read", error=type(error).__name__)
        await asyncio.sleep(EVERY_S + random.uniform(-SPREAD_S, SPREAD_S))  # noqa: S311


async def measure(pool: asyncpg.Pool) -> None:
    """Read the state once."""
    async with pool.acquire() as connection:
        jobs, outbox = await measures.open_jobs(connection), await measures.outbox(connection)
    _show(jobs, outbox)
    metrics.STATE_READ_TIMESTAMP.set(time.time())


def _show(jobs: Iterable[OpenJobs], outbox: Outbox) -> None:
    """Set the gauges; a state that has no job any more goes to 0 and does not vanish."""
    ages = Counter(dict.fromkeys(product(Kind, OpenJobs.AGES), 0))
    claimable, overdue = Counter(dict.fromkeys(Kind, 0)), Counter(dict.fromkeys(Kind, 0))
    for metric in metrics.JOBS.collect():
        for sample in metric.samples:
            metrics.JOBS.labels(**sample.labels).set(0)
    for some in jobs:
        metrics.JOBS.labels(some.kind, some.system, some.state).set(some.jobs)
        ages.update({(some.kind, age): count for age, count in some.by_age.items()})
        claimable[some.kind] += some.claimable
        overdue[some.kind] += some.overdue
    for (kind, age), count in ages.items():
        metrics.OPEN_JOBS_BY_AGE.labels(kind, age).set(count)
    for kind in Kind:
        metrics.CLAIMABLE_JOBS.labels(kind).set(claimable[kind])
        metrics.OVERDUE_JOBS.labels(kind).set(overdue[kind])
    metrics.OUTBOX_EVENTS.set(outbox.depth)
    metrics.OUTBOX_OLDEST_AGE_SECONDS.set(outbox.oldest_age_s)
