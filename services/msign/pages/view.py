"""What is shown about a request, and where does its way back lead?"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from services.msign.locale.words import Text
from services.msign.pages.entry import Entry
from services.msign.summary import DocumentSummary, RequestSummary
from shared.contract.models import ContentType


@dataclass(frozen=True, slots=True)
class Document:
    """One content for the eye: `size` in bytes, `digest` in hexadecimal with its `algorithm`."""

    name: str | None
    kind: Text
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


def view_of(asked: RequestSummary, entry: Entry) -> View:
    """Return what the pages show of a request."""
    kind = Text("Digest of a document") if asked.content_type is ContentType.HASH else Text("PDF document")
    return View(
        request_id=asked.request_id,
        consumer=asked.consumer,
        description=asked.description,
        documents=tuple(_document(kind, document) for document in asked.documents),
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


def _document(kind: Text, document: DocumentSummary) -> Document:
    return Document(document.name, kind, document.size, document.digest.hex(), document.algorithm)
