"""Which requests does the contract allow? (contract section 1, "Limits and rules")

Pure: a request in, a tuple of problems out, each with the place, a code and a sentence. Lengths count characters.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shared.contract.models import (
    ContentType,
    DelegatorType,
    ExpectedSigner,
    Language,
    SignContent,
    SignRequest,
    VerificationRequest,
)

MAX_SHORT_DESCRIPTION = 90
MAX_DESCRIPTION = 512
MAX_REASON = 255
MAX_CORRELATION_ID = 36
MAX_NAME = 256
DIGEST_BYTES = (20, 28, 32, 48, 64)

_IDNP = re.compile(r"[0-9]{13}")
_PDF_HEADER_WITHIN = 1024

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule: `path` in the contract's names and indexes, a `code` of `CODES`, a plain English sentence."""

    path: Path
    code: str
    sentence: str

    @property
    def where(self) -> str:
        """The path as text: `Contents[2].CorrelationID`."""
        parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return "".join(parts).removeprefix(".")

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}"


CODES = frozenset({"required", "too_long", "duplicate", "bad_digest", "bad_pdf", "bad_idnp", "bad_language"})


def sign_request_problems(request: SignRequest) -> tuple[Problem, ...]:
    """Every rule that a `SignRequest` breaks, in the order of its elements; empty when it is allowed."""
    return tuple(_sign_request(request))


def verification_request_problems(request: VerificationRequest) -> tuple[Problem, ...]:
    """Every rule that a `VerificationRequest` breaks; empty when it is allowed."""
    return tuple(_verification_request(request))


def language_problems(language: str | None, path: Path = ("language",)) -> tuple[Problem, ...]:
    """The problem of a language that is none of ours; absent and empty ones mean Romanian."""
    if not language or language in set(Language):
        return ()
    return (Problem(path, "bad_language", "must be one of ro, ru, en"),)


def _sign_request(request: SignRequest) -> Iterator[Problem]:
    yield from _length(("ContentDescription",), request.content_description, MAX_DESCRIPTION)
    yield from _some(("Contents",), request.contents)
    for index, content in enumerate(request.contents):
        yield from _sign_content(("Contents", index), request.content_type, content)
    yield from _unique(content.correlation_id for content in request.contents)
    if request.expected_signer is not None:
        yield from _expected_signer(request.expected_signer)
    yield from _present(("ShortContentDescription",), request.short_content_description)
    yield from _length(("ShortContentDescription",), request.short_content_description, MAX_SHORT_DESCRIPTION)
    yield from _length(("SignatureReason",), request.signature_reason, MAX_REASON)


def _sign_content(path: Path, content_type: ContentType, content: SignContent) -> Iterator[Problem]:
    yield from _content(path, content_type, content.content)
    yield from _length((*path, "CorrelationID"), content.correlation_id, MAX_CORRELATION_ID)
    yield from _length((*path, "Name"), content.name, MAX_NAME)


def _content(path: Path, content_type: ContentType, content: bytes) -> Iterator[Problem]:
    where = (*path, "Content")
    if not content:
        yield Problem(where, "required", "is required")
    elif content_type is ContentType.HASH and len(content) not in DIGEST_BYTES:
        sizes = ", ".join(map(str, DIGEST_BYTES))
        yield Problem(where, "bad_digest", f"a hash has {sizes} bytes, this one has {len(content)}")
    elif content_type is ContentType.PDF and b"%PDF-" not in content[:_PDF_HEADER_WITHIN]:
        yield Problem(where, "bad_pdf", "is not a PDF file")


def _expected_signer(signer: ExpectedSigner) -> Iterator[Problem]:
    if signer.delegator_type is not DelegatorType.NONE:
        yield from _present(("ExpectedSigner", "DelegatorID"), signer.delegator_id)
    if not signer.id:
        yield Problem(("ExpectedSigner", "ID"), "required", "is required")
    elif not _IDNP.fullmatch(signer.id):
        yield Problem(("ExpectedSigner", "ID"), "bad_idnp", "must be a personal number of 13 digits")


def _verification_request(request: VerificationRequest) -> Iterator[Problem]:
    yield from _some(("Contents",), request.contents)
    for index, content in enumerate(request.contents):
        path = ("Contents", index)
        if request.signed_content_type is ContentType.HASH and not content.content:
            yield Problem((*path, "Content"), "required", "is required for Hash: the hash that was signed")
        yield from _length((*path, "CorrelationID"), content.correlation_id, MAX_CORRELATION_ID)
        if not content.signature:
            yield Problem((*path, "Signature"), "required", "is required")
    yield from _unique(content.correlation_id for content in request.contents)
    yield from language_problems(request.language, ("Language",))


def _some(path: Path, contents: tuple[object, ...]) -> Iterator[Problem]:
    if not contents:
        yield Problem(path, "required", "needs at least one content")


def _present(path: Path, value: str | None) -> Iterator[Problem]:
    if not (value or "").strip():
        yield Problem(path, "required", "is required")


def _length(path: Path, value: str | None, limit: int) -> Iterator[Problem]:
    if value is not None and len(value) > limit:
        yield Problem(path, "too_long", f"has {len(value)} characters, at most {limit} are allowed")


def _unique(correlation_ids: Iterable[str | None]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, correlation_id in enumerate(correlation_ids):
        if correlation_id and correlation_id in seen:
            yield Problem(("Contents", index, "CorrelationID"), "duplicate", "must be unique within the request")
        seen.add(correlation_id or "")
