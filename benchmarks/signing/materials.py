"""What is signed in the benchmarks? Hashes of made-up declarations, each with the signature that MSign would return.

They are signed before anything is measured, so that the stub only hands them out. There are many, because commands
that share one content would wait for each other's row.
"""

import base64
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from shared.signatures.xades.sign import sign_hash
from tests.pki import TestPki, now_utc

COUNT = 200


@dataclass(frozen=True, slots=True)
class Material:
    """A digest, its XAdES-T signature and the signer's certificate, each in base64."""

    digest: str
    signature: str
    certificate: str


async def make(count: int = COUNT) -> list[Material]:
    """Sign `count` digests."""
    pki = TestPki.make()
    certificate = _text(pki.signer.certificate.public_bytes(Encoding.DER))
    made = []
    for number in range(count):
        digest = hashlib.sha256(f"declaration {number}".encode()).digest()
        signature = await sign_hash(digest, pki.signer, pki.timestamper, signed_at=now_utc())
        made.append(Material(_text(digest), _text(signature), certificate))
    return made


def write(materials: list[Material], path: Path) -> None:
    """Write the materials to a file for other processes."""
    path.write_text(json.dumps([asdict(one) for one in materials]), encoding="utf-8")


def read(path: Path) -> list[Material]:
    """Read what `write` wrote."""
    return [Material(**one) for one in json.loads(path.read_text(encoding="utf-8"))]


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
