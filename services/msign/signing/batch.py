"""How does a batch get signed once the key is open?

Every signature is stored as it is made: progress can be seen from outside, and a second try, after a timestamp that
could not be had or for the next PIN entry, goes on where the first one stopped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from cryptography.hazmat.primitives.serialization import Encoding

from services.msign.instruments.instrument import OpenKey
from shared.contract.models import ContentType, SignContent, SignRequest, SignResult, SignStatus
from shared.errors import Malformed
from shared.signatures.keys import SigningKey
from shared.signatures.pades.sign import sign_pdf
from shared.signatures.timestamps import Timestamper
from shared.signatures.xades.sign import sign_hash


class Results(Protocol):
    """Where the signatures of requests that are still pending are kept."""

    async def results(self, request_id: str) -> Mapping[int, SignResult]:
        """Return what is signed so far, by the content's position."""

    async def add_result(self, request_id: str, position: int, result: SignResult) -> bool:
        """Store one signature; False when the request is not pending any more."""

    async def drop_results(self, request_id: str) -> None:
        """Forget the signatures of a pending request: another signer begins."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far the batch has come: a status that is not Pending is to be made known with its reason."""

    status: SignStatus
    signed: int
    reason: str | None = None


async def sign_batch(
    request_id: str, request: SignRequest, opened: OpenKey, timestamper: Timestamper, results: Results
) -> Outcome:
    """Sign, in order, every content that has no signature yet, or only the next one where each needs its own PIN.

    One that cannot be signed is a Failure. Raises `Transient` when no timestamp can be had: nothing is decided then,
    and the user may try again.
    """
    certificate = opened.key.certificate.public_bytes(Encoding.DER)
    signed = dict(await results.results(request_id))
    if any(result.certificate != certificate for result in signed.values()):
        await results.drop_results(request_id)
        signed.clear()
    for position, content in enumerate(request.contents):
        if position in signed:
            continue
        try:
            signature = await _sign(request, content, opened.key, timestamper)
        except Malformed:
            return Outcome(SignStatus.FAILURE, len(signed), "signing_failed")
        result = SignResult(correlation_id=content.correlation_id, certificate=certificate, signature=signature)
        if not await results.add_result(request_id, position, result):
            break
        signed[position] = result
        if opened.pin_per_document:
            break
    complete = len(signed) == len(request.contents)
    return Outcome(SignStatus.SUCCESS if complete else SignStatus.PENDING, len(signed))


async def _sign(request: SignRequest, content: SignContent, key: SigningKey, timestamper: Timestamper) -> bytes:
    signed_at = datetime.now(UTC).replace(microsecond=0)
    if request.content_type is ContentType.HASH:
        return await sign_hash(content.content, key, timestamper, signed_at=signed_at)
    return await sign_pdf(content.content, key, timestamper, reason=request.signature_reason, signed_at=signed_at)
