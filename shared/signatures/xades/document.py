"""Can this XML be read safely, and where in it are the signatures and the Ids?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from lxml import etree

from shared.errors import Malformed
from shared.signatures.verdict import NoSignature, Refusal
from shared.signatures.xades.names import ds
from shared.signatures.xades.tree import local_name

MAX_BYTES = 64 << 20
MAX_DEPTH = 200
MAX_TAGS = 1_000_000
MAX_ATTRIBUTES = 2_000_000
MAX_ATTRIBUTES_PER_ELEMENT = 256
MAX_NAMESPACES_IN_SCOPE = 256
MAX_LOOKUPS = 200_000_000
MAX_SIGNATURES = 100
MAX_SIGNED_BYTES = 64 << 20

_NAMESPACES = {"wsu": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"}
_ID_NAMES = frozenset({"Id", "ID", "id", "{http://www.w3.org/XML/1998/namespace}id", f"{{{_NAMESPACES['wsu']}}}Id"})
_DECLARED = re.compile(rb"""<\?xml\s[^>]{0,60}?encoding\s*=\s*["']([A-Za-z][\w.-]{0,40})["']""", re.ASCII)
_REGIONAL = re.compile("iso-?(?!8859-1$)|windows-|cp-?[0-9]|koi8|big5|gb|euc|shift|ks_c|tis", re.IGNORECASE)
_WITH_ID = etree.XPath("//*[@Id or @ID or @id or @xml:id or @wsu:Id]", namespaces=_NAMESPACES)
_TOO_COMPLEX = etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)} | //*[count(@*) > {MAX_ATTRIBUTES_PER_ELEMENT}])")


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document with its elements by Id."""

    tree: etree._ElementTree
    ids: dict[str, list[etree._Element]]
    size_bytes: int

    @property
    def root(self) -> etree._Element:
        """The document element."""
        return self.tree.getroot()

    def by_id(self, name: str) -> etree._Element:
        """The one element with this Id; raises `Refusal` when there is none, or more than one."""
        found = self.ids.get(name, [])
        if not found:
            raise Refusal("missing_target", "a reference points at an element that is not there")
        if len(found) > 1:
            raise Refusal("duplicate_id", "a reference points at an Id that several elements share")
        return found[0]

    def signatures(self) -> list[etree._Element]:
        """All signatures but those that counter-sign another one, of which they are an unsigned property.

        Raises `NoSignature` when there is none, `Malformed` for more than anybody can judge: each may be over it all.
        """
        found = [node for node in self.root.iter(ds("Signature")) if not _counter_signs(node)]
        if not found:
            raise NoSignature("the XML document holds no ds:Signature")
        if len(found) > MAX_SIGNATURES or (len(found) - 1) * self.size_bytes > MAX_SIGNED_BYTES:
            raise Malformed("the XML document holds too many signatures for its size", code="too_complex")
        return found


def read_document(data: bytes) -> Document:
    """Parse without DTDs, entities or network.

    Raises `Malformed` for what is not well-formed, has a document type, or is too large, deep or crowded.
    """
    if len(data) > MAX_BYTES:
        raise Malformed("the XML document is too large", code="too_large")
    if data.count(b"<") > MAX_TAGS or data.count(b"=") > MAX_ATTRIBUTES:
        raise Malformed("the XML document has too many elements or attributes", code="too_complex")
    text, encoding = _readable(data)
    _scan(text, encoding)
    parser = etree.XMLParser(encoding=encoding, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Malformed("the input is not well-formed XML", code="not_xml") from error
    tree = root.getroottree()
    if tree.docinfo.internalDTD is not None:
        raise Malformed("XML with a document type declaration is refused", code="doctype")
    if _TOO_COMPLEX(tree):
        raise Malformed("the XML document is nested too deeply, or an element too large", code="too_complex")
    return Document(tree, _ids(tree), len(data))


def _readable(data: bytes) -> tuple[bytes, str | None]:
    """The document as both parsers read it alike, and its encoding where that is not what it declares itself."""
    declared = _DECLARED.match(data)
    if declared is None or not _REGIONAL.match(declared[1].decode("ascii")):
        return data, None
    try:
        return data.decode(declared[1].decode("ascii")).encode(), "utf-8"
    except (LookupError, ValueError) as error:
        raise Malformed("the input is not in the encoding that it declares", code="not_xml") from error


def _scan(data: bytes, encoding: str | None) -> None:
    """Refuse before a tree is built and entities do their work: expat reads the bytes in one pass and keeps nothing."""
    parser = expat.ParserCreate(encoding, namespace_separator=" ")
    scan = _Scan(tags=data.count(b"<"))
    parser.StartDoctypeDeclHandler = scan.doctype
    parser.StartNamespaceDeclHandler = scan.declared
    parser.EndNamespaceDeclHandler = scan.forgotten
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Malformed("the input is not well-formed XML", code="not_xml") from error


class _Scan:
    def __init__(self, tags: int) -> None:
        self.tags = tags
        self.namespaces = 0

    def doctype(self, *_: Any) -> None:
        raise Malformed("XML with a document type declaration is refused", code="doctype")

    def declared(self, *_: Any) -> None:
        self.namespaces += 1
        steps = self.tags * self.namespaces**2  # of canonicalisation, which looks each up for each element
        if self.namespaces > MAX_NAMESPACES_IN_SCOPE or steps > MAX_LOOKUPS:
            raise Malformed("too many namespaces are in scope", code="too_complex")

    def forgotten(self, *_: Any) -> None:
        self.namespaces -= 1


def _ids(tree: etree._ElementTree) -> dict[str, list[etree._Element]]:
    found: dict[str, list[etree._Element]] = {}
    for node in _elements(_WITH_ID(tree)):
        for value in {str(value) for name, value in node.attrib.items() if name in _ID_NAMES}:
            found.setdefault(value, []).append(node)
    return found


def _elements(found: Any) -> list[etree._Element]:
    """What an XPath expression for elements gives."""
    return list(found)


def _counter_signs(node: etree._Element) -> bool:
    """Whether a signature stands where counter-signatures do (TS 101 903 section 7.2.4), and inside a signature."""
    line = list(node.iterancestors())
    names = [local_name(above) for above in line[:3]]
    counter = names == ["CounterSignature", "UnsignedSignatureProperties", "UnsignedProperties"]
    return counter and any(above.tag == ds("Signature") for above in line)
