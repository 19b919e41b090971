"""Only so many bytes are worked on at once, and nobody waits for ever."""

import asyncio

import pytest

from shared.signing.room import Room

MOST = 100


async def at_most(sizes: list[int]) -> tuple[int, list[int]]:
    """Let tasks of these sizes in; return how many bytes were in at once, and in which order the tasks came."""
    room, inside, most, order = Room(MOST), 0, 0, []

    async def work(number: int, size: int) -> None:
        nonlocal inside, most
        async with room.taken(size):
            order.append(number)
            inside += size
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= size

    async with asyncio.timeout(60):
        await asyncio.gather(*(work(number, size) for number, size in enumerate(sizes)))
    return most, order


@pytest.mark.parametrize("sizes", [[40] * 9, [100, 1, 100, 1], [1] * 300, [60, 50, 40, 30, 20, 10]])
async def test_no_more_is_in_at_once_than_there_is_room_for_and_in_the_order_of_coming(sizes):
    most, order = await at_most(sizes)
    assert most <= MOST
    assert order == list(range(len(sizes)))


async def test_what_is_larger_than_all_the_room_is_in_alone():
    assert await at_most([250, 300, 50]) == (300, [0, 1, 2])


async def test_who_stops_waiting_takes_no_room():
    room = Room(MOST)
    async with room.taken(MOST):
        waiting = asyncio.create_task(_enter(room))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(60), room.taken(MOST):
        pass


async def _enter(room: Room) -> None:
    async with room.taken(MOST):
        pass
