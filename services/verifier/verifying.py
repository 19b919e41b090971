"""How does a claimed job become verdicts? MSign is asked until it has judged everything, then `completed` goes out.

One signature that MSign refuses or fails over does not take the others with it: it ends as not valid, with the reason.
A job ends as `rejected` when MSign refuses all of it, or has judged nothing new until the job's deadline.
"""

import random
from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import structlog

from services.verifier.asking import LEASE, Asking, Found
from services.verifier.handlers import NAME
from services.verifier.results import not_judged
from shared.contract.models import ContentType
from shared.messaging.events import VERIFICATION_REJECTED, VERIFIED, CompletedData, VerdictData
from shared.messaging.problems import Code, Problem
from shared.persistence import contents, jobs, verdicts
from shared.persistence.events import Draft, uuid7
from shared.persistence.job import Job, JobContent
from shared.persistence.moving import until_known
from shared.persistence.notices import transaction
from shared.signing.admission import rejection
from shared.signing.schedule import retry_delay
from shared.signing.states import Cause, Kind
from shared.telemetry import metrics

GIVE_UP_AFTER = 8
PROBLEMS_AT_MOST = 100
UNANSWERED = "MSign could not verify this signature"
REFUSED = "MSign refuses to verify this signature"

log = structlog.get_logger(__name__)


class Verifier:
    """Claims verification jobs and has MSign judge them."""

    def __init__(self, pool: asyncpg.Pool, asking: Asking, *, inline_bytes: int) -> None:
        self._pool = pool
        self._asking = asking
        self._inline_bytes = inline_bytes
        metrics.begin(metrics.VERDICTS, ContentType, ("valid", "invalid", "refused"))
        self._owner = uuid4()

    async def claim(self, limit: int) -> list[Job]:
        """Claim up to `limit` jobs, one of each system in turn."""
        async with transaction(self._pool) as connection:
            return await jobs.claim(connection, Kind.VERIFICATION, owner=self._owner, lease=LEASE, limit=limit)

    async def give_back(self, but: Collection[UUID]) -> None:
        """Give back what is claimed, `but` these jobs: nobody learned of it, or works on it any more."""
        async with transaction(self._pool) as connection:
            if given := await jobs.give_back(connection, owner=self._owner, but=but):
                log.warning("claims_given_back", jobs=given)

    async def verify(self, job: Job) -> None:
        """Verify what is left of one claimed job, and commit what came of it."""
        items = await jobs.contents(self._pool, job.job_id)
        before = await verdicts.get(self._pool, job.job_id)
        found = await self._asking.ask(job, [item for item in items if item.position not in before])
        known = await verdicts.get(self._pool, job.job_id)
        if len(found.refused) == len(items):
            await self._reject(job, [refused_problem(item, found) for item in items])
        elif not found.postponed or gives_up(job, known):
            await self._complete(job, [_verdict(item, known, found) for item in items], known.keys())
        elif job.seen_at >= job.expires_at:
            await self._reject(job, [Problem("/data/contents", Code.NOT_ANSWERED, UNANSWERED)])
        else:
            await self._retry(job, found)

    async def _complete(self, job: Job, results: list[VerdictData], judged: Collection[int]) -> None:
        event_id = uuid7()
        await until_known(self._pool, lambda: self._commit_completed(job, tuple(results), event_id), [event_id])
        _count(job, results, judged)
        log.info("verification_completed", job_id=str(job.job_id), contents=len(results))

    async def _commit_completed(self, job: Job, results: tuple[VerdictData, ...], event_id: UUID) -> Job | None:
        async with transaction(self._pool) as connection:
            data = await self._completed(connection, job, results)
            return await self._end(connection, job, Cause.VERIFIED, Draft(NAME, VERIFIED, data, event_id=event_id))

    async def _end(self, connection: Any, job: Job, cause: Cause, draft: Draft) -> Job | None:
        moved = await jobs.move(connection, job, cause, drafts=[draft])
        if moved:
            await verdicts.drop(connection, job.job_id)
        return moved

    async def _completed(self, connection: Any, job: Job, results: tuple[VerdictData, ...]) -> CompletedData:
        """The event's data; a list too large for a message is stored and referred to."""
        data = CompletedData(job_id=str(job.job_id), command_id=job.command_id, results=results)
        body = orjson.dumps([result.model_dump(mode="json") for result in results])
        if len(body) <= self._inline_bytes:
            return data
        ref = await contents.put_result(connection, job.system, job.job_id, body)
        return data.model_copy(update={"results": (), "results_ref": ref})

    async def _reject(self, job: Job, problems: list[Problem]) -> None:
        draft = rejection(job, problems[:PROBLEMS_AT_MOST], source=NAME, event_type=VERIFICATION_REJECTED)

        async def commit() -> Job | None:
            async with transaction(self._pool) as connection:
                return await self._end(connection, job, Cause.REFUSED, draft)

        await until_known(self._pool, commit, [draft.event_id])
        log.warning("verification_rejected", job_id=str(job.job_id), code=problems[0].code, contents=len(problems))

    async def _retry(self, job: Job, found: Found) -> None:
        counts = any(outcome.counts for outcome in found.postponed.values())
        delay = retry_delay(job.failures + 1, random.random()) if counts else timedelta(0)  # noqa: S311

        async def commit() -> Job | None:
            return await jobs.move(self._pool, job, Cause.RETRY, due_in=delay, failed=counts)

        await until_known(self._pool, commit, [])
        for reason in {outcome.reason for outcome in found.postponed.values()}:
            metrics.JOB_RETRIES.labels(Kind.VERIFICATION, reason).inc()
        errors = sorted({type(outcome.error).__name__ for outcome in found.postponed.values()})
        log.warning("verification_postponed", job_id=str(job.job_id), left=len(found.postponed), errors=errors)


def gives_up(job: Job, known: dict[int, dict[str, Any]]) -> bool:
    """Tell whether MSign judged others of the job but failed over the rest, each asked alone, again and again."""
    return bool(known) and job.failures >= GIVE_UP_AFTER


def refused_problem(item: JobContent, found: Found) -> Problem:
    """Return what the system is told of a signature that MSign refuses."""
    problem = found.refused[item.position].problem
    return Problem(f"/data/contents/{item.position}", problem.code, problem.message)


def _verdict(item: JobContent, known: dict[int, dict[str, Any]], found: Found) -> VerdictData:
    if item.position in known:
        return VerdictData.model_validate(known[item.position])
    if item.position in found.refused:
        return not_judged(item, f"{REFUSED}: {found.refused[item.position].error}")
    return not_judged(item, UNANSWERED)


def _count(job: Job, results: list[VerdictData], judged: Collection[int]) -> None:
    """Count the verdicts; those at positions that are not `judged` are ours."""
    for position, result in enumerate(results):
        verdict = "refused" if position not in judged else "valid" if result.valid else "invalid"
        metrics.VERDICTS.labels(job.command["content_type"], verdict).inc()
