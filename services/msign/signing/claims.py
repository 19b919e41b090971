"""How does whoever signs a request keep everybody else out of it?"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

import structlog

from shared.persistence.pool import DATABASE_ERRORS

CLAIM_S = 60

log = structlog.get_logger(__name__)


class Claims(Protocol):
    """Who signs a request now?"""

    def hold(self, request_id: str) -> AbstractAsyncContextManager[bool]:
        """Hold the request while the block runs; yields False when somebody else does."""


class StoredClaims:
    """Claims in the provider's database.

    One that is not given back (a crash) ends by itself after `claim_s` seconds; while it is needed, it is renewed.
    """

    def __init__(self, pool: Any, claim_s: float = CLAIM_S) -> None:
        self._pool = pool
        self._claim_s = claim_s

    @asynccontextmanager
    async def hold(self, request_id: str) -> AsyncIterator[bool]:
        """Hold the request while the block runs; yields False when somebody else does."""
        owner = uuid.uuid4()
        if await self._pool.fetchval(_CLAIM, request_id, owner, self._claim_s) is None:
            yield False
            return
        renewing = asyncio.create_task(self._renew(request_id, owner))
        try:
            yield True
        finally:
            renewing.cancel()
            await asyncio.wait([renewing])
            await self._pool.execute(_RELEASE, request_id, owner)

    async def _renew(self, request_id: str, owner: uuid.UUID) -> None:
        while True:
            await asyncio.sleep(self._claim_s / 3)
            try:
                await self._pool.execute(_RENEW, request_id, owner, self._claim_s)
            except DATABASE_ERRORS as error:
                log.warning("claim_not_renewed", request_id=request_id, error=type(error).__name__)

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
_RENEW = """
UPDATE signing_claims SET held_until = now() + make_interval(secs => $3) WHERE request_id = $1 AND owner = $2
"""
_RELEASE = "DELETE FROM signing_claims WHERE request_id = $1 AND owner = $2"
