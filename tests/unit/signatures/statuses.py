"""Whoever tells a certificate's status: an issuer, its people, its OCSP answers and its lists, in all their variety."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from shared.signatures.certificates import to_asn1
from tests.pki import CA_NAME, EPOCH, FAR, SIGNER_NAME, LocalTimestamper, ec_key, name_of, rsa_key

NOW = datetime(2025, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIST_URL = "http://127.0.0.1:1/mdqsign.crl"
RESPONDER_URL = "http://127.0.0.1:1/ocsp"
ISSUER_NAME, ISSUER_KEY = name_of(*CA_NAME), rsa_key("issuer of lists")
STRANGER_KEY = rsa_key("somebody else")
DELEGATE_KEY = rsa_key("delegate")


def certificate(
    subject: x509.Name, *extensions: x509.ExtensionType, key: Any = ISSUER_KEY, by: Any = ISSUER_KEY, **given: Any
) -> x509.Certificate:
    told: dict[str, Any] = {"issuer": ISSUER_NAME, "serial": 7, "begins": EPOCH, "ends": FAR} | given
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(told["issuer"]).serial_number(told["serial"])
    builder = builder.public_key(key.public_key()).not_valid_before(told["begins"]).not_valid_after(told["ends"])
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(by, hashes.SHA256())


def places(url: str) -> list[x509.GeneralName]:
    return [x509.UniformResourceIdentifier(url)]


def pointer(url: str = LIST_URL) -> x509.CRLDistributionPoints:
    return x509.CRLDistributionPoints([x509.DistributionPoint(places(url), None, None, None)])


def access(responder: str = RESPONDER_URL, issuer: str = "") -> x509.AuthorityInformationAccess:
    methods = {AuthorityInformationAccessOID.OCSP: responder, AuthorityInformationAccessOID.CA_ISSUERS: issuer}
    return x509.AuthorityInformationAccess(
        [x509.AccessDescription(method, places(url)[0]) for method, url in methods.items() if url]
    )


def delegate(
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.OCSP_SIGNING, usage: x509.KeyUsage | None = None, **given: Any
) -> x509.Certificate:
    """One whom the issuer lets sign answers, unless `purpose`, `usage` or `by` are others."""
    subject = name_of((NameOID.COMMON_NAME, "OCSP Exemplu"))
    told = x509.ExtendedKeyUsage([purpose]), *([] if usage is None else [usage])
    return certificate(subject, *told, key=DELEGATE_KEY, **({"serial": 8} | given))


def scope(**changes: object) -> x509.IssuingDistributionPoint:
    values: dict[str, object] = {
        "full_name": places(LIST_URL),
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**(values | changes))  # type: ignore[arg-type]


def crl(
    *serials: int,
    extension: x509.ExtensionType | None = None,
    key: Any = ISSUER_KEY,
    made: datetime = NOW,
    by: x509.Name = ISSUER_NAME,
    revoked_at: datetime | None = None,
    reason: x509.ReasonFlags | None = None,
    until: datetime | None = None,
) -> bytes:
    """A revocation list that has `serials`, for one hour."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(by)
    builder = builder.last_update(made).next_update(until or made + HOUR)
    for serial in serials:
        revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(revoked_at or made)
        if reason is not None:
            revoked = revoked.add_extension(x509.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(revoked.build())
    if extension is not None:
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def ocsp_answer(
    revoked_at: datetime | None = None,
    *,
    about: x509.Certificate | None = None,
    issuer: x509.Certificate | None = None,
    key: Any = ISSUER_KEY,
    signer: x509.Certificate | None = None,
    made: datetime = NOW,
    until: datetime | None = NOW + HOUR,
    digest: hashes.HashAlgorithm | None = None,
    reason: x509.ReasonFlags | None = None,
    unknown: bool = False,
    without_signer: bool = False,
    nonce: bytes | None = None,
) -> bytes:
    """An OCSP answer, signed by the issuer or by `signer` with `key`."""
    status = ocsp.OCSPCertStatus.GOOD if revoked_at is None else ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        about or LEAF_X509,
        issuer or ISSUER_X509,
        digest or hashes.SHA1(),
        ocsp.OCSPCertStatus.UNKNOWN if unknown else status,
        made,
        until,
        revoked_at,
        reason,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer or ISSUER_X509)
    if signer is not None and not without_signer:
        builder = builder.certificates([signer])
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


ISSUER_X509 = certificate(ISSUER_NAME, x509.BasicConstraints(ca=True, path_length=None))
LEAF_X509 = certificate(name_of(*SIGNER_NAME), pointer(), access(), key=ec_key("leaf of lists"))
ISSUER: asn1_x509.Certificate = to_asn1(ISSUER_X509)
LEAF: asn1_x509.Certificate = to_asn1(LEAF_X509)
ROOT_X509 = certificate(
    name_of((NameOID.COMMON_NAME, "Root")), x509.BasicConstraints(ca=True, path_length=None),
    key=rsa_key("root of lists"), by=rsa_key("root of lists"), issuer=name_of((NameOID.COMMON_NAME, "Root")), serial=1,
)  # fmt: skip
UNDER_ROOT_X509 = certificate(
    x509.Name(list(LEAF_X509.issuer)), x509.BasicConstraints(ca=True, path_length=None), pointer(),
    by=rsa_key("root of lists"), issuer=name_of((NameOID.COMMON_NAME, "Root")), serial=2,
)  # fmt: skip
REVOKES_ISSUER = crl(2, key=rsa_key("root of lists"), by=name_of((NameOID.COMMON_NAME, "Root")))


def stamper(*extensions: x509.ExtensionType) -> LocalTimestamper:
    """A timestamping authority of the issuer's, with its clock at NOW."""
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    builder = x509.CertificateBuilder().subject_name(name_of((NameOID.COMMON_NAME, "TSA"))).serial_number(9)
    builder = builder.issuer_name(LEAF_X509.issuer).public_key(rsa_key("tsa of lists").public_key())
    builder = builder.not_valid_before(NOW - 100 * 24 * HOUR).not_valid_after(NOW + 100 * 24 * HOUR)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    made = builder.add_extension(purpose, critical=True).sign(rsa_key("issuer of lists"), hashes.SHA256())
    return LocalTimestamper(rsa_key("tsa of lists"), made, at=NOW)
