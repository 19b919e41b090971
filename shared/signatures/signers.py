"""Does what one signer of a CMS message signed hold? Told at once of ordinary ones. (RFC 5652 section 5.4, RFC 5035)

Ordinary is a SignerInfo in DER with signed attributes and usual algorithms. Nothing is refused here: whatever is amiss,
or merely rare, is for asn1crypto and pyHanko, who can tell what it is (`cms`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asn1crypto import core

from shared.signatures.algorithms import digest
from shared.signatures.der import IDENTIFIER, INTEGER, NULL, OCTET_STRING, SEQUENCE, SET, Element, NotStrict, only
from shared.signatures.reading import fact, quickly
from shared.signatures.values import ValueScheme, value_verifies

if TYPE_CHECKING:
    from collections.abc import Callable

    from asn1crypto import x509 as asn1_x509

FIRST, SECOND, _FOURTH = 0xA0, 0xA1, 0xA4
"""Identifier octets of what is tagged [0], [1] and [4]."""


def oid(dotted: str) -> bytes:
    """The content of an encoded object identifier."""
    return bytes(core.ObjectIdentifier(dotted).contents)


CONTENT_TYPE, MESSAGE_DIGEST = oid("1.2.840.113549.1.9.3"), oid("1.2.840.113549.1.9.4")
NAMED, NAMED_V2 = oid("1.2.840.113549.1.9.16.2.12"), oid("1.2.840.113549.1.9.16.2.47")
PROTECTED = oid("1.2.840.113549.1.9.52")
DIGESTS = {
    oid("1.3.14.3.2.26"): "sha1",
    oid("2.16.840.1.101.3.4.2.1"): "sha256",
    oid("2.16.840.1.101.3.4.2.2"): "sha384",
    oid("2.16.840.1.101.3.4.2.3"): "sha512",
}
_SIGNATURES = {
    oid("1.2.840.113549.1.1.1"): ("rsa", ""),
    oid("1.2.840.113549.1.1.5"): ("rsa", "sha1"),
    oid("1.2.840.113549.1.1.11"): ("rsa", "sha256"),
    oid("1.2.840.113549.1.1.12"): ("rsa", "sha384"),
    oid("1.2.840.113549.1.1.13"): ("rsa", "sha512"),
    oid("1.2.840.10045.4.3.2"): ("ecdsa", "sha256"),
    oid("1.2.840.10045.4.3.3"): ("ecdsa", "sha384"),
    oid("1.2.840.10045.4.3.4"): ("ecdsa", "sha512"),
}
"""The kind of key and the digest; where there is none, it is the one of the content (RFC 5754 section 3.2)."""


@dataclass(frozen=True, slots=True)
class OrdinarySigner:
    """One SignerInfo: by what it names the certificate, the content's digest, what is signed, and how, and the value.

    `attributes` holds the only value of each signed attribute by its type; `more` tells that there are unsigned ones.
    """

    named: tuple[bytes, bytes]
    digest: str
    attributes: dict[bytes, Element]
    signed: bytes
    scheme: ValueScheme
    value: bytes
    more: bool
    algorithms: tuple[bytes, bytes]

    def is_named(self, certificate: asn1_x509.Certificate) -> bool:
        """Whether the certificate has the issuer and the number that are told, encoded alike."""
        return identity(certificate) == self.named

    def signed_so(
        self, certificate: asn1_x509.Certificate, kind: bytes, digest_by: Callable[[str], bytes], *, bound: bool
    ) -> bool:
        """Whether the owner of the certificate signed content of that type (an encoded identifier) and digest.

        With `bound`, the signed attributes must name the certificate; if they name one, it must be this. False says
        nothing; raises `NotStrict`, or `LookupError` and `ValueError`, for what is not ordinary.
        """
        content_type, told = self.attributes[CONTENT_TYPE], self.attributes[MESSAGE_DIGEST]
        names = [self.attributes[one] for one in (NAMED, NAMED_V2) if one in self.attributes]
        usual = "sha256" if NAMED_V2 in self.attributes else "sha1"
        quick = quickly(certificate)
        return (
            quick is not None
            and (content_type.tag, content_type.content) == (IDENTIFIER, kind)
            and len(names) in ((1,) if bound else (0, 1))
            and all(_names(one, usual, certificate) for one in names)
            and (PROTECTED not in self.attributes or _protects(self.attributes[PROTECTED], self.algorithms))
            and value_verifies(quick.public_key(), self.scheme, self.signed, self.value)
            and (told.tag, told.content) == (OCTET_STRING, digest_by(self.digest))
        )


def read_signer(signer: Element) -> OrdinarySigner:
    """Read a SignerInfo; raises `NotStrict` or `LookupError` for one that is not ordinary."""
    parts = signer.children()
    more = len(parts) == 7 and parts.pop().tag == SECOND
    if [one.tag for one in parts] != [INTEGER, SEQUENCE, SEQUENCE, FIRST, SEQUENCE, OCTET_STRING]:
        raise NotStrict("a signer who is named by a key, or signed no attributes")
    _, named, hashed, attributes, algorithm, value = parts
    issuer, number = named.children(SEQUENCE, INTEGER)
    algorithms = algorithm_in(hashed), algorithm_in(algorithm)
    name = DIGESTS[algorithms[0]]
    family, signed_digest = _SIGNATURES[algorithms[1]]
    if family == "ecdsa":
        only(value.content, SEQUENCE)  # r and s side by side are for XML
    return OrdinarySigner(
        (issuer.encoding, number.encoding),
        name,
        _attributes(attributes),
        attributes.retagged(SET),
        ValueScheme(family, signed_digest or name),
        value.content,
        more,
        algorithms,
    )


def algorithm_in(element: Element) -> bytes:
    """The identifier in an AlgorithmIdentifier; raises `NotStrict` where there are parameters."""
    identifier, *parameters = element.children()
    if identifier.tag != IDENTIFIER or [one.encoding for one in parameters] not in ([], [bytes((NULL, 0))]):
        raise NotStrict("an algorithm with parameters")
    return identifier.content


@fact
def identity(certificate: asn1_x509.Certificate) -> tuple[bytes, bytes]:
    """The issuer and the number of a certificate as they are encoded."""
    tbs = only(certificate.dump(), SEQUENCE).children()[0]
    _, number, _, issuer = tbs.children()[:4]
    return issuer.encoding, number.encoding


def _attributes(signed: Element) -> dict[bytes, Element]:
    found: dict[bytes, Element] = {}
    for attribute in signed.children():
        kind, values = attribute.children(IDENTIFIER, SET)
        (value,) = values.children()
        if kind.content in found:
            raise NotStrict("an attribute that stands there twice")
        found[kind.content] = value
    return found


def _protects(attribute: Element, algorithms: tuple[bytes, bytes]) -> bool:
    """Whether a CMSAlgorithmProtection (RFC 6211) names these algorithms."""
    return tuple(map(algorithm_in, attribute.children(SEQUENCE, SECOND))) == algorithms


def _names(attribute: Element, usual: str, signer: asn1_x509.Certificate) -> bool:
    """Whether a SigningCertificate (RFC 2634) or SigningCertificateV2 (RFC 5035) names the certificate first."""
    parts = attribute.children()[0].children()[0].children()
    name = usual
    if parts[0].tag == SEQUENCE and usual == "sha256":
        name = DIGESTS[algorithm_in(parts.pop(0))]
    value, *rest = parts
    if value.tag != OCTET_STRING or value.content != digest(name, signer.dump()) or len(rest) > 1:
        return False
    return not rest or _is_issued_so(rest[0], signer)


def _is_issued_so(issued: Element, signer: asn1_x509.Certificate) -> bool:
    """Whether an IssuerSerial is that of the certificate."""
    names, number = issued.children(SEQUENCE, INTEGER)
    (directory,) = names.children(_FOURTH)
    return (directory.content, number.encoding) == identity(signer)
