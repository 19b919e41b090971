"""Several callers want what there is not enough of for all of them at once."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from shared.shares import Full, Shares


async def settle():
    """Let every task come as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


class Holder:
    """One request: it holds its size from when it is let in until it is told to end."""

    def __init__(self, shares, caller, size=1):
        self.caller, self.is_in, self._end = caller, False, asyncio.Event()
        self.task = asyncio.create_task(self._hold(shares, caller, size))

    async def _hold(self, shares, caller, size):
        async with shares.taken(caller, size):
            self.is_in = True
            await self._end.wait()

    async def end(self):
        self._end.set()
        await self.task


async def test_one_caller_gets_no_more_than_its_share_and_others_still_come_in():
    shares = Shares(4, each=2, line=10, wait_s=60)
    mine = [Holder(shares, "mine") for _ in range(5)]
    await settle()
    theirs = Holder(shares, "theirs")
    await settle()
    assert [one.is_in for one in mine] == [True, True, False, False, False]
    assert theirs.is_in
    await mine[0].end()
    await settle()
    assert [one.is_in for one in mine] == [True, True, True, False, False]
    for one in (*mine[1:], theirs):
        await one.end()


async def test_what_is_given_back_goes_to_who_holds_least_however_long_the_others_wait():
    shares = Shares(3, each=2, line=10, wait_s=60)
    first, second = Holder(shares, "a"), Holder(shares, "b")
    third = Holder(shares, "a")
    await settle()
    waiting, newcomer = Holder(shares, "b"), Holder(shares, "c")
    await settle()
    assert not waiting.is_in
    assert not newcomer.is_in
    await first.end()
    await settle()
    assert (waiting.is_in, newcomer.is_in) == (False, True)
    for one in (second, third, waiting, newcomer):
        await one.end()


async def test_callers_who_hold_as_little_take_turns():
    shares = Shares(1, each=1, line=10, wait_s=60)
    first = Holder(shares, "many")
    await settle()
    waiting = [Holder(shares, "many") for _ in range(3)] + [Holder(shares, "few") for _ in range(2)]
    await settle()
    order = []
    ending = first
    while waiting:
        await ending.end()
        await settle()
        (ending,) = [one for one in waiting if one.is_in]
        waiting.remove(ending)
        order.append(ending.caller)
    await ending.end()
    assert order == ["many", "few", "many", "few", "many"]


async def test_a_large_one_is_not_overtaken_for_ever_by_small_ones():
    shares = Shares(4, each=4, line=10, wait_s=60)
    small = Holder(shares, "a", 2)
    await settle()
    large, late = Holder(shares, "b", 3), Holder(shares, "c", 1)
    await settle()
    assert (large.is_in, late.is_in) == (False, False)
    await small.end()
    await settle()
    assert (large.is_in, late.is_in) == (True, True)
    await large.end()
    await late.end()


async def test_more_than_a_caller_may_have_is_all_that_it_may_have():
    shares = Shares(10, each=5, line=10, wait_s=60)
    huge, other = Holder(shares, "a", 1000), Holder(shares, "b", 5)
    await settle()
    assert (huge.is_in, other.is_in) == (True, True)
    await huge.end()
    await other.end()


async def test_a_line_that_is_full_sends_away_at_once_and_only_its_own_caller():
    shares = Shares(2, each=1, line=1, wait_s=60)
    inside, waiting = Holder(shares, "a"), Holder(shares, "a")
    await settle()
    with pytest.raises(Full, match="a has as many"):
        async with shares.taken("a"):
            pytest.fail("there was no room")
    async with shares.taken("b"):
        pass
    await inside.end()
    await waiting.end()


async def test_without_a_line_what_has_room_comes_in():
    shares = Shares(1, each=1, line=0, wait_s=0)
    async with shares.taken("a"):
        with pytest.raises(Full):
            async with shares.taken("a"):
                pytest.fail("there was no room")
    async with shares.taken("a"):
        pass


async def test_who_has_waited_long_enough_is_sent_away_and_leaves_nothing_behind():
    shares = Shares(1, each=1, line=5, wait_s=0.01)
    inside = Holder(shares, "a")
    await settle()
    with pytest.raises(Full, match="no room for b within"):
        async with shares.taken("b"):
            pytest.fail("there was no room")
    await inside.end()
    async with shares.taken("b"):
        pass


async def test_a_block_that_fails_gives_back_what_it_had():
    shares = Shares(1, each=1, line=0, wait_s=0)
    for _ in range(3):
        with pytest.raises(RuntimeError):
            async with shares.taken("a"):
                raise RuntimeError("of the caller's")


@pytest.mark.parametrize("moment", ["while it waits", "at its turn", "as the one before leaves"])
async def test_who_is_cancelled_keeps_nobody_out(moment):
    shares = Shares(1, each=1, line=5, wait_s=60)
    async with AsyncExitStack() as before:
        await before.enter_async_context(shares.taken("a"))
        cancelled, next_one = Holder(shares, "b"), Holder(shares, "c")
        await settle()
        if moment == "while it waits":
            cancelled.task.cancel()
            await settle()
        elif moment == "as the one before leaves":
            cancelled.task.cancel()
    if moment == "at its turn":
        cancelled.task.cancel()
    await settle()
    assert cancelled.task.cancelled()
    assert not cancelled.is_in
    assert next_one.is_in
    await next_one.end()


async def test_who_needs_nothing_waits_for_nobody():
    shares = Shares(4, each=4, line=1, wait_s=60)
    held = Holder(shares, "theirs", 3)
    waiting = [Holder(shares, "mine", 2), Holder(shares, "others", 2)]
    await settle()
    for caller in ("mine", "theirs", "others", "nobody"):
        async with asyncio.timeout(1), shares.taken(caller, 0):
            assert not any(one.is_in for one in waiting)
    await held.end()
    for one in waiting:
        await one.end()
