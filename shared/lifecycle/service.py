"""What carries one service from its start to its end?

Start: settings → logs → ops port → `start(settings, service)` (the service's composition root). Stop, on SIGTERM or
SIGINT or when a supervised task crashes: not ready → drain callbacks → everything closed in reverse order.
"""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import structlog
import uvloop
from aiohttp import web
from prometheus_client import disable_created_metrics

from shared.lifecycle.http import serve_http
from shared.lifecycle.ops import create_ops_app
from shared.settings import ServiceSettings, load_settings
from shared.telemetry.logging import configure_logging
from shared.telemetry.process import watch_event_loop
from shared.telemetry.tracing import exporting

SettingsT = TypeVar("SettingsT", bound=ServiceSettings)
Check = Callable[[], Awaitable[bool]]
Page = Callable[[web.Request], Awaitable[web.StreamResponse]]
Start = Callable[[SettingsT, "Service"], AbstractAsyncContextManager[None]]

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


def run_service(name: str, settings_type: type[SettingsT], start: Start[SettingsT]) -> None:
    """Run a service until it is told to stop; the body of every `__main__`. Exits 2 for bad settings, 1 for a crash."""
    settings = load_settings(settings_type)
    configure_logging(name, level=settings.log_level, fmt=settings.log_format)
    disable_created_metrics()  # type: ignore[no-untyped-call] # a series more for each one, which nobody asks for
    with exporting(name, settings.otel_exporter_otlp_endpoint):
        sys.exit(uvloop.run(_serve(name, settings, start)))


async def _serve(name: str, settings: SettingsT, start: Start[SettingsT]) -> int:
    service = Service(name)
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, service.stopping.set)
    async with serve_http(create_ops_app(service), host=settings.ops_host, port=settings.ops_port):
        return await _run(settings, service, start)


async def _run(settings: SettingsT, service: Service, start: Start[SettingsT]) -> int:
    service.spawn(watch_event_loop(), "event loop")
    try:
        async with start(settings, service):
            service.started = True
            log.info("service_started", ops_port=settings.ops_port)
            try:
                await service.stopping.wait()
                log.info("service_stopping")
                await service.drain(settings.drain_s)
            finally:
                await service.cancel_tasks()
    except Exception:
        log.exception("service_failed")
        return 1
    log.info("service_stopped")
    return 1 if service.failed else 0
