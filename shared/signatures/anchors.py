"""What does trust start from, what is known besides, and how strictly is it judged?"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from asn1crypto import pem
from asn1crypto import x509 as asn1_x509
from cryptography import x509

from shared.errors import Malformed
from shared.signatures.certificates import to_asn1
from shared.signatures.evidence import NOTHING, Evidence, unique
from shared.signatures.policy import Policy, shipped_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

SUFFIXES = frozenset({".pem", ".crt", ".cer", ".cert", ".der", ".crl"})


@dataclass(frozen=True, slots=True)
class TrustAnchors:
    """The CA certificates that trust starts from, what is known besides, and how strictly all is judged.

    Without any anchor, trust is unknown rather than denied.
    """

    certificates: tuple[asn1_x509.Certificate, ...] = ()
    known: Evidence = NOTHING
    policy: Policy = field(default_factory=shipped_policy)

    @classmethod
    def none(cls) -> TrustAnchors:
        """No anchors: nothing is trusted, integrity and coverage are still judged."""
        return cls()

    @classmethod
    def of(cls, certificates: Iterable[x509.Certificate], policy: Policy | None = None) -> TrustAnchors:
        """These certificates as anchors."""
        return cls(tuple(to_asn1(one) for one in certificates), policy=policy or shipped_policy())

    @classmethod
    def from_directory(cls, path: Path, policy: Policy | None = None) -> TrustAnchors:
        """Every certificate and every revocation list of the PEM and DER files in a directory (`SUFFIXES`).

        Raises `Malformed` when there is no such directory, a file cannot be read, or no certificate is found.
        """
        if not path.is_dir():
            raise Malformed(f"there is no directory of trust anchors at {path}", code="trust_directory")
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file())
        read = [_read(file) for file in files]
        found = unique(one for evidence in read for one in evidence.certificates)
        if not found:
            raise Malformed(f"there is no certificate in {path}", code="trust_directory")
        lists = tuple(one for evidence in read for one in evidence.crls)
        return cls(found, Evidence(crls=lists), policy or shipped_policy())

    def knowing(self, more: Evidence) -> TrustAnchors:
        """The same anchors with more at hand."""
        return replace(self, known=self.known | more)

    def __reduce__(self) -> tuple[Callable[..., TrustAnchors], tuple[bytes, Evidence]]:
        """Between processes certificates travel as DER, packed and unpacked once: each job brings the same ones."""
        return _unpacked, (_packed(self.certificates, self.policy), self.known)

    def __bool__(self) -> bool:
        return bool(self.certificates)


@lru_cache(8)
def _packed(certificates: tuple[asn1_x509.Certificate, ...], policy: Policy) -> bytes:
    return pickle.dumps((Evidence(certificates), policy))


def _unpacked(packed: bytes, known: Evidence) -> TrustAnchors:
    certificates, policy = _contents(packed)
    return TrustAnchors(certificates, known, policy)


@lru_cache(8)
def _contents(packed: bytes) -> tuple[tuple[asn1_x509.Certificate, ...], Policy]:
    """What `_packed` packed; only processes of ours send it to each other."""
    anchors, policy = pickle.loads(packed)  # noqa: S301
    return anchors.certificates, policy


def _read(file: Path) -> Evidence:
    """What a file holds, which in PEM may be anything; odd certificates are read as far as can be."""
    data = file.read_bytes().removeprefix(b"\xef\xbb\xbf")
    is_list = file.suffix.lower() == ".crl"
    try:
        if pem.detect(data):
            blocks = [(kind, der) for kind, _, der in pem.unarmor(data, multiple=True)]
        else:
            blocks = [("X509 CRL" if is_list else "CERTIFICATE", data)]
        found = tuple(
            asn1_x509.Certificate.load(der, strict=True) for kind, der in blocks if kind.endswith("CERTIFICATE")
        )
        lists = tuple(der for kind, der in blocks if kind == "X509 CRL")
        if all(one.subject.hashable and one.public_key.algorithm for one in found):
            return Evidence(found, crls=lists)
    except (ValueError, TypeError, KeyError) as error:
        raise Malformed(f"{file.name} holds no readable certificate", code="trust_directory") from error
    raise Malformed(f"{file.name} holds a certificate without a subject", code="trust_directory")
