"""What do operators see of the provider as a whole? Its open requests, and when its certificates end."""

import asyncio
import time
from typing import Protocol

import structlog
from cryptography import x509

from services.msign import metrics
from services.msign.pki.plan import ISSUING, ROOT, TLS_CA, TSA
from shared.persistence.pool import DATABASE_ERRORS

EVERY_S = 15.0
WITHIN_S = 10.0
CERTIFICATES = {"root_ca": ROOT, "issuing_ca": ISSUING, "tls_ca": TLS_CA, "tsa": TSA, "ocsp": f"ocsp-{ISSUING}"}
"""The label of a certificate in the metrics, and in the infrastructure's plan."""

log = structlog.get_logger(__name__)


class Certificates(Protocol):
    """Where the certificates are."""

    def certificate(self, label: str) -> x509.Certificate:
        """Return a certificate."""


class OpenRequests(Protocol):
    """Where the requests are."""

    async def count_open(self) -> tuple[int, int]:
        """Return how many requests are pending, and how many have expired without an outcome."""


def show_certificates(certificates: Certificates) -> None:
    """Tell when each certificate of the infrastructure ends."""
    for name, label in CERTIFICATES.items():
        end = certificates.certificate(label).not_valid_after_utc.timestamp()
        metrics.CERTIFICATE_NOT_AFTER.labels(name).set(end)


async def count_for_ever(requests: OpenRequests) -> None:
    """Count the open requests every 15 seconds until cancelled; without a database, they stay what they were."""
    while True:
        try:
            async with asyncio.timeout(WITHIN_S):
                await count(requests)
        except (*DATABASE_ERRORS, TimeoutError) as error:
            log.warning("requests_not_counted", error=type(error).__name__)
        await asyncio.sleep(EVERY_S)


async def count(requests: OpenRequests) -> None:
    """Count the open requests once."""
    pending, expired = await requests.count_open()
    metrics.REQUESTS.labels("pending").set(pending)
    metrics.REQUESTS.labels("expired").set(expired)
    metrics.REQUESTS_READ_TIMESTAMP.set(time.time())
