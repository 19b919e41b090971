"""What does a reference point at, and does its digest hold? (XMLDSig sections 4.4.3 and 6.6)

"See what is signed": a reference is resolved once, to nodes; nothing is fetched; transforms are few and known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from shared.signatures.algorithms import DS, digest
from shared.signatures.verdict import Refusal
from shared.signatures.xades.canonical import PLAIN, NodeSet, canonical, method_of
from shared.signatures.xades.document import Document, read_document
from shared.signatures.xades.names import BASE64, ENVELOPED, XPATH, XPATH_FILTER2, ds
from shared.signatures.xades.structure import Reference, XmlSignature
from shared.signatures.xades.tree import decode_base64, elements, text_of

if TYPE_CHECKING:
    from lxml import etree

_POINTER_ID = re.compile(r"""xpointer\(id\((?:'([^']+)'|"([^"]+)")\)\)""")
_OWN = r"here\(\)/ancestor::(?P<own>[\w.-]+):Signature\[1\]"
_KEPT = re.compile(
    r"not\(ancestor-or-self::(?P<a>[\w.-]+):Signature\)|"
    r"not\(ancestor-or-self::\*\[local-name\(\)=(?P<quote>['\"])Signature(?P=quote)"
    rf"(?:andnamespace-uri\(\)=(?P=quote){re.escape(DS)}(?P=quote))?\]\)|"
    rf"count\(ancestor-or-self::(?P<b>[\w.-]+):Signature\|{_OWN}\)>count\(ancestor-or-self::(?P<c>[\w.-]+):Signature\)"
)
"""XPath expressions that are true of all nodes but signatures, or of all but the signature itself."""
_SUBTRACTED = re.compile(rf"(?:/descendant(?:-or-self)?::|//)(?P<a>[\w.-]+):Signature|{_OWN}")
"""XPath Filter 2.0 expressions for all signatures, or the signature itself."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Where a reference leads: nodes of the document, or (`nodes` is None) content outside of it."""

    reference: Reference
    nodes: NodeSet | None


@dataclass(frozen=True, slots=True)
class Checked:
    """A reference into the document after its transforms: what they left of the nodes, and whether the digest holds.

    `serialised` tells that the transforms themselves made octets of the nodes.
    """

    reference: Reference
    nodes: NodeSet
    octets: bytes
    holds: bool
    serialised: bool


def resolve(document: Document, reference: Reference) -> Resolved:
    """Find what a reference points at; raises `Refusal` for a missing or ambiguous target."""
    uri = reference.uri
    if uri is None or (uri and not uri.startswith("#")):
        return Resolved(reference, None)
    if uri in ("", "#xpointer(/)"):
        return Resolved(reference, NodeSet(document.tree, comments=bool(uri)))
    pointer = _POINTER_ID.fullmatch(uri[1:])
    if pointer is None and "xpointer(" in uri:
        raise Refusal("pointer", "a reference uses a pointer that is not supported")
    name = uri[1:] if pointer is None else (pointer[1] or pointer[2])
    name = name if name in document.ids else unquote(name)
    return Resolved(reference, NodeSet(document.tree, document.by_id(name), comments=pointer is not None))


def check(resolved: Resolved, signature: XmlSignature) -> Checked:
    """Apply the transforms to nodes of the document and compare the digest; raises `Refusal` for unknown transforms."""
    if resolved.nodes is None:
        raise Refusal("external", "the content lies outside of the document")
    nodes, made = transformed(resolved.nodes, resolved.reference, signature)
    octets = canonical(nodes, PLAIN) if made is None else made
    holds = digest(resolved.reference.digest, octets) == resolved.reference.value
    return Checked(resolved.reference, nodes, octets, holds, made is not None)


def refuse_hiding(reference: Reference) -> None:
    """Raise `Refusal` for transforms of content from outside that it could not have inside: nobody knows what they do.

    The digest alone would not tell, since it is of what they made.
    """
    for step in reference.transforms:
        algorithm = step.get("Algorithm") or ""
        if algorithm in (XPATH, XPATH_FILTER2):
            _leaves_out_own(step, algorithm)
        elif algorithm not in (ENVELOPED, BASE64):
            method_of(algorithm, step)


def octets_of_original(data: bytes, reference: Reference, signature: XmlSignature) -> bytes:
    """What a reference's transforms make of content from outside; raises `Refusal` or `Malformed`."""
    if not reference.transforms:
        return data
    if reference.transforms[0].get("Algorithm") == BASE64:
        return decode_base64(data.decode("ascii", "replace"))
    nodes, octets = transformed(NodeSet(read_document(data).tree, comments=True), reference, signature)
    return canonical(nodes, PLAIN) if octets is None else octets


def transformed(nodes: NodeSet, reference: Reference, signature: XmlSignature) -> tuple[NodeSet, bytes | None]:
    """The node set that is left after a reference's transforms, and the octets if they made some of it."""
    octets: bytes | None = None
    for step in reference.transforms:
        algorithm = step.get("Algorithm") or ""
        if algorithm in (ENVELOPED, XPATH, XPATH_FILTER2):
            if octets is not None:
                raise Refusal("transform", "a transform hides parts of what was serialised before")
            nodes = _without_signatures(nodes, step, algorithm, signature)
        elif algorithm == BASE64:
            octets = decode_base64(_text(nodes) if octets is None else octets.decode("ascii", "replace"))
        elif octets is None:
            octets = canonical(nodes, method_of(algorithm, step))
        else:
            octets = canonical(NodeSet(read_document(octets).tree, comments=True), method_of(algorithm, step))
    return nodes, octets


def _without_signatures(nodes: NodeSet, step: etree._Element, algorithm: str, signature: XmlSignature) -> NodeSet:
    """Leave out the signature itself, or all signatures: the only parts that a transform may hide."""
    own = algorithm == ENVELOPED or _leaves_out_own(step, algorithm)
    apex = nodes.tree.getroot() if nodes.apex is None else nodes.apex
    if algorithm == XPATH and any(node.tag != ds("Signature") for node in apex.iter("{*}Signature")):
        raise Refusal("transform", "an XPath transform may hide more than signatures")
    found = [signature.node] if own else [node for node in apex.iter(ds("Signature")) if not _inside_signature(node)]
    inside = [node for node in found if any(above is apex for above in (node, *node.iterancestors()))]
    return replace(nodes, without=tuple(dict.fromkeys((*nodes.without, *inside))))


def _leaves_out_own(step: etree._Element, algorithm: str) -> bool:
    """Whether an XPath transform leaves out the signature itself only; raises `Refusal` if it may hide more."""
    name = ds("XPath") if algorithm == XPATH else f"{{{XPATH_FILTER2}}}XPath"
    parameters = elements(step)
    if len(parameters) != 1 or parameters[0].tag != name:
        raise Refusal("transform", "an XPath transform is not as it should be")
    expression = re.sub(r"\s+", "", text_of(parameters[0]))
    match = (_KEPT if algorithm == XPATH else _SUBTRACTED).fullmatch(expression)
    told = {} if match is None else {key: value for key, value in match.groupdict().items() if value and key != "quote"}
    foreign = any(parameters[0].nsmap.get(prefix) != DS for prefix in told.values())
    if match is None or foreign or (algorithm == XPATH_FILTER2 and parameters[0].get("Filter") != "subtract"):
        raise Refusal("transform", "an XPath transform may hide more than signatures")
    return "own" in told


def _inside_signature(node: etree._Element) -> bool:
    return any(True for _ in node.iterancestors(ds("Signature")))


def _text(nodes: NodeSet) -> str:
    """The text that is base64; elements in it would be shown, but not signed."""
    apex = nodes.tree.getroot() if nodes.apex is None else nodes.apex
    if nodes.without or elements(apex):
        raise Refusal("transform", "a base64 transform is used on more than text")
    return text_of(apex)
