"""What does GetSignResponse tell, when the signatures themselves are too large to be in memory together?"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from shared.contract.models import SignStatus


@dataclass(frozen=True, slots=True)
class StoredBytes:
    """A value of `size` bytes that is still in the database; `pieces` gives it from there, once or more."""

    size: int
    pieces: Callable[[], AsyncIterator[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResult:
    """A SignResult whose signature may still be in the database."""

    correlation_id: str | None
    certificate: bytes | None
    signature: bytes | StoredBytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResponse:
    """A SignResponse; its results stand in the order of the request's contents."""

    status: SignStatus
    message: str | None = None
    results: tuple[StoredResult, ...] = ()
