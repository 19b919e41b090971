"""Is what was fetched genuine and about the certificate, and until when does it count?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from asn1crypto import cms, pem
from asn1crypto import x509 as asn1_x509

from shared.signatures.crls import listed
from shared.signatures.embedded import evidence_of
from shared.signatures.evidence import Evidence
from shared.signatures.responder import answer, issued_by
from shared.signatures.sources import Kind, Source
from shared.signatures.status import StatusUnknown, Word

ISSUER_COUNTS = timedelta(hours=24)


def checked(source: Source, data: bytes, nonce: bytes) -> tuple[Evidence, datetime | None]:
    """The evidence in an answer, and its nextUpdate; raises `StatusUnknown` for one that is not genuine."""
    if source.kind is Kind.ISSUER or source.issuer is None:
        return Evidence(_issuers(source.certificate, data)), datetime.now(UTC) + ISSUER_COUNTS
    if source.kind is Kind.OCSP:
        word = answer(data, source.certificate, source.issuer, nonce)
        return Evidence(ocsp=(data,)), _current(word).next_update
    der = pem.unarmor(data)[2] if pem.detect(data) else data
    word = listed(der, source.certificate, source.issuer)
    return Evidence(crls=(der,)), _current(word).next_update


def _current(word: Word) -> Word:
    if word.next_update is not None and word.next_update < datetime.now(UTC):
        raise StatusUnknown("the answer is not current")
    return word


def _issuers(certificate: asn1_x509.Certificate, data: bytes) -> tuple[asn1_x509.Certificate, ...]:
    """Those who issued `certificate`, in a certificate (PEM, DER) or a certs-only CMS message (RFC 5280, 4.2.2.1)."""
    try:
        der = pem.unarmor(data)[2] if pem.detect(data) else data
        found = [one for one in _certificates(der) if issued_by(certificate, one)]
    except (ValueError, TypeError, KeyError) as error:
        raise StatusUnknown("the issuer's certificate cannot be read") from error
    if not found:
        raise StatusUnknown("the certificate found there is not the issuer's")
    return tuple(found)


def _certificates(der: bytes) -> tuple[asn1_x509.Certificate, ...]:
    one = asn1_x509.Certificate.load(der)
    try:
        one.native  # noqa: B018 - reading it is the check
    except (ValueError, TypeError, KeyError):
        return evidence_of(cms.ContentInfo.load(der)["content"]).certificates
    return (one,)
