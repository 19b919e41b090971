"""What is known about a certificate's revocation, and who says so?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.errors import Transient


class StatusUnknown(Transient):
    """No usable word about a certificate's status could be had: it may be asked for again."""


class Irrelevant(StatusUnknown):
    """What was read is about other certificates."""


class Status(StrEnum):
    """Was the certificate revoked at the time that counts?"""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RevocationStatus:
    """The verdict.

    `at` is when it was revoked, which may be later than the time that counts; `why` is then the CRLReason's name (empty
    when none was told), else why nothing is known. `made_at` is when the word was made that GOOD rests on.
    """

    status: Status
    at: datetime | None = None
    why: str = ""
    made_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What one genuine OCSP answer or revocation list says of one certificate; whether it is current is not judged.

    `covers_expired_since` tells from which expiry on the source still speaks of expired certificates (the archive
    cutoff of RFC 6960 section 4.4.4, expiredCertsOnCRL of X.509); None when it does not say.
    """

    this_update: datetime
    next_update: datetime | None
    revoked_at: datetime | None = None
    reason: str = ""
    covers_expired_since: datetime | None = None
