"""Who may tell a run to stop, and how? Ctrl-C, SIGTERM, SIGHUP, and the end of the `make` that started it.

The signals are installed explicitly: background shells start their children with SIGINT ignored. `make` passes only
SIGTERM on and otherwise waits for us; that it was told to stop shows in its blocked signals (proc(5), `SigBlk`), as it
is then inside its signal handler.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOK_EVERY_S = 0.5


class Stop:
    """Cancels the run's task, once: what comes later changes nothing, so that the cleaning up is never cut short."""

    def __init__(self, work: "asyncio.Task[None]") -> None:
        self._work = work
        self.told = False

    def __call__(self, *_: object) -> None:
        """Stop the run."""
        if not self.told:
            self.told = True
            self._work.cancel()


@asynccontextmanager
async def listening(stop: Stop) -> AsyncIterator[None]:
    """Call `stop` for each of the signals, and for the `make` that started us."""
    loop = asyncio.get_running_loop()
    for signum in SIGNALS:
        loop.add_signal_handler(signum, stop)
    make = asyncio.create_task(_after_make(stop))
    try:
        yield
    finally:
        make.cancel()


async def _after_make(stop: Stop) -> None:
    await until_make_stops()
    stop()


async def until_make_stops() -> None:
    """Return when the `make` that started us was told to stop or is gone; without one, never."""
    parent = os.getppid()
    if not _is_make(parent):
        await asyncio.Event().wait()
    while os.getppid() == parent and not _told_to_stop(parent):  # noqa: ASYNC110 - another process tells us nothing
        await asyncio.sleep(LOOK_EVERY_S)


def _is_make(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() in {"make", "gmake"}
    except OSError:
        return False


def _told_to_stop(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return True
    return blocks(status, signal.SIGINT) or blocks(status, signal.SIGHUP)


def blocks(status: str, signum: signal.Signals) -> bool:
    """Tell whether a process with this text of /proc/<pid>/status blocks a signal."""
    mask = next(line.partition(":")[2] for line in status.splitlines() if line.startswith("SigBlk:"))
    return bool(int(mask, 16) & 1 << (signum - 1))
