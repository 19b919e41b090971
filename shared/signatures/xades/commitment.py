"""Is what a signature refers to the content that the caller knows? (`signature-profile.md`, binding rule)"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.errors import Malformed
from shared.signatures.algorithms import digest
from shared.signatures.content import KnownContent, Original
from shared.signatures.verdict import Refusal
from shared.signatures.xades.canonical import Method, NodeSet, canonical
from shared.signatures.xades.document import read_document
from shared.signatures.xades.names import C14N_10, C14N_EXCLUSIVE, ds
from shared.signatures.xades.references import Checked, octets_of_original
from shared.signatures.xades.structure import Reference, XmlSignature
from shared.signatures.xades.tree import decode_base64, elements, has_stray_text, text_of

if TYPE_CHECKING:
    from lxml import etree


def is_known_outside(known: KnownContent, reference: Reference, signature: XmlSignature) -> bool:
    """Whether a reference to something outside of the document commits to the known content."""
    if isinstance(known, Original):
        return octets_known(known, reference, signature) is not None
    return known.has_digest(reference.digest, reference.value)


def octets_known(known: KnownContent | None, reference: Reference, signature: XmlSignature) -> bytes | None:
    """The octets that a reference to something outside digests, where the known content gives just these."""
    if not isinstance(known, Original):
        return None
    try:
        octets = octets_of_original(known.data, reference, signature)
    except Malformed:
        return None
    return octets if digest(reference.digest, octets) == reference.value else None


def is_known_inside(known: KnownContent, checked: Checked) -> bool:
    """Whether what a reference leads to, inside of the document, is the known content or holds it.

    It may be the very octets that were digested (but no hash without a name: that must stand there itself), base64 or
    text in an element, or the same XML.
    """
    named = isinstance(known, Original) or known.algorithm is not None
    if named and known.has_digest(checked.reference.digest, checked.reference.value):
        return True
    shown = _shown(checked.nodes)
    if not elements(shown) and not checked.nodes.without and _is_text(known, text_of(shown)):
        return True
    return isinstance(known, Original) and _is_same_xml(known, shown, checked.nodes)


def _shown(nodes: NodeSet) -> etree._Element:
    """The element that people see: for a ds:Object, the only one in it."""
    apex = nodes.tree.getroot() if nodes.apex is None else nodes.apex
    inner = elements(apex)
    wrapped = apex.tag == ds("Object") and len(inner) == 1 and not has_stray_text(apex)
    return inner[0] if wrapped else apex


def _is_text(known: KnownContent, text: str) -> bool:
    if isinstance(known, Original) and text.encode() == known.data:
        return True
    try:
        return known.is_content(decode_base64(text))
    except Refusal:
        return False


def _is_same_xml(known: Original, shown: etree._Element, nodes: NodeSet) -> bool:
    """Canonical forms tell; what stands inside of other XML must not bring along its surroundings' namespaces."""
    whole = shown is nodes.tree.getroot()
    method = Method(C14N_10 if whole else C14N_EXCLUSIVE, comments=nodes.comments)
    try:
        given = read_document(known.data)
        octets = canonical(NodeSet(given.tree, given.root, comments=nodes.comments), method)
        return octets == canonical(replace(nodes, apex=shown), method)
    except Malformed:
        return False
