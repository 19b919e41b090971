"""Does a certificate lead to an anchor that we trust, at a given time, and was nothing on the way revoked?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from asn1crypto import x509 as asn1_x509

from shared.signatures.anchors import TrustAnchors
from shared.signatures.authorities import Chain
from shared.signatures.certificates import issuer_key, subject_key
from shared.signatures.evidence import Evidence, Wanted
from shared.signatures.extensions import purposes, usages
from shared.signatures.paths import UNREADABLE, Issuers, why_invalid
from shared.signatures.policy import Policy
from shared.signatures.reading import encoded, fact
from shared.signatures.revocation import Freshness, status_from, voids_timestamps
from shared.signatures.sources import issuer_urls, tells_status
from shared.signatures.status import RevocationStatus, Status
from shared.signatures.verdict import Reason, Trust

__all__ = ["PathVerdict", "TrustAnchors", "judge_path", "may_sign"]

SIGNING_USAGES = frozenset({"digital_signature", "non_repudiation"})
TIME_STAMPING = "time_stamping"
MACHINES = frozenset({TIME_STAMPING, "ocsp_signing", "server_auth"})
"""Extended key usages of machines: a certificate for nothing else is not meant for signing documents."""


@dataclass(frozen=True, slots=True)
class PathVerdict:
    """Whether a path was found, what is wrong with it (or not quite right), and what could make it surer.

    `chain` is the path that was judged, leaf first.
    """

    trust: Trust
    reason: Reason | None = None
    chain: Chain = ()
    wanted: frozenset[Wanted] = frozenset()


def judge_path(
    leaf: asn1_x509.Certificate,
    known: Evidence,
    anchors: TrustAnchors,
    *,
    at: datetime,
    purpose: str | None = None,
) -> PathVerdict:
    """Look for a path from `leaf` to an anchor that was valid and not revoked at `at`; no network is used.

    Several paths (cross-certified and renewed authorities) are tried until one holds. `purpose` is an extended key
    usage that the leaf must have; without one, the leaf must be allowed to sign documents.
    """
    if not anchors:
        return PathVerdict(Trust.UNKNOWN, Reason("no_anchors", "no trust anchors were given, so nothing is trusted"))
    try:
        return _judged(leaf, known, anchors, at, purpose)
    except Exception:  # a hostile certificate may break any parser below
        return PathVerdict(Trust.UNTRUSTED, UNREADABLE)


@fact
def may_sign(leaf: asn1_x509.Certificate) -> bool:
    """Whether the key usages allow signing documents (RFC 5280 sections 4.2.1.3 and 4.2.1.12)."""
    told, meant = usages(leaf), purposes(leaf)
    if told is not None and not SIGNING_USAGES & told:
        return False
    return meant is None or not meant <= MACHINES


def _judged(
    leaf: asn1_x509.Certificate, known: Evidence, anchors: TrustAnchors, at: datetime, purpose: str | None
) -> PathVerdict:
    together = anchors.known | known
    issuers = Issuers(anchors.certificates, together.certificates)
    best: PathVerdict | None = None
    for chain in issuers.chains(leaf):
        verdict = _judged_chain(chain, together, anchors.policy, at, purpose)
        if verdict.trust is Trust.TRUSTED:
            verdict = _but_for_anchor(verdict, issuers, together, at)
        if verdict.trust is Trust.TRUSTED:
            return verdict
        best = verdict if best is None or _RANK.index(verdict.trust) < _RANK.index(best.trust) else best
    return best or _no_path(issuers.dead_end(leaf))


_RANK = (Trust.REVOKED, Trust.UNKNOWN, Trust.EXPIRED, Trust.UNTRUSTED)
"""Of several paths that fail, the one that fails latest tells most."""


def _no_path(end: asn1_x509.Certificate) -> PathVerdict:
    reason = Reason("no_path", "the certificate does not lead to a trust anchor")
    wanted = frozenset({Wanted(end.dump())} if issuer_urls(end) else ())
    return PathVerdict(Trust.UNTRUSTED, reason, wanted=wanted)


def _judged_chain(chain: Chain, known: Evidence, policy: Policy, at: datetime, purpose: str | None) -> PathVerdict:
    denial = why_invalid(chain, at)
    if denial is not None:
        return PathVerdict(denial.trust, denial.reason, chain)
    if purpose is None and not may_sign(chain[0]):
        return PathVerdict(Trust.UNTRUSTED, Reason("key_usage", "the certificate is not meant for signing"), chain)
    if purpose is not None and not _is_for(chain[0], purpose):
        return PathVerdict(Trust.UNTRUSTED, Reason("wrong_usage", "the certificate is not meant for this use"), chain)
    return _judged_statuses(chain, known, policy, at, purpose)


def _judged_statuses(chain: Chain, known: Evidence, policy: Policy, at: datetime, purpose: str | None) -> PathVerdict:
    """Was anything on the way revoked, and does anybody tell? What was told before `at` may be told better by now."""
    wanted: set[Wanted] = set()
    unknown: RevocationStatus | None = None
    for certificate, issuer in pairwise(chain):
        status = status_from(known, certificate, issuer, at, Freshness(policy.max_age))
        if status.status is Status.REVOKED or (purpose == TIME_STAMPING and voids_timestamps(status)):
            return PathVerdict(Trust.REVOKED, _revoked(status, whose=certificate is chain[0]), chain)
        if not tells_status(certificate):
            continue
        untold = status.status is Status.UNKNOWN
        if untold:
            unknown = unknown or status
        if untold or (status.made_at or at) < at:
            wanted.add(Wanted(encoded(certificate), encoded(issuer), known=not untold))
    if unknown is None:
        return PathVerdict(Trust.TRUSTED, chain=chain, wanted=frozenset(wanted))
    reason = Reason("revocation_unknown", f"it is not known whether the certificate was revoked: {unknown.why}")
    trust = Trust.UNKNOWN if policy.unknown_status_refused else Trust.TRUSTED
    return PathVerdict(trust, reason, chain, frozenset(wanted))


def _but_for_anchor(verdict: PathVerdict, issuers: Issuers, known: Evidence, at: datetime) -> PathVerdict:
    """An anchor that somebody else issued is trusted as it is, unless its revocation is at hand."""
    anchor = verdict.chain[-1]
    self_issued = subject_key(anchor) == issuer_key(anchor)
    for issuer in () if self_issued else issuers.issuers(anchor):
        status = status_from(known, anchor, issuer, at)
        if status.status is Status.REVOKED:
            return PathVerdict(Trust.REVOKED, _revoked(status, whose=len(verdict.chain) == 1), verdict.chain)
    return verdict


def _revoked(status: RevocationStatus, *, whose: bool) -> Reason:
    which = "the certificate" if whose else "the certificate of an authority above it"
    when = "" if status.at is None else f" on {status.at:%Y-%m-%d}"
    told = f" ({status.why.replace('_', ' ')})" if status.why else ""
    return Reason("revoked", f"{which} was revoked{when}{told}")


def _is_for(leaf: asn1_x509.Certificate, purpose: str) -> bool:
    told, meant = usages(leaf), purposes(leaf)
    allowed = told is None or bool(SIGNING_USAGES & told)
    return allowed and meant is not None and purpose in meant
