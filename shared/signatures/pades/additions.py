"""What was added behind a PDF file that was sent, and is it nothing but signatures? (architecture, delivery rule 7)"""

from __future__ import annotations

import os
from dataclasses import dataclass

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader, process_data_at_eof

from shared.signatures.pades.change import Kind
from shared.signatures.pades.opening import UNREADABLE
from shared.signatures.pades.revisions import Revisions
from shared.signatures.pades.source import Source
from shared.signatures.pades.tables import leads_beyond
from shared.signatures.verdict import SignatureVerdict

_ADDITIONS = frozenset({Kind.PRESERVED, Kind.SIGNED, Kind.SIGNED_ON_TOP})


@dataclass(frozen=True, slots=True)
class Added:
    """The signatures that were added to a file, and whether nothing else was."""

    signatures: tuple[SignatureVerdict, ...]
    nothing_else: bool


def revision_that_ends(reader: PdfFileReader, size: int) -> int | None:
    """The revision of a file that is all of its first `size` bytes, read as a file by themselves; None where none is.

    What came later may pass by the last table of those bytes and go on from an earlier one: then part of what was sent
    is not in the file any more, and no revision is all of it.
    """
    tables = reader.xrefs
    try:
        reader.stream.seek(size - 1, os.SEEK_SET)
        last = process_data_at_eof(reader.stream)
    except (PdfError, *UNREADABLE):
        return None
    starts = [tables.get_startxref_for_revision(one) for one in range(tables.total_revisions)]
    return starts.index(last) if last in starts else None


def only_signatures_added(reader: PdfFileReader, revisions: Revisions, signed: Source, sent: int, size: int) -> bool:
    """Whether all that comes after the revision `sent`, which ends at `size`, is signatures, and can be read.

    A file may have been prepared to show something that only comes later, so it is looked through for what leads there.
    """
    try:
        added = all(change.kind in _ADDITIONS for change in revisions.after(sent))
        return added and not leads_beyond(reader, sent, signed, size)
    except (PdfError, *UNREADABLE):
        return False
