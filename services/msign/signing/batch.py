"""How does a batch get signed once the key is open?

Every signature is stored as it is made: progress can be seen from outside, and a second try, after a timestamp that
could not be had or for the next PIN entry, goes on where the first one stopped. One document is in memory at a time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from cryptography.hazmat.primitives.serialization import Encoding

from services.msign.instruments.instrument import OpenKey
from services.msign.signing.aside import sign_aside
from services.msign.summary import RequestSummary
from shared.contract.models import ContentType, SignResult, SignStatus
from shared.errors import Malformed
from shared.signatures.keys import SigningKey
from shared.signatures.pades.sign import sign_pdf
from shared.signatures.timestamps import Timestamper
from shared.signatures.xades.sign import sign_hash


class Batch(Protocol):
    """Where the documents of requests are kept, and the signatures of those that are still pending."""

    async def content(self, request_id: str, position: int) -> bytes | None:
        """Return one content, the digest bytes or the PDF file; None when there is no such one (any more)."""

    async def signers(self, request_id: str) -> Mapping[int, bytes]:
        """Return who signed what so far: certificates by the content's position."""

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


async def sign_batch(request: RequestSummary, opened: OpenKey, timestamper: Timestamper, batch: Batch) -> Outcome:
    """Sign, in order, every content that has no signature yet, or only the next one where each needs its own PIN.

    One that cannot be signed is a Failure. Raises `Transient` when no timestamp can be had: nothing is decided then,
    and the user may try again.
    """
    certificate = opened.key.certificate.public_bytes(Encoding.DER)
    signers = await batch.signers(request.request_id)
    if any(signer != certificate for signer in signers.values()):
        await batch.drop_results(request.request_id)
        signers = {}
    signed = len(signers)
    for position, document in enumerate(request.documents):
        if position in signers:
            continue
        content = await batch.content(request.request_id, position)
        if content is None:
            break
        try:
            signature = await _sign(request, content, opened.key, timestamper)
        except Malformed:
            return Outcome(SignStatus.FAILURE, signed, "signing_failed")
        result = SignResult(correlation_id=document.correlation_id, certificate=certificate, signature=signature)
        if not await batch.add_result(request.request_id, position, result):
            break
        signed += 1
        if opened.pin_per_document:
            break
    complete = signed == len(request.documents)
    return Outcome(SignStatus.SUCCESS if complete else SignStatus.PENDING, signed)


async def _sign(request: RequestSummary, content: bytes, key: SigningKey, timestamper: Timestamper) -> bytes:
    signed_at = datetime.now(UTC).replace(microsecond=0)
    if request.content_type is ContentType.HASH:
        work = partial(sign_hash, content, signed_at=signed_at)
    else:
        work = partial(sign_pdf, content, reason=request.signature_reason, signed_at=signed_at)
    return await sign_aside(work, key, timestamper)
