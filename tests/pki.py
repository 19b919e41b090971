"""A public-key infrastructure in memory: root `mdtrustca` → `MDQSign` → made-up people, and a timestamping authority.

Keys are made once per process. `TestPki.make()` gives a whole hierarchy; `Authority.issue` makes odd certificates.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from shared.signatures.keys import MemoryKey

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
FAR = datetime(2060, 1, 1, tzinfo=UTC)
IDNP = "2000000000007"
SIGNER_NAME = (
    (NameOID.COMMON_NAME, "Ana Exemplu"),
    (NameOID.SERIAL_NUMBER, IDNP),
    (NameOID.COUNTRY_NAME, "MD"),
)
CA_NAME = (
    (NameOID.COUNTRY_NAME, "MD"),
    (NameOID.LOCALITY_NAME, "Chișinău"),
    (NameOID.ORGANIZATION_NAME, "Exemplu IT"),
    (NameOID.ORGANIZATION_IDENTIFIER, "NTRMD-1000000000001"),
)


@functools.cache
def rsa_key(label: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """One RSA key per label, the same throughout the process."""
    del label
    return rsa.generate_private_key(65537, bits)


@functools.cache
def ec_key(label: str, curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    """One EC key per label, the same throughout the process."""
    del label
    return ec.generate_private_key(curve())


def name_of(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


@dataclass(frozen=True)
class Authority:
    """A CA: its key, its certificate and what lies above it (root last)."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    above: tuple[x509.Certificate, ...] = ()

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """This CA and what lies above it: the chain of whatever it issues."""
        return (self.certificate, *self.above)

    def issue(
        self,
        subject: x509.Name,
        public_key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
        *,
        not_before: datetime = EPOCH,
        not_after: datetime = FAR,
        ca: bool = False,
        timestamping: bool = False,
        critical_purpose: bool = True,
    ) -> x509.Certificate:
        """A certificate of a person, of a timestamping authority or of a further CA."""
        return certificate(
            subject, public_key, self.certificate.subject, self.key,
            not_before=not_before, not_after=not_after, ca=ca, timestamping=timestamping,
            critical_purpose=critical_purpose,
        )  # fmt: skip


def certificate(
    subject: x509.Name,
    public_key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    issuer_key: rsa.RSAPrivateKey,
    *,
    not_before: datetime,
    not_after: datetime,
    ca: bool = False,
    timestamping: bool = False,
    critical_purpose: bool = True,
) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=not ca, content_commitment=not ca and not timestamping, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=ca, crl_sign=ca, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if timestamping:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(purpose, critical=critical_purpose)
    return builder.sign(issuer_key, hashes.SHA256())


@dataclass(frozen=True)
class LocalTimestamper:
    """An RFC 3161 authority in this process; `at` fixes its clock."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()
    at: datetime | None = None
    seen: list[bytes] = field(default_factory=list)

    def telling(self, at: datetime) -> LocalTimestamper:
        """The same authority with its clock at `at`."""
        return replace(self, at=at)

    async def stamp(self, digest: bytes, algorithm: str = "sha256") -> bytes:
        """A DER TimeStampToken over `digest`."""
        self.seen.append(digest)
        return timestamp_token(self, digest, algorithm)


def timestamp_token(
    authority: LocalTimestamper, digest: bytes, algorithm: str = "sha256", nonce: int | None = None
) -> bytes:
    """A DER TimeStampToken, as an RFC 3161 authority signs it."""
    moment = (authority.at or datetime.now(UTC)).replace(microsecond=0)
    imprint = {"hash_algorithm": algos.DigestAlgorithm({"algorithm": algorithm}), "hashed_message": digest}
    told = {
        "version": "v1",
        "policy": "1.2.3.4.1",
        "message_imprint": imprint,
        "serial_number": 7,
        "gen_time": moment,
    }
    info = tsp.TSTInfo(told | ({} if nonce is None else {"nonce": nonce})).dump()
    leaf = _asn1(authority.certificate)
    binding = tsp.SigningCertificateV2(
        {"certs": [tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(leaf.dump()).digest()})]}
    )
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(info).digest()]}),
            cms.CMSAttribute({"type": "signing_certificate_v2", "values": [binding]}),
        ]
    )
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {"issuer_and_serial_number": {"issuer": leaf.issuer, "serial_number": leaf.serial_number}}
            ),
            "digest_algorithm": {"algorithm": "sha256"},
            "signature_algorithm": {"algorithm": "sha256_rsa"},
            "signed_attrs": attributes,
            "signature": authority.key.sign(attributes.dump(), padding.PKCS1v15(), hashes.SHA256()),
        }
    )
    signed = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(info)},
            "certificates": [leaf, *(_asn1(one) for one in authority.chain)],
            "signer_infos": [signer],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())


@dataclass(frozen=True)
class TestPki:
    """Everything that a test of signatures needs."""

    __test__ = False

    root: Authority
    issuing: Authority
    signer: MemoryKey
    timestamper: LocalTimestamper

    @classmethod
    def make(cls, label: str = "md") -> TestPki:
        """A hierarchy with keys of its own for each `label`."""
        root_key = rsa_key(label + "-root")
        root_name = name_of(*CA_NAME, (NameOID.COMMON_NAME, f"{label}trustca"))
        root = Authority(
            root_key,
            certificate(
                root_name, root_key.public_key(), root_name, root_key, not_before=EPOCH, not_after=FAR, ca=True
            ),
        )
        issuing_key = rsa_key(label + "-issuing")
        issuing_name = name_of(*CA_NAME, (NameOID.COMMON_NAME, f"{label.upper()}QSign"))
        issuing = Authority(
            issuing_key, root.issue(issuing_name, issuing_key.public_key(), ca=True), (root.certificate,)
        )
        tsa_key = rsa_key(label + "-tsa")
        tsa_name = name_of(*CA_NAME, (NameOID.COMMON_NAME, f"{label}tsa"))
        tsa = issuing.issue(tsa_name, tsa_key.public_key(), timestamping=True)
        person = rsa_key(label + "-person")
        signer = MemoryKey(person, issuing.issue(name_of(*SIGNER_NAME), person.public_key()), issuing.chain)
        return cls(root, issuing, signer, LocalTimestamper(tsa_key, tsa, issuing.chain))

    def person(
        self,
        key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
        *parts: tuple[x509.ObjectIdentifier, str],
        not_before: datetime = EPOCH,
        not_after: datetime = FAR,
    ) -> MemoryKey:
        """A further signer under the issuing CA; without `parts` it has the usual name."""
        leaf = self.issuing.issue(
            name_of(*(parts or SIGNER_NAME)), key.public_key(), not_before=not_before, not_after=not_after
        )
        return MemoryKey(key, leaf, self.issuing.chain)


def _asn1(one: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(one.public_bytes(serialization.Encoding.DER))


def now_utc(days: float = 0) -> datetime:
    """The present moment, moved by `days`, to the second."""
    return (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0)
