"""How are the parts of `sign_gateway` put together?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from services.sign_gateway.deadlines import sweep
from services.sign_gateway.handlers import NAME, SignPolicy, sign_intent
from services.sign_gateway.http import Api, create_app
from services.sign_gateway.measuring import measure_for_ever
from services.sign_gateway.posting import AtOnce, Poster
from services.sign_gateway.retention import purge_for_ever
from services.sign_gateway.settings import Settings
from services.sign_gateway.status.page import add_status
from shared.keys import Keyring
from shared.lifecycle import Service, serve_http
from shared.messaging.topology import SIGN_COMMANDS
from shared.persistence.notices import JOBS
from shared.signing.admission import Admission
from shared.signing.collect import COLLECT, Collector, Policy
from shared.signing.gateway import Gateway, open_gateway, open_intake
from shared.signing.links import Links
from shared.signing.rehearsal import rehearse
from shared.signing.states import Kind
from shared.signing.worker import Worker
from shared.systems import Systems
from shared.telemetry import jobs as telling

LOOK_EVERY_S = 1.0


@asynccontextmanager
async def start(settings: Settings, service: Service) -> AsyncIterator[None]:
    """Run intake, posting, polling, deadlines and the internal HTTP API."""
    systems = Systems(settings.systems_file)
    links = Links(Keyring.following(settings.follow("link_secret")), settings.public_url)
    telling.begin(Kind.SIGN)
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(open_gateway(settings, service))
        poster = Poster(gateway.pool, gateway.client, gateway.breaker, links, gateway.taker)
        posting, polling = _posting(settings, gateway, poster), _polling(settings, gateway)
        await rehearse()
        admission = _admission(settings, gateway, systems, AtOnce(poster, posting))
        await stack.enter_async_context(open_intake(settings, service, SIGN_COMMANDS, admission.handle))
        for drain in (posting.stop, polling.stop):
            service.on_drain(drain)
        service.spawn(posting.run(), "poster")
        service.spawn(polling.run(), "poller")
        service.spawn(sweep(gateway.pool), "sweep")
        service.spawn(purge_for_ever(gateway.pool, timedelta(days=settings.retention_days)), "retention")
        service.spawn(measure_for_ever(gateway.pool), "measuring")
        add_status(service, gateway.pool, gateway.connection, gateway.breaker)
        app = create_app(Api(gateway.pool, gateway.notices, links), systems)
        async with serve_http(app, host=settings.http_host, port=settings.http_port):
            yield


def _admission(settings: Settings, gateway: Gateway, systems: Systems, at_once: AtOnce) -> Admission:
    policy = SignPolicy(timedelta(hours=settings.sign_deadline_hours), settings.inline_bytes)
    return Admission(gateway.pool, systems, sign_intent(policy), at_once)


def _posting(settings: Settings, gateway: Gateway, poster: Poster) -> Worker:
    hint = gateway.notices.hint(JOBS, Kind.SIGN)
    return Worker(
        "post sign request",
        claim=poster.claim,
        work=poster.post,
        idle=lambda: hint.wait(at_most_s=LOOK_EVERY_S),
        breaker=gateway.breaker,
        concurrency=settings.post_concurrency,
        give_back=poster.give_back,
    )


def _polling(settings: Settings, gateway: Gateway) -> Worker:
    policy = Policy(timedelta(minutes=settings.sign_grace_minutes), settings.inline_bytes)
    collector = Collector(
        gateway.pool, gateway.client, gateway.breaker, source=NAME, policy=policy, taker=gateway.taker
    )
    return Worker(
        COLLECT,
        claim=collector.claim_due,
        work=collector.collect_claimed,
        idle=lambda: asyncio.sleep(LOOK_EVERY_S),
        breaker=gateway.breaker,
        concurrency=settings.poll_concurrency,
    )
