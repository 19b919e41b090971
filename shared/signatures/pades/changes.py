"""What happened to a PDF file after it was signed, and did the signer allow it? (ISO 32000-2, 12.8.2)"""

from __future__ import annotations

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader, process_data_at_eof
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from shared.signatures.pades.byterange import SignedRange
from shared.signatures.pades.opening import UNREADABLE
from shared.signatures.pades.permissions import permission_of
from shared.signatures.pades.revisions import Revisions
from shared.signatures.pades.source import Source
from shared.signatures.pades.tables import leads_beyond
from shared.signatures.verdict import Coverage, Reason

MAX_TOLD = 5

_CHANGED = "the document was changed after signing in a way the signer did not allow"
_UNCLEAR = Reason("revision_not_covered", "the signature does not cover a whole revision of the file")
_TRAILING = Reason("trailing_data", "there is data behind the signed file that no reader should show")
_BEYOND = Reason("reads_beyond", "what was signed is to be read in part from what came after it")
_UNREADABLE = Reason("changed_after_signing", f"{_CHANGED}: the change cannot be read")


def judge_changes(
    reader: PdfFileReader, revisions: Revisions, signature: EmbeddedPdfSignature, signed: SignedRange, pdf: Source
) -> tuple[Coverage, tuple[Reason, ...]]:
    """How much of what the file shows now the signature covers: all of it but for changes that the signer permitted."""
    if signed.reaches_end(pdf):
        return Coverage.WHOLE, ()
    try:
        uncovered = _uncovered(reader, signature, signed, pdf)
        if uncovered is not None:
            return Coverage.PARTIAL, (uncovered,)
        permission = permission_of(signature.sig_object, signature.sig_field, reader.root)
        forbidden = list(permission.forbidden(revisions.after(signature.signed_revision)))
    except (PdfError, *UNREADABLE):
        return Coverage.PARTIAL, (_UNREADABLE,)
    if not forbidden:
        return Coverage.WHOLE, ()
    told = list(dict.fromkeys(change.sentence for change in forbidden))
    more = [f"and {len(told) - MAX_TOLD} more"] if len(told) > MAX_TOLD else []
    return Coverage.PARTIAL, (Reason("changed_after_signing", f"{_CHANGED}: {', '.join(told[:MAX_TOLD] + more)}"),)


def _uncovered(
    reader: PdfFileReader, signature: EmbeddedPdfSignature, signed: SignedRange, pdf: Source
) -> Reason | None:
    """Why the signed bytes are not a revision that stands by itself."""
    if not _covers_revision(reader, signature.signed_revision, signed.end):
        return _UNCLEAR
    if _has_trailing_data(reader, signature, signed, pdf):
        return _TRAILING
    return _BEYOND if leads_beyond(reader, signature.signed_revision, pdf, signed.end) else None


def _covers_revision(reader: PdfFileReader, revision: int, end: int) -> bool:
    """Whether the signed bytes end as the revision does that brought the signature, and hold all tables up to it."""
    tables = reader.xrefs
    reader.stream.seek(end)
    if process_data_at_eof(reader.stream) != tables.get_startxref_for_revision(revision):
        return False
    return all(tables.get_xref_container_info(one).end_location <= end for one in range(revision + 1))


def _has_trailing_data(
    reader: PdfFileReader, signature: EmbeddedPdfSignature, signed: SignedRange, pdf: Source
) -> bool:
    """Bytes behind the last revision: pyHanko does not read them, another viewer might."""
    last = signature.signed_revision >= reader.xrefs.total_revisions - 1
    return not pdf.only(b"\x00\t\n\f\r ", signed.end if last else pdf.rfind(b"%%EOF") + 5)
