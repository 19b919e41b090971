"""How much of what the document shows do a signature's references cover? (issue of signature wrapping)"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from shared.signatures.xades.names import BASE64, ds
from shared.signatures.xades.tree import elements, has_stray_text, local_name

if TYPE_CHECKING:
    from shared.signatures.xades.references import Checked
    from shared.signatures.xades.structure import XmlSignature

_XML = "{http://www.w3.org/XML/1998/namespace}"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_SILENT = frozenset(
    {
        *("Id", "ID", "id", "lang", "space", "base", "schemaLocation", "noNamespaceSchemaLocation"),
        *("version", "format", "MimeType", "Encoding"),
    }
)


def covers_everything(
    root: etree._Element, signature: XmlSignature, holder: etree._Element, checked: list[Checked]
) -> bool:
    """Whether nothing is shown that the references leave out.

    Signatures and what only holds them do not count as shown; objects inside this signature do, but for the properties
    in `holder`. A style sheet decides how everything is shown. Of an element whose text is signed as base64, the rest
    is not.
    """
    signed = [root if one.nodes.apex is None else one.nodes.apex for one in checked]
    whole = any(one.nodes.apex is None for one in checked)
    if not whole and any(_is_style_sheet(node) for node in root.itersiblings(preceding=True)):
        return False
    objects = [one for one in signature.objects if one is not holder and _shows_something(one)]
    beside = [one for one in elements(holder) if local_name(one) != "QualifyingProperties"]
    texts = (one.nodes.apex for one in checked if any(map(_is_base64, one.reference.transforms)))
    if any(_says_something(one) or any(map(_is_style_sheet, one)) for one in (holder, *texts) if one is not None):
        return False
    return all(_is_covered(one, signed) for one in (root, *objects, *beside))


def _is_covered(node: etree._Element, signed: list[etree._Element]) -> bool:
    if any(node is one for one in signed):
        return True
    if node.tag == ds("Signature"):
        return True
    children = elements(node)
    plain = not has_stray_text(node) and not any(_is_style_sheet(child) for child in node)
    return (
        bool(children) and plain and not _says_something(node) and all(_is_covered(child, signed) for child in children)
    )


def _shows_something(one: etree._Element) -> bool:
    return bool(elements(one)) or has_stray_text(one) or _says_something(one)


def _is_base64(transform: etree._Element) -> bool:
    return transform.get("Algorithm") == BASE64


def _is_style_sheet(node: etree._Element) -> bool:
    return isinstance(node, etree._ProcessingInstruction) and node.target == "xml-stylesheet"


def _says_something(holder: etree._Element) -> bool:
    """Whether an element that should only hold others has attributes with content of their own."""
    names = (str(name).removeprefix(_XML).removeprefix(_XSI) for name in holder.attrib)
    return any(name not in _SILENT for name in names)
