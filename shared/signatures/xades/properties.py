"""What do the qualifying properties say, and are they this signature's own? (TS 101 903 section 7, EN 319 132-1)"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.signatures.evidence import Evidence
from shared.signatures.verdict import Refusal
from shared.signatures.xades.names import TYPES_SIGNED_PROPERTIES, XADES_NAMESPACES
from shared.signatures.xades.naming import NamedCertificate, named_certificates
from shared.signatures.xades.tree import (
    children,
    decode_base64,
    elements,
    local_name,
    only_child,
    refuse_stray_text,
    text_of,
)

if TYPE_CHECKING:
    from lxml import etree

    from shared.signatures.xades.document import Document
    from shared.signatures.xades.references import Resolved
    from shared.signatures.xades.structure import XmlSignature


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
    found = [(holder, child) for holder in signature.objects for child in children(holder, "QualifyingProperties")]
    if any(children(one, "QualifyingPropertiesReference") for one in signature.objects):
        raise Refusal("signed_properties", "qualifying properties by reference are refused")
    if len(found) != 1:
        raise Refusal("signed_properties", "the signature must have exactly one set of qualifying properties")
    holder, qualifying = found[0]
    refuse_stray_text(holder)
    refuse_stray_text(qualifying)
    _check_target(document, signature, qualifying)
    signed = children(qualifying, "SignedProperties")
    if len(signed) != 1:
        raise Refusal("signed_properties", "the signature must have exactly one set of signed properties")
    if any(local_name(one) not in ("SignedProperties", "UnsignedProperties") for one in elements(qualifying)):
        raise Refusal("signed_properties", "something else stands beside the signed properties")
    about = only_child(signed[0], "SignedSignatureProperties")
    return Properties(holder, qualifying, signed[0], named_certificates(about), _signing_time(about))


def is_signed_properties(resolved: Resolved, properties: Properties) -> bool:
    """Whether a reference is the one to the signed properties.

    Raises `Refusal` for a reference that says so but leads elsewhere.
    """
    nodes = resolved.nodes
    leads_there = nodes is not None and nodes.apex is properties.signed
    if resolved.reference.type in TYPES_SIGNED_PROPERTIES and not leads_there:
        raise Refusal("signed_properties", "a reference to signed properties leads to something else")
    return leads_there


def carried_evidence(properties: Properties) -> tuple[list[bytes], Evidence]:
    """The certificates (DER) among the unsigned properties, at any depth, and the answers and lists of authorities.

    They help to build and judge paths, and prove nothing. What is no base64 is left out: unsigned values do no harm.
    """
    answers = tuple(_encapsulated(properties, "EncapsulatedOCSPValue"))
    lists = tuple(_encapsulated(properties, "EncapsulatedCRLValue"))
    return _encapsulated(properties, "EncapsulatedX509Certificate"), Evidence(ocsp=answers, crls=lists)


def _encapsulated(properties: Properties, name: str) -> list[bytes]:
    found = []
    for node in properties.qualifying.iter(*(f"{{{space}}}{name}" for space in XADES_NAMESPACES)):
        with suppress(Refusal):
            found.append(decode_base64(text_of(node)))
    return found


def _check_target(document: Document, signature: XmlSignature, qualifying: etree._Element) -> None:
    target = (qualifying.get("Target") or "").removeprefix("#")
    if not target or target != signature.node.get("Id") or document.by_id(target) is not signature.node:
        raise Refusal("signed_properties", "the qualifying properties are meant for another signature")


def _signing_time(about: etree._Element | None) -> datetime | None:
    node = None if about is None else only_child(about, "SigningTime")
    if node is None:
        return None
    try:
        told = datetime.fromisoformat(text_of(node).strip())
    except ValueError:
        return None
    return told.replace(tzinfo=UTC) if told.tzinfo is None else told
