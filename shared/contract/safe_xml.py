"""How is XML from outside read without letting it do harm?

UTF-8 or UTF-16, no document type (so no entities), nothing fetched, nothing expanded. The prologue is checked before
the parser sees the document: a document type must stand there or nowhere (XML 1.0, production 22).
"""

import re

from lxml import etree

from shared.errors import Malformed

ENCODINGS = frozenset({"utf-8", "utf-16", "utf-16le", "utf-16be", "us-ascii"})
PROLOGUE_BYTES = 16 * 1024

_BOMS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_MISC = re.compile(r"\ufeff?(?:[ \t\r\n]+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_DECLARED = re.compile(r"""\ufeff?<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")


def read_xml(data: bytes, *, charset: str | None = None) -> etree._Element:
    """Return the root element of a document; comments and processing instructions are left out.

    `charset` is what the transport says, which wins over the document's own word (RFC 7303 section 3).
    Raises `Malformed` with code `xml` for what is not well-formed, `encoding` or `document_type` for what is refused.
    """
    declared = known_charset(charset)
    check_prologue(data, declared)
    parser = etree.XMLParser(
        encoding=declared,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Malformed("the message is not well-formed XML", code="xml") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Malformed("a document type is not allowed", code="document_type")
    return root


def known_charset(charset: str | None) -> str | None:
    """Return what the transport says, in lower case. Raises `Malformed` for an encoding that is not read here."""
    declared = charset.lower() if charset else None
    if declared is not None and declared not in ENCODINGS:
        raise Malformed("the character encoding is neither UTF-8 nor UTF-16", code="encoding")
    return declared


def check_prologue(data: bytes, declared: str | None) -> None:
    """Raise `Malformed` for a document whose first `PROLOGUE_BYTES` show that it is not to be read."""
    start = data[:PROLOGUE_BYTES].decode(encoding_of(data, declared), errors="replace")
    own = _DECLARED.match(start)
    if own and own.group(1).lower() not in ENCODINGS:
        raise Malformed("the character encoding is neither UTF-8 nor UTF-16", code="encoding")
    end = _MISC.match(start)
    after = start[end.end() :] if end else start
    if after.startswith("<!"):
        raise Malformed("a document type is not allowed", code="document_type")
    if not after.startswith("<"):
        raise Malformed("the message is not well-formed XML", code="xml")


def encoding_of(data: bytes, declared: str | None) -> str:
    """Return `utf-8`, `utf-16-le` or `utf-16-be`: what the first bytes show, before what was declared."""
    found = next((encoding for mark, encoding in _BOMS if data.startswith(mark)), None)
    return found or ("utf-16-le" if declared and declared.startswith("utf-16") else "utf-8")
