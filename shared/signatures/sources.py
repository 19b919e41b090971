"""Where does a certificate say that its status and its issuer can be found? (RFC 5280 sections 4.2.1.13 and 4.2.2.1)"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from asn1crypto import x509 as asn1_x509

from shared.signatures.extensions import access_places, extensions, list_places
from shared.signatures.reading import fact

if TYPE_CHECKING:
    from collections.abc import Iterable

NO_CHECK = frozenset({"1.3.6.1.5.5.7.48.1.5", "2.5.29.56"})
"""Extensions by which a CA declares that it will never tell a status: OCSP noCheck and noRevAvail (RFC 9608)."""

_MAX_URLS = 4


class Kind(StrEnum):
    """What can be fetched."""

    OCSP = "ocsp"
    LIST = "list"
    ISSUER = "issuer"


@dataclass(frozen=True, slots=True)
class Source:
    """One place that `certificate` names; `issuer` is known but for `Kind.ISSUER`."""

    kind: Kind
    url: str
    certificate: asn1_x509.Certificate
    issuer: asn1_x509.Certificate | None = None


def responder_urls(certificate: asn1_x509.Certificate) -> tuple[str, ...]:
    """The OCSP responders over HTTP; empty for a certificate that names none or cannot be read."""
    return _access(certificate, "ocsp")


def issuer_urls(certificate: asn1_x509.Certificate) -> tuple[str, ...]:
    """Where the issuer's certificate can be fetched over HTTP."""
    return _access(certificate, "ca_issuers")


def list_urls(certificate: asn1_x509.Certificate) -> tuple[str, ...]:
    """Where the issuer's revocation list can be fetched over HTTP."""
    try:
        return _web(list_places(certificate))
    except Exception:  # a hostile certificate may break any parser below
        return ()


def status_sources(certificate: asn1_x509.Certificate, issuer: asn1_x509.Certificate) -> list[Source]:
    """Whom to ask for the certificate's status, in this order: its OCSP responders, then its lists."""
    return [
        *(Source(Kind.OCSP, url, certificate, issuer) for url in responder_urls(certificate)),
        *(Source(Kind.LIST, url, certificate, issuer) for url in list_urls(certificate)),
    ]


def issuer_sources(certificate: asn1_x509.Certificate) -> list[Source]:
    """Where the certificate's issuer can be fetched."""
    return [Source(Kind.ISSUER, url, certificate) for url in issuer_urls(certificate)]


@fact
def tells_status(certificate: asn1_x509.Certificate) -> bool:
    """Whether the certificate's issuer promises to tell its status: it names a place, and does not decline."""
    if extensions(certificate) & frozenset(map(asn1_x509.ExtensionId.map, NO_CHECK)):
        return False
    return bool(responder_urls(certificate) or list_urls(certificate))


def _access(certificate: asn1_x509.Certificate, method: str) -> tuple[str, ...]:
    try:
        return _web(access_places(certificate, method))
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
