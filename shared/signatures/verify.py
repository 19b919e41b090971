"""Is this signature valid? The way in for everybody who asks: provider, verifier, command line."""

from __future__ import annotations

import asyncio

from shared.signatures.content import Digest, KnownContent, Original
from shared.signatures.fetching import NO_NETWORK, Fetcher
from shared.signatures.gathering import judged_online
from shared.signatures.pades.verify import judge_pdf
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import NoSignature, Report
from shared.signatures.xades.verify import judge_document

__all__ = ["Digest", "NoSignature", "Original", "Report", "verify_hash_signature", "verify_pdf"]


async def verify_hash_signature(
    signature: bytes, content: bytes | KnownContent | None, anchors: TrustAnchors, fetcher: Fetcher = NO_NETWORK
) -> Report:
    """Judge the XAdES signatures of a document.

    `content` given as bytes is the hash of VerificationContent.Content; a `Digest` names its algorithm, an `Original`
    is the content itself. Without it, only what the document holds can be judged. Revocation data and missing issuers
    come over the network only with a `fetcher`.

    Raises `NoSignature` where there is none, `Malformed` for input that is no XML or refused as such.
    """
    known = Digest(content) if isinstance(content, bytes) else content

    async def judge(anchors: TrustAnchors) -> Report:
        return await asyncio.to_thread(judge_document, signature, known, anchors)

    return await judged_online(judge, anchors, fetcher)


async def verify_pdf(signature: bytes, anchors: TrustAnchors, fetcher: Fetcher = NO_NETWORK) -> Report:
    """Judge every signature of a PDF file; `fetcher` as for `verify_hash_signature`.

    Raises `NoSignature` where there is none, `Malformed` for input that is no PDF, broken or encrypted.
    """

    async def judge(anchors: TrustAnchors) -> Report:
        return await asyncio.to_thread(judge_pdf, signature, anchors)

    return await judged_online(judge, anchors, fetcher)
