"""Which proofs let a signed PDF file be verified after its certificates have ended, and how do they get in?

PAdES-B-LT: certificates, OCSP answers and revocation lists in a security store (EN 319 142-1, 5.4.2; ISO 32000-2,
12.8.4.3), added by an incremental update behind the signature.
"""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asn1crypto import crl, ocsp
from pyhanko.sign.validation.dss import DocumentSecurityStore

from shared.errors import Transient
from shared.signatures.cms import unsigned_values
from shared.signatures.embedded import evidence_of
from shared.signatures.evidence import NOTHING, Evidence, Wanted
from shared.signatures.gathering import gather
from shared.signatures.pades.opening import open_pdf
from shared.signatures.pades.verify import judge_pdf

if TYPE_CHECKING:
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

    from shared.signatures.fetching import Fetcher
    from shared.signatures.trust import TrustAnchors

MAX_ROUNDS = 4


class ProofsMissing(Transient):
    """The status of a certificate could not be had; a later attempt may succeed."""


@dataclass(frozen=True, slots=True)
class Proofs:
    """Where proofs come from: paths lead to `anchors`, and `fetcher` brings what is known of their certificates."""

    anchors: TrustAnchors
    fetcher: Fetcher

    async def added_to(self, signed: bytes) -> bytes:
        """The signed file with a security store for its last signature and that one's timestamp.

        Raises `ProofsMissing` when the status of a certificate on the way to an anchor cannot be had.
        """
        last = open_pdf(signed).embedded_signatures[-1]
        known = _carried(last) | await self._fetched(signed)
        return await asyncio.to_thread(_with_store, signed, last, known)

    async def _fetched(self, signed: bytes) -> Evidence:
        found, asked = NOTHING, set[Wanted]()
        for _ in range(MAX_ROUNDS):
            report = await asyncio.to_thread(judge_pdf, signed, self.anchors.knowing(found))
            wanted = report.signatures[-1].wanted - asked
            if not wanted:
                break
            asked |= wanted
            found |= await gather(wanted, self.fetcher)
        if not all(one.known for one in report.signatures[-1].wanted):
            raise ProofsMissing("the status of a certificate cannot be had, so the signature would not last")
        return found


def _carried(signature: EmbeddedPdfSignature) -> Evidence:
    """The certificates of the signature and of its timestamp."""
    together = evidence_of(signature.signed_data)
    for token in unsigned_values(signature.signer_info, "signature_time_stamp_token"):
        together |= evidence_of(token["content"])
    return together


def _with_store(signed: bytes, signature: EmbeddedPdfSignature, known: Evidence) -> bytes:
    output = io.BytesIO(signed)
    DocumentSecurityStore.add_dss(
        output,
        signature.pkcs7_content,
        certs=known.certificates,
        ocsps=[ocsp.OCSPResponse.load(one) for one in known.ocsp],
        crls=[crl.CertificateList.load(one) for one in known.crls],
        strict=False,
    )
    return output.getvalue()
