"""An MSign that keeps everything in memory and signs for real when it is told to: `python -m tests.chaos.msign PORT`.

The SOAP endpoint is the provider's own. `POST /control/{request_id}/sign` and `…/cancel` do what a user does on the
Sign Page; `GET /control` tells how many requests were posted.
"""

import asyncio
import secrets
import sys
from dataclasses import dataclass

from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding

from services.msign.consumers import Consumer
from services.msign.messages import outcome_message
from services.msign.soap.endpoint import Endpoint, create_api_app
from shared.contract.faults import RequestNotFound
from shared.contract.models import (
    Language,
    SignRequest,
    SignResponse,
    SignResult,
    SignStatus,
    VerificationRequest,
    VerificationResponse,
    VerificationResult,
)
from shared.lifecycle.http import serve_http
from shared.signatures.xades.sign import sign_hash
from shared.telemetry.logging import configure_logging
from tests.pki import TestPki, now_utc

ANYBODY = Consumer(id=1, name="chaos")
MAX_BODY_BYTES = 64 << 20


@dataclass(slots=True)
class Asked:
    """A request, and what its user decided."""

    request: SignRequest
    response: SignResponse


class MemoryMSign:
    """The three operations."""

    def __init__(self) -> None:
        self.asked: dict[str, Asked] = {}
        self._pki = TestPki.make()
        self._certificate = self._pki.signer.certificate.public_bytes(Encoding.DER)

    async def post_sign_request(self, consumer: Consumer, request: SignRequest) -> str:
        """Keep the request."""
        request_id = secrets.token_hex(16)
        self.asked[request_id] = Asked(request, SignResponse(status=SignStatus.PENDING))
        return request_id

    async def get_sign_response(self, consumer: Consumer, request_id: str, language: str | None) -> SignResponse:
        """Tell what became of a request."""
        if request_id not in self.asked:
            raise RequestNotFound(f"There is no sign request {request_id}")
        return self.asked[request_id].response

    async def verify_signatures(self, consumer: Consumer, request: VerificationRequest) -> VerificationResponse:
        """Find everything valid."""
        results = tuple(
            VerificationResult(message="valid", signatures_valid=True, correlation_id=one.correlation_id)
            for one in request.contents
        )
        return VerificationResponse(results=results)

    async def sign(self, request_id: str) -> None:
        """Sign everything, as a user would."""
        asked = self.asked[request_id]
        if asked.response.status is not SignStatus.PENDING:
            return
        results = [
            SignResult(
                correlation_id=one.correlation_id,
                certificate=self._certificate,
                signature=await sign_hash(one.content, self._pki.signer, self._pki.timestamper, signed_at=now_utc()),
            )
            for one in asked.request.contents
        ]
        asked.response = SignResponse(status=SignStatus.SUCCESS, results=tuple(results))

    def cancel(self, request_id: str) -> None:
        """Decline."""
        message = outcome_message(Language.RO, "declined")
        self.asked[request_id].response = SignResponse(status=SignStatus.FAILURE, message=message)


def create_app(msign: MemoryMSign) -> web.Application:
    """The SOAP endpoint for anybody, and the control routes."""

    async def control(request: web.Request) -> web.Response:
        if request.match_info["what"] == "sign":
            await msign.sign(request.match_info["request_id"])
        else:
            msign.cancel(request.match_info["request_id"])
        return web.Response()

    async def count(_: web.Request) -> web.Response:
        return web.json_response({"posted": len(msign.asked)})

    endpoint = Endpoint(msign, None, everybody=ANYBODY)  # type: ignore[arg-type]
    app = create_api_app(endpoint, max_body_bytes=MAX_BODY_BYTES)
    app.add_routes([web.post("/control/{request_id}/{what:sign|cancel}", control), web.get("/control", count)])
    return app


async def serve(port: int) -> None:
    """Serve until killed."""
    async with serve_http(create_app(MemoryMSign()), host="127.0.0.1", port=port):
        await asyncio.Event().wait()


if __name__ == "__main__":
    configure_logging("msign", level="error")  # who stalls its callers must not drown in their broken connections
    asyncio.run(serve(int(sys.argv[1])))
