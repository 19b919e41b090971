"""Can this PDF file be read at all, and if not, why?"""

from __future__ import annotations

import logging
import re
import struct
import zlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from shared.errors import Malformed
from shared.signatures.pades import hexadecimal, payloads
from shared.signatures.pades.source import Source

hexadecimal.teach_pyhanko()
payloads.teach_pyhanko()
for _name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)  # its warnings quote the documents

UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    EOFError,
    OSError,
    MemoryError,
    zlib.error,
    struct.error,
    InvalidSignature,
    UnsupportedAlgorithm,
)
"""What parsing a hostile file may raise inside pyHanko and asn1crypto: all of it means "this file is broken"."""


MAX_OBJECTS = 1_000_000

BEHIND_ENTRY = re.compile(rb"(?=/)|[^/A-Za-z0-9\x00\s\[\]]|[A-Za-z]{16}")
"""Where a window may end, when a key with a number or an array of numbers is looked for."""

_INDEX = re.compile(rb"/Index[\x00\s]*+\[([\d\x00\s]{1,100000})\]")
_NUMBER = re.compile(rb"\d{1,19}")
_SIZE = re.compile(rb"/Size[\x00\s]++(\d{1,19})")


def open_pdf(pdf: bytes | Source) -> PdfFileReader:
    """Read a PDF file's structure, leniently where pyHanko can (hybrid and odd cross-references).

    Raises `Malformed` when it is no PDF, broken, encrypted, or says that it has more objects than can be read.
    """
    source = Source.of(pdf)
    if b"%PDF-" not in source.part(0, 1024):
        raise Malformed("this is not a PDF file", code="not_pdf")
    if _told_objects(source) > MAX_OBJECTS:
        raise Malformed("the PDF file has too many objects", code="too_complex")
    try:
        reader = PdfFileReader(source.stream(), strict=False)
        encrypted = reader.encrypted
        if not encrypted:
            reader.root  # noqa: B018 - reading it is the check
    except (PdfError, *UNREADABLE) as error:
        raise Malformed("the PDF file is broken: its structure cannot be read", code="pdf_broken") from error
    if encrypted:
        raise Malformed("the PDF file is encrypted; encrypted files cannot be signed or verified", code="pdf_encrypted")
    return reader


def _told_objects(source: Source) -> int:
    """The largest number of objects that a cross-reference table says it has: reading goes through each."""
    most = 0
    for _, window in source.windows(BEHIND_ENTRY):
        sizes = (int(found[1]) for found in _SIZE.finditer(window))
        counts = (sum(int(one) for one in _NUMBER.findall(found[1])[1::2]) for found in _INDEX.finditer(window))
        most = max((most, *sizes, *counts))
    return most
