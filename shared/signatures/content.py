"""What does the caller know of the content that a signature should be over?"""

from __future__ import annotations

import binascii
from dataclasses import dataclass

from shared.errors import Malformed
from shared.signatures.algorithms import CONTENT_DIGESTS, digest, digest_of_length


@dataclass(frozen=True, slots=True)
class Digest:
    """A hash of the content; `algorithm` is None where only its length tells (contract: VerificationContent)."""

    value: bytes
    algorithm: str | None = None

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Read `ALG:HEX`; raises `Malformed` for an unknown algorithm or a value of the wrong length."""
        algorithm, _, value = text.partition(":")
        algorithm = algorithm.strip().lower().replace("-", "")
        try:
            raw = bytes.fromhex(value.strip())
        except (ValueError, binascii.Error) as error:
            raise Malformed("the digest's value is not hexadecimal", code="digest") from error
        if algorithm not in CONTENT_DIGESTS:
            raise Malformed(f"unknown digest algorithm; use one of {', '.join(CONTENT_DIGESTS)}", code="digest")
        if digest_of_length(len(raw)) != algorithm:
            raise Malformed(f"{len(raw)} bytes are no {algorithm} digest", code="digest")
        return cls(raw, algorithm)

    def is_content(self, decoded: bytes) -> bool:
        """Whether an object of the signature, decoded, is this hash (or, for a named algorithm, has it)."""
        return decoded == self.value or (self.algorithm is not None and digest(self.algorithm, decoded) == self.value)

    def has_digest(self, algorithm: str, value: bytes) -> bool:
        """Whether the content's digest by `algorithm` is known to be `value`."""
        named = self.algorithm or digest_of_length(len(self.value))
        return algorithm == named and value == self.value


@dataclass(frozen=True, slots=True)
class Original:
    """The content itself."""

    data: bytes

    def is_content(self, decoded: bytes) -> bool:
        """Whether an object of the signature, decoded, is the content or a hash of it."""
        named = digest_of_length(len(decoded))
        return decoded == self.data or (named is not None and digest(named, self.data) == decoded)

    def has_digest(self, algorithm: str, value: bytes) -> bool:
        """Whether the content's digest by `algorithm` is `value`."""
        return digest(algorithm, self.data) == value


KnownContent = Digest | Original
