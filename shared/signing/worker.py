"""How is claimed work done? Up to a number of jobs at once, each claimed only when there is a place for it.

What begins while nothing else waits may be claimed with its beginning, by who begins it: then it needs no look. What
may have been claimed without anybody learning of it, because the database went away meanwhile, is given back.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from uuid import UUID

import structlog

from shared.persistence.job import Job
from shared.persistence.pool import DATABASE_ERRORS, is_away
from shared.signing.breaker import Breaker
from shared.telemetry.steps import step

RETRY_S = 1.0

log = structlog.get_logger(__name__)

Claim = Callable[[int], Awaitable[list[Job]]]
Work = Callable[[Job], Awaitable[object]]
Idle = Callable[[], Awaitable[object]]
GiveBack = Callable[[Collection[UUID]], Awaitable[object]]


class Worker:
    """Claims and works until cancelled; `idle` waits for a hint that there is something to claim.

    `name` is what traces call the work on one job. `give_back` gives all claims back but those on these jobs.
    """

    def __init__(
        self,
        name: str,
        *,
        claim: Claim,
        work: Work,
        idle: Idle,
        breaker: Breaker,
        concurrency: int,
        give_back: GiveBack | None = None,
    ) -> None:
        self._name = name
        self._claim = claim
        self._work = work
        self._idle = idle
        self._breaker = breaker
        self._concurrency = concurrency
        self._give_back = give_back
        self._in_doubt = False
        self._tasks: dict[asyncio.Task[None], UUID] = {}
        self._stopping = False
        self._resting = False
        self._claiming = asyncio.Lock()

    async def run(self) -> None:
        """Claim and work until cancelled, which breaks the work off, or until stopped and done."""
        try:
            while not self._stopping:
                await self._claim_and_work()
            await self.stop()
        finally:
            for task in self._tasks:
                task.cancel()  # the lease of what is broken off runs out, then others take it over
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Claim nothing more, and return once the work under way is done."""
        self._stopping = True
        async with self._claiming:
            pass  # what is being claimed now is worked on as well
        if self._tasks:
            await asyncio.wait(self._tasks)

    @asynccontextmanager
    async def places(self, count: int) -> AsyncIterator[bool]:
        """Keep `count` places for jobs that are claimed within the block, and given to `begin` there.

        Yields False if there are not so many, or if it is not their turn: something else may wait for a place.
        """
        if not self._resting or self._stopping or self._breaker.open or self._claiming.locked() or self._free < count:
            yield False
            return
        async with self._claiming:
            try:
                yield True
            except DATABASE_ERRORS as error:
                self._doubt(error)
                raise

    def begin(self, job: Job) -> None:
        """Begin to work on a claimed job that has its place."""
        task = asyncio.create_task(self._guarded(job))
        self._tasks[task] = job.job_id
        task.add_done_callback(self._tasks.pop)

    @property
    def _free(self) -> int:
        return self._concurrency - len(self._tasks)

    async def _claim_and_work(self) -> None:
        try:
            if not await self._turn():
                await self._rest()
        except DATABASE_ERRORS as error:
            self._doubt(error)
            log.warning("worker_interrupted", error=type(error).__name__)
            await asyncio.sleep(RETRY_S)

    async def _rest(self) -> None:
        self._resting = True
        try:
            await self._idle()
        finally:
            self._resting = False

    async def _turn(self) -> bool:
        """Fill the free places; False if there was less to claim than that, so that looking again at once is no use."""
        while not self._free:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        room = await self._breaker.room(self._free)
        async with self._claiming:
            await self._clear_doubt()
            free = min(room, self._free)  # some may have begun meanwhile
            claimed = await self._claim(free) if free and not self._stopping else []
            for job in claimed:
                self.begin(job)
        if self._breaker.open and self._tasks:
            await asyncio.wait(self._tasks)  # a probe: what comes of it decides about the next claim
        return len(claimed) == free

    def _doubt(self, *errors: BaseException) -> None:
        """Doubt what is claimed, if the database went away; what a statement is wrong with is so the next time, too."""
        self._in_doubt = self._in_doubt or any(map(is_away, errors))

    async def _clear_doubt(self) -> None:
        """Give back what is claimed and not worked on: nothing else is being claimed now."""
        doubted, self._in_doubt = self._in_doubt, False
        if doubted and self._give_back:
            await self._give_back(list(self._tasks.values()))

    async def _guarded(self, job: Job) -> None:
        try:
            with step(job, self._name):
                await self._work(job)
        except* DATABASE_ERRORS as errors:
            self._doubt(*errors.exceptions)
            log.warning("work_interrupted", job_id=str(job.job_id), error=type(errors.exceptions[0]).__name__)
        except* Exception:
            log.exception("work_failed", job_id=str(job.job_id))  # the lease runs out, then it is tried again
