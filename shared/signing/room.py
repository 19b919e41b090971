"""How many bytes are worked on at once? As many as there is room for; whoever needs more than is left waits in line."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Room:
    """Room for `most_bytes`; what is larger has all of it, alone. First come, first served."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._taken = 0
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()

    @asynccontextmanager
    async def taken(self, size: int) -> AsyncIterator[None]:
        """Have room for `size` bytes within the block, once there is."""
        size = min(size, self._most_bytes)
        async with self._turn:
            while self._taken + size > self._most_bytes:
                self._freed.clear()
                await self._freed.wait()
            self._taken += size
        try:
            yield
        finally:
            self._taken -= size
            self._freed.set()
