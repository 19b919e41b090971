"""What happens when a browser comes back from the Sign Page? (steps 9 and 10 of the signing process)

The callback is a hint: the outcome is what GetSignResponse says. The user waits at most a few seconds for it; if it
is not known by then the redirect says Pending and the poller goes on.
"""

import asyncio
import time
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import structlog

from shared.contract.models import SignStatus
from shared.persistence import events, jobs
from shared.persistence.jobs import Job
from shared.persistence.notices import CHANGES, Notices
from shared.persistence.pool import is_away
from shared.signing.collect import Collector

LONGEST_WAIT_S = 2.5
LOOK_EVERY_S = 0.5

log = structlog.get_logger(__name__)


class Returning:
    """Collects for a user who is waiting."""

    def __init__(self, pool: asyncpg.Pool, notices: Notices, collector: Collector) -> None:
        self._pool = pool
        self._notices = notices
        self._collector = collector
        self._tasks: set[asyncio.Task[None]] = set()

    async def settle(self, job_id: UUID) -> Job | None:
        """Collect the job's SignResponse; returns the job as it stands after at most 2.5 s."""
        until = time.monotonic() + LONGEST_WAIT_S
        collecting: asyncio.Task[None] | None = None
        job = await jobs.get(self._pool, job_id)
        while job is not None and not job.final and (left := until - time.monotonic()) > 0:
            if collecting is None or collecting.done():
                collecting = self._collect(job_id)
            await asyncio.wait({collecting}, timeout=min(left, LOOK_EVERY_S))
            job = await jobs.get(self._pool, job_id)
            left = until - time.monotonic()
            if job is not None and not job.final and collecting.done() and left > 0:
                await self._notices.wait(CHANGES, str(job_id), at_most_s=min(left, LOOK_EVERY_S))
                job = await jobs.get(self._pool, job_id)
        return job

    async def stop(self) -> None:
        """Return once the collections under way are done."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def abandon(self) -> None:
        """Break off the collections under way: their jobs are the poller's."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _collect(self, job_id: UUID) -> asyncio.Task[None]:
        """Collect in a task of its own: a slow MSign holds up neither the user nor the result."""
        task = asyncio.create_task(self._collector.collect(job_id))
        self._tasks.add(task)
        task.add_done_callback(self._collected)
        return task

    def _collected(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if is_away(error):
            log.warning("collection_interrupted", error=type(error).__name__)
        else:
            log.error("collection_crashed", exc_info=error)

    async def address(self, job: Job) -> str:
        """Return the system's return URL with `job_id`, `status` and its `relay_state`."""
        latest = await events.latest(self._pool, job.job_id) if job.final else None
        status = SignStatus.PENDING if latest is None else latest[1].get("status", SignStatus.FAILURE)
        return with_query(
            job.command["return_url"],
            {"job_id": str(job.job_id), "status": str(status), "relay_state": job.command["relay_state"]},
        )


def with_query(url: str, parameters: dict[str, str | None]) -> str:
    """Return `url` with the parameters added to its query; None ones are left out, its own are kept."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    query += [(name, value) for name, value in parameters.items() if value is not None]
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~")
    return urlunsplit(parts._replace(path=path, query=urlencode(query)))
