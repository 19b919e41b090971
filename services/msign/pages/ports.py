"""What do the pages need from the provider's request store?"""

from typing import Protocol

from services.msign.signing.batch import Batch
from services.msign.summary import RequestSummary
from shared.contract.models import SignStatus


class Requests(Batch, Protocol):
    """The request store."""

    async def summary(self, request_id: str) -> RequestSummary | None:
        """Return what is known about a request, or None when there is no such one."""

    async def piece(self, request_id: str, position: int, start: int) -> bytes | None:
        """Return what comes next of a content after its first `start` bytes; None when there is no such one."""

    async def progress(self, request_id: str) -> tuple[int, int]:
        """Return how many contents are signed, and how many there are."""

    async def finish(self, request_id: str, status: SignStatus, *, reason: str | None = None) -> bool:
        """Make the outcome known; False when it was decided or expired before."""
