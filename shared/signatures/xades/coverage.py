"""How much of what the document shows do a signature's references cover? (issue of signature wrapping)"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.signatures.xades.names import ds
from shared.signatures.xades.tree import elements, has_stray_text

if TYPE_CHECKING:
    from lxml import etree

    from shared.signatures.xades.references import Checked
    from shared.signatures.xades.structure import XmlSignature


def covers_everything(
    root: etree._Element, signature: XmlSignature, holder: etree._Element, checked: list[Checked]
) -> bool:
    """Whether nothing is shown that the references leave out.

    Signatures and what only holds them do not count as shown; objects inside this signature do, but for `holder`, the
    one of its own properties.
    """
    signed = [root if one.nodes.apex is None else one.nodes.apex for one in checked]
    return _is_covered(root, signed) and all(
        one is holder or _is_covered(one, signed) or not (elements(one) or has_stray_text(one))
        for one in signature.objects
    )


def _is_covered(node: etree._Element, signed: list[etree._Element]) -> bool:
    if any(node is one for one in signed):
        return True
    if node.tag == ds("Signature"):
        return True
    children = elements(node)
    return bool(children) and not has_stray_text(node) and all(_is_covered(child, signed) for child in children)
