"""How does a SignResponse become the job's outcome? One use case, for the callback and for the poller.

The callback is a hint; the truth is GetSignResponse. Collecting is single-flight per job, at most once a second, and
no transaction is open during the call.
"""

import asyncio
import random
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import asyncpg
import structlog
from opentelemetry.trace import SpanKind

from shared.contract.client import MSignClient
from shared.contract.failures import failure_of
from shared.contract.faults import MSignFault, RequestNotFound
from shared.contract.models import ContentType, Language, SignResponse, SignStatus
from shared.errors import Transient
from shared.persistence import jobs
from shared.persistence.events import Taker
from shared.persistence.job import Job
from shared.persistence.moving import until_known
from shared.persistence.pool import is_away
from shared.signing.breaker import Breaker
from shared.signing.ending import Ending
from shared.signing.requests import sent_contents
from shared.signing.results import Outcome, Sent, judge
from shared.signing.schedule import poll_delay
from shared.telemetry import metrics
from shared.telemetry.steps import step

COLLECT = "collect sign response"
COME_BACK = "return from sign page"
LEASE = timedelta(seconds=90)
JUDGE_AT_ONCE_BYTES = 64 * 1024
"""How many bytes of signatures are judged where they arrive: for a few milliseconds a thread only adds waits."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Policy:
    """What an operator decides about collecting."""

    grace: timedelta = timedelta(minutes=15)
    inline_bytes: int = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Collected:
    """A job as it was when MSign was asked about it, and how it ended by that, if it did."""

    job: Job
    outcome: Outcome | None


class Collector:
    """Collects SignResponses; `source` is the service that does it. A `taker` gets its events at once."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        client: MSignClient,
        breaker: Breaker,
        *,
        source: str,
        policy: Policy,
        taker: Taker | None = None,
    ) -> None:
        self._pool = pool
        self._client = client
        self._breaker = breaker
        self._policy = policy
        self._owner = uuid4()
        self._ending = Ending(pool, source=source, inline_bytes=policy.inline_bytes, taker=taker)

    async def collect(self, job_id: UUID, request_id: str | None = None) -> Collected | None:
        """Ask MSign about one job now; None if somebody else is at it or was less than a second ago.

        With `request_id` it is because the job's user has come back with it; None, too, if it is another job's.
        """
        job = await jobs.claim_collection(self._pool, job_id, owner=self._owner, lease=LEASE, request_id=request_id)
        if job is None:
            return None
        with step(job, COME_BACK, kind=SpanKind.SERVER) if request_id else nullcontext(), step(job, COLLECT):
            return Collected(job, await self.collect_claimed(job))

    async def claim_due(self, limit: int) -> list[Job]:
        """Claim jobs whose users have not come back yet and whose poll is due."""
        return await jobs.claim_polls(self._pool, owner=self._owner, lease=LEASE, limit=limit)

    async def collect_claimed(self, job: Job) -> Outcome | None:
        """Ask MSign about a claimed job, and commit what follows; failures lead to another poll.

        Returns how the job ended by this, None if it goes on or somebody else was first.

        A job expires only when MSign says that there is no signature: while it does not answer, nobody knows.
        """
        outcome, answered = None, False
        try:
            outcome = await self._ask(job)
            answered = True
            self._breaker.succeeded()
        except Transient as error:
            metrics.JOB_RETRIES.labels(job.kind, failure_of(error)).inc()
            self._breaker.failed(error)
            log.warning("collect_failed", job_id=str(job.job_id), error=type(error).__name__)
        except MSignFault as error:
            answered = True
            self._breaker.succeeded()
            log.warning("collect_refused", job_id=str(job.job_id), error=type(error).__name__)
        except Exception as error:  # the right to collect is given back all the same
            if is_away(error):
                log.warning("collect_interrupted", job_id=str(job.job_id), error=type(error).__name__)
            else:
                log.exception("collect_crashed", job_id=str(job.job_id))
        if outcome is None and answered and job.seen_at >= job.expires_at + self._policy.grace:
            outcome = Outcome(status=SignStatus.EXPIRED, reason="expired")
        if outcome is None:
            due_in = poll_delay(job.polls, random.random())  # noqa: S311
            await until_known(self._pool, lambda: jobs.release_collection(self._pool, job, due_in=due_in), [])
            return None
        return await self._finish(job, outcome)

    async def _ask(self, job: Job) -> Outcome | None:
        assert job.request_id is not None  # noqa: S101 - it awaits its signer, so MSign has it
        language = Language(job.command["language"])
        # A user who is back has mostly signed: what that is judged by is looked up while MSign answers.
        looking = None if job.returned_at is None else asyncio.create_task(sent_contents(self._pool, job))
        try:
            return await self._judge(job, await self._client.get_sign_response(job.request_id, language), looking)
        except RequestNotFound:
            return Outcome(status=SignStatus.EXPIRED, reason="not_found")
        finally:
            if looking is not None:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)

    async def _judge(
        self, job: Job, response: SignResponse, looking: asyncio.Task[list[Sent]] | None
    ) -> Outcome | None:
        if response.status is SignStatus.PENDING:
            return None
        sent = await (looking or sent_contents(self._pool, job))
        signer = job.command["expected_signer"]
        check = partial(
            judge,
            response,
            content_type=ContentType(job.command["content_type"]),
            sent=sent,
            expected_id=signer and signer["id"],
        )
        if sum(len(one.held or b"") for one in response.results) > JUDGE_AT_ONCE_BYTES:
            return await asyncio.to_thread(check)
        return check()

    async def _finish(self, job: Job, outcome: Outcome) -> Outcome | None:
        if not await self._ending.end(job, outcome):
            return None
        log.info("sign_response_ready", job_id=str(job.job_id), status=outcome.status, reason=outcome.reason)
        return outcome
