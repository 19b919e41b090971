"""Do the XAdES signatures of a document hold, and over what? (`signature-profile.md`, XMLDSig section 3.2)"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.errors import Malformed
from shared.signatures.conclusion import Findings, conclude
from shared.signatures.evidence import Evidence
from shared.signatures.guard import refusing
from shared.signatures.tokens import TokenVerdict, judge_token, judge_tokens
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import Coverage, Reason, Refusal, Report, TimestampStatus
from shared.signatures.xades.contents import check_references, judge_coverage
from shared.signatures.xades.document import Document, read_document
from shared.signatures.xades.properties import (
    Properties,
    encapsulated_certificates,
    find_properties,
    timestamp_tokens,
)
from shared.signatures.xades.signer import Candidate, candidates, find_signer, key_info_certificates
from shared.signatures.xades.structure import XmlSignature, read_signature

if TYPE_CHECKING:
    from lxml import etree

    from shared.signatures.content import KnownContent


@refusing
def judge_document(data: bytes, known: KnownContent | None, anchors: TrustAnchors) -> Report:
    """The verdict on every signature of an XML document.

    Raises `Malformed` for what is no XML that we accept, `NoSignature` for XML without a signature.
    """
    document = read_document(data)
    verdicts = [conclude(examine(document, node, known, anchors), anchors) for node in document.signatures()]
    return Report(signatures=tuple(verdicts))


def examine(document: Document, node: etree._Element, known: KnownContent | None, anchors: TrustAnchors) -> Findings:
    """Everything about one signature but trust and policy; what cannot be judged counts as broken."""
    findings = Findings(coverage=Coverage.NONE)
    try:
        signature = read_signature(node)
        findings = replace(findings, digests=_digests(signature))
        certificates = candidates(key_info_certificates(signature))
        findings = replace(findings, leaf=certificates[0].asn1 if certificates else None)
        properties = find_properties(document, signature)
        return _examined(document, signature, properties, certificates, known, anchors)
    except Malformed as error:
        reason = error.reason if isinstance(error, Refusal) else Reason(error.code, str(error))
        return replace(findings, faults=(reason,))


def _examined(
    document: Document,
    signature: XmlSignature,
    properties: Properties,
    in_key_info: list[Candidate],
    content: KnownContent | None,
    anchors: TrustAnchors,
) -> Findings:
    others = candidates(encapsulated_certificates(properties))
    references = check_references(document, signature, properties)
    signer = find_signer(signature, in_key_info or others, properties, key_info_signed=references.key_info_signed)
    coverage, reasons = judge_coverage(document, signature, properties, references, content)
    known = Evidence(tuple(one.asn1 for one in (*in_key_info, *others)))
    stamp = _stamp(signature, properties, anchors, known)
    return Findings(
        coverage=coverage,
        faults=tuple(dict.fromkeys((*references.faults, *signer.reasons))),
        coverage_reasons=reasons,
        stamp=stamp,
        leaf=None if signer.candidate is None else signer.candidate.asn1,
        known=known,
        digests=_digests(signature),
        claimed_at=properties.claimed_at,
    )


def _stamp(signature: XmlSignature, properties: Properties, anchors: TrustAnchors, known: Evidence) -> TokenVerdict:
    try:
        tokens = timestamp_tokens(properties, signature)
    except Refusal as refusal:
        return TokenVerdict(TimestampStatus.FAILED, None, refusal.reason)
    return judge_tokens([judge_token(token, stamped, anchors, known) for token, stamped in tokens])


def _digests(signature: XmlSignature) -> frozenset[str]:
    return frozenset({signature.scheme.digest, *(one.digest for one in signature.references)})
