"""What does an answer of VerifySignatures mean for each content of a job?"""

import base64
from collections.abc import Iterable

from shared.contract.models import VerificationResult
from shared.messaging.events import CertificateData, VerdictData
from shared.persistence.job import JobContent
from shared.signing.requests import msign_id

Verdicts = dict[int, VerdictData]


def verdicts_of(items: Iterable[JobContent], results: Iterable[VerificationResult]) -> Verdicts:
    """Return MSign's verdicts by the position of their content; contents that MSign says nothing of are left out."""
    by_id = {result.correlation_id: result for result in results}
    return {
        item.position: _verdict(item, result) for item in items if (result := by_id.get(msign_id(item))) is not None
    }


def not_judged(item: JobContent, message: str) -> VerdictData:
    """Return the verdict on a signature that MSign will not or cannot judge: not valid, and why."""
    return VerdictData(correlation_id=item.correlation_id, valid=False, message=message)


def _verdict(item: JobContent, result: VerificationResult) -> VerdictData:
    return VerdictData(
        correlation_id=item.correlation_id,
        valid=result.signatures_valid,
        message=result.message,
        certificates=tuple(
            CertificateData(
                subject=certificate.subject,
                valid=certificate.signature_valid,
                signed_at=certificate.signed_at,
                certificate=base64.b64encode(certificate.certificate).decode(),
            )
            for certificate in result.certificates
        ),
    )
