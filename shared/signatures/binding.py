"""Does a signature that came back cover exactly what was sent, and who made it? (architecture, delivery rule 7)

Cheap answers without trust: the signature must be unbroken and commit to the content, nothing more is asked.
"""

from __future__ import annotations

from cryptography import x509

from shared.contract.models import ContentType
from shared.errors import Malformed
from shared.signatures.content import Digest
from shared.signatures.pades.additions import only_signatures_added
from shared.signatures.pades.verify import judge_pdf
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import SignatureVerdict
from shared.signatures.xades.verify import judge_document


def covers_content(content_type: ContentType, sent: bytes, signature: bytes) -> bool:
    """Whether `signature` holds and covers what was sent: the hash itself, or the PDF file.

    A signed PDF must begin with the file that was sent and add nothing but signatures; those that it carried before are
    not this signer's and are not judged. What cannot be read covers nothing.
    """
    try:
        made = _made(content_type, sent, signature)
    except Malformed:
        return False
    return bool(made) and all(one.holds for one in made)


def signer_of(content_type: ContentType, signature: bytes) -> x509.Certificate | None:
    """The certificate of whoever signed last; None when there is none that can be read."""
    try:
        made = _signatures(content_type, None, signature)
        return x509.load_der_x509_certificate(made[-1].certificate or b"")
    except (Malformed, ValueError, IndexError):
        return None


def _made(content_type: ContentType, sent: bytes, signature: bytes) -> tuple[SignatureVerdict, ...]:
    """The signatures that were made over what was sent."""
    if content_type is ContentType.HASH:
        return _signatures(content_type, sent, signature)
    if not only_signatures_added(sent, signature):
        return ()
    return _signatures(content_type, sent, signature)[_count(sent) :]


def _signatures(content_type: ContentType, sent: bytes | None, signature: bytes) -> tuple[SignatureVerdict, ...]:
    if content_type is ContentType.PDF:
        return judge_pdf(signature, TrustAnchors.none()).signatures
    known = None if sent is None else Digest(sent)
    return judge_document(signature, known, TrustAnchors.none()).signatures


def _count(pdf: bytes) -> int:
    try:
        return len(judge_pdf(pdf, TrustAnchors.none()).signatures)
    except Malformed:
        return 0
