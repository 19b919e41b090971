"""How is a verdict shown to people who are no experts?"""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography import x509
from cryptography.x509.oid import NameOID

from services.msign.locale.words import Text
from services.msign.public.texts import (
    COVERAGE,
    INTEGRITY,
    OUTCOMES,
    TIMESTAMP,
    TRUST,
    TRUSTED_UNASKED,
    Outcome,
    OutcomeTexts,
)
from shared.signatures.verdict import Axis, Coverage, Integrity, Report, SignatureVerdict, TimestampStatus, Trust


@dataclass(frozen=True, slots=True)
class Finding:
    """One axis of the verdict: its name, what was found, and whether that is well."""

    name: Text
    sentence: Text
    good: bool


@dataclass(frozen=True, slots=True)
class Issued:
    """Who issued the signer's certificate, and for which time."""

    by: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureView:
    """One signature; names are the certificate's. `claimed_at` counts where no timestamp tells `signed_at`.

    `weak` algorithms are refused by policy, `ageing` ones not yet; `unasked` says that nobody told whether the
    certificate was revoked. `reasons` say in English what the verifier has found, for experts; caveats come last.
    """

    signer: str
    organization: str
    issued: Issued | None
    signed_at: datetime | None
    claimed_at: datetime | None
    integrity: Integrity
    coverage: Coverage
    timestamp: TimestampStatus
    trust: Trust
    weak: bool
    ageing: bool
    unasked: bool
    reasons: tuple[str, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The four axes in words."""
        trust = TRUSTED_UNASKED if self.unasked and self.trust is Trust.TRUSTED else TRUST[self.trust]
        return (
            Finding(Text("Integrity"), INTEGRITY[self.integrity], self.integrity is Integrity.PASSED),
            Finding(Text("Coverage"), COVERAGE[self.coverage], self.coverage is Coverage.WHOLE),
            Finding(Text("Timestamp"), TIMESTAMP[self.timestamp], self.timestamp is TimestampStatus.PASSED),
            Finding(Text("Trust"), trust, self.trust is Trust.TRUSTED),
        )


@dataclass(frozen=True, slots=True)
class Checked:
    """Which file was judged, and when: `size` in bytes, `digest` its SHA-256 in hexadecimal."""

    at: datetime
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class VerdictView:
    """The verdict on a file and on each of its signatures; `problems` are what is wrong with the file beside them."""

    outcome: Outcome
    signatures: tuple[SignatureView, ...]
    checked: Checked
    problems: tuple[str, ...] = ()

    @property
    def words(self) -> OutcomeTexts:
        """The verdict on the file in words."""
        return OUTCOMES[self.outcome]


def verdict_view(report: Report, checked: Checked) -> VerdictView:
    """Return what the page shows of a report."""
    signatures = tuple(signature_view(one) for one in report.signatures)
    return VerdictView(outcome_of(report), signatures, checked, tuple(map(str, report.problems)))


def checked_now(file: bytes) -> Checked:
    """Return which file is judged at this moment."""
    return Checked(datetime.now(UTC).replace(microsecond=0), len(file), sha256(file).hexdigest())


def outcome_of(report: Report) -> Outcome:
    """Return the verdict on the whole: valid, invalid, or unknown where only trust is lacking."""
    if report.valid:
        return Outcome.VALID
    only_trust = bool(report.signatures) and not report.problems and all(one.holds for one in report.signatures)
    revoked = any(one.trust is Trust.REVOKED for one in report.signatures)
    return Outcome.UNKNOWN if only_trust and not revoked else Outcome.INVALID


def signature_view(verdict: SignatureVerdict) -> SignatureView:
    """Return what the page shows of one signature."""
    signer, organization, issued = _certificate(verdict)
    return SignatureView(
        signer=signer,
        organization=organization,
        issued=issued,
        signed_at=verdict.signed_at,
        claimed_at=None if verdict.signed_at else verdict.claimed_at,
        integrity=verdict.integrity,
        coverage=verdict.coverage,
        timestamp=verdict.timestamp,
        trust=verdict.trust,
        weak=verdict.refused,
        ageing=any(reason.caveat for reason in verdict.because(Axis.POLICY)),
        unasked=any(reason.caveat for reason in verdict.because(Axis.TRUST)),
        reasons=tuple(map(str, sorted(verdict.reasons, key=lambda reason: reason.caveat))),
    )


def _certificate(verdict: SignatureVerdict) -> tuple[str, str, Issued | None]:
    """Return what the signer's certificate says: whose it is, of which organisation, and who issued it."""
    if verdict.certificate is None:
        return verdict.subject, "", None
    try:
        certificate = x509.load_der_x509_certificate(verdict.certificate)
        subject, issuer = certificate.subject, certificate.issuer
    except ValueError:
        return verdict.subject, "", None
    issued = Issued(_name(issuer), certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    return _name(subject), _first(subject, NameOID.ORGANIZATION_NAME), issued


def _name(name: x509.Name) -> str:
    return _first(name, NameOID.COMMON_NAME) or name.rfc4514_string()


def _first(name: x509.Name, kind: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(kind)
    return str(found[0].value) if found else ""
