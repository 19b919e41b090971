"""Which nodes make up this ds:Signature, and has it exactly the parts that XMLDSig allows? (XMLDSig section 4)

Everything later works on these nodes; nothing searches the document for them again.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from shared.signatures.algorithms import DIGEST_URIS, ENC, MORE2007, SIGNATURE_URIS
from shared.signatures.values import ValueScheme
from shared.signatures.verdict import Refusal
from shared.signatures.xades.canonical import Method, method_of
from shared.signatures.xades.names import ds
from shared.signatures.xades.tree import decoded, elements, refuse_stray_text

MAX_REFERENCES = 256
MAX_TRANSFORMS = 8
_PSS = f"{{{MORE2007}}}"
_MGF1 = MORE2007 + "MGF1"


@dataclass(frozen=True, slots=True)
class Reference:
    """One ds:Reference; `uri` is None where the attribute is missing."""

    node: etree._Element
    uri: str | None
    type: str
    transforms: tuple[etree._Element, ...]
    digest: str
    value: bytes


@dataclass(frozen=True, slots=True)
class XmlSignature:
    """The parts of one ds:Signature."""

    node: etree._Element
    signed_info: etree._Element
    method: Method
    scheme: ValueScheme
    references: tuple[Reference, ...]
    value_node: etree._Element
    value: bytes
    key_info: etree._Element | None
    objects: tuple[etree._Element, ...]


def read_signature(node: etree._Element) -> XmlSignature:
    """Take a ds:Signature apart; raises `Refusal` where it has other parts than XMLDSig allows, or in another order."""
    refuse_stray_text(node)
    parts = elements(node)
    names = [part.tag for part in parts]
    objects = tuple(part for part in parts if part.tag == ds("Object"))
    keyed = ds("KeyInfo") in names
    expected = [ds("SignedInfo"), ds("SignatureValue"), *([ds("KeyInfo")] if keyed else []), *(o.tag for o in objects)]
    if names != expected:
        raise Refusal("structure", "the signature does not have the parts that XMLDSig prescribes")
    signed_info, value_node = parts[0], parts[1]
    inside = elements(signed_info)
    if [part.tag for part in inside[:2]] != [ds("CanonicalizationMethod"), ds("SignatureMethod")]:
        raise Refusal("structure", "SignedInfo does not have the parts that XMLDSig prescribes")
    return XmlSignature(
        node,
        signed_info,
        method_of(inside[0].get("Algorithm") or "", inside[0]),
        _scheme(inside[1]),
        read_references(inside[2:]),
        value_node,
        decoded(value_node),
        parts[2] if keyed else None,
        objects,
    )


def read_references(nodes: list[etree._Element]) -> tuple[Reference, ...]:
    """The ds:Reference elements of a SignedInfo or a Manifest; raises `Refusal` for anything else among them."""
    if not nodes or len(nodes) > MAX_REFERENCES or any(node.tag != ds("Reference") for node in nodes):
        raise Refusal("structure", "there must be between 1 and 256 references, and nothing else")
    return tuple(_reference(node) for node in nodes)


def digest_named(node: etree._Element) -> str:
    """The digest of a ds:DigestMethod; raises `Refusal` for an unknown one."""
    try:
        return DIGEST_URIS[node.get("Algorithm") or ""]
    except KeyError:
        raise Refusal("unknown_digest", "an unknown digest algorithm is used") from None


def _reference(node: etree._Element) -> Reference:
    parts = elements(node)
    transforms: tuple[etree._Element, ...] = ()
    if parts and parts[0].tag == ds("Transforms"):
        transforms = tuple(elements(parts.pop(0)))
    if [part.tag for part in parts] != [ds("DigestMethod"), ds("DigestValue")]:
        raise Refusal("structure", "a reference does not have the parts that XMLDSig prescribes")
    if len(transforms) > MAX_TRANSFORMS or any(one.tag != ds("Transform") for one in transforms):
        raise Refusal("structure", "a reference has too many transforms, or something else among them")
    return Reference(
        node, node.get("URI"), node.get("Type") or "", transforms, digest_named(parts[0]), decoded(parts[1])
    )


def _scheme(node: etree._Element) -> ValueScheme:
    known = SIGNATURE_URIS.get(node.get("Algorithm") or "")
    if known is None:
        raise Refusal("unknown_signature_method", "an unknown or unsuitable signature algorithm is used")
    if known.digest is not None:
        return ValueScheme(known.family, known.digest)
    return _pss_scheme(node.find(_PSS + "RSAPSSParams"))


def _pss_scheme(parameters: etree._Element | None) -> ValueScheme:
    """RFC 9231 section 2.3.9: SHA-256, MGF1 with the same digest and a salt as long as the digest, unless told."""
    if parameters is None:
        return ValueScheme("rsa-pss", "sha256", salt_bytes=32)
    hashed, masked, salt = (
        parameters.find(ds("DigestMethod")),
        parameters.find(_PSS + "MaskGenerationFunction"),
        parameters.find(_PSS + "SaltLength"),
    )
    name = "sha256" if hashed is None else digest_named(hashed)
    mask = name
    if masked is not None:
        inner = masked.find(ds("DigestMethod"))
        if masked.get("Algorithm") not in (_MGF1, ENC + "mgf1sha1") or (
            inner is None and masked.get("Algorithm") != _MGF1
        ):
            raise Refusal("unknown_signature_method", "an unknown mask generation function is used")
        mask = name if inner is None else digest_named(inner)
    try:
        length = None if salt is None else int(salt.text or "")
    except ValueError as error:
        raise Refusal("structure", "the salt length is not a number") from error
    return ValueScheme("rsa-pss", name, mask, length)
