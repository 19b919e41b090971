"""What is at hand besides the anchors: certificates, OCSP answers and revocation lists, wherever they came from?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asn1crypto import core, ocsp
from asn1crypto import x509 as asn1_x509

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asn1crypto import cms

BASIC_RESPONSE = "1.3.6.1.5.5.7.48.1.1"
FULL_RESPONSE = "1.3.6.1.5.5.7.16.2"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Material that may help to build a path or tell a certificate's status; by itself it proves nothing.

    `ocsp` holds DER OCSPResponses (RFC 6960), `crls` DER CertificateLists (RFC 5280): from XAdES CertificateValues and
    RevocationValues, a PDF's DSS and VRI, CMS attributes, files, or the network.
    """

    certificates: tuple[asn1_x509.Certificate, ...] = ()
    ocsp: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()

    def __or__(self, other: Evidence) -> Evidence:
        """Both together, each item once, in order."""
        return Evidence(
            unique((*self.certificates, *other.certificates)),
            tuple(dict.fromkeys((*self.ocsp, *other.ocsp))),
            tuple(dict.fromkeys((*self.crls, *other.crls))),
        )


NOTHING = Evidence()


def unique(certificates: Iterable[asn1_x509.Certificate]) -> tuple[asn1_x509.Certificate, ...]:
    """The same certificates, each once."""
    return tuple({one.dump(): one for one in certificates}.values())


def evidence_of(message: cms.SignedData) -> Evidence:
    """What a CMS message carries beside its signers: certificates, lists and OCSP answers (RFC 5652, RFC 5940).

    Raises whatever asn1crypto raises on unreadable input.
    """
    certificates, lists = message["certificates"], message["crls"]
    held = () if isinstance(certificates, core.Void) else certificates
    told = () if isinstance(lists, core.Void) else lists
    return Evidence(
        tuple(one.chosen.untag() for one in held if one.name == "certificate"),
        tuple(_answer_in(one.chosen) for one in told if one.name == "other" and _holds_answer(one.chosen)),
        tuple(bytes(one.chosen.untag().dump()) for one in told if one.name == "crl"),
    )


def full_response(basic: bytes) -> bytes:
    """The OCSPResponse around a DER BasicOCSPResponse, which is what CAdES attributes hold (EN 319 122-1, A.1.4)."""
    held = {"response_type": "basic_ocsp_response", "response": ocsp.BasicOCSPResponse.load(basic)}
    return bytes(ocsp.OCSPResponse({"response_status": "successful", "response_bytes": held}).dump())


def _holds_answer(other: cms.OtherRevocationInfoFormat) -> bool:
    return other["other_rev_info_format"].dotted in (BASIC_RESPONSE, FULL_RESPONSE)


def _answer_in(other: cms.OtherRevocationInfoFormat) -> bytes:
    held = bytes(other["other_rev_info"].dump())
    return full_response(held) if other["other_rev_info_format"].dotted == BASIC_RESPONSE else held
