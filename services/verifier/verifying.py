"""How does a claimed job become verdicts? VerifySignatures at MSign, then the `completed` event."""

import base64
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
import structlog

from services.verifier.handlers import NAME
from shared.contract.client import MSignClient
from shared.contract.models import ContentType, VerificationContent, VerificationRequest, VerificationResult
from shared.errors import Bug, Transient
from shared.messaging.events import VERIFICATION_REJECTED, VERIFIED, CertificateData, CompletedData, VerdictData
from shared.persistence import contents, jobs
from shared.persistence.events import Draft
from shared.persistence.jobs import Job, JobContent
from shared.signing.admission import rejection
from shared.signing.breaker import Breaker
from shared.signing.calls import Answered, Postponed, Refused, call
from shared.signing.requests import msign_id
from shared.signing.schedule import retry_delay
from shared.signing.states import Cause, Kind

LEASE = timedelta(seconds=120)

log = structlog.get_logger(__name__)


class Verifier:
    """Claims verification jobs and has MSign judge them."""

    def __init__(self, pool: asyncpg.Pool, client: MSignClient, breaker: Breaker, *, inline_bytes: int) -> None:
        self._pool = pool
        self._client = client
        self._breaker = breaker
        self._inline_bytes = inline_bytes
        self._owner = uuid4()

    async def claim(self, limit: int) -> list[Job]:
        """Claim up to `limit` jobs, one of each system in turn."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await jobs.claim(connection, Kind.VERIFICATION, owner=self._owner, lease=LEASE, limit=limit)

    async def verify(self, job: Job) -> None:
        """Verify one claimed job and commit what came of it."""
        items = await jobs.contents(self._pool, job.job_id)
        request = await self._request(job, items)
        match await call("VerifySignatures", self._breaker, self._verdicts(items, request)):
            case Answered(found):
                await self._complete(job, found)
            case Refused() as refused:
                await self._refuse(job, refused)
            case Postponed() as postponed:
                await self._retry(job, postponed)

    async def _verdicts(self, items: list[JobContent], request: VerificationRequest) -> tuple[VerdictData, ...]:
        response = await self._client.verify_signatures(request)
        return verdicts(items, response.results)

    async def _request(self, job: Job, items: list[JobContent]) -> VerificationRequest:
        found = [
            VerificationContent(
                signature=await self._signature(job, item), content=item.hash, correlation_id=msign_id(item)
            )
            for item in items
        ]
        return VerificationRequest(
            signed_content_type=ContentType(job.command["content_type"]),
            language=job.command["language"],
            contents=tuple(found),
        )

    async def _signature(self, job: Job, item: JobContent) -> bytes:
        body = await contents.get(self._pool, job.system, item.ref)
        if body is None:
            raise Bug(f"signature {item.position} of job {job.job_id} is gone")
        return body

    async def _complete(self, job: Job, results: tuple[VerdictData, ...]) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            data = await self._completed(connection, job, results)
            await jobs.move(
                connection, job, Cause.VERIFIED, now=datetime.now(UTC), drafts=[Draft(NAME, VERIFIED, data)]
            )
        log.info("verification_completed", job_id=str(job.job_id), contents=len(results))

    async def _completed(self, connection: Any, job: Job, results: tuple[VerdictData, ...]) -> CompletedData:
        """The event's data; a list too large for a message is stored and referred to."""
        data = CompletedData(job_id=str(job.job_id), command_id=job.command_id, results=results)
        body = orjson.dumps([result.model_dump(mode="json") for result in results])
        if len(body) <= self._inline_bytes:
            return data
        ref = await contents.put(connection, job.system, body)
        return data.model_copy(update={"results": (), "results_ref": ref})

    async def _refuse(self, job: Job, refused: Refused) -> None:
        draft = rejection(job, [refused.problem], source=NAME, event_type=VERIFICATION_REJECTED)
        async with self._pool.acquire() as connection, connection.transaction():
            await jobs.move(connection, job, Cause.REFUSED, now=datetime.now(UTC), drafts=[draft])
        log.warning("verification_refused", job_id=str(job.job_id), error=type(refused.error).__name__)

    async def _retry(self, job: Job, postponed: Postponed) -> None:
        now = datetime.now(UTC)
        delay = retry_delay(job.failures + 1, random.random()) if postponed.counts else timedelta(0)  # noqa: S311
        async with self._pool.acquire() as connection, connection.transaction():
            await jobs.move(connection, job, Cause.RETRY, now=now, due_at=now + delay, failed=postponed.counts)
        log.warning("verification_postponed", job_id=str(job.job_id), error=type(postponed.error).__name__)


def verdicts(items: list[JobContent], results: tuple[VerificationResult, ...]) -> tuple[VerdictData, ...]:
    """Return MSign's verdicts in the order of the contents; raises `Transient` when one is missing."""
    by_id = {result.correlation_id: result for result in results}
    try:
        return tuple(_verdict(item, by_id[msign_id(item)]) for item in items)
    except KeyError:
        raise Transient("MSign did not answer for every signature") from None


def _verdict(item: JobContent, result: VerificationResult) -> VerdictData:
    return VerdictData(
        correlation_id=item.correlation_id,
        valid=result.signatures_valid,
        message=result.message,
        certificates=tuple(
            CertificateData(
                subject=certificate.subject,
                valid=certificate.signature_valid,
                signed_at=certificate.signed_at,
                certificate=base64.b64encode(certificate.certificate).decode(),
            )
            for certificate in result.certificates
        ),
    )
