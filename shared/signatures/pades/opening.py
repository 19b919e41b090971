"""Can this PDF file be read at all, and if not, why?"""

from __future__ import annotations

import io
import logging
import struct
import zlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from shared.errors import Malformed

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


def open_pdf(data: bytes) -> PdfFileReader:
    """Read a PDF file's structure, leniently where pyHanko can (hybrid and odd cross-references).

    Raises `Malformed` when it is no PDF, broken, or encrypted.
    """
    if b"%PDF-" not in data[:1024]:
        raise Malformed("this is not a PDF file", code="not_pdf")
    try:
        reader = PdfFileReader(io.BytesIO(data), strict=False)
        encrypted = reader.encrypted
        if not encrypted:
            reader.root  # noqa: B018 - reading it is the check
    except (PdfError, *UNREADABLE) as error:
        raise Malformed("the PDF file is broken: its structure cannot be read", code="pdf_broken") from error
    if encrypted:
        raise Malformed("the PDF file is encrypted; encrypted files cannot be signed or verified", code="pdf_encrypted")
    return reader
