"""Who made this signature: which certificate's key verifies the value, and is it the one that was signed for?"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec

from shared.errors import Malformed
from shared.signatures.reading import certificate_of, quickly
from shared.signatures.values import value_verifies
from shared.signatures.verdict import Reason, Refusal
from shared.signatures.xades.canonical import canonical_element
from shared.signatures.xades.names import ds
from shared.signatures.xades.tree import decode_base64, elements, refuse_stray_text, text_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
    from lxml import etree

    from shared.signatures.xades.properties import Properties
    from shared.signatures.xades.structure import XmlSignature

MAX_CERTIFICATES = 64


@dataclass(frozen=True, slots=True)
class Candidate:
    """A certificate that comes with the signature."""

    der: bytes
    certificate: x509.Certificate
    asn1: asn1_x509.Certificate


@dataclass(frozen=True, slots=True)
class Signer:
    """The signer's certificate, as far as it is known, and what is wrong with it or the value."""

    candidate: Candidate | None
    reasons: tuple[Reason, ...] = ()


def candidates(encoded: list[bytes]) -> list[Candidate]:
    """The certificates among these encodings; unreadable ones are left out."""
    found: dict[bytes, Candidate] = {}
    for der in encoded[:MAX_CERTIFICATES]:
        try:
            parsed = certificate_of(der)
            quick = quickly(parsed)
            if quick is None:
                parsed.native  # noqa: B018 - forces the whole to be read now
            found[der] = Candidate(der, quick or x509.load_der_x509_certificate(der), parsed)
        except (ValueError, TypeError, KeyError, AttributeError, UnsupportedAlgorithm):
            continue
    return list(found.values())


def key_info_certificates(signature: XmlSignature) -> list[bytes]:
    """The certificates (DER) of the signature's KeyInfo."""
    if signature.key_info is None:
        return []
    for holder in (signature.key_info, *signature.key_info.iter(ds("X509Data"))):
        refuse_stray_text(holder)
    return [decode_base64(text_of(node)) for node in _x509_data(signature, "X509Certificate")]


def key_info_lists(signature: XmlSignature) -> tuple[bytes, ...]:
    """The revocation lists (DER) of the signature's KeyInfo; what is no base64 is left out."""
    found = []
    for node in _x509_data(signature, "X509CRL"):
        with suppress(Refusal):
            found.append(decode_base64(text_of(node)))
    return tuple(found)


def _x509_data(signature: XmlSignature, name: str) -> list[etree._Element]:
    holders = [] if signature.key_info is None else elements(signature.key_info)
    return [node for one in holders if one.tag == ds("X509Data") for node in elements(one) if node.tag == ds(name)]


def find_signer(
    signature: XmlSignature, known: list[Candidate], properties: Properties, *, key_info_signed: bool
) -> Signer:
    """The certificate whose key verifies the signature value and that the signed properties name.

    Where they name none, a KeyInfo that is itself signed binds the certificate (TS 101 903 section 7.2.2).
    """
    octets = canonical_element(signature.signed_info, signature.method)
    bound = [one for one in known if _is_named(one, properties)]
    for one in bound:
        if _verifies(one, signature, octets):
            return Signer(one)
    verifying = [one for one in known if one not in bound and _verifies(one, signature, octets)]
    if not known:
        return Signer(None, (Reason("no_certificate", "the signer's certificate is not in the signature"),))
    if not verifying:
        why = Reason("signature_value", "the signature value does not verify with the signer's key")
        return Signer((bound or known)[0], (why,))
    if not properties.named and key_info_signed:
        return Signer(verifying[0])
    if not properties.named:
        return Signer(verifying[0], (Reason("no_binding", "the signed properties do not name the certificate"),))
    return Signer(verifying[0], (Reason("signing_certificate", "the signed properties name another certificate"),))


def _is_named(one: Candidate, properties: Properties) -> bool:
    return any(named.names(one.der, one.asn1) for named in properties.named)


def _verifies(one: Candidate, signature: XmlSignature, octets: bytes) -> bool:
    try:
        key = one.certificate.public_key()
        return any(value_verifies(key, signature.scheme, octets, value) for value in _spellings(key, signature.value))
    except (Malformed, ValueError, UnsupportedAlgorithm):
        return False


def _spellings(key: PublicKeyTypes, value: bytes) -> list[bytes]:
    """The value as it stands and, for ECDSA, with r and s as long as the curve's order.

    Some signers leave out the zeros that both begin with (XMLDSig 1.1 section 6.4.3 does not allow it, but no other
    value is meant).
    """
    if not isinstance(key, ec.EllipticCurvePublicKey) or len(value) % 2:
        return [value]
    half, size = len(value) // 2, (key.curve.key_size + 7) // 8
    if half >= size:
        return [value]
    return [value, value[:half].rjust(size, b"\0") + value[half:].rjust(size, b"\0")]
