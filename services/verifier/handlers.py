"""What does a verification command need to become a job?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pydantic import ValidationError

from shared.contract import limits
from shared.contract.models import VerificationContent, VerificationRequest
from shared.messaging import commands, problems
from shared.messaging import events as wire
from shared.messaging.commands import VERIFICATION_REQUEST, VerificationContentData, VerificationRequestData
from shared.messaging.problems import Code, Problem
from shared.persistence.contents import ref_of
from shared.persistence.job import JobContent
from shared.signing.admission import Heads, Intent, Prepared, Problems
from shared.signing.states import Kind
from shared.systems import System

NAME = "verifier"


def verification_intent(inline_bytes: int, deadline: timedelta) -> Intent:
    """Return how `verifier` takes commands in: what one message may carry, and when a job is given up."""
    read = partial(read_verification, inline_bytes=inline_bytes, deadline=deadline)
    return Intent(Kind.VERIFICATION, NAME, VERIFICATION_REQUEST, wire.VERIFICATION_REJECTED, read)


def read_verification(
    data: dict[str, Any], *, inline_bytes: int, deadline: timedelta
) -> "VerificationCommand | Problems":
    """Return the command that `data` is, or everything that is wrong with its shape."""
    if commands.inline_bytes(data, "signature") > inline_bytes:
        message = f"has more than {inline_bytes} bytes inline: store the signatures first and refer to them"
        return (Problem("/data/contents", Code.TOO_LARGE, message),)
    try:
        return VerificationCommand(VerificationRequestData.model_validate(data), deadline)
    except ValidationError as error:
        return problems.from_validation(error, under="/data")


@dataclass(frozen=True, slots=True)
class VerificationCommand:
    """A verification command whose shape is right."""

    data: VerificationRequestData
    deadline: timedelta

    @property
    def refs(self) -> list[str]:
        """The stored signatures that are to be verified."""
        return [item.signature_ref for item in self.data.contents if item.signature_ref]

    def prepare(self, system: System, heads: Heads, now: datetime) -> Prepared | Problems:
        """Return what the command's job keeps, or everything that is wrong with the command."""
        if found := tuple(_problems(self.data, system, set(heads))):
            return found
        used = tuple(_used(position, item) for position, item in enumerate(self.data.contents))
        return Prepared(
            command=self.data.model_dump_json(exclude={"contents"}),
            contents=used,
            bodies={
                kept.ref: item.signature
                for kept, item in zip(used, self.data.contents, strict=True)
                if item.signature is not None
            },
            expires_at=now + self.deadline,
        )


def _used(position: int, item: VerificationContentData) -> JobContent:
    return JobContent(
        position=position,
        ref=item.signature_ref or ref_of(item.signature or b""),
        correlation_id=item.correlation_id,
        hash=item.content,
    )


def _problems(command: VerificationRequestData, system: System, stored: set[str]) -> Iterator[Problem]:
    if len(command.contents) > system.limits.contents_per_job:
        message = f"has {len(command.contents)} contents, at most {system.limits.contents_per_job} are allowed"
        yield Problem("/data/contents", Code.TOO_MANY, message)
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
