"""Which algorithms and keys do we still accept? Policy changes `valid`, never what was measured."""

from __future__ import annotations

from dataclasses import dataclass

from asn1crypto import x509 as asn1_x509

from shared.signatures.verdict import Reason


@dataclass(frozen=True, slots=True)
class AlgorithmPolicy:
    """What to refuse. SHA-1 stays accepted: the national service uses it for SHA-1 input (`signature-profile.md`)."""

    refused_digests: frozenset[str] = frozenset({"md2", "md5"})
    minimum_rsa_bits: int = 2048
    minimum_ec_bits: int = 256

    def complaints(self, digests: frozenset[str], leaf: asn1_x509.Certificate | None) -> tuple[Reason, ...]:
        """Why a signature that uses these digests and this certificate's key is refused; empty when it is not."""
        found = [
            Reason("weak_digest", f"the digest algorithm {name} is broken") for name in sorted(digests)
            if name in self.refused_digests
        ]  # fmt: skip
        if leaf is not None:
            found += self._key_complaints(leaf)
        return tuple(found)

    def _key_complaints(self, leaf: asn1_x509.Certificate) -> list[Reason]:
        least = {"rsa": self.minimum_rsa_bits, "rsassa_pss": self.minimum_rsa_bits, "ec": self.minimum_ec_bits}
        try:
            family, bits = leaf.public_key.algorithm, int(leaf.public_key.bit_size)
        except Exception:  # asn1crypto stumbles over odd keys in many ways
            return [Reason("weak_key", "the key's kind is not known")]
        if bits < least.get(family, 0):
            return [Reason("weak_key", f"the key of {bits} bits is too short")]
        return []


DEFAULT_POLICY = AlgorithmPolicy()
