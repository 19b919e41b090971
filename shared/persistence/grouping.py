"""How do many tasks share one statement? What they ask while one is under way goes together with the next.

A lone task waits for nobody, and where statements or commits are slow, more of them become one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

import asyncpg

from shared.persistence.pool import is_away

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

AT_MOST = 50
"""How many are asked at once."""

_Waiting = tuple[Asked, asyncio.Future[Answer]]


class Grouped(Generic[Asked, Answer]):
    """Asks `ask` for the answers to several at once, in their order; each task gets its own answer, or its own error.

    What failed together, and was certainly not done, is asked again one by one.
    """

    def __init__(self, ask: Callable[[list[Asked]], Awaitable[list[Answer]]]) -> None:
        self._ask = ask
        self._waiting: list[_Waiting[Asked, Answer]] = []
        self._asking: asyncio.Task[None] | None = None

    async def __call__(self, asked: Asked) -> Answer:
        """Return the answer; raises what asking for it raised. Whoever is cancelled may have been answered."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._asking is None:
            # Not in the context of whoever comes first: the statement is everybody's.
            self._asking = asyncio.get_running_loop().create_task(self._ask_all(), context=Context())
        return await answer

    async def _ask_all(self) -> None:
        group: list[_Waiting[Asked, Answer]] = []
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:AT_MOST], self._waiting[AT_MOST:]
                await self._answer(group)
        finally:
            self._asking = None
            for _, answer in group + self._waiting:
                answer.cancel()  # only if this is cancelled somebody waits still

    async def _answer(self, group: list[_Waiting[Asked, Answer]]) -> None:
        answers: Sequence[Answer | Exception]
        try:
            answers = await self._ask([asked for asked, _ in group])
        except Exception as error:
            if len(group) > 1 and _was_not_done(error):
                for one in group:
                    await self._answer([one])
                return
            answers = [error] * len(group)
        for (_, waiting), answer in zip(group, answers, strict=True):
            _settle(waiting, answer)


def _settle(waiting: asyncio.Future[Answer], answer: Answer | Exception) -> None:
    if waiting.done():
        return  # nobody waits any more
    if isinstance(answer, Exception):
        waiting.set_exception(answer)
    else:
        waiting.set_result(answer)


def _was_not_done(error: Exception) -> bool:
    """Tell whether what failed can be asked again: a connection that broke does not say whether it was committed."""
    return isinstance(error, asyncpg.TransactionRollbackError) or not is_away(error)
