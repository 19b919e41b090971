"""Which timestamps does a signature carry, and over which octets must each be? (TS 101 903 section 7, EN 319 132-1)"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.signatures.verdict import Refusal
from shared.signatures.xades.canonical import PLAIN, Method, canonical, canonical_element, method_of
from shared.signatures.xades.commitment import octets_known
from shared.signatures.xades.names import XADES_141, XADES_NAMESPACES, ds
from shared.signatures.xades.references import Checked
from shared.signatures.xades.tree import children, decoded, elements, refuse_stray_text

if TYPE_CHECKING:
    from lxml import etree

    from shared.signatures.content import KnownContent
    from shared.signatures.xades.contents import References
    from shared.signatures.xades.properties import Properties
    from shared.signatures.xades.structure import Reference, XmlSignature

MAX_TOKENS = 64
MAX_STAMPED_BYTES = 320 << 20
_REFERENCES = (
    "CompleteCertificateRefs", "CompleteCertificateRefsV2", "CompleteRevocationRefs",
    "AttributeCertificateRefs", "AttributeCertificateRefsV2", "AttributeRevocationRefs",
)  # fmt: skip
_EXPLICIT = ("Include", "HashDataInfo")


@dataclass(frozen=True, slots=True)
class Stamp:
    """One token (DER) with the octets that it must be over; None where nobody can know them.

    `kind` is the element's local name; only `RefsOnly…` leaves the signature value out.
    """

    kind: str
    token: bytes
    octets: bytes | None


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What timestamps may be over: the signature, its references, known content, its unsigned properties."""

    signature: XmlSignature
    properties: Properties
    references: References
    known: KnownContent | None
    unsigned: tuple[etree._Element, ...]


def stamps_of(
    signature: XmlSignature, properties: Properties, references: References, known: KnownContent | None
) -> list[Stamp]:
    """Every timestamp among the unsigned signature properties, in order.

    Raises `Refusal` where these are not as they must be, or a token cannot be read.
    """
    unsigned = children(properties.qualifying, "UnsignedProperties")
    holders = [node for one in unsigned for node in children(one, "UnsignedSignatureProperties")]
    if len(unsigned) > 1 or len(holders) > 1:
        raise Refusal("unsigned_properties", "the unsigned properties stand there twice")
    for node in (*unsigned, *holders):
        refuse_stray_text(node)
    around = _Surroundings(
        signature, properties, references, known, tuple(node for one in holders for node in elements(one))
    )
    found: list[Stamp] = []
    for place, node in enumerate(around.unsigned):
        found += _stamps(node, place, around)
        if len(found) > MAX_TOKENS or sum(len(one.octets or b"") for one in found) > MAX_STAMPED_BYTES:
            raise Refusal("timestamps", "the signature carries too many timestamps")
    return found


def _stamps(node: etree._Element, place: int, around: _Surroundings) -> list[Stamp]:
    kind = _name(node)
    if not kind.removesuffix("V2").endswith("TimeStamp"):
        return []
    tokens = [decoded(one) for one in children(node, "EncapsulatedTimeStamp")]
    if not tokens and kind == "SignatureTimeStamp":
        raise Refusal("timestamp_unreadable", "a signature timestamp holds no token")
    octets = _octets(node, kind, place, around) if tokens else None
    return [Stamp(kind, token, octets) for token in tokens]


def _octets(node: etree._Element, kind: str, place: int, around: _Surroundings) -> bytes | None:
    """What the token must be over; where the timestamp lists it explicitly, it is not judged."""
    told = node.find(ds("CanonicalizationMethod"))
    algorithm = "" if told is None else told.get("Algorithm") or ""
    method = method_of(algorithm, told) if algorithm else PLAIN
    value = canonical_element(around.signature.value_node, method)
    if kind == "SignatureTimeStamp":
        return value
    if any(children(node, name) for name in _EXPLICIT):
        return None
    before = around.unsigned[:place]
    if kind.startswith("ArchiveTimeStamp"):
        return _archived(node, before, method, around)
    listed = _REFERENCES if kind.startswith("RefsOnly") else ("SignatureTimeStamp", *_REFERENCES)
    refs = b"".join(canonical_element(one, method) for one in before if _name(one) in listed)
    return refs if kind.startswith("RefsOnly") else value + refs


def _archived(
    node: etree._Element, before: tuple[etree._Element, ...], method: Method, around: _Surroundings
) -> bytes | None:
    """EN 319 132-1 clause 5.5.2.2; TS 101 903 v1.3.2 section 7.7.1 leaves out objects that are referenced anyway."""
    signature, parts = around.signature, []
    for one in around.references.every:
        octets = _of_reference(one, method, around)
        if octets is None:
            return None
        parts.append(octets)
    targets = [one.nodes.apex for one in around.references.every if isinstance(one, Checked)]
    old = not node.tag.startswith(f"{{{XADES_141}}}")
    objects = [
        one for one in signature.objects
        if one is not around.properties.holder and not (old and any(one is target for target in targets))
    ]  # fmt: skip
    key_info = () if signature.key_info is None else (signature.key_info,)
    nodes = (signature.signed_info, signature.value_node, *key_info, *before, *objects)
    return b"".join((*parts, *(canonical_element(one, method) for one in nodes)))


def _of_reference(one: Checked | Reference, method: Method, around: _Surroundings) -> bytes | None:
    if isinstance(one, Checked):
        return one.octets if one.serialised else canonical(one.nodes, method)
    return octets_known(around.known, one, around.signature)


def _name(node: etree._Element) -> str:
    """The local name of a XAdES element, of 1.4.1 too."""
    space, _, name = str(node.tag).removeprefix("{").rpartition("}")
    return name if space in XADES_NAMESPACES or space == XADES_141 else ""
