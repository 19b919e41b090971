"""What does a signature need from a private key, wherever that key lives?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from shared.errors import Malformed
from shared.signatures.algorithms import hash_named

if TYPE_CHECKING:
    from collections.abc import Iterable

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class SigningKey(Protocol):
    """A private key with its certificate; the key itself may sit in a token or in another process.

    `chain` holds the issuing CAs, root last, without the signer's own certificate.
    """

    @property
    def certificate(self) -> x509.Certificate:
        """The signer's certificate."""

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The CA certificates above it, root last."""

    async def sign(self, data: bytes, digest: str = "sha256") -> bytes:
        """Sign `data` hashed with `digest`: RSA PKCS#1 v1.5, or ECDSA as DER."""


class MemoryKey:
    """A signing key held in memory: for tests, for demos and for keys that come as a PKCS#12 file."""

    def __init__(
        self, private_key: PrivateKey, certificate: x509.Certificate, chain: Iterable[x509.Certificate] = ()
    ) -> None:
        self._private_key = private_key
        self.certificate = certificate
        self.chain = tuple(chain)

    @classmethod
    def from_pkcs12(cls, data: bytes, password: bytes | str) -> MemoryKey:
        """Read the key, its certificate and the chain from a PKCS#12 file (RFC 7292).

        Raises `Malformed` when the file cannot be read, the password is wrong or the key is neither RSA nor EC.
        """
        secret = password.encode() if isinstance(password, str) else password
        try:
            key, certificate, others = pkcs12.load_key_and_certificates(data, secret)
        except ValueError as error:
            raise Malformed("the PKCS#12 file cannot be read with this password", code="pkcs12") from error
        if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) or certificate is None:
            raise Malformed("the PKCS#12 file holds no RSA or EC key with a certificate", code="pkcs12")
        return cls(key, certificate, chain_above(certificate, others))

    async def sign(self, data: bytes, digest: str = "sha256") -> bytes:
        """Sign `data` hashed with `digest`: RSA PKCS#1 v1.5, or ECDSA as DER."""
        algorithm: hashes.HashAlgorithm = hash_named(digest)
        if isinstance(self._private_key, rsa.RSAPrivateKey):
            return self._private_key.sign(data, padding.PKCS1v15(), algorithm)
        return self._private_key.sign(data, ec.ECDSA(algorithm))


def chain_above(leaf: x509.Certificate, pool: Iterable[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """The certificates of `pool` that lead from `leaf` upwards by name, nearest first; others are left out."""
    by_subject = {certificate.subject: certificate for certificate in pool}
    chain: list[x509.Certificate] = []
    current = leaf
    while current.issuer != current.subject and current.issuer in by_subject:
        current = by_subject.pop(current.issuer)
        chain.append(current)
    return tuple(chain)
