"""What does a timestamp token prove: at which time did these bytes exist, and who says so? (RFC 3161)"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509

from shared.signatures.algorithms import digest, hash_named
from shared.signatures.authorities import Chain
from shared.signatures.cms import check_signer
from shared.signatures.embedded import attached_evidence, evidence_of
from shared.signatures.evidence import NOTHING, Evidence, Wanted
from shared.signatures.extensions import purposes
from shared.signatures.ordinary import proof_of, read_token
from shared.signatures.reading import fact
from shared.signatures.trust import TIME_STAMPING, TrustAnchors, judge_path
from shared.signatures.verdict import Reason, Refusal, TimestampStatus, Trust

CLOCK_SKEW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class TokenVerdict:
    """Whether a timestamp holds; `at` is its time, and only that of one that does.

    `known` is what the token carries, which may help to judge the signature, too; `digests` are those that it rests on,
    `authority` is the certificate of who made it, `chain` its path if one was judged; `wanted` is what the network
    could add.
    """

    status: TimestampStatus
    at: datetime | None = None
    reason: Reason | None = None
    known: Evidence = NOTHING
    digests: frozenset[str] = frozenset()
    authority: asn1_x509.Certificate | None = None
    chain: Chain = ()
    wanted: frozenset[Wanted] = frozenset()


NO_TOKEN = TokenVerdict(TimestampStatus.NONE)
Stamped = bytes | Callable[[str], bytes]
"""The bytes that a token is over, or what tells their digest by the algorithm's name."""
JudgeToken = Callable[[bytes, Stamped, TrustAnchors, Evidence], TokenVerdict]
"""`judge_token`, or `judge_imprint`."""


def judge_token(token: bytes, stamped: Stamped, anchors: TrustAnchors, known: Evidence = NOTHING) -> TokenVerdict:
    """Judge a DER TimeStampToken that must be over `stamped`.

    Checked are the imprint, the CMS signature, the authority's certificate (extended key usage, validity at that
    time) and, when there are anchors, its path to one of them, not revoked. `known` is what is at hand besides what the
    token itself carries.
    """
    try:
        return _quickly_judged(token, stamped, anchors, known) or _judged(_read(token, stamped), anchors, known)
    except Refusal as refusal:
        return TokenVerdict(TimestampStatus.FAILED, None, refusal.reason)
    except Exception:  # a hostile token may break any parser below
        return _failed("timestamp_unreadable", "the timestamp cannot be read")


def judge_imprint(token: bytes, stamped: Stamped, _anchors: TrustAnchors, _known: Evidence = NOTHING) -> TokenVerdict:
    """Tell only whether a DER TimeStampToken is over `stamped`, not whose it is; no time is stated.

    Enough for those without anchors: a token by an authority that nobody trusts proves no more than a missing one.
    """
    try:
        quick = read_token(token)
        if quick is None or not quick.is_over(_digest_by(stamped)):
            _read(token, stamped)
    except Refusal as refusal:
        return TokenVerdict(TimestampStatus.FAILED, None, refusal.reason)
    except Exception:  # a hostile token may break any parser below
        return _failed("timestamp_unreadable", "the timestamp cannot be read")
    return TokenVerdict(TimestampStatus.PASSED)


def judge_tokens(verdicts: list[TokenVerdict]) -> TokenVerdict:
    """One verdict for all timestamps over the same bytes: each must hold, and the earliest time counts."""
    if not verdicts:
        return NO_TOKEN
    failed = (one for one in verdicts if one.status is not TimestampStatus.PASSED)
    first = next(failed, None) or min(verdicts, key=lambda one: one.at or datetime.max.replace(tzinfo=UTC))
    return replace(first, wanted=frozenset().union(*(one.wanted for one in verdicts)))


def _quickly_judged(token: bytes, stamped: Stamped, anchors: TrustAnchors, known: Evidence) -> TokenVerdict | None:
    """The verdict on an ordinary token whose signature holds; None for all others."""
    quick = read_token(token)
    if quick is None or not quick.is_over(_digest_by(stamped)):
        return None
    proof = proof_of(quick)
    if proof is None:
        return None
    carried = Evidence(proof.certificates)
    verdict = _judged_authority(proof.signer, quick.at, anchors, carried | known)
    return replace(verdict, known=carried, digests=proof.digests | {quick.algorithm})


