"""Which objects can one put behind a signed PDF file that only those find who look for objects without its tables?

Each attack adds a revision whose table tells of none of them. Viewers search the file themselves when the table is not
quite right: the attacker sees to that, and to tables that others still read. With these the suite is whole.
"""

from __future__ import annotations

import io
import re

from tests.attacks.pades import AFTER_SIGNING, Attack, IncrementalPdfFileWriter, bytes_after_signing
from tests.attacks.pades_bytes import content_number, last_root, last_table
from tests.attacks.shadows import stream

__all__ = ["AFTER_SIGNING", "DISPLACED"]

DRAWING = b"<< /Length 16 >>\nstream\n0 0 500 500 re f\nendstream\nendobj\n"
DISPLACED = (-4, 1, 3)
"""How many bytes beside a table its place may be told, so that some readers find it still and others do not."""


def behind(pdf: bytes, listed: dict[int, bytes], unlisted: bytes, *, beside: int = 0, end: bytes = b" \n") -> bytes:
    """The file with a revision of objects that its table tells of, by their numbers, and of others."""
    out, places = pdf + b"\n", {}
    for number, body in listed.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    out += unlisted
    lines = b"".join(b"%d 1\n%010d 00000 n%s" % (number, place, end) for number, place in places.items())
    told = b"/Size %d /Root %s /Prev %d" % (max(listed) + 1, last_root(pdf), last_table(pdf))
    return out + b"xref\n%strailer\n<< %s >>\nstartxref\n%d\n%%%%EOF\n" % (lines, told, len(out) + beside)


def drawing_again(pdf: bytes) -> bytes:
    """The page's drawing, another time: who searches the file takes the last."""
    return b"%d 0 obj\n%s" % (content_number(pdf), DRAWING)


def _displaced(beside: int) -> Attack:
    return lambda pdf: behind(pdf, {90: b"<< >>"}, drawing_again(pdf), beside=beside)


for _beside in DISPLACED:
    AFTER_SIGNING[f"a_drawing_that_is_not_told_of_with_a_table_displaced_by_{_beside}"] = _displaced(_beside)


@bytes_after_signing
def a_drawing_that_is_not_told_of(pdf: bytes) -> bytes:
    return behind(pdf, {90: b"<< >>"}, drawing_again(pdf))


@bytes_after_signing
def a_drawing_that_is_not_told_of_with_short_lines_in_the_table(pdf: bytes) -> bytes:
    return behind(pdf, {90: b"<< >>"}, drawing_again(pdf), end=b"\n")


@bytes_after_signing
def a_drawing_that_is_not_told_of_with_comments_in_its_header(pdf: bytes) -> bytes:
    again = drawing_again(pdf).replace(b" 0 obj", b"%a\n0%b\nobj")
    return behind(pdf, {90: b"<< >>"}, again, beside=1)


@bytes_after_signing
def a_drawing_that_is_not_told_of_with_much_room_in_its_header(pdf: bytes) -> bytes:
    return behind(pdf, {90: b"<< >>"}, drawing_again(pdf).replace(b" 0 obj", b" " * 200 + b"0 obj"), beside=1)


HEADERS = {
    "a_plus": b"%d +0 obj\n", "a_minus": b"%d -0 obj\n", "two_minuses": b"%d --0 obj\n", "a_point": b"%d 0. obj\n",
    "a_fraction": b"%d 0.0 obj\n", "many_signs": b"%d " + b"-" * 70 + b"0 obj\n", "byte_80": b"%d\x800 obj\n",
    "byte_ff": b"%d 0\xffobj\n", "a_longer_word": b"%d 0 objR\n", "an_escaped_letter": b"%d 0 ob#6a\n",
    "another_escaped_letter": b"%d 0 #6fbj\n",
}  # fmt: skip
"""Headers that PDFium, MuPDF or poppler take for an object's where they look for objects themselves."""


def _headed(header: bytes) -> Attack:
    return lambda pdf: behind(pdf, {90: b"<< >>"}, b"\n%s%s" % (header % content_number(pdf), DRAWING), beside=3)


for _name, _header in HEADERS.items():
    AFTER_SIGNING[f"a_drawing_that_is_not_told_of_with_{_name}_in_its_header"] = _headed(_header)


@bytes_after_signing
def a_drawing_inside_another_object(pdf: bytes) -> bytes:
    return behind(pdf, {90: b"<< /Length 60 >>\nstream\n\n%s" % drawing_again(pdf)}, b"", beside=1)


