"""What does an OCSP responder say about a certificate, and may it? (RFC 6960)"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from shared.errors import Transient

NONCE_BYTES = 16
SKEW = timedelta(minutes=5)
"""How far the responder's clock may be ahead of ours."""


class StatusUnknown(Transient):
    """No usable word about a certificate's status could be had: it may be asked for again."""


@dataclass(frozen=True, slots=True)
class Question:
    """An OCSP request for one certificate; `nonce` ties the answer to it where the responder repeats nonces."""

    certificate: x509.Certificate
    issuer: x509.Certificate
    nonce: bytes

    @classmethod
    def about(cls, certificate: x509.Certificate, issuer: x509.Certificate) -> Question:
        """A question with a fresh nonce."""
        return cls(certificate, issuer, secrets.token_bytes(NONCE_BYTES))

    def request(self) -> ocsp.OCSPRequest:
        """The OCSPRequest; SHA-1 names the certificate, which is what every responder knows."""
        builder = ocsp.OCSPRequestBuilder().add_certificate(self.certificate, self.issuer, hashes.SHA1())  # noqa: S303
        return builder.add_extension(x509.OCSPNonce(self.nonce), critical=False).build()

    def der(self) -> bytes:
        """The DER OCSPRequest."""
        return self.request().public_bytes(Encoding.DER)

    def revoked(self, answer: bytes, now: datetime) -> bool:
        """Tell whether the DER OCSPResponse `answer`, read at `now` (aware), says that the certificate was revoked.

        Raises `StatusUnknown` unless the answer is the issuer's or its delegate's, about this certificate, current and
        not to another question.
        """
        try:
            return self._revoked(ocsp.load_der_ocsp_response(answer), now)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm) as error:
            raise StatusUnknown("the responder's answer proves nothing") from error

    def _revoked(self, answer: ocsp.OCSPResponse, now: datetime) -> bool:
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise StatusUnknown(f"the responder answers {answer.response_status.name}")
        _check_signature(answer, self.issuer, now)
        if _nonce_of(answer) not in {None, self.nonce}:
            raise StatusUnknown("the answer is to another question")
        asked = self.request()
        for one in answer.responses:
            ours = one.serial_number == asked.serial_number and one.issuer_key_hash == asked.issuer_key_hash
            if not ours or one.issuer_name_hash != asked.issuer_name_hash:
                continue
            if one.this_update_utc > now + SKEW or (one.next_update_utc is not None and one.next_update_utc < now):
                raise StatusUnknown("the answer is not current")
            if one.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
                raise StatusUnknown("the responder does not know the certificate")
            return one.certificate_status is ocsp.OCSPCertStatus.REVOKED
        raise StatusUnknown("the answer is about another certificate")


def responder_url(certificate: x509.Certificate) -> str | None:
    """Return where the certificate says that its status can be asked for, if it does (RFC 5280 section 4.2.2.1)."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return None
    places = [one.access_location.value for one in access if one.access_method == AuthorityInformationAccessOID.OCSP]
    return next((str(place) for place in places if str(place).startswith(("http://", "https://"))), None)


def _check_signature(answer: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> None:
    """Raise unless the issuer signed the answer, or one whom it lets sign answers (RFC 6960 section 4.2.2.2)."""
    signers = [issuer, *(one for one in answer.certificates if _is_delegate(one, issuer, now))]
    for signer in signers:
        try:
            _verify(signer, answer)
        except InvalidSignature:
            continue
        return
    raise StatusUnknown("the answer is not signed by the issuer or its delegate")


def _is_delegate(certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    valid = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
    return valid and ExtendedKeyUsageOID.OCSP_SIGNING in purposes


def _verify(signer: x509.Certificate, answer: ocsp.OCSPResponse) -> None:
    key, algorithm = signer.public_key(), answer.signature_hash_algorithm
    if algorithm is None:
        raise InvalidSignature
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(algorithm))
    else:
        raise InvalidSignature


def _nonce_of(answer: ocsp.OCSPResponse) -> bytes | None:
    try:
        return answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return None
