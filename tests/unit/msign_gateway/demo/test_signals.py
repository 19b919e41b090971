from __future__ import annotations

import asyncio
import os
import signal

from msign_gateway.demo.signals import Stop, blocks, listening

STATUS = "Name:\tmake\nSigPnd:\t0000000000000000\nSigBlk:\t{mask:016x}\nSigIgn:\t0000000000001000\n"


def status(*blocked: signal.Signals) -> str:
    return STATUS.format(mask=sum(1 << (signum - 1) for signum in blocked))


def test_a_make_inside_its_handler_of_interrupts_blocks_them():
    assert blocks(status(signal.SIGINT), signal.SIGINT)


def test_a_make_that_waits_for_children_blocks_no_interrupts():
    assert not blocks(status(signal.SIGCHLD), signal.SIGINT)


async def test_a_second_signal_does_not_cut_the_cleaning_up_short():
    began, second, cleaned = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            began.set()
            await second.wait()
            cleaned.set()

    task = asyncio.create_task(work())
    async with listening(Stop(task)):
        await asyncio.sleep(0)  # lets the work begin
        os.kill(os.getpid(), signal.SIGTERM)
        await began.wait()
        os.kill(os.getpid(), signal.SIGINT)
        asyncio.get_running_loop().call_soon(second.set)
        await asyncio.gather(task, return_exceptions=True)
    assert cleaned.is_set()
    assert task.cancelled()
