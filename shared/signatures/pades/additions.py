"""Is a PDF file another one with signatures added behind it, and nothing else? (architecture, delivery rule 7)

pyHanko compares what came after a signature, where a form exists already. A first signature brings the form with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import HistoricalResolver, RawPdfPath
from pyhanko.sign.diff_analysis import DiffResult, FormUpdatingRule, ModificationLevel, SuspiciousModification
from pyhanko.sign.diff_analysis.constants import ACROFORM_EXEMPT_STRICT_COMPARISON
from pyhanko.sign.diff_analysis.form_rules_api import FieldComparisonContext, FormUpdate, _list_fields

from shared.errors import Malformed
from shared.signatures.pades.changes import signatures_only
from shared.signatures.pades.opening import UNREADABLE, open_pdf

_NEW_FORM_KEYS = frozenset({"/Fields", "/SigFlags", "/DR", "/DA", "/Type"})


def only_signatures_added(sent: bytes, signed: bytes) -> bool:
    """Whether `signed` begins with `sent` and adds nothing but signatures; False for files that cannot be read."""
    if not signed.startswith(sent) or len(signed) == len(sent):
        return False
    try:
        base = open_pdf(sent).xrefs.total_revisions - 1
        outcome = _RULES.review_file(open_pdf(signed), base)
    except (Malformed, PdfError, *UNREADABLE):
        return False
    return isinstance(outcome, DiffResult) and outcome.modification_level is not ModificationLevel.OTHER


class _FormRule(FormUpdatingRule):
    """Allows that a form appears, with signature fields and nothing else in it."""

    def apply(self, old: HistoricalResolver, new: HistoricalResolver) -> Iterable[tuple[ModificationLevel, FormUpdate]]:
        if "/AcroForm" in old.root or "/AcroForm" not in new.root:
            yield from super().apply(old, new) if "/AcroForm" in old.root else ()
            return
        form = new.root["/AcroForm"]
        if not isinstance(form, generic.DictionaryObject) or set(form.keys()) - _NEW_FORM_KEYS:
            raise SuspiciousModification("the new form holds more than signature fields")
        for holder, key in ((new.root, "/AcroForm"), (form, "/Fields"), (form, "/DR")):
            yield from _new_reference(holder, key)
        if "/DR" in form:
            added = new.collect_dependencies(form.raw_get("/DR"), since_revision=old.revision + 1)
            for reference in added:
                yield ModificationLevel.FORM_FILLING, FormUpdate(updated_ref=reference, field_name=None)
        fields = dict(
            _list_fields(generic.ArrayObject(), form["/Fields"], old_path=RawPdfPath("/Root", "/AcroForm", "/Fields"))
        )
        context = FieldComparisonContext(field_specs=fields, old=old, new=new)
        for rule in self.field_rules:
            yield from rule.apply(context)


def _new_reference(holder: Any, key: str) -> Iterable[tuple[ModificationLevel, FormUpdate]]:
    raw = holder.raw_get(key) if key in holder else None
    if isinstance(raw, generic.IndirectObject):
        yield ModificationLevel.LTA_UPDATES, FormUpdate(updated_ref=raw.reference, field_name=None)


_RULES = signatures_only(_FormRule, ACROFORM_EXEMPT_STRICT_COMPARISON | {"/SigFlags"})
