"""How is a verdict shown to people who are no experts?"""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from shared.signatures.verdict import Coverage, Integrity, Report, SignatureVerdict, TimestampStatus, Trust


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: the text keys of its name and of its sentence, and whether all is well."""

    name: str
    sentence: str
    good: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureView:
    """One signature; times are written in UTC, names are the certificate's."""

    signer: str
    issuer: str = ""
    validity: str = ""
    signed_at: str = ""
    claimed_at: str = ""
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
    axes = (
        Axis("integrity", f"integrity_{verdict.integrity}", verdict.integrity is Integrity.PASSED),
        Axis("coverage", f"coverage_{verdict.coverage}", verdict.coverage is Coverage.WHOLE),
        Axis("timestamp", f"timestamp_{verdict.timestamp}", verdict.timestamp is TimestampStatus.PASSED),
        Axis("trust", f"trust_{verdict.trust}", verdict.trust is Trust.TRUSTED),
    )
    signer, issuer, validity = _certificate(verdict)
    return SignatureView(
        signer=signer,
        issuer=issuer,
        validity=validity,
        signed_at=_time(verdict.signed_at),
        claimed_at="" if verdict.signed_at else _time(verdict.claimed_at),
        axes=axes,
        weak=verdict.refused,
    )


def _certificate(verdict: SignatureVerdict) -> tuple[str, str, str]:
    if verdict.certificate is None:
        return verdict.subject, "", ""
    try:
        certificate = x509.load_der_x509_certificate(verdict.certificate)
        signer, issuer = _name(certificate.subject), _name(certificate.issuer)
    except ValueError:
        return verdict.subject, "", ""
    validity = f"{certificate.not_valid_before_utc:%d.%m.%Y} – {certificate.not_valid_after_utc:%d.%m.%Y}"
    return signer, issuer, validity


def _name(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def _time(at: datetime | None) -> str:
    return f"{at:%d.%m.%Y %H:%M:%S} {at.tzname() or 'UTC'}" if at else ""
