"""Where do events wait until somebody asks for them? In memory, by the command that began them."""

import asyncio
from collections.abc import Callable, Collection

from shared.messaging.envelope import Event


class Mailbox:
    """Events that arrived and that nobody has taken yet. Each is handed out once. For one event loop."""

    def __init__(self) -> None:
        self._events: dict[str, list[Event]] = {}
        self._changed = asyncio.Condition()
        self._closed: Exception | None = None

    async def put(self, event: Event) -> None:
        """Keep an event, and wake whoever waits for it."""
        async with self._changed:
            self._events.setdefault(str(event.data.get("command_id", "")), []).append(event)
            self._changed.notify_all()

    async def close(self, reason: Exception) -> None:
        """Say that nothing more will arrive: whoever waits in vain gets `reason`."""
        async with self._changed:
            self._closed = self._closed or reason
            self._changed.notify_all()

    async def take(self, command_id: str, types: Collection[str] | None) -> Event:
        """Return the first event of a command, of one of `types` (None: of any), waiting for it.

        Raises the reason of the closing when it is not there and nothing more will arrive.
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
        for place, event in enumerate(waiting):
            if types is None or event.type in types:
                del waiting[place]
                if not waiting:
                    del self._events[command_id]
                return event
        return None
