"""Do the signatures of a PDF file hold, and over what? (EN 319 142-1, ISO 32000-2 section 12.8)"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from shared.errors import Malformed
from shared.signatures.cms import CmsCheck, check_signer, unsigned_values
from shared.signatures.conclusion import Findings, conclude
from shared.signatures.embedded import attached_evidence, evidence_of
from shared.signatures.evidence import NOTHING, Evidence
from shared.signatures.guard import refusing
from shared.signatures.pades.additions import Added, only_signatures_added, revision_that_ends
from shared.signatures.pades.byterange import SignedRange, read_range
from shared.signatures.pades.changes import judge_changes
from shared.signatures.pades.forms import Field, signed_fields
from shared.signatures.pades.opening import BEHIND_ENTRY, UNREADABLE, reading
from shared.signatures.pades.revisions import Revisions
from shared.signatures.pades.sameness import key_of
from shared.signatures.pades.source import Source
from shared.signatures.tokens import JudgeToken, TokenVerdict, judge_imprint, judge_token, judge_tokens
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import (
    Coverage,
    NoSignature,
    Reason,
    Refusal,
    Report,
    TimestampStatus,
    broken,
)

CADES = "/ETSI.CAdES.detached"
PKCS7 = "/adbe.pkcs7.detached"
PKCS7_SHA1 = "/adbe.pkcs7.sha1"
DOCUMENT_TIMESTAMP = "/ETSI.RFC3161"
MAX_SIGNATURES = 200

_BYTE_RANGE = re.compile(rb"/ByteRange")
_UNREADABLE = Reason("unreadable", "the signature cannot be read")


@dataclass(frozen=True, slots=True)
class Pdf:
    """A PDF file under verification, with what it tells outside of its signatures, and how timestamps are judged."""

    source: Source
    reader: PdfFileReader
    revisions: Revisions
    stored: Evidence = NOTHING
    judge_token: JudgeToken = judge_token


@dataclass(frozen=True, slots=True)
class DocumentTimestamp:
    """A timestamp over everything in front of it, up to `reach` (EN 319 142-1 section 5.4.3)."""

    reach: int
    verdict: TokenVerdict


@refusing
def judge_pdf(data: bytes | Source, anchors: TrustAnchors) -> Report:
    """The verdict on every signature of a PDF file, in the order of their making.

    Raises `Malformed` for what is no PDF, broken or encrypted, `NoSignature` for a file without a signature.
    """
    source = Source.of(data)
    with reading(source) as reader:
        pdf = Pdf(source, reader, Revisions(reader, source), _stored_evidence(reader))
        return _report(pdf, _signatures(reader, source), anchors)


def _report(pdf: Pdf, opened: Sequence[EmbeddedPdfSignature | None], anchors: TrustAnchors) -> Report:
    stamps = [_document_timestamp(pdf, one, anchors) for one in opened if one is not None and _is_stamp(one)]
    regular = [one for one in opened if one is None or not _is_stamp(one)]
    if not regular:
        raise NoSignature("the PDF file holds no signature")
    verdicts = tuple(
        broken(_UNREADABLE.code, _UNREADABLE.sentence)
        if one is None
        else conclude(_examine(pdf, one, stamps, anchors), anchors)
        for one in regular
    )
    problems = tuple(one.verdict.reason for one in stamps if one.verdict.reason is not None)
    return Report(signatures=verdicts, problems=tuple(dict.fromkeys(problems)))


@refusing
def judge_added(signed: Source, size: int) -> Added:
    """The verdicts on the signatures that were added to a file of `size` bytes, with which the signed one begins.

    Asked is neither whom one trusts nor whose a timestamp is. Raises what `judge_pdf` does.
    """
    with reading(signed) as reader:
        revisions = Revisions(reader, signed)
        sent = revision_that_ends(reader, size)
        if sent is None:
            return Added((), nothing_else=False)
        opened = _signatures(reader, signed, sent, size)
        report = _report(Pdf(signed, reader, revisions, judge_token=judge_imprint), opened, TrustAnchors.none())
        return Added(report.signatures, nothing_else=only_signatures_added(reader, revisions, signed, sent, size))


def _signatures(
    reader: PdfFileReader, source: Source, behind: int = -1, place: int = 0
) -> list[EmbeddedPdfSignature | None]:
    """The signatures and document timestamps in the order of their making; None for one that cannot be read.

    Left out are those of the revisions up to `behind`, which ends at `place`.
    """
    try:
        older = len(signed_fields(reader.get_historical_resolver(behind).root, 0)) if behind >= 0 else 0
        expected = sum(1 for _ in source.matches(_BYTE_RANGE, BEHIND_ENTRY, place))
        fields = signed_fields(reader.root, older + expected)
    except (PdfError, *UNREADABLE) as error:
        raise Malformed("the PDF file is broken: its form cannot be read", code="pdf_broken") from error
    if len(fields) > MAX_SIGNATURES:
        raise Malformed("the PDF file has too many signatures", code="too_complex")
    return sorted((_opened(reader, field) for field in fields if _revision(reader, field) > behind), key=_age)


def _revision(reader: PdfFileReader, field: Field) -> int:
    """The last revision that wrote the signature of a field; all of them for what is no object of its own."""
    value = field.value
    told = key_of(value) if isinstance(value, generic.IndirectObject) else field.key
    try:
        return int(reader.xrefs.get_last_change(generic.Reference(*told)) if told else reader.xrefs.total_revisions)
    except KeyError:
        return int(reader.xrefs.total_revisions)


def _opened(reader: PdfFileReader, field: Field) -> EmbeddedPdfSignature | None:
    try:
        return EmbeddedPdfSignature(reader, field.body, field.name)
    except (PdfError, *UNREADABLE):
        return None


def _age(signature: EmbeddedPdfSignature | None) -> int:
    return -1 if signature is None else int(signature.signed_revision)


def _is_stamp(signature: EmbeddedPdfSignature) -> bool:
    return str(signature.sig_object.get("/SubFilter", "")) == DOCUMENT_TIMESTAMP


def _examine(
    pdf: Pdf, signature: EmbeddedPdfSignature, stamps: list[DocumentTimestamp], anchors: TrustAnchors
) -> Findings:
    """Everything about one signature but trust and policy; what cannot be judged counts as broken."""
    try:
        signed = read_range(pdf.source, signature.byte_range, signature.pkcs7_content)
        checked = _check_cms(pdf, signature, signed)
        stamp = _stamp(pdf, signature, [one for one in stamps if one.reach >= signed.end], anchors)
        coverage, reasons = judge_changes(pdf.reader, pdf.revisions, signature, signed, pdf.source)
        findings = _findings(pdf, signature, checked, stamp)
    except Malformed as error:
        reason = error.reason if isinstance(error, Refusal) else Reason(error.code, str(error))
        return Findings(coverage=Coverage.NONE, faults=(reason,))
    except (PdfError, *UNREADABLE):
        return Findings(coverage=Coverage.NONE, faults=(_UNREADABLE,))
    if any(one.code == "digest_mismatch" for one in checked.reasons):
        return replace(findings, coverage=Coverage.NONE)
    return replace(findings, coverage=coverage, coverage_reasons=reasons)


def _findings(pdf: Pdf, signature: EmbeddedPdfSignature, checked: CmsCheck, stamp: TokenVerdict) -> Findings:
    return Findings(
        coverage=Coverage.NONE,
        faults=checked.reasons,
        stamp=stamp,
        leaf=checked.certificate,
        known=_carried(signature) | pdf.stored,
        digests=checked.digests,
        claimed_at=_claimed_at(signature),
    )


def _check_cms(pdf: Pdf, signature: EmbeddedPdfSignature, signed: SignedRange) -> CmsCheck:
    kind = str(signature.sig_object.get("/SubFilter", ""))
    if kind not in (CADES, PKCS7, PKCS7_SHA1):
        raise Refusal("unknown_format", "the signature is in a format that is not supported")
    message = signature.signed_data
    enclosed = message["encap_content_info"]["content"].native
    if kind == PKCS7_SHA1:
        held = partial(_digest_of, enclosed or b"")
        checked = check_signer(message, "data", held, binding_required=False)
        return checked if enclosed == signed.digest(pdf.source, "sha1") else replace(checked, reasons=(_MISMATCH,))
    if enclosed:
        raise Refusal("embedded_content", "the signature carries content of its own instead of the file's")
    return check_signer(message, "data", partial(signed.digest, pdf.source), binding_required=kind == CADES)


_MISMATCH = Reason("digest_mismatch", "the content is not the one that was signed")


def _digest_of(content: bytes, algorithm: str) -> bytes:
    return hashlib.new(algorithm, content, usedforsecurity=False).digest()


def _stamp(
    pdf: Pdf, signature: EmbeddedPdfSignature, stamps: list[DocumentTimestamp], anchors: TrustAnchors
) -> TokenVerdict:
    """The signature's own timestamp, else the earliest of the document timestamps `stamps` over it."""
    value = signature.signer_info["signature"].native
    tokens = unsigned_values(signature.signer_info, "signature_time_stamp_token")
    if tokens:
        known = _carried(signature) | pdf.stored
        return judge_tokens([pdf.judge_token(token.dump(), value, anchors, known) for token in tokens])
    return judge_tokens([one.verdict for one in stamps])


