"""Where are the posted sign requests, and what became of them?

All SQL about them stands here. A request that is Pending after its time reads as Expired; nothing has to happen then.
"""

import asyncio
import dataclasses
import functools
import hashlib
import io
import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.msign.messages import outcome_message
from services.msign.responses import StoredBytes, StoredResponse, StoredResult
from services.msign.summary import DocumentSummary, RequestSummary
from shared.contract.faults import AuthorizationFailed, RequestNotFound
from shared.contract.models import (
    ContentType,
    DelegatorType,
    ExpectedSigner,
    Language,
    SignContent,
    SignRequest,
    SignResult,
    SignStatus,
)
from shared.persistence.copying import Value, binary_rows
from shared.telemetry.tracing import current_traceparent

MIGRATIONS = Path(__file__).parent / "migrations"
TOGETHER_BYTES = 1024 * 1024
PIECE_BYTES = 768 * 1024


class RequestStore:
    """The sign requests in the provider's database."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def create(self, consumer_id: int, request: SignRequest, expires_at: datetime) -> str:
        """Store a request; returns its RequestID, 32 lower-case hexadecimal digits that nobody can guess."""
        request_id = secrets.token_hex(16)
        signer = None if request.expected_signer is None else dataclasses.asdict(request.expected_signer)
        digests = await asyncio.to_thread(_digests, request)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                _INSERT_REQUEST,
                request_id,
                consumer_id,
                request.content_type,
                request.short_content_description,
                request.content_description,
                request.signature_reason,
                signer,
                expires_at,
                current_traceparent(),
            )
            await connection.copy_to_table(
                "sign_contents",
                source=binary_rows(_content_rows(request_id, request.contents, digests)),
                columns=_CONTENT_COLUMNS,
                format="binary",
            )
        return request_id

    async def summary(self, request_id: str) -> RequestSummary | None:
        """Return what is known about a request, or None when there is no such one; no document is read for it."""
        row = await self._pool.fetchrow(_GET, request_id)
        if row is None:
            return None
        documents = await self._pool.fetch(_DOCUMENTS, request_id)
        return RequestSummary(
            request_id=request_id,
            consumer=row["consumer"],
            return_origins=tuple(row["return_origins"]),
            content_type=ContentType(row["content_type"]),
            short_content_description=row["short_content_description"],
            content_description=row["content_description"],
            signature_reason=row["signature_reason"],
            expected_signer=_signer(row["expected_signer"]),
            status=_status(row),
            reason=row["reason"],
            created_at=row["created_at"],
            expires_at=row["expires_at"],
            traceparent=row["traceparent"],
            documents=tuple(DocumentSummary(**dict(one)) for one in documents),
        )

    async def content(self, request_id: str, position: int) -> bytes | None:
        """Return one content, the digest bytes or the PDF file; None when there is no such one (any more)."""
        content = io.BytesIO()
        while (piece := await self.piece(request_id, position, content.tell())) is not None:
            content.write(piece)
            if len(piece) < PIECE_BYTES:
                return content.getvalue()
        return None

    async def piece(self, request_id: str, position: int, start: int) -> bytes | None:
        """Return up to `PIECE_BYTES` of a content after its first `start` bytes; None when there is no such one."""
        piece: bytes | None = await self._pool.fetchval(_CONTENT_PIECE, request_id, position, start + 1, PIECE_BYTES)
        return piece

    async def signers(self, request_id: str) -> dict[int, bytes]:
        """Return who signed what so far: certificates by the content's position."""
        return {row["position"]: row["certificate"] for row in await self._pool.fetch(_SIGNERS, request_id)}

    async def add_result(self, request_id: str, position: int, result: SignResult) -> bool:
        """Store one signature of a pending request; False when it is not pending any more."""
        row = (request_id, position, result.correlation_id, result.certificate, result.signature)
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(_HOLD_PENDING, request_id) is None:
                return False
            await connection.copy_to_table(
                "sign_results", source=binary_rows([row]), columns=_RESULT_COLUMNS, format="binary"
            )
        return True

    async def drop_results(self, request_id: str) -> None:
        """Forget the signatures of a pending request: another signer begins."""
        await self._pool.execute(_DROP_RESULTS, request_id)

    async def progress(self, request_id: str) -> tuple[int, int]:
        """Return how many contents of a request are signed, and how many there are."""
        row = await self._pool.fetchrow(_PROGRESS, request_id)
        return row["signed"], row["total"]

    async def finish(self, request_id: str, status: SignStatus, *, reason: str | None = None) -> bool:
        """Make Success or Failure known; False when the outcome was decided before or the request has expired.

        What is signed by then is in the answer, also of a Failure.
        """
        return await self._pool.fetchval(_FINISH, request_id, status, reason) is not None

    async def count_open(self) -> tuple[int, int]:
        """Return how many requests are pending, and how many have expired without an outcome."""
        row = await self._pool.fetchrow(_COUNT_OPEN)
        return row["pending"], row["expired"]

    async def purge(self, ended_before: datetime, *, limit: int) -> int:
        """Remove at most `limit` requests that were finished or expired before a moment; returns how many."""
        return len(await self._pool.fetch(_PURGE, ended_before, limit))

    async def response(self, request_id: str, consumer_id: int, language: Language) -> StoredResponse:
        """Return what GetSignResponse answers; signatures beyond the first `TOGETHER_BYTES` stay in the database.

        Raises `RequestNotFound` and, for another system's request, `AuthorizationFailed`.
        """
        row = await self._pool.fetchrow(_GET, request_id)
        if row is None:
            raise RequestNotFound("There is no such sign request, or it was removed from the online database")
        if row["consumer_id"] != consumer_id:
            raise AuthorizationFailed("The sign request was posted by another system")
        status = _status(row)
        if status in {SignStatus.PENDING, SignStatus.EXPIRED}:
            message = None if status is SignStatus.PENDING else outcome_message(language, "expired")
            return StoredResponse(status=status, message=message)
        rows = await self._pool.fetch(_RESULTS, request_id, TOGETHER_BYTES)
        message = None if status is SignStatus.SUCCESS else outcome_message(language, row["reason"])
        results = tuple(self._result(request_id, one) for one in rows)
        return StoredResponse(status=status, message=message, results=results)

    def _result(self, request_id: str, row: Any) -> StoredResult:
        signature: bytes | StoredBytes | None = row["signature"]
        if signature is None and row["size"] is not None:
            pieces = functools.partial(self._signature, request_id, row["position"], row["size"])
            signature = StoredBytes(row["size"], pieces)
        return StoredResult(correlation_id=row["correlation_id"], certificate=row["certificate"], signature=signature)

    async def _signature(self, request_id: str, position: int, size: int) -> AsyncIterator[bytes]:
        for start in range(1, size + 1, PIECE_BYTES):
            piece = await self._pool.fetchval(_SIGNATURE_PIECE, request_id, position, start, PIECE_BYTES)
            if piece is None:
                raise RequestNotFound("The sign request was removed while it was being answered")
            yield piece


