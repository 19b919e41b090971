"""What do the three operations of the API do?

On the contract's dataclasses and without SOAP: who calls is known, what breaks a rule is a fault of the contract.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta

import structlog

from services.msign.consumers import Consumer
from services.msign.documents import document_problems
from services.msign.requests import RequestStore
from services.msign.responses import StoredResponse
from services.msign.verification import verify_content
from shared.contract.faults import InvalidParameter
from shared.contract.limits import (
    Problem,
    language_problems,
    sign_request_problems,
    verification_request_problems,
)
from shared.contract.models import (
    Language,
    SignRequest,
    VerificationContent,
    VerificationRequest,
    VerificationResponse,
    VerificationResult,
)
from shared.shares import Shares
from shared.signatures.verify import Verifier

MAX_PROBLEMS_TOLD = 5

log = structlog.get_logger(__name__)


class MSign:
    """The provider's operations (contract section 1)."""

    def __init__(
        self, requests: RequestStore, verifier: Verifier, *, request_ttl: timedelta, verifying_at_once: int = 2
    ) -> None:
        self._requests = requests
        self._verifier = verifier
        self._request_ttl = request_ttl
        self._turns = Shares(verifying_at_once, each=verifying_at_once, line=sys.maxsize, wait_s=None)

    async def post_sign_request(self, consumer: Consumer, request: SignRequest) -> str:
        """Store a request for signing; returns its RequestID. Raises `InvalidParameter`."""
        refuse(sign_request_problems(request))
        refuse(await document_problems(request, self._verifier.run))
        request_id = await self._requests.create(consumer.id, request, datetime.now(UTC) + self._request_ttl)
        log.info("sign_request_posted", consumer=consumer.name, request_id=request_id, contents=len(request.contents))
        return request_id

    async def get_sign_response(self, consumer: Consumer, request_id: str, language: str | None) -> StoredResponse:
        """Tell what became of a request. Raises `InvalidParameter`, `RequestNotFound`, `AuthorizationFailed`."""
        refuse(language_problems(language))
        return await self._requests.response(request_id, consumer.id, Language(language or Language.RO))

    async def verify_signatures(self, consumer: Consumer, request: VerificationRequest) -> VerificationResponse:
        """Judge every content, a few at once whoever asks, and in turns of the systems. Raises `InvalidParameter`."""
        refuse(verification_request_problems(request))
        language = Language(request.language or Language.RO)

        async def verified(content: VerificationContent) -> VerificationResult:
            async with self._turns.taken(consumer.name):
                return await verify_content(request.signed_content_type, content, self._verifier, language)

        results = await asyncio.gather(*map(verified, request.contents))
        log.info("signatures_verified", consumer=consumer.name, contents=len(results))
        return VerificationResponse(results=tuple(results))


def refuse(problems: tuple[Problem, ...]) -> None:
    """Raise `InvalidParameter` that names the first few problems, if there are any."""
    if problems:
        told = "; ".join(map(str, problems[:MAX_PROBLEMS_TOLD]))
        more = len(problems) - MAX_PROBLEMS_TOLD
        raise InvalidParameter(f"{told}; and {more} more" if more > 0 else told)