def _document_timestamp(pdf: Pdf, signature: EmbeddedPdfSignature, anchors: TrustAnchors) -> DocumentTimestamp:
    try:
        signed = read_range(pdf.source, signature.byte_range, signature.pkcs7_content)
        verdict = pdf.judge_token(signature.pkcs7_content, partial(signed.digest, pdf.source), anchors, pdf.stored)
    except Refusal as refusal:
        return DocumentTimestamp(0, TokenVerdict(TimestampStatus.FAILED, None, refusal.reason))
    return DocumentTimestamp(signed.gap_start, verdict)


def _carried(signature: EmbeddedPdfSignature) -> Evidence:
    """What the signature itself brings along for those who verify it."""
    return evidence_of(signature.signed_data) | attached_evidence(signature.signer_info)


def _stored_evidence(reader: PdfFileReader) -> Evidence:
    """What the document security store holds: it helps to judge certificates, and proves nothing by itself."""
    if "/DSS" not in reader.root:
        return NOTHING
    try:
        store = DocumentSecurityStore.read_dss(reader)
        certificates = tuple(store.load_certs())
        answers, lists = (tuple(one.get_object().data for one in held) for held in (store.ocsps, store.crls))
        return Evidence(certificates, answers, lists)
    except (PdfError, *UNREADABLE):
        return NOTHING


def _claimed_at(signature: EmbeddedPdfSignature) -> datetime | None:
    try:
        told = signature.self_reported_timestamp
    except (PdfError, *UNREADABLE):
        return None
    return told.replace(tzinfo=UTC) if told is not None and told.tzinfo is None else told
