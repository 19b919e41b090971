"""Does a raw signature value verify with this public key? (RFC 8017, FIPS 186-5; in CMS RFC 5754)"""

from __future__ import annotations

from dataclasses import dataclass

from asn1crypto import algos
from asn1crypto.keys import PublicKeyInfo
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from pyhanko_certvalidator.sig_validate import (
    DEFAULT_VALIDATION_CONTEXT,
    DefaultSignatureValidator,
    SignatureValidationContext,
)

from shared.signatures.algorithms import hash_named


@dataclass(frozen=True, slots=True)
class ValueScheme:
    """How a value was made: `family` is `rsa`, `rsa-pss`, `ecdsa` or `eddsa`; the last two fields are for PSS only."""

    family: str
    digest: str
    mask_digest: str = ""
    salt_bytes: int | None = None


def value_verifies(public_key: PublicKeyTypes, scheme: ValueScheme, data: bytes, value: bytes) -> bool:
    """Whether `value` is a signature over `data` by the owner of `public_key`.

    ECDSA values may be r and s side by side (XMLDSig) or DER. Keys of another family never verify. Raises `Malformed`
    for a digest that we do not know.
    """
    algorithm = hash_named(scheme.digest)
    try:
        if isinstance(public_key, rsa.RSAPublicKey) and scheme.family == "rsa":
            public_key.verify(value, data, padding.PKCS1v15(), algorithm)
        elif isinstance(public_key, rsa.RSAPublicKey) and scheme.family == "rsa-pss":
            salt = padding.PSS.AUTO if scheme.salt_bytes is None else scheme.salt_bytes
            mask = padding.MGF1(hash_named(scheme.mask_digest or scheme.digest))
            public_key.verify(value, data, padding.PSS(mask, salt), algorithm)
        elif isinstance(public_key, ec.EllipticCurvePublicKey) and scheme.family == "ecdsa":
            public_key.verify(_as_der(value, public_key), data, ec.ECDSA(algorithm))
        elif isinstance(public_key, ed25519.Ed25519PublicKey) and scheme.family == "eddsa":
            public_key.verify(value, data)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


class AsnValidator(DefaultSignatureValidator):
    """Verifies values whose algorithm is told in ASN.1: those that pyHanko knows, and RSA and ECDSA with SHA-3."""

    def validate_signature(
        self,
        signature: bytes,
        signed_data: bytes,
        public_key_info: PublicKeyInfo,
        signature_algorithm: algos.SignedDigestAlgorithm,
        context: SignatureValidationContext = DEFAULT_VALIDATION_CONTEXT,
    ) -> None:
        """Raises `InvalidSignature` for a value that does not verify."""
        scheme = _SHA3.get(signature_algorithm["algorithm"].dotted)
        if scheme is None:
            super().validate_signature(signature, signed_data, public_key_info, signature_algorithm, context)
            return
        key = serialization.load_der_public_key(public_key_info.dump())
        if context.prehashed or not value_verifies(key, scheme, signed_data, signature):
            raise InvalidSignature


_NIST = "2.16.840.1.101.3.4.3."
_SHA3 = {
    **{f"{_NIST}{number}": ValueScheme("ecdsa", f"sha3_{bits}") for number, bits in enumerate((224, 256, 384, 512), 9)},
    **{f"{_NIST}{number}": ValueScheme("rsa", f"sha3_{bits}") for number, bits in enumerate((224, 256, 384, 512), 13)},
}

ASN_VALIDATOR = AsnValidator()


def _as_der(value: bytes, public_key: ec.EllipticCurvePublicKey) -> bytes:
    size = (public_key.curve.key_size + 7) // 8
    if len(value) != 2 * size:
        return value
    r, s = int.from_bytes(value[:size], "big"), int.from_bytes(value[size:], "big")
    return utils.encode_dss_signature(r, s)
