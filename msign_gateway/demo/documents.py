"""What is there to sign? A two-page PDF made on the spot, and records of which only the hash leaves the system."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyhanko.pdf_utils import generic as typed_generic
from pyhanko.pdf_utils import writer as typed_writer

generic: Any = typed_generic
writer: Any = typed_writer

_A4 = (0, 0, 595, 842)
_LEFT, _TOP, _LEADING = 64, 770, 20


@dataclass(frozen=True, slots=True)
class Record:
    """Something that stays at its system; MSign gets the SHA-256 of it."""

    name: str
    text: str

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the record's text in UTF-8."""
        return hashlib.sha256(self.text.encode()).digest()


def record(number: int) -> Record:
    """Return a made-up tax declaration."""
    declared = 100 + number
    text = f"Declarație fiscală nr. {declared}; venit total: {declared * 1250} lei"
    return Record(f"Declarația {declared} · 2026", text)


def records() -> tuple[Record, ...]:
    """Return three made-up tax declarations."""
    return tuple(record(number) for number in (1, 2, 3))


def two_page_pdf(made_at: datetime) -> bytes:
    """Return a PDF file with two pages of text."""
    first = ["Annual report of the Example Company", "", f"Made on {made_at:%Y-%m-%d %H:%M} UTC for the demo."]
    first += ["", "Everything in it is made up. It has two pages,", "so that a signature has more than one to cover."]
    second = ["Annex 1", "", *(f"Item {number}: {number * 1250} lei" for number in range(1, 13))]
    return pdf_of([first, second])


def pdf_of(pages: Sequence[Sequence[str]]) -> bytes:
    """Return a PDF file (ISO 32000) with the given lines of Latin text on each page."""
    file = writer.PdfFileWriter()
    name = generic.NameObject
    font = file.add_object(
        generic.DictionaryObject(
            {
                name("/Type"): name("/Font"),
                name("/Subtype"): name("/Type1"),
                name("/BaseFont"): name("/Helvetica"),
                name("/Encoding"): name("/WinAnsiEncoding"),
            }
        )
    )
    fonts = generic.DictionaryObject({name("/F1"): font})
    resources = generic.DictionaryObject({name("/Font"): fonts})
    size = generic.ArrayObject([generic.NumberObject(number) for number in _A4])
    for lines in pages:
        contents = file.add_object(generic.StreamObject(stream_data=_drawing(lines)))
        file.insert_page(writer.PageObject(contents=contents, media_box=size, resources=resources))
    output = io.BytesIO()
    file.write(output)
    return output.getvalue()


def _drawing(lines: Sequence[str]) -> bytes:
    shown = []
    for number, line in enumerate(lines):
        size = 18 if number == 0 else 12
        escaped = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        shown.append(f"/F1 {size} Tf ({escaped}) Tj 0 -{_LEADING + (8 if number == 0 else 0)} Td")
    text = f"BT {_LEFT} {_TOP} Td " + " ".join(shown) + " ET"
    return text.encode("cp1252")
