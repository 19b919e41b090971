"""Is a PDF file another one with signatures added behind it, and nothing else? (architecture, delivery rule 7)"""

from __future__ import annotations

from pyhanko.pdf_utils.misc import PdfError

from shared.errors import Malformed
from shared.signatures.pades.change import Kind
from shared.signatures.pades.opening import UNREADABLE, open_pdf
from shared.signatures.pades.revisions import Revisions
from shared.signatures.pades.source import Source

_ADDITIONS = frozenset({Kind.PRESERVED, Kind.SIGNED, Kind.SIGNED_ON_TOP})


def only_signatures_added(sent: Source, signed: Source) -> bool:
    """Whether `signed`, which begins with `sent`, adds nothing but signatures; False for files that cannot be read."""
    if len(signed) <= len(sent):
        return False
    try:
        base = open_pdf(sent).xrefs.total_revisions - 1
        changes = list(Revisions(open_pdf(signed), signed).after(base))
    except (Malformed, PdfError, *UNREADABLE):
        return False
    return all(change.kind in _ADDITIONS for change in changes)
