"""Who verifies here? Each verifies one document and raises `WrongVerdict` unless it finds it valid.

Libraries run in this process, programs are started anew for each document, as one would from a script.
"""

import asyncio
import hashlib
import io
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from benchmarks.verify import signxml_peer
from benchmarks.verify.materials import Materials, Signed
from shared.signatures import authorities, certificates, reading, responder
from shared.signatures.content import Digest
from shared.signatures.pades import hexadecimal
from shared.signatures.pades.verify import judge_pdf
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import Report
from shared.signatures.xades.verify import judge_document

Verify = Callable[[], Awaitable[None]]

_IDS = ("http://uri.etsi.org/01903/v1.3.2#:SignedProperties", "http://www.w3.org/2000/09/xmldsig#:Object")


class WrongVerdict(RuntimeError):
    """A valid document was not found valid."""


def ours(made: Materials, signed: Signed) -> Verify:
    """Our own judgement on all axes: integrity, coverage, timestamp, trust."""

    async def verify() -> None:
        _must(found_valid(judge(signed.data, signed.digest, made.anchors), signed), "ours")

    return verify


def judge(data: bytes, digest: bytes, anchors: TrustAnchors) -> Report:
    """Our report on signatures of a hash, or (`digest` is empty) of a PDF."""
    return judge_document(data, Digest(digest), anchors) if digest else judge_pdf(data, anchors)


def found_valid(report: Report, signed: Signed) -> bool:
    """Whether a report says that all the signatures there are hold."""
    return report.valid and len(report.signatures) == signed.count


def forget_signers(made: Materials) -> None:
    """Let this process forget all that it remembers, but for the authorities."""
    for forget in (
        reading._read.cache_clear,
        reading._prepared.cache_clear,
        certificates._prepared.cache_clear,
        responder._ISSUED.clear,
        authorities.UNCONDITIONAL.clear,
    ):
        forget()
    known = made.introduction
    _must(found_valid(judge(known.data, known.digest, made.anchors), known), "ours")


def pyhanko(made: Materials, signed: Signed) -> Verify:
    """pyHanko's own validation, with the same anchors for signers and timestamps, and without a network."""

    async def verify() -> None:
        with _as_they_come():
            reader = PdfFileReader(io.BytesIO(signed.data))
            found = reader.embedded_regular_signatures
            _must(len(found) == signed.count, "pyHanko")
            for signature in found:
                status: Any = await async_validate_pdf_signature(signature, _context(made), _context(made))
                holds = status.valid and status.intact and status.trusted and status.timestamp_validity.trusted
                _must(holds, "pyHanko")

    return verify


def signxml(made: Materials, signed: Signed) -> Verify:
    """signxml, pyhanko-certvalidator and a check of the timestamp by hand."""

    async def verify() -> None:
        with _as_they_come():
            _must(
                await signxml_peer.verify_document(signed.data, signed.digest, _root(made)) == signed.count, "signxml"
            )

    return verify


@contextmanager
def _as_they_come() -> Iterator[None]:
    """The libraries without what we taught them."""
    names = patch.object(asn1_x509.NameTypeAndValue, "_ldap_string_prep", reading.AS_IT_COMES)
    digits = patch.object(generic, "read_hex_string_from_stream", hexadecimal.AS_IT_COMES)
    with names, digits:
        yield


def _context(made: Materials) -> ValidationContext:
    return ValidationContext(trust_roots=[_root(made)], allow_fetching=False)


def _root(made: Materials) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(made.pki.root.certificate.public_bytes(Encoding.DER))


def pdfsig(signed: Signed) -> Verify:
    """Poppler's program; it checks integrity, and no certificates."""

    async def verify() -> None:
        said = await _said("pdfsig", "-nocert", str(signed.path))
        _must(said.count(b"Signature is Valid.") == signed.count, "pdfsig")

    return verify


def xmlsec1(made: Materials, signed: Signed) -> Verify:
    """The XML Security Library's program; it checks integrity and the path, and knows nothing of timestamps."""
    ids = [part for name in _IDS for part in ("--id-attr:Id", name)]
    trust = ["--trusted-pem", str(made.root), "--untrusted-pem", str(made.issuing)]

    async def verify() -> None:
        await _said("xmlsec1", "--verify", *ids, *trust, str(signed.path))

    return verify


def floor(made: Materials, signed: Signed) -> Verify:
    """The digest of the document and one RSA verification (2048 bits, SHA-256) for each signature."""
    key, message = made.pki.issuing.key, b"signed info"
    value = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    public: rsa.RSAPublicKey = key.public_key()

    async def verify() -> None:
        for _ in range(signed.count):
            hashlib.sha256(signed.data).digest()
            public.verify(value, message, padding.PKCS1v15(), hashes.SHA256())

    return verify


async def _said(*command: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    _must(process.returncode == 0, command[0])
    return output


def _must(valid: bool, who: str) -> None:
    if not valid:
        raise WrongVerdict(f"{who} does not find a valid document valid")
