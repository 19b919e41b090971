"""What became of the events that were published, and how many are on their way?

What the broker said is written down for as many events at once as it said it of meanwhile: while one statement is
under way, the next ones gather, and while there is ample room they have a moment to. An event has its place until that
is done.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta

import asyncpg
import structlog

from shared.persistence import events
from shared.persistence.events import Waiting
from shared.persistence.pool import DATABASE_ERRORS

RETRY_S = 1.0
GATHER_S = 0.02
"""How long what is confirmed gathers while most places are free: nobody waits for it, and each commit costs others."""
LONGEST_DELAY_S = 60.0

log = structlog.get_logger(__name__)


def delay_after(attempts: int) -> timedelta:
    """Return how long an event waits after its broker refused it `attempts` times: 1 s, 2 s, 4 s … 60 s."""
    return timedelta(seconds=min(2.0 ** (attempts - 1), LONGEST_DELAY_S))


class Outcomes:
    """The events on their way; there are places for so many of them, and for so many bytes."""

    def __init__(self, pool: asyncpg.Pool, *, places: int, most_bytes: int) -> None:
        self._pool = pool
        self._places = places
        self._most_bytes = most_bytes
        self._count = 0
        self._bytes = 0
        self._waits_for_room = False
        self._confirmed: list[Waiting] = []
        self._refused: list[Waiting] = []
        self._told = asyncio.Event()
        self._written = asyncio.Event()

    async def room(self) -> tuple[int, int]:
        """Wait until half of the places are free; returns how many events and how many bytes may begin.

        It comes to that however much begins at once: while one waits here, nothing does.
        """
        self._waits_for_room = True
        try:
            await self._until(lambda: self._count <= self._places // 2 and self._bytes <= self._most_bytes // 2)
        finally:
            self._waits_for_room = False
        return self._places - self._count, self._most_bytes - self._bytes

    def has_room(self, count: int, size: int) -> bool:
        """Tell whether so many events with so many bytes may begin at once, before those that wait for room."""
        if self._waits_for_room:
            return False
        return self._count + count <= self._places and self._bytes + size <= self._most_bytes

    def reserve(self, count: int, size: int) -> None:
        """Keep places for so many events with so many bytes, until they are released."""
        self._count += count
        self._bytes += size

    def release(self, count: int, size: int) -> None:
        """Give such places back."""
        self._count -= count
        self._bytes -= size
        self._written.set()

    async def rest(self, *, at_most_s: float) -> None:
        """Wait until nothing is on its way, but not for ever."""
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._until(lambda: not self._count)

    def begin(self, some: Iterable[Waiting]) -> None:
        """Note that these events are on their way."""
        for event in some:
            self.reserve(1, len(event.body))

    def confirmed(self, event: Waiting) -> None:
        """Note that the broker has this event."""
        self._confirmed.append(event)
        self._told.set()

    def refused(self, event: Waiting) -> None:
        """Note that it does not, or that nobody knows: the event waits, and goes out again."""
        self._refused.append(event)
        self._told.set()

    async def run(self) -> None:
        """Write down what is told, until cancelled; a database that is away is waited for."""
        while True:
            await self._told.wait()
            if self._count < self._places // 4:
                await asyncio.sleep(GATHER_S)
            self._told.clear()
            try:
                await self._write()
            except DATABASE_ERRORS as error:
                log.warning("relay_interrupted", error=type(error).__name__)
                await asyncio.sleep(RETRY_S)
                self._told.set()

    async def _write(self) -> None:
        """What could not be written stays for the next time."""
        if confirmed := self._confirmed[:]:
            await events.mark_published(self._pool, [event.event_id for event in confirmed])
            self._done(self._confirmed, confirmed)
        if refused := self._refused[:]:
            await events.defer(self._pool, {event.event_id: delay_after(event.attempts) for event in refused})
            self._done(self._refused, refused)

    def _done(self, among: list[Waiting], some: list[Waiting]) -> None:
        del among[: len(some)]
        self.release(len(some), sum(len(event.body) for event in some))

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._written.clear()
            await self._written.wait()
