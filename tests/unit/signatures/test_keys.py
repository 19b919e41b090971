from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import pkcs12

from shared.errors import Malformed
from shared.signatures.keys import MemoryKey
from tests.pki import ec_key, rsa_key


def packed(key: Any, certificate: x509.Certificate, chain: Any, password: bytes = b"1234") -> bytes:
    return pkcs12.serialize_key_and_certificates(
        b"ana", key, certificate, chain, serialization.BestAvailableEncryption(password)
    )


async def test_a_pkcs12_file_gives_a_key_with_its_chain_root_last(pki):
    shuffled = list(reversed(pki.signer.chain))
    data = packed(rsa_key("md-person"), pki.signer.certificate, shuffled)
    for password in (b"1234", "1234"):
        key = MemoryKey.from_pkcs12(data, password)
        assert key.certificate == pki.signer.certificate
        assert key.chain == pki.signer.chain
    value = await key.sign(b"data")
    public: Any = key.certificate.public_key()
    public.verify(value, b"data", padding.PKCS1v15(), hashes.SHA256())


def test_a_wrong_password_is_refused(pki):
    data = packed(rsa_key("md-person"), pki.signer.certificate, None)
    with pytest.raises(Malformed, match="password"):
        MemoryKey.from_pkcs12(data, "4321")


def test_rubbish_is_no_pkcs12_file():
    with pytest.raises(Malformed):
        MemoryKey.from_pkcs12(b"rubbish", "1234")


async def test_an_ec_key_signs_as_der(pki):
    key = pki.person(ec_key("der"))
    value = await key.sign(b"data", "sha384")
    public: Any = key.certificate.public_key()
    public.verify(value, b"data", ec.ECDSA(hashes.SHA384()))


async def test_an_unknown_digest_is_refused(pki):
    with pytest.raises(Malformed, match="unknown digest"):
        await pki.signer.sign(b"data", "crc32")
