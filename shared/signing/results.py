"""What does a SignResponse mean for the job? Nothing yet, or a final outcome with checked results.

Rule 7: before `Success` goes out, each signature covers the content that was sent, and its certificate is the
expected signer's; else the status is Failure with the reason. Everything here is pure (and heavy: run it in a thread).
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from shared.contract.models import ContentType, SignResponse, SignResult, SignStatus
from shared.messaging.events import CheckedData, ReasonCode, ResultData, SignerData
from shared.signatures.binding import SentFile, bind
from shared.signatures.certificates import display_subject, personal_number
from shared.signatures.pades.source import Source
from shared.spool import Spool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One content as it was posted: `msign_id` is the CorrelationID towards MSign, the other is the system's own."""

    msign_id: str
    correlation_id: str | None
    content: bytes | SentFile


@dataclass(frozen=True, slots=True)
class _Checked:
    result: ResultData
    signature: bytes | Spool = b""
    begins_with: SentFile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The final word on a sign job; `signatures` are those of its results, which do not hold them yet.

    `begins_with` are the files that were sent, for those signatures that begin with one.
    """

    status: SignStatus
    reason: ReasonCode | None = None
    message: str | None = None
    results: tuple[ResultData, ...] = ()
    signatures: tuple[bytes | Spool, ...] = ()
    begins_with: tuple[SentFile | None, ...] = ()


SMALL_BYTES = 64 * 1024
"""Up to which size a signature stands in the event, however its content came: fetching it would cost more."""

_DECLINED_WORDS = ("anula", "refuz", "renun", "отмен", "отказ", "cancel", "declin", "refus")


def judge(
    response: SignResponse, *, content_type: ContentType, sent: Sequence[Sent], expected_id: str | None
) -> Outcome | None:
    """Return the outcome, or None while MSign says Pending."""
    if response.status is SignStatus.PENDING:
        return None
    if response.status is SignStatus.EXPIRED:
        return Outcome(status=SignStatus.EXPIRED, reason="expired", message=response.message)
    checked = _check(response.results, content_type, sent, expected_id)
    results = tuple(one.result for one in checked)
    if response.status is SignStatus.FAILURE:
        reason: ReasonCode | None = "declined" if is_declined(response.message) else "provider_failure"
    else:
        reason = _mismatch(results)
    status = SignStatus.SUCCESS if reason is None else SignStatus.FAILURE
    return Outcome(
        status=status,
        reason=reason,
        message=response.message,
        results=results,
        signatures=tuple(one.signature for one in checked),
        begins_with=tuple(one.begins_with for one in checked),
    )


def told_by_reference(sizes: Sequence[int], *, by_reference: bool, inline_bytes: int) -> tuple[bool, ...]:
    """Tell of which signatures, of these sizes in bytes, an event gives only the references.

    Of all of them where they are more than `inline_bytes` together; and of those that are more than `SMALL_BYTES` where
    the contents came `by_reference`: their system fetches them piece by piece, and here they need not be in memory.
    """
    if sum(sizes) > inline_bytes:
        return (True,) * len(sizes)
    return tuple(by_reference and size > SMALL_BYTES for size in sizes)


def is_declined(message: str | None) -> bool:
    """Tell whether a Failure's message says that the user declined; the contract has no code for it."""
    text = (message or "").lower()
    return any(word in text for word in _DECLINED_WORDS)


def _mismatch(results: Sequence[ResultData]) -> ReasonCode | None:
    if not all(result.checked.covers_content for result in results):
        return "content_mismatch"
    if any(result.checked.expected_signer is False for result in results):
        return "signer_mismatch"
    return None


def _check(
    results: Sequence[SignResult], content_type: ContentType, sent: Sequence[Sent], expected_id: str | None
) -> list[_Checked]:
    """Return one checked result for each content that was sent, in order."""
    by_id = {result.correlation_id: result for result in results}
    return [_checked(by_id.get(item.msign_id, SignResult()), content_type, item, expected_id) for item in sent]


def _checked(result: SignResult, content_type: ContentType, sent: Sent, expected_id: str | None) -> _Checked:
    held = result.held
    if not held:
        nothing = CheckedData(covers_content=None, expected_signer=None)
        return _Checked(ResultData(correlation_id=sent.correlation_id, checked=nothing))
    bound = bind(content_type, sent.content, _readable(content_type, held))
    signer = bound.signer
    told = ResultData(
        correlation_id=sent.correlation_id,
        certificate=_certificate(result, signer),
        sha256=held.digest.hex() if isinstance(held, Spool) else hashlib.sha256(held).hexdigest(),
        signer=None if signer is None else SignerData(subject=display_subject(signer), id=personal_number(signer)),
        checked=CheckedData(
            covers_content=bound.covers,
            expected_signer=None
            if expected_id is None
            else signer is not None and personal_number(signer) == expected_id,
        ),
    )
    return _Checked(told, held, sent.content if bound.continues and isinstance(sent.content, SentFile) else None)


def _readable(content_type: ContentType, held: bytes | Spool) -> bytes | Source:
    if isinstance(held, bytes):
        return held
    return Source(held.file.fileno(), held.size, held.states) if content_type is ContentType.PDF else held.read()


def _certificate(result: SignResult, signer: x509.Certificate | None) -> str | None:
    if result.certificate:
        return base64.b64encode(result.certificate).decode()
    if signer is None:
        return None
    return base64.b64encode(signer.public_bytes(Encoding.DER)).decode()
