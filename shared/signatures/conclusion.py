"""How do the findings on a signature become one verdict? The same way for XML and for PDF."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from asn1crypto import algos
from asn1crypto import x509 as asn1_x509
from cryptography import x509

from shared.signatures.certificates import display_subject
from shared.signatures.cms import value_digest
from shared.signatures.evidence import NOTHING, Evidence
from shared.signatures.policy import Complaint, Policy
from shared.signatures.reading import encoded, fact, quickly
from shared.signatures.tokens import NO_TOKEN, TokenVerdict
from shared.signatures.trust import PathVerdict, TrustAnchors, judge_path
from shared.signatures.verdict import Axis, Coverage, Integrity, Reason, SignatureVerdict, TimestampStatus, Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was found out about one signature; it is unbroken when `faults` is empty.

    `known` is everything that the signature and what is around it carry to help judging its certificate.
    """

    coverage: Coverage
    faults: tuple[Reason, ...] = ()
    coverage_reasons: tuple[Reason, ...] = ()
    stamp: TokenVerdict = NO_TOKEN
    leaf: asn1_x509.Certificate | None = None
    known: Evidence = NOTHING
    digests: frozenset[str] = frozenset()
    claimed_at: datetime | None = None


def conclude(findings: Findings, anchors: TrustAnchors) -> SignatureVerdict:
    """Add trust and policy to the findings, both at the time of a valid timestamp, else now."""
    moment = findings.stamp.at or datetime.now(UTC)
    path = _path(findings, anchors, moment)
    complaints = _complaints(findings, path, anchors.policy, moment)
    reasons = (
        *(one.about(Axis.INTEGRITY) for one in findings.faults),
        *(one.about(Axis.COVERAGE) for one in findings.coverage_reasons),
        *_about(Axis.TIMESTAMP, findings.stamp.reason, caveat=findings.stamp.status is TimestampStatus.PASSED),
        *_about(Axis.TRUST, path.reason, caveat=path.trust is Trust.TRUSTED),
        *(one.reason.about(Axis.POLICY, caveat=not one.refused) for one in complaints),
    )
    return SignatureVerdict(
        integrity=Integrity.FAILED if findings.faults else Integrity.PASSED,
        coverage=findings.coverage,
        timestamp=findings.stamp.status,
        trust=path.trust,
        subject=subject_of(findings.leaf),
        reasons=reasons,
        certificate=None if findings.leaf is None else encoded(findings.leaf),
        signed_at=findings.stamp.at,
        claimed_at=findings.claimed_at,
        refused=any(one.refused for one in complaints),
        wanted=findings.stamp.wanted | path.wanted,
    )


def subject_of(leaf: asn1_x509.Certificate | None) -> str:
    """The display form of a certificate's subject; empty for one that cannot be read."""
    return "" if leaf is None else _subject_of(leaf)


@fact
def _subject_of(leaf: asn1_x509.Certificate) -> str:
    try:
        return display_subject(quickly(leaf) or x509.load_der_x509_certificate(leaf.dump()))
    except ValueError:
        return ""


@fact
def _issued_with(certificate: asn1_x509.Certificate) -> str:
    """The digest that the certificate's own signature rests on; empty for one that is not known."""
    quick = quickly(certificate)
    told = "" if quick is None else _digest_named(quick.signature_algorithm_oid.dotted_string)
    return told or value_digest(certificate["signature_algorithm"])


@lru_cache(64)
def _digest_named(algorithm: str) -> str:
    """The digest that an algorithm's identifier alone names; empty for one that leaves it to parameters."""
    return value_digest(algos.SignedDigestAlgorithm({"algorithm": algorithm}))


def _about(axis: Axis, reason: Reason | None, *, caveat: bool) -> tuple[Reason, ...]:
    return () if reason is None else (reason.about(axis, caveat=caveat),)


def _path(findings: Findings, anchors: TrustAnchors, moment: datetime) -> PathVerdict:
    if findings.leaf is None:
        return PathVerdict(Trust.UNKNOWN)
    return judge_path(findings.leaf, findings.known | findings.stamp.known, anchors, at=moment)


def _complaints(findings: Findings, path: PathVerdict, policy: Policy, moment: datetime) -> tuple[Complaint, ...]:
    """What policy has against the algorithms and keys of the signature, its timestamp and its certificates."""
    found = policy.on_digests(findings.digests, moment)
    if findings.leaf is not None:
        found += policy.on_key(findings.leaf, moment)
    if findings.stamp.authority is not None:
        found += policy.on_digests(findings.stamp.digests, moment, of="timestamp")
        found += policy.on_key(findings.stamp.authority, moment, of="timestamp")
    for chain in (path.chain, findings.stamp.chain):
        found += policy.on_digests(map(_issued_with, chain[:-1]), moment, of="certificate")
        found += tuple(one for issuer in chain[1:] for one in policy.on_key(issuer, moment, of="authority"))
    return tuple(dict.fromkeys(found))
