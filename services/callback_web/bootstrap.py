"""How are the parts of `callback_web` put together?

Told to stop, it takes no more browsers; those who are waiting, and what is collected for them, get `DRAIN_S` seconds.
What is not done by then is the poller's.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from services.callback_web.handlers import Pages, create_app
from services.callback_web.returning import Returning
from services.callback_web.settings import Settings
from shared.keys import Keyring
from shared.lifecycle import Service, serve_http
from shared.signing.collect import Collector, Policy
from shared.signing.gateway import open_gateway
from shared.signing.links import Links
from shared.signing.rehearsal import rehearse
from shared.signing.states import Kind
from shared.telemetry import jobs as telling

NAME = "callback_web"
CLOSE_S = 1.0
"""How long answers may still be on their way out after the drain."""


@asynccontextmanager
async def start(settings: Settings, service: Service) -> AsyncIterator[None]:
    """Run the public port."""
    links = Links(Keyring.following(settings.follow("link_secret")), settings.public_url)
    telling.begin(Kind.SIGN)
    async with open_gateway(settings, service) as gateway:
        policy = Policy(timedelta(minutes=settings.sign_grace_minutes), settings.inline_bytes)
        collector = Collector(
            gateway.pool, gateway.client, gateway.breaker, source=NAME, policy=policy, taker=gateway.taker
        )
        returning = Returning(gateway.pool, gateway.notices, collector)
        pages = Pages(gateway.pool, links, returning, frontend_url=settings.msign_frontend_url)
        app = create_app(pages)
        await rehearse()
        try:
            async with serve_http(app, host=settings.http_host, port=settings.http_port, drain_s=CLOSE_S) as port:
                service.on_drain(port.drain)
                service.on_drain(returning.stop)
                yield
        finally:
            await returning.abandon()
