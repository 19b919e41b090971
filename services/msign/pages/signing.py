"""How does a batch get signed once the key is open?"""

from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.hazmat.primitives.serialization import Encoding

from shared.contract.models import ContentType, ExpectedSigner, SignContent, SignRequest, SignResult, SignStatus
from shared.errors import Malformed
from shared.signatures.certificates import personal_number
from shared.signatures.keys import SigningKey
from shared.signatures.pades.sign import sign_pdf
from shared.signatures.timestamps import Timestamper
from shared.signatures.xades.sign import sign_hash


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `finish` is told: with a Failure come the results of what was signed before it."""

    status: SignStatus
    reason: str | None
    results: tuple[SignResult, ...]


def is_expected(expected: ExpectedSigner | None, key: SigningKey) -> bool:
    """Tell whether the key's certificate is the expected signer's (contract: the IDNP must match)."""
    return expected is None or personal_number(key.certificate) == expected.id


async def sign_batch(request: SignRequest, key: SigningKey, timestamper: Timestamper) -> Outcome:
    """Sign every content, in order; one that cannot be signed fails the request.

    Raises `Transient` when no timestamp can be had: nothing is decided then, and the user may try again.
    """
    certificate = key.certificate.public_bytes(Encoding.DER)
    results: list[SignResult] = []
    for content in request.contents:
        try:
            signature = await _sign(request, content, key, timestamper)
        except Malformed:
            return Outcome(SignStatus.FAILURE, "signing_failed", tuple(results))
        results.append(SignResult(correlation_id=content.correlation_id, certificate=certificate, signature=signature))
    return Outcome(SignStatus.SUCCESS, None, tuple(results))


async def _sign(request: SignRequest, content: SignContent, key: SigningKey, timestamper: Timestamper) -> bytes:
    signed_at = datetime.now(UTC).replace(microsecond=0)
    if request.content_type is ContentType.HASH:
        return await sign_hash(content.content, key, timestamper, signed_at=signed_at)
    return await sign_pdf(content.content, key, timestamper, reason=request.signature_reason, signed_at=signed_at)
