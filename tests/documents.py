"""Made-up documents to sign in tests."""

from __future__ import annotations

import io

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter


def pdf_file(*pages: str, stream_xrefs: bool = True) -> bytes:
    """A small PDF file with one line of vector drawing on each page."""
    writer = PdfFileWriter(stream_xrefs=stream_xrefs)
    for page in pages or ("one", "two"):
        drawing = generic.StreamObject(stream_data=f"q 50 {700 - len(page)} m 300 700 l S Q % {page}".encode())
        size = generic.ArrayObject([generic.NumberObject(one) for one in (0, 0, 595, 842)])
        writer.insert_page(PageObject(contents=writer.add_object(drawing), media_box=size))
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def with_page_replaced(pdf: bytes) -> bytes:
    """The same file with an incremental update that draws something else on the first page."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    page = writer.root["/Pages"]["/Kids"][0]
    page[generic.NameObject("/Contents")] = writer.add_object(
        generic.StreamObject(stream_data=b"q 0 0 m 500 500 l S Q")
    )
    writer.update_container(page)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def with_annotation(pdf: bytes) -> bytes:
    """The same file with an incremental update that puts a note on the first page."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    page = writer.root["/Pages"]["/Kids"][0]
    note = generic.DictionaryObject(
        {
            generic.NameObject("/Type"): generic.NameObject("/Annot"),
            generic.NameObject("/Subtype"): generic.NameObject("/FreeText"),
            generic.NameObject("/Rect"): generic.ArrayObject([generic.NumberObject(one) for one in (0, 0, 90, 90)]),
            generic.NameObject("/Contents"): generic.TextStringObject("paid in full"),
        }
    )
    annotations = page.get("/Annots", generic.ArrayObject())
    page[generic.NameObject("/Annots")] = generic.ArrayObject([*annotations, writer.add_object(note)])
    writer.update_container(page)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()
