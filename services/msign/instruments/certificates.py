"""May the owner of a certificate sign with it now?"""

from datetime import UTC, datetime
from typing import Protocol

from services.msign.instruments.instrument import Refusal, Refused
from shared.signatures.certificates import to_asn1
from shared.signatures.evidence import Evidence
from shared.signatures.fetching import Fetcher
from shared.signatures.keys import SigningKey
from shared.signatures.revocation import revocation_status
from shared.signatures.status import Status
from shared.signatures.trust import TrustAnchors, judge_path
from shared.signatures.verdict import Trust


class CertificateCheck(Protocol):
    """Looks at a certificate before its key is used."""

    async def check(self, key: SigningKey) -> None:
        """Raise `Refused` when the certificate is not good for signing now."""


class LiveCheck:
    """Validity, the way up to our anchors, and what its issuer tells of its status."""

    def __init__(self, anchors: TrustAnchors, fetcher: Fetcher) -> None:
        self._anchors = anchors
        self._fetcher = fetcher

    async def check(self, key: SigningKey) -> None:
        """Raise `Refused` when the certificate is not good for signing now."""
        now = datetime.now(UTC)
        leaf = key.certificate
        if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
            raise Refused(Refusal.CERTIFICATE_EXPIRED)
        path = judge_path(to_asn1(leaf), Evidence(tuple(map(to_asn1, key.chain))), self._anchors, at=now)
        if path.trust is not Trust.TRUSTED or not key.chain:
            raise Refused(Refusal.CERTIFICATE_UNTRUSTED)
        found = await revocation_status(to_asn1(leaf), to_asn1(key.chain[0]), self._fetcher, at=now)
        if found.status is Status.UNKNOWN:
            raise Refused(Refusal.STATUS_UNKNOWN)
        if found.status is Status.REVOKED:
            raise Refused(Refusal.CERTIFICATE_REVOKED)
