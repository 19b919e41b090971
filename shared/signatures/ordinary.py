"""Is this a timestamp token as nearly all are, and does its signature hold? Others are read by asn1crypto, in `tokens`.

Ordinary is a token in DER with one signer, whose certificate is in it, and without anything that would have to be
judged besides. Nothing is refused here: whatever is amiss is for those who can tell what it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from asn1crypto import core
from asn1crypto import x509 as asn1_x509

from shared.signatures.algorithms import digest
from shared.signatures.der import (
    BOOLEAN,
    GENERALIZED_TIME,
    IDENTIFIER,
    INTEGER,
    NULL,
    OCTET_STRING,
    SEQUENCE,
    SET,
    Element,
    NotStrict,
    only,
)
from shared.signatures.reading import certificate_of, fact, quickly
from shared.signatures.values import ValueScheme, value_verifies

if TYPE_CHECKING:
    from collections.abc import Callable


def _oid(dotted: str) -> bytes:
    return bytes(core.ObjectIdentifier(dotted).contents)


_FIRST, _SECOND, _FOURTH = 0xA0, 0xA1, 0xA4
_SIGNED_DATA, _TST_INFO = _oid("1.2.840.113549.1.7.2"), _oid("1.2.840.113549.1.9.16.1.4")
_CONTENT_TYPE, _MESSAGE_DIGEST = _oid("1.2.840.113549.1.9.3"), _oid("1.2.840.113549.1.9.4")
_SIGNING_TIME = _oid("1.2.840.113549.1.9.5")
_NAMED, _NAMED_V2 = _oid("1.2.840.113549.1.9.16.2.12"), _oid("1.2.840.113549.1.9.16.2.47")
_PROTECTED = _oid("1.2.840.113549.1.9.52")
_ATTRIBUTES = frozenset({_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME, _NAMED, _NAMED_V2, _PROTECTED})
_DIGESTS = {
    _oid("1.3.14.3.2.26"): "sha1",
    _oid("2.16.840.1.101.3.4.2.1"): "sha256",
    _oid("2.16.840.1.101.3.4.2.2"): "sha384",
    _oid("2.16.840.1.101.3.4.2.3"): "sha512",
}
_SIGNATURES = {
    _oid("1.2.840.113549.1.1.1"): ("rsa", ""),
    _oid("1.2.840.113549.1.1.5"): ("rsa", "sha1"),
    _oid("1.2.840.113549.1.1.11"): ("rsa", "sha256"),
    _oid("1.2.840.113549.1.1.12"): ("rsa", "sha384"),
    _oid("1.2.840.113549.1.1.13"): ("rsa", "sha512"),
    _oid("1.2.840.10045.4.3.2"): ("ecdsa", "sha256"),
    _oid("1.2.840.10045.4.3.3"): ("ecdsa", "sha384"),
    _oid("1.2.840.10045.4.3.4"): ("ecdsa", "sha512"),
}
"""The kind of key and the digest; where there is none, it is the one of the content (RFC 5754 section 3.2)."""
_TIME = re.compile(rb"(\d{4})" + rb"(\d\d)" * 5 + rb"(?:\.(\d{1,6}))?Z")
_LAST_PARTS = SEQUENCE, BOOLEAN, INTEGER, _FIRST, _SECOND
"""What a TSTInfo may end with, in this order: accuracy, ordering, nonce, tsa, extensions."""


@dataclass(frozen=True, slots=True)
class OrdinaryToken:
    """A token whose signature may hold: its TSTInfo, as bytes and read, the certificates in it, and its SignerInfo."""

    content: bytes
    algorithm: str
    imprint: bytes
    at: datetime
    certificates: tuple[bytes, ...]
    signer: Element

    def is_over(self, digest_by: Callable[[str], bytes]) -> bool:
        """Whether the token is over what has these digests."""
        return digest_by(self.algorithm) == self.imprint


@dataclass(frozen=True, slots=True)
class Proof:
    """What holds of an ordinary token: who made it, the certificates in it, and the digests that its value rests on."""

    signer: asn1_x509.Certificate
    certificates: tuple[asn1_x509.Certificate, ...]
    digests: frozenset[str]


def read_token(token: bytes) -> OrdinaryToken | None:
    """Read a TimeStampToken (RFC 3161 section 2.4.2); None for one that is not ordinary."""
    try:
        kind, wrapped = only(token, SEQUENCE).children(IDENTIFIER, _FIRST)
        (signed,) = wrapped.children(SEQUENCE)
        version, _, enclosed, certificates, signers = signed.children(INTEGER, SET, SEQUENCE, _FIRST, SET)
        inner, held = enclosed.children(IDENTIFIER, _FIRST)
        (content,) = held.children(OCTET_STRING)
        (signer,) = signers.children(SEQUENCE)
        if (kind.content, version.content, inner.content) != (_SIGNED_DATA, b"\x03", _TST_INFO):
            return None
        encoded = tuple(one.encoding for one in certificates.children())
        return OrdinaryToken(content.content, *_info(content.content), encoded, signer)
    except (NotStrict, KeyError, ValueError):
        return None


def proof_of(token: OrdinaryToken) -> Proof | None:
    """Check the token's signature (RFC 5652 section 5.4, RFC 5035); None where it does not hold, or may not."""
    try:
        return _proof(token)
    except Exception:  # a hostile certificate may break any parser below
        return None


