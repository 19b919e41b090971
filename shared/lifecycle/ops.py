"""What do operators and orchestrators ask a service on its ops port?

`/livez`: the event loop answers. `/readyz`: every readiness check passes and the service is not
stopping; `warnings` name what holds something up all the same.
`/metrics`: Prometheus' text format. Other pages are the service's own (`Service.show`).
"""

import asyncio

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.lifecycle.service import Check, Service
from shared.telemetry.process import READY

CHECK_TIMEOUT_S = 2.0

log = structlog.get_logger(__name__)


def create_ops_app(service: Service) -> web.Application:
    """Return the application of the ops port."""

    async def livez(_: web.Request) -> web.Response:
        return web.json_response({"service": service.name, "alive": True})

    async def readyz(_: web.Request) -> web.Response:
        checks, troubles = await asyncio.gather(run_checks(service.checks), run_checks(service.troubles))
        ready = is_ready(service, checks)
        warnings = [trouble for trouble, present in troubles.items() if present]
        body = {"service": service.name, "ready": ready, "checks": checks, "warnings": warnings}
        return web.json_response(body, status=200 if ready else 503)

    async def metrics(_: web.Request) -> web.Response:
        READY.set(is_ready(service, await run_checks(service.checks)))
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def page(request: web.Request) -> web.StreamResponse:
        if (show := service.pages.get(request.path)) is None:
            raise web.HTTPNotFound
        return await show(request)

    app = web.Application()
    app.add_routes([web.get("/livez", livez), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    app.router.add_get("/{page:.*}", page)
    return app


def is_ready(service: Service, checks: dict[str, bool]) -> bool:
    """Tell whether a service with these outcomes of its readiness checks should get work."""
    return all(checks.values()) and service.started and not service.stopping.is_set()


async def run_checks(checks: dict[str, Check]) -> dict[str, bool]:
    """Return each check's outcome; one that raises or takes too long has failed."""

    async def outcome(name: str) -> bool:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S):
                return await checks[name]()
        except Exception as error:
            log.warning("readiness_check_failed", check=name, error=type(error).__name__)
            return False

    names = list(checks)
    return dict(zip(names, await asyncio.gather(*map(outcome, names)), strict=True))
