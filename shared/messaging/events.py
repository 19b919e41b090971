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

    model_config = ConfigDict(frozen=True)

    job_id: str
    command_id: str


class AcceptedData(EventData):
    """MSign has the request; the user signs at `sign_url` until `expires_at`."""

    request_id: str
    sign_url: str
    expires_at: Moment


class ErrorData(BaseModel):
    """One thing that is wrong; `field` is a JSON Pointer into the command."""

    model_config = ConfigDict(frozen=True)

    field: str
    code: str
    message: str


class RejectedData(EventData):
    """The command cannot be carried out (both kinds of job)."""

    errors: tuple[ErrorData, ...]


class SignerData(BaseModel):
    """Who signed: the certificate's subject for display, and the personal number (IDNP)."""

    model_config = ConfigDict(frozen=True)

    subject: str
    id: str | None


class CheckedData(BaseModel):
    """What we checked ourselves: true, false, or null where there was nothing to check."""

    model_config = ConfigDict(frozen=True)

    covers_content: bool | None
    expected_signer: bool | None


class ResultData(BaseModel):
    """One signature; base64 inline, or a reference to the stored content. `sha256` is the signature's, in hex."""

    model_config = ConfigDict(frozen=True)

    correlation_id: str | None
    certificate: str | None = None
    signature: str | None = None
    signature_ref: str | None = None
    sha256: str | None = None
    signer: SignerData | None = None
    checked: CheckedData


ReasonCode = Literal["declined", "provider_failure", "content_mismatch", "signer_mismatch", "expired", "not_found"]


class ReadyData(EventData):
    """The final word on a sign job."""

    request_id: str | None
    status: Annotated[SignStatus, Field(description="Success, Failure or Expired")]
    reason_code: ReasonCode | None = None
    message: str | None = None
    relay_state: str | None = None
    results: tuple[ResultData, ...] = ()
    results_ref: str | None = None


class CertificateData(BaseModel):
    """One signer of a verified signature; `certificate` is DER in base64."""

    model_config = ConfigDict(frozen=True)

    subject: str
    valid: bool
    signed_at: Moment | None
    certificate: str


class VerdictData(BaseModel):
    """The verdict on one content."""

    model_config = ConfigDict(frozen=True)

    correlation_id: str | None
    valid: bool
    message: str
    certificates: tuple[CertificateData, ...] = ()


class CompletedData(EventData):
    """The final word on a verification job."""

    results: tuple[VerdictData, ...] = ()
    results_ref: str | None = None
