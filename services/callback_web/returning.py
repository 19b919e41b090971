"""What happens when a browser comes back from the Sign Page? (steps 9 and 10 of the signing process)

The callback is a hint: the outcome is what GetSignResponse says. The user waits at most a few seconds for it; if it
is not known by then the redirect says Pending, and the outcome comes when it comes.

In a rush users wait in one line, and only so many jobs are collected at once: all at once, each would be late. Those
for whom the line is too long are the poller's.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import structlog

from shared.contract.models import SignStatus
from shared.persistence import jobs
from shared.persistence.job import Job
from shared.persistence.notices import CHANGES, Notices
from shared.persistence.pool import DATABASE_ERRORS, is_away
from shared.signing.collect import Collected, Collector
from shared.signing.states import State

LONGEST_WAIT_S = 2.5
LOOK_EVERY_S = 0.5
AT_ONCE = 50
LONGEST_LINE = 1000
MOST_OF_ONE = 3
"""How many collections of one job, each for another RequestID, are in line: a forger cannot fill it."""

log = structlog.get_logger(__name__)

_STATUSES = {
    State.COMPLETED: SignStatus.SUCCESS,
    State.FAILED: SignStatus.FAILURE,
    State.EXPIRED: SignStatus.EXPIRED,
    State.REJECTED: SignStatus.FAILURE,
}

Key = tuple[UUID, str]
Collecting = asyncio.Task[Collected | None]


@dataclass(frozen=True, slots=True)
class Settled:
    """A job whose user has come back, and what is known of its outcome."""

    job: Job
    status: SignStatus

    @property
    def address(self) -> str:
        """The system's return URL with `job_id`, `status` and its `relay_state`."""
        return with_query(
            self.job.command["return_url"],
            {
                "job_id": str(self.job.job_id),
                "status": str(self.status),
                "relay_state": self.job.command["relay_state"],
            },
        )


class Returning:
    """Collects for users who are waiting."""

    def __init__(self, pool: asyncpg.Pool, notices: Notices, collector: Collector) -> None:
        self._pool = pool
        self._notices = notices
        self._collector = collector
        self._places = asyncio.Semaphore(AT_ONCE)
        self._under_way: dict[Key, Collecting] = {}
        self._of_job: Counter[UUID] = Counter()

    async def settle(self, job_id: UUID, request_id: str) -> Settled | None:
        """Collect the SignResponse of the job that has this RequestID; None if there is none.

        Tells what is known after at most 2.5 s, also if something of ours does not answer, once the job could be read.
        """
        until = asyncio.get_running_loop().time() + LONGEST_WAIT_S
        collecting = self._collect((job_id, request_id))
        found = await _result(collecting, LOOK_EVERY_S)
        if found is not None and found.outcome is not None:
            return Settled(found.job, found.outcome.status)
        job = found.job if found is not None else await self._read(job_id, request_id)
        if job is None:
            return None
        try:
            async with asyncio.timeout_at(until):
                return Settled(job, await self._outcome(job, (job_id, request_id), collecting))
        except DATABASE_ERRORS as error:  # the end of the time among them
            if not isinstance(error, TimeoutError):
                log.warning("return_interrupted", job_id=str(job_id), error=type(error).__name__)
            return Settled(job, SignStatus.PENDING)

    async def stop(self) -> None:
        """Return once the collections under way are done."""
        while self._under_way:
            await asyncio.wait(self._under_way.values())

    async def abandon(self) -> None:
        """Break off the collections under way: their jobs are the poller's."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, job_id: UUID, request_id: str) -> Job | None:
        job = await jobs.get(self._pool, job_id)
        if job is None or job.request_id is None or job.request_id.lower() != request_id.lower():
            return None
        if job.returned_at is None:
            await jobs.note_return(self._pool, job_id)
        return job

    async def _outcome(self, job: Job, key: Key, collecting: Collecting | None) -> SignStatus:
        """Wait for the end of a job that MSign was, or is being, asked about; ask again where that did not tell."""
        with self._notices.listening(CHANGES, str(job.job_id)) as hint:
            while True:
                found = await _result(collecting, LONGEST_WAIT_S)
                if found is not None and found.outcome is not None:
                    return found.outcome.status
                job = await jobs.get(self._pool, job.job_id) or job
                if job.final:
                    return _STATUSES[job.state]
                await hint.wait(at_most_s=LOOK_EVERY_S)
                collecting = None if self._places.locked() else self._collect(key)

    def _collect(self, key: Key) -> Collecting | None:
        """Collect in a task of its own, once for all who wait: a slow MSign holds up neither users nor the result."""
        if (task := self._under_way.get(key)) is None and self._may_begin(key[0]):
            task = self._under_way[key] = asyncio.create_task(self._collect_in_turn(*key))
            self._of_job[key[0]] += 1
            task.add_done_callback(lambda done: self._collected(key, done))
        return task

    def _may_begin(self, job_id: UUID) -> bool:
        return len(self._under_way) < LONGEST_LINE and self._of_job[job_id] < MOST_OF_ONE

    async def _collect_in_turn(self, job_id: UUID, request_id: str) -> Collected | None:
        async with self._places:
            return await self._collector.collect(job_id, request_id)

    def _collected(self, key: Key, task: Collecting) -> None:
        del self._under_way[key]
        self._of_job[key[0]] -= 1
        if not self._of_job[key[0]]:
            del self._of_job[key[0]]
        if task.cancelled() or (error := task.exception()) is None:
            return
        if is_away(error):
            log.warning("collection_interrupted", error=type(error).__name__)
        else:
            log.error("collection_crashed", exc_info=error)


async def _result(collecting: Collecting | None, at_most_s: float) -> Collected | None:
    """Return what a collection found, None if it found nothing, or has not by then."""
    if collecting is None:
        return None
    await asyncio.wait({collecting}, timeout=at_most_s)
    if not collecting.done() or collecting.cancelled() or collecting.exception() is not None:
        return None
    return collecting.result()


def with_query(url: str, parameters: dict[str, str | None]) -> str:
    """Return `url` with the parameters added to its query; None ones are left out, its own are kept."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    query += [(name, value) for name, value in parameters.items() if value is not None]
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~")
    return urlunsplit(parts._replace(path=path, query=urlencode(query)))
