"""What is at hand besides the anchors: certificates, OCSP answers and revocation lists, wherever they came from?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asn1crypto import x509 as asn1_x509

from shared.signatures.reading import shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True, slots=True)
class Evidence:
    """Material that may help to build a path or tell a certificate's status; by itself it proves nothing.

    `ocsp` holds DER OCSPResponses (RFC 6960), `crls` DER CertificateLists (RFC 5280): from XAdES CertificateValues and
    RevocationValues, a PDF's DSS and VRI, CMS attributes, files, or the network.
    """

    certificates: tuple[asn1_x509.Certificate, ...] = ()
    ocsp: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()

    def __reduce__(self) -> tuple[Callable[..., Evidence], tuple[tuple[bytes, ...], ...]]:
        """Between processes certificates travel as DER."""
        return _evidence, (tuple(one.dump() for one in self.certificates), self.ocsp, self.crls)

    def __or__(self, other: Evidence) -> Evidence:
        """Both together, each item once, in order."""
        return Evidence(
            unique((*self.certificates, *other.certificates)),
            tuple(dict.fromkeys((*self.ocsp, *other.ocsp))),
            tuple(dict.fromkeys((*self.crls, *other.crls))),
        )


def _evidence(certificates: tuple[bytes, ...], ocsp: tuple[bytes, ...], crls: tuple[bytes, ...]) -> Evidence:
    return Evidence(tuple(shared(asn1_x509.Certificate.load(one)) for one in certificates), ocsp, crls)


NOTHING = Evidence()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the network could bring to a verdict: the status of `certificate`, or (without `issuer`) who issued it.

    Both are DER. A status is wanted only of certificates that lead to an anchor; it may be `known` already, and a later
    word would only be surer.
    """

    certificate: bytes
    issuer: bytes | None = None
    known: bool = field(default=False, compare=False)


def unique(certificates: Iterable[asn1_x509.Certificate]) -> tuple[asn1_x509.Certificate, ...]:
    """The same certificates, each once."""
    return tuple({one.sha256: one for one in certificates}.values())
