"""Does a signature that came back cover exactly what was sent, and who made it? (architecture, delivery rule 7)

Cheap answers without trust: the signature must be unbroken and commit to the content, and a timestamp be over its
value; whose that is, is not asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from cryptography import x509

from shared.contract.models import ContentType
from shared.errors import Malformed
from shared.signatures.content import Digest
from shared.signatures.pades.source import Source
from shared.signatures.pades.verify import judge_added, judge_pdf
from shared.signatures.tokens import judge_imprint
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import SignatureVerdict
from shared.signatures.xades.verify import judge_document


@dataclass(frozen=True, slots=True)
class Binding:
    """Whether a signature holds and covers what was sent, and whoever signed last; None when nobody can be read.

    `continues` tells that what came back begins with the file that was sent.
    """

    covers: bool
    signer: x509.Certificate | None
    continues: bool = False


@dataclass(frozen=True, slots=True)
class SentFile:
    """A PDF file that was sent, by its size in bytes and its SHA-256: what came back begins with it, or does not."""

    size: int
    sha256: bytes

    @property
    def ref(self) -> str:
        """How the contents of a system are called: `sha256:<hex>`."""
        return f"sha256:{self.sha256.hex()}"

    @classmethod
    def of(cls, pdf: bytes) -> SentFile:
        """Return what tells of a file in memory."""
        return cls(len(pdf), hashlib.sha256(pdf).digest())


def bind(content_type: ContentType, sent: bytes | SentFile, signature: bytes | Source) -> Binding:
    """Look at what came back for what was sent: the hash itself, or the PDF file.

    A signed PDF must begin with the file that was sent and add nothing but signatures; those that it carried before are
    not this signer's and are not judged. What cannot be read covers nothing.
    """
    try:
        if content_type is ContentType.PDF:
            with _read(signature) as signed:
                return _bind_pdf(sent if isinstance(sent, SentFile) else SentFile.of(sent), signed)
        if isinstance(sent, bytes) and isinstance(signature, bytes):
            found = judge_document(signature, Digest(sent), TrustAnchors.none(), token=judge_imprint).signatures
            return _bound(found, found)
    except Malformed:
        pass
    return Binding(covers=False, signer=None)


@contextmanager
def _read(signature: bytes | Source) -> Iterator[Source]:
    source = Source.of(signature)
    try:
        yield source
    finally:
        if source is not signature:
            source.release()


def _bind_pdf(sent: SentFile, signed: Source) -> Binding:
    if len(signed) <= sent.size or signed.digest("sha256", (0, sent.size)) != sent.sha256:
        return _bound((), judge_pdf(signed, TrustAnchors.none()).signatures)
    try:
        added = judge_added(signed, sent.size)
    except Malformed:
        return Binding(covers=False, signer=None, continues=True)
    return replace(_bound(added.signatures if added.nothing_else else (), added.signatures), continues=True)


def _bound(made: Sequence[SignatureVerdict], found: Sequence[SignatureVerdict]) -> Binding:
    return Binding(covers=bool(made) and all(one.holds for one in made), signer=_last(found))


def _last(found: Sequence[SignatureVerdict]) -> x509.Certificate | None:
    try:
        return x509.load_der_x509_certificate(found[-1].certificate or b"")
    except (ValueError, IndexError):
        return None
