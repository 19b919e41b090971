"""Which authorities, keys and certificates make up the infrastructure, and at which addresses do they answer?

One certomancer configuration, as plain data: it issues everything and later drives the live services
(`signature-profile.md`, "Certificates").
"""

import ipaddress
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.msign.pki.people import PEOPLE, Flaw, Person

ARCHITECTURE = "pki"
"""The first part of every path on the PKI port."""
ROOT, ISSUING, TSA, TLS_CA, SERVER = "mdtrustca", "mdqsign", "tsa", "tls-ca", "server"
CONSUMERS = ("consumer1", "consumer2", "consumer3")
YEARS = timedelta(days=365)
LEAF_YEARS = 3

_CA_NAME = {
    "country-name": "MD",
    "locality-name": "Chișinău",
    "organization-name": "Exemplu de Încredere",
    "organization-identifier": "NTRMD-1000000000000",
}


def service_labels() -> list[str]:
    """Return the labels of the key pairs that the live services sign with."""
    return [ROOT, ISSUING, TLS_CA, *responder_labels()]


def responder_labels() -> list[str]:
    """Return the labels of the key pairs that sign an answer to every question: timestamps and OCSP."""
    return [TSA, f"ocsp-{ROOT}", f"ocsp-{ISSUING}", f"ocsp-{TLS_CA}"]


def owner_labels() -> list[str]:
    """Return the labels of the key pairs that only their owners use: of them, the services know the public half."""
    return [SERVER, *CONSUMERS, *(person.label for person in PEOPLE)]


def configuration(pki_url: str, server_names: Sequence[str], now: datetime) -> dict[str, Any]:
    """Return certomancer's configuration; `now` (aware) is when the certificates begin to be valid, less a day."""
    keys: dict[str, Any] = {label: {"path": f"{label}.pem"} for label in service_labels()}
    keys |= {label: {"path": f"{label}.pem", "public-only": True} for label in owner_labels()}
    return {
        "external-url-prefix": pki_url.rstrip("/"),
        "keysets": {ARCHITECTURE: {"path-prefix": "keys", "keys": keys}},
        "pki-architectures": {
            ARCHITECTURE: {
                "keyset": ARCHITECTURE,
                "entities": _entities(),
                "certs": _certificates(server_names, now),
                "services": _services(),
            }
        },
    }


def _entities() -> dict[str, Any]:
    authority = {
        ROOT: "mdtrustca", ISSUING: "MDQSign", TSA: "MDQSign TSA", TLS_CA: "MDQSign TLS",
        f"ocsp-{ROOT}": "mdtrustca OCSP", f"ocsp-{ISSUING}": "MDQSign OCSP", f"ocsp-{TLS_CA}": "MDQSign TLS OCSP",
    }  # fmt: skip
    names = {label: {**_CA_NAME, "common-name": common} for label, common in authority.items()}
    names |= {label: {**_CA_NAME, "common-name": label} for label in (SERVER, *CONSUMERS)}
    return names | {person.label: person.distinguished_name() for person in PEOPLE}


def _certificates(server_names: Sequence[str], now: datetime) -> dict[str, Any]:
    certificates = {
        ROOT: _ca(ROOT, now, years=20),
        ISSUING: _ca(ROOT, now, years=10) | {"extensions": _ca_extensions(ROOT, path_length=0)},
        TLS_CA: _ca(TLS_CA, now, years=10),
        TSA: _leaf(ISSUING, now, ["digital_signature"], purpose="time_stamping", critical=True, years=5),
        SERVER: _leaf(TLS_CA, now, _TLS_USAGE, purpose="server_auth", extra=[_alternative_names(server_names)]),
    }
    for authority in (ROOT, ISSUING, TLS_CA):
        unchecked = [{"id": "ocsp_no_check"}]
        certificates[f"ocsp-{authority}"] = _leaf(
            authority, now, ["digital_signature"], purpose="ocsp_signing", extra=unchecked, years=5
        )
    for consumer in CONSUMERS:
        certificates[consumer] = _leaf(TLS_CA, now, _TLS_USAGE, purpose="client_auth")
    for person in PEOPLE:
        certificates[person.label] = _signer(person, now)
    return certificates


