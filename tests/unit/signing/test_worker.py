"""Does a worker finish what it began when it is stopped, and break it off when it is cancelled?"""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from shared.errors import ProviderDown
from shared.signing.breaker import Breaker
from shared.signing.worker import Worker


class Jobs:
    """One job, whose work takes until it is let go."""

    def __init__(self):
        self.begun, self.let_go = asyncio.Event(), asyncio.Event()
        self.ended = ""
        self._waiting: list[Any] = [
            SimpleNamespace(
                job_id=1, command_id="1", system="declaratii", kind=SimpleNamespace(value="sign"), attempt=1,
                traceparent=None,
            )
        ]  # fmt: skip

    async def claim(self, limit):
        claimed, self._waiting = self._waiting[:limit], self._waiting[limit:]
        return claimed

    async def work(self, _):
        self.begun.set()
        try:
            await self.let_go.wait()
            self.ended = "done"
        except asyncio.CancelledError:
            self.ended = "broken off"
            raise


@pytest.fixture
def jobs():
    return Jobs()


@pytest.fixture
def worker(jobs):
    async def idle():
        await asyncio.sleep(0.01)

    return Worker("post", claim=jobs.claim, work=jobs.work, idle=idle, breaker=Breaker(), concurrency=2)


async def test_a_worker_that_is_stopped_finishes_what_it_began(jobs, worker):
    running = asyncio.create_task(worker.run())
    await jobs.begun.wait()
    stopping = asyncio.create_task(worker.stop())
    jobs.let_go.set()
    await asyncio.gather(running, stopping)
    assert jobs.ended == "done"


async def test_a_worker_whose_time_to_drain_is_over_breaks_its_work_off(jobs, worker):
    running = asyncio.create_task(worker.run())
    await jobs.begun.wait()
    stopping = asyncio.create_task(worker.stop())
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await stopping
    assert jobs.ended == "broken off"


@pytest.mark.parametrize(("waiting", "asked"), [(1, ["claim 2", "idle"]), (3, ["claim 2", "claim 2", "idle"])])
async def test_a_worker_looks_again_at_once_only_when_it_got_all_it_asked_for(waiting, asked):
    jobs, did, idles = Jobs(), [], asyncio.Event()
    jobs.let_go.set()
    jobs._waiting *= waiting

    async def claim(limit):
        did.append(f"claim {limit}")
        return await jobs.claim(limit)

    async def idle():
        did.append("idle")
        idles.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(
        Worker("post", claim=claim, work=jobs.work, idle=idle, breaker=Breaker(), concurrency=2).run()
    )
    await idles.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert did == asked


@pytest.fixture
async def resting(jobs):
    """A worker with two places that found nothing to claim."""
    rests = asyncio.Event()
    jobs.job, jobs._waiting = jobs._waiting[0], []

    async def idle():
        rests.set()
        await asyncio.Event().wait()

    worker = Worker("post", claim=jobs.claim, work=jobs.work, idle=idle, breaker=Breaker(), concurrency=2)
    running = asyncio.create_task(worker.run())
    await rests.wait()
    yield worker
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def has_places(worker, count):
    async with worker.places(count) as free:
        return free


async def test_who_rests_has_as_many_places_as_are_free(resting, jobs):
    assert await has_places(resting, 2)
    assert not await has_places(resting, 3)
    async with resting.places(1) as free:
        assert free
        assert not await has_places(resting, 1)  # one at a time
        resting.begin(jobs.job)
    await jobs.begun.wait()
    assert await has_places(resting, 1)
    assert not await has_places(resting, 2)


async def test_who_does_not_rest_may_have_other_work_to_claim_first(jobs):
    idle = asyncio.Event().wait
    worker = Worker("post", claim=jobs.claim, work=jobs.work, idle=idle, breaker=Breaker(), concurrency=2)
    assert not await has_places(worker, 1)


async def test_there_are_no_places_while_msign_is_down(resting):
    resting._breaker.failed(ProviderDown("no route"))
    assert not await has_places(resting, 1)


async def test_who_is_stopped_finishes_what_has_got_its_place_and_takes_no_more(resting, jobs):
    async with resting.places(1) as free:
        assert free
        stopping = asyncio.create_task(resting.stop())
        await asyncio.sleep(0)
        resting.begin(jobs.job)
    jobs.let_go.set()
    await stopping
    assert jobs.ended == "done"
    assert not await has_places(resting, 1)
