"""What does one running service know of itself: is it ready, what works in the background, does it wish to stop?"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog
from aiohttp import web

Check = Callable[[], Awaitable[bool]]
Page = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger(__name__)


class Service:
    """One running service: its readiness checks, its background tasks and its wish to stop."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.started = False
        self.failed = False
        self.stopping = asyncio.Event()
        self.checks: dict[str, Check] = {}
        self.pages: dict[str, Page] = {}
        self.troubles: dict[str, Check] = {}
        self._drains: list[Callable[[], Awaitable[None]]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def ready_when(self, name: str, check: Check) -> None:
        """Make `check` a part of readiness under `name`."""
        self.checks[name] = check

    def show(self, path: str, page: Page) -> None:
        """Answer `path` on the ops port by `page`."""
        self.pages[path] = page

    def warn_when(self, trouble: str, check: Check) -> None:
        """Say `trouble` on the ops port while `check` holds, and stay ready: what is held up goes on by itself."""
        self.troubles[trouble] = check

    def on_drain(self, drain: Callable[[], Awaitable[None]]) -> None:
        """Call `drain` when the service stops, before anything is closed (first registered, first called)."""
        self._drains.append(drain)

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run `work` in the background; if it fails, the whole service stops with exit code 1."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)
        return task

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background_task_crashed", task=task.get_name(), exc_info=error)
            self.failed = True
            self.stopping.set()

    async def drain(self, limit_s: float) -> None:
        """Let work under way finish for at most `limit_s` seconds; a drain that fails does not stop the others."""
        try:
            async with asyncio.timeout(limit_s):
                for drain in self._drains:
                    try:
                        await drain()
                    except Exception as error:
                        log.warning("drain_failed", error=type(error).__name__, exc_info=error)
        except TimeoutError:
            log.warning("drain_ran_out_of_time", limit_s=limit_s)

    async def cancel_tasks(self) -> None:
        """Cancel every background task and wait until it has ended."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
