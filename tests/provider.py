"""What stands in for the provider's database where a test needs none?"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg

from services.msign.requests import RequestStore
from services.msign.summary import DocumentSummary, RequestSummary
from shared.contract.models import ContentType, SignContent, SignRequest, SignResult, SignStatus
from shared.persistence.pool import open_pool


def summary_of(request: SignRequest, *, request_id: str = "0" * 32, consumer: str = "declaratii") -> RequestSummary:
    """What the database would tell about a request that was just posted."""
    now = datetime.now(UTC)
    return RequestSummary(
        request_id=request_id,
        consumer=consumer,
        return_origins=(),
        content_type=request.content_type,
        short_content_description=request.short_content_description,
        content_description=request.content_description,
        signature_reason=request.signature_reason,
        expected_signer=request.expected_signer,
        status=SignStatus.PENDING,
        reason=None,
        created_at=now,
        expires_at=now + timedelta(days=1),
        documents=tuple(_document(request.content_type, content) for content in request.contents),
    )


def _document(kind: ContentType, one: SignContent) -> DocumentSummary:
    digest = one.content if kind is ContentType.HASH else hashlib.sha256(one.content).digest()
    return DocumentSummary(
        correlation_id=one.correlation_id,
        name=one.name,
        multiple_signatures=one.multiple_signatures,
        size=len(one.content),
        digest=digest,
    )


async def posted(requests: RequestStore, request_id: str) -> SignRequest:
    """A stored request, put together again from its summary and its documents."""
    summary = await requests.summary(request_id)
    assert summary is not None
    contents = [await requests.content(request_id, position) for position in range(len(summary.documents))]
    return SignRequest(
        content_type=summary.content_type,
        short_content_description=summary.short_content_description,
        content_description=summary.content_description,
        signature_reason=summary.signature_reason,
        expected_signer=summary.expected_signer,
        contents=tuple(
            SignContent(
                content=content or b"",
                correlation_id=one.correlation_id,
                name=one.name,
                multiple_signatures=one.multiple_signatures,
            )
            for content, one in zip(contents, summary.documents, strict=True)
        ),
    )


@dataclass
class KeptBatch:
    """The documents and signatures of one pending request; with `open` False it is not pending any more."""

    contents: tuple[SignContent, ...] = ()
    signed: dict[int, SignResult] = field(default_factory=dict)
    open: bool = True

    async def content(self, request_id, position):
        return self.contents[position].content if position < len(self.contents) else None

    async def signers(self, request_id):
        return {position: result.certificate for position, result in self.signed.items()}

    async def add_result(self, request_id, position, result):
        if self.open:
            self.signed[position] = result
        return self.open

    async def drop_results(self, request_id):
        self.signed.clear()


class AnyCertificate:
    """Finds every certificate good."""

    async def check(self, key):
        pass


@asynccontextmanager
async def pool_with_requests(url: str, *request_ids: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool over a provider's database with pending requests of these ids, each of one system and without contents."""
    async with open_pool(url) as pool:
        consumer = await pool.fetchval("INSERT INTO consumers (name) VALUES ('declaratii') RETURNING id")
        for request_id in request_ids:
            await pool.execute(
                "INSERT INTO sign_requests (request_id, consumer_id, content_type, short_content_description,"
                " expires_at) VALUES ($1, $2, 'Hash', 'x', now() + interval '1 day')",
                request_id,
                consumer,
            )
        yield pool
