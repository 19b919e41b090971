"""Who may hold how much at once, so that one caller keeps the others out of nothing?

Whoever needs more than is left waits in line. What is given back goes to who holds the least, and in turns where
several hold as little.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from shared.errors import Transient


class Full(Transient):
    """There is no room for this caller now, and was none for as long as was waited."""

    may_have_acted = False


@dataclass(eq=False, slots=True)
class _Waiting:
    caller: str
    size: int
    turn: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Shares:
    """So much of something (bytes, places) is there for all, and at most `each` of it for one caller.

    Up to `line` requests of one caller wait, each for at most `wait_s` seconds (None: for ever).
    """

    def __init__(self, most: int, *, each: int, line: int, wait_s: float | None) -> None:
        self._most = most
        self._each = each
        self._line = line
        self._wait_s = wait_s
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, deque[_Waiting]] = {}

    @asynccontextmanager
    async def taken(self, caller: str, size: int = 1) -> AsyncIterator[None]:
        """Hold `size` within the block, or all that a caller may have if that is less. Raises `Full`.

        Who needs nothing waits for nobody.
        """
        size = min(size, self._each)
        if size:
            await self._take(caller, size)
        try:
            yield
        finally:
            self._give_back(caller, size)

    async def _take(self, caller: str, size: int) -> None:
        if len(self._waiting.get(caller, ())) >= self._line and not self._has_room(caller, size):
            raise Full(f"{caller} has as many requests under way, and waiting, as it may have")
        mine = _Waiting(caller, size)
        self._waiting.setdefault(caller, deque()).append(mine)
        self._give_turns()
        try:
            async with asyncio.timeout(self._wait_s):
                await mine.turn
        except BaseException as error:
            self._leave(mine)
            if isinstance(error, TimeoutError):
                raise Full(f"there was no room for {caller} within {self._wait_s:g} s") from None
            raise

    def _leave(self, one: _Waiting) -> None:
        """Leave the line; a turn that came at that moment goes to the next."""
        if one in self._waiting.get(one.caller, ()):
            self._remove(one)
            self._give_turns()
        else:
            self._give_back(one.caller, one.size)

    def _give_back(self, caller: str, size: int) -> None:
        self._held[caller] -= size
        if not self._held[caller]:
            del self._held[caller]
        self._give_turns()

    def _remove(self, one: _Waiting) -> None:
        """Take one out of its line, which is behind the others' then."""
        line = self._waiting.pop(one.caller)
        line.remove(one)
        if line:
            self._waiting[one.caller] = line

    def _give_turns(self) -> None:
        while (first := self._next()) is not None and self._has_room(first.caller, first.size):
            self._remove(first)
            self._held[first.caller] += first.size
            first.turn.set_result(None)

    def _next(self) -> _Waiting | None:
        """Return who is next: of those at the heads of the callers' lines, the one whose caller holds the least."""
        heads = (next((one for one in line if not one.turn.done()), None) for line in self._waiting.values())
        able = [one for one in heads if one is not None and self._may_have(one.caller, one.size)]
        return min(able, key=lambda one: self._held[one.caller], default=None)

    def _has_room(self, caller: str, size: int) -> bool:
        return self._may_have(caller, size) and self._held.total() + size <= self._most

    def _may_have(self, caller: str, size: int) -> bool:
        return self._held[caller] + size <= self._each
