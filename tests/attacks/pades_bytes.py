"""Which bytes can one put behind a signed PDF file, past whoever reads it by its tables?"""

from __future__ import annotations

import io
import re

from tests.attacks.pades import (
    AFTER_SIGNING,
    IncrementalPdfFileWriter,
    a_page_that_shows_something_else,
    bytes_after_signing,
    edited,
    page,
)

__all__ = ["AFTER_SIGNING", "table_update"]


@bytes_after_signing
def objects_that_no_table_lists(pdf: bytes) -> bytes:
    return pdf + b"\n4 0 obj\n<< /Length 5 >>\nstream\n0 0 m\nendstream\nendobj\n"


@bytes_after_signing
def an_update_without_an_end(pdf: bytes) -> bytes:
    return pdf + b"\n4 0 obj\n<<>>\nendobj\nxref\n4 1\n%010d 00000 n \ntrailer\n<<>>\n" % (len(pdf) + 1)


@bytes_after_signing
def a_page_behind_the_last_end(pdf: bytes) -> bytes:
    return edited(pdf, a_page_that_shows_something_else) + b"%%EOF\n% more\n"


def last_table(pdf: bytes) -> int:
    """Where the file's last cross-reference table stands."""
    return int(pdf[pdf.rfind(b"startxref") + 9 :].split()[0])


def last_root(pdf: bytes) -> bytes:
    """The reference to the file's catalog."""
    return bytes(re.findall(rb"/Root\s+(\d+ \d+ R)", pdf)[-1])


def table_update(pdf: bytes, entries: dict[int, bytes], bodies: bytes = b"", more: bytes = b"") -> bytes:
    """The file with a plain cross-reference table of these lines, and bodies before it."""
    before, root = last_table(pdf), last_root(pdf)
    size = max(int(one) for one in re.findall(rb"/Size\s+(\d+)", pdf))
    size = max([size, *(number + 1 for number in entries)])
    out = pdf + b"\n" + bodies
    lines = b"".join(b"%d 1\n%s \n" % (number, line) for number, line in entries.items())
    told = b"xref\n" + lines + b"trailer\n<< /Size %d /Root %s /Prev %d %s >>\n" % (size, root, before, more)
    return out + told + b"startxref\n%d\n%%%%EOF\n" % len(out)


def content_number(pdf: bytes) -> int:
    """The number of the first page's drawing."""
    reader = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    return int(page(reader).raw_get("/Contents").idnum)


@bytes_after_signing
def a_drawing_declared_free(pdf: bytes) -> bytes:
    return table_update(pdf, {content_number(pdf): b"0000000000 00001 f"})


@bytes_after_signing
def a_drawing_declared_free_for_ever(pdf: bytes) -> bytes:
    return table_update(pdf, {content_number(pdf): b"0000000000 65535 f"})


@bytes_after_signing
def a_drawing_declared_dead(pdf: bytes) -> bytes:
    return table_update(pdf, {content_number(pdf): b"0000000000 00000 f"})


@bytes_after_signing
def a_drawing_of_a_later_generation(pdf: bytes) -> bytes:
    number = content_number(pdf)
    body = b"%d 1 obj\n<< /Length 5 >>\nstream\n0 0 m\nendstream\nendobj\n" % number
    return table_update(pdf, {number: b"%010d 00001 n" % (len(pdf) + 1)}, body)


@bytes_after_signing
def a_drawing_found_elsewhere(pdf: bytes) -> bytes:
    number = content_number(pdf)
    body = b"%d 0 obj\n<< /Length 5 >>\nstream\n0 0 m\nendstream\nendobj\n" % number
    return table_update(pdf, {number: b"%010d 00000 n" % (len(pdf) + 1)}, body)


@bytes_after_signing
def a_drawing_found_in_two_places(pdf: bytes) -> bytes:
    """The first line of the table leads to a false drawing, the second to the true one."""
    number = content_number(pdf)
    true = re.search(rb"(?<!\d)%d 0 obj" % number, pdf)
    if true is None:
        return a_drawing_found_elsewhere(pdf)
    body = b"%d 0 obj\n<< /Length 5 >>\nstream\n0 0 m\nendstream\nendobj\n" % number
    false = b"%010d 00000 n \n%d 1\n%010d 00000 n" % (len(pdf) + 1, number, true.start())
    return table_update(pdf, {number: false}, body)


@bytes_after_signing
def an_encryption_dictionary_added(pdf: bytes) -> bytes:
    return table_update(pdf, {}, more=b"/Encrypt << /Filter /Standard /V 1 /R 2 /O (a) /U (b) /P -4 >>")
