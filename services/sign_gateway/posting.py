"""How does a claimed job become a SignRequest at MSign? (steps 3 and 4 of the signing process)

PostSignRequest is not idempotent: the attempt is on record before the call, and only the attempt that is still
current hands its RequestID out. A RequestID that comes too late is recorded as an orphan; an attempt after which MSign
may hold one that nobody knows, as ambiguous.
"""

import random
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import asyncpg
import structlog

from services.sign_gateway.handlers import NAME
from shared.contract.client import MSignClient
from shared.messaging.events import ACCEPTED, SIGN_REJECTED, AcceptedData
from shared.persistence import contents, jobs
from shared.persistence.contents import Stored
from shared.persistence.events import Draft, Taker
from shared.persistence.grouping import Grouped
from shared.persistence.intake import Claim
from shared.persistence.job import Job
from shared.persistence.jobs import Move
from shared.persistence.moving import until_known
from shared.persistence.notices import transaction
from shared.signing.admission import rejection
from shared.signing.breaker import Breaker
from shared.signing.calls import Answered, Postponed, Refused, call
from shared.signing.links import Links
from shared.signing.requests import request_of
from shared.signing.schedule import poll_delay, retry_delay
from shared.signing.states import Cause, Kind
from shared.signing.worker import Worker
from shared.telemetry import metrics

LEASE = timedelta(seconds=120)

log = structlog.get_logger(__name__)


class Poster:
    """Claims received jobs and posts them; the events are handed to the `taker`, if there is one."""

    def __init__(
        self, pool: asyncpg.Pool, client: MSignClient, breaker: Breaker, links: Links, taker: Taker | None = None
    ) -> None:
        self._pool = pool
        self._client = client
        self._breaker = breaker
        self._links = links
        self._at_hand: dict[UUID, list[Stored]] = {}
        self.claims_as = Claim(uuid4(), LEASE)
        self._contents = Grouped(partial(contents.of_jobs, pool))
        self._moves = Grouped(partial(jobs.move_all, pool, taker=taker))

    async def claim(self, limit: int) -> list[Job]:
        """Claim up to `limit` jobs, one of each system in turn."""
        return await jobs.claim(
            self._pool, Kind.SIGN, owner=self.claims_as.owner, lease=self.claims_as.lease, limit=limit
        )

    async def give_back(self, but: Collection[UUID]) -> None:
        """Give back what is claimed, `but` these jobs: nobody learned of it, or works on it any more."""
        async with transaction(self._pool) as connection:
            if given := await jobs.give_back(connection, owner=self.claims_as.owner, but=but):
                log.warning("claims_given_back", jobs=given)

    def expect(self, job: Job, stored: list[Stored]) -> None:
        """Remember the contents of a job until it is posted."""
        self._at_hand[job.job_id] = stored

    async def post(self, job: Job) -> None:
        """Post one claimed job and commit what came of it."""
        stored = self._at_hand.pop(job.job_id, None) or await self._contents((job.system, job.job_id))
        request, documents = request_of(self._pool, job, stored)
        match await call(self._breaker, self._client.post_sign_request(request, documents)):
            case Answered(request_id):
                await self._accept(job, request_id)
            case Refused() as refused:
                await self._refuse(job, refused)
            case Postponed() as postponed:
                await self._retry(job, postponed)

    async def _move(self, move: Move) -> Job | None:
        return await until_known(self._pool, lambda: self._moves(move), move.event_ids)

    async def _accept(self, job: Job, request_id: str) -> None:
        data = AcceptedData(
            job_id=str(job.job_id),
            command_id=job.command_id,
            request_id=request_id,
            sign_url=self._links.sign_url(job.job_id),
            expires_at=job.expires_at,
        )
        move = Move(
            job=job,
            cause=Cause.POSTED,
            due_in=poll_delay(0, random.random()),  # noqa: S311
            request_id=request_id,
            drafts=[Draft(NAME, ACCEPTED, data)],
            outcome="accepted",
        )
        outcome = "accepted" if await self._move(move) else "orphaned"
        log.info("sign_request_posted", job_id=str(job.job_id), request_id=request_id, outcome=outcome)

    async def _refuse(self, job: Job, refused: Refused) -> None:
        draft = rejection(job, [refused.problem], source=NAME, event_type=SIGN_REJECTED)
        await self._move(Move(job=job, cause=Cause.REFUSED, drafts=[draft], outcome="refused"))
        log.warning("sign_request_refused", job_id=str(job.job_id), error=type(refused.error).__name__)

    async def _retry(self, job: Job, postponed: Postponed) -> None:
        delay = retry_delay(job.failures + 1, random.random()) if postponed.counts else timedelta(0)  # noqa: S311
        outcome = "ambiguous" if postponed.error.may_have_acted else "failed"
        await self._move(Move(job=job, cause=Cause.RETRY, due_in=delay, failed=postponed.counts, outcome=outcome))
        metrics.JOB_RETRIES.labels(Kind.SIGN, postponed.reason).inc()
        log.warning("sign_request_not_posted", job_id=str(job.job_id), error=type(postponed.error).__name__)


class AtOnce:
    """Posts jobs as soon as they have begun, where nothing else waits for a place."""

    def __init__(self, poster: Poster, worker: Worker) -> None:
        self._poster = poster
        self._worker = worker

    @asynccontextmanager
    async def places(self, count: int) -> AsyncIterator[Claim | None]:
        """Keep places for so many jobs that begin within the block; yields how to claim them, None without places."""
        async with self._worker.places(count) as free:
            yield self._poster.claims_as if free else None

    def begin(self, begun: Iterable[tuple[Job, list[Stored] | None]]) -> None:
        """Post jobs that were claimed so."""
        for job, stored in begun:
            if stored:
                self._poster.expect(job, stored)
            self._worker.begin(job)
