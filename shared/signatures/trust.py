"""Does a certificate lead to an anchor that we trust, at a given time? (RFC 5280 section 6)"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import (
    ExpiredError,
    InvalidCertificateError,
    NotYetValidError,
    PathBuildingError,
    RevokedError,
    ValidationError,
)

from shared.errors import Malformed
from shared.signatures.certificates import to_asn1
from shared.signatures.verdict import Reason, Trust

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable
    from pathlib import Path

SUFFIXES = frozenset({".pem", ".crt", ".cer", ".der"})
SIGNING_USAGES = frozenset({"digital_signature", "non_repudiation"})


@dataclass(frozen=True, slots=True)
class TrustAnchors:
    """The CA certificates that trust starts from; without any, trust is unknown rather than denied."""

    certificates: tuple[asn1_x509.Certificate, ...] = ()

    @classmethod
    def none(cls) -> TrustAnchors:
        """No anchors: nothing is trusted, integrity and coverage are still judged."""
        return cls()

    @classmethod
    def of(cls, certificates: Iterable[x509.Certificate]) -> TrustAnchors:
        """These certificates as anchors."""
        return cls(tuple(to_asn1(certificate) for certificate in certificates))

    @classmethod
    def from_directory(cls, path: Path) -> TrustAnchors:
        """Every certificate of the PEM and DER files (.pem .crt .cer .der) in a directory.

        Raises `Malformed` when there is no such directory, a file cannot be read as certificates, or none is found.
        """
        if not path.is_dir():
            raise Malformed(f"there is no directory of trust anchors at {path}", code="trust_directory")
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file())
        found = [certificate for file in files for certificate in _read(file)]
        if not found:
            raise Malformed(f"there is no certificate in {path}", code="trust_directory")
        return cls.of(found)

    def __bool__(self) -> bool:
        return bool(self.certificates)


@dataclass(frozen=True, slots=True)
class PathVerdict:
    """Whether a path was found, and what is wrong with it otherwise."""

    trust: Trust
    reason: Reason | None = None


def judge_path(
    leaf: asn1_x509.Certificate,
    pool: Iterable[asn1_x509.Certificate],
    anchors: TrustAnchors,
    *,
    at: datetime,
    purpose: str | None = None,
) -> PathVerdict:
    """Look for a path from `leaf` over certificates of `pool` to an anchor, as it stood at `at`; no network is used.

    `purpose` is an extended key usage that the leaf must have; without one, the leaf must be allowed to sign.
    """
    if not anchors:
        return PathVerdict(Trust.UNKNOWN, Reason("no_anchors", "no trust anchors were given, so nothing is trusted"))
    context = ValidationContext(
        trust_roots=list(anchors.certificates),
        moment=at.astimezone(UTC),
        allow_fetching=False,
        revocation_mode="soft-fail",
        weak_hash_algos={"md2", "md5"},
    )
    validator = CertificateValidator(leaf, intermediate_certs=list(pool), validation_context=context)
    try:
        _completed(_validate(validator, purpose))
    except Exception as error:  # a hostile certificate may break any parser below
        return _denied(error)
    if purpose is None and not may_sign(leaf):
        return PathVerdict(Trust.UNTRUSTED, Reason("key_usage", "the certificate is not meant for signing"))
    return PathVerdict(Trust.TRUSTED)


def may_sign(leaf: asn1_x509.Certificate) -> bool:
    """Whether the key usage allows digital signatures or content commitment (RFC 5280 section 4.2.1.3)."""
    usage = leaf.key_usage_value
    return usage is None or bool(SIGNING_USAGES & usage.native)


def _completed(validation: Coroutine[Any, Any, None]) -> None:
    """Run to the end, on a loop of its own: callers may be on a thread with or without one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(validation)
        return
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, validation).result()


async def _validate(validator: CertificateValidator, purpose: str | None) -> None:
    if purpose is None:
        await validator.async_validate_path()
    else:
        await validator.async_validate_usage(set(), extended_key_usage={purpose})  # type: ignore[no-untyped-call]


def _denied(error: Exception) -> PathVerdict:
    """Our word for what the path validation complains about; causes count as much as the error itself."""
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__) is not None and len(chain) < 8:
        chain.append(cause)
    for kind, trust, code, sentence in _DENIALS:
        if any(isinstance(one, kind) for one in chain):
            return PathVerdict(trust, Reason(code, sentence))
    return PathVerdict(Trust.UNTRUSTED, Reason("path_unreadable", "the certificate path could not be read"))


_DENIALS: tuple[tuple[type[Exception], Trust, str, str], ...] = (
    (RevokedError, Trust.REVOKED, "revoked", "a certificate of the path was revoked"),
    (ExpiredError, Trust.EXPIRED, "expired", "a certificate of the path had expired"),
    (NotYetValidError, Trust.UNTRUSTED, "not_yet_valid", "a certificate of the path was not valid yet"),
    (PathBuildingError, Trust.UNTRUSTED, "no_path", "the certificate does not lead to a trust anchor"),
    (InvalidCertificateError, Trust.UNTRUSTED, "wrong_usage", "the certificate is not meant for this use"),
    (ValidationError, Trust.UNTRUSTED, "path_invalid", "the certificate path is not valid"),
)


def _read(file: Path) -> list[x509.Certificate]:
    data = file.read_bytes()
    try:
        if b"-----BEGIN" in data:
            return x509.load_pem_x509_certificates(data)
        return [x509.load_der_x509_certificate(data)]
    except ValueError as error:
        raise Malformed(f"{file.name} holds no readable certificate", code="trust_directory") from error
