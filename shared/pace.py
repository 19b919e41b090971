"""Is a body sent, or taken, fast enough to be waited for? Who does next to nothing must not hold a place for ever."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from aiohttp import StreamReader, web

from shared.errors import MSignGatewayError

T = TypeVar("T")

LONGEST_PAUSE_S = 30.0
"""For how long nothing need come, or be taken."""
SLOWEST_BYTES_PER_S = 32 * 1024
"""How fast the whole has to come, after the first `LONGEST_PAUSE_S`."""


class TooSlow(MSignGatewayError):
    """A body does not come, or so slowly that it is not waited for."""


class Pace:
    """The time that a body takes; what the reader does in between does not count."""

    def __init__(self, body: StreamReader) -> None:
        self._body = body
        self._waited_s = 0.0

    async def step(self, reading: Awaitable[T]) -> T:
        """Return what is read next. Raises `TooSlow`."""
        left_s = LONGEST_PAUSE_S + self._body.total_bytes / SLOWEST_BYTES_PER_S - self._waited_s
        now = asyncio.get_running_loop().time
        begun = now()
        try:
            async with asyncio.timeout(min(left_s, LONGEST_PAUSE_S)):
                return await reading
        except TimeoutError:
            raise TooSlow("comes too slowly") from None
        finally:
            self._waited_s += now() - begun


async def send(answer: web.StreamResponse, piece: bytes) -> None:
    """Send what comes next of an answer, which may take its time, but not for ever. Raises `TimeoutError`."""
    async with asyncio.timeout(LONGEST_PAUSE_S):
        await answer.write(piece)
