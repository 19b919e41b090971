"""What do the pages need from the provider's request store?"""

from typing import Protocol

from services.msign.signing.batch import Results
from shared.contract.models import SignRequest, SignStatus


class Asked(Protocol):
    """A sign request as it is stored."""

    @property
    def request_id(self) -> str:
        """32 lower-case hexadecimal digits."""

    @property
    def consumer(self) -> str:
        """The name of the system that posted it."""

    @property
    def return_origins(self) -> tuple[str, ...]:
        """Where that system's results may go; empty: anywhere that is allowed at all."""

    @property
    def request(self) -> SignRequest:
        """What was posted."""

    @property
    def status(self) -> SignStatus:
        """How far it has come."""

    @property
    def reason(self) -> str | None:
        """Why it failed."""


class Requests(Results, Protocol):
    """The request store."""

    async def get(self, request_id: str) -> Asked | None:
        """Return a request, or None when there is no such one."""

    async def progress(self, request_id: str) -> tuple[int, int]:
        """Return how many contents are signed, and how many there are."""

    async def finish(self, request_id: str, status: SignStatus, *, reason: str | None = None) -> bool:
        """Make the outcome known; False when it was decided or expired before."""