def _info(content: bytes) -> tuple[str, bytes, datetime]:
    """The imprint and the time of a TSTInfo."""
    version, policy, imprint, number, time, *last = only(content, SEQUENCE).children()
    tags = version.tag, policy.tag, imprint.tag, number.tag, time.tag
    order = [_LAST_PARTS.index(one.tag) for one in last]
    if tags != (INTEGER, IDENTIFIER, SEQUENCE, INTEGER, GENERALIZED_TIME) or order != sorted(set(order)):
        raise NotStrict("not a TSTInfo")
    algorithm, value = imprint.children(SEQUENCE, OCTET_STRING)
    return _DIGESTS[_algorithm(algorithm)], value.content, _time(time.content)


def _time(content: bytes) -> datetime:
    told = _TIME.fullmatch(content)
    if told is None:
        raise NotStrict("not a time of day in UTC")
    *parts, fraction = told.groups(b"")
    year, month, day, hour, minute, second = map(int, parts)
    return datetime(year, month, day, hour, minute, second, int(fraction.ljust(6, b"0")), tzinfo=UTC)


def _algorithm(element: Element) -> bytes:
    """The identifier of an algorithm without parameters."""
    identifier, *parameters = element.children()
    if identifier.tag != IDENTIFIER or [one.encoding for one in parameters] not in ([], [bytes((NULL, 0))]):
        raise NotStrict("an algorithm with parameters")
    return identifier.content


def _proof(token: OrdinaryToken) -> Proof | None:
    _, named, hashed, signed, algorithm, value = token.signer.children(
        INTEGER, SEQUENCE, SEQUENCE, _FIRST, SEQUENCE, OCTET_STRING
    )
    certificates = tuple(map(certificate_of, token.certificates))
    signer = _named(named, certificates)
    quick = None if signer is None else quickly(signer)
    if signer is None or quick is None:
        return None
    name = _DIGESTS[_algorithm(hashed)]
    family, signed_digest = _SIGNATURES[_algorithm(algorithm)]
    scheme = ValueScheme(family, signed_digest or name)
    if family == "ecdsa":
        only(value.content, SEQUENCE)  # r and s side by side are for XML
    if not _fit(_attributes(signed), digest(name, token.content), signer, (hashed, algorithm)):
        return None
    if not value_verifies(quick.public_key(), scheme, signed.retagged(SET), value.content):
        return None
    return Proof(signer, certificates, frozenset({name, scheme.digest}))


def _named(named: Element, certificates: tuple[asn1_x509.Certificate, ...]) -> asn1_x509.Certificate | None:
    """The certificate that is named by its issuer and number, if no other in the token has the same number."""
    told = named.children(SEQUENCE, INTEGER)
    found = [one for one in certificates if one.serial_number == int.from_bytes(told[1].content, "big", signed=True)]
    return found[0] if len(found) == 1 and _identity(found[0]) == tuple(one.encoding for one in told) else None


@fact
def _identity(certificate: asn1_x509.Certificate) -> tuple[bytes, bytes]:
    """The issuer and the number of a certificate as they are encoded."""
    tbs = only(certificate.dump(), SEQUENCE).children()[0]
    _, number, _, issuer = tbs.children()[:4]
    return issuer.encoding, number.encoding


def _attributes(signed: Element) -> dict[bytes, Element]:
    """The values of signed attributes that are the usual ones, each once."""
    found: dict[bytes, Element] = {}
    for attribute in signed.children():
        kind, values = attribute.children(IDENTIFIER, SET)
        (value,) = values.children()
        if kind.content in found or kind.content not in _ATTRIBUTES:
            raise NotStrict("attributes that are not usual")
        found[kind.content] = value
    return found


def _fit(
    attributes: dict[bytes, Element],
    content_digest: bytes,
    signer: asn1_x509.Certificate,
    algorithms: tuple[Element, Element],
) -> bool:
    """Whether signed attributes fit the content, the signer's certificate and the algorithms of digest and value."""
    names = [attributes[kind] for kind in (_NAMED, _NAMED_V2) if kind in attributes]
    content_type, told = attributes[_CONTENT_TYPE], attributes[_MESSAGE_DIGEST]
    return (
        (content_type.tag, content_type.content) == (IDENTIFIER, _TST_INFO)
        and (told.tag, told.content) == (OCTET_STRING, content_digest)
        and len(names) == 1
        and _names(names[0], "sha256" if _NAMED_V2 in attributes else "sha1", signer)
        and (_PROTECTED not in attributes or _protects(attributes[_PROTECTED], algorithms))
    )


def _protects(attribute: Element, algorithms: tuple[Element, Element]) -> bool:
    """Whether a CMSAlgorithmProtection (RFC 6211) names these algorithms."""
    return [_algorithm(one) for one in attribute.children(SEQUENCE, _SECOND)] == [_algorithm(one) for one in algorithms]


def _names(attribute: Element, usual: str, signer: asn1_x509.Certificate) -> bool:
    """Whether a SigningCertificate (RFC 2634) or SigningCertificateV2 (RFC 5035) names the certificate first."""
    parts = attribute.children()[0].children()[0].children()
    name = usual
    if parts[0].tag == SEQUENCE and usual == "sha256":
        name = _DIGESTS[_algorithm(parts.pop(0))]
    value, *rest = parts
    if value.tag != OCTET_STRING or value.content != digest(name, signer.dump()) or len(rest) > 1:
        return False
    return not rest or _is_issued_so(rest[0], signer)


def _is_issued_so(issued: Element, signer: asn1_x509.Certificate) -> bool:
    """Whether an IssuerSerial is that of the certificate."""
    names, number = issued.children(SEQUENCE, INTEGER)
    (directory,) = names.children(_FOURTH)
    return (directory.content, number.encoding) == _identity(signer)
