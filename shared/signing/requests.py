"""What was, or will be, posted to MSign for a job?"""

from collections.abc import Sequence
from typing import Any

import asyncpg

from shared.contract.envelope import Document
from shared.contract.models import ContentType, DelegatorType, ExpectedSigner, SignContent, SignRequest
from shared.messaging.commands import OWN_IDS
from shared.persistence import contents
from shared.persistence.contents import Stored
from shared.persistence.job import Job, JobContent
from shared.signatures.binding import SentFile
from shared.signing.results import Sent

BY_REFERENCE = "by_reference"
"""What stands in what a job remembers of its command if a content of it came so."""


def came_by_reference(job: Job) -> bool:
    """Tell whether the command of a job named contents by reference, so that its system can fetch some, too."""
    return bool(job.command.get(BY_REFERENCE))


def msign_id(content: JobContent) -> str:
    """Return the CorrelationID towards MSign: the system's own, else the content's place."""
    return content.correlation_id or f"{OWN_IDS}{content.position}"


async def sent_contents(connection: Any, job: Job) -> list[Sent]:
    """Return a job's contents: hashes with their bytes, PDF files by their digests."""
    return [
        Sent(
            msign_id=msign_id(stored.item),
            correlation_id=stored.item.correlation_id,
            content=_hash_or_file(ContentType(job.command["content_type"]), stored),
        )
        for stored in await contents.of_job(connection, job.system, job.job_id)
    ]


def _hash_or_file(content_type: ContentType, stored: Stored) -> bytes | SentFile:
    if content_type is ContentType.HASH:
        return stored.body or b""
    return SentFile(stored.size, contents.digest_of(stored.item.ref))


async def sign_request(pool: asyncpg.Pool, job: Job) -> tuple[SignRequest, dict[int, Document]]:
    """Return the SignRequest of a job, and those of its contents that are read only while they are sent."""
    return request_of(pool, job, await contents.of_job(pool, job.system, job.job_id))


def request_of(pool: asyncpg.Pool, job: Job, stored: Sequence[Stored]) -> tuple[SignRequest, dict[int, Document]]:
    """Return the same for a job whose contents were looked up."""
    command = job.command
    request = SignRequest(
        content_type=ContentType(command["content_type"]),
        short_content_description=command["short_description"],
        content_description=command["description"],
        signature_reason=command["signature_reason"],
        expected_signer=expected_signer(command["expected_signer"]),
        contents=tuple(
            SignContent(
                content=one.body or b"",
                correlation_id=msign_id(one.item),
                name=one.item.name,
                multiple_signatures=one.item.multiple_signatures,
            )
            for one in stored
        ),
    )
    large = ((place, one) for place, one in enumerate(stored) if one.body is None)
    return request, {place: document(pool, job.system, one.item.ref, one.size) for place, one in large}


def document(pool: asyncpg.Pool, system: str, ref: str, size: int) -> Document:
    """Return a stored content of `size` bytes as what is read only while it is sent."""
    return Document(size, lambda: contents.pieces(pool, system, ref, size))


def expected_signer(data: dict[str, Any] | None) -> ExpectedSigner | None:
    """Return the contract's ExpectedSigner of a command's."""
    if data is None:
        return None
    return ExpectedSigner(**data | {"delegator_type": DelegatorType(data["delegator_type"])})
