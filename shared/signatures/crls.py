"""What does a revocation list say about a certificate, and may it? (RFC 5280 sections 5 and 6.3)"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from asn1crypto import core, crl
from cryptography import x509

from shared.signatures.certificates import issuer_key, name_key
from shared.signatures.responder import told_by
from shared.signatures.sources import list_urls
from shared.signatures.status import Irrelevant, StatusUnknown, Word

if TYPE_CHECKING:
    from asn1crypto import x509 as asn1_x509

EXPIRED_CERTS_ON_CRL = "2.5.29.60"
_NARROWED = ("only_contains_attribute_certs", "indirect_crl")


def listed(data: bytes, certificate: asn1_x509.Certificate, issuer: asn1_x509.Certificate) -> Word:
    """Read a DER CertificateList.

    Raises `StatusUnknown` unless the issuer of the certificate signed it and it is about all of the issuer's
    certificates of this kind: lists of other issuers, delta lists and lists of some reasons only prove nothing.
    """
    try:
        return _listed(data, certificate, issuer)
    except StatusUnknown:
        raise
    except Exception as error:  # a hostile list may break any parser below
        raise StatusUnknown("the revocation list cannot be read") from error


def _listed(data: bytes, certificate: asn1_x509.Certificate, issuer: asn1_x509.Certificate) -> Word:
    outline = crl.CertificateList.load(data, strict=True)
    signed = outline["tbs_cert_list"]
    usage = issuer.key_usage_value
    if name_key(signed["issuer"]) != issuer_key(certificate):
        raise Irrelevant("the revocation list is not the issuer's")
    if usage is not None and "crl_sign" not in usage.native:
        raise StatusUnknown("the issuer may not sign revocation lists")
    algorithm, value = outline["signature_algorithm"], outline["signature"].native
    if not told_by(issuer.public_key, algorithm, value, signed.dump()):
        raise StatusUnknown("the revocation list is not signed by the issuer")
    if not all(_understood(extension, certificate) for extension in _extensions(signed)):
        raise StatusUnknown("the revocation list is limited in its scope")
    return _word(data, outline, certificate.serial_number)


def _word(data: bytes, outline: crl.CertificateList, serial: int) -> Word:
    """The entry is looked up by `cryptography`, which is quick on lists of many thousands."""
    entry = x509.load_der_x509_crl(data).get_revoked_certificate_by_serial_number(serial)
    signed = outline["tbs_cert_list"]
    reason = "" if entry is None else _reason(entry)
    if reason == "remove_from_crl":
        entry = None
    return Word(
        this_update=signed["this_update"].native,
        next_update=signed["next_update"].native,
        revoked_at=None if entry is None else entry.revocation_date_utc,
        reason=reason,
        covers_expired_since=_covers_expired_since(signed),
    )


def _reason(entry: x509.RevokedCertificate) -> str:
    for extension in entry.extensions:
        if isinstance(extension.value, x509.CRLReason):
            return extension.value.reason.name
        if extension.critical and not isinstance(extension.value, x509.InvalidityDate):
            raise StatusUnknown("an entry of the revocation list has an extension that is not understood")
    return ""


def _extensions(signed: crl.TbsCertList) -> Any:
    return () if isinstance(signed["crl_extensions"], core.Void) else signed["crl_extensions"]


def _understood(extension: crl.TBSCertListExtension, certificate: asn1_x509.Certificate) -> bool:
    """Tell whether an extension leaves the list good for this certificate.

    An issuing distribution point (RFC 5280 section 5.2.5) may name the place that the certificate points to and the
    kind that it is of, but neither narrow the list to some reasons nor speak for other issuers; no other critical
    extension is known.
    """
    name = extension["extn_id"].native
    if name != "issuing_distribution_point":
        return name != "delta_crl_indicator" and not extension["critical"].native
    point = extension["extn_value"].parsed
    kind = "only_contains_user_certs" if certificate.ca else "only_contains_ca_certs"
    narrowed = any(point[name].native for name in (*_NARROWED, kind))
    return not narrowed and point["only_some_reasons"].native is None and _is_here(point, certificate)


def _is_here(point: crl.IssuingDistributionPoint, certificate: asn1_x509.Certificate) -> bool:
    name = point["distribution_point"]
    if isinstance(name, core.Void):
        return True
    if name.name != "full_name":
        return False
    places = {str(one.native) for one in name.chosen if one.name == "uniform_resource_identifier"}
    return bool(places & set(list_urls(certificate)))


def _covers_expired_since(signed: crl.TbsCertList) -> datetime | None:
    for extension in _extensions(signed):
        if extension["extn_id"].dotted == EXPIRED_CERTS_ON_CRL:
            told = core.GeneralizedTime.load(bytes(extension["extn_value"])).native
            return told if isinstance(told, datetime) else None
    return None
