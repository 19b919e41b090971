"""What do we tell the systems? The data of the five events, as they stand on the wire."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contract.models import SignStatus
from shared.messaging.envelope import Moment

ACCEPTED = "msign.sign_request.accepted.v1"
SIGN_REJECTED = "msign.sign_request.rejected.v1"
READY = "msign.sign_response.ready.v1"
VERIFIED = "msign.verification.completed.v1"
VERIFICATION_REJECTED = "msign.verification.rejected.v1"
TYPES = (ACCEPTED, SIGN_REJECTED, READY, VERIFIED, VERIFICATION_REJECTED)

FINAL_TYPES = frozenset({SIGN_REJECTED, READY, VERIFIED, VERIFICATION_REJECTED})


def routing_key(event_type: str, system: str) -> str:
    """Return the routing key of an event: `sign_request.accepted.<system>` and so on."""
    return f"{event_type.removeprefix('msign.').removesuffix('.v1')}.{system}"


class EventData(BaseModel):
    """What every event's data has: the job, and the command that began it."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    job_id: str
    """The gateway's own id of the job; also the event's `subject`."""
    command_id: str
    """The `id` of the command that began it."""


class AcceptedData(EventData):
    """MSign has the request; the user signs at `sign_url` until `expires_at`."""

    request_id: str
    """MSign's RequestID."""
    sign_url: str
    """Where the user's browser is to be sent; unguessable, so a secret."""
    expires_at: Moment
    """Until when the user may sign."""


class ErrorData(BaseModel):
    """One thing that is wrong; `field` is a JSON Pointer into the command."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    field: str
    """A JSON Pointer into the command."""
    code: str
    """One of a closed list, for programs."""
    message: str
    """What is wrong, in English."""


class RejectedData(EventData):
    """The command cannot be carried out (both kinds of job)."""

    errors: tuple[ErrorData, ...]
    """Everything that is wrong, not only the first thing."""


class SignerData(BaseModel):
    """Who signed: the certificate's subject for display, and the personal number (IDNP)."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    subject: str
    """The certificate's subject, for display."""
    id: str | None
    """The personal number (IDNP), if the certificate has one."""


class CheckedData(BaseModel):
    """What we checked ourselves: true, false, or null where there was nothing to check."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    covers_content: bool | None
    """Whether the signature covers the content that was sent."""
    expected_signer: bool | None
    """Whether the signer is the one who was expected."""


class ResultData(BaseModel):
    """One signature; base64 inline, or a reference to the stored content. `sha256` is the signature's, in hex.

    Signatures of more than `INLINE_BYTES` together come by reference; where a command named contents by reference, so
    do those of more than 64 KiB each.
    """

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    correlation_id: str | None
    """That of the content."""
    certificate: str | None = None
    """The signer's, DER in base64."""
    signature: str | None = None
    """The XAdES document or the signed PDF, in base64."""
    signature_ref: str | None = None
    """The reference of a signature that is not in the event."""
    sha256: str | None = None
    """Of the signature's bytes, in hex."""
    signer: SignerData | None = None
    """Who signed."""
    checked: CheckedData
    """What the gateway found out by itself."""


ReasonCode = Literal["declined", "provider_failure", "content_mismatch", "signer_mismatch", "expired", "not_found"]


class ReadyData(EventData):
    """The final word on a sign job."""

    request_id: str | None
    """MSign's RequestID; null for a job that never got there."""
    status: Annotated[SignStatus, Field(description="Success, Failure or Expired")]
    reason_code: ReasonCode | None = None
    """Why there is no Success, for programs."""
    message: str | None = None
    """MSign's own words, for people, in the command's language."""
    relay_state: str | None = None
    """The command's."""
    results: tuple[ResultData, ...] = ()
    """One for each content, in the command's order."""
    results_ref: str | None = None
    """The reference of the list where it is too large for the event."""


class CertificateData(BaseModel):
    """One signer of a verified signature; `certificate` is DER in base64."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    subject: str
    """For display."""
    valid: bool
    """Whether this signer's signature is valid."""
    signed_at: Moment | None
    """When, where a valid timestamp says so."""
    certificate: str
    """DER in base64."""


class VerdictData(BaseModel):
    """The verdict on one content."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    correlation_id: str | None
    """That of the content."""
    valid: bool
    """Whether all signatures on the content are valid."""
    message: str
    """For people, in the command's language."""
    certificates: tuple[CertificateData, ...] = ()
    """One for each signer."""


class CompletedData(EventData):
    """The final word on a verification job."""

    results: tuple[VerdictData, ...] = ()
    """One for each content, in the command's order."""
    results_ref: str | None = None
    """The reference of the list where it is too large for the event."""
