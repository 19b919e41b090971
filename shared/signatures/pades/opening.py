"""Can this PDF file be read at all, and if not, why?"""

from __future__ import annotations

import logging
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko.pdf_utils import xref
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from shared.errors import Malformed
from shared.signatures.pades import bundles, dictionaries, hexadecimal, payloads
from shared.signatures.pades.source import Source

bundles.teach_pyhanko()
dictionaries.teach_pyhanko()
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

_left: ContextVar[int] = ContextVar("objects that the tables of the file being opened may still tell of")
_parse_table: Any = xref.parse_xref_stream
"""pyHanko's own way."""


def parse_table(stream: Any, strict: bool = True) -> Any:
    """The entries of a cross-reference stream; pyHanko goes through as many as it says, not as many as it has.

    Raises `Malformed` where all tables of the file say more than `MAX_OBJECTS`.
    """
    pairs = stream.get("/Index", [0, stream.get("/Size")])
    counts = list(pairs)[1::2] if isinstance(pairs, list) else []
    left = _left.get(MAX_OBJECTS) - sum(max(0, one) for one in counts if isinstance(one, int))
    if left < 0:
        raise Malformed("the PDF file has too many objects", code="too_complex")
    if _left.get(None) is not None:
        _left.set(left)
    return _parse_table(stream, strict=strict)


setattr(xref, "parse_xref_stream", parse_table)  # noqa: B010 - mypy minds a function that is replaced


def open_pdf(pdf: bytes | Source) -> PdfFileReader:
    """Read a PDF file's structure, leniently where pyHanko can (hybrid and odd cross-references).

    Raises `Malformed` when it is no PDF, broken, encrypted, or says that it has more objects than can be read.
    """
    source = Source.of(pdf)
    if b"%PDF-" not in source.part(0, 1024):
        raise Malformed("this is not a PDF file", code="not_pdf")
    before = _left.set(MAX_OBJECTS)
    try:
        reader = PdfFileReader(source.stream(), strict=False)
        encrypted = reader.encrypted
        if not encrypted:
            reader.root  # noqa: B018 - reading it is the check
    except (PdfError, *UNREADABLE) as error:
        raise Malformed("the PDF file is broken: its structure cannot be read", code="pdf_broken") from error
    finally:
        _left.reset(before)
    if encrypted:
        raise Malformed("the PDF file is encrypted; encrypted files cannot be signed or verified", code="pdf_encrypted")
    return reader


@contextmanager
def reading(pdf: bytes | Source) -> Iterator[PdfFileReader]:
    """Yield what `open_pdf` returns, and let it go at the end.

    A reader and its objects refer to each other: they would stay until garbage is collected, which takes long.
    """
    reader = open_pdf(pdf)
    try:
        yield reader
    finally:
        for resolver in reader._historical_resolver_cache.values():
            resolver.__dict__.clear()
        reader.__dict__.clear()
