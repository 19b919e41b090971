"""What is shown about a request, and where does its way back lead?"""

import hashlib
from dataclasses import dataclass
from urllib.parse import urlsplit

from services.msign.pages.entry import Entry
from services.msign.pages.ports import Asked
from shared.contract.models import ContentType, SignContent

_ALGORITHMS = {20: "SHA-1", 28: "SHA-224", 32: "SHA-256", 48: "SHA-384", 64: "SHA-512"}


@dataclass(frozen=True, slots=True)
class Document:
    """One content for the eye: `kind` is a page text, `size` in bytes, `digest` in hexadecimal with its `algorithm`."""

    name: str | None
    kind: str
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


def view_of(asked: Asked, entry: Entry) -> View:
    """Return what the pages show of a request."""
    request = asked.request
    return View(
        request_id=asked.request_id,
        consumer=asked.consumer,
        description=request.content_description or request.short_content_description,
        documents=tuple(_document(request.content_type, content) for content in request.contents),
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


def _document(kind: ContentType, content: SignContent) -> Document:
    if kind is ContentType.HASH:
        algorithm = _ALGORITHMS.get(len(content.content), "")
        return Document(content.name, "kind_hash", len(content.content), content.content.hex(), algorithm)
    digest = hashlib.sha256(content.content).hexdigest()
    return Document(content.name, "kind_pdf", len(content.content), digest, "SHA-256")
