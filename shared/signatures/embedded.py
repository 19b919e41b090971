"""Which certificates and revocation data does a CMS message carry for those who verify it?"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from asn1crypto import core, crl, ocsp, pdf
from asn1crypto import x509 as asn1_x509

from shared.signatures.evidence import NOTHING, Evidence
from shared.signatures.reading import shared

if TYPE_CHECKING:
    from asn1crypto import cms

BASIC_RESPONSE = "1.3.6.1.5.5.7.48.1.1"
FULL_RESPONSE = "1.3.6.1.5.5.7.16.2"


class _Lists(core.SequenceOf):  # type: ignore[misc]
    _child_spec = crl.CertificateList


class _BasicResponses(core.SequenceOf):  # type: ignore[misc]
    _child_spec = ocsp.BasicOCSPResponse


class _Certificates(core.SequenceOf):  # type: ignore[misc]
    _child_spec = asn1_x509.Certificate


class _RevocationValues(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar[list[Any]] = [
        ("crl", _Lists, {"explicit": 0, "optional": True}),
        ("ocsp", _BasicResponses, {"explicit": 1, "optional": True}),
        ("other", core.Any, {"explicit": 2, "optional": True}),
    ]


def evidence_of(message: cms.SignedData) -> Evidence:
    """What a CMS message carries beside its signers: certificates, lists and OCSP answers (RFC 5652, RFC 5940).

    Raises whatever asn1crypto raises on unreadable input.
    """
    held, told = _given(message["certificates"]), _given(message["crls"])
    return Evidence(
        tuple(shared(one.chosen) for one in held if one.name == "certificate"),
        tuple(_answer_in(one.chosen) for one in told if one.name == "other" and _holds_answer(one.chosen)),
        tuple(bytes(one.chosen.untag().dump()) for one in told if one.name == "crl"),
    )


def attached_evidence(signer: cms.SignerInfo) -> Evidence:
    """What the attributes of one CMS signer carry for later verification; what cannot be read is left out.

    Those are Adobe's RevocationInfoArchival (signed, ISO 32000-2 section 12.8.3.3.2), and the certificate and
    revocation values of CAdES (unsigned, EN 319 122-1 annex A.1).
    """
    together = NOTHING
    for where in ("signed_attrs", "unsigned_attrs"):
        for attribute in _given(signer[where]):
            with suppress(ValueError, TypeError, KeyError):
                read = _ATTACHED.get(attribute["type"].dotted, _nothing)
                for value in attribute["values"]:
                    together |= read(bytes(value.dump()))
    return together


def _archived(data: bytes) -> Evidence:
    told = pdf.RevocationInfoArchival.load(data)
    return Evidence(ocsp=_dumped(told["ocsp"]), crls=_dumped(told["crl"]))


def _certificate_values(data: bytes) -> Evidence:
    return Evidence(tuple(map(shared, _Certificates.load(data))))


def _revocation_values(data: bytes) -> Evidence:
    told = _RevocationValues.load(data)
    return Evidence(ocsp=tuple(full_response(one) for one in _dumped(told["ocsp"])), crls=_dumped(told["crl"]))


def _nothing(_: bytes) -> Evidence:
    return NOTHING


def _given(values: Any) -> Any:
    return () if isinstance(values, core.Void) else values


def _dumped(values: Any) -> tuple[bytes, ...]:
    return tuple(bytes(one.dump()) for one in _given(values))


_ATTACHED = {
    "1.2.840.113583.1.1.8": _archived,
    "1.2.840.113549.1.9.16.2.23": _certificate_values,
    "1.2.840.113549.1.9.16.2.24": _revocation_values,
}


def full_response(basic: bytes) -> bytes:
    """The OCSPResponse around a DER BasicOCSPResponse, which is what CAdES attributes hold (EN 319 122-1, A.1.4)."""
    held = {"response_type": "basic_ocsp_response", "response": ocsp.BasicOCSPResponse.load(basic)}
    return bytes(ocsp.OCSPResponse({"response_status": "successful", "response_bytes": held}).dump())


def _holds_answer(other: cms.OtherRevocationInfoFormat) -> bool:
    return other["other_rev_info_format"].dotted in (BASIC_RESPONSE, FULL_RESPONSE)


def _answer_in(other: cms.OtherRevocationInfoFormat) -> bytes:
    held = bytes(other["other_rev_info"].dump())
    return full_response(held) if other["other_rev_info_format"].dotted == BASIC_RESPONSE else held
