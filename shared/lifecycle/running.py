"""What carries one service from its start to its end?

Start: settings → logs → ops port → `start(settings, service)` (the service's composition root). Stop, on SIGTERM or
SIGINT or when a supervised task crashes: not ready → drain callbacks → everything closed in reverse order.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

import structlog
import uvloop
from prometheus_client import disable_created_metrics

from shared.lifecycle.http import serve_http
from shared.lifecycle.memory import share_one_heap
from shared.lifecycle.ops import create_ops_app
from shared.lifecycle.service import Service
from shared.settings import ServiceSettings, load_settings
from shared.telemetry.logging import configure_logging
from shared.telemetry.process import watch_event_loop
from shared.telemetry.tracing import exporting

SettingsT = TypeVar("SettingsT", bound=ServiceSettings)
Start = Callable[[SettingsT, Service], AbstractAsyncContextManager[None]]

log = structlog.get_logger(__name__)


def run_service(name: str, settings_type: type[SettingsT], start: Start[SettingsT]) -> None:
    """Run a service until it is told to stop; the body of every `__main__`. Exits 2 for bad settings, 1 for a crash."""
    share_one_heap()
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
            _keep_for_good()
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


def _keep_for_good() -> None:
    """Take all that a started service is made of out of the garbage collector's sight.

    It held everything up for 40 ms and more each time that it walked through all modules, classes and schemas.
    """
    gc.collect()
    gc.freeze()
