"""What happened to a PDF file after it was signed, and did the signer allow it? (ISO 32000-2, 12.8.2)"""

from __future__ import annotations

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    CatalogModificationRule,
    DiffResult,
    DocInfoRule,
    DSSCompareRule,
    FormUpdatingRule,
    MetadataUpdateRule,
    ModificationLevel,
    ObjectStreamRule,
    SigFieldCreationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    XrefStreamRule,
)
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, read_certification_data
from pyhanko.sign.validation.status import SignatureCoverageLevel

from shared.signatures.pades.byterange import SignedRange
from shared.signatures.pades.opening import UNREADABLE
from shared.signatures.verdict import Coverage, Reason

_LTA = ModificationLevel.LTA_UPDATES


def signatures_only(
    form_rule: type[FormUpdatingRule] = FormUpdatingRule, changeable_form_keys: frozenset[str] | None = None
) -> StandardDiffPolicy:
    """Rules that allow further signatures and what preserves them, but no form filling."""
    metadata, catalog = MetadataUpdateRule(), CatalogModificationRule()  # type: ignore[no-untyped-call]
    preserving = (DocInfoRule(), XrefStreamRule(), ObjectStreamRule(), DSSCompareRule(), metadata)
    fields = [SigFieldCreationRule(), SigFieldModificationRule()]  # type: ignore[no-untyped-call]
    return StandardDiffPolicy(
        global_rules=[catalog, *(rule.as_qualified(_LTA) for rule in preserving)],
        form_rule=form_rule(fields, changeable_form_keys),
    )


_ONLY_SIGNATURES = signatures_only()
_CHANGED = Reason("changed_after_signing", "the document was changed after signing in a way the signer did not allow")
_UNCLEAR = Reason("revision_not_covered", "the signature does not cover a whole revision of the file")
_TRAILING = Reason("trailing_data", "there is data behind the signed file that no reader should show")


def judge_changes(
    reader: PdfFileReader, signature: EmbeddedPdfSignature, signed: SignedRange, data: bytes
) -> tuple[Coverage, tuple[Reason, ...]]:
    """How much of what the file shows now the signature covers: all of it but for changes that the signer permitted."""
    if signed.reaches_end(data):
        return Coverage.WHOLE, ()
    try:
        level = signature.evaluate_signature_coverage()
        signature.coverage = level  # type: ignore[assignment]
        if level < SignatureCoverageLevel.ENTIRE_REVISION:
            return Coverage.PARTIAL, (_UNCLEAR,)
        if _has_trailing_data(reader, signature, signed, data):
            return Coverage.PARTIAL, (_TRAILING,)
        permission = _permission(reader, signature)
        strict = permission is None and signature.fieldmdp is None
        outcome = signature.evaluate_modifications(_ONLY_SIGNATURES if strict else DEFAULT_DIFF_POLICY)
    except (PdfError, *UNREADABLE):
        return Coverage.PARTIAL, (_CHANGED,)
    if not isinstance(outcome, DiffResult) or not _is_permitted(outcome.modification_level, permission):
        return Coverage.PARTIAL, (_CHANGED,)
    return Coverage.WHOLE, ()


def _permission(reader: PdfFileReader, signature: EmbeddedPdfSignature) -> MDPPerm | None:
    """What the signature itself allows, else what the document's certification does."""
    if signature.docmdp_level is not None:
        return signature.docmdp_level
    certified = read_certification_data(reader)
    return None if certified is None else certified.permission


def _is_permitted(level: ModificationLevel, permission: MDPPerm | None) -> bool:
    if level is ModificationLevel.OTHER:
        return False
    return permission is None or int(level.value) <= int(permission.value)


def _has_trailing_data(
    reader: PdfFileReader, signature: EmbeddedPdfSignature, signed: SignedRange, data: bytes
) -> bool:
    """Bytes behind the last revision: pyHanko does not read them, another viewer might."""
    last = signature.signed_revision >= reader.xrefs.total_revisions - 1
    rest = data[signed.end :] if last else data[data.rfind(b"%%EOF") + 5 :]
    return bool(rest.strip(b"\x00\t\n\f\r "))
