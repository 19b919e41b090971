"""What was, or will be, posted to MSign for a job?"""

from typing import Any

from shared.contract.models import ContentType, DelegatorType, ExpectedSigner, SignContent, SignRequest
from shared.errors import Bug
from shared.messaging.commands import OWN_IDS
from shared.persistence import contents, jobs
from shared.persistence.jobs import Job, JobContent
from shared.signing.results import Sent


def msign_id(content: JobContent) -> str:
    """Return the CorrelationID towards MSign: the system's own, else the content's place."""
    return content.correlation_id or f"{OWN_IDS}{content.position}"


async def sent_contents(connection: Any, job: Job) -> list[Sent]:
    """Return a job's contents with their bytes."""
    return [
        Sent(
            msign_id=msign_id(item),
            correlation_id=item.correlation_id,
            content=await _body(connection, job, item),
        )
        for item in await jobs.contents(connection, job.job_id)
    ]


async def sign_request(connection: Any, job: Job) -> SignRequest:
    """Return the SignRequest of a job."""
    command = job.command
    return SignRequest(
        content_type=ContentType(command["content_type"]),
        short_content_description=command["short_description"],
        content_description=command["description"],
        signature_reason=command["signature_reason"],
        expected_signer=expected_signer(command["expected_signer"]),
        contents=tuple(
            [
                SignContent(
                    content=await _body(connection, job, item),
                    correlation_id=msign_id(item),
                    name=item.name,
                    multiple_signatures=item.multiple_signatures,
                )
                for item in await jobs.contents(connection, job.job_id)
            ]
        ),
    )


def expected_signer(data: dict[str, Any] | None) -> ExpectedSigner | None:
    """Return the contract's ExpectedSigner of a command's."""
    if data is None:
        return None
    return ExpectedSigner(**data | {"delegator_type": DelegatorType(data["delegator_type"])})


async def _body(connection: Any, job: Job, item: JobContent) -> bytes:
    body = await contents.get(connection, job.system, item.ref)
    if body is None:
        raise Bug(f"content {item.position} of job {job.job_id} is gone")
    return body
