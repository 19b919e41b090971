"""Which octets stand for these XML nodes? (Canonical XML 1.0, 1.1 and Exclusive; XMLDSig section 4.4.3)"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from urllib.parse import urljoin

from lxml import etree

from shared.signatures.verdict import Refusal
from shared.signatures.xades.names import C14N_10, C14N_11, C14N_EXCLUSIVE

_XML = "{http://www.w3.org/XML/1998/namespace}"
_BASE = _XML + "base"
_ABSOLUTE = re.compile(r"https?://[\w.-]+(?:/[\w-]+)*/?", re.ASCII)
_RELATIVE = re.compile(r"(?=.)(?:\.\./)*(?:[\w-]+/)*(?:[\w-]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Method:
    """A canonicalisation: `kind` is the identifier without comments."""

    kind: str
    comments: bool = False
    inclusive_prefixes: tuple[str, ...] = ()


PLAIN = Method(C14N_10)


@dataclass(frozen=True, slots=True)
class NodeSet:
    """A whole document, or an element with what is below it, without some elements; `comments` are in or out."""

    tree: etree._ElementTree
    apex: etree._Element | None = None
    without: tuple[etree._Element, ...] = ()
    comments: bool = False


def method_of(algorithm: str, node: etree._Element | None = None) -> Method:
    """The canonicalisation of that identifier, with the parameters that stand below `node`.

    Raises `Refusal` for one that we do not know.
    """
    for kind in (C14N_EXCLUSIVE, C14N_10, C14N_11):
        with_comments = kind + ("WithComments" if kind == C14N_EXCLUSIVE else "#WithComments")
        if algorithm in (kind, with_comments):
            return Method(kind, algorithm == with_comments, _prefixes(node))
    raise Refusal("canonicalization", "an unknown canonicalisation is used")


def canonical_element(element: etree._Element, method: Method) -> bytes:
    """The octets of one element; its comments are kept where the method keeps them."""
    return canonical(NodeSet(element.getroottree(), element, comments=True), method)


def canonical(nodes: NodeSet, method: Method) -> bytes:
    """The octets of a node set; raises `Refusal` where canonicalisation is not defined."""
    inherited = {} if nodes.apex is None else _inherited(nodes.apex, method)
    tree, apex = _cut(nodes) if nodes.without else (nodes.tree, nodes.apex)
    try:
        octets = etree.tostring(
            tree if apex is None else _alone(apex, inherited),
            method="c14n",
            exclusive=method.kind == C14N_EXCLUSIVE,
            with_comments=method.comments and nodes.comments,
            inclusive_ns_prefixes=list(method.inclusive_prefixes) or None,
        )
    except (etree.LxmlError, ValueError) as error:
        raise Refusal("canonicalization", "the XML cannot be canonicalised") from error
    return bytes(octets)


def _alone(apex: etree._Element, inherited: dict[str, str]) -> etree._ElementTree:
    """The element as a document of its own, with the namespaces in scope and the attributes that it inherits.

    lxml canonicalises whole documents only without mistakes: in a part of one it takes descendants in a default
    namespace that is declared above the part for such in none.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    root = etree.fromstring(etree.tostring(apex, encoding="utf-8", with_tail=False), parser)
    for name, value in inherited.items():
        root.set(name, value)
    return root.getroottree()


def _cut(nodes: NodeSet) -> tuple[etree._ElementTree, etree._Element | None]:
    """A copy of the tree and of the apex in it, without what is to be left out."""
    tree = copy.deepcopy(nodes.tree)
    apex = None if nodes.apex is None else _same_place(nodes.apex, tree)
    if nodes.apex is not None and any(node in nodes.without for node in (nodes.apex, *nodes.apex.iterancestors())):
        raise Refusal("nothing_signed", "the transforms leave nothing of what is referenced")
    for node in [_same_place(node, tree) for node in nodes.without]:
        _take_out(node)
    return tree, apex


def _same_place(node: etree._Element, tree: etree._ElementTree) -> etree._Element:
    steps = []
    parent = node.getparent()
    while parent is not None:
        steps.append(parent.index(node))
        node, parent = parent, parent.getparent()
    found = tree.getroot()
    for step in reversed(steps):
        found = found[step]
    return found


def _take_out(node: etree._Element) -> None:
    """Remove an element but not the text that follows it."""
    parent = node.getparent()
    if parent is None:
        raise Refusal("nothing_signed", "the transforms leave nothing of the document")
    before = node.getprevious()
    if node.tail:
        if before is None:
            parent.text = (parent.text or "") + node.tail
        else:
            before.tail = (before.tail or "") + node.tail
        node.tail = None
    parent.remove(node)


def _inherited(apex: etree._Element, method: Method) -> dict[str, str]:
    """The xml: attributes that inclusive canonicalisation brings in from above (C14N 1.0 and 1.1, section 2.4)."""
    if method.kind == C14N_EXCLUSIVE:
        return {}
    found: dict[str, str] = {}
    for above in apex.iterancestors():
        for name, value in above.attrib.items():
            if str(name).startswith(_XML) and name not in apex.attrib:
                found.setdefault(str(name), str(value))
    if method.kind == C14N_11:
        found.pop(_XML + "id", None)
        found |= _joined_base(apex)
    return found


def _joined_base(apex: etree._Element) -> dict[str, str]:
    """The xml:base of the apex with those of all that is above (C14N 1.1, section 2.4).

    Only plain ones are joined: an absolute directory, and relative ones below it that do not climb above its root.
    """
    bases = [
        str(node.get(_BASE)) for node in (*reversed(list(apex.iterancestors())), apex) if node.get(_BASE) is not None
    ]
    if not bases or (len(bases) == 1 and apex.get(_BASE) is not None):
        return {}
    joined = bases[0]
    for step in bases[1:]:
        whole = _ABSOLUTE.fullmatch(step) is not None
        depth = joined.rstrip("/").count("/") - 2
        if not whole and (not _RELATIVE.fullmatch(step) or step.count("../") > depth):
            raise Refusal("canonicalization", "C14N 1.1 with such an xml:base is not supported")
        joined = step if whole else urljoin(joined, step)
    if not _ABSOLUTE.fullmatch(joined):
        raise Refusal("canonicalization", "C14N 1.1 with such an xml:base is not supported")
    return {_BASE: joined}


def _prefixes(node: etree._Element | None) -> tuple[str, ...]:
    if node is None:
        return ()
    listed = node.find(f"{{{C14N_EXCLUSIVE}}}InclusiveNamespaces")
    return () if listed is None else tuple((listed.get("PrefixList") or "").split())
