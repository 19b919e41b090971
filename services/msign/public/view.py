"""How is a verdict shown to people who are no experts?"""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from services.msign.locale.words import Text
from services.msign.public.texts import COVERAGE, INTEGRITY, TIMESTAMP, TRUST
from shared.signatures.verdict import Coverage, Integrity, Report, SignatureVerdict, TimestampStatus, Trust


@dataclass(frozen=True, slots=True)
class Axis:
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
    """One signature; names are the certificate's. `claimed_at` counts where no timestamp tells `signed_at`."""

    signer: str
    issued: Issued | None = None
    signed_at: datetime | None = None
    claimed_at: datetime | None = None
    axes: tuple[Axis, ...]
    weak: bool


def outcome_of(report: Report) -> str:
    """Which verdict on the whole: `valid`, `unknown` (only trust is lacking) or `invalid`."""
    if report.valid:
        return "valid"
    only_trust = bool(report.signatures) and not report.problems and all(one.holds for one in report.signatures)
    revoked = any(one.trust is Trust.REVOKED for one in report.signatures)
    return "unknown" if only_trust and not revoked else "invalid"


def signature_view(verdict: SignatureVerdict) -> SignatureView:
    """Return what the page shows of a verdict."""
    integrity, coverage, timestamp, trust = verdict.integrity, verdict.coverage, verdict.timestamp, verdict.trust
    signer, issued = _certificate(verdict)
    return SignatureView(
        signer=signer,
        issued=issued,
        signed_at=verdict.signed_at,
        claimed_at=None if verdict.signed_at else verdict.claimed_at,
        axes=(
            Axis(Text("Integrity"), INTEGRITY[integrity], integrity is Integrity.PASSED),
            Axis(Text("Coverage"), COVERAGE[coverage], coverage is Coverage.WHOLE),
            Axis(Text("Timestamp"), TIMESTAMP[timestamp], timestamp is TimestampStatus.PASSED),
            Axis(Text("Trust"), TRUST[trust], trust is Trust.TRUSTED),
        ),
        weak=verdict.refused,
    )


def _certificate(verdict: SignatureVerdict) -> tuple[str, Issued | None]:
    if verdict.certificate is None:
        return verdict.subject, None
    try:
        certificate = x509.load_der_x509_certificate(verdict.certificate)
        signer, issuer = _name(certificate.subject), _name(certificate.issuer)
    except ValueError:
        return verdict.subject, None
    return signer, Issued(issuer, certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def _name(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()
