"""How do the provider's parts come together? The composition root."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from services.msign import metrics
from services.msign.consumers import Consumers
from services.msign.development import serve_development_api
from services.msign.handlers import MSign
from services.msign.instruments.guesses import Guesses
from services.msign.judging import open_judges, read_anchors
from services.msign.requests import MIGRATIONS, RequestStore
from services.msign.retention import purge_for_ever
from services.msign.settings import MSignSettings
from services.msign.signing.claims import StoredClaims
from services.msign.soap.caller import watched_server_context
from services.msign.soap.endpoint import Endpoint, create_api_app
from services.msign.watching import count_for_ever
from services.msign.web import serve_web
from shared.lifecycle import Service, serve_http
from shared.persistence.migrate import migrate
from shared.persistence.pool import answers, open_pool
from shared.settings import stop_with
from shared.telemetry.certificates import watched_end
from shared.telemetry.process import show_build


@asynccontextmanager
async def start(settings: MSignSettings, service: Service) -> AsyncIterator[None]:
    """Run the API, the pages and the PKI services until the block ends."""
    anchors = read_anchors(settings.trust_dir, settings.policy_file)
    show_build(metrics.BUILD_INFO, service.name)
    metrics.CERTIFICATE_NOT_AFTER.labels("server").set_function(watched_end(settings.api_cert))
    tls = watched_server_context(cert=settings.api_cert, key=settings.api_key, consumers_ca=settings.consumers_ca)
    database = settings.follow("msign_database_url")
    await migrate(database(), MIGRATIONS)
    async with (
        open_pool(database) as pool,
        open_judges(anchors, processes=settings.verify_processes, log_level=settings.log_level) as judges,
    ):
        service.ready_when("database", lambda: answers(pool))
        requests = RequestStore(pool)
        consumers = Consumers(pool)
        kept_for = timedelta(hours=settings.request_retention_hours)
        leftovers = (StoredClaims(pool), Guesses(pool))
        service.spawn(purge_for_ever(requests, leftovers, kept_for), "retention")
        service.spawn(count_for_ever(requests), "counting")
        request_ttl = timedelta(hours=settings.request_ttl_hours)
        msign = MSign(requests, judges.verifier, request_ttl=request_ttl, verifying_at_once=judges.at_once)
        api = create_api_app(Endpoint(msign, consumers, url=settings.api_url), max_body_bytes=settings.max_body_bytes)
        async with (
            development_mode(settings, msign, consumers),
            serve_http(api, host=settings.api_host, port=settings.api_port, ssl_context=tls),
            serve_web(settings, pool, requests, judges, api_url=settings.endpoint),
        ):
            yield


@asynccontextmanager
async def development_mode(settings: MSignSettings, msign: MSign, consumers: Consumers) -> AsyncIterator[None]:
    """Serve the API without TLS as well if the settings ask for it; an unknown system's name stops the start."""
    port, name = settings.api_development_port, settings.api_development_consumer
    if port is None or name is None:
        yield
        return
    everybody = await consumers.named(name)
    if everybody is None:
        stop_with(["API_DEVELOPMENT_CONSUMER: no system of this name has an active certificate"])
    endpoint = Endpoint(msign, consumers, everybody=everybody)
    async with serve_development_api(endpoint, everybody, port=port, max_body_bytes=settings.max_body_bytes):
        yield
