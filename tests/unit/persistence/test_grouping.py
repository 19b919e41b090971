"""Do tasks that ask while one is being asked go together, each with its own answer or error?"""

import asyncio
from contextvars import ContextVar

import asyncpg
import pytest

from shared.persistence.grouping import AT_MOST, Grouped

of_the_task: ContextVar[str] = ContextVar("of_the_task", default="nobody's")


class Statement:
    """Doubles numbers, when it is let go; keeps what was asked together."""

    def __init__(self):
        self.asked: list[list[int]] = []
        self.let_go = asyncio.Event()
        self.let_go.set()
        self.errors: dict[int, Exception] = {}

    async def ask(self, numbers):
        self.asked.append(numbers)
        await self.let_go.wait()
        for number in numbers:
            if number in self.errors:
                raise self.errors[number]
        return [2 * number for number in numbers]


@pytest.fixture
def statement():
    return Statement()


@pytest.fixture
def double(statement):
    return Grouped(statement.ask)


async def test_a_lone_one_is_asked_at_once(statement, double):
    assert await double(4) == 8
    assert statement.asked == [[4]]


async def test_what_comes_while_one_is_asked_goes_together_in_order(statement, double):
    statement.let_go.clear()
    first = asyncio.create_task(double(1))
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(double(number)) for number in (2, 3, 4)]
    await asyncio.sleep(0.01)
    statement.let_go.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6, 8]
    assert statement.asked == [[1], [2, 3, 4]]


async def test_no_more_go_together_than_allowed(statement, double):
    numbers = range(2 * AT_MOST + 1)
    assert await asyncio.gather(*map(double, numbers)) == [2 * number for number in numbers]
    assert [len(group) for group in statement.asked] == [AT_MOST, AT_MOST, 1]


@pytest.mark.parametrize("error", [ValueError("its own fault"), asyncpg.DeadlockDetectedError("it was rolled back")])
async def test_one_that_fails_does_not_fail_the_others(statement, double, error):
    statement.errors[2] = error
    assert await asyncio.gather(*map(double, (1, 2, 3)), return_exceptions=True) == [2, error, 6]
    assert statement.asked == [[1, 2, 3], [1], [2], [3]]


async def test_what_may_have_been_done_is_not_asked_again(statement, double):
    error = asyncpg.ConnectionDoesNotExistError("it broke, perhaps after the commit")
    statement.errors[2] = error
    assert await asyncio.gather(*map(double, (1, 2, 3)), return_exceptions=True) == [error] * 3
    assert statement.asked == [[1, 2, 3]]


async def test_after_a_failure_it_goes_on(statement, double):
    statement.errors[1] = OSError("away")
    with pytest.raises(OSError, match="away"):
        await double(1)
    assert await double(2) == 4


async def test_one_that_is_cancelled_does_not_take_the_others_with_it(statement, double):
    statement.let_go.clear()
    first, second = asyncio.create_task(double(1)), asyncio.create_task(double(2))
    await asyncio.sleep(0.01)
    first.cancel()
    statement.let_go.set()
    assert await second == 4
    assert first.cancelled()


async def test_the_statement_is_in_nobodys_context():
    async def tell(asked):
        return [of_the_task.get() for _ in asked]

    of_the_task.set("the first one's")
    assert await Grouped(tell)(None) == "nobody's"
