"""How are hexadecimal strings of a PDF file read, of which each signature is a long one? (ISO 32000-2, 7.3.4.3)

pyHanko reads them digit by digit. Here a string of nothing but digits and white space is decoded at once; anything else
is left to pyHanko, which reads what it can and says what is wrong with the rest.
"""

from __future__ import annotations

import binascii
from typing import Any, BinaryIO

from pyhanko.pdf_utils import generic, misc

AS_IT_COMES = generic.read_hex_string_from_stream
"""pyHanko's own way."""

_FIRST_BYTES = 256
_MORE_BYTES = 64 << 10
_INSIDE = generic.HEX_DIGITS + misc.PDF_WHITESPACE


def read_hex_string(stream: BinaryIO) -> Any:
    """The string object whose `<` the stream is at; afterwards the stream is behind its `>`.

    Raises pyHanko's errors for what is no such string.
    """
    start = stream.tell()
    stream.seek(1, 1)
    inside = _up_to_end(stream)
    if inside is None:
        stream.seek(start)
        return AS_IT_COMES(stream)
    stream.seek(start + 1 + len(inside) + 1)
    digits = inside.translate(None, misc.PDF_WHITESPACE)
    return generic.pdf_string(binascii.unhexlify(digits + b"0" * (len(digits) % 2)))


def _up_to_end(stream: BinaryIO) -> bytes | None:
    """What stands before the next `>`; None where that is not only digits and white space."""
    pieces: list[bytes] = []
    while piece := stream.read(_MORE_BYTES if pieces else _FIRST_BYTES):
        other = piece.translate(None, _INSIDE)
        if other:
            pieces.append(piece[: piece.find(b">")])
            return b"".join(pieces) if other.startswith(b">") else None
        pieces.append(piece)
    return None


def teach_pyhanko() -> None:
    """Let all of pyHanko's readers in this process read hexadecimal strings as this module does."""
    generic.read_hex_string_from_stream = read_hex_string
