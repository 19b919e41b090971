"""How does a test infrastructure come to be on disk?

`certomancer.yaml` and `keys/` drive the live services, which have their own private keys and everybody else's public
ones; `trust/` holds the anchors, `tls/` the certificates of the API and of its consumers, `tokens/` the signers' keys
as PKCS#12 files under their PINs, `people.json` who they are, `subscribers.json` whose phone is whose. With a PKCS#11
module, the keys of tokens and SIMs are in SoftHSM (`softhsm2.conf`) instead, and only key files are files.
"""

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from services.msign.instruments.catalogue import ASKS_EACH_TIME
from services.msign.pki import hsm, plan
from services.msign.pki.architecture import CONFIGURATION, Architecture
from services.msign.pki.people import PEOPLE, Person
from shared.contract.models import Instrument
from shared.errors import Malformed
from shared.signatures.keys import PrivateKey

KEY_BITS = 2048
PRIVATE = 0o600


def create(directory: Path, *, pki_url: str, server_names: Sequence[str], pkcs11_module: Path | None = None) -> None:
    """Make the whole infrastructure in `directory`, whose files only the owner can read.

    `pkcs11_module` is SoftHSM's library, which then holds the tokens.

    Raises `Malformed` when there is one already: its certificates may be in use.
    """
    if (directory / CONFIGURATION).exists():
        raise Malformed(f"{directory} holds a public-key infrastructure already; it is never overwritten")
    for name in ("keys", "trust", "tls", "tokens"):
        (directory / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = make_keys([*plan.service_labels(), *plan.owner_labels()])
    for label in plan.service_labels():
        write_private(directory / "keys" / f"{label}.pem", pem_of_key(keys[label]))
    for label in plan.owner_labels():
        write_private(directory / "keys" / f"{label}.pem", pem_of_public_key(keys[label]))
    configuration = plan.configuration(pki_url, server_names, datetime.now(UTC))
    # Written under its name only at the end, so that a half-made directory can be made anew.
    draft = directory / f"{CONFIGURATION}.new"
    write_private(draft, yaml.safe_dump(configuration, allow_unicode=True, sort_keys=False).encode())
    architecture = Architecture.of(configuration, directory)
    write_certificates(directory, architecture, keys)
    write_tokens(directory, architecture, keys, pkcs11_module)
    phones = {person.msisdn: person.idnp for person in PEOPLE if person.msisdn}
    write_private(directory / "subscribers.json", json.dumps(phones, indent=2).encode())
    people = [person.listed() for person in PEOPLE]
    write_private(directory / "people.json", json.dumps(people, ensure_ascii=False, indent=2).encode())
    draft.rename(directory / CONFIGURATION)


def make_keys(labels: Sequence[str]) -> dict[str, PrivateKey]:
    """Return a fresh key for each label: RSA, or P-256 for the people who have such a token and for responders.

    certomancer loads and checks a responder's key for each answer, which takes RSA several times as long.
    """
    curves = {*(person.label for person in PEOPLE if person.curve), *plan.responder_labels()}

    def make(label: str) -> PrivateKey:
        if label in curves:
            return ec.generate_private_key(ec.SECP256R1())
        return rsa.generate_private_key(65537, KEY_BITS)

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as threads:
        return dict(zip(labels, threads.map(make, labels), strict=True))


def write_certificates(directory: Path, architecture: Architecture, keys: dict[str, PrivateKey]) -> None:
    """Write the anchors and, for the API and its consumers, certificates with their keys."""
    for name, label in (("mdtrustca", plan.ROOT), ("MDQSign", plan.ISSUING)):
        write_private(directory / "trust" / f"{name}.pem", pem_of(architecture.certificate(label)))
    tls = directory / "tls"
    write_private(tls / "ca.pem", pem_of(architecture.certificate(plan.TLS_CA)))
    for label in (plan.SERVER, *plan.CONSUMERS):
        write_private(tls / f"{label}.pem", pem_of(architecture.certificate(label)))
        write_private(tls / f"{label}.key", pem_of_key(keys[label]))


def write_tokens(directory: Path, architecture: Architecture, keys: dict[str, PrivateKey], module: Path | None) -> None:
    """Put each person's key, certificate and chain where the person's PIN opens them."""
    chain = [architecture.certificate(plan.ISSUING), architecture.certificate(plan.ROOT)]
    tokens = []
    for person in PEOPLE:
        key, certificate = keys[person.label], architecture.certificate(person.label)
        if module and person.instrument != Instrument.TAX:
            asks = person.instrument in ASKS_EACH_TIME
            tokens.append(hsm.Token(person.token, person.pin, key, (certificate, *chain), asks))
        else:
            write_private(directory / person.token_file, token_of(person, key, certificate, chain))
    if module:
        hsm.make_tokens(module, directory, tokens)


def token_of(person: Person, key: PrivateKey, certificate: x509.Certificate, chain: list[x509.Certificate]) -> bytes:
    """Return the PKCS#12 file (RFC 7292) of a person's token."""
    encryption = serialization.BestAvailableEncryption(person.pin.encode())
    return pkcs12.serialize_key_and_certificates(person.name.encode(), key, certificate, chain, encryption)


def pem_of(certificate: x509.Certificate) -> bytes:
    """Return a certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def pem_of_key(key: Any) -> bytes:
    """Return a private key as unencrypted PKCS#8 PEM."""
    return bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def pem_of_public_key(key: PrivateKey) -> bytes:
    """Return the public half of a key as PEM."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def write_private(path: Path, data: bytes) -> None:
    """Write a file that was never readable by anybody but its owner."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
