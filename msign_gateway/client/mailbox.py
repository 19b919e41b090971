"""Where do events wait until somebody asks for them? In memory, by the command that began them."""

import asyncio
import logging
from collections.abc import Callable, Collection

from shared.messaging.envelope import Event

KEPT_BYTES = 256 * 1024 * 1024

log = logging.getLogger(__name__)


class Mailbox:
    """Events that arrived and that nobody has taken yet. Each is handed out once. For one event loop.

    When they are more than `kept_bytes` together, those of the command that has waited longest go.
    """

    def __init__(self, *, kept_bytes: int = KEPT_BYTES) -> None:
        self._events: dict[str, list[tuple[Event, int]]] = {}
        self._bytes = 0
        self._kept_bytes = kept_bytes
        self._changed = asyncio.Condition()
        self._closed: Exception | None = None

    async def put(self, event: Event, size: int) -> None:
        """Keep an event of `size` bytes, and wake whoever waits for it."""
        async with self._changed:
            self._events.setdefault(str(event.data.get("command_id", "")), []).append((event, size))
            self._bytes += size
            while self._bytes > self._kept_bytes and len(self._events) > 1:
                self._forget(next(iter(self._events)))
            self._changed.notify_all()

    async def close(self, reason: Exception) -> None:
        """Say that nothing more will arrive: whoever waits in vain gets `reason`."""
        async with self._changed:
            self._closed = self._closed or reason
            self._changed.notify_all()

    async def take(self, command_id: str, types: Collection[str] | None) -> Event:
        """Return the command's event of the lowest `sequence`, of one of `types` (None: of any), waiting for one.

        Raises the reason of the closing when there is none and nothing more will arrive.
        """
        return await self._until(lambda: self._find(command_id, types))

    async def take_any(self) -> Event:
        """Return the next event of any command, waiting for it; raises like `take`."""
        return await self._until(lambda: self._find(next(iter(self._events), ""), None))

    async def _until(self, find: Callable[[], Event | None]) -> Event:
        async with self._changed:
            while (event := find()) is None:
                if self._closed is not None:
                    raise self._closed
                await self._changed.wait()
            return event

    def _find(self, command_id: str, types: Collection[str] | None) -> Event | None:
        waiting = self._events.get(command_id, [])
        wanted = [one for one in waiting if types is None or one[0].type in types]
        if not wanted:
            return None
        event, size = found = min(wanted, key=lambda one: one[0].sequence)
        waiting.remove(found)
        self._bytes -= size
        if not waiting:
            del self._events[command_id]
        return event

    def _forget(self, command_id: str) -> None:
        forgotten = self._events.pop(command_id)
        self._bytes -= sum(size for _, size in forgotten)
        log.warning("%d events of command %s that nobody took are let go", len(forgotten), command_id)
