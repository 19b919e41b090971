"""Could a signature be added to this PDF file, and if not, why?

To be asked before anybody is troubled with signing it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.fields import MDPPerm

from shared.errors import Malformed
from shared.signatures.pades.opening import UNREADABLE, open_pdf
from shared.signatures.pades.permissions import locks_out

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import PdfFileReader

ANY_NEW_FIELD = "MSign"


def why_not_signable(pdf: bytes) -> str | None:
    """Return a sentence that says why `sign_pdf` would refuse a file, None for one that can be signed.

    Refused are files that are no PDF, broken, encrypted, without a page, or that carry a signature whose signer forbade
    any further change (ISO 32000-2, 12.8.2.2: DocMDP level 1) or locked every field that there may be (12.8.2.4:
    FieldMDP, as a signature field's /Lock asks for it): our signature would break theirs. Takes time in proportion to
    the file's structure.
    """
    try:
        reader = open_pdf(pdf)
        return _why_not(reader)
    except Malformed as error:
        return str(error)
    except (PdfError, *UNREADABLE):
        return "the PDF file is broken: its structure cannot be read"


def _why_not(reader: PdfFileReader) -> str | None:
    if not _has_page(reader):
        return "the PDF file has no page"
    if any(signature.docmdp_level is MDPPerm.NO_CHANGES for signature in reader.embedded_signatures):
        return "the PDF file carries a signature that forbids any further change, so no signature can be added"
    if locks_out(reader, ANY_NEW_FIELD):
        return "the PDF file carries a signature that locks all fields, so no signature can be added"
    IncrementalPdfFileWriter.from_reader(reader)
    return None


def _has_page(reader: PdfFileReader) -> bool:
    return int(reader.root["/Pages"]["/Count"]) > 0
