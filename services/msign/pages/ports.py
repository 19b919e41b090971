"""What do the pages need from the provider's request store, and how does one browser tab keep the others out?"""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from shared.contract.models import SignRequest, SignResult, SignStatus

CLAIM_S = 300


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


class Requests(Protocol):
    """The request store."""

    async def get(self, request_id: str) -> Asked | None:
        """Return a request, or None when there is no such one."""

    async def finish(
        self, request_id: str, status: SignStatus, *, reason: str | None, results: Sequence[SignResult]
    ) -> bool:
        """Make the outcome known; False when it was decided or expired before."""


class Claims(Protocol):
    """Who signs a request now?"""

    def hold(self, request_id: str) -> AbstractAsyncContextManager[bool]:
        """Hold the request while the block runs; yields False when somebody else does."""


class StoredClaims:
    """Claims in the provider's database; one that is not given back (a crash) ends by itself after `CLAIM_S`."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    @asynccontextmanager
    async def hold(self, request_id: str) -> AsyncIterator[bool]:
        """Hold the request while the block runs; yields False when somebody else does."""
        owner = uuid.uuid4()
        held = await self._pool.fetchval(_CLAIM, request_id, owner, CLAIM_S) is not None
        try:
            yield held
        finally:
            if held:
                await self._pool.execute(_RELEASE, request_id, owner)


_CLAIM = """
INSERT INTO signing_claims AS claims (request_id, owner, held_until)
VALUES ($1, $2, now() + make_interval(secs => $3))
ON CONFLICT (request_id) DO UPDATE SET owner = excluded.owner, held_until = excluded.held_until
WHERE claims.held_until < now()
RETURNING owner
"""
_RELEASE = "DELETE FROM signing_claims WHERE request_id = $1 AND owner = $2"
