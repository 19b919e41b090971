"""What do a certificate's extensions say? The same whether `cryptography` read it or asn1crypto. (RFC 5280 section 4.2)

Extensions, usages and purposes are called as asn1crypto calls them; those that it does not know, by their number.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from shared.signatures.reading import fact, quickly

if TYPE_CHECKING:
    from collections.abc import Iterable

_Value = TypeVar("_Value", bound=x509.ExtensionType)

_USAGES = {
    "digital_signature": "digital_signature",
    "content_commitment": "non_repudiation",
    "key_cert_sign": "key_cert_sign",
    "crl_sign": "crl_sign",
}
_METHODS = {"ocsp": AuthorityInformationAccessOID.OCSP, "ca_issuers": AuthorityInformationAccessOID.CA_ISSUERS}
_PLAIN_ADDRESS = re.compile(r"https?://(?!.*xn--)[a-z0-9.-]+(?:/[A-Za-z0-9._~/-]*)?")
"""Addresses of which asn1crypto, which unescapes others, changes nothing."""
_ALTERNATIVES: dict[type[x509.GeneralName], str] = {
    x509.RFC822Name: "rfc822_name",
    x509.DNSName: "dns_name",
    x509.UniformResourceIdentifier: "uniform_resource_identifier",
    x509.DirectoryName: "directory_name",
}


@fact
def extensions(certificate: asn1_x509.Certificate) -> frozenset[str]:
    """The names of all extensions."""
    if (quick := quickly(certificate)) is not None:
        return frozenset(asn1_x509.ExtensionId.map(one.oid.dotted_string) for one in quick.extensions)
    return frozenset(str(one["extn_id"].native) for one in certificate["tbs_certificate"]["extensions"])


@fact
def usages(certificate: asn1_x509.Certificate) -> frozenset[str] | None:
    """The key usages that have to do with signatures; None where the certificate does not say."""
    if (quick := quickly(certificate)) is not None:
        told = _value(quick, x509.KeyUsage)
        return None if told is None else frozenset(ours for name, ours in _USAGES.items() if getattr(told, name))
    usage = certificate.key_usage_value
    return None if usage is None else frozenset(_USAGES.values()) & frozenset(usage.native)


@fact
def purposes(certificate: asn1_x509.Certificate) -> frozenset[str] | None:
    """The extended key usages; None where the certificate does not say."""
    if (quick := quickly(certificate)) is not None:
        told = _value(quick, x509.ExtendedKeyUsage)
        return None if told is None else frozenset(asn1_x509.KeyPurposeId.map(one.dotted_string) for one in told)
    extended = certificate.extended_key_usage_value
    return None if extended is None else frozenset(str(one) for one in extended.native)


@fact
def policies(certificate: asn1_x509.Certificate) -> int:
    """How many policies it is issued under."""
    if (quick := quickly(certificate)) is not None:
        return len(list(_value(quick, x509.CertificatePolicies) or ()))
    return len(certificate.certificate_policies_value or ())


@fact
def alternatives(certificate: asn1_x509.Certificate) -> frozenset[str]:
    """The kinds of the subject's alternative names; those that are rare are all called `other`."""
    if (quick := quickly(certificate)) is not None:
        told: Iterable[x509.GeneralName] = _value(quick, x509.SubjectAlternativeName) or ()
        return frozenset(_ALTERNATIVES.get(type(one), "other") for one in told)
    names = {str(one.name) for one in certificate.subject_alt_name_value or ()}
    return frozenset(name if name in _ALTERNATIVES.values() else "other" for name in names)


def list_places(certificate: asn1_x509.Certificate) -> list[str]:
    """Where the issuer's revocation list can be had."""
    if (quick := quickly(certificate)) is not None:
        points = _value(quick, x509.CRLDistributionPoints) or ()
        told = [name.value for one in points for name in one.full_name or () if _is_address(name)]
        if all(map(_PLAIN_ADDRESS.fullmatch, told)):
            return told
    names = [point["distribution_point"] for point in certificate.crl_distribution_points_value or ()]
    return _addresses(place for name in names if name.name == "full_name" for place in name.chosen)


def access_places(certificate: asn1_x509.Certificate, method: str) -> list[str]:
    """Where a service of the issuer can be had: `ocsp`, or its own certificate, `ca_issuers`."""
    if (quick := quickly(certificate)) is not None:
        offered = _value(quick, x509.AuthorityInformationAccess) or ()
        told = [
            one.access_location.value
            for one in offered
            if one.access_method == _METHODS[method] and _is_address(one.access_location)
        ]
        if all(map(_PLAIN_ADDRESS.fullmatch, told)):
            return told
    descriptions = certificate.authority_information_access_value or ()
    return _addresses(one["access_location"] for one in descriptions if one["access_method"].native == method)


def _addresses(names: Iterable[asn1_x509.GeneralName]) -> list[str]:
    return [str(one.native) for one in names if one.name == "uniform_resource_identifier"]


def _is_address(name: x509.GeneralName) -> bool:
    return isinstance(name, x509.UniformResourceIdentifier)


def _value(certificate: x509.Certificate, kind: type[_Value]) -> _Value | None:
    return next((one.value for one in certificate.extensions if isinstance(one.value, kind)), None)
