"""Which bytes of a file does a PDF signature cover, and is the gap exactly its /Contents? (ISO 32000-2, 12.8.1)"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

from asn1crypto import parser

from shared.signatures.pades.source import Source
from shared.signatures.verdict import Refusal

_HEX_STRING = re.compile(rb"<([0-9A-Fa-f\s]*)>")


@dataclass(frozen=True, slots=True)
class SignedRange:
    """The bytes [0, gap_start) and [gap_end, end) of the file."""

    gap_start: int
    gap_end: int
    end: int

    def digest(self, pdf: Source, algorithm: str) -> bytes:
        """The digest of the signed bytes."""
        return pdf.digest(algorithm, (0, self.gap_start), (self.gap_end, self.end))

    def reaches_end(self, pdf: Source) -> bool:
        """Whether nothing follows the signed bytes."""
        return self.end == len(pdf)


def read_range(pdf: Source, byte_range: object, contents: bytes) -> SignedRange:
    """Check /ByteRange against the file.

    Raises `Refusal` unless it is two runs, from the file's first byte on, around a gap that is exactly the hexadecimal
    string of `contents` (the signature's /Contents, padding included).
    """
    numbers = _numbers(byte_range)
    if len(numbers) != 4 or numbers[0] != 0:
        raise Refusal("byte_range", "the signed byte range is not two runs from the start of the file")
    gap_start, gap_end, end = numbers[1], numbers[2], numbers[2] + numbers[3]
    if not 0 < gap_start < gap_end < end <= len(pdf):
        raise Refusal("byte_range", "the signed byte range does not fit the file")
    gap = _HEX_STRING.fullmatch(pdf.part(gap_start, gap_end))
    if gap is None or _from_hex(gap[1]) != contents:
        raise Refusal("byte_range", "the byte range leaves out more than the signature itself")
    check_padding(contents)
    return SignedRange(gap_start, gap_end, end)


def check_padding(contents: bytes) -> None:
    """Raise `Refusal` when anything but zeros follows the CMS message in /Contents: nobody signed it."""
    try:
        length = parser.peek(contents)
    except (ValueError, TypeError) as error:
        raise Refusal("unreadable", "the signature cannot be read") from error
    if contents[length:].strip(b"\x00"):
        raise Refusal("padding", "there is hidden data behind the signature in its place")


def _numbers(byte_range: object) -> list[int]:
    if not isinstance(byte_range, list) or not all(isinstance(one, int) for one in byte_range):
        return []
    return [int(one) for one in byte_range]


def _from_hex(text: bytes) -> bytes:
    digits = text.translate(None, b" \t\n\r\f\v")
    return binascii.unhexlify(digits + b"0" * (len(digits) % 2))
