"""How do events get to the relay that its own process has just committed? They are handed over, claimed already.

Whoever commits events asks before whether they may begin at once; then they lie in the outbox with a lease, as if the
relay had found them there, which takes a statement, a commit and a wait less. What it cannot take at once lies there
due, for any relay to find; so does what a process leaves that dies in between, once the lease has run out.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from shared.messaging.outcomes import Outcomes
from shared.persistence.events import Waiting


class Handed:
    """The events that were handed over and are not on their way yet; each has its place among `outcomes`."""

    def __init__(self, outcomes: Outcomes, lease: timedelta) -> None:
        self._outcomes = outcomes
        self._lease = lease
        self._open = False
        self._paused = False
        self._events: list[Waiting] = []
        self._some = asyncio.Event()

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Take events over until the block ends; what is not on its way by then waits as if it had been refused."""
        self._open = True
        try:
            yield
        finally:
            self._open = False
            self._refuse(self.pop())

    def pause(self) -> None:
        """Take nothing over until it goes on, and let what is not on its way wait."""
        self._paused = True
        self._refuse(self.pop())

    def go_on(self) -> None:
        """Take events over again."""
        self._paused = False

    @contextmanager
    def expecting(self, sizes: Sequence[int]) -> Iterator[timedelta | None]:
        """Keep places free for events of these sizes (bytes) while they are committed, within the block.

        Yields how long their lease has to be; None if there is no room for them now.
        """
        count, size = len(sizes), sum(sizes)
        if not count or not self._takes or not self._outcomes.has_room(count, size):
            yield None
            return
        self._outcomes.reserve(count, size)
        try:
            yield self._lease
        finally:
            self._outcomes.release(count, size)

    def take(self, some: Sequence[Waiting]) -> None:
        """Take events over that were expected and are committed."""
        self._outcomes.begin(some)
        if self._takes:
            self._events += some
            self._some.set()
        else:
            self._refuse(some)

    async def wait(self) -> None:
        """Wait until events were handed over since the last wait ended."""
        await self._some.wait()
        self._some.clear()

    def pop(self) -> list[Waiting]:
        """Return all that were handed over, which are the caller's now."""
        some, self._events = self._events, []
        return some

    @property
    def _takes(self) -> bool:
        return self._open and not self._paused

    def _refuse(self, some: Sequence[Waiting]) -> None:
        for event in some:
            self._outcomes.refused(event)
