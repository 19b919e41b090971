"""What is shown about a request, and where does its way back lead?"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from services.msign.locale.words import Text
from services.msign.pages.entry import Entry
from services.msign.pages.names import for_the_eye
from services.msign.summary import DocumentSummary, RequestSummary
from shared.contract.models import ContentType


@dataclass(frozen=True, slots=True)
class Document:
    """One content for the eye: `size` in bytes, `digest` in hexadecimal with its `algorithm`.

    `address` shows the file itself, where there is one; `signed` says that it has its signature already.
    """

    name: str
    kind: Text
    address: str | None
    signed: bool
    size: int
    digest: str
    algorithm: str


@dataclass(frozen=True, slots=True)
class View:
    """A request for the eye."""

    request_id: str
    consumer: str
    description: str
    documents: tuple[Document, ...]
    return_host: str


@dataclass(frozen=True, slots=True)
class Back:
    """The form that leads back to the e-Service (contract section 2)."""

    url: str
    request_id: str
    relay_state: str | None
    host: str


def view_of(asked: RequestSummary, entry: Entry, token: str, signed: int = 0) -> View:
    """Return what the pages show of a request whose first documents are signed; links to files carry `token`."""
    address = f"/{asked.request_id}/documents/%d?token={token}" if asked.content_type is ContentType.PDF else None
    return View(
        request_id=asked.request_id,
        consumer=for_the_eye(asked.consumer),
        description=for_the_eye(asked.description),
        documents=tuple(
            _document(document, address % number if address else None, signed=number <= signed)
            for number, document in enumerate(asked.documents, start=1)
        ),
        return_host=host_of(entry.return_url),
    )


def back_of(request_id: str, entry: Entry) -> Back:
    """Return the way back."""
    return Back(entry.return_url, request_id, entry.relay_state, host_of(entry.return_url))


def host_of(url: str) -> str:
    """Return the host and, if it is unusual, the port of a URL."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return f"{host}:{parts.port}" if parts.port else host


def _document(document: DocumentSummary, address: str | None, *, signed: bool) -> Document:
    return Document(
        name=for_the_eye(document.name or ""),
        kind=Text("PDF document") if address else Text("Digest of a document"),
        address=address,
        signed=signed,
        size=document.size,
        digest=document.digest.hex(),
        algorithm=document.algorithm,
    )
