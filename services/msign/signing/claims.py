"""How does whoever signs a request keep everybody else out of it?"""

import uuid
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

CLAIM_S = 300


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

    async def forget_ended(self) -> None:
        """Remove the claims that ended by themselves."""
        await self._pool.execute("DELETE FROM signing_claims WHERE held_until < now()")


_CLAIM = """
INSERT INTO signing_claims AS claims (request_id, owner, held_until)
VALUES ($1, $2, now() + make_interval(secs => $3))
ON CONFLICT (request_id) DO UPDATE SET owner = excluded.owner, held_until = excluded.held_until
WHERE claims.held_until < now()
RETURNING owner
"""
_RELEASE = "DELETE FROM signing_claims WHERE request_id = $1 AND owner = $2"
