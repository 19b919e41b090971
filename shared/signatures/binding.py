"""Does a signature that came back cover exactly what was sent, and who made it? (architecture, delivery rule 7)

Cheap answers without trust: the signature must be unbroken and commit to the content, and a timestamp be over its
value; whose that is, is not asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509

from shared.contract.models import ContentType
from shared.errors import Malformed
from shared.signatures.content import Digest
from shared.signatures.pades.additions import only_signatures_added
from shared.signatures.pades.verify import judge_pdf
from shared.signatures.tokens import judge_imprint
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import SignatureVerdict
from shared.signatures.xades.verify import judge_document


@dataclass(frozen=True, slots=True)
class Binding:
    """Whether a signature holds and covers what was sent, and whoever signed last; None when nobody can be read."""

    covers: bool
    signer: x509.Certificate | None


def bind(content_type: ContentType, sent: bytes, signature: bytes) -> Binding:
    """Look at what came back for what was sent: the hash itself, or the PDF file.

    A signed PDF must begin with the file that was sent and add nothing but signatures; those that it carried before are
    not this signer's and are not judged. What cannot be read covers nothing.
    """
    try:
        if content_type is ContentType.HASH:
            judged = judge_document(signature, Digest(sent), TrustAnchors.none(), token=judge_imprint)
            made = found = judged.signatures
        else:
            found = judge_pdf(signature, TrustAnchors.none()).signatures
            made = found[_count(sent) :] if only_signatures_added(sent, signature) else ()
    except Malformed:
        return Binding(covers=False, signer=None)
    return Binding(covers=bool(made) and all(one.holds for one in made), signer=_last(found))


def _last(found: Sequence[SignatureVerdict]) -> x509.Certificate | None:
    try:
        return x509.load_der_x509_certificate(found[-1].certificate or b"")
    except (ValueError, IndexError):
        return None


def _count(pdf: bytes) -> int:
    try:
        return len(judge_pdf(pdf, TrustAnchors.none()).signatures)
    except Malformed:
        return 0
