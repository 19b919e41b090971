"""How do tests judge a signature of their own? In this process, without workers."""

from shared.signatures.content import KnownContent
from shared.signatures.fetching import NO_NETWORK, Fetcher
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import Report
from shared.signatures.verify import Verifier


async def verify_hash_signature(
    signature: bytes, content: bytes | KnownContent | None, anchors: TrustAnchors, fetcher: Fetcher = NO_NETWORK
) -> Report:
    """Judge one XAdES document."""
    return await Verifier(anchors, fetcher).hash_signature(signature, content)


async def verify_pdf(signature: bytes, anchors: TrustAnchors, fetcher: Fetcher = NO_NETWORK) -> Report:
    """Judge one PDF file."""
    return await Verifier(anchors, fetcher).pdf(signature)
