"""Can this XML be read safely, and where in it are the signatures and the Ids?"""

from __future__ import annotations

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
MAX_ELEMENTS = 500_000

_ID_NAMES = frozenset(
    {
        "Id",
        "ID",
        "id",
        "{http://www.w3.org/XML/1998/namespace}id",
        "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id",
    }
)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document with its elements by Id."""

    tree: etree._ElementTree
    ids: dict[str, tuple[etree._Element, ...]]

    @property
    def root(self) -> etree._Element:
        """The document element."""
        return self.tree.getroot()

    def by_id(self, name: str) -> etree._Element:
        """The one element with this Id; raises `Refusal` when there is none, or more than one."""
        found = self.ids.get(name, ())
        if not found:
            raise Refusal("missing_target", "a reference points at an element that is not there")
        if len(found) > 1:
            raise Refusal("duplicate_id", "a reference points at an Id that several elements share")
        return found[0]

    def signatures(self) -> list[etree._Element]:
        """All signatures but those that counter-sign another one, of which they are an unsigned property."""
        found = [node for node in self.root.iter(ds("Signature")) if not _counter_signs(node)]
        if not found:
            raise NoSignature("the XML document holds no ds:Signature")
        return found


def read_document(data: bytes) -> Document:
    """Parse without DTDs, entities or network.

    Raises `Malformed` for what is not well-formed, has a document type, or is too large, deep or crowded.
    """
    if len(data) > MAX_BYTES:
        raise Malformed("the XML document is too large", code="too_large")
    _scan(data)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_comments=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Malformed("the input is not well-formed XML", code="not_xml") from error
    tree = root.getroottree()
    if tree.docinfo.internalDTD is not None:
        raise Malformed("XML with a document type declaration is refused", code="doctype")
    return Document(tree, _ids(root))


def _scan(data: bytes) -> None:
    """Refuse before a tree is built: expat reads the same bytes in one pass and keeps nothing."""
    seen = _Scan()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = seen.doctype
    parser.StartElementHandler = seen.start
    parser.EndElementHandler = seen.end
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Malformed("the input is not well-formed XML", code="not_xml") from error


class _Scan:
    def __init__(self) -> None:
        self.depth = 0
        self.elements = 0

    def doctype(self, *_: Any) -> None:
        raise Malformed("XML with a document type declaration is refused", code="doctype")

    def start(self, *_: Any) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > MAX_DEPTH or self.elements > MAX_ELEMENTS:
            raise Malformed("the XML document is nested too deeply or has too many elements", code="too_complex")

    def end(self, *_: Any) -> None:
        self.depth -= 1


def _ids(root: etree._Element) -> dict[str, tuple[etree._Element, ...]]:
    found: dict[str, tuple[etree._Element, ...]] = {}
    for node in root.iter(etree.Element):
        for value in {str(value) for name, value in node.attrib.items() if name in _ID_NAMES}:
            found[value] = (*found.get(value, ()), node)
    return found


def _counter_signs(node: etree._Element) -> bool:
    """Whether a signature stands where counter-signatures do (TS 101 903 section 7.2.4), and inside a signature."""
    line = list(node.iterancestors())
    names = [local_name(above) for above in line[:3]]
    counter = names == ["CounterSignature", "UnsignedSignatureProperties", "UnsignedProperties"]
    return counter and any(above.tag == ds("Signature") for above in line)
