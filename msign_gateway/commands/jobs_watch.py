"""What changes while somebody watches? Notices say when to look; without one, it is looked every two seconds."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from shared.addresses import Address
from shared.persistence import inquiries
from shared.persistence.inquiries import Change, Sight
from shared.persistence.notices import CHANGES, Notices

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import asyncpg

LOOK_EVERY_S = 2.0
MOST_JOBS = 1000
PAUSE_S = 0.3
"""However much changes, it is looked no more often than this."""
LATE = timedelta(minutes=1)
"""How much later than its id says a job may become visible (its transaction took that long, or clocks differ)."""


class Followed:
    """How many steps of each job have been told; a finished job is remembered until it can turn up no more."""

    def __init__(self) -> None:
        self._told: dict[UUID, int] = {}
        self._finished: dict[UUID, datetime] = {}

    @property
    def open(self) -> frozenset[UUID]:
        """The jobs that are not finished yet."""
        return frozenset(self._told.keys() - self._finished.keys())

    def news(self, changes: Iterable[Change], now: datetime) -> list[Change]:
        """Return the steps that were not told yet, and note that they are."""
        fresh = [change for change in changes if change.sequence > self._told.get(change.job_id, 0)]
        for change in fresh:
            self._told[change.job_id] = change.sequence
            if change.finished:
                self._finished[change.job_id] = now
        for job_id in [job_id for job_id, noted in self._finished.items() if noted < now - 2 * LATE]:
            del self._finished[job_id], self._told[job_id]
        return fresh


async def follow(
    pool: "asyncpg.Pool", database: Address, job: Sight | None, system: str | None, tell: Callable[[Change], None]
) -> None:
    """Tell every change: of `job`, from its beginning until it is finished; of all jobs (None), for ever."""
    async with _listening(database) as notices:
        if job is not None:
            await _follow_one(pool, notices, job, tell)
        else:
            await _follow_all(pool, notices, system, tell)


async def _follow_one(pool: "asyncpg.Pool", notices: Notices, job: Sight, tell: Callable[[Change], None]) -> None:
    followed, finished = Followed(), False
    with notices.listening(CHANGES, str(job.job_id)) as hint:
        while not finished:
            changes = await inquiries.changes(pool, since=None, among=[job.job_id], system=None)
            for change in followed.news(changes, datetime.now(UTC)):
                tell(change)
            finished = not changes or changes[-1].finished
            if not finished:
                await hint.wait(at_most_s=LOOK_EVERY_S)


async def _follow_all(
    pool: "asyncpg.Pool", notices: Notices, system: str | None, tell: Callable[[Change], None]
) -> None:
    followed = Followed()
    among = await inquiries.open_jobs(pool, system=system, limit=MOST_JOBS)
    first, hint = True, notices.hint(CHANGES)
    while True:
        now = datetime.now(UTC)
        changes = await inquiries.changes(pool, since=now - LATE, among=among, system=system)
        for change in followed.news(changes, now):
            if not first:
                tell(change)
        first, among = False, followed.open
        await hint.wait(at_most_s=LOOK_EVERY_S)
        await asyncio.sleep(PAUSE_S)


@asynccontextmanager
async def _listening(database: Address) -> "AsyncIterator[Notices]":
    notices = Notices(database)
    task = asyncio.create_task(notices.run())
    try:
        yield notices
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
