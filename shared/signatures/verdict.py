"""What is the verdict on a signature? Four separate axes, as data (architecture, "Command line")."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from shared.errors import Malformed
from shared.signatures.evidence import Wanted


class NoSignature(Malformed):
    """There is no signature in this input."""

    def __init__(self, message: str = "the input holds no signature") -> None:
        super().__init__(message, code="no_signature")


class Refusal(Malformed):
    """A part of a signature breaks a rule, so nothing that it says counts."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence, code=code)

    def __reduce__(self) -> tuple[type[Refusal], tuple[str, str]]:
        return type(self), (self.code, str(self))

    @property
    def reason(self) -> Reason:
        """The same as data."""
        return Reason(self.code, str(self))


class Integrity(StrEnum):
    """Do the digests, the signature value, the signed properties and the certificate binding hold?"""

    PASSED = "passed"
    FAILED = "failed"


class Coverage(StrEnum):
    """How much of what is now shown did the signer sign?"""

    WHOLE = "whole"
    PARTIAL = "partial"
    NONE = "none"


class TimestampStatus(StrEnum):
    """Does an RFC 3161 timestamp over the signature value hold?"""

    PASSED = "passed"
    FAILED = "failed"
    NONE = "none"


class Trust(StrEnum):
    """Does the signer's certificate lead to an anchor that we trust, at the time of signing?"""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"
    REVOKED = "revoked"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class Axis(StrEnum):
    """What a reason is about; policy stands beside the four axes of a verdict."""

    INTEGRITY = "integrity"
    COVERAGE = "coverage"
    TIMESTAMP = "timestamp"
    TRUST = "trust"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an axis is not at its best: `code` for machines, `sentence` for people.

    A `caveat` takes nothing from the verdict: policy only warns, or nobody tells whether a certificate was revoked.
    """

    code: str
    sentence: str
    axis: Axis | None = None
    caveat: bool = False

    def about(self, axis: Axis, *, caveat: bool = False) -> Reason:
        """The same reason, which is now known to be about that axis, and how grave it is."""
        return replace(self, axis=axis, caveat=caveat)

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureVerdict:
    """What is known of one signature.

    `signed_at` comes only from a valid timestamp; `claimed_at` is what the signer's own clock said. `refused` tells
    that policy refuses the algorithms, which changes neither `integrity` nor any other axis. `certificate` is DER.
    `wanted` is what the network could add to make the verdict surer.
    """

    integrity: Integrity
    coverage: Coverage
    timestamp: TimestampStatus
    trust: Trust
    subject: str = ""
    reasons: tuple[Reason, ...] = ()
    certificate: bytes | None = None
    signed_at: datetime | None = None
    claimed_at: datetime | None = None
    refused: bool = False
    wanted: frozenset[Wanted] = frozenset()

    @property
    def holds(self) -> bool:
        """Everything but trust: the signature is unbroken, covers what is shown, and its timestamp is not bad."""
        return (
            self.integrity is Integrity.PASSED
            and self.coverage is Coverage.WHOLE
            and self.timestamp is not TimestampStatus.FAILED
            and not self.refused
        )

    @property
    def valid(self) -> bool:
        """The conjunction of all axes, trust included."""
        return self.holds and self.trust is Trust.TRUSTED

    def because(self, axis: Axis) -> tuple[Reason, ...]:
        """The reasons that are about one axis."""
        return tuple(reason for reason in self.reasons if reason.axis is axis)

    @property
    def reason(self) -> str:
        """All reasons, machine-readable codes first, caveats last; empty for a signature that has none."""
        return "; ".join(str(reason) for reason in sorted(self.reasons, key=lambda one: one.caveat))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The verdict on an input: valid only if it has signatures and each of them is."""

    signatures: tuple[SignatureVerdict, ...]
    problems: tuple[Reason, ...] = ()

    @property
    def valid(self) -> bool:
        """True only if there is a signature, all are valid and nothing else is wrong with the input."""
        return bool(self.signatures) and not self.problems and all(one.valid for one in self.signatures)

    @property
    def wanted(self) -> frozenset[Wanted]:
        """What the network could add to make the verdicts surer."""
        return frozenset().union(*(one.wanted for one in self.signatures))

    @property
    def reason(self) -> str:
        """Why the input as a whole is not valid; empty when it is."""
        if self.valid:
            return ""
        wrong = [reason for one in self.signatures if not one.valid for reason in one.reasons if not reason.caveat]
        return "; ".join(dict.fromkeys(str(reason) for reason in (*self.problems, *wrong)))


def broken(code: str, sentence: str, **known: object) -> SignatureVerdict:
    """The verdict on a signature that could not even be read as one."""
    facts: dict[str, object] = {
        "integrity": Integrity.FAILED,
        "coverage": Coverage.NONE,
        "timestamp": TimestampStatus.NONE,
        "trust": Trust.UNKNOWN,
        "reasons": (Reason(code, sentence, Axis.INTEGRITY),),
    }
    return SignatureVerdict(**(facts | known))  # type: ignore[arg-type]
