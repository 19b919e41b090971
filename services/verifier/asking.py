"""How is MSign asked about the signatures of one job? In batches, a few at once, each verdict kept as it comes."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg
import structlog

from services.verifier.batches import Batch, Measure, halves, plan
from services.verifier.results import Verdicts, verdicts_of
from shared.contract.client import MSignClient
from shared.contract.models import ContentType, VerificationContent, VerificationRequest, VerificationResponse
from shared.errors import Bug, Transient
from shared.persistence import contents, jobs, verdicts
from shared.persistence.job import Job, JobContent
from shared.persistence.pool import DATABASE_ERRORS
from shared.signing.breaker import Breaker
from shared.signing.calls import Answered, Postponed, Refused, call
from shared.signing.requests import document, msign_id
from shared.telemetry import metrics

LEASE = timedelta(seconds=120)
BATCHES_OF_A_JOB = 2

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Found:
    """What came of asking: the contents that MSign refuses to judge, and those to be asked about again."""

    refused: dict[int, Refused] = field(default_factory=dict)
    postponed: dict[int, Postponed] = field(default_factory=dict)

    def refuse(self, batch: Batch, outcome: Refused) -> None:
        """Note that MSign refuses these."""
        self.refused |= dict.fromkeys((item.position for item in batch), outcome)

    def postpone(self, batch: Iterable[JobContent], outcome: Postponed) -> None:
        """Note that there is no answer on these yet."""
        self.postponed |= dict.fromkeys((item.position for item in batch), outcome)

    @property
    def down(self) -> Postponed | None:
        """Say whether MSign turned out to be down: nothing more is asked then."""
        return next((outcome for outcome in self.postponed.values() if not outcome.counts), None)


class Asking:
    """Asks MSign; at most `at_once` calls run, of all jobs together, and two of one job: a large one leaves room."""

    def __init__(
        self, pool: asyncpg.Pool, client: MSignClient, breaker: Breaker, *, measure: Measure, at_once: int
    ) -> None:
        self._pool = pool
        self._client = client
        self._breaker = breaker
        self._measure = measure
        self._calls = asyncio.Semaphore(at_once)

    async def ask(self, job: Job, items: list[JobContent]) -> Found:
        """Have `items` of a claimed job judged; the verdicts are stored when it returns."""
        sizes = await contents.sizes(self._pool, job.system, {item.ref for item in items})
        if gone := [item.position for item in items if item.ref not in sizes]:
            raise Bug(f"signatures {gone} of job {job.job_id} are gone")
        batches = plan(((item, sizes[item.ref]) for item in items), self._measure.after(job.failures))
        found = Found()
        async with self._kept(job), asyncio.TaskGroup() as takers:
            for _ in range(1 if self._breaker.open else BATCHES_OF_A_JOB):
                takers.create_task(self._ask_all(job, batches, found))
        return found

    async def _ask_all(self, job: Job, batches: Iterable[Batch], found: Found) -> None:
        """Take one batch after the other from what is shared with the job's other takers."""
        for batch in batches:
            if (down := found.down) is not None:
                found.postpone(batch, down)
            else:
                await self._ask(job, batch, found)

    async def _ask(self, job: Job, batch: Batch, found: Found) -> None:
        async with self._calls:
            metrics.VERIFICATION_CALL_CONTENTS.observe(len(batch))
            outcome = await call(self._breaker, self._answer(job, batch))
        match outcome:
            case Answered(response):
                judged = verdicts_of(batch, response.results)
                await self._store(job, judged)
                left = [item for item in batch if item.position not in judged]
                found.postpone(left, Postponed(Transient("MSign did not answer for every signature"), counts=True))
            case Refused() if len(batch) > 1:
                for half in halves(batch):
                    await self._ask(job, half, found)
            case Refused():
                found.refuse(batch, outcome)
            case Postponed():
                found.postpone(batch, outcome)

    async def _answer(self, job: Job, batch: Batch) -> VerificationResponse:
        found = await contents.look(self._pool, job.system, {item.ref for item in batch})
        request = VerificationRequest(
            signed_content_type=ContentType(job.command["content_type"]),
            language=job.command["language"],
            contents=tuple(
                VerificationContent(
                    signature=found[item.ref][1] or b"", content=item.hash, correlation_id=msign_id(item)
                )
                for item in batch
            ),
        )
        large = {
            place: document(self._pool, job.system, item.ref, found[item.ref][0])
            for place, item in enumerate(batch)
            if found[item.ref][1] is None
        }
        return await self._client.verify_signatures(request, large)

    async def _store(self, job: Job, judged: Verdicts) -> None:
        """Keep verdicts; whoever holds the job by now has them, since they stay true."""
        found = {position: verdict.model_dump(mode="json") for position, verdict in judged.items()}
        await verdicts.put(self._pool, job.job_id, found)

    @asynccontextmanager
    async def _kept(self, job: Job) -> AsyncIterator[None]:
        """Keep the claim alive, however many calls the job takes."""
        keeping = asyncio.create_task(self._keep(job))
        try:
            yield
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping

    async def _keep(self, job: Job) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 4)
            try:
                if not await jobs.extend(self._pool, job, lease=LEASE):
                    return
            except DATABASE_ERRORS as error:
                log.warning("lease_not_extended", job_id=str(job.job_id), error=type(error).__name__)
