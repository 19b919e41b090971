"""The load knows what it waits for, and how long things took."""

import asyncio
import itertools
import random

import pytest

from benchmarks.signing.latency import percentiles
from benchmarks.signing.load import arrivals, closed, open_loop


def test_arrivals_come_at_the_rate_and_within_the_time():
    moments = arrivals(1000, 10, random.Random(1))
    assert 9_500 < len(moments) < 10_500
    assert moments == sorted(moments)
    assert moments[-1] < 10


def test_percentiles_are_of_what_was_seen():
    assert percentiles([float(value) for value in range(101)]) == (50.0, 95.0, 99.0)
    assert percentiles([7.0]) == (7.0, 7.0, 7.0)


async def test_what_waits_for_its_turn_is_timed_from_when_it_was_due():
    turn = asyncio.Lock()
    due: list[float] = []

    async def work():
        due.append(asyncio.get_running_loop().time())
        async with turn:
            await asyncio.sleep(0.01)

    took = await open_loop(work, [0.001 * number for number in range(10)])
    assert len(took) == len(due) == 10
    assert took[-1] >= 85  # ten times 10 ms, from 9 ms on


async def test_a_closed_load_keeps_so_many_going_and_ends_with_the_block():
    under_way, most, done = 0, 0, itertools.count()
    enough = asyncio.Event()

    async def work():
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        if next(done) > 20:
            enough.set()

    async with closed(work, 5):
        await enough.wait()
    assert most == 5


async def test_a_closed_load_that_fails_says_so():
    async def work():
        raise RuntimeError("no broker")

    async def loaded():
        async with closed(work, 2):
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="no broker"):
        await loaded()
