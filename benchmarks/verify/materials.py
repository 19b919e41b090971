"""What is verified in the benchmarks? XAdES-T signatures of hashes and PDFs, with one signature or more.

Each signature is another person's, as it is in life; their authorities and the timestamping authority are the same.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

from shared.signatures.keys import MemoryKey
from shared.signatures.pades.sign import sign_pdf
from shared.signatures.trust import TrustAnchors
from shared.signatures.xades.sign import sign_hash
from tests.documents import pdf_file
from tests.pki import TestPki, name_of, now_utc, rsa_key


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed document, how many signatures it has, and, of a hash, the digest."""

    data: bytes
    count: int
    digest: bytes
    path: Path


@dataclass(frozen=True, slots=True)
class Materials:
    """The documents, who is trusted, and a document by which one gets to know the authorities, but not the signers."""

    pki: TestPki
    anchors: TrustAnchors
    root: Path
    issuing: Path
    xades: tuple[Signed, ...]
    pdfs: tuple[Signed, ...]
    introduction: Signed


async def make(folder: Path, counts: tuple[int, ...]) -> Materials:
    """Sign everything and write it into a folder, for programs that read files."""
    pki = TestPki.make()
    people = _people(pki)
    digest = hashlib.sha256(b"a declaration").digest()
    signatures = [
        await sign_hash(digest, next(people), pki.timestamper, signed_at=now_utc()) for _ in range(max(counts) + 1)
    ]
    pdf, pdfs = pdf_file("A declaration"), []
    for number in range(1, max(counts) + 1):
        pdf = await sign_pdf(pdf, next(people), pki.timestamper, reason="declaration", signed_at=now_utc())
        if number in counts:
            pdfs.append(_written(folder / f"signed-{number}.pdf", pdf, number, b""))
    root, issuing = folder / "root.pem", folder / "issuing.pem"
    root.write_bytes(pki.root.certificate.public_bytes(Encoding.PEM))
    issuing.write_bytes(pki.issuing.certificate.public_bytes(Encoding.PEM))
    return Materials(
        pki,
        TrustAnchors.of([pki.root.certificate]),
        root,
        issuing,
        tuple(_written(folder / f"signed-{one}.xml", _together(signatures[:one]), one, digest) for one in counts),
        tuple(pdfs),
        _written(folder / "introduction.xml", signatures[-1], 1, digest),
    )


def _people(pki: TestPki) -> Iterator[MemoryKey]:
    """One signer after the other; they may share a key, since nobody looks keys up."""
    key, number = rsa_key("people"), 0
    while True:
        number += 1
        personal_number = f"2{number:012d}"
        name = name_of(
            (NameOID.COMMON_NAME, f"Ana Exemplu {number}"),
            (NameOID.SERIAL_NUMBER, personal_number),
            (NameOID.COUNTRY_NAME, "MD"),
        )
        yield MemoryKey(key, pki.issuing.issue(name, key.public_key()), pki.issuing.chain)


def _together(signatures: list[bytes]) -> bytes:
    """One document with several signatures side by side; one alone stays as it is."""
    if len(signatures) == 1:
        return signatures[0]
    parts = (etree.tostring(etree.fromstring(one)) for one in signatures)
    return b"<Signatures>" + b"".join(parts) + b"</Signatures>"


def _written(path: Path, data: bytes, count: int, digest: bytes) -> Signed:
    path.write_bytes(data)
    return Signed(data, count, digest, path)