def _signer(person: Person, now: datetime) -> dict[str, Any]:
    """A certificate for signatures: an expired one ended a month ago, a revoked one was revoked at once."""
    issued = now - LEAF_YEARS * YEARS - timedelta(days=30) if person.flaw is Flaw.EXPIRED else now
    certificate = _leaf(ISSUING, issued, ["digital_signature", "non_repudiation"])
    if person.flaw is Flaw.REVOKED:
        since = certificate["validity"]["valid-from"]
        certificate["revocation"] = {"revoked-since": since, "reason": "key_compromise"}
    return certificate


_TLS_USAGE = ["digital_signature", "key_encipherment"]


def _ca(issuer: str, now: datetime, *, years: int) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "serial": _serial(),
        "validity": _validity(now, years),
        "extensions": _ca_extensions(None, path_length=None),
    }


def _ca_extensions(issuer: str | None, *, path_length: int | None) -> list[dict[str, Any]]:
    constraints: dict[str, Any] = {"ca": True}
    if path_length is not None:
        constraints["path_len_constraint"] = path_length
    basic = [
        {"id": "basic_constraints", "critical": True, "value": constraints},
        _usage(["key_cert_sign", "crl_sign", "digital_signature"]),
    ]
    return basic + (_status_extensions(issuer) if issuer else [])


def _leaf(
    issuer: str,
    now: datetime,
    usage: list[str],
    *,
    purpose: str | None = None,
    critical: bool = False,
    extra: Iterable[dict[str, Any]] = (),
    years: int = LEAF_YEARS,
) -> dict[str, Any]:
    extensions = [
        {"id": "basic_constraints", "critical": True, "value": {"ca": False}},
        _usage(usage),
        *_status_extensions(issuer),
        *extra,
    ]
    if purpose:
        extensions.append({"id": "extended_key_usage", "critical": critical, "value": [purpose]})
    return {
        "issuer": issuer,
        "serial": _serial(),
        "validity": _validity(now, years),
        "extensions": extensions,
    }


def _usage(names: list[str]) -> dict[str, Any]:
    return {"id": "key_usage", "critical": True, "smart-value": {"schema": "key-usage", "params": names}}


def _status_extensions(issuer: str) -> list[dict[str, Any]]:
    """Where to ask for an issued certificate's status, and where its issuer's certificate is."""
    return [
        {
            "id": "crl_distribution_points",
            "smart-value": {"schema": "crl-dist-url", "params": {"crl-repo-names": [issuer]}},
        },
        {
            "id": "authority_information_access",
            "smart-value": {
                "schema": "aia-urls",
                "params": {"ocsp-responder-names": [issuer], "ca-issuer-links": [{"repo": issuer}]},
            },
        },
    ]


def _alternative_names(names: Sequence[str]) -> dict[str, Any]:
    params = [{"type": "ip" if _is_address(name) else "dns_name", "value": name} for name in names]
    return {"id": "subject_alt_name", "smart-value": {"schema": "general-names", "params": params}}


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _services() -> dict[str, Any]:
    authorities = (ROOT, ISSUING, TLS_CA)
    return {
        "ocsp": {a: {"for-issuer": a, "responder-cert": f"ocsp-{a}", "signing-key": f"ocsp-{a}"} for a in authorities},
        "crl-repo": {a: {"for-issuer": a, "signing-key": a, "simulated-update-schedule": "PT1H"} for a in authorities},
        "cert-repo": {a: {"for-issuer": a, "publish-issued-certs": False} for a in authorities},
        "time-stamping": {TSA: {"signing-cert": TSA, "certs-to-embed": [ISSUING, ROOT]}},
    }


def _serial() -> int:
    """Return a fresh positive serial number of 64 bits (RFC 5280 section 4.1.2.2 allows up to 20 octets)."""
    return secrets.randbits(64) | (1 << 62)


def _validity(now: datetime, years: int) -> dict[str, str]:
    begin = (now - timedelta(days=1)).replace(microsecond=0)
    return {"valid-from": begin.isoformat(), "valid-to": (begin + years * YEARS).isoformat()}
