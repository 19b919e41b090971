"""How do we ask certomancer for certificates, certificate status and timestamps?

The only module that knows certomancer's classes. Everything is computed from the configuration and the keys on disk, so
that two processes over one directory answer alike. Calls take milliseconds of CPU: handlers run them in a thread.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import yaml
from asn1crypto import core, ocsp, tsp
from asn1crypto import x509 as asn1_x509
from certomancer.registry import (
    ArchLabel,
    CertLabel,
    CertomancerConfig,
    CertomancerObjectNotFoundError,
    EntityLabel,
    ServiceLabel,
)
from cryptography import x509
from cryptography.x509.oid import NameOID

from services.msign.pki.plan import ARCHITECTURE, ISSUING, ROOT, TSA
from shared.errors import Malformed
from shared.watched import Watched

CONFIGURATION = "certomancer.yaml"
TELEPHONE = "telephone-number"

DIGESTS = {"sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64}
"""Digests that we put a timestamp on, with their sizes in bytes."""


@dataclass(frozen=True, slots=True)
class Authority:
    """One CA that issues certificates, and where its services answer."""

    name: str
    certificate_url: str
    crl_url: str
    ocsp_url: str


@dataclass(frozen=True)
class Architecture:
    """The infrastructure of one directory; `url` is where its services are said to answer."""

    url: str
    _pki: Any

    @classmethod
    def of(cls, configuration: dict[str, Any], directory: Path) -> "Architecture":
        """Return the infrastructure that `configuration` describes, with its keys under `directory`."""
        configuration = copy.deepcopy(configuration)
        phones = _take_telephones(configuration)
        config = CertomancerConfig(configuration, key_search_dir=str(directory))
        pki = config.get_pki_arch(ArchLabel(ARCHITECTURE))
        for label, number in phones.items():
            pki.entities[EntityLabel(label)].chosen.append(_telephone(number))
        return cls(config.external_url_prefix, pki)

    @classmethod
    def load(cls, directory: Path) -> "Architecture":
        """Return the infrastructure made in `directory`; raises `Malformed` when there is none."""
        path = directory / CONFIGURATION
        if not path.is_file():
            raise Malformed(f"{directory} holds no public-key infrastructure; make one with services.msign.pki create")
        try:
            return cls.of(yaml.safe_load(path.read_text(encoding="utf-8")), directory)
        except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise Malformed(f"{path} describes no public-key infrastructure ({type(error).__name__})") from error

    @classmethod
    def watched(
        cls, directory: Path, *, told: Callable[["Architecture"], None] = lambda _: None
    ) -> "Watched[Architecture]":
        """Return the infrastructure of `directory` at each moment; `told` learns of each one.

        It is read again when its configuration is replaced. Keys are read with the configuration: whoever replaces
        them replaces it, too, afterwards.
        """

        def read() -> Architecture:
            architecture = cls.load(directory)
            told(architecture)
            return architecture

        return Watched((directory / CONFIGURATION,), read)

    @property
    def timestamp_url(self) -> str:
        """Where the timestamping authority answers."""
        return f"{self.url}/{ARCHITECTURE}/tsa/{TSA}"

    def authorities(self) -> tuple[Authority, ...]:
        """Return the CAs that signers' certificates lead to, the root first."""
        base = f"{self.url}/{ARCHITECTURE}"
        return tuple(
            Authority(
                name=str(self.certificate(label).subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value),
                certificate_url=f"{base}/certs/{label}/ca.crt",
                crl_url=f"{base}/crls/{label}/latest.crl",
                ocsp_url=f"{base}/ocsp/{label}",
            )
            for label in (ROOT, ISSUING)
        )

    def certificate(self, label: str) -> x509.Certificate:
        """Return a certificate; raises `LookupError` for a label that there is not."""
        try:
            return x509.load_der_x509_certificate(self._pki.get_cert(CertLabel(label)).dump())
        except CertomancerObjectNotFoundError as error:
            raise LookupError(label) from error

    def authority(self, label: str) -> bytes:
        """Return a CA's certificate as DER; raises `LookupError` for a label that is no CA's."""
        try:
            return bytes(self._pki.service_registry.get_cert_from_repo(ServiceLabel(label)).dump())
        except CertomancerObjectNotFoundError as error:
            raise LookupError(label) from error

    def crl(self, label: str) -> bytes:
        """Return the present DER revocation list of a CA (RFC 5280 section 5); raises `LookupError`."""
        try:
            return bytes(self._pki.service_registry.get_crl(ServiceLabel(label), datetime.now(UTC)).dump())
        except CertomancerObjectNotFoundError as error:
            raise LookupError(label) from error

    def ocsp(self, label: str, request: bytes) -> bytes:
        """Answer a DER OCSPRequest; what cannot be read is answered malformedRequest (RFC 6960 section 2.3).

        Raises `LookupError` for a label that is no CA's.
        """
        try:
            responder = self._pki.service_registry.summon_responder(ServiceLabel(label), _now())
        except CertomancerObjectNotFoundError as error:
            raise LookupError(label) from error
        try:
            parsed = ocsp.OCSPRequest.load(request, strict=True)
            parsed.native  # noqa: B018 - parses everything inside
            answer = responder.build_ocsp_response(parsed)
        except (ValueError, TypeError, KeyError):
            answer = responder.build_error_response("malformed_request")
        return bytes(answer.dump())

    def timestamp(self, request: bytes) -> bytes:
        """Answer a DER TimeStampReq; a refusal says why in its PKIFailureInfo (RFC 3161 section 2.4.2)."""
        try:
            query = tsp.TimeStampReq.load(request, strict=True)
            query.native  # noqa: B018 - parses everything inside
            imprint = query["message_imprint"]
            algorithm = imprint["hash_algorithm"]["algorithm"].native
            size = len(imprint["hashed_message"].native)
        except (ValueError, TypeError, KeyError):
            return _refusal("bad_data_format")
        if algorithm not in DIGESTS:
            return _refusal("bad_alg")
        if size != DIGESTS[algorithm]:
            return _refusal("bad_data_format")
        stamper = self._pki.service_registry.summon_timestamper(ServiceLabel(TSA), _now())
        if query["req_policy"].native not in (None, stamper.policy.native):
            return _refusal("unaccepted_policy")
        return bytes(stamper.request_tsa_response(query).dump())


def _take_telephones(configuration: dict[str, Any]) -> dict[str, str]:
    """Take the telephone numbers out of the names: asn1crypto's name builder cannot encode them."""
    entities = configuration["pki-architectures"][ARCHITECTURE]["entities"]
    return {label: name.pop(TELEPHONE) for label, name in entities.items() if TELEPHONE in name}


def _telephone(number: str) -> asn1_x509.RelativeDistinguishedName:
    kind = asn1_x509.NameTypeAndValue({"type": "telephone_number", "value": core.PrintableString(number)})
    return asn1_x509.RelativeDistinguishedName([kind])


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _refusal(failure: str) -> bytes:
    status = tsp.PKIStatusInfo({"status": "rejection", "fail_info": {failure}})
    return bytes(_Refusal({"status": status}).dump())


class _Refusal(core.Sequence):  # type: ignore[misc]
    """A TimeStampResp without a token, which asn1crypto's own class insists on."""

    _fields: ClassVar = [("status", tsp.PKIStatusInfo)]
