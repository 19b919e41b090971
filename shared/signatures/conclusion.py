"""How do the findings on a signature become one verdict? The same way for XML and for PDF."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import x509 as asn1_x509
from cryptography import x509

from shared.signatures.certificates import display_subject
from shared.signatures.policy import DEFAULT_POLICY, AlgorithmPolicy
from shared.signatures.tokens import NO_TOKEN, TokenVerdict
from shared.signatures.trust import PathVerdict, TrustAnchors, judge_path
from shared.signatures.verdict import Coverage, Integrity, Reason, SignatureVerdict, Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was found out about one signature; it is unbroken when `faults` is empty."""

    coverage: Coverage
    faults: tuple[Reason, ...] = ()
    coverage_reasons: tuple[Reason, ...] = ()
    stamp: TokenVerdict = NO_TOKEN
    leaf: asn1_x509.Certificate | None = None
    pool: tuple[asn1_x509.Certificate, ...] = ()
    digests: frozenset[str] = frozenset()
    claimed_at: datetime | None = None


def conclude(findings: Findings, anchors: TrustAnchors, policy: AlgorithmPolicy = DEFAULT_POLICY) -> SignatureVerdict:
    """Add trust (at the time of a valid timestamp, else now) and policy to the findings."""
    path = _path(findings, anchors)
    complaints = policy.complaints(findings.digests, findings.leaf)
    stamp = (findings.stamp.reason,) if findings.stamp.reason else ()
    trust = (path.reason,) if path.reason else ()
    return SignatureVerdict(
        integrity=Integrity.FAILED if findings.faults else Integrity.PASSED,
        coverage=findings.coverage,
        timestamp=findings.stamp.status,
        trust=path.trust,
        subject=subject_of(findings.leaf),
        reasons=(*findings.faults, *findings.coverage_reasons, *stamp, *trust, *complaints),
        certificate=None if findings.leaf is None else findings.leaf.dump(),
        signed_at=findings.stamp.at,
        claimed_at=findings.claimed_at,
        refused=bool(complaints),
    )


def subject_of(leaf: asn1_x509.Certificate | None) -> str:
    """The display form of a certificate's subject; empty for one that cannot be read."""
    if leaf is None:
        return ""
    try:
        return display_subject(x509.load_der_x509_certificate(leaf.dump()))
    except ValueError:
        return ""


def unique(certificates: Iterable[asn1_x509.Certificate]) -> tuple[asn1_x509.Certificate, ...]:
    """The same certificates, each once."""
    return tuple({one.dump(): one for one in certificates}.values())


def _path(findings: Findings, anchors: TrustAnchors) -> PathVerdict:
    if findings.leaf is None:
        return PathVerdict(Trust.UNKNOWN)
    moment = findings.stamp.at or datetime.now(UTC)
    return judge_path(findings.leaf, findings.pool, anchors, at=moment)
