"""What does VerifySignatures answer for one content?

The judgement is `shared.signatures`'; here it becomes the contract's result and a sentence for people.
"""

from services.msign.messages import verdict_message
from services.msign.metrics import VERDICTS
from shared.contract.models import (
    ContentType,
    Language,
    VerificationCertificate,
    VerificationContent,
    VerificationResult,
)
from shared.errors import Malformed
from shared.signatures.verdict import (
    Coverage,
    Integrity,
    NoSignature,
    Report,
    SignatureVerdict,
    TimestampStatus,
    Trust,
)
from shared.signatures.verify import Verifier

_TRUST_MESSAGES = {Trust.REVOKED: "revoked", Trust.EXPIRED: "expired_certificate"}


async def verify_content(
    content_type: ContentType, content: VerificationContent, verifier: Verifier, language: Language
) -> VerificationResult:
    """Judge one content; what cannot be read is an invalid result, never an error."""
    try:
        report = await _report(content_type, content, verifier)
    except NoSignature:
        result, verdict = _refused(content, verdict_message(language, "no_signature")), "refused"
    except Malformed:
        result, verdict = _refused(content, verdict_message(language, "unreadable")), "refused"
    else:
        result, verdict = result_of(content, report, language), "valid" if report.valid else "invalid"
    VERDICTS.labels(content_type.value, verdict).inc()
    return result


async def _report(content_type: ContentType, content: VerificationContent, verifier: Verifier) -> Report:
    if content_type is ContentType.PDF:
        return await verifier.pdf(content.signature)
    return await verifier.hash_signature(content.signature, content.content)


def _refused(content: VerificationContent, message: str) -> VerificationResult:
    return VerificationResult(message=message, signatures_valid=False, correlation_id=content.correlation_id)


def result_of(content: VerificationContent, report: Report, language: Language) -> VerificationResult:
    """The contract's result for a report; the message is that of the first signature that is not valid."""
    return VerificationResult(
        message=verdict_message(language, message_key(report)),
        signatures_valid=report.valid,
        correlation_id=content.correlation_id,
        certificates=tuple(
            VerificationCertificate(
                certificate=one.certificate,
                signature_valid=one.valid,
                subject=one.subject,
                signed_at=one.signed_at if one.timestamp is TimestampStatus.PASSED else None,
            )
            for one in report.signatures
            if one.certificate is not None
        ),
    )


def message_key(report: Report) -> str:
    """Which sentence tells best what is wrong."""
    if report.valid:
        return "valid"
    if not report.signatures:
        return "unreadable"
    wrong = next((one for one in report.signatures if not one.valid), None)
    return "broken" if wrong is None else _why(wrong)


def _why(verdict: SignatureVerdict) -> str:
    found = (
        (verdict.integrity is Integrity.FAILED, "broken"),
        (verdict.coverage is not Coverage.WHOLE, "altered"),
        (verdict.timestamp is TimestampStatus.FAILED, "timestamp"),
        (verdict.refused, "weak"),
    )
    return next((key for wrong, key in found if wrong), _TRUST_MESSAGES.get(verdict.trust, "untrusted"))
