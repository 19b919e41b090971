"""Signatures with Ed25519 keys, as XML and in certificates (RFC 8032, RFC 9231 section 2.3.12)."""

from __future__ import annotations

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from lxml import etree

from shared.signatures.algorithms import MORE2021
from shared.signatures.xades.names import ds, xades
from shared.signatures.xades.sign import sign_hash
from tests.pki import SIGNER_NAME, TestPki, name_of, now_utc
from tests.unit.signatures.conftest import HASH
from tests.verifying import verify_hash_signature

KEY = ed25519.Ed25519PrivateKey.generate()


class EdwardsKey:
    """A key of a kind that we verify and do not sign with: what it signs here is signed anew below."""

    def __init__(self, pki: TestPki) -> None:
        self.certificate = pki.issuing.issue(name_of(*SIGNER_NAME), KEY.public_key())  # type: ignore[arg-type]
        self.chain = pki.issuing.chain

    async def sign(self, data: bytes, digest: str = "sha256") -> bytes:
        return KEY.sign(data)


@pytest.fixture
async def document(pki) -> etree._Element:
    """An enveloping signature by `KEY`, without a timestamp."""
    made = await sign_hash(HASH, EdwardsKey(pki), pki.timestamper, signed_at=now_utc())
    root = etree.fromstring(made)
    for unsigned in list(root.iter(xades("UnsignedProperties"))):
        unsigned.getparent().remove(unsigned)  # type: ignore[union-attr]
    method = next(root.iter(ds("SignatureMethod")))
    method.set("Algorithm", MORE2021 + "eddsa-ed25519")
    signed_again(root)
    return root


def signed_again(root: etree._Element) -> None:
    info = next(root.iter(ds("SignedInfo")))
    value = KEY.sign(etree.tostring(info, method="c14n"))
    next(root.iter(ds("SignatureValue"))).text = b64encode(value).decode()


async def test_an_ed25519_signature_is_valid(document, anchors):
    report = await verify_hash_signature(etree.tostring(document), HASH, anchors)
    assert (report.valid, report.signatures[0].reason) == (True, "")


async def test_an_altered_ed25519_signature_is_broken(document, anchors):
    method = next(document.iter(ds("CanonicalizationMethod")))
    method.tail = "\n"
    report = await verify_hash_signature(etree.tostring(document), HASH, anchors)
    assert (report.signatures[0].integrity, report.valid) == ("failed", False)


async def test_an_ed25519_key_verifies_nothing_that_is_said_to_be_rsa(document, anchors):
    next(document.iter(ds("SignatureMethod"))).set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256")
    signed_again(document)
    report = await verify_hash_signature(etree.tostring(document), HASH, anchors)
    assert report.signatures[0].integrity == "failed"
