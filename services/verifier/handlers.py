"""What does a verification command need to become a job?"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pydantic import ValidationError

from shared.contract import limits
from shared.contract.models import VerificationContent, VerificationRequest
from shared.messaging import events as wire
from shared.messaging import problems
from shared.messaging.commands import VERIFICATION_REQUEST, VerificationRequestData
from shared.messaging.problems import Code, Problem
from shared.persistence import contents
from shared.persistence.contents import ref_of
from shared.persistence.jobs import JobContent
from shared.signing.admission import Intent, Prepared
from shared.signing.states import Kind
from shared.systems import System

NAME = "verifier"


def verification_intent(inline_bytes: int, deadline: timedelta) -> Intent:
    """Return how `verifier` takes commands in: what one message may carry, and when a job is given up."""
    prepare = partial(prepare_verification, inline_bytes=inline_bytes, deadline=deadline)
    return Intent(Kind.VERIFICATION, NAME, VERIFICATION_REQUEST, wire.VERIFICATION_REJECTED, prepare)


async def prepare_verification(
    connection: Any, system: System, data: dict[str, Any], now: datetime, *, inline_bytes: int, deadline: timedelta
) -> Prepared | tuple[Problem, ...]:
    """Return the job of a good command, or everything that is wrong with it."""
    try:
        command = VerificationRequestData.model_validate(data)
    except ValidationError as error:
        return problems.from_validation(error, under="/data")
    refs = [item.signature_ref for item in command.contents if item.signature_ref]
    heads = await contents.refer(connection, system.name, refs)
    if found := tuple(_problems(command, system, set(heads), inline_bytes)):
        return found
    return Prepared(
        command=command.model_dump(mode="json", exclude={"contents"}),
        contents=tuple(
            JobContent(
                position=position,
                ref=item.signature_ref or ref_of(item.signature or b""),
                correlation_id=item.correlation_id,
                hash=item.content,
            )
            for position, item in enumerate(command.contents)
        ),
        bodies=tuple(item.signature for item in command.contents if item.signature is not None),
        expires_at=now + deadline,
    )


def _problems(
    command: VerificationRequestData, system: System, stored: set[str], inline_bytes: int
) -> Iterator[Problem]:
    if len(command.contents) > system.limits.contents_per_job:
        message = f"has {len(command.contents)} contents, at most {system.limits.contents_per_job} are allowed"
        yield Problem("/data/contents", Code.TOO_MANY, message)
    if sum(len(item.signature or b"") for item in command.contents) > inline_bytes:
        message = f"has more than {inline_bytes} bytes inline: store the signatures first and refer to them"
        yield Problem("/data/contents", Code.TOO_LARGE, message)
    for index, item in enumerate(command.contents):
        if item.signature_ref and item.signature_ref not in stored:
            field = f"/data/contents/{index}/signature_ref"
            yield Problem(field, Code.CONTENT_NOT_FOUND, "is not stored for this system")
    yield from problems.from_contract(limits.verification_request_problems(_contract_request(command)))


def _contract_request(command: VerificationRequestData) -> VerificationRequest:
    """The request by the contract's rules; what is stored stands there by its reference."""
    return VerificationRequest(
        signed_content_type=command.content_type,
        language=command.language,
        contents=tuple(
            VerificationContent(
                signature=item.signature if item.signature is not None else (item.signature_ref or "").encode(),
                content=item.content,
                correlation_id=item.correlation_id,
            )
            for item in command.contents
        ),
    )
