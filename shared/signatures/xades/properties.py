"""What do the qualifying properties say, and are they this signature's own? (TS 101 903 section 7, EN 319 132-1)"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.signatures.algorithms import digest
from shared.signatures.verdict import Refusal
from shared.signatures.xades.canonical import PLAIN, canonical_element, method_of
from shared.signatures.xades.names import TYPES_SIGNED_PROPERTIES, XADES_NAMESPACES, ds
from shared.signatures.xades.structure import (
    XmlSignature,
    decode_base64,
    decoded,
    digest_named,
    elements,
    refuse_stray_text,
    text_of,
)

if TYPE_CHECKING:
    from lxml import etree

    from shared.signatures.xades.document import Document
    from shared.signatures.xades.references import Resolved

_NAMED = re.compile(r"\{([^}]*)\}(.+)")


@dataclass(frozen=True, slots=True)
class NamedCertificate:
    """A certificate as SigningCertificate (v1 or V2) names it; `serial` is None where only the digest is given."""

    digest: str
    value: bytes
    serial: int | None

    def names(self, der: bytes, serial: int) -> bool:
        """Whether this is the certificate with that encoding and serial number."""
        return digest(self.digest, der) == self.value and self.serial in (None, serial)


@dataclass(frozen=True, slots=True)
class Properties:
    """The properties of one signature; `holder` is the ds:Object that they stand in."""

    holder: etree._Element
    qualifying: etree._Element
    signed: etree._Element
    named: tuple[NamedCertificate, ...]
    claimed_at: datetime | None


def find_properties(document: Document, signature: XmlSignature) -> Properties:
    """The signature's own QualifyingProperties; raises `Refusal` when they are missing, foreign or doubled."""
    found = [
        (holder, child)
        for holder in signature.objects
        for child in elements(holder)
        if _local(child) == "QualifyingProperties"
    ]
    if any(_local(child) == "QualifyingPropertiesReference" for one in signature.objects for child in elements(one)):
        raise Refusal("signed_properties", "qualifying properties by reference are refused")
    if len(found) != 1:
        raise Refusal("signed_properties", "the signature must have exactly one set of qualifying properties")
    holder, qualifying = found[0]
    refuse_stray_text(holder)
    refuse_stray_text(qualifying)
    _check_target(document, signature, qualifying)
    signed = [child for child in elements(qualifying) if _local(child) == "SignedProperties"]
    if len(signed) != 1:
        raise Refusal("signed_properties", "the signature must have exactly one set of signed properties")
    about = _child(signed[0], "SignedSignatureProperties")
    return Properties(holder, qualifying, signed[0], _named_certificates(about), _signing_time(about))


def is_signed_properties(resolved: Resolved, properties: Properties) -> bool:
    """Whether a reference is the one to the signed properties.

    Raises `Refusal` for a reference that says so but leads elsewhere.
    """
    nodes = resolved.nodes
    leads_there = nodes is not None and nodes.apex is properties.signed
    if resolved.reference.type in TYPES_SIGNED_PROPERTIES and not leads_there:
        raise Refusal("signed_properties", "a reference to signed properties leads to something else")
    return leads_there


def timestamp_tokens(properties: Properties, signature: XmlSignature) -> list[tuple[bytes, bytes]]:
    """The signature timestamps: each token's DER with the octets that it must be over (the canonical SignatureValue).

    Raises `Refusal` for a timestamp that cannot be read.
    """
    unsigned = _children(properties.qualifying, "UnsignedProperties")
    holders = [node for one in unsigned for node in _children(one, "UnsignedSignatureProperties")]
    if len(unsigned) > 1 or len(holders) > 1:
        raise Refusal("unsigned_properties", "the unsigned properties stand there twice")
    for node in (*unsigned, *holders):
        refuse_stray_text(node)
    found = []
    for stamp in (node for holder in holders for node in _children(holder, "SignatureTimeStamp")):
        method = stamp.find(ds("CanonicalizationMethod"))
        how = PLAIN if method is None else method_of(method.get("Algorithm") or "", method)
        stamped = canonical_element(signature.value_node, how)
        tokens = _children(stamp, "EncapsulatedTimeStamp")
        if not tokens:
            raise Refusal("timestamp_unreadable", "a signature timestamp holds no token")
        found += [(decoded(token), stamped) for token in tokens]
    return found


def encapsulated_certificates(properties: Properties) -> list[bytes]:
    """The certificates (DER) among the unsigned properties: they help to build paths, and prove nothing.

    What is no base64 is left out: unsigned values can do no harm.
    """
    nodes = properties.qualifying.iter(*(f"{{{space}}}EncapsulatedX509Certificate" for space in XADES_NAMESPACES))
    found = []
    for node in nodes:
        with suppress(Refusal):
            found.append(decode_base64(text_of(node)))
    return found


def _check_target(document: Document, signature: XmlSignature, qualifying: etree._Element) -> None:
    target = (qualifying.get("Target") or "").removeprefix("#")
    if not target or target != signature.node.get("Id") or document.by_id(target) is not signature.node:
        raise Refusal("signed_properties", "the qualifying properties are meant for another signature")


def _named_certificates(about: etree._Element | None) -> tuple[NamedCertificate, ...]:
    if about is None:
        return ()
    holders = _children(about, "SigningCertificate") + _children(about, "SigningCertificateV2")
    return tuple(_named_certificate(cert) for holder in holders for cert in _children(holder, "Cert"))


def _named_certificate(cert: etree._Element) -> NamedCertificate:
    digested = _child(cert, "CertDigest")
    method = None if digested is None else digested.find(ds("DigestMethod"))
    value = None if digested is None else digested.find(ds("DigestValue"))
    if method is None or value is None:
        raise Refusal("signing_certificate", "the signing-certificate property cannot be read")
    issuer_serial = _child(cert, "IssuerSerial")
    serial = None if issuer_serial is None else issuer_serial.find(ds("X509SerialNumber"))
    try:
        number = None if serial is None else int(text_of(serial).strip()[:64])
    except ValueError as error:
        raise Refusal("signing_certificate", "the certificate's serial number cannot be read") from error
    return NamedCertificate(digest_named(method), decoded(value), number)


def _signing_time(about: etree._Element | None) -> datetime | None:
    node = None if about is None else _child(about, "SigningTime")
    if node is None:
        return None
    try:
        told = datetime.fromisoformat(text_of(node).strip())
    except ValueError:
        return None
    return told.replace(tzinfo=UTC) if told.tzinfo is None else told


def _local(node: etree._Element) -> str:
    """The local name of a XAdES element; empty for any other."""
    match = _NAMED.fullmatch(str(node.tag))
    return match[2] if match is not None and match[1] in XADES_NAMESPACES else ""


def _children(node: etree._Element, name: str) -> list[etree._Element]:
    return [child for child in elements(node) if _local(child) == name]


def _child(node: etree._Element, name: str) -> etree._Element | None:
    found = _children(node, name)
    if len(found) > 1:
        raise Refusal("structure", "a property stands there twice")
    return found[0] if found else None
