"""How are the parts of `verifier` put together?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from services.verifier.asking import Asking
from services.verifier.batches import Measure
from services.verifier.handlers import verification_intent
from services.verifier.settings import Settings
from services.verifier.verifying import Verifier
from shared.lifecycle import Service
from shared.messaging.topology import VERIFICATION_COMMANDS
from shared.persistence.notices import JOBS
from shared.signing.admission import Admission
from shared.signing.gateway import open_gateway, open_intake
from shared.signing.states import Kind
from shared.signing.worker import Worker
from shared.systems import Systems
from shared.telemetry import jobs as telling

LOOK_EVERY_S = 1.0


@asynccontextmanager
async def start(settings: Settings, service: Service) -> AsyncIterator[None]:
    """Run intake and verification."""
    systems = Systems(settings.systems_file)
    telling.begin(Kind.VERIFICATION)
    async with open_gateway(settings, service) as gateway:
        intent = verification_intent(settings.inline_bytes, timedelta(hours=settings.verify_deadline_hours))
        admission = Admission(gateway.pool, systems, intent)
        asking = Asking(
            gateway.pool, gateway.client, gateway.breaker,
            measure=Measure(settings.verify_batch_count, settings.verify_batch_bytes),
            at_once=settings.verify_concurrency,
        )  # fmt: skip
        verifier = Verifier(gateway.pool, asking, inline_bytes=settings.inline_bytes)
        hint = gateway.notices.hint(JOBS, Kind.VERIFICATION)
        worker = Worker(
            "verify signatures",
            claim=verifier.claim,
            work=verifier.verify,
            idle=lambda: hint.wait(at_most_s=LOOK_EVERY_S),
            breaker=gateway.breaker,
            concurrency=settings.verify_concurrency,
            give_back=verifier.give_back,
        )
        async with open_intake(settings, service, VERIFICATION_COMMANDS, admission.handle):
            service.on_drain(worker.stop)
            service.spawn(worker.run(), "verifying")
            yield
