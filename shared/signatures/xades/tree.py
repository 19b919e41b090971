"""How are the parts of an element found and read? (child elements, text and base64 in them, XAdES names)"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from shared.signatures.verdict import Refusal
from shared.signatures.xades.names import XADES_NAMESPACES

if TYPE_CHECKING:
    from lxml import etree


def elements(node: etree._Element) -> list[etree._Element]:
    """The child elements, without comments and processing instructions."""
    return [child for child in node if isinstance(child.tag, str)]


def refuse_stray_text(node: etree._Element) -> None:
    """Raise `Refusal` when text stands between the elements of a node that only holds elements."""
    if has_stray_text(node):
        raise Refusal("structure", "text stands where the signature has only elements")


def has_stray_text(node: etree._Element) -> bool:
    """Whether text other than white space stands between the elements of a node."""
    return bool((node.text or "").strip()) or any((child.tail or "").strip() for child in node)


def decoded(node: etree._Element) -> bytes:
    """The bytes that an element holds as base64; raises `Refusal` when it does not."""
    if elements(node):
        raise Refusal("structure", "a value has elements inside")
    return decode_base64(text_of(node))


def text_of(node: etree._Element) -> str:
    """All text at and below an element, in order, without that of comments and processing instructions."""
    return "".join(str(text) for text in node.itertext())


def decode_base64(text: str) -> bytes:
    """Decode base64 with white space in it; raises `Refusal` for anything else."""
    try:
        return base64.b64decode(text.encode("ascii").translate(None, b" \t\r\n"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refusal("base64", "a value is not base64") from error


def local_name(node: etree._Element) -> str:
    """The local name of a XAdES element of any version; empty for any other element."""
    space, _, name = str(node.tag).removeprefix("{").partition("}")
    return name if space in XADES_NAMESPACES else ""


def children(node: etree._Element, name: str) -> list[etree._Element]:
    """The child elements with that XAdES name."""
    return [child for child in elements(node) if local_name(child) == name]


def only_child(node: etree._Element, name: str) -> etree._Element | None:
    """The child element with that XAdES name, if any; raises `Refusal` when there are several."""
    found = children(node, name)
    if len(found) > 1:
        raise Refusal("structure", "a property stands there twice")
    return found[0] if found else None
