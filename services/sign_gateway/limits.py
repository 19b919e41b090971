"""How much of this process may one system take up over HTTP, and how slow may it be?

No more than half of anything, so that another one can always come in. Whoever finds no room waits a while, and is then
told to come again.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress

from shared.shares import Full, Shares
from shared.spool import PIECE_BYTES as SPOOLED_BYTES

MEBIBYTE = 1024 * 1024

REQUEST_BYTES = 128 * 1024
"""What a request costs besides what it carries."""
MEMORY_BYTES = 32 * MEBIBYTE
"""What all uploads hold in memory together, but for whole ones; all downloads have as much again."""
WHOLE_BYTES = 2 * MEBIBYTE
"""What is held of uploads that stay in memory as a whole: of one system's only one at a time, which is as fast."""
WHOLE_WAIT_S = 0.5
"""How long an upload waits for its turn there before it goes by a file: as long as many take, unless one is slow."""
PIECE_BYTES = MEBIBYTE
"""How much of a content is on its way out at once (`shared.persistence.pages`)."""
DISK_BYTES = 768 * MEBIBYTE
"""What all large uploads have in files together; the pods' `/tmp` holds 1 GiB, for a hundred small ones, too."""
STORED_AT_ONCE = 4
"""How many contents are being written to the database, whose ten connections jobs need, too."""
WAITING_AT_ONCE = 1000
"""How many requests wait for a change of a job; each looks by itself every two seconds."""
LINE = 256
WAIT_S = 10.0
STORING_WAIT_S = 60.0
"""What has come in whole waits longer for its connection, rather than having to come again."""


class Limits:
    """What is left, in this process, of what systems share."""

    def __init__(
        self, *, memory_bytes: int = MEMORY_BYTES, disk_bytes: int = DISK_BYTES, wait_s: float = WAIT_S
    ) -> None:
        self._incoming = Shares(memory_bytes, each=memory_bytes // 2, line=LINE, wait_s=wait_s)
        self._outgoing = Shares(memory_bytes, each=memory_bytes // 2, line=LINE, wait_s=wait_s)
        self._whole = Shares(WHOLE_BYTES, each=WHOLE_BYTES // 2, line=LINE, wait_s=WHOLE_WAIT_S)
        self._files = Shares(disk_bytes, each=disk_bytes // 2, line=LINE, wait_s=wait_s)
        self._storing = Shares(STORED_AT_ONCE, each=STORED_AT_ONCE - 1, line=LINE, wait_s=STORING_WAIT_S)
        self._waiting = Shares(WAITING_AT_ONCE, each=WAITING_AT_ONCE // 2, line=0, wait_s=0)

    @asynccontextmanager
    async def upload(self, system: str, most_bytes: int, *, in_memory_bytes: int) -> AsyncIterator[int]:
        """Take in a content of up to `most_bytes` within the block; raises `Full`.

        Yields how many bytes may be in memory before it needs a file: `in_memory_bytes`, or fewer where the content is
        larger or others have the room for that.
        """
        in_file = 0 if most_bytes < in_memory_bytes else most_bytes
        held = min(most_bytes, SPOOLED_BYTES) + REQUEST_BYTES
        async with self._files.taken(system, in_file), self._incoming.taken(system, held), AsyncExitStack() as stack:
            at_once = SPOOLED_BYTES
            if SPOOLED_BYTES < most_bytes < in_memory_bytes:
                with suppress(Full):
                    await stack.enter_async_context(self._whole.taken(system, most_bytes))
                    at_once = in_memory_bytes
            yield at_once

    def storing(self, system: str) -> AbstractAsyncContextManager[None]:
        """Have a connection of the database for a content within the block; raises `Full`."""
        return self._storing.taken(system)

    def download(self, system: str, size: int) -> AbstractAsyncContextManager[None]:
        """Send a content of `size` bytes within the block; raises `Full`."""
        return self._outgoing.taken(system, min(size, PIECE_BYTES) + REQUEST_BYTES)

    def waiting(self, system: str) -> AbstractAsyncContextManager[None]:
        """Wait for a change of a job within the block; raises `Full`, at once."""
        return self._waiting.taken(system)
