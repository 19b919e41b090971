"""What does a sign command need to become a job? Everything that can be checked without MSign is checked here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pydantic import ValidationError

from shared.contract import limits
from shared.contract.models import ExpectedSigner, Instrument, SignContent, SignRequest
from shared.messaging import events as wire
from shared.messaging import problems
from shared.messaging.commands import SIGN_REQUEST, SignContentData, SignRequestData, inline_bytes
from shared.messaging.problems import Code, Problem
from shared.persistence.contents import ref_of
from shared.persistence.job import JobContent
from shared.signing.admission import Heads, Intent, Prepared, Problems
from shared.signing.requests import BY_REFERENCE, expected_signer
from shared.signing.states import Kind
from shared.systems import System

NAME = "sign_gateway"


@dataclass(frozen=True, slots=True)
class SignPolicy:
    """What an operator decides about sign commands."""

    deadline: timedelta
    inline_bytes: int


def sign_intent(policy: SignPolicy) -> Intent:
    """Return how `sign_gateway` takes commands in."""
    return Intent(Kind.SIGN, NAME, SIGN_REQUEST, wire.SIGN_REJECTED, partial(read_sign, policy=policy))


def read_sign(data: dict[str, Any], policy: SignPolicy) -> "SignCommand | Problems":
    """Return the command that `data` is, or everything that is wrong with its shape."""
    if inline_bytes(data, "content") > policy.inline_bytes:
        message = f"has more than {policy.inline_bytes} bytes inline: store the contents first and refer to them"
        return (Problem("/data/contents", Code.TOO_LARGE, message),)
    try:
        return SignCommand(SignRequestData.model_validate(data), policy)
    except ValidationError as error:
        return problems.from_validation(error, under="/data")


@dataclass(frozen=True, slots=True)
class SignCommand:
    """A sign command whose shape is right."""

    data: SignRequestData
    policy: SignPolicy

    @property
    def refs(self) -> list[str]:
        """The stored contents that are to be signed."""
        return [item.content_ref for item in self.data.contents if item.content_ref]

    @property
    def _kept(self) -> str:
        """What the job remembers of the command: all but the contents, and whether any of those came by reference."""
        kept = self.data.model_dump_json(exclude={"contents"})
        return f'{kept[:-1]},"{BY_REFERENCE}":true}}' if self.refs else kept

    def prepare(self, system: System, heads: Heads, now: datetime) -> Prepared | Problems:
        """Return what the command's job keeps, or everything that is wrong with the command."""
        if found := tuple(_problems(self.data, system, heads, now, self.policy)):
            return found
        used = tuple(_used(position, item) for position, item in enumerate(self.data.contents))
        return Prepared(
            command=self._kept,
            contents=used,
            bodies={
                kept.ref: item.content
                for kept, item in zip(used, self.data.contents, strict=True)
                if item.content is not None
            },
            expires_at=self.data.deadline or now + self.policy.deadline,
        )


def _used(position: int, item: SignContentData) -> JobContent:
    return JobContent(
        position=position,
        ref=item.content_ref or ref_of(item.content or b""),
        correlation_id=item.correlation_id,
        name=item.name,
        multiple_signatures=item.multiple_signatures,
    )


def _problems(
    command: SignRequestData, system: System, heads: Heads, now: datetime, policy: SignPolicy
) -> Iterator[Problem]:
    if not system.may_return_to(command.return_url):
        yield Problem("/data/return_url", Code.ORIGIN_NOT_REGISTERED, "is not in an origin that the system registered")
    if command.deadline is not None and command.deadline <= now:
        yield Problem("/data/deadline", Code.DEADLINE_PASSED, "has passed")
    yield from _mobile(command)
    yield from _sizes(command, system, heads)
    missing = [
        index for index, item in enumerate(command.contents) if item.content_ref and item.content_ref not in heads
    ]
    for index in missing:
        yield Problem(f"/data/contents/{index}/content_ref", Code.CONTENT_NOT_FOUND, "is not stored for this system")
    if not missing:
        yield from _contract(command, heads)


def _mobile(command: SignRequestData) -> Iterator[Problem]:
    """`mobile` without selection needs MSISDN and ExpectedSigner.ID (contract section 2)."""
    if command.instrument is Instrument.MOBILE:
        if command.msisdn is None:
            yield Problem("/data/msisdn", Code.MISSING, "is required for the instrument mobile")
        if command.expected_signer is None:
            yield Problem("/data/expected_signer", Code.MISSING, "is required for the instrument mobile")


def _sizes(command: SignRequestData, system: System, heads: Heads) -> Iterator[Problem]:
    if len(command.contents) > system.limits.contents_per_job:
        message = f"has {len(command.contents)} contents, at most {system.limits.contents_per_job} are allowed"
        yield Problem("/data/contents", Code.TOO_MANY, message)
    for index, item in enumerate(command.contents):
        if _size(item, heads) > system.limits.content_bytes:
            message = f"has more than {system.limits.content_bytes} bytes"
            yield Problem(f"/data/contents/{index}", Code.TOO_LARGE, message)


def _size(item: SignContentData, heads: Heads) -> int:
    return len(item.content or b"") if item.content_ref is None else heads.get(item.content_ref, (0, b""))[0]


def _contract(command: SignRequestData, heads: Heads) -> Iterator[Problem]:
    """The contract's own rules; of a stored content its first KiB is enough to judge it."""
    request = SignRequest(
        content_type=command.content_type,
        short_content_description=command.short_description,
        content_description=command.description,
        signature_reason=command.signature_reason,
        expected_signer=_expected(command),
        contents=tuple(
            SignContent(
                content=item.content if item.content is not None else heads[item.content_ref or ""][1],
                correlation_id=item.correlation_id,
                name=item.name,
            )
            for item in command.contents
        ),
    )
    yield from problems.from_contract(limits.sign_request_problems(request))


def _expected(command: SignRequestData) -> ExpectedSigner | None:
    signer = command.expected_signer
    return expected_signer(None if signer is None else signer.model_dump(mode="json"))
