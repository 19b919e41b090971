"""Objects in object streams are those that the table tells of, or an error, and are found without a search."""

from __future__ import annotations

from typing import Any

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfReadError

from shared.signatures.pades import bundles
from shared.signatures.pades.opening import open_pdf
from tests.attacks.shadows import file_of, stream

MANY = 300


def bundled(data: bytes, count: int, first: int, numbers: list[int], kind: bytes = b"/ObjStm") -> bytes:
    """A file with an object stream, number 7, that is to hold the objects of these numbers."""
    file = file_of()
    places = {7: len(file), 8: 0}
    out = file + b"7 0 obj\n%s\nendobj\n" % stream(data, b"/Type %s /N %d /First %d" % (kind, count, first))
    places[8] = len(out)
    rows = {number: b"\x02" + (7).to_bytes(4) + index.to_bytes(2) for index, number in enumerate(numbers)}
    rows |= {number: b"\x01" + place.to_bytes(4) + bytes(2) for number, place in places.items()}
    index = b" ".join(b"%d 1" % number for number in sorted(rows))
    told = b"/Type /XRef /W [1 4 2] /Index [%s] /Size 9999 /Root 1 0 R" % index
    table = stream(b"".join(rows[number] for number in sorted(rows)), told)
    before = file.rpartition(b"startxref\n")[2].split()[0]
    table = table.replace(b"/Root", b"/Prev %s /Root" % before)
    return out + b"8 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (table, places[8])


def read(pdf: bytes, *numbers: int) -> list[Any]:
    reader: Any = open_pdf(pdf)
    return [reader.get_object(generic.Reference(number, 0, reader)) for number in numbers]


def test_objects_are_read_by_their_numbers():
    pdf = bundled(b"90 0 91 2 7 << /A 8 >>", 2, 10, [90, 91])
    assert read(pdf, 90, 91) == [7, {"/A": 8}]


@pytest.mark.parametrize(
    "pdf",
    [
        bundled(b"91 0 7", 1, 5, [90]),
        bundled(b"90 0 << /A 90 0R >>", 1, 5, [90]),
        bundled(b"90 0 << /A", 1, 5, [90]),
        bundled(b"90 0 4 0 R ", 1, 5, [90]),
        bundled(b"90 0 7", 2, 5, [90]),
        bundled(b"90 0 7", -1, 5, [90]),
        bundled(b"90 x 7", 1, 5, [90]),
        bundled(b"90 0 7", 1, 5, [90], kind=b"/XObject"),
    ],
)
def test_what_cannot_be_found_or_read_is_an_error_and_not_null(pdf):
    with pytest.raises(PdfReadError):
        read(pdf, 90)


def test_what_an_object_stream_holds_is_looked_up_once(monkeypatch):
    looked_up: list[Any] = []
    places_in = bundles.places_in

    def counted(bundle: Any) -> list[tuple[int, int]]:
        looked_up.append(bundle)
        return places_in(bundle)

    monkeypatch.setattr(bundles, "places_in", counted)
    numbers = list(range(100, 100 + MANY))
    header = b" ".join(b"%d %d" % (number, 4 * at) for at, number in enumerate(numbers)) + b" "
    pdf = bundled(header + b" ".join(b"%d" % number for number in numbers), MANY, len(header), numbers)
    assert read(pdf, *numbers) == numbers
    assert len(looked_up) == 1
