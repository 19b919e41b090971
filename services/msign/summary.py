"""What is known about a sign request without reading its documents?

Pages and instruments work with this; a document's bytes are asked for one at a time (`RequestStore.content`).
"""

from dataclasses import dataclass
from datetime import datetime

from shared.contract.models import ContentType, ExpectedSigner, SignStatus

_ALGORITHMS = {20: "SHA-1", 28: "SHA-224", 32: "SHA-256", 48: "SHA-384", 64: "SHA-512"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSummary:
    """One content: `size` in bytes; `digest` is a posted hash itself, and of a PDF file its SHA-256.

    `multiple_signatures` says that the PDF file may be co-signed later (contract section 1).
    """

    correlation_id: str | None
    name: str | None
    multiple_signatures: bool
    size: int
    digest: bytes

    @property
    def algorithm(self) -> str:
        """The digest's algorithm as people know it, which its length tells."""
        return _ALGORITHMS.get(len(self.digest), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSummary:
    """A sign request; `consumer` is the name of the system that posted it.

    `return_origins` are where that system's results may go (empty: anywhere that is allowed at all), `reason` is a code
    of `messages.py`, and `documents` stand in the order of the request's contents. `traceparent` names the trace
    that it was posted in.
    """

    request_id: str
    consumer: str
    return_origins: tuple[str, ...]
    content_type: ContentType
    short_content_description: str
    content_description: str | None
    signature_reason: str | None
    expected_signer: ExpectedSigner | None
    status: SignStatus
    reason: str | None
    created_at: datetime
    expires_at: datetime
    documents: tuple[DocumentSummary, ...]
    traceparent: str | None = None

    @property
    def description(self) -> str:
        """What the pages show: the short description where there is no other (contract section 1)."""
        return self.content_description or self.short_content_description
