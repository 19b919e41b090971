"""Where is hostile input read, so that it can neither crash, hang nor bloat the process that must answer?

In processes of their own: each job has a time to end in, each process a bound on its memory. A process that breaks
either, or dies, is replaced; the job it had is refused like any other input that cannot be read.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, Self, TypeVar

import structlog
from pebble import ProcessExpired, ProcessPool

from shared.errors import Malformed, Transient
from shared.telemetry.logging import configure_logging

_P = ParamSpec("_P")
_R = TypeVar("_R")

MEMORY_BYTES = 1 << 30
SECONDS = 5.0
BYTES_PER_MORE_SECOND = 10 << 20
JOBS_PER_PROCESS = 1000
TRIES = 3
PRELOADED = ("shared.signatures.pades.verify", "shared.signatures.xades.verify")

log = structlog.get_logger(__name__)


class TooCostly(Malformed):
    """Reading the input took more time or memory than anything honest does, or broke the process that read it."""

    def __init__(self, message: str = "the input cannot be read within the time and memory that are allowed") -> None:
        super().__init__(message, code="too_costly")


class Workers:
    """Up to `count` processes (one for each core, if not told) with at most `memory_bytes` of data each.

    They start with the first job. A job has `seconds`, and more for a large input; jobs beyond `count` wait, and their
    time starts when they do. Only log lines of `log_level` or worse come from the processes.
    """

    def __init__(
        self,
        count: int | None = None,
        *,
        seconds: float = SECONDS,
        memory_bytes: int = MEMORY_BYTES,
        log_level: str = "info",
    ) -> None:
        self._count = count or len(os.sched_getaffinity(0))
        self._seconds = seconds
        self._confinement = (memory_bytes, log_level)
        self._pool: ProcessPool | None = None

    @property
    def count(self) -> int:
        """How many jobs can run at once."""
        return self._count

    async def run(self, function: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Call a function of a module with arguments that can be pickled; what it raises is raised here.

        Raises `TooCostly` when it did not end in time, had too little memory or took its process with it, and
        `Transient` when no process could be had.
        """
        size = sum(len(one) for one in args if isinstance(one, bytes))
        seconds = self._seconds + size / BYTES_PER_MORE_SECOND
        for _ in range(TRIES):
            pool = self._open()
            try:
                return await asyncio.wrap_future(pool.schedule(function, args=args, kwargs=kwargs, timeout=seconds))
            except (TimeoutError, ProcessExpired, MemoryError) as error:
                log.warning("worker_lost", job=function.__name__, seconds=seconds, error=type(error).__name__)
                raise TooCostly from None
            except BrokenProcessPool:
                log.warning("workers_broken", job=function.__name__)
                await self._replace(pool)
        raise Transient("the worker processes end before they can be given a job")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """End all processes, whatever they do."""
        if self._pool is not None:
            await self._replace(self._pool)

    def _open(self) -> ProcessPool:
        if self._pool is None:
            self._pool = ProcessPool(
                self._count, JOBS_PER_PROCESS, initializer=_confine, initargs=self._confinement, context=_context()
            )
        return self._pool

    async def _replace(self, pool: ProcessPool) -> None:
        """Let the next job open a new pool: one is broken as a whole when an idle process of it is killed."""
        if self._pool is pool:
            self._pool = None
        await asyncio.to_thread(_end, pool)


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _context() -> multiprocessing.context.BaseContext:
    """A server without threads that forks: a process is there in milliseconds, with the engine loaded."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*PRELOADED])
    return context


def _confine(memory_bytes: int, log_level: str) -> None:
    """Bound this process's memory; it ends when its parent says so, and logs as its parent does."""
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    configure_logging("worker", level=log_level)
