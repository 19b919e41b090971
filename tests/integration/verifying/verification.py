"""What tests of the verifier say and ask: commands, and an MSign that judges as the test says."""

import asyncio
import base64
from datetime import UTC, datetime
from typing import Any

from shared.contract.client import Documents
from shared.contract.models import (
    VerificationCertificate,
    VerificationRequest,
    VerificationResponse,
    VerificationResult,
)
from shared.messaging.intake import Delivery
from tests.gateway import DIGEST, delivery, events_of, with_documents
from tests.pki import IDNP

INLINE_BYTES = 4096
BATCH = 4

SIGNED_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
XADES = b"<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'/>"


class VerifyingMSign:
    """Says that every signature is good, or what is put in place of that.

    Signatures of `poison` break any call; a call for less than a whole batch waits for `holds`.
    """

    def __init__(self) -> None:
        self.requests: list[VerificationRequest] = []
        self.answers: list[VerificationResponse | Exception] = []
        self.poison: dict[bytes, Exception] = {}
        self.holds: asyncio.Event | None = None

    async def verify_signatures(
        self, request: VerificationRequest, documents: Documents | None = None
    ) -> VerificationResponse:
        request = await with_documents(request, documents)
        self.requests.append(request)
        if self.holds and len(request.contents) < BATCH:
            await self.holds.wait()
        for content in request.contents:
            if content.signature in self.poison:
                raise self.poison[content.signature]
        if not self.answers:
            return VerificationResponse(results=tuple(good(item.correlation_id) for item in request.contents))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def good(correlation_id, **changes):
    certificate = VerificationCertificate(
        certificate=b"DER",
        signature_valid=True,
        subject=f"SERIALNUMBER={IDNP}, CN=Ion Creangă",
        signed_at=SIGNED_AT,
    )
    values: dict[str, Any] = {
        "message": "Semnătura este validă",
        "signatures_valid": True,
        "certificates": (certificate,),
    }
    return VerificationResult(correlation_id=correlation_id, **values | changes)


def item(signature=XADES, content=DIGEST, **changes):
    signature = {} if signature is None else {"signature": base64.b64encode(signature).decode()}
    content = {} if content is None else {"content": base64.b64encode(content).decode()}
    return signature | content | changes


def command(*items, **changes):
    data = {"content_type": "Hash", "contents": list(items or (item(correlation_id="1"),))} | changes
    sent = delivery(data, id="command-1", type="msign.verification.request.v1")
    return Delivery(sent.body, "verification.request.declaratii", sent.user_id, None)


async def only_event(pool, event_type):
    (event,) = await events_of(pool)
    assert event["type"] == event_type
    assert (event["source"], event["sequence"]) == ("/services/verifier", 1)
    assert event["data"]["command_id"] == "command-1"
    return event["data"]