def _status(row: Any) -> SignStatus:
    status = SignStatus(row["status"])
    overdue = status is SignStatus.PENDING and row["expires_at"] <= datetime.now(UTC)
    return SignStatus.EXPIRED if overdue else status


def _signer(stored: dict[str, Any] | None) -> ExpectedSigner | None:
    if stored is None:
        return None
    return ExpectedSigner(**{**stored, "delegator_type": DelegatorType(stored["delegator_type"])})


def _digests(request: SignRequest) -> list[bytes]:
    """The hashes themselves, of PDF files their SHA-256."""
    if request.content_type is ContentType.HASH:
        return [one.content for one in request.contents]
    return [hashlib.sha256(one.content).digest() for one in request.contents]


def _content_rows(
    request_id: str, contents: tuple[SignContent, ...], digests: list[bytes]
) -> Iterator[tuple[Value, ...]]:
    for position, (one, digest) in enumerate(zip(contents, digests, strict=True)):
        yield request_id, position, one.content, digest, one.correlation_id, one.name, one.multiple_signatures


_CONTENT_COLUMNS = ("request_id", "position", "content", "digest", "correlation_id", "name", "multiple_signatures")
_INSERT_REQUEST = """
INSERT INTO sign_requests (
    request_id, consumer_id, content_type, short_content_description, content_description, signature_reason,
    expected_signer, expires_at, traceparent
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_GET = """
SELECT sign_requests.*, consumers.name AS consumer, consumers.return_origins
FROM sign_requests JOIN consumers ON consumers.id = consumer_id
WHERE request_id = $1
"""
_DOCUMENTS = """
SELECT correlation_id, name, multiple_signatures, octet_length(content) AS size, digest
FROM sign_contents WHERE request_id = $1 ORDER BY position
"""
_CONTENT_PIECE = """
SELECT substring(content FROM $3 FOR $4) FROM sign_contents WHERE request_id = $1 AND position = $2
"""
_SIGNERS = "SELECT position, certificate FROM sign_results WHERE request_id = $1"
_RESULTS = """
SELECT position, correlation_id, certificate, octet_length(signature) AS size,
       CASE WHEN sum(octet_length(signature)) OVER (ORDER BY position) <= $2 THEN signature END AS signature
FROM sign_results WHERE request_id = $1 ORDER BY position
"""
_SIGNATURE_PIECE = """
SELECT substring(signature FROM $3 FOR $4) FROM sign_results WHERE request_id = $1 AND position = $2
"""
_HOLD_PENDING = """
SELECT request_id FROM sign_requests WHERE request_id = $1 AND status = 'Pending' AND expires_at > now() FOR SHARE
"""
_RESULT_COLUMNS = ("request_id", "position", "correlation_id", "certificate", "signature")
_DROP_RESULTS = """
DELETE FROM sign_results USING sign_requests
WHERE sign_results.request_id = $1 AND sign_requests.request_id = $1 AND status = 'Pending'
"""
_PROGRESS = """
SELECT (SELECT count(*) FROM sign_results WHERE request_id = $1) AS signed,
       (SELECT count(*) FROM sign_contents WHERE request_id = $1) AS total
"""
_FINISH = """
UPDATE sign_requests SET status = $2, reason = $3, finished_at = now()
WHERE request_id = $1 AND status = 'Pending' AND expires_at > now()
RETURNING request_id
"""
_COUNT_OPEN = """
SELECT count(*) FILTER (WHERE expires_at > now()) AS pending, count(*) FILTER (WHERE expires_at <= now()) AS expired
FROM sign_requests WHERE status = 'Pending'
"""
_PURGE = """
DELETE FROM sign_requests WHERE request_id IN (
    SELECT request_id FROM sign_requests
    WHERE coalesce(finished_at, expires_at) < $1
    LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING request_id
"""
