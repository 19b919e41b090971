"""Where does a certificate say that its status and its issuer can be found? (RFC 5280 sections 4.2.1.13 and 4.2.2.1)"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asn1crypto import x509 as asn1_x509

NO_CHECK = frozenset({"1.3.6.1.5.5.7.48.1.5", "2.5.29.56"})
"""Extensions by which a CA declares that it will never tell a status: OCSP noCheck and noRevAvail (RFC 9608)."""

_MAX_URLS = 4


def responder_urls(certificate: asn1_x509.Certificate) -> tuple[str, ...]:
    """The OCSP responders over HTTP; empty for a certificate that names none or cannot be read."""
    return _access(certificate, "ocsp")


def issuer_urls(certificate: asn1_x509.Certificate) -> tuple[str, ...]:
    """Where the issuer's certificate can be fetched over HTTP."""
    return _access(certificate, "ca_issuers")


def list_urls(certificate: asn1_x509.Certificate) -> tuple[str, ...]:
    """Where the issuer's revocation list can be fetched over HTTP."""
    try:
        points = certificate.crl_distribution_points_value or ()
        names = [point["distribution_point"] for point in points]
        places = [place for name in names if name.name == "full_name" for place in name.chosen]
        return _web(str(place.native) for place in places if place.name == "uniform_resource_identifier")
    except Exception:  # a hostile certificate may break any parser below
        return ()


def tells_status(certificate: asn1_x509.Certificate) -> bool:
    """Whether the certificate's issuer promises to tell its status: it names a place, and does not decline."""
    if any(one["extn_id"].dotted in NO_CHECK for one in certificate["tbs_certificate"]["extensions"]):
        return False
    return bool(responder_urls(certificate) or list_urls(certificate))


def _access(certificate: asn1_x509.Certificate, method: str) -> tuple[str, ...]:
    try:
        offered = certificate.authority_information_access_value or ()
        places = [one["access_location"] for one in offered if one["access_method"].native == method]
        return _web(str(place.native) for place in places if place.name == "uniform_resource_identifier")
    except Exception:  # a hostile certificate may break any parser below
        return ()


def _web(urls: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(_is_web, urls)))[:_MAX_URLS]


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