def _digest_by(stamped: Stamped) -> Callable[[str], bytes]:
    return stamped if callable(stamped) else lambda algorithm: digest(algorithm, stamped)


@dataclass(frozen=True, slots=True)
class _Token:
    """A token that is over the right bytes: its signed message, the TSTInfo in it, as bytes and read."""

    signed: cms.SignedData
    content: bytes
    info: Any
    algorithm: str


def _read(token: bytes, stamped: Stamped) -> _Token:
    message = cms.ContentInfo.load(token)
    if message["content_type"].native != "signed_data":
        raise Refusal("timestamp_unreadable", "the timestamp is not a signed message")
    signed = message["content"]
    enclosed = signed["encap_content_info"]
    if enclosed["content_type"].native != "tst_info":
        raise Refusal("timestamp_unreadable", "the signed message is not a timestamp")
    info: Any = enclosed["content"].parsed
    if info["version"].native != "v1" or any(one["critical"].native for one in _given(info["extensions"])):
        raise Refusal("timestamp_unreadable", "the timestamp has a version or an extension that is not understood")
    imprint = info["message_imprint"]
    algorithm = str(imprint["hash_algorithm"]["algorithm"].native)
    hash_named(algorithm)
    if imprint["hashed_message"].native != _digest_by(stamped)(algorithm):
        raise Refusal("timestamp_imprint", "the timestamp is over other bytes than this signature value")
    return _Token(signed, bytes(enclosed["content"]), info, algorithm)


def _judged(token: _Token, anchors: TrustAnchors, known: Evidence) -> TokenVerdict:
    checked = check_signer(
        token.signed,
        "tst_info",
        lambda name: hashlib.new(name, token.content, usedforsecurity=False).digest(),
        binding_required=True,
        pool=(*known.certificates, *anchors.known.certificates, *anchors.certificates),
    )
    if checked.reasons or checked.certificate is None:
        why = checked.reasons[0].sentence if checked.reasons else "no certificate"
        return _failed("timestamp_signature", f"the timestamp's own signature does not hold: {why}")
    carried = evidence_of(token.signed) | attached_evidence(token.signed["signer_infos"][0])
    verdict = _judged_authority(checked.certificate, token.info["gen_time"].native, anchors, carried | known)
    return replace(verdict, known=carried, digests=checked.digests | {token.algorithm})


def _judged_authority(
    leaf: asn1_x509.Certificate, at: datetime, anchors: TrustAnchors, known: Evidence
) -> TokenVerdict:
    if not _may_stamp(leaf):
        return _failed("timestamp_usage", "the timestamp's certificate is not that of a timestamping authority")
    if at > datetime.now(UTC) + CLOCK_SKEW:
        return _failed("timestamp_future", "the timestamp lies in the future")
    if not leaf.not_valid_before <= at <= leaf.not_valid_after:
        return _failed("timestamp_certificate", "the authority's certificate was not valid at the time it states")
    if not anchors:
        return TokenVerdict(TimestampStatus.PASSED, at.astimezone(UTC), authority=leaf)
    path = judge_path(leaf, known, anchors, at=at, purpose=TIME_STAMPING)
    if path.trust is not Trust.TRUSTED:
        why = path.reason.sentence if path.reason else "no path"
        refusal = _failed("timestamp_untrusted", f"the timestamping authority is not trusted: {why}")
        return replace(refusal, wanted=path.wanted)
    reason = None if path.reason is None else Reason(f"timestamp_{path.reason.code}", path.reason.sentence)
    passed = TokenVerdict(TimestampStatus.PASSED, at.astimezone(UTC), reason, authority=leaf, chain=path.chain)
    return replace(passed, wanted=path.wanted)


def _given(values: Any) -> Any:
    return () if isinstance(values, core.Void) else values


@fact
def _may_stamp(leaf: asn1_x509.Certificate) -> bool:
    """RFC 3161 section 2.3: the extended key usage is timeStamping, nothing else, and critical."""
    return purposes(leaf) == frozenset({TIME_STAMPING}) and "extended_key_usage" in leaf.critical_extensions


def _failed(code: str, sentence: str) -> TokenVerdict:
    return TokenVerdict(TimestampStatus.FAILED, None, Reason(code, sentence))
