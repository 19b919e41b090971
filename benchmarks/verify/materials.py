"""What is verified in the benchmarks? XAdES-T signatures of hashes, and PDFs that were signed 1, 5 and 20 times."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from shared.signatures.pades.sign import sign_pdf
from shared.signatures.trust import TrustAnchors
from shared.signatures.xades.sign import sign_hash
from tests.documents import pdf_file
from tests.pki import TestPki, now_utc


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed document, how many signatures it has, and, of a hash, the digest."""

    data: bytes
    count: int
    digest: bytes
    path: Path


@dataclass(frozen=True, slots=True)
class Materials:
    """The documents by what they are called, and who is trusted."""

    pki: TestPki
    anchors: TrustAnchors
    root: Path
    issuing: Path
    xades: Signed
    pdfs: tuple[Signed, ...]


async def make(folder: Path, counts: tuple[int, ...]) -> Materials:
    """Sign everything and write it into a folder, for programs that read files."""
    pki = TestPki.make()
    digest = hashlib.sha256(b"a declaration").digest()
    xml = await sign_hash(digest, pki.signer, pki.timestamper, signed_at=now_utc())
    pdf, pdfs = pdf_file("A declaration"), []
    for number in range(1, max(counts) + 1):
        pdf = await sign_pdf(pdf, pki.signer, pki.timestamper, reason="declaration", signed_at=now_utc())
        if number in counts:
            pdfs.append(_written(folder / f"signed-{number}.pdf", pdf, number, b""))
    root, issuing = folder / "root.pem", folder / "issuing.pem"
    root.write_bytes(pki.root.certificate.public_bytes(Encoding.PEM))
    issuing.write_bytes(pki.issuing.certificate.public_bytes(Encoding.PEM))
    anchors = TrustAnchors.of([pki.root.certificate])
    return Materials(pki, anchors, root, issuing, _written(folder / "signature.xml", xml, 1, digest), tuple(pdfs))


def _written(path: Path, data: bytes, count: int, digest: bytes) -> Signed:
    path.write_bytes(data)
    return Signed(data, count, digest, path)