@bytes_after_signing
def a_drawing_of_another_number_than_told(pdf: bytes) -> bytes:
    told = behind(pdf, {90: b"<< >>"}, b"", beside=1)
    return told.replace(b"\n90 0 obj\n<< >>\nendobj\n", b"\n" + drawing_again(pdf))


CATALOG = {
    90: b"<< /Type /Catalog /Pages 91 0 R >>",
    91: b"<< /Type /Pages /Kids [92 0 R] /Count 1 >>",
    92: b"<< /Type /Page /Parent 91 0 R /MediaBox [0 0 595 842] /Contents 93 0 R >>",
    93: DRAWING.removesuffix(b"\nendobj\n"),
}


@bytes_after_signing
def a_trailer_that_is_not_the_tables(pdf: bytes) -> bytes:
    out = behind(pdf, CATALOG, b"", beside=1)
    head, _, tail = out.rpartition(b"startxref")
    return head + b"trailer\n<< /Size 94 /Root 90 0 R >>\nstartxref" + tail


@bytes_after_signing
def a_trailer_with_an_escaped_letter(pdf: bytes) -> bytes:
    return a_trailer_that_is_not_the_tables(pdf).replace(b"trailer\n<< /Size 94", b"tr#61iler\n<< /Size 94")


@bytes_after_signing
def a_table_in_a_stream_that_is_not_the_revisions(pdf: bytes) -> bytes:
    told = b"<< /Type /XRef /W [1 4 0] /Size 94 /Root 90 0 R /Length 5 >>\nstream\n00000\nendstream"
    return behind(pdf, CATALOG | {94: told}, b"", beside=1)


@bytes_after_signing
def a_bundle_that_the_table_does_not_tell_of(pdf: bytes) -> bytes:
    """Who searches the file unpacks it, and finds the first page another time in it."""
    number = int(re.findall(rb"/Kids\s*\[\s*(\d+)", pdf)[0])
    shown = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 93 0 R >>"
    body = b"%d 0 %s" % (number, shown)
    first = len(b"%d 0 " % number)
    bundle = b"<< /Type /ObjStm /N 1 /First %d /Length %d >>\nstream\n%s\nendstream" % (first, len(body), body)
    return behind(pdf, {90: bundle, 93: CATALOG[93]}, b"", beside=1)


@bytes_after_signing
def a_page_that_is_found_by_its_place_in_a_bundle(pdf: bytes) -> bytes:
    """By its number it is the one that was signed, but the table tells the place of another."""
    told = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False).root["/Pages"]["/Kids"]
    true = io.BytesIO()
    told[0].write_to_stream(true)
    number, false = int(told.raw_get(0).idnum), CATALOG[92]
    header = b"%d 0 98 %d " % (number, len(true.getvalue()) + 1)
    bundle = stream(header + true.getvalue() + b" " + false, b"/Type /ObjStm /N 2 /First %d" % len(header))
    bodies = {90: bundle, 93: CATALOG[93]}
    out, rows = pdf + b"\n", {number: b"\x02" + (90).to_bytes(4) + b"\x01", 98: b"\x02" + (90).to_bytes(4) + b"\x00"}
    for one, body in bodies.items():
        rows[one] = b"\x01" + len(out).to_bytes(4) + b"\x00"
        out += b"%d 0 obj\n%s\nendobj\n" % (one, body)
    index = b" ".join(b"%d 1" % one for one in sorted(rows))
    more = b"/Type /XRef /W [1 4 1] /Index [%s] /Size 100 /Root %s /Prev %d" % (index, last_root(pdf), last_table(pdf))
    table = stream(b"".join(rows[one] for one in sorted(rows)), more)
    return out + b"99 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (table, len(out))


@bytes_after_signing
def a_page_with_two_drawings(pdf: bytes) -> bytes:
    """Most readers take the last value of a key, some the first."""
    pages = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False).root["/Pages"]["/Kids"]
    written = io.BytesIO()
    pages[0].write_to_stream(written)
    twice = written.getvalue().removesuffix(b">>") + b"/Contents 93 0 R >>"
    return behind(pdf, {int(pages.raw_get(0).idnum): twice, 93: CATALOG[93]}, b"")


@bytes_after_signing
def a_trailer_with_two_catalogs(pdf: bytes) -> bytes:
    return behind(pdf, CATALOG, b"").replace(b"/Prev", b"/Root 90 0 R /Prev")
