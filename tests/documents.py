"""Made-up documents to sign in tests."""

from __future__ import annotations

import io
from typing import Any

from pyhanko.pdf_utils import generic as typed_generic
from pyhanko.pdf_utils import incremental_writer, writer

generic: Any = typed_generic
IncrementalPdfFileWriter: Any = incremental_writer.IncrementalPdfFileWriter
PageObject: Any = writer.PageObject
PdfFileWriter: Any = writer.PdfFileWriter


def pdf_file(*pages: str, stream_xrefs: bool = True) -> bytes:
    """A small PDF file with one line of vector drawing on each page."""
    file = PdfFileWriter(stream_xrefs=stream_xrefs)
    for page in pages or ("one", "two"):
        drawing = generic.StreamObject(stream_data=f"q 50 {700 - len(page)} m 300 700 l S Q % {page}".encode())
        size = generic.ArrayObject([generic.NumberObject(one) for one in (0, 0, 595, 842)])
        file.insert_page(PageObject(contents=file.add_object(drawing), media_box=size))
    output = io.BytesIO()
    file.write(output)
    return output.getvalue()


def with_page_replaced(pdf: bytes) -> bytes:
    """The same file with an incremental update that draws something else on the first page."""
    file = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    page = file.root["/Pages"]["/Kids"][0]
    page[generic.NameObject("/Contents")] = file.add_object(generic.StreamObject(stream_data=b"q 0 0 m 500 500 l S Q"))
    file.update_container(page)
    output = io.BytesIO()
    file.write(output)
    return output.getvalue()


def with_annotation(pdf: bytes) -> bytes:
    """The same file with an incremental update that puts a note on the first page."""
    file = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    page = file.root["/Pages"]["/Kids"][0]
    note = generic.DictionaryObject(
        {
            generic.NameObject("/Type"): generic.NameObject("/Annot"),
            generic.NameObject("/Subtype"): generic.NameObject("/FreeText"),
            generic.NameObject("/Rect"): generic.ArrayObject([generic.NumberObject(one) for one in (0, 0, 90, 90)]),
            generic.NameObject("/Contents"): generic.TextStringObject("paid in full"),
        }
    )
    annotations = page.get("/Annots", generic.ArrayObject())
    page[generic.NameObject("/Annots")] = generic.ArrayObject([*annotations, file.add_object(note)])
    file.update_container(page)
    output = io.BytesIO()
    file.write(output)
    return output.getvalue()
