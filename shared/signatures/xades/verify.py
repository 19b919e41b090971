"""Do the XAdES signatures of a document hold, and over what? (`signature-profile.md`, XMLDSig section 3.2)"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from shared.errors import Malformed
from shared.signatures.conclusion import Findings, conclude
from shared.signatures.evidence import Evidence
from shared.signatures.guard import refusing
from shared.signatures.tokens import JudgeToken, TokenVerdict, judge_token, judge_tokens
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import Coverage, Reason, Refusal, Report, TimestampStatus
from shared.signatures.xades.contents import check_references, judge_coverage
from shared.signatures.xades.document import Document, read_document
from shared.signatures.xades.properties import Properties, carried_evidence, find_properties
from shared.signatures.xades.signer import Candidate, candidates, find_signer, key_info_certificates, key_info_lists
from shared.signatures.xades.stamps import Stamp, stamps_of
from shared.signatures.xades.structure import XmlSignature, read_signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

    from shared.signatures.content import KnownContent

_PROVING = ("SignatureTimeStamp", "SigAndRefsTimeStamp", "ArchiveTimeStamp")
"""The timestamps over the signature value, in the order in which they are made."""


@refusing
def judge_document(
    data: bytes, known: KnownContent | None, anchors: TrustAnchors, *, token: JudgeToken = judge_token
) -> Report:
    """The verdict on every signature of an XML document; `token` judges its timestamps.

    Raises `Malformed` for what is no XML that we accept, `NoSignature` for XML without a signature.
    """
    document = read_document(data)
    verdicts = [conclude(examine(document, node, known, anchors, token), anchors) for node in document.signatures()]
    return Report(signatures=tuple(verdicts))


def examine(
    document: Document,
    node: etree._Element,
    known: KnownContent | None,
    anchors: TrustAnchors,
    token: JudgeToken = judge_token,
) -> Findings:
    """Everything about one signature but trust and policy; what cannot be judged counts as broken."""
    findings = Findings(coverage=Coverage.NONE)
    try:
        signature = read_signature(node)
        findings = replace(findings, digests=_digests(signature))
        certificates = candidates(key_info_certificates(signature))
        findings = replace(findings, leaf=certificates[0].asn1 if certificates else None)
        properties = find_properties(document, signature)
        return _examined(document, signature, properties, certificates, known, partial(_judged, token, anchors))
    except Malformed as error:
        reason = error.reason if isinstance(error, Refusal) else Reason(error.code, str(error))
        return replace(findings, faults=(reason,))


def _examined(
    document: Document,
    signature: XmlSignature,
    properties: Properties,
    in_key_info: list[Candidate],
    content: KnownContent | None,
    judged: Callable[[list[Stamp], Evidence], TokenVerdict],
) -> Findings:
    carried, evidence = carried_evidence(properties)
    at_hand = candidates([*(one.der for one in in_key_info), *carried])
    references = check_references(document, signature, properties)
    signer = find_signer(signature, at_hand, properties, key_info_signed=references.key_info_signed)
    coverage, reasons = judge_coverage(document, signature, properties, references, content)
    known = Evidence(tuple(one.asn1 for one in at_hand), crls=key_info_lists(signature)) | evidence
    try:
        stamp = judged(stamps_of(signature, properties, references, content), known)
    except Refusal as refusal:
        stamp = TokenVerdict(TimestampStatus.FAILED, None, refusal.reason)
    return Findings(
        coverage=coverage,
        faults=tuple(dict.fromkeys((*references.faults, *signer.reasons))),
        coverage_reasons=reasons,
        stamp=stamp,
        leaf=None if signer.candidate is None else signer.candidate.asn1,
        known=known,
        digests=_digests(signature) | references.digests | _naming(signer.candidate, properties),
        claimed_at=properties.claimed_at,
    )


def _judged(token: JudgeToken, anchors: TrustAnchors, stamps: list[Stamp], known: Evidence) -> TokenVerdict:
    """The first kind of timestamp there is proves the time; each further one must hold, whoever made it."""
    judgeable = [(one, one.octets) for one in stamps if one.octets is not None]
    first = next((kind for kind in _PROVING if any(one.kind.startswith(kind) for one, _ in judgeable)), "none")
    proving = [(one, octets) for one, octets in judgeable if one.kind.startswith(first)]
    verdict = judge_tokens([token(one.token, octets, anchors, known) for one, octets in proving])
    for one, octets in judgeable:
        if one.kind.startswith(first):
            continue
        further = token(one.token, octets, TrustAnchors.none(), known)
        if further.status is TimestampStatus.FAILED and verdict.status is not TimestampStatus.FAILED:
            why = further.reason.sentence if further.reason else "it cannot be read"
            return replace(further, reason=Reason("further_timestamp", f"{one.kind} does not hold: {why}"))
        verdict = replace(verdict, known=verdict.known | further.known)
    return verdict


def _naming(signer: Candidate | None, properties: Properties) -> frozenset[str]:
    """The digests by which the signed properties name the signer's certificate."""
    if signer is None:
        return frozenset()
    return frozenset(one.digest for one in properties.named if one.names(signer.der, signer.asn1))


def _digests(signature: XmlSignature) -> frozenset[str]:
    return frozenset({signature.scheme.digest, *(one.digest for one in signature.references)})
