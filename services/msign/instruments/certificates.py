"""May the owner of a certificate sign with it now?"""

from datetime import UTC, datetime
from typing import Protocol

import aiohttp

from services.msign.instruments.instrument import Refusal, Refused
from shared.errors import Transient
from shared.signatures.certificates import to_asn1
from shared.signatures.keys import SigningKey
from shared.signatures.revocation import is_revoked
from shared.signatures.trust import TrustAnchors, judge_path
from shared.signatures.verdict import Trust


class CertificateCheck(Protocol):
    """Looks at a certificate before its key is used."""

    async def check(self, key: SigningKey) -> None:
        """Raise `Refused` when the certificate is not good for signing now."""


class LiveCheck:
    """Validity, the way up to our anchors, and the issuer's revocation list as it is served."""

    def __init__(self, anchors: TrustAnchors, session: aiohttp.ClientSession) -> None:
        self._anchors = anchors
        self._session = session

    async def check(self, key: SigningKey) -> None:
        """Raise `Refused` when the certificate is not good for signing now."""
        now = datetime.now(UTC)
        leaf = key.certificate
        if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
            raise Refused(Refusal.CERTIFICATE_EXPIRED)
        path = judge_path(to_asn1(leaf), map(to_asn1, key.chain), self._anchors, at=now)
        if path.trust is not Trust.TRUSTED or not key.chain:
            raise Refused(Refusal.CERTIFICATE_UNTRUSTED)
        try:
            revoked = await is_revoked(leaf, key.chain[0], self._session)
        except Transient as error:
            raise Refused(Refusal.STATUS_UNKNOWN) from error
        if revoked:
            raise Refused(Refusal.CERTIFICATE_REVOKED)
