"""A public-key infrastructure by certomancer, whose services answer over HTTP: its people, their flaws, two roots."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from certomancer.integrations.aiohttp_animator import build_animator_app
from certomancer.registry import ArchLabel, CertLabel, CertomancerConfig
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.pki import ec_key, rsa_key

DAY = timedelta(days=1)
NOW = datetime.now(UTC).replace(microsecond=0)
SIGNED = NOW - 60 * DAY
"""When everybody signed."""

ARCHITECTURE = "exemplu"
AUTHORITIES = ("root", "other-root", "issuing", "tsa-root")
RESPONDERS = {"issuing": "ocsp-issuing", "root": "ocsp-root", "other-root": "ocsp-other-root", "tsa-root": "ocsp-tsa"}
PEOPLE: dict[str, tuple[datetime, str] | None] = {
    "good": None,
    "revoked-before": (SIGNED - 10 * DAY, "superseded"),
    "revoked-after": (SIGNED + 10 * DAY, "key_compromise"),
    "expired": None,
    "not-for-signing": None,
}
STAMPERS: dict[str, tuple[datetime, str] | None] = {
    "tsa": None,
    "tsa-superseded": (SIGNED + 10 * DAY, "superseded"),
    "tsa-compromised": (SIGNED + 10 * DAY, "key_compromise"),
}


class CertomancerPki:
    """Everything that `url` answers for; its keys lie under `folder`."""

    def __init__(self, folder: Path, url: str) -> None:
        labels = [*AUTHORITIES, *RESPONDERS.values(), *PEOPLE, *STAMPERS]
        for label in labels:
            own = stamper_key(label) if label in STAMPERS else key(label)
            pem = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            (folder / f"{label}.pem").write_bytes(pem)
        config = CertomancerConfig(
            {
                "external-url-prefix": url,
                "keysets": {
                    ARCHITECTURE: {"path-prefix": ".", "keys": {label: {"path": f"{label}.pem"} for label in labels}}
                },
                "pki-architectures": {
                    ARCHITECTURE: {
                        "keyset": ARCHITECTURE,
                        "entities": {label: {"country-name": "MD", "common-name": label} for label in labels},
                        "certs": _certificates(),
                        "services": _services(),
                    }
                },
            },
            key_search_dir=str(folder),
        )
        self._architecture = config.get_pki_arch(ArchLabel(ARCHITECTURE))

    def certificate(self, label: str) -> x509.Certificate:
        return x509.load_der_x509_certificate(self._architecture.get_cert(CertLabel(label)).dump())

    def app(self) -> web.Application:
        return build_animator_app({ArchLabel(ARCHITECTURE): self._architecture}, with_web_ui=False)


def key(label: str) -> ec.EllipticCurvePrivateKey:
    return ec_key(f"certomancer {label}")


def stamper_key(label: str) -> rsa.RSAPrivateKey:
    """RSA, which is what `tests.pki.LocalTimestamper` signs with."""
    return rsa_key(f"certomancer {label}")


def _certificates() -> dict[str, Any]:
    authority = [
        {"id": "basic_constraints", "critical": True, "value": {"ca": True}},
        _usage("key_cert_sign", "crl_sign"),
    ]
    made = {root: _certificate(root, authority) for root in ("root", "other-root", "tsa-root")}
    made["issuing"] = _certificate("root", [*authority, *_status("root")])
    made["issuing-crossed"] = _certificate("other-root", [*authority, *_status("other-root")], subject="issuing")
    for issuer, responder in RESPONDERS.items():
        made[responder] = _certificate(
            issuer, [_usage("digital_signature"), {"id": "ocsp_no_check"}, _purpose("ocsp_signing")]
        )
    for person, revocation in PEOPLE.items():
        usage = "key_encipherment" if person == "not-for-signing" else "digital_signature"
        ends = NOW - 30 * DAY if person == "expired" else NOW + 1000 * DAY
        made[person] = _certificate("issuing", [_usage(usage), *_status("issuing")], ends=ends) | _revoked(revocation)
    for stamper, revocation in STAMPERS.items():
        extensions = [_usage("digital_signature"), _purpose("time_stamping", critical=True), *_status("tsa-root")]
        made[stamper] = _certificate("tsa-root", extensions) | _revoked(revocation)
    return made


def _certificate(
    issuer: str, extensions: list[dict[str, Any]], *, subject: str | None = None, ends: datetime = NOW + 1000 * DAY
) -> dict[str, Any]:
    validity = {"valid-from": (NOW - 1000 * DAY).isoformat(), "valid-to": ends.isoformat()}
    named = {"issuer": issuer, "validity": validity, "extensions": extensions} | _of(issuer)
    return named if subject is None else named | {"subject": subject, "subject-key": subject}


def _of(issuer: str) -> dict[str, str]:
    """Which certificate of the authority that has two."""
    return {"issuer-cert": "issuing"} if issuer == "issuing" else {}


def _revoked(revocation: tuple[datetime, str] | None) -> dict[str, Any]:
    if revocation is None:
        return {}
    return {"revocation": {"revoked-since": revocation[0].isoformat(), "reason": revocation[1]}}


def _usage(*names: str) -> dict[str, Any]:
    return {"id": "key_usage", "critical": True, "smart-value": {"schema": "key-usage", "params": [*names]}}


def _purpose(name: str, *, critical: bool = False) -> dict[str, Any]:
    return {"id": "extended_key_usage", "critical": critical, "value": [name]}


def _status(issuer: str) -> list[dict[str, Any]]:
    places = {"ocsp-responder-names": [issuer], "ca-issuer-links": [{"repo": issuer}]}
    return [
        {
            "id": "crl_distribution_points",
            "smart-value": {"schema": "crl-dist-url", "params": {"crl-repo-names": [issuer]}},
        },
        {"id": "authority_information_access", "smart-value": {"schema": "aia-urls", "params": places}},
    ]


def _services() -> dict[str, Any]:
    return {
        "ocsp": {
            issuer: {"for-issuer": issuer, "responder-cert": responder, "signing-key": responder} | _of(issuer)
            for issuer, responder in RESPONDERS.items()
        },
        "crl-repo": {
            issuer: {"for-issuer": issuer, "signing-key": issuer, "simulated-update-schedule": "PT1H"} | _of(issuer)
            for issuer in AUTHORITIES
        },
        "cert-repo": {
            issuer: {"for-issuer": issuer, "publish-issued-certs": False} | _of(issuer) for issuer in AUTHORITIES
        },
    }
