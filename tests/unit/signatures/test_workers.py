"""Can an input harm the process that must answer?"""

import asyncio
import os
import pickle
import signal
import time
from collections.abc import AsyncIterator

import pytest

from shared.errors import Malformed
from shared.signatures.verdict import Refusal
from shared.signatures.workers import TooCostly, Workers

MORE_THAN_ALLOWED = 3 << 30


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    async with Workers(1, seconds=3.0) as found:
        yield found


async def test_a_job_runs_in_another_process(workers: Workers) -> None:
    assert await workers.run(os.getpid) != os.getpid()
    assert await workers.run(len, b"twelve bytes") == 12


async def test_a_job_that_hangs_is_killed_and_the_next_one_runs(workers: Workers) -> None:
    hanging = await workers.run(os.getpid)
    with pytest.raises(TooCostly):
        await workers.run(time.sleep, 600)
    assert await workers.run(os.getpid) != hanging


async def test_a_job_that_wants_too_much_memory_is_refused(workers: Workers) -> None:
    with pytest.raises(TooCostly):
        await workers.run(bytearray, MORE_THAN_ALLOWED)


async def test_a_job_that_crashes_its_process_is_refused_and_the_next_one_runs(workers: Workers) -> None:
    with pytest.raises(TooCostly):
        await workers.run(signal.raise_signal, signal.SIGSEGV)
    assert await workers.run(len, b"") == 0


async def test_an_idle_process_that_is_killed_is_replaced(workers: Workers) -> None:
    os.kill(await workers.run(os.getpid), signal.SIGKILL)
    assert await workers.run(len, b"one") == 3


async def test_what_a_job_raises_comes_back_as_it_was(workers: Workers) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        await workers.run(int, "no number")


async def test_a_job_that_nobody_waits_for_is_stopped(workers: Workers) -> None:
    hanging = await workers.run(os.getpid)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await workers.run(time.sleep, 600)
    assert await workers.run(os.getpid) != hanging


async def test_a_large_input_has_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.signatures.workers.BYTES_PER_MORE_SECOND", 1 << 19)
    async with Workers(1, seconds=0.001) as workers:
        assert await workers.run(len, bytes(20 << 20)) == 20 << 20


async def test_two_jobs_run_side_by_side() -> None:
    async with Workers(2) as workers:
        slow = asyncio.create_task(workers.run(time.sleep, 600))
        assert await workers.run(len, b"one") == 3
        assert not slow.done()
        slow.cancel()
        await asyncio.gather(slow, return_exceptions=True)


def test_a_refusal_survives_the_way_between_processes() -> None:
    refusal = pickle.loads(pickle.dumps(Refusal("bad_id", "an Id is there twice")))
    assert isinstance(refusal, Malformed)
    assert (refusal.code, str(refusal)) == ("bad_id", "an Id is there twice")
