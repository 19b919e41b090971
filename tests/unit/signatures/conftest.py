from __future__ import annotations

import hashlib

import pytest

from shared.signatures.trust import TrustAnchors
from shared.signatures.xades.sign import sign_hash
from tests.documents import pdf_file
from tests.pki import TestPki, now_utc

HASH = hashlib.sha256(b"an act").digest()


@pytest.fixture(scope="session")
def pki() -> TestPki:
    return TestPki.make()


@pytest.fixture(scope="session")
def anchors(pki: TestPki) -> TrustAnchors:
    return TrustAnchors.of([pki.root.certificate, pki.issuing.certificate])


@pytest.fixture(scope="session")
def pdf() -> bytes:
    return pdf_file("one", "two")


@pytest.fixture
async def signed(pki: TestPki) -> bytes:
    return await sign_hash(HASH, pki.signer, pki.timestamper, signed_at=now_utc())
