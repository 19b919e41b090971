"""What do the SOAP contract's types look like to our own code?

Frozen dataclasses with the contract's own words (`msign-contract` section 1). How each of them stands on the
wire (element names, order, nillability) is `codec`'s business; which values are allowed is `limits`'.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.spool import Spool


class ContentType(StrEnum):
    """What is signed: digests (answered with XAdES) or PDF files (answered with PAdES)."""

    HASH = "Hash"
    PDF = "Pdf"


class DelegatorType(StrEnum):
    """On whose behalf the signer signs."""

    NONE = "None"
    PERSON = "Person"
    ORGANIZATION = "Organization"


class SignStatus(StrEnum):
    """How far a sign request has come; everything but `PENDING` is final."""

    PENDING = "Pending"
    SUCCESS = "Success"
    FAILURE = "Failure"
    EXPIRED = "Expired"


class Language(StrEnum):
    """The languages of messages and pages."""

    RO = "ro"
    RU = "ru"
    EN = "en"


class Instrument(StrEnum):
    """The signing instruments that a browser form may preselect (contract section 2)."""

    MOBILE = "mobile"
    MOLDSIGN = "moldsign"
    NATIONALID = "nationalid"
    SECURESIGN = "securesign"
    TAX = "tax"
    MOBISIGN = "mobisign"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSigner:
    """Who must sign: `id` is the personal number (IDNP, 13 digits)."""

    id: str
    delegator_type: DelegatorType = DelegatorType.NONE
    delegator_id: str | None = None
    delegated_role_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignContent:
    """One thing to sign: the digest bytes, or the PDF file."""

    content: bytes
    correlation_id: str | None = None
    name: str | None = None
    multiple_signatures: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignRequest:
    """A batch of contents for one user to sign."""

    content_type: ContentType
    short_content_description: str
    contents: tuple[SignContent, ...]
    content_description: str | None = None
    signature_reason: str | None = None
    expected_signer: ExpectedSigner | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignResult:
    """What became of one content; `certificate` is DER, `signature` a XAdES document or the signed PDF."""

    correlation_id: str | None = None
    certificate: bytes | None = None
    signature: bytes | None = None

    @property
    def held(self) -> bytes | Spool | None:
        """The signature, wherever it is."""
        return self.signature


@dataclass(frozen=True, slots=True, kw_only=True)
class SpooledResult(SignResult):
    """A received result whose signature is too large for memory: it is in `spool`, and `signature` is None."""

    spool: Spool

    @property
    def held(self) -> bytes | Spool | None:
        """The signature, wherever it is."""
        return self.spool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignResponse:
    """The state of a sign request and, once it is final, its results."""

    status: SignStatus
    message: str | None = None
    results: tuple[SignResult, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationContent:
    """One signature to verify; `content` is the hash that was signed (required for Hash)."""

    signature: bytes
    content: bytes | None = None
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRequest:
    """A batch of signatures to verify; the language is that of the messages."""

    signed_content_type: ContentType
    contents: tuple[VerificationContent, ...]
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationCertificate:
    """One signer of a verified content; `signed_at` only where a valid timestamp was applied."""

    certificate: bytes
    signature_valid: bool
    subject: str
    signed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationResult:
    """The verdict on one content: valid only if every signature on it is."""

    message: str
    signatures_valid: bool
    correlation_id: str | None = None
    certificates: tuple[VerificationCertificate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationResponse:
    """The verdicts, in the order of the request's contents."""

    results: tuple[VerificationResult, ...]
