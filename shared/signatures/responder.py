"""What does an OCSP responder say about a certificate, and may it? (RFC 6960)"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

from asn1crypto import core, ocsp
from asn1crypto import x509 as asn1_x509

from shared.signatures.certificates import issuer_key, subject_key
from shared.signatures.memory import Memory
from shared.signatures.reading import quickly
from shared.signatures.status import Irrelevant, StatusUnknown, Word
from shared.signatures.values import ASN_VALIDATOR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asn1crypto import algos
    from asn1crypto.keys import PublicKeyInfo

MAX_ANSWER_BYTES = 64 << 10
UNDERSTOOD = frozenset({"archive_cutoff", "crl_reason", "invalidity_date", "nonce", "crl", "extended_revoke"})


def question(certificate: asn1_x509.Certificate, issuer: asn1_x509.Certificate, nonce: bytes | None = None) -> bytes:
    """The DER OCSPRequest for one certificate; SHA-1 names it, which is what every responder knows."""
    request: dict[str, object] = {"request_list": [{"req_cert": _cert_id(certificate, issuer, "sha1")}]}
    if nonce is not None:
        request["request_extensions"] = [{"extn_id": "nonce", "critical": False, "extn_value": nonce}]
    return bytes(ocsp.OCSPRequest({"tbs_request": request}).dump())


def answer(
    data: bytes,
    certificate: asn1_x509.Certificate,
    issuer: asn1_x509.Certificate,
    nonce: bytes | None = None,
    others: Iterable[asn1_x509.Certificate] = (),
) -> Word:
    """Read a DER OCSPResponse; the responder's certificate is in it, or among `others`.

    Raises `StatusUnknown` unless it is the issuer's word or its delegate's, about this certificate, and (where both
    sides gave a `nonce`) to this question.
    """
    if len(data) > MAX_ANSWER_BYTES:
        raise StatusUnknown("the responder's answer is too long")
    if certificate.serial_number not in _serials(data):
        raise Irrelevant("the answer is about another certificate")
    try:
        return _answer(ocsp.OCSPResponse.load(data, strict=True), certificate, issuer, nonce, others)
    except StatusUnknown:
        raise
    except Exception as error:  # a hostile answer may break any parser below
        raise StatusUnknown("the responder's answer cannot be read") from error


def signed_by(key: PublicKeyInfo, algorithm: algos.SignedDigestAlgorithm, signature: bytes, data: bytes) -> bool:
    """Whether the owner of `key` signed `data`; False for a signature that cannot be judged, too."""
    try:
        ASN_VALIDATOR.validate_signature(signature, data, key, algorithm)
    except Exception:  # odd keys and parameters fail in many ways, and none of them is a signature
        return False
    return True


def told_by(key: PublicKeyInfo, algorithm: algos.SignedDigestAlgorithm, signature: bytes, data: bytes) -> bool:
    """Whether the owner of `key` said `data`: as `signed_by`, but no digest that others can make collide counts.

    Policy has no say in words about a status; whoever may ask for one chooses some of what is signed (its nonce).
    """
    broken = str(algorithm["algorithm"].native).startswith(("md2", "md4", "md5"))
    return not broken and signed_by(key, algorithm, signature, data)


def issued_by(certificate: asn1_x509.Certificate, issuer: asn1_x509.Certificate) -> bool:
    """Whether `issuer` is named as the issuer of `certificate` and did sign it; False for what cannot be read."""
    about = certificate.sha256, issuer.sha256
    if not _ISSUED.get(about):
        if not _issued_by(certificate, issuer):
            return False
        _ISSUED.put(about, True)
    return True


_ISSUED: Memory[tuple[bytes, bytes], bool] = Memory(4096)
"""Only what holds: a check fails as well where memory is short, which a hostile input can bring about."""


def _issued_by(certificate: asn1_x509.Certificate, issuer: asn1_x509.Certificate) -> bool:
    return _is_quickly_issued(certificate, issuer) or _is_issued(certificate, issuer)


def _is_quickly_issued(certificate: asn1_x509.Certificate, issuer: asn1_x509.Certificate) -> bool:
    """Whether `cryptography` says so of two ordinary certificates; False says nothing."""
    one, other = quickly(certificate), quickly(issuer)
    if one is None or other is None:
        return False
    try:
        one.verify_directly_issued_by(other)
    except Exception:  # names that are spelled otherwise, keys and algorithms that do not fit
        return False
    return True


def _is_issued(certificate: asn1_x509.Certificate, issuer: asn1_x509.Certificate) -> bool:
    try:
        signed, value = certificate["tbs_certificate"].dump(), certificate["signature_value"].native
        algorithm, key = certificate["signature_algorithm"], issuer.public_key
        named = issuer_key(certificate) == subject_key(issuer)
    except Exception:  # a hostile certificate may break any parser below
        return False
    return named and signed_by(key, algorithm, value, signed)


@lru_cache(512)
def _serials(data: bytes) -> frozenset[int]:
    """The serial numbers of the certificates that an answer is about: most of many answers are about others.

    Raises `StatusUnknown` for what is no answer.
    """
    try:
        response = ocsp.OCSPResponse.load(data, strict=True)
        status = response["response_status"].native
        if status == "successful":
            told = response.basic_ocsp_response["tbs_response_data"]["responses"]
            return frozenset(one["cert_id"]["serial_number"].native for one in told)
    except Exception as error:  # a hostile answer may break any parser below
        raise StatusUnknown("the responder's answer cannot be read") from error
    raise StatusUnknown(f"the responder answers {status}")


def _answer(
    response: ocsp.OCSPResponse,
    certificate: asn1_x509.Certificate,
    issuer: asn1_x509.Certificate,
    nonce: bytes | None,
    others: Iterable[asn1_x509.Certificate],
) -> Word:
    basic = response.basic_ocsp_response
    data = basic["tbs_response_data"]
    about = next((one for one in data["responses"] if _is_about(one["cert_id"], certificate, issuer)), None)
    if about is None:
        raise Irrelevant("the answer is about another certificate")
    signers = [issuer, *(one for one in (*_delegates(basic), *others) if _is_delegate(one, issuer, data))]
    value = basic["signature"].native
    if not any(told_by(one.public_key, basic["signature_algorithm"], value, data.dump()) for one in signers):
        raise StatusUnknown("the answer is not signed by the issuer or its delegate")
    if response.critical_extensions - UNDERSTOOD:
        raise StatusUnknown("the answer has a critical extension that is not understood")
    told = response.nonce_value
    if nonce is not None and told is not None and told.native != nonce:
        raise StatusUnknown("the answer is to another question")
    return _word(about)


def _word(one: ocsp.SingleResponse) -> Word:
    if one.critical_extensions - UNDERSTOOD:
        raise StatusUnknown("the answer has a critical extension that is not understood")
    status = one["cert_status"]
    if status.name == "unknown":
        raise StatusUnknown("the responder does not know the certificate")
    revoked = status.chosen if status.name == "revoked" else None
    cutoff = one.archive_cutoff_value
    return Word(
        this_update=one["this_update"].native,
        next_update=one["next_update"].native,
        revoked_at=None if revoked is None else revoked["revocation_time"].native,
        reason=(None if revoked is None else revoked["revocation_reason"].native) or "",
        covers_expired_since=None if cutoff is None else cutoff.native,
    )


def _delegates(basic: ocsp.BasicOCSPResponse) -> list[asn1_x509.Certificate]:
    return [] if isinstance(basic["certs"], core.Void) else list(basic["certs"])


def _is_delegate(one: asn1_x509.Certificate, issuer: asn1_x509.Certificate, data: ocsp.ResponseData) -> bool:
    """Whether the issuer lets `one` sign answers, and it was valid when it did (RFC 6960 section 4.2.2.2).

    One that cannot be read is none: whoever is asked about may have put it there, for the answer not to be read either.
    """
    try:
        return _may_answer(one, issuer, data)
    except Exception:  # a hostile certificate may break any parser below
        return False


def _may_answer(one: asn1_x509.Certificate, issuer: asn1_x509.Certificate, data: ocsp.ResponseData) -> bool:
    purposes, usage = one.extended_key_usage_value, one.key_usage_value
    if usage is not None and not {"digital_signature", "non_repudiation"} & usage.native:
        return False
    if purposes is None or "ocsp_signing" not in purposes.native or not issued_by(one, issuer):
        return False
    return bool(one.not_valid_before <= data["produced_at"].native <= one.not_valid_after)


def _is_about(told: ocsp.CertId, certificate: asn1_x509.Certificate, issuer: asn1_x509.Certificate) -> bool:
    if told["serial_number"].native != certificate.serial_number:
        return False
    ours = _cert_id(certificate, issuer, str(told["hash_algorithm"]["algorithm"].native))
    return all(told[name].native == ours[name].native for name in ("issuer_name_hash", "issuer_key_hash"))


def _cert_id(certificate: asn1_x509.Certificate, issuer: asn1_x509.Certificate, algorithm: str) -> ocsp.CertId:
    name, key = certificate.issuer.dump(), bytes(issuer.public_key["public_key"])
    return ocsp.CertId(
        {
            "hash_algorithm": {"algorithm": algorithm, "parameters": core.Null()},
            "issuer_name_hash": hashlib.new(algorithm, name, usedforsecurity=False).digest(),
            "issuer_key_hash": hashlib.new(algorithm, key, usedforsecurity=False).digest(),
            "serial_number": certificate.serial_number,
        }
    )
